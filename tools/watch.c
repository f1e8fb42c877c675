/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * watch.c: `xlnk-ctl watch`: the status, again and again. In a terminal it stays in its place until Ctrl-C; elsewhere, one
 * after the other.
 */
#include "xlnk-ctl.h"

#include <glib-unix.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "options.h"
#include "report.h"

#define SCREEN_ENTER "\033[?1049h\033[?25l"     /* the terminal's second screen, without a cursor */
#define SCREEN_LEAVE "\033[?25h\033[?1049l"
#define SCREEN_HOME "\033[H"
#define SCREEN_CLEAR_LINE "\033[K"
#define SCREEN_CLEAR_REST "\033[J"

#define TABLE_WIDTH 72          /* of the columns before the bar */

typedef struct
{
  XlnkDevice *device;
  GMainLoop *loop;
  gboolean json;
  gboolean terminal;
  gint left;                    /* how many more; negative: until Ctrl-C */
  GError *incomplete;           /* the first reason why one of them was */
} Watch;

static void
get_screen (guint * columns, guint * rows)
{
  struct winsize size;

  *columns = 80;
  *rows = 24;
  if (ioctl (STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 && size.ws_row > 0) {
    *columns = size.ws_col;
    *rows = size.ws_row;
  }
}

/* Each line over what was there before; what does not fit on the screen is left out. */
static void
draw (const GString * text, guint columns, guint rows)
{
  char **lines = g_strsplit (text->str, "\n", -1);
  GString *screen = g_string_new (SCREEN_HOME);

  for (guint i = 0; lines[i] && i + 1 < rows; i++) {
    char *line = g_utf8_substring (lines[i], 0, MIN ((glong) columns, g_utf8_strlen (lines[i], -1)));

    g_string_append_printf (screen, "%s" SCREEN_CLEAR_LINE "\n", line);
    g_free (line);
  }
  g_string_append (screen, SCREEN_CLEAR_REST);
  g_print ("%s", screen->str);
  g_string_free (screen, TRUE);
  g_strfreev (lines);
}

static void
print_json (const Snapshot * snapshot)
{
  JsonBuilder *builder = json_builder_new ();
  JsonNode *root;
  char *line;

  json_builder_begin_object (builder);
  report_build_json (builder, snapshot);
  json_builder_end_object (builder);
  /* One object to a line, so that a reader knows where each ends. */
  root = json_builder_get_root (builder);
  line = json_to_string (root, FALSE);
  g_print ("%s\n", line);
  g_free (line);
  json_node_unref (root);
  g_object_unref (builder);
}

static void
print_text (const Watch * watch, const Snapshot * snapshot)
{
  GString *text = g_string_new (NULL);
  guint columns, rows;

  get_screen (&columns, &rows);
  report_append_text (text, snapshot, columns > TABLE_WIDTH + 12 ? MIN (columns - TABLE_WIDTH - 4, 60) : 10);
  if (watch->terminal)
    draw (text, columns, rows);
  else
    g_print ("%s\n", text->str);
  g_string_free (text, TRUE);
}

static gboolean
show (gpointer data)
{
  Watch *watch = data;
  g_autoptr (Snapshot) snapshot = snapshot_take (watch->device);

  if (watch->json)
    print_json (snapshot);
  else
    print_text (watch, snapshot);
  if (!watch->incomplete)
    watch->incomplete = g_steal_pointer (&snapshot->incomplete);
  /* Where nothing can be written, nobody watches. */
  if (ferror (stdout))
    watch->left = 1;
  if (watch->left > 0 && --watch->left == 0)
    g_main_loop_quit (watch->loop);
  return G_SOURCE_CONTINUE;
}

static gboolean
quit (gpointer loop)
{
  g_main_loop_quit (loop);
  return G_SOURCE_CONTINUE;
}

static int
run (XlnkDevice * device, const Options * options, double interval, gint count)
{
  Watch watch = { device, g_main_loop_new (NULL, FALSE), options->json,.left = count > 0 ? count : -1 };
  guint timer = g_timeout_add ((guint) (interval * 1000), show, &watch);
  guint interrupted = g_unix_signal_add (SIGINT, quit, watch.loop);
  guint terminated = g_unix_signal_add (SIGTERM, quit, watch.loop);

  watch.terminal = !options->json && isatty (STDOUT_FILENO);
  if (watch.terminal)
    g_print (SCREEN_ENTER);
  show (&watch);
  if (watch.left != 0)
    g_main_loop_run (watch.loop);
  if (watch.terminal)
    g_print (SCREEN_LEAVE);
  g_source_remove (timer);
  g_source_remove (interrupted);
  g_source_remove (terminated);
  g_main_loop_unref (watch.loop);
  return watch.incomplete ? options_fail (watch.incomplete) : 0;
}

int
xlnk_ctl_watch (int argc, char **argv)
{
  double interval = 1;
  gint count = 0;
  const GOptionEntry entries[] = {
    {"interval", 'i', G_OPTION_FLAG_NONE, G_OPTION_ARG_DOUBLE, &interval, "between two looks (1)", "SECONDS"},
    {"count", 'c', G_OPTION_FLAG_NONE, G_OPTION_ARG_INT, &count, "end after so many (0: never)", "N"},
    {NULL, 0, G_OPTION_FLAG_NONE, G_OPTION_ARG_NONE, NULL, NULL, NULL}
  };
  g_auto (Options) options = { NULL, FALSE };
  XlnkDevice *device;
  int status;

  if (!options_parse (&options, entries, "Shows who holds what, live, until Ctrl-C. Changes nothing.", argc, argv,
          &status))
    return status;
  if (!(interval >= 0.05 && interval <= 86400)) {
    g_printerr ("xlnk-ctl: an interval is between 0.05 and 86400 seconds\n");
    return XLNK_CTL_USAGE;
  }
  if (count < 0) {
    g_printerr ("xlnk-ctl: a count is 0 or more\n");
    return XLNK_CTL_USAGE;
  }
  device = options_open_device (&options);
  if (!device)
    return 1;
  status = run (device, &options, interval, count);
  xlnk_device_unref (device);
  return status;
}
