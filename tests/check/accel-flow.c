/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Streams through xlnkaccel: ends, flushes, seeks, queries, statistics, and memory that runs out. */
#include "accelcheck.h"

#include <glib/gstdio.h>
#include <sys/mman.h>
#include <unistd.h>

#define PIPELINE_CAPS "video/x-raw,format=RGBA,width=64,height=48,framerate=30/1"

/*** the end of the stream ***/

GST_START_TEST (the_statistics_are_posted_once_before_the_end)
{
  GstElement *pipeline = gst_parse_launch ("videotestsrc num-buffers=7 ! " PIPELINE_CAPS " ! xlnkaccel name=accel "
      "! fakesink", NULL);
  GstBus *bus = gst_element_get_bus (pipeline);
  guint posted = 0;
  guint64 frames;
  gboolean end = FALSE;

  gst_element_set_state (pipeline, GST_STATE_PLAYING);
  while (!end) {
    GstMessage *message = gst_bus_timed_pop_filtered (bus, 20 * GST_SECOND,
        GST_MESSAGE_EOS | GST_MESSAGE_ERROR | GST_MESSAGE_ELEMENT);

    fail_unless (message && GST_MESSAGE_TYPE (message) != GST_MESSAGE_ERROR);
    end = GST_MESSAGE_TYPE (message) == GST_MESSAGE_EOS;
    if (gst_message_has_name (message, "xlnkaccel-stats")) {
      fail_unless_equals_string (GST_MESSAGE_SRC_NAME (message), "accel");
      fail_unless (gst_structure_get_uint64 (gst_message_get_structure (message), "frames", &frames));
      fail_unless_equals_uint64 (frames, 7);
      posted++;
    }
    gst_message_unref (message);
  }
  fail_unless_equals_int (posted, 1);
  gst_element_set_state (pipeline, GST_STATE_NULL);
  gst_object_unref (bus);
  gst_object_unref (pipeline);
}
GST_END_TEST

GST_START_TEST (the_statistics_stay_after_null_and_start_from_zero_again)
{
  GstHarness *h = accel_harness (NULL);
  GstElement *element = gst_object_ref (h->element);

  gst_harness_set_src_caps_str (h, CAPS_RGBA);
  gst_buffer_unref (accel_push_and_pull (h, accel_system_buffer (SIZE_RGBA, 1)));
  accel_harness_done (h);
  fail_unless_equals_uint64 (accel_stat (element, "frames"), 1);
  fail_unless_equals_uint64 (accel_stat (element, "copies"), 1);
  fail_unless (accel_stat (element, "cma-total") > 0);

  gst_element_set_state (element, GST_STATE_PAUSED);
  fail_unless_equals_uint64 (accel_stat (element, "frames"), 0);
  fail_unless_equals_uint64 (accel_stat (element, "copies"), 0);
  fail_unless_equals_uint64 (accel_stat (element, "runtime-allocations"), 0);
  gst_element_set_state (element, GST_STATE_NULL);
  gst_object_unref (element);
}
GST_END_TEST

/* The numbers of the device count from when the element left READY. */
GST_START_TEST (copies_that_others_make_are_in_the_statistics)
{
  GstHarness *h = accel_harness (NULL);
  GstMemory *mem = xlnk_check_alloc (1000);

  fail_unless_equals_uint64 (accel_stat (h->element, "memory-copies"), 0);
  gst_memory_unref (gst_memory_copy (mem, 0, -1));
  fail_unless_equals_uint64 (accel_stat (h->element, "memory-copies"), 1);
  fail_unless_equals_uint64 (accel_stat (h->element, "copies"), 0);
  gst_memory_unref (mem);
  accel_harness_done (h);
}
GST_END_TEST

