/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gstxlnkdescription.h"

#include <string.h>

#include "gstxlnkerror.h"

#define FAIL(error, ...) \
  g_set_error (error, GST_XLNK_ERROR, GST_XLNK_ERROR_DESCRIPTION, __VA_ARGS__)

static gboolean
is_identifier (const gchar * text)
{
  if (!g_ascii_isalpha (text[0]))
    return FALSE;
  return text[strspn (text, G_CSET_a_2_z G_CSET_A_2_Z G_CSET_DIGITS "-_")] == '\0';
}

/* What follows a string in quotes that begins at @at; NULL if it does not end. */
static const gchar *
skip_quoted (const gchar * at)
{
  for (at++; *at != '"'; at++) {
    if (*at == '\\' && at[1] != '\0')
      at++;
    if (*at == '\0')
      return NULL;
  }
  return at + 1;
}

/* Splits at the commas that are not inside of brackets or quotes. */
static GPtrArray *
split (const gchar * text, GError ** error)
{
  g_autoptr (GPtrArray) parts = g_ptr_array_new_with_free_func (g_free);
  const gchar *start = text, *at = text;
  gint depth = 0;

  while (*at != '\0') {
    if (*at == '"') {
      const gchar *end = skip_quoted (at);

      if (!end) {
        FAIL (error, "a quotation mark is not closed: %s", at);
        return NULL;
      }
      at = end;
      continue;
    }
    if (strchr ("<{[(", *at))
      depth++;
    else if (strchr (">}])", *at))
      depth--;
    if (*at == ';' && depth == 0) {
      FAIL (error, "`;' ends a structure, and what follows would be dropped: %s. Fields are separated by `,'", at);
      return NULL;
    }
    if (*at == ',' && depth == 0) {
      g_ptr_array_add (parts, g_strstrip (g_strndup (start, at - start)));
      start = at + 1;
    }
    at++;
  }
  if (depth != 0) {
    FAIL (error, "a bracket is not closed, or not opened: %s", start);
    return NULL;
  }
  g_ptr_array_add (parts, g_strstrip (g_strdup (start)));
  return g_steal_pointer (&parts);
}

/* GStreamer reads 010 as 8, and 08 as a floating-point number; in quotes, too. */
static gboolean
is_octal (const gchar * number)
{
  if (*number == '"')
    number++;
  if (*number == '+' || *number == '-')
    number++;
  return number[0] == '0' && g_ascii_isdigit (number[1]) && strspn (number, G_CSET_DIGITS) >= 2
      && (number[strspn (number, G_CSET_DIGITS)] == '\0' || number[strspn (number, G_CSET_DIGITS)] == '"');
}

/* @value is one value, or several in brackets. A type before them says what they are; a string may look as it
 * likes. */
static gboolean
check_numbers (const gchar * name, const gchar * value, GError ** error)
{
  g_auto (GStrv) parts = g_strsplit_set (value, "<>{}[],", -1);

  for (gchar ** part = parts; *part; part++) {
    const gchar *number = g_strstrip (*part);

    if (*number == '(') {
      const gchar *end = strchr (number, ')');

      if (g_str_has_prefix (number, "(s") || !end)      /* (string), (str), (s) */
        continue;
      for (number = end + 1; *number == ' '; number++);
    }
    if (is_octal (number)) {
      FAIL (error, "%s=%s: a number that begins with 0 is octal; write it without, or as 0x..., or as (string)%s", name,
          value, number);
      return FALSE;
    }
  }
  return TRUE;
}

/* One whose end is before its beginning is a critical. */
static gboolean
check_no_range (const gchar * name, const gchar * value, GError ** error)
{
  for (const gchar * at = value; *at != '\0'; at = *at == '"' ? skip_quoted (at) : at + 1) {
    if (*at == '[') {
      FAIL (error, "%s=%s: a field has one value, or an array such as <0x10,0x1c>, not a range", name, value);
      return FALSE;
    }
  }
  return TRUE;
}

