/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gstxlnkfields.h"

#include <string.h>

#define FAIL GST_XLNK_FIELDS_FAIL

/* `NULL' is a string that is none, also as one of several, and a critical where it is to be written. */
static gboolean
has_null (const GValue * value)
{
  if (GST_VALUE_HOLDS_ARRAY (value)) {
    for (guint i = 0; i < gst_value_array_get_size (value); i++) {
      if (has_null (gst_value_array_get_value (value, i)))
        return TRUE;
    }
  } else if (GST_VALUE_HOLDS_LIST (value)) {
    for (guint i = 0; i < gst_value_list_get_size (value); i++) {
      if (has_null (gst_value_list_get_value (value, i)))
        return TRUE;
    }
  }
  return G_VALUE_HOLDS_STRING (value) && !g_value_get_string (value);
}

/* How the user may have written it, for a message. */
static gchar *
value_to_text (const GValue * value)
{
  gchar *text = has_null (value) ? NULL : gst_value_serialize (value);

  return text ? text : g_strdup_value_contents (value);
}

static gboolean
fail_type (const gchar * name, const GValue * value, const gchar * wanted, GError ** error)
{
  g_autofree gchar *text = value_to_text (value);

  FAIL (error, "%s: %s is wanted, and GStreamer reads a value of type %s: %s", name, wanted,
      G_VALUE_TYPE_NAME (value), text);
  return FALSE;
}

static gboolean
fail_double (const gchar * name, const GValue * value, GError ** error)
{
  gdouble number = g_value_get_double (value);

  if (number >= 0 && number <= 9007199254740992.0 && number == (gdouble) (guint64) number)
    FAIL (error, "%s: numbers of more than 32 bits are read as floating-point numbers; write %s=(guint64)0x%"
        G_GINT64_MODIFIER "x", name, name, (guint64) number);
  else
    FAIL (error, "%s: %g is not an integer; numbers of more than 32 bits are written %s=(guint64)0x...", name, number,
        name);
  return FALSE;
}

/* An int is 32 bits, of whatever sign: 0xA0000000 arrives negative. */
static gboolean
read_number (const gchar * name, const GValue * value, guint64 * number, GError ** error)
{
  if (G_VALUE_HOLDS_INT (value))
    *number = (guint32) g_value_get_int (value);
  else if (G_VALUE_HOLDS_UINT (value))
    *number = g_value_get_uint (value);
  else if (G_VALUE_HOLDS_UINT64 (value))
    *number = g_value_get_uint64 (value);
  else if (G_VALUE_HOLDS_INT64 (value) && g_value_get_int64 (value) >= 0)
    *number = (guint64) g_value_get_int64 (value);
  else if (G_VALUE_HOLDS_DOUBLE (value))
    return fail_double (name, value, error);
  else
    return fail_type (name, value, "a number, such as 64 or 0x40,", error);
  return TRUE;
}

static gboolean
read_word (const gchar * name, const GValue * value, guint32 * word, GError ** error)
{
  guint64 number;

  if (!read_number (name, value, &number, error))
    return FALSE;
  if (number > G_MAXUINT32) {
    FAIL (error, "%s: 0x%" G_GINT64_MODIFIER "x has more than 32 bits", name, number);
    return FALSE;
  }
  *word = (guint32) number;
  return TRUE;
}

static gboolean
read_offset (const gchar * name, const GValue * value, guint * offset, GError ** error)
{
  guint32 word;

  if (!read_word (name, value, &word, error))
    return FALSE;
  if (word % 4 != 0 || word > G_MAXINT32) {
    FAIL (error, "%s: 0x%x is not the offset of a register: those are multiples of 4", name, word);
    return FALSE;
  }
  *offset = word;
  return TRUE;
}

/* `uio=1` is a number to GStreamer, `uio=yes` a boolean: in quotes, too. */
static gboolean
read_name (const gchar * name, const GValue * value, gchar ** text, GError ** error)
{
  if (G_VALUE_HOLDS_STRING (value) && g_value_get_string (value) && g_value_get_string (value)[0] != '\0')
    *text = g_value_dup_string (value);
  else if (G_VALUE_HOLDS_INT (value) && g_value_get_int (value) >= 0)
    *text = g_strdup_printf ("%d", g_value_get_int (value));
  else if (G_VALUE_HOLDS_UINT (value))
    *text = g_strdup_printf ("%u", g_value_get_uint (value));
  else {
    g_autofree gchar *wanted = g_strdup_printf ("a name (if it is one, write %s=(string)NAME) or a number", name);

    return fail_type (name, value, wanted, error);
  }
  return TRUE;
}

static gboolean
read_boolean (const gchar * name, const GValue * value, gboolean * truth, GError ** error)
{
  if (G_VALUE_HOLDS_BOOLEAN (value))
    *truth = g_value_get_boolean (value);
  else if (G_VALUE_HOLDS_INT (value) && (guint) g_value_get_int (value) <= 1)
    *truth = g_value_get_int (value);
  else
    return fail_type (name, value, "true or false", error);
  return TRUE;
}

