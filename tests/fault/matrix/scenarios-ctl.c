/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * scenarios-ctl.c: xlnk-ctl, as a person on the board runs it: the tool itself, its main() called by another name from a
 * module, which sees a living process (others.h) and what dead ones left.
 */
#include "others.h"

#include <dlfcn.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <glib-unix.h>
#include <glib/gstdio.h>

#include "board.h"

static int (*ctl_main) (int argc, char **argv);

gboolean
scenario_load_ctl (const char *module)
{
  void *handle = dlopen (module, RTLD_NOW | RTLD_LOCAL);

  if (!handle)
    g_error ("%s", dlerror ());
  *(void **) &ctl_main = dlsym (handle, "xlnk_ctl_main");
  return ctl_main != NULL;
}

/*** what it says ***/

/* One of the two, into a file of its own for a while. */
typedef struct
{
  FILE *stream;
  int saved, file;
} Stream;

static void
divert (Stream * self, FILE * stream)
{
  fflush (stream);
  self->stream = stream;
  self->saved = dup (fileno (stream));
  self->file = memfd_create ("output", 0);
  if (self->saved < 0 || self->file < 0 || dup2 (self->file, fileno (stream)) < 0)
    g_error ("the output cannot be had");
}

static char *
restore (Stream * self)
{
  off_t size;
  char *text;

  fflush (self->stream);
  dup2 (self->saved, fileno (self->stream));
  close (self->saved);
  size = lseek (self->file, 0, SEEK_END);
  text = g_malloc0 ((gsize) size + 1);
  if (pread (self->file, text, (gsize) size, 0) != size)
    g_error ("the output cannot be read");
  close (self->file);
  return text;
}

/* Without what is another thing in each run: process ids, times, and the directories of the board and the machine. */
static char *
make_comparable (const char *text)
{
  static const char *const changes[][2] = {
    {"\"(pid|started-us|age-us)\" ?: ?-?\\d+", "\\1"},
    {"(?m)\"ledgers(-elsewhere)?\" ?: ?(\"[^\"]*\"|\\[[^\\]]*\\])", "ledgers"},
    {"(?m)^  (ledgers  |not read ).*\n?", ""},
    {"No process has recorded a buffer in .*", "nobody"},
    {"(?m)^ +\\d+  (alive|DEAD ) (.*iB)  +\\d+ (s|min)", "\\1 \\2"},
  };
  char *result = g_strdup (text);

  for (gsize i = 0; i < G_N_ELEMENTS (changes); i++) {
    GRegex *regex = g_regex_new (changes[i][0], 0, 0, NULL);
    char *changed = g_regex_replace (regex, result, -1, 0, changes[i][1], 0, NULL);

    g_regex_unref (regex);
    g_free (result);
    result = changed;
  }
  return result;
}

static void
take_output (const char *text)
{
  g_autofree char *comparable = make_comparable (text);

  witness_output (comparable);
  witness_data (comparable, strlen (comparable));
}

/* Complaints begin with the name of the tool; all else is what was asked for. TRUE if there is one. */
static gboolean
take_messages (const char *text)
{
  g_auto (GStrv) lines = g_strsplit (text, "\n", -1);
  gboolean any = FALSE;

  for (char **line = lines; *line; line++) {
    if (g_str_has_prefix (*line, "xlnk-ctl: ")) {
      witness_error ("%s", *line);
      any = TRUE;
    } else {
      take_output (*line);
    }
  }
  return any;
}

/*** running it ***/

static void
ctl (const char *arguments)
{
  static char *argv[8];         /* the tool's own from here on: it changes them, and keeps some for ever */
  g_auto (GStrv) words = g_strsplit (arguments, " ", (int) G_N_ELEMENTS (argv) - 1);
  g_autofree char *out = NULL, *err = NULL;
  Stream streams[2];
  guint64 live;
  int status;

  divert (&streams[0], stdout);
  divert (&streams[1], stderr);
  memcpy (argv, words, g_strv_length (words) * sizeof *words);
  status = ctl_main ((int) g_strv_length (words), argv);
  out = restore (&streams[0]);
  err = restore (&streams[1]);
  take_output (out);
  if (!take_messages (err) && status != 0)
    witness_refused ("exit status");
  live = board_live_buffers ();
  witness_data (&live, sizeof live);
  if (status == 0)
    witness_done ();
}

/* With what GLib opens for signals, once for the life of a process. */
static void
ctl_watch (const char *arguments)
{
  g_source_unref (g_unix_signal_source_new (SIGTERM));
  g_main_context_default ();
  witness_start_again ();
  ctl (arguments);
}

/* Nobody said where. */
static void
ctl_default_ledger (const char *arguments)
{
  g_unsetenv ("GST_XLNK_LEDGER");
  ctl (arguments);
}

/* Of a group, as /run/gst-xlnk is. */
static void
ctl_group_ledger (const char *arguments)
{
  g_chmod (g_getenv ("GST_XLNK_LEDGER"), 02770);
  ctl (arguments);
  g_chmod (g_getenv ("GST_XLNK_LEDGER"), 0700);
}

const Scenario ctl_scenarios[] = {
  {"ctl-status", ctl, "xlnk-ctl status", others_die, COMPANION_KEEPS},
  {"ctl-status-json", ctl, "xlnk-ctl status --json", others_die, COMPANION_KEEPS},
  {"ctl-watch", ctl_watch, "xlnk-ctl watch --count 3 --interval 0.05", others_die, COMPANION_KEEPS},
  {"ctl-dry-run", ctl, "xlnk-ctl reclaim --dry-run", others_die, COMPANION_KEEPS},
  {"ctl-reclaim", ctl, "xlnk-ctl reclaim", others_die, COMPANION_KEEPS},
  {"ctl-reclaim-json", ctl, "xlnk-ctl reclaim --exposed --json", others_die, COMPANION_KEEPS},
  {"ctl-force", ctl, "xlnk-ctl reclaim --force", others_die, COMPANION_KEEPS},
  {"ctl-after-a-reset", ctl, "xlnk-ctl reclaim", others_die_after_a_reset, COMPANION_NONE},
  {"ctl-old-files", ctl, "xlnk-ctl reclaim", others_leave_files, COMPANION_NONE},
  {"ctl-group-ledger", ctl_group_ledger, "xlnk-ctl reclaim", others_die, COMPANION_NONE},
  {"ctl-default-ledger", ctl_default_ledger, "xlnk-ctl reclaim --force", others_die_in_default_ledger, COMPANION_NONE},
  {"ctl-elsewhere", ctl_default_ledger, "xlnk-ctl status", others_die_in_default_ledger, COMPANION_NONE},
  {"ctl-find-device", ctl, "xlnk-ctl status --device auto", NULL, COMPANION_NONE},
  {"ctl-reset", ctl, "xlnk-ctl reset --yes", others_die, COMPANION_LOSES},
  {"ctl-reset-json", ctl, "xlnk-ctl reset --yes --json", others_die, COMPANION_LOSES},
  {NULL, NULL, NULL, NULL, COMPANION_NONE}
};
