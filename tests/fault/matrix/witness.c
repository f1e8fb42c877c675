/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "witness.h"

#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <gst/gst.h>
#include <gst/xlnk/xlnk.h>

#define SETTLE_US 500000

static int out = -1;
static GChecksum *checksum;
static GHashTable *descriptors, *mappings;
static GMutex mutex;

/* One write for a line, whatever is in it. */
static void G_GNUC_PRINTF (2, 3)
say (const char *kind, const char *format, ...)
{
  g_autofree char *text = NULL;
  g_autofree char *line = NULL;
  va_list list;

  va_start (list, format);
  text = g_strdup_vprintf (format, list);
  va_end (list);
  line = g_strdup_printf ("%s %s\n", kind, g_strdelimit (text, "\n", ' '));
  /* Not write(), which may be called with the library on the stack, and is not what is to fail then. */
  if (syscall (SYS_write, out, line, strlen (line)) < 0)
    _exit (99);
}

/*** what is said ***/

static GLogWriterOutput
hear_glib (GLogLevelFlags level, const GLogField * fields, gsize n, gpointer data G_GNUC_UNUSED)
{
  g_autofree char *text = NULL;

  if (!(level & (G_LOG_LEVEL_ERROR | G_LOG_LEVEL_CRITICAL | G_LOG_LEVEL_WARNING)))
    return G_LOG_WRITER_HANDLED;
  text = g_log_writer_format_fields (level, fields, n, FALSE);
  say ("critical", "%s", text);
  return G_LOG_WRITER_HANDLED;
}

static void
hear_gst (GstDebugCategory * category, GstDebugLevel level, const gchar * file G_GNUC_UNUSED,
    const gchar * function G_GNUC_UNUSED, gint line G_GNUC_UNUSED, GObject * object G_GNUC_UNUSED,
    GstDebugMessage * message, gpointer data G_GNUC_UNUSED)
{
  if (level > GST_LEVEL_WARNING || !g_str_has_prefix (gst_debug_category_get_name (category), "xlnk"))
    return;
  say ("log", "%s %s %s", gst_debug_level_get_name (level), gst_debug_category_get_name (category),
      gst_debug_message_get (message));
}

/*** what is open ***/

static GHashTable *
list_descriptors (void)
{
  GHashTable *set = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  GDir *dir = g_dir_open ("/proc/self/fd", 0, NULL);
  const char *name;

  while ((name = g_dir_read_name (dir))) {
    g_autofree char *path = g_build_filename ("/proc/self/fd", name, NULL);
    g_autofree char *target = g_file_read_link (path, NULL);

    if (target && !strstr (target, "/proc/"))
      g_hash_table_add (set, g_strdup_printf ("descriptor %s: %s", name, target));
  }
  g_dir_close (dir);
  return set;
}

/* Those of the board's files and of the ledger's: everything else is the program's. */
static gboolean
is_of_the_board (const char *line)
{
  const char *ledger = g_getenv ("GST_XLNK_LEDGER");

  return strstr (line, "xlnk-emulate-") || strstr (line, "gst-xlnk") || (ledger && *ledger == '/' && strstr (line, ledger));
}

static GHashTable *
list_mappings (void)
{
  GHashTable *set = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  g_autofree char *text = NULL;
  g_auto (GStrv) lines = NULL;

  g_file_get_contents ("/proc/self/maps", &text, NULL, NULL);
  lines = g_strsplit (text, "\n", -1);
  for (char **line = lines; *line; line++) {
    if (is_of_the_board (*line) && !strstr (*line, ".so"))
      g_hash_table_add (set, g_strdup_printf ("mapping %s", *line));
  }
  return set;
}

/* What is new, in @news. */
static gboolean
compare (GHashTable * before, GHashTable * after, GPtrArray * news)
{
  GHashTableIter iter;
  gpointer what;

  g_ptr_array_set_size (news, 0);
  g_hash_table_iter_init (&iter, after);
  while (g_hash_table_iter_next (&iter, &what, NULL)) {
    if (!g_hash_table_contains (before, what))
      g_ptr_array_add (news, g_strdup (what));
  }
  g_hash_table_unref (after);
  return news->len == 0;
}

/* A streaming thread may still be on its way home with the last reference to a bus, after the state has changed: what is
 * left must go by itself. */
static void
compare_until_equal (GHashTable * before, GHashTable * (*list) (void))
{
  GPtrArray *news = g_ptr_array_new_with_free_func (g_free);

  /* Rarely: to look costs more than to wait. */
  for (gulong pause = 500; !compare (before, list (), news) && pause < SETTLE_US; pause *= 2)
    g_usleep (pause);
  for (guint i = 0; i < news->len; i++)
    say ("left", "%s", (char *) g_ptr_array_index (news, i));
  g_ptr_array_unref (news);
  g_hash_table_unref (before);
}

void
witness_start (int fd)
{
  out = fd;
  checksum = g_checksum_new (G_CHECKSUM_MD5);
  g_log_set_writer_func (hear_glib, NULL, NULL);
  gst_debug_remove_log_function (gst_debug_log_default);
  gst_debug_set_active (TRUE);
  gst_debug_set_threshold_from_string ("xlnk*:2", FALSE);
  gst_debug_add_log_function (hear_gst, NULL, NULL);
  descriptors = list_descriptors ();
  mappings = list_mappings ();
}

void
witness_start_again (void)
{
  g_hash_table_unref (descriptors);
  g_hash_table_unref (mappings);
  descriptors = list_descriptors ();
  mappings = list_mappings ();
}

void
witness_end (void)
{
  say ("data", "%s", g_checksum_get_string (checksum));
  g_checksum_free (checksum);
  compare_until_equal (descriptors, list_descriptors);
  compare_until_equal (mappings, list_mappings);
}

/*** what came of it ***/

void
witness_done (void)
{
  say ("done", " ");
}

void
witness_error (const char *format, ...)
{
  g_autofree char *text = NULL;
  va_list list;

  va_start (list, format);
  text = g_strdup_vprintf (format, list);
  va_end (list);
  say ("error", "%s", text);
}

void
witness_refused (const char *what)
{
  const GError *reason = gst_xlnk_peek_last_error ();

  if (reason)
    witness_error ("%s: %s", what, reason->message);
  else
    say ("refused", "%s", what);
}

void
witness_take_error (GError * error)
{
  if (error)
    say ("error", "%s", error->message);
  else
    say ("critical", "a failure without an error");
  g_clear_error (&error);
}

/* Frames may come from several threads in turn. */
void
witness_data (gconstpointer data, gsize size)
{
  g_mutex_lock (&mutex);
  g_checksum_update (checksum, data, size);
  g_mutex_unlock (&mutex);
}

void
witness_output (const char *text)
{
  g_auto (GStrv) lines = g_strsplit (text, "\n", -1);

  for (char **line = lines; *line; line++) {
    if (**line)
      say ("output", "%s", *line);
  }
}
