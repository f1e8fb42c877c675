/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "fuzz.h"

#include <sanitizer/lsan_interface.h>
#include <string.h>

static gboolean foreign;
static guint foreign_criticals;
static gboolean reading_values;

static void
handle_log (const gchar * domain, GLogLevelFlags level, const gchar * message, gpointer unused)
{
  (void) unused;
  if (!(level & (G_LOG_LEVEL_ERROR | G_LOG_LEVEL_CRITICAL)))
    return;
  if (foreign) {
    foreign_criticals++;
    return;
  }
  if (reading_values && !g_str_has_prefix (message, "gst_structure_"))
    return;
  fprintf (stderr, "critical of %s: %s\n", domain ? domain : "?", message);
  abort ();
}

void
fuzz_init (void)
{
  g_log_set_default_handler (handle_log, NULL);
}

void
fuzz_init_gst (void)
{
  fuzz_init ();
  /* Plugins have threads, files and leaks of their own. */
  g_setenv ("GST_REGISTRY_UPDATE", "no", TRUE);
  g_setenv ("GST_REGISTRY_1_0", "/dev/null", TRUE);
  g_setenv ("GST_PLUGIN_SYSTEM_PATH_1_0", "", TRUE);
  g_setenv ("GST_PLUGIN_PATH_1_0", "", TRUE);
  gst_init (NULL, NULL);
}

void
fuzz_begin_foreign (void)
{
  foreign = TRUE;
  __lsan_disable ();
}

void
fuzz_end_foreign (void)
{
  __lsan_enable ();
  foreign = FALSE;
}

GstStructure *__wrap_gst_structure_from_string (const gchar * string, gchar ** end);
GstStructure *__real_gst_structure_from_string (const gchar * string, gchar ** end);

/* Leaks the values of a list of several types, and does not look at a fraction or a list of tags before it takes it: that
 * is its own. Criticals about the structure itself are ours, who must not let such text through. */
GstStructure *
__wrap_gst_structure_from_string (const gchar * string, gchar ** end)
{
  GstStructure *structure;

  __lsan_disable ();
  reading_values = TRUE;
  structure = __real_gst_structure_from_string (string, end);
  reading_values = FALSE;
  __lsan_enable ();
  return structure;
}

/* Of lists and arrays: as many values as @size says. GStreamer cannot write down those of several types, nested ones, nor
 * a string that is none. */
static gboolean
is_of_one_type (const GValue * value, guint size, const GValue * (*get) (const GValue *, guint))
{
  for (guint i = 0; i < size; i++) {
    const GValue *element = get (value, i);

    if (G_VALUE_TYPE (element) != G_VALUE_TYPE (get (value, 0)) || GST_VALUE_HOLDS_ARRAY (element)
        || GST_VALUE_HOLDS_LIST (element) || (G_VALUE_HOLDS_STRING (element) && !g_value_get_string (element)))
      return FALSE;
  }
  return TRUE;
}

static gboolean
check_value (GQuark field, const GValue * value, gpointer unused)
{
  (void) field;
  (void) unused;
  if (GST_VALUE_HOLDS_LIST (value))
    return is_of_one_type (value, gst_value_list_get_size (value), gst_value_list_get_value);
  if (GST_VALUE_HOLDS_ARRAY (value))
    return is_of_one_type (value, gst_value_array_get_size (value), gst_value_array_get_value);
  return TRUE;
}

GstCaps *
fuzz_read_caps (const char *text)
{
  guint criticals = foreign_criticals;
  GstCaps *caps;
  gboolean good;

  fuzz_begin_foreign ();
  caps = *text ? gst_caps_from_string (text) : NULL;
  fuzz_end_foreign ();
  good = foreign_criticals == criticals;
  for (guint i = 0; caps && good && i < gst_caps_get_size (caps); i++)
    good = gst_structure_foreach (gst_caps_get_structure (caps, i), check_value, NULL);
  if (!good)
    gst_clear_caps (&caps);
  return caps;
}

char **
fuzz_split (const uint8_t * data, size_t size, unsigned n)
{
  g_autofree char *text = g_strndup ((const char *) data, size);
  g_auto (GStrv) lines = g_strsplit (text, "\n", (gint) n + 1);
  char **result = g_new0 (char *, n + 1);
  guint there_are = g_strv_length (lines);

  for (guint i = 0; i < n; i++)
    result[i] = g_strdup (i < there_are ? lines[i] : "");
  return result;
}

void
fuzz_check_result (gboolean success, GError * error, GQuark domain)
{
  if (success) {
    FUZZ_CHECK (error == NULL, "a success with the error: %s", error->message);
    return;
  }
  FUZZ_CHECK (error != NULL, "a failure without an error");
  FUZZ_CHECK (error->domain == domain, "an error of %s", g_quark_to_string (error->domain));
  FUZZ_CHECK (error->message && *error->message, "an error without words");
  g_error_free (error);
}
