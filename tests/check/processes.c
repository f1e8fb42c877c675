/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * processes.c: two programs on one board. The second is other-process.c, told by an argument what to do.
 */
#include <gio/gio.h>

#include "xlnkcheck.h"

static GSubprocess *
start_other (const gchar * task, const gchar * argument)
{
  GError *error = NULL;
  GSubprocess *other = g_subprocess_new (G_SUBPROCESS_FLAGS_STDIN_PIPE | G_SUBPROCESS_FLAGS_STDOUT_PIPE, &error,
      g_getenv ("XLNK_TEST_OTHER_PROCESS"), task, argument, NULL);

  fail_unless (other != NULL, "%s", error ? error->message : "");
  return other;
}

/* What it prints in a line: a number. */
static guint64
read_number (GSubprocess * other)
{
  GDataInputStream *lines = g_data_input_stream_new (g_subprocess_get_stdout_pipe (other));
  gchar *line;
  guint64 number;

  g_filter_input_stream_set_close_base_stream (G_FILTER_INPUT_STREAM (lines), FALSE);
  line = g_data_input_stream_read_line (lines, NULL, NULL, NULL);
  fail_unless (line != NULL);
  number = g_ascii_strtoull (line, NULL, 10);
  g_free (line);
  g_object_unref (lines);
  return number;
}

static void
finish_other (GSubprocess * other)
{
  g_output_stream_close (g_subprocess_get_stdin_pipe (other), NULL, NULL);
  fail_unless (g_subprocess_wait_check (other, NULL, NULL));
  g_object_unref (other);
}

/*** the tests ***/

GST_START_TEST (buffers_of_two_processes_are_apart)
{
  GSubprocess *other = start_other ("hold", "119");
  guint64 theirs = read_number (other);
  GstMemory *mem = xlnk_check_alloc (100000);
  guint64 ours = gst_xlnk_memory_get_phys_addr (mem);

  fail_unless (ours >= theirs + 100000 || theirs >= ours + 100000);
  fail_unless_equals_uint64 (board_live_buffers (), 2);
  fail_unless_equals_uint64 (xlnk_check_stats ().buffer_count, 1);
  xlnk_check_fill (mem, 7);
  /* What the other one wrote is in memory, since it gave out the address. */
  fail_unless (board_device_sees (theirs, 119, 100000));
  gst_memory_unref (mem);
  fail_unless_equals_uint64 (board_live_buffers (), 1);
  finish_other (other);
}

GST_END_TEST;

GST_START_TEST (memory_of_another_process_is_counted_as_used)
{
  guint64 free_before = xlnk_check_stats ().cma_available;
  GSubprocess *other = start_other ("hold", "1");

  read_number (other);
  fail_unless (xlnk_check_stats ().cma_available <= free_before - 100000);
  fail_unless_equals_uint64 (xlnk_check_stats ().cma_usage, 0);
  finish_other (other);
  fail_unless_equals_uint64 (xlnk_check_stats ().cma_available, free_before);
}

GST_END_TEST;

/* Ids go back and forth between the processes; no free hits the other's buffer. */
GST_START_TEST (two_processes_allocate_at_once)
{
  GSubprocess *others[2];

  for (gsize i = 0; i < 2; i++)
    others[i] = start_other ("often", i ? "33" : "44");
  for (gsize i = 0; i < 500; i++) {
    GstMemory *mem = xlnk_check_alloc (1000 + 700 * (i % 11));

    xlnk_check_fill (mem, 0x55);
    fail_unless (xlnk_check_is_filled (mem, 0x55));
    gst_memory_unref (mem);
  }
  fail_unless_equals_uint64 (xlnk_check_stats ().lost_buffers, 0);
  for (gsize i = 0; i < 2; i++)
    finish_other (others[i]);
}

GST_END_TEST;