GST_START_TEST (maintenance_before_the_start_is_not_in_the_statistics)
{
  GstBuffer *before = accel_xlnk_buffer (16384, 1);
  GstXlnkPlanes planes;
  GstBuffer *buffer;
  GstHarness *h;

  fail_unless (gst_xlnk_buffer_get_planes (before, NULL, &planes));
  fail_unless (xlnk_check_stats ().flushed_bytes >= 16384);
  h = accel_harness (NULL);
  gst_harness_set_src_caps_str (h, CAPS_RGBA);
  fail_unless_equals_uint64 (accel_stat (h->element, "flushed-bytes"), 0);
  buffer = accel_push_and_pull (h, accel_system_buffer (SIZE_RGBA, 1));
  fail_unless_equals_uint64 (accel_stat (h->element, "flushed-bytes"), 0);
  fail_unless (gst_xlnk_buffer_get_planes (buffer, NULL, &planes));
  fail_unless (accel_stat (h->element, "flushed-bytes") >= SIZE_RGBA);
  fail_unless (accel_is_filled (buffer, SIZE_RGBA, 1));
  fail_unless (accel_stat (h->element, "invalidated-bytes") >= SIZE_RGBA);
  gst_buffer_unref (buffer);
  gst_buffer_unref (before);
  accel_harness_done (h);
}
GST_END_TEST

GST_START_TEST (live_buffers_and_free_memory_are_those_of_the_board)
{
  GstHarness *h = accel_harness (NULL);
  GstBuffer *buffer;
  guint64 before;

  gst_harness_set_src_caps_str (h, CAPS_RGBA);
  before = accel_stat (h->element, "cma-free");
  buffer = accel_push_and_pull (h, accel_system_buffer (SIZE_RGBA, 1));
  fail_unless (before - accel_stat (h->element, "cma-free") >= SIZE_RGBA);
  fail_unless (accel_stat (h->element, "cma-free") <= accel_stat (h->element, "cma-total"));
  fail_unless_equals_uint64 (accel_stat (h->element, "live-buffers"), board_live_buffers ());
  gst_buffer_unref (buffer);
  accel_harness_done (h);
}
GST_END_TEST

/*** waiting for a buffer ***/

typedef struct
{
  GstHarness *harness;
  GstFlowReturn flow;
} Push;

static gpointer
push_system_buffer (gpointer data)
{
  Push *push = data;

  push->flow = gst_harness_push (push->harness, accel_system_buffer (SIZE_RGBA, 2));
  return NULL;
}

/* Until the pool says that somebody waits. */
static GThread *
push_until_it_waits (Push * push)
{
  GThread *thread;

  xlnk_check_count_log ("xlnkpool", GST_LEVEL_WARNING);
  thread = g_thread_new ("push", push_system_buffer, push);
  for (guint i = 0; i < 2000 && xlnk_check_logged () == 0; i++)
    g_usleep (1000);
  fail_unless_equals_int (xlnk_check_logged (), 1);
  g_usleep (20000);
  return thread;
}

GST_START_TEST (a_flush_wakes_who_waits_for_a_buffer_and_the_stream_goes_on)
{
  GstHarness *h = accel_harness_with (NULL, "max-buffers", 1, NULL);
  Push push = {.harness = h,.flow = GST_FLOW_OK };
  GstBuffer *kept;
  GThread *thread;
  GstSegment segment;

  gst_harness_set_src_caps_str (h, CAPS_RGBA);
  kept = accel_push_and_pull (h, accel_system_buffer (SIZE_RGBA, 1));
  thread = push_until_it_waits (&push);
  fail_unless (gst_harness_push_event (h, gst_event_new_flush_start ()));
  g_thread_join (thread);
  fail_unless_equals_int (push.flow, GST_FLOW_FLUSHING);

  gst_harness_push_event (h, gst_event_new_flush_stop (TRUE));
  gst_segment_init (&segment, GST_FORMAT_TIME);
  gst_harness_push_event (h, gst_event_new_segment (&segment));
  gst_buffer_unref (kept);
  kept = accel_push_and_pull (h, accel_system_buffer (SIZE_RGBA, 3));
  fail_unless (accel_is_filled (kept, SIZE_RGBA, 3));
  gst_buffer_unref (kept);
  accel_harness_done (h);
}
GST_END_TEST

