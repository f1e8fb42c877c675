/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a killed pipeline leaves behind: the driver frees nothing when a process ends (xlnk-abi §5.4), and the board's
 * report must say so; and the next program that opens the device gives it back. Runs the emulator itself (XLNK_EMULATE)
 * with whole programs. */
#include <string.h>

#include <gio/gio.h>
#include <glib/gstdio.h>
#include <gst/check/gstcheck.h>

/* Starts a pipeline, and kills it when a frame came out of it: so none of its buffers is in the making. */
#define KILLED_PIPELINE \
  "gst-launch-1.0 -q videotestsrc is-live=true ! video/x-raw,format=RGBA,width=64,height=48 ! xlnkaccel " \
  "! filesink location=$FRAMES buffer-mode=unbuffered & pid=$!; " \
  "n=0; while ! test -s $FRAMES && test $n -lt 1000; do sleep 0.02; n=$((n+1)); done; " \
  "kill -9 $pid; wait $pid; test $? = 137"

#define WITHOUT_LEDGER "GST_XLNK_LEDGER=off; export GST_XLNK_LEDGER; "

#define WHOLE_PIPELINE \
  "gst-launch-1.0 -q videotestsrc num-buffers=10 ! video/x-raw,format=RGBA,width=64,height=48 ! xlnkaccel ! fakesink"

/* With a core, which is at work on two buffers when the process is killed: as soon as the ledger says so. */
#define CORE_PIPELINE(buffers) \
  "gst-launch-1.0 -q videotestsrc num-buffers=" buffers " ! video/x-raw,format=RGBA,width=64,height=48 " \
  "! xlnkaccel accelerator=hls,uio=slow,src=0x10,dst=0x1c,address-bits=64,width=0x28,height=0x30 timeout=60000000000 " \
  "! fakesink"

#define KILLED_AT_WORK \
  CORE_PIPELINE ("1000") " & pid=$!; n=0; " \
  "jobs () { for s in 0 1 2 3; do od -An -v -tx1 -j $((4096+160+256*s)) -N 16 $GST_XLNK_LEDGER/*-*; done 2> /dev/null; }; " \
  "while ! jobs | grep -q [1-9] && test $n -lt 1000; do sleep 0.02; n=$((n+1)); done; " \
  "kill -9 $pid; wait $pid; test $? = 137"

/* Whoever comes without the core lets the two be; who has the core, and finds it idle, does not. */
#define HEIRS \
  WHOLE_PIPELINE "; test `cat /sys/kernel/debug/xlnk/live_blocks` = 2 || exit 1; " \
  "n=0; while test `cat /sys/kernel/debug/xlnk/live_blocks` != 0 && test $n -lt 200; do " CORE_PIPELINE ("1") \
  "; sleep 0.1; n=$((n+1)); done; test $n -lt 200"

static gchar *directory, *report, *heap, *frames;

static void
make_files (void)
{
  directory = g_dir_make_tmp ("xlnk-crash-XXXXXX", NULL);
  report = g_build_filename (directory, "report.json", NULL);
  heap = g_build_filename (directory, "board.heap", NULL);
  frames = g_build_filename (directory, "frames", NULL);
  g_setenv ("FRAMES", frames, TRUE);
}

/* What is in it are the ledgers of the killed. */
static void
remove_ledgers (void)
{
  gchar *path = g_strconcat (heap, ".ledger", NULL);
  GDir *dir = g_dir_open (path, 0, NULL);
  const gchar *name;

  while (dir && (name = g_dir_read_name (dir))) {
    gchar *file = g_build_filename (path, name, NULL);

    g_remove (file);
    g_free (file);
  }
  if (dir)
    g_dir_close (dir);
  g_rmdir (path);
  g_free (path);
}

static void
remove_files (void)
{
  remove_ledgers ();
  g_remove (report);
  g_remove (heap);
  g_remove (frames);
  g_rmdir (directory);
  g_free (report);
  g_free (heap);
  g_free (frames);
  g_free (directory);
}

