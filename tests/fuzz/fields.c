/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "fields.h"

#include <glib.h>
#include <string.h>

/* libFuzzer's. */
size_t LLVMFuzzerMutate (uint8_t * data, size_t size, size_t max_size);

static unsigned
count (const char *const *list)
{
  unsigned n = 0;

  while (list[n])
    n++;
  return n;
}

static const char *
pick (GRand * dice, const char *const *list)
{
  return list[g_rand_int_range (dice, 0, (gint) count (list))];
}

/* Where one of @parts is, or where one may be put. */
static guint
pick_part (GRand * dice, GPtrArray * parts)
{
  return (guint) g_rand_int_range (dice, 0, (gint) MAX (parts->len, 1));
}

/* At commas that are not in brackets: "<1,2>" is one. */
static GPtrArray *
split_line (const char *line)
{
  GPtrArray *parts = g_ptr_array_new_with_free_func (g_free);
  int depth = 0;
  const char *start = line;

  for (const char *at = line;; at++) {
    if (*at && strchr ("<{[(", *at))
      depth++;
    else if (*at && strchr (">}])", *at))
      depth--;
    if (*at == '\0' || (*at == ',' && depth <= 0)) {
      g_ptr_array_add (parts, g_strndup (start, (gsize) (at - start)));
      start = at + 1;
    }
    if (*at == '\0')
      return parts;
  }
}

static char *
join_line (GPtrArray * parts)
{
  GString *line = g_string_new (NULL);

  for (guint i = 0; i < parts->len; i++)
    g_string_append_printf (line, "%s%s", i ? "," : "", (const char *) g_ptr_array_index (parts, i));
  return g_string_free (line, FALSE);
}

static char *
make_field (GRand * dice)
{
  return g_strdup_printf ("%s=%s", pick (dice, fields_names), pick (dice, fields_values));
}

static void
replace (GPtrArray * parts, guint i, char *part)
{
  g_free (g_ptr_array_index (parts, i));
  g_ptr_array_index (parts, i) = part;
}

/* The value of one field: another, or several in brackets. */
static void
change_value (GRand * dice, GPtrArray * parts)
{
  guint i = pick_part (dice, parts);
  const char *part = g_ptr_array_index (parts, i), *equals = strchr (part, '=');

  if (!equals)
    return;
  if (g_rand_boolean (dice))
    replace (parts, i, g_strdup_printf ("%.*s=%s", (int) (equals - part), part, pick (dice, fields_values)));
  else
    replace (parts, i, g_strdup_printf ("%.*s=<%s,%s>", (int) (equals - part), part, equals + 1,
            pick (dice, fields_values)));
}

static void
change_parts (GRand * dice, GPtrArray * parts)
{
  guint i = pick_part (dice, parts), j = pick_part (dice, parts);
  gpointer part;

  switch (g_rand_int_range (dice, 0, 7)) {
    case 0:
      g_ptr_array_remove_index (parts, i);
      break;
    case 1:
      g_ptr_array_insert (parts, (gint) i, g_strdup (g_ptr_array_index (parts, j)));
      break;
    case 2:
      part = g_ptr_array_index (parts, i);
      g_ptr_array_index (parts, i) = g_ptr_array_index (parts, j);
      g_ptr_array_index (parts, j) = part;
      break;
    case 3:
    case 4:
      g_ptr_array_add (parts, make_field (dice));
      break;
    default:
      change_value (dice, parts);
      break;
  }
}

static void
change_line (GRand * dice, char **line)
{
  GPtrArray *parts = split_line (*line);

  change_parts (dice, parts);
  g_free (*line);
  *line = join_line (parts);
  g_ptr_array_unref (parts);
}

size_t
LLVMFuzzerCustomMutator (uint8_t * data, size_t size, size_t max_size, unsigned seed)
{
  GRand *dice = g_rand_new_with_seed (seed);
  g_autofree char *text = g_strndup ((const char *) data, size);
  g_auto (GStrv) lines = g_strsplit (text, "\n", -1);
  guint n = g_strv_length (lines);
  g_autofree char *changed = NULL;

  if (n == 0 || g_rand_int_range (dice, 0, 3) == 0) {
    g_rand_free (dice);
    return LLVMFuzzerMutate (data, size, max_size);
  }
  for (gint i = g_rand_int_range (dice, 1, 4); i > 0; i--) {
    char **line = &lines[g_rand_int_range (dice, 0, (gint) n)];

    if (g_rand_int_range (dice, 0, 16) == 0) {
      g_free (*line);
      *line = g_strdup (pick (dice, fields_lines));
    } else {
      change_line (dice, line);
    }
  }
  changed = g_strjoinv ("\n", lines);
  size = MIN (strlen (changed), max_size);
  memcpy (data, changed, size);
  g_rand_free (dice);
  return size;
}