/* One process's first probe of the shift, while another uses the scratch page for its own. */
GST_START_TEST (probes_do_not_disturb_each_other)
{
  GSubprocess *others[6];

  for (gsize i = 0; i < G_N_ELEMENTS (others); i++)
    others[i] = start_other ("hold", "3");
  for (gsize i = 0; i < G_N_ELEMENTS (others); i++)
    fail_unless (read_number (others[i]) != 0);
  for (gsize i = 0; i < G_N_ELEMENTS (others); i++)
    finish_other (others[i]);
}

GST_END_TEST;

/* Its address was handed out, so it stays taken, until somebody says that no device uses it. On a driver that frees at
 * close it goes. */
GST_START_TEST (killed_process_leaves_its_buffer)
{
  GSubprocess *other = start_other ("hold", "9");
  GstMemory *mem;
  guint64 left;

  read_number (other);
  g_subprocess_force_exit (other);
  g_subprocess_wait (other, NULL, NULL);
  g_object_unref (other);
  left = board_live_buffers ();
  fail_unless_equals_uint64 (left, g_getenv ("XLNK_TEST_FREES_AT_CLOSE") ? 0 : 1);
  mem = xlnk_check_alloc (100);
  gst_memory_unref (mem);
  fail_unless_equals_uint64 (board_live_buffers (), left);
  fail_unless (gst_xlnk_allocator_reset (xlnk_allocator, NULL));
  fail_unless_equals_uint64 (board_live_buffers (), 0);
}

GST_END_TEST;

/* Its address was handed out, so it takes more than an open. */
GST_START_TEST (what_a_killed_process_left_is_freed_when_it_is_asked_for)
{
  gboolean frees_at_close = g_getenv ("XLNK_TEST_FREES_AT_CLOSE") != NULL;
  GstXlnkAllocator *allocator = gst_xlnk_allocator_get (NULL, NULL);
  GSubprocess *other = start_other ("hold", "119");
  GstXlnkReclaimResult result;
  GError *error = NULL;

  read_number (other);
  fail_unless (gst_xlnk_allocator_reclaim (allocator, GST_XLNK_RECLAIM_EXPOSED, &result, &error));
  fail_unless_equals_uint64 (result.freed, 0);
  fail_unless_equals_uint64 (board_live_buffers (), 1);
  g_subprocess_force_exit (other);
  fail_unless (g_subprocess_wait (other, NULL, NULL));
  g_object_unref (other);
  if (!frees_at_close) {
    fail_unless (gst_xlnk_allocator_reclaim (allocator, GST_XLNK_RECLAIM_SAFE, &result, &error));
    fail_unless_equals_uint64 (result.kept_exposed, 1);
    fail_unless (gst_xlnk_allocator_reclaim (allocator, GST_XLNK_RECLAIM_EXPOSED | GST_XLNK_RECLAIM_DRY_RUN, &result,
            &error));
    fail_unless_equals_uint64 (result.freed, 1);
    fail_unless_equals_uint64 (board_live_buffers (), 1);
  }
  fail_unless (gst_xlnk_allocator_reclaim (allocator, GST_XLNK_RECLAIM_EXPOSED, &result, &error));
  fail_unless_equals_uint64 (result.freed, frees_at_close ? 0 : 1);
  fail_unless (result.freed == 0 || result.freed_bytes >= 100000);
  fail_unless (gst_xlnk_allocator_reclaim (allocator, GST_XLNK_RECLAIM_SAFE, NULL, NULL));
  fail_unless_equals_uint64 (board_live_buffers (), 0);
  gst_object_unref (allocator);
}

GST_END_TEST;

static Suite *
processes_suite (void)
{
  Suite *suite = suite_create ("processes");
  TCase *tc = xlnk_check_add_case (suite, "processes");

  tcase_add_test (tc, buffers_of_two_processes_are_apart);
  tcase_add_test (tc, memory_of_another_process_is_counted_as_used);
  tcase_add_test (tc, two_processes_allocate_at_once);
  tcase_add_test (tc, probes_do_not_disturb_each_other);
  tcase_add_test (tc, what_a_killed_process_left_is_freed_when_it_is_asked_for);
  tcase_add_test (tc, killed_process_leaves_its_buffer);
  return suite;
}

GST_CHECK_MAIN (processes);
