/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "xlnkuio.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "xlnkerror.h"
#include "xlnksyscall.h"

static bool
parse_number (const char *text, unsigned *number)
{
  char *end;
  unsigned long value;

  if (!g_ascii_isdigit (text[0]))
    return false;
  errno = 0;
  value = strtoul (text, &end, 10);
  if (errno != 0 || *end != '\0' || value > G_MAXINT)
    return false;
  *number = (unsigned) value;
  return true;
}

static void
set_unreadable (const char *path, GError ** error)
{
  int reason = errno;

  g_set_error (error, XLNK_ERROR, reason == EACCES || reason == EPERM ? XLNK_ERROR_PERMISSION : XLNK_ERROR_FAILED,
      "cannot tell which UIO devices there are: %s: %s", path, g_strerror (reason));
}

/* False if it is there and cannot be read. What is not there is an empty text: a device without registers has no map0,
 * and one that was just unbound has nothing. */
static bool
read_attribute (const char *root, unsigned number, const char *attribute, char **text, GError ** error)
{
  g_autofree char *path = g_strdup_printf ("%s/sys/class/uio/uio%u/%s", root, number, attribute);

  *text = xlnk_sys_read_file (path);
  if (!*text && errno != ENOENT && errno != ENODEV) {
    set_unreadable (path, error);
    return false;
  }
  *text = *text ? g_strchomp (*text) : g_strdup ("");
  return true;
}

/* Numbers are written 0x… there. */
static bool
read_number (const char *root, unsigned number, const char *attribute, uint64_t * value, GError ** error)
{
  g_autofree char *text = NULL;

  if (!read_attribute (root, number, attribute, &text, error))
    return false;
  *value = g_ascii_strtoull (text, NULL, 0);
  return true;
}

static bool
read_device (const char *root, unsigned number, XlnkUio * uio, GError ** error)
{
  g_autofree char *name = NULL;

  memset (uio, 0, sizeof *uio);
  uio->number = number;
  if (!read_attribute (root, number, "name", &name, error)
      || !read_number (root, number, "maps/map0/addr", &uio->address, error)
      || !read_number (root, number, "maps/map0/size", &uio->size, error)
      || !read_number (root, number, "maps/map0/offset", &uio->offset, error))
    return false;
  g_strlcpy (uio->name, name, sizeof uio->name);
  return true;
}

static int
compare_numbers (gconstpointer a, gconstpointer b)
{
  const XlnkUio *first = a, *second = b;

  return first->number < second->number ? -1 : first->number > second->number;
}

static bool
add_device (GArray * list, const char *root, const char *entry, GError ** error)
{
  unsigned number;
  XlnkUio uio;

  if (!g_str_has_prefix (entry, "uio") || !parse_number (entry + 3, &number))
    return true;
  if (!read_device (root, number, &uio, error))
    return false;
  g_array_append_val (list, uio);
  return true;
}

GArray *
xlnk_uio_list (const char *root, GError ** error)
{
  g_autofree char *path = g_strdup_printf ("%s/sys/class/uio", root);
  g_auto (GStrv) entries = xlnk_sys_list (path);
  g_autoptr (GArray) list = g_array_new (FALSE, FALSE, sizeof (XlnkUio));

  /* A kernel without UIO has no such class. */
  if (!entries && errno != ENOENT) {
    set_unreadable (path, error);
    return NULL;
  }
  for (char **entry = entries; entry && *entry; entry++) {
    if (!add_device (list, root, *entry, error))
      return NULL;
  }
  g_array_sort (list, compare_numbers);
  return g_steal_pointer (&list);
}

static bool
parse_node (const char *name, unsigned *number)
{
  if (g_str_has_prefix (name, "/dev/"))
    name += strlen ("/dev/");
  if (g_str_has_prefix (name, "uio"))
    name += strlen ("uio");
  return parse_number (name, number);
}

/* What an error lists: those with a certain name, or all. */
static char *
describe_list (GArray * list, const char *name)
{
  GString *text = g_string_new (NULL);

  for (unsigned i = 0; i < list->len; i++) {
    const XlnkUio *uio = &g_array_index (list, XlnkUio, i);

    if (!name || strcmp (uio->name, name) == 0)
      g_string_append_printf (text, "%s%s (/dev/uio%u)", text->len ? ", " : "", uio->name, uio->number);
  }
  return g_string_free (text, FALSE);
}

static void
set_not_found (GArray * list, const char *name, GError ** error)
{
  g_autofree char *there_are = describe_list (list, NULL);

  if (list->len > 0)
    g_set_error (error, XLNK_ERROR, XLNK_ERROR_NO_DEVICE, "no UIO device `%s'; there are: %s", name, there_are);
  else
    g_set_error (error, XLNK_ERROR, XLNK_ERROR_NO_DEVICE, "no UIO device `%s': /sys/class/uio has none. On a board, is "
        "the core in the device tree as compatible = \"generic-uio\", and uio_pdrv_genirq loaded with that of_id? "
        "Its physical address works too (base=...,size=...). Elsewhere, xlnk-emulate --core gives you one", name);
}

static const XlnkUio *
search_list (GArray * list, const char *name, unsigned *found)
{
  const XlnkUio *match = NULL;
  unsigned number;
  bool is_node = parse_node (name, &number);

  *found = 0;
  for (unsigned i = 0; i < list->len; i++) {
    const XlnkUio *uio = &g_array_index (list, XlnkUio, i);

    if (strcmp (uio->name, name) == 0) {
      match = uio;
      (*found)++;
    }
  }
  for (unsigned i = 0; i < list->len && *found == 0 && is_node; i++) {
    const XlnkUio *uio = &g_array_index (list, XlnkUio, i);

    if (uio->number == number) {
      match = uio;
      *found = 1;
    }
  }
  return match;
}

bool
xlnk_uio_find (const char *root, const char *name, XlnkUio * found, GError ** error)
{
  g_autoptr (GArray) list = xlnk_uio_list (root, error);
  const XlnkUio *uio;
  unsigned n;

  if (!list)
    return false;
  uio = search_list (list, name, &n);
  if (n > 1) {
    g_autofree char *candidates = describe_list (list, name);

    g_set_error (error, XLNK_ERROR, XLNK_ERROR_NO_DEVICE, "%u UIO devices are called `%s': %s. Choose one by its "
        "number", n, name, candidates);
    return false;
  }
  if (!uio) {
    set_not_found (list, name, error);
    return false;
  }
  *found = *uio;
  return true;
}