/* Exit status of the shell command under the emulator with this option more. */
static gint
emulate (const char *option, const char *command)
{
  const gchar *argv[] = { g_getenv ("XLNK_EMULATE"), "--report", report, "--heap", heap, option, "--", "sh", "-c",
    command, NULL
  };
  GError *error = NULL;
  GSubprocess *process;
  gint status;

  process = g_subprocess_newv (argv, G_SUBPROCESS_FLAGS_NONE, &error);
  fail_unless (process != NULL, "%s", error ? error->message : "");
  fail_unless (g_subprocess_wait (process, NULL, NULL));
  fail_unless (g_subprocess_get_if_exited (process));
  status = g_subprocess_get_exit_status (process);
  g_object_unref (process);
  return status;
}

/* How many leaked buffers of gst-launch the report lists. */
static guint
reported_leaks (void)
{
  gchar *text, *at;
  guint count = 0;

  fail_unless (g_file_get_contents (report, &text, NULL, NULL));
  for (at = text; (at = strstr (at, "\"command\": \"gst-launch-1.0\"")) != NULL; at++)
    count++;
  g_free (text);
  return count;
}

GST_START_TEST (a_killed_pipeline_leaves_buffers_that_the_report_names)
{
  fail_unless_equals_int (emulate ("--seed=1", KILLED_PIPELINE), 0);
  fail_unless (reported_leaks () > 0);
}
GST_END_TEST

GST_START_TEST (strict_fails_for_a_killed_pipeline_and_not_for_one_that_ends)
{
  fail_unless_equals_int (emulate ("--strict", WHOLE_PIPELINE), 0);
  fail_unless_equals_int (reported_leaks (), 0);
  fail_unless_equals_int (emulate ("--strict", KILLED_PIPELINE), 70);
}
GST_END_TEST

GST_START_TEST (what_was_left_behind_is_freed_by_the_next_program)
{
  fail_unless_equals_int (emulate ("--seed=1", KILLED_PIPELINE), 0);
  fail_unless (reported_leaks () > 0);
  fail_unless_equals_int (emulate ("--strict", WHOLE_PIPELINE), 0);
  fail_unless_equals_int (reported_leaks (), 0);
}
GST_END_TEST

GST_START_TEST (what_a_core_was_working_on_stays_until_the_core_is_found_idle)
{
  fail_unless_equals_int (emulate ("--core=slow=invert,latency=1s", KILLED_AT_WORK " && { " HEIRS "; }"), 0);
  fail_unless_equals_int (reported_leaks (), 0);
}
GST_END_TEST

/* It waits for the frame that the dead one has started, and then has the core and the buffers. */
GST_START_TEST (a_pipeline_is_started_again_at_once)
{
  fail_unless_equals_int (emulate ("--core=slow=invert,latency=400ms", KILLED_AT_WORK " && " CORE_PIPELINE ("1")), 0);
  fail_unless_equals_int (reported_leaks (), 0);
}
GST_END_TEST

/* As contiguous memory does on a board: until it reboots. */
GST_START_TEST (without_a_ledger_it_is_still_there_for_the_next_program_which_works_beside_it)
{
  guint left;

  fail_unless_equals_int (emulate ("--seed=1", WITHOUT_LEDGER KILLED_PIPELINE), 0);
  left = reported_leaks ();
  fail_unless (left > 0);
  fail_unless_equals_int (emulate ("--seed=1", WHOLE_PIPELINE), 0);
  fail_unless_equals_int (reported_leaks (), left);
}
GST_END_TEST

static Suite *
accel_crash_suite (void)
{
  Suite *suite = suite_create ("accel-crash");
  TCase *test_case = tcase_create ("general");

  suite_add_tcase (suite, test_case);
  tcase_add_checked_fixture (test_case, make_files, remove_files);
  tcase_add_test (test_case, a_killed_pipeline_leaves_buffers_that_the_report_names);
  tcase_add_test (test_case, strict_fails_for_a_killed_pipeline_and_not_for_one_that_ends);
  tcase_add_test (test_case, what_was_left_behind_is_freed_by_the_next_program);
  tcase_add_test (test_case, what_a_core_was_working_on_stays_until_the_core_is_found_idle);
  tcase_add_test (test_case, a_pipeline_is_started_again_at_once);
  tcase_add_test (test_case, without_a_ledger_it_is_still_there_for_the_next_program_which_works_beside_it);
  return suite;
}

GST_CHECK_MAIN (accel_crash);