static gboolean
read_choice (const GstXlnkField * field, const GValue * value, guint * choice, GError ** error)
{
  g_autofree gchar *choices = g_strjoinv (", ", (gchar **) field->choices);
  g_autofree gchar *wanted = g_strdup_printf ("one of %s", choices);

  if (!G_VALUE_HOLDS_STRING (value) || !g_value_get_string (value))
    return fail_type (field->name, value, wanted, error);
  for (guint i = 0; field->choices[i]; i++) {
    if (strcmp (field->choices[i], g_value_get_string (value)) == 0) {
      *choice = i;
      return TRUE;
    }
  }
  FAIL (error, "%s=%s: %s is wanted", field->name, g_value_get_string (value), wanted);
  return FALSE;
}

/* How many values there are: those of <a,b,…>, or the one. 0 if it is something else. */
static guint
count_values (const GValue * value)
{
  if (GST_VALUE_HOLDS_ARRAY (value))
    return gst_value_array_get_size (value);
  return GST_VALUE_HOLDS_LIST (value) ? 0 : 1;
}

static const GValue *
get_value (const GValue * value, guint i)
{
  return GST_VALUE_HOLDS_ARRAY (value) ? gst_value_array_get_value (value, i) : value;
}

static gboolean
read_offsets (const gchar * name, const GValue * value, GstXlnkOffsets * offsets, GError ** error)
{
  guint n = count_values (value);

  if (n == 0 || n > G_N_ELEMENTS (offsets->offset))
    return fail_type (name, value, "one offset, or <0x10,0x1c,...> with one for each of at most 4 planes,", error);
  for (guint i = 0; i < n; i++) {
    if (!read_offset (name, get_value (value, i), &offsets->offset[i], error))
      return FALSE;
  }
  offsets->n = n;
  return TRUE;
}

static gboolean
read_pairs (const gchar * name, const GValue * value, GstXlnkWords * words, GError ** error)
{
  guint n = GST_VALUE_HOLDS_ARRAY (value) ? gst_value_array_get_size (value) : 0, offset;

  if (n == 0 || n % 2 != 0 || n > GST_XLNK_WORDS_MAX)
    return fail_type (name, value, "<offset,value,...> with at most 32 pairs", error);
  for (guint i = 0; i < n; i++) {
    const GValue *element = gst_value_array_get_value (value, i);

    if (i % 2 == 0 && !read_offset (name, element, &offset, error))
      return FALSE;
    if (!read_word (name, element, &words->word[i], error))
      return FALSE;
  }
  words->n = n;
  return TRUE;
}

static gboolean
read_field (const GstXlnkField * field, const GValue * value, gpointer into, GError ** error)
{
  gpointer to = (guint8 *) into + field->place;

  switch (field->kind) {
    case GST_XLNK_FIELD_NAME:
      return read_name (field->name, value, to, error);
    case GST_XLNK_FIELD_CHOICE:
      return read_choice (field, value, to, error);
    case GST_XLNK_FIELD_BOOLEAN:
      return read_boolean (field->name, value, to, error);
    case GST_XLNK_FIELD_NUMBER:
      return read_word (field->name, value, to, error);
    case GST_XLNK_FIELD_ADDRESS:
      return read_number (field->name, value, to, error);
    case GST_XLNK_FIELD_OFFSET:
      return read_offset (field->name, value, to, error);
    case GST_XLNK_FIELD_OFFSETS:
      return read_offsets (field->name, value, to, error);
    case GST_XLNK_FIELD_PAIRS:
      return read_pairs (field->name, value, to, error);
  }
  g_return_val_if_reached (FALSE);
}

static const GstXlnkField *
find_field (const GstXlnkField * fields, guint n_fields, const gchar * name)
{
  for (guint i = 0; i < n_fields; i++) {
    if (strcmp (fields[i].name, name) == 0)
      return &fields[i];
  }
  return NULL;
}

static void
fail_unknown (const GstStructure * structure, const GstXlnkField * fields, guint n_fields, const gchar * name,
    GError ** error)
{
  g_autoptr (GString) known = g_string_new (NULL);

  for (guint i = 0; i < n_fields; i++)
    g_string_append_printf (known, "%s%s", i > 0 ? ", " : "", fields[i].name);
  FAIL (error, "`%s' has no field `%s'; it has: %s", gst_structure_get_name (structure), name, known->str);
}

gboolean
gst_xlnk_fields_read (const GstStructure * structure, const GstXlnkField * fields, guint n_fields, gpointer into,
    GError ** error)
{
  for (gint i = 0; i < gst_structure_n_fields (structure); i++) {
    const gchar *name = gst_structure_nth_field_name (structure, i);
    const GstXlnkField *field = find_field (fields, n_fields, name);

    if (!field) {
      fail_unknown (structure, fields, n_fields, name, error);
      return FALSE;
    }
    if (!read_field (field, gst_structure_get_value (structure, name), into, error))
      return FALSE;
  }
  return TRUE;
}