GST_START_TEST (going_to_ready_wakes_who_waits_for_a_buffer)
{
  GstHarness *h = accel_harness_with (NULL, "max-buffers", 1, NULL);
  Push push = {.harness = h,.flow = GST_FLOW_OK };
  GstBuffer *kept;
  GThread *thread;

  gst_harness_set_src_caps_str (h, CAPS_RGBA);
  kept = accel_push_and_pull (h, accel_system_buffer (SIZE_RGBA, 1));
  thread = push_until_it_waits (&push);
  fail_unless_equals_int (gst_element_set_state (h->element, GST_STATE_READY), GST_STATE_CHANGE_SUCCESS);
  g_thread_join (thread);
  fail_unless_equals_int (push.flow, GST_FLOW_FLUSHING);
  fail_unless (accel_is_filled (kept, SIZE_RGBA, 1));
  gst_buffer_unref (kept);
  accel_harness_done (h);
}
GST_END_TEST

/* The buffer is past the pad when the flush comes, and the pool that it asks is made after that. */
GST_START_TEST (a_flush_just_before_a_copy_is_not_forgotten)
{
  Downstream downstream = {.video_meta = TRUE };
  GstHarness *h = accel_harness (&downstream);
  GstPad *pad = gst_element_get_static_pad (h->element, "sink");

  gst_harness_set_src_caps_str (h, CAPS_RGBA);
  fail_unless (gst_harness_push_upstream_event (h, gst_event_new_reconfigure ()));
  downstream.flushed_by_query = pad;
  fail_unless_equals_int (gst_harness_push (h, accel_system_buffer (SIZE_RGBA, 1)), GST_FLOW_FLUSHING);
  fail_unless_equals_uint64 (accel_stat (h->element, "frames"), 0);
  fail_unless_equals_uint64 (board_live_buffers (), 0);
  gst_object_unref (pad);
  accel_harness_done (h);
}
GST_END_TEST

/*** seeks and queries ***/

static void
seek_around (const char *line)
{
  GstElement *pipeline = gst_parse_launch (line, NULL);

  fail_unless (gst_element_set_state (pipeline, GST_STATE_PAUSED) != GST_STATE_CHANGE_FAILURE);
  fail_unless_equals_int (gst_element_get_state (pipeline, NULL, NULL, GST_CLOCK_TIME_NONE), GST_STATE_CHANGE_SUCCESS);
  for (guint i = 0; i < 30; i++) {
    gint64 position, target = (gint64) (i * 7 % 10) * GST_SECOND;

    fail_unless (gst_element_seek_simple (pipeline, GST_FORMAT_TIME, GST_SEEK_FLAG_FLUSH | GST_SEEK_FLAG_ACCURATE,
            target));
    fail_unless_equals_int (gst_element_get_state (pipeline, NULL, NULL, GST_CLOCK_TIME_NONE),
        GST_STATE_CHANGE_SUCCESS);
    fail_unless (gst_element_query_position (pipeline, GST_FORMAT_TIME, &position));
    fail_unless_equals_int64 (position, target);
    fail_unless (board_live_buffers () <= 4);
  }
  gst_element_set_state (pipeline, GST_STATE_NULL);
  gst_object_unref (pipeline);
}

GST_START_TEST (flushing_seeks_with_and_without_copies_keep_the_live_count)
{
  seek_around ("videotestsrc ! " PIPELINE_CAPS " ! xlnkaccel require-zero-copy=true ! fakesink sync=true");
  seek_around ("videotestsrc ! " PIPELINE_CAPS " ! identity drop-allocation=true ! xlnkaccel ! fakesink sync=true");
}
GST_END_TEST

GST_START_TEST (queries_reach_the_other_side)
{
  GstHarness *h = accel_harness (NULL);
  GstCaps *caps, *filter = gst_caps_from_string ("video/x-raw(memory:DMABuf); video/x-raw; audio/x-raw");
  GstClockTime latency;

  gst_harness_set_upstream_latency (h, 123 * GST_MSECOND);
  gst_harness_set_src_caps_str (h, CAPS_RGBA);
  latency = gst_harness_query_latency (h);
  fail_unless_equals_uint64 (latency, 123 * GST_MSECOND);

  gst_harness_set_sink_caps_str (h, "video/x-raw,format=RGBA");
  caps = gst_pad_peer_query_caps (h->srcpad, filter);
  fail_unless_equals_int (gst_caps_get_size (caps), 1);
  fail_unless_equals_string (gst_structure_get_string (gst_caps_get_structure (caps, 0), "format"), "RGBA");
  gst_caps_unref (caps);
  gst_caps_unref (filter);
  accel_harness_done (h);
}
GST_END_TEST

