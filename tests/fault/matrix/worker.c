/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * worker.c: runs scenarios with faults, each in a child of its own that knows GStreamer already but has not yet touched the
 * board, so that a run costs milliseconds and a crash costs nothing. Runs under `xlnk-emulate --trace`. FAULT_CTL is the
 * module with xlnk-ctl. Reads
 *
 *   list                      answers with the names of all scenarios
 *   run SCENARIO FAULTS       as of xlnk_emulator_set_faults, or "-"
 *   trace SCENARIO FILE FAULTS        the same, with the calls written to FILE
 *
 * and answers with the lines of witness.h, then how it ended:
 *
 *   hits N                    faults that happened
 *   ledger NAME               a file that is left in the ledger's directory then; it is removed
 *   live N                    buffers that are still there
 *   lost N                    those that are there even when the next process has opened the device, or done the same without
 *                             a fault; they are freed now
 *   hazards N                 new ones
 *   exit N | signal N | timeout
 *   .
 */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <gst/xlnk/xlnk.h>

#include "../../../emulator/xlnkemulator.h"
#include "board.h"
#include "memcheck.h"
#include "others.h"
#include "stranger.h"

#define PATIENCE_MS 60000       /* a hang, not a slow machine */

static typeof (&xlnk_emulator_set_faults) set_faults;
static typeof (&xlnk_emulator_faults_hit) faults_hit;
static typeof (&xlnk_emulator_set_trace) set_trace;

static gpointer
find (const char *name)
{
  gpointer symbol = dlsym (RTLD_DEFAULT, name);

  if (!symbol)
    g_error ("no %s: this wants xlnk-emulate --trace FILE -- …", name);
  return symbol;
}

static const Scenario *
find_in (const Scenario * list, const char *name)
{
  for (; list->name; list++) {
    if (g_str_equal (list->name, name))
      return list;
  }
  return NULL;
}

static const Scenario *const lists[] = { library_scenarios, ledger_scenarios, pipeline_scenarios, ctl_scenarios };

static gsize n_lists;           /* of those: the last one needs the tool */

static const Scenario *
find_scenario (const char *name)
{
  const Scenario *found = NULL;

  for (gsize i = 0; i < n_lists && !found; i++)
    found = find_in (lists[i], name);
  return found;
}

static _Noreturn void
be_child (const Scenario * scenario, int fd)
{
  dup2 (STDERR_FILENO, STDOUT_FILENO);
  witness_start (fd);
  scenario->run (scenario->argument);
  witness_end ();
  exit (0);
}

/* Hands on what the child says until it says no more. FALSE: it is still there. */
static gboolean
hand_on (int fd)
{
  struct pollfd pollfd = {.fd = fd,.events = POLLIN };
  char piece[4096];
  ssize_t got;

  for (;;) {
    if (poll (&pollfd, 1, PATIENCE_MS) <= 0)
      return FALSE;
    got = read (fd, piece, sizeof piece);
    if (got <= 0)
      return TRUE;
    fwrite (piece, 1, got, stdout);
  }
}

static void
say_status (pid_t pid, gboolean ended)
{
  int status;

  if (!ended)
    kill (pid, SIGKILL);
  while (waitpid (pid, &status, 0) < 0 && errno == EINTR);
  if (!ended)
    puts ("timeout");
  else if (WIFSIGNALED (status))
    printf ("signal %d\n", WTERMSIG (status));
  else
    printf ("exit %d\n", WEXITSTATUS (status));
}

/* However it ends: some of these are to die. */
static void
prepare (const Scenario * scenario)
{
  pid_t pid;

  if (!scenario->before)
    return;
  fflush (stdout);              /* or the child would say it again */
  pid = fork ();
  if (pid == 0) {
    /* Which is not what is looked at, and takes longer than all the rest. */
    memcheck_ignore_leaks ();
    scenario->before (scenario->argument);
    _exit (0);
  }
  while (waitpid (pid, NULL, 0) < 0 && errno == EINTR);
}

/* What a ledger is still about is gone with the buffers. */
static void
empty_directory (const char *path)
{
  GDir *dir = path ? g_dir_open (path, 0, NULL) : NULL;
  const char *name;

  while (dir && (name = g_dir_read_name (dir))) {
    g_autofree char *file = g_build_filename (path, name, NULL);

    printf ("ledger %s\n", name);
    if (unlink (file) != 0)
      printf ("critical cannot remove %s\n", file);
  }
  if (dir)
    g_dir_close (dir);
}

static gboolean
is_empty (const char *path)
{
  GDir *dir = g_dir_open (path, 0, NULL);
  gboolean empty = !dir || !g_dir_read_name (dir);

  if (dir)
    g_dir_close (dir);
  return empty;
}

/* Whoever comes next: opens the device, may have what was exposed, and goes. */
static void
open_once (const char *argument)
{
  if (argument)
    g_unsetenv (argument);
  g_setenv ("GST_XLNK_RECLAIM", "exposed", TRUE);
  gst_clear_object (&(GstXlnkAllocator *) { gst_xlnk_allocator_get ("/dev/xlnk", NULL) });
}

