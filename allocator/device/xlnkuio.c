/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "xlnkuio.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "xlnkerror.h"

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

static char *
read_attribute (const char *root, unsigned number, const char *attribute)
{
  g_autofree char *path = g_strdup_printf ("%s/sys/class/uio/uio%u/%s", root, number, attribute);
  char *text = NULL;

  return g_file_get_contents (path, &text, NULL, NULL) ? g_strchomp (text) : NULL;
}

/* Numbers are written 0x… there. */
static uint64_t
read_number (const char *root, unsigned number, const char *attribute)
{
  g_autofree char *text = read_attribute (root, number, attribute);

  return text ? g_ascii_strtoull (text, NULL, 0) : 0;
}

static void
read_device (const char *root, unsigned number, XlnkUio * uio)
{
  g_autofree char *name = read_attribute (root, number, "name");

  memset (uio, 0, sizeof *uio);
  uio->number = number;
  g_strlcpy (uio->name, name ? name : "", sizeof uio->name);
  uio->address = read_number (root, number, "maps/map0/addr");
  uio->size = read_number (root, number, "maps/map0/size");
  uio->offset = read_number (root, number, "maps/map0/offset");
}

static int
compare_numbers (gconstpointer a, gconstpointer b)
{
  const XlnkUio *first = a, *second = b;

  return first->number < second->number ? -1 : first->number > second->number;
}

GArray *
xlnk_uio_list (const char *root)
{
  g_autofree char *path = g_strdup_printf ("%s/sys/class/uio", root);
  GArray *list = g_array_new (FALSE, FALSE, sizeof (XlnkUio));
  GDir *dir = g_dir_open (path, 0, NULL);
  const char *entry;

  while (dir && (entry = g_dir_read_name (dir))) {
    unsigned number;
    XlnkUio uio;

    if (g_str_has_prefix (entry, "uio") && parse_number (entry + 3, &number)) {
      read_device (root, number, &uio);
      g_array_append_val (list, uio);
    }
  }
  if (dir)
    g_dir_close (dir);
  g_array_sort (list, compare_numbers);
  return list;
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
  g_autoptr (GArray) list = xlnk_uio_list (root);
  unsigned n;
  const XlnkUio *uio = search_list (list, name, &n);

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
