/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * process-ends.c: what is left of a process that becomes another program, or that ends: with buffers, with threads, with
 * handlers of its own, as a daemon. The programs are process-child.c; the rules are in docs/processes.md.
 */
#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "stranger.h"
#include "xlnkcheck.h"

extern char **environ;

/*** other programs ***/

typedef pid_t (*Start) (char **command, int out);

static pid_t
start_by_exec (char **command, int out)
{
  pid_t child = fork ();

  if (child == 0) {
    dup2 (out, 1);
    execv (command[0], command);
    _exit (127);
  }
  return child;
}

static pid_t
start_by_spawn (char **command, int out)
{
  posix_spawn_file_actions_t actions;
  pid_t child = -1;

  posix_spawn_file_actions_init (&actions);
  posix_spawn_file_actions_adddup2 (&actions, out, 1);
  posix_spawn (&child, command[0], &actions, NULL, command, environ);
  posix_spawn_file_actions_destroy (&actions);
  return child;
}

static gchar *
read_all (int fd)
{
  GString *text = g_string_new (NULL);
  gchar piece[4096];
  gssize size;

  while ((size = read (fd, piece, sizeof piece)) > 0)
    g_string_append_len (text, piece, size);
  return g_string_free (text, FALSE);
}

/* Returns what the child said, which must have ended well. */
static gchar *
run (Start start, const gchar * task)
{
  gchar *command[] = { (gchar *) g_getenv ("XLNK_TEST_CHILD"), (gchar *) task, NULL };
  int out[2], status = -1;
  gchar *text;
  pid_t child;

  fail_unless_equals_int (pipe2 (out, O_CLOEXEC), 0);
  child = start (command, out[1]);
  fail_unless (child > 0);
  close (out[1]);
  text = read_all (out[0]);
  close (out[0]);
  fail_unless_equals_int (waitpid (child, &status, 0), child);
  fail_if (WIFSIGNALED (status), "%s: ended by signal %d", task, WTERMSIG (status));
  fail_unless_equals_int (WEXITSTATUS (status), 0);
  return text;
}

/* Of one that tries its luck @rounds times. */
static guint
count_rounds (guint rounds)
{
  return g_getenv ("XLNK_TEST_VALGRIND") ? (rounds + 9) / 10 : rounds;
}

static void
run_quietly (const gchar * task)
{
  g_free (run (start_by_spawn, task));
}

/*** what another program inherits ***/

/* The pipe of each run is another one, and the sockets are those of GstPoll, which GStreamer lets others inherit; the
 * library has neither. */
static gchar *
list_descriptors (Start start)
{
  gchar *all = run (start, "list-descriptors");
  gchar **lines = g_strsplit (all, "\n", -1);
  GString *kept = g_string_new (NULL);

  for (gchar ** line = lines; *line; line++) {
    if (!g_str_has_prefix (*line, "pipe:") && !g_str_has_prefix (*line, "socket:"))
      g_string_append_printf (kept, "%s\n", *line);
  }
  g_strfreev (lines);
  g_free (all);
  return g_string_free (kept, FALSE);
}

static void
check_descriptors (const gchar * before, Start start)
{
  gchar *now = list_descriptors (start);

  fail_unless_equals_string (now, before);
  g_free (now);
}

#define PIPELINE \
  "videotestsrc ! video/x-raw,format=RGBA,width=64,height=48,framerate=30/1 ! xlnkaccel " \
  "accelerator=\"hls,uio=core,src=0x10,dst=0x1c,address-bits=64,width=0x28,height=0x30\" ! fakesink"

/* The device, a core by its node, one by its address, and a pipeline in the middle of its work. */
GST_START_TEST (another_program_inherits_no_descriptor)
{
  gchar *before = list_descriptors (start_by_exec);
  GstXlnkAllocator *allocator = gst_xlnk_allocator_get (NULL, NULL);
  GstMemory *mem = gst_allocator_alloc (GST_ALLOCATOR (allocator), 5000, NULL);
  GstXlnkRegisters *registers = gst_xlnk_registers_open_mem (0x43c90000, 0x100, NULL);
  GstElement *pipeline = gst_parse_launch (PIPELINE, NULL);

  fail_unless (strlen (before) > 0);
  fail_unless (mem && registers);
  gst_element_set_state (pipeline, GST_STATE_PLAYING);
  fail_unless_equals_int (gst_element_get_state (pipeline, NULL, NULL, GST_CLOCK_TIME_NONE), GST_STATE_CHANGE_SUCCESS);
  for (guint i = 0; i < count_rounds (3); i++) {
    check_descriptors (before, start_by_exec);
    check_descriptors (before, start_by_spawn);
  }
  gst_element_set_state (pipeline, GST_STATE_NULL);
  gst_object_unref (pipeline);
  gst_xlnk_registers_close (registers);
  gst_memory_unref (mem);
  gst_object_unref (allocator);
  g_free (before);
}