/* As a demuxer does, whose file is behind the element. */
GST_START_TEST (pull_mode_gives_the_bytes_of_the_file)
{
  GstElement *pipeline = gst_parse_launch ("filesrc name=file ! xlnkaccel name=accel", NULL);
  GstElement *accel = gst_bin_get_by_name (GST_BIN (pipeline), "accel");
  GstPad *pad = gst_element_get_static_pad (accel, "src");
  GstBuffer *buffer = NULL;
  gchar *content, *path;
  GstMapInfo map;
  gint fd;

  fd = g_file_open_tmp ("xlnk-pull-XXXXXX", &path, NULL);
  content = g_malloc (20000);
  for (guint i = 0; i < 20000; i++)
    content[i] = (gchar) accel_pattern (i, 4);
  fail_unless_equals_int (write (fd, content, 20000), 20000);
  close (fd);
  gst_child_proxy_set (GST_CHILD_PROXY (pipeline), "file::location", path, NULL);

  gst_element_set_state (pipeline, GST_STATE_READY);
  fail_unless (gst_pad_activate_mode (pad, GST_PAD_MODE_PULL, TRUE));
  gst_element_set_state (pipeline, GST_STATE_PAUSED);
  fail_unless_equals_int (gst_pad_get_range (pad, 5000, 10000, &buffer), GST_FLOW_OK);
  fail_unless (accel_is_contiguous (buffer));
  fail_unless (gst_buffer_map (buffer, &map, GST_MAP_READ));
  fail_unless (map.size == 10000 && memcmp (map.data, content + 5000, 10000) == 0);
  gst_buffer_unmap (buffer, &map);
  gst_buffer_unref (buffer);
  gst_element_set_state (pipeline, GST_STATE_NULL);

  gst_object_unref (pad);
  gst_object_unref (accel);
  gst_object_unref (pipeline);
  g_remove (path);
  g_free (content);
  g_free (path);
}
GST_END_TEST

/*** memory that runs out ***/

GST_START_TEST (defect_03_exhausted_memory_is_an_error_that_says_how_much_is_left)
{
  GstHarness *h = accel_harness (NULL);
  GPtrArray *taken;

  gst_harness_set_src_caps_str (h, CAPS_RGBA);
  taken = xlnk_check_exhaust (4096);
  fail_unless_equals_int (gst_harness_push (h, accel_system_buffer (SIZE_RGBA, 1)), GST_FLOW_ERROR);
  accel_expect_error (GST_RESOURCE_ERROR, GST_RESOURCE_ERROR_NO_SPACE_LEFT, "bytes are free");
  fail_unless_equals_uint64 (accel_stat (h->element, "copies"), 0);
  fail_unless_equals_uint64 (board_live_buffers (), taken->len);

  /* And when there is room again, it goes on. */
  xlnk_check_release (taken);
  gst_buffer_unref (accel_push_and_pull (h, accel_system_buffer (SIZE_RGBA, 2)));
  accel_harness_done (h);
}
GST_END_TEST

GST_START_TEST (memory_that_runs_out_while_streaming_is_an_error)
{
  GstHarness *h = accel_harness (NULL);
  GPtrArray *taken, *kept = g_ptr_array_new_with_free_func ((GDestroyNotify) gst_buffer_unref);

  gst_harness_set_src_caps_str (h, CAPS_RGBA);
  g_ptr_array_add (kept, accel_push_and_pull (h, accel_system_buffer (SIZE_RGBA, 1)));
  taken = xlnk_check_exhaust (4096);
  for (guint i = 0; i < 2; i++) {
    if (gst_harness_push (h, accel_system_buffer (SIZE_RGBA, 1)) != GST_FLOW_OK)
      break;
    g_ptr_array_add (kept, gst_harness_pull (h));
  }
  fail_unless_equals_int (kept->len, 2);        /* what the pool had to start with */
  accel_expect_error (GST_RESOURCE_ERROR, GST_RESOURCE_ERROR_NO_SPACE_LEFT, "/dev/xlnk");
  for (guint i = 0; i < kept->len; i++)
    fail_unless (accel_is_filled (g_ptr_array_index (kept, i), SIZE_RGBA, 1));
  g_ptr_array_unref (kept);
  xlnk_check_release (taken);
  accel_harness_done (h);
}
GST_END_TEST