/* In quotes too, GStreamer before 1.18 takes few characters as they are. */
static gchar *
escape (const gchar * quoted)
{
  GString *escaped = g_string_new (NULL);

  for (const gchar * at = quoted; *at != '\0'; at++) {
    if (*at == '\\' && at[1] != '\0')
      g_string_append_c (escaped, *at++);
    else if (!g_ascii_isalnum (*at) && !strchr ("\"-_+/:.", *at))
      g_string_append_c (escaped, '\\');
    g_string_append_c (escaped, *at);
  }
  return g_string_free (escaped, FALSE);
}

/* Appends ",name=value" to @text. What is in quotes is made a string: GStreamer 1.22 still takes "yes" for a boolean,
 * and warns that it is going to change its mind. */
static gboolean
append_field (GString * text, const gchar * name, const gchar * value, GError ** error)
{
  g_autofree gchar *string = value[0] == '"' ? escape (value) : NULL;
  g_autofree gchar *field = g_strdup_printf (",%s=%s%s", name, string ? "(string)" : "", string ? string : value);
  g_autofree gchar *alone = g_strconcat ("x", field, NULL);
  GstStructure *structure = gst_structure_from_string (alone, NULL);

  if (!structure) {
    FAIL (error, "%s=%s is not understood. Text with other characters than letters, digits and -_+/:. goes in "
        "quotation marks", name, value);
    return FALSE;
  }
  gst_structure_free (structure);
  g_string_append (text, field);
  return TRUE;
}

/* @field is "name=value". The name is returned. */
static gchar *
check_field (const gchar * field, GString * text, GError ** error)
{
  const gchar *equals = strchr (field, '=');
  g_autofree gchar *name = g_strndup (field, equals ? (gsize) (equals - field) : strlen (field));
  g_autofree gchar *value = g_strstrip (g_strdup (equals ? equals + 1 : ""));

  g_strstrip (name);
  if (field[0] == '\0')
    FAIL (error, "there is a `,' without a field");
  else if (!is_identifier (name))
    FAIL (error, "`%s' cannot be the name of a field: a letter comes first, then letters, digits, `-' and `_'", name);
  else if (value[0] == '\0')
    FAIL (error, "the field `%s' has no value; write %s=...", name, name);
  else if ((value[0] == '"' || check_numbers (name, value, error)) && check_no_range (name, value, error)
      && append_field (text, name, value, error))
    return g_steal_pointer (&name);
  return NULL;
}

gchar *
gst_xlnk_description_get_name (const gchar * text, GError ** error)
{
  gchar *name = g_strstrip (g_strndup (text, strcspn (text, ",")));

  if (is_identifier (name))
    return name;
  FAIL (error, "`%s' is not the name of an accelerator. A description is NAME,FIELD=VALUE,...", name);
  g_free (name);
  return NULL;
}

GstStructure *
gst_xlnk_description_parse (const gchar * text, GError ** error)
{
  g_autoptr (GPtrArray) parts = split (text, error);
  g_autoptr (GHashTable) names = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  g_autofree gchar *kind = parts ? gst_xlnk_description_get_name (text, error) : NULL;
  g_autoptr (GString) normal = NULL;
  GstStructure *structure;

  if (!kind)
    return NULL;
  normal = g_string_new (g_ptr_array_index (parts, 0));
  for (guint i = 1; i < parts->len; i++) {
    gchar *name = check_field (g_ptr_array_index (parts, i), normal, error);

    if (!name)
      return NULL;
    if (!g_hash_table_add (names, name)) {
      FAIL (error, "the field `%s' is given twice", (const gchar *) g_ptr_array_index (parts, i));
      return NULL;
    }
  }
  structure = gst_structure_from_string (normal->str, NULL);
  if (!structure)
    FAIL (error, "`%s' is not understood. A description is NAME,FIELD=VALUE,...", text);
  return structure;
}