GST_END_TEST;

/*** ends ***/

/* The driver keeps what an ended process had (before 5.10, where it goes with the open file); the next process of ours
 * gives it back if there is a ledger. Nobody's end may take away what another one has. */
static void
expect_left (guint least, guint most)
{
  guint64 left = board_live_buffers ();

  if (g_getenv ("XLNK_TEST_FREES_AT_CLOSE"))
    least = most = 0;
  fail_unless (left >= least && left <= most, "%" G_GUINT64_FORMAT " buffers are left", left);
}

static void
clean_up (void)
{
  stranger_reset ();
  fail_unless_equals_uint64 (board_live_buffers (), 0);
}

GST_START_TEST (an_end_with_buffers_is_an_end)
{
  run_quietly ("leave-memory");
  expect_left (1, 1);
  clean_up ();
}

GST_END_TEST;

/* By the next process of ours that opens the device. */
GST_START_TEST (what_an_end_left_is_given_back_by_the_next_process)
{
  run_quietly ("leave-memory");
  run_quietly ("release-at-exit");
  expect_left (0, 0);
}

GST_END_TEST;

/* Only who knows that no device writes there any more can say so. */
GST_START_TEST (memory_whose_address_is_known_is_given_back_on_request)
{
  static const char *const ends[] = { "leave-address", "leave-device-map" };
  GstXlnkReclaimResult result;
  GstXlnkAllocator *allocator;

  run_quietly (ends[__i__]);
  if (board_live_buffers () == 0)
    return;                     /* the driver did it */
  allocator = gst_xlnk_allocator_get (NULL, NULL);
  fail_unless (gst_xlnk_allocator_reclaim (allocator, GST_XLNK_RECLAIM_SAFE, &result, NULL));
  fail_unless (result.freed == 0 && result.kept_exposed == 1);
  fail_unless (gst_xlnk_allocator_reclaim (allocator, GST_XLNK_RECLAIM_EXPOSED | GST_XLNK_RECLAIM_DRY_RUN, &result, NULL));
  fail_unless (result.freed == 1 && result.freed_bytes >= 5000);
  fail_unless_equals_uint64 (board_live_buffers (), 1);
  fail_unless (gst_xlnk_allocator_reclaim (allocator, GST_XLNK_RECLAIM_EXPOSED, &result, NULL));
  fail_unless (result.freed == 1 && result.failed == 0);
  fail_unless_equals_uint64 (board_live_buffers (), 0);
  gst_object_unref (allocator);
}

GST_END_TEST;

GST_START_TEST (an_end_in_the_middle_of_a_pipeline_is_an_end)
{
  for (guint i = 0; i < count_rounds (5); i++) {
    run_quietly ("leave-pipeline");
    expect_left (1, 16);
    clean_up ();
  }
}

GST_END_TEST;

/* What each of two threads has at that moment. */
GST_START_TEST (an_end_with_threads_at_work_is_an_end)
{
  for (guint i = 0; i < count_rounds (20); i++) {
    run_quietly ("leave-threads");
    expect_left (0, 2);
    clean_up ();
  }
}

GST_END_TEST;

GST_START_TEST (an_end_after_gst_deinit_with_buffers_is_an_end)
{
  run_quietly ("leave-gstreamer");
  expect_left (1, 1);
  clean_up ();
}

GST_END_TEST;

/* Nothing of ours is taken down before. */
GST_START_TEST (the_last_handler_of_exit_can_free_and_allocate)
{
  run_quietly ("release-at-exit");
  expect_left (0, 0);
}

GST_END_TEST;

GST_START_TEST (a_daemon_works_with_what_it_opened_in_front)
{
  gchar *said = run (start_by_exec, "become-daemon");

  fail_unless_equals_string (said, "worked\n");
  g_free (said);
  expect_left (0, 0);
}

GST_END_TEST;

static Suite *
process_ends_suite (void)
{
  Suite *suite = suite_create ("process-ends");
  TCase *tc = tcase_create ("general");

  suite_add_tcase (suite, tc);
  tcase_set_timeout (tc, 90);
  tcase_add_test (tc, another_program_inherits_no_descriptor);
  tcase_add_test (tc, an_end_with_buffers_is_an_end);
  tcase_add_test (tc, what_an_end_left_is_given_back_by_the_next_process);
  tcase_add_loop_test (tc, memory_whose_address_is_known_is_given_back_on_request, 0, 2);
  tcase_add_test (tc, an_end_in_the_middle_of_a_pipeline_is_an_end);
  tcase_add_test (tc, an_end_with_threads_at_work_is_an_end);
  tcase_add_test (tc, an_end_after_gst_deinit_with_buffers_is_an_end);
  tcase_add_test (tc, the_last_handler_of_exit_can_free_and_allocate);
  tcase_add_test (tc, a_daemon_works_with_what_it_opened_in_front);
  return suite;
}

GST_CHECK_MAIN (process_ends);