#if GLIB_SIZEOF_SIZE_T > 4
/* The pool's sizes and the driver's have 32 bits: cut off, this would be a buffer of one page, and the rest lost. */
GST_START_TEST (a_buffer_of_more_than_32_bits_is_an_error_and_not_cut_off)
{
  const gsize size = ((gsize) 1 << 32) + 4096;
  gpointer data = mmap (NULL, size, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  GstHarness *h = accel_harness (NULL);

  fail_unless (data != MAP_FAILED);
  gst_harness_set_src_caps_str (h, "application/octet-stream");
  fail_unless_equals_int (gst_harness_push (h, gst_buffer_new_wrapped_full (GST_MEMORY_FLAG_READONLY, data, size, 0,
              size, NULL, NULL)), GST_FLOW_ERROR);
  accel_expect_error (GST_RESOURCE_ERROR, GST_RESOURCE_ERROR_NO_SPACE_LEFT, "4294971392");
  accel_harness_done (h);
  munmap (data, size);
}
GST_END_TEST
#endif

/* Upstream cannot fill the lent pool: its error, and no crash. */
GST_START_TEST (a_lent_pool_without_memory_ends_the_pipeline_with_an_error)
{
  GstElement *pipeline = gst_parse_launch ("videotestsrc ! " PIPELINE_CAPS " ! xlnkaccel ! fakesink", NULL);
  GPtrArray *taken = xlnk_check_exhaust (4096);

  gst_element_set_state (pipeline, GST_STATE_PLAYING);
  gst_message_unref (accel_wait_for_end (pipeline, GST_MESSAGE_ERROR));
  gst_element_set_state (pipeline, GST_STATE_NULL);
  gst_object_unref (pipeline);
  xlnk_check_release (taken);
}
GST_END_TEST

static Suite *
accel_flow_suite (void)
{
  Suite *suite = suite_create ("accel-flow");
  TCase *test_case = xlnk_check_add_case (suite, "general");

  tcase_add_test (test_case, the_statistics_are_posted_once_before_the_end);
  tcase_add_test (test_case, the_statistics_stay_after_null_and_start_from_zero_again);
  tcase_add_test (test_case, copies_that_others_make_are_in_the_statistics);
  tcase_add_test (test_case, maintenance_before_the_start_is_not_in_the_statistics);
  tcase_add_test (test_case, live_buffers_and_free_memory_are_those_of_the_board);
  tcase_add_test (test_case, a_flush_wakes_who_waits_for_a_buffer_and_the_stream_goes_on);
  tcase_add_test (test_case, going_to_ready_wakes_who_waits_for_a_buffer);
  tcase_add_test (test_case, a_flush_just_before_a_copy_is_not_forgotten);
  tcase_add_test (test_case, flushing_seeks_with_and_without_copies_keep_the_live_count);
  tcase_add_test (test_case, queries_reach_the_other_side);
  tcase_add_test (test_case, pull_mode_gives_the_bytes_of_the_file);
  tcase_add_test (test_case, defect_03_exhausted_memory_is_an_error_that_says_how_much_is_left);
  tcase_add_test (test_case, memory_that_runs_out_while_streaming_is_an_error);
#if GLIB_SIZEOF_SIZE_T > 4
  tcase_add_test (test_case, a_buffer_of_more_than_32_bits_is_an_error_and_not_cut_off);
#endif
  tcase_add_test (test_case, a_lent_pool_without_memory_ends_the_pipeline_with_an_error);
  return suite;
}

GST_CHECK_MAIN (accel_flow);