/* Whoever wants the same, and meets no fault. */
static const Scenario *latest;

static void
do_again (const char *argument G_GNUC_UNUSED)
{
  witness_start (open ("/dev/null", O_WRONLY | O_CLOEXEC));
  latest->run (latest->argument);
}

/* Those that look at what the dead left need not take it away. */
static gboolean
may_leave (const Scenario * scenario)
{
  return scenario->companion != COMPANION_NONE || g_str_has_prefix (scenario->name, "ctl-");
}

static void
clean_up (guint64 hazards)
{
  guint64 live;

  printf ("hits %d\n", faults_hit ());
  set_faults (NULL);
  set_trace (NULL);
  live = board_live_buffers ();
  printf ("live %" G_GUINT64_FORMAT "\n", live);
  if (!others_end_companion ())
    puts ("critical a living process has lost its buffers");
  if (live > 0 || !is_empty (g_getenv ("GST_XLNK_LEDGER")))
    prepare (&(Scenario) {.before = open_once });
  if (board_live_buffers () > 0)
    prepare (&(Scenario) {.before = open_once,.argument = "GST_XLNK_LEDGER" });
  if (board_live_buffers () > 0 && !may_leave (latest)) {
    prepare (&(Scenario) {.before = do_again });
    prepare (&(Scenario) {.before = open_once });
  }
  live = board_live_buffers ();
  printf ("lost %" G_GUINT64_FORMAT "\nhazards %" G_GUINT64_FORMAT "\n", live, board_hazards () - hazards);
  if (live > 0) {
    stranger_reset ();
    /* What is about those that are gone now, in the directory that is not this board's alone. */
    prepare (&(Scenario) {.before = open_once,.argument = "GST_XLNK_LEDGER" });
  }
  empty_directory (g_getenv ("GST_XLNK_LEDGER"));
}

static void
run (const Scenario * scenario, const char *faults, const char *trace)
{
  guint64 hazards = board_hazards ();
  gboolean ended;
  int ends[2];
  pid_t pid;

  latest = scenario;
  fflush (stdout);
  others_start_companion (scenario->companion);
  prepare (scenario);
  if (pipe (ends) != 0)
    g_error ("pipe: %s", g_strerror (errno));
  set_trace (trace);
  if (set_faults (faults) != 0)
    g_error ("these are no faults: %s", faults);
  pid = fork ();
  if (pid == 0) {
    close (ends[0]);
    be_child (scenario, ends[1]);
  }
  close (ends[1]);
  ended = hand_on (ends[0]);
  say_status (pid, ended);
  close (ends[0]);
  clean_up (hazards);
}

static void
list_all (void)
{
  for (gsize i = 0; i < n_lists; i++) {
    for (const Scenario * scenario = lists[i]; scenario->name; scenario++)
      puts (scenario->name);
  }
}

static void
obey (char **words)
{
  const Scenario *scenario = words[0] && words[1] ? find_scenario (words[1]) : NULL;

  if (g_str_equal (words[0], "list")) {
    list_all ();
  } else if (!scenario || !words[2]) {
    g_error ("no such scenario: %s", words[1]);
  } else if (g_str_equal (words[0], "trace")) {
    char *faults = strchr (words[2], ' ');

    *faults++ = '\0';
    run (scenario, g_str_equal (faults, "-") ? NULL : faults, words[2]);
  } else {
    run (scenario, g_str_equal (words[2], "-") ? NULL : words[2], NULL);
  }
  puts (".");
  fflush (stdout);
}

/* What every child needs, once: the plugins, and what the board opens when it is first looked at. */
static void
warm_up (void)
{
  static const char *const elements[] = {
    "videotestsrc", "xlnkaccel", "fakesink", "capsfilter", "tee", "queue", "pipeline", "fakesrc", "appsrc",
  };

  for (gsize i = 0; i < G_N_ELEMENTS (elements); i++) {
    GstElement *element = gst_element_factory_make (elements[i], NULL);

    if (!element)
      g_error ("there is no element `%s'", elements[i]);
    gst_object_unref (element);
  }
  board_live_buffers ();
  if (access ("/dev/uio0", F_OK) != 0)
    g_error ("the board has no cores");
}

int
main (int argc, char **argv)
{
  char line[8192];
  const char *ctl;

  gst_init (&argc, &argv);
  *(void **) &set_faults = find ("xlnk_emulator_set_faults");
  *(void **) &faults_hit = find ("xlnk_emulator_faults_hit");
  *(void **) &set_trace = find ("xlnk_emulator_set_trace");
  warm_up ();
  ctl = g_getenv ("FAULT_CTL");
  n_lists = G_N_ELEMENTS (lists) - !(ctl && scenario_load_ctl (ctl));
  set_trace (NULL);
  while (fgets (line, sizeof line, stdin)) {
    g_auto (GStrv) words = g_strsplit (g_strchomp (line), " ", 3);

    obey (words);
  }
  return 0;
}
