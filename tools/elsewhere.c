/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "elsewhere.h"

#include <string.h>

#include "xlnkledgerdir.h"
#include "xlnksyscall.h"

/* Anybody may make a name in /dev/shm; such a one is harmless to print. */
static gboolean
is_of_a_user (const char *name)
{
  const char *number = name + strlen (XLNK_LEDGER_USERS_PREFIX);

  return g_str_has_prefix (name, XLNK_LEDGER_USERS_PREFIX) && *number && strspn (number, "0123456789") == strlen (number);
}

static void
add_unless (GPtrArray * found, const char *place, char *path)
{
  if (place && g_str_equal (path, place))
    g_free (path);
  else
    g_ptr_array_add (found, path);
}

static gint
compare_paths (gconstpointer a, gconstpointer b)
{
  return strcmp (*(char *const *) a, *(char *const *) b);
}

char **
elsewhere_find (const char *place)
{
  const char *said = g_getenv ("GST_XLNK_LEDGER");
  GPtrArray *found = g_ptr_array_new ();

  if (!said || !*said || g_str_equal (said, "off")) {
    g_auto (GStrv) names = xlnk_sys_list (XLNK_LEDGER_USERS_PARENT);

    for (char **name = names; name && *name; name++) {
      if (is_of_a_user (*name))
        add_unless (found, place, g_build_filename (XLNK_LEDGER_USERS_PARENT, *name, NULL));
    }
    if (xlnk_sys_exists (XLNK_LEDGER_GROUP_DIRECTORY))
      add_unless (found, place, g_strdup (XLNK_LEDGER_GROUP_DIRECTORY));
  }
  g_ptr_array_sort (found, compare_paths);
  g_ptr_array_add (found, NULL);
  return (char **) g_ptr_array_free (found, FALSE);
}
