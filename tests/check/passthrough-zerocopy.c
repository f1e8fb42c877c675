/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Buffers that xlnkaccel lets through: the same object, untouched, and counted as such. */
#include "accelcheck.h"

static void
expect_untouched (GstHarness * h, GstBuffer * buffer)
{
  GstBuffer *result = accel_push_and_pull (h, buffer);

  fail_unless (result == buffer);
  gst_buffer_unref (result);
}

GST_START_TEST (defect_12_a_contiguous_buffer_is_passed_on_itself_and_stays_writable)
{
  GstHarness *h = accel_harness_with (NULL, "require-zero-copy", TRUE, NULL);
  GstBuffer *buffer, *result;
  GstMemory *mem;

  gst_harness_set_src_caps_str (h, CAPS_RGBA);
  buffer = accel_xlnk_buffer (SIZE_RGBA, 1);
  mem = gst_buffer_peek_memory (buffer, 0);
  result = accel_push_and_pull (h, buffer);
  fail_unless (result == buffer);
  fail_unless (gst_buffer_peek_memory (result, 0) == mem);
  fail_unless (gst_buffer_is_writable (result));
  fail_unless_equals_int (GST_MINI_OBJECT_REFCOUNT_VALUE (result), 1);
  fail_unless (accel_is_filled (result, SIZE_RGBA, 1));
  gst_buffer_unref (result);
  accel_harness_done (h);
}
GST_END_TEST

GST_START_TEST (a_buffer_that_upstream_keeps_passes_without_becoming_writable)
{
  GstHarness *h = accel_harness (NULL);
  GstBuffer *buffer = accel_xlnk_buffer (SIZE_RGBA, 1);
  GstBuffer *result;

  gst_harness_set_src_caps_str (h, CAPS_RGBA);
  result = accel_push_and_pull (h, gst_buffer_ref (buffer));
  fail_unless (result == buffer);
  fail_if (gst_buffer_is_writable (result));
  gst_buffer_unref (result);
  gst_buffer_unref (buffer);
  accel_harness_done (h);
}
GST_END_TEST

GST_START_TEST (defect_12_a_pipeline_on_the_lent_pool_makes_no_copy)
{
  GstElement *pipeline = gst_parse_launch ("videotestsrc num-buffers=100 ! video/x-raw,format=RGBA,width=64,height=48 "
      "! xlnkaccel name=accel require-zero-copy=true ! fakesink", NULL);
  GstElement *accel = gst_bin_get_by_name (GST_BIN (pipeline), "accel");

  gst_element_set_state (pipeline, GST_STATE_PLAYING);
  gst_message_unref (accel_wait_for_end (pipeline, GST_MESSAGE_EOS));
  fail_unless_equals_uint64 (accel_stat (accel, "frames"), 100);
  fail_unless_equals_uint64 (accel_stat (accel, "copies"), 0);
  fail_unless_equals_uint64 (accel_stat (accel, "copied-bytes"), 0);
  fail_unless (board_counter ("allocs") > 0);
  gst_element_set_state (pipeline, GST_STATE_NULL);
  gst_object_unref (accel);
  gst_object_unref (pipeline);
}
GST_END_TEST

GST_START_TEST (no_pool_is_filled_for_a_stream_without_copies)
{
  GstHarness *h = accel_harness (NULL);
  guint64 before;

  gst_harness_set_src_caps_str (h, CAPS_RGBA);
  before = board_counter ("allocs");
  for (guint i = 0; i < 20; i++)
    expect_untouched (h, accel_xlnk_buffer (SIZE_RGBA, i));
  fail_unless_equals_uint64 (board_counter ("allocs"), before + 20);
  fail_unless_equals_uint64 (accel_stat (h->element, "runtime-allocations"), 0);
  accel_harness_done (h);
}
GST_END_TEST

/* Sharing gives a memory of its own address, still of one block. */
GST_START_TEST (a_shared_part_of_a_contiguous_memory_passes)
{
  GstHarness *h = accel_harness (NULL);
  GstBuffer *whole = accel_xlnk_buffer (2 * SIZE_RGBA, 1);
  GstBuffer *part = gst_buffer_copy_region (whole, GST_BUFFER_COPY_MEMORY, SIZE_RGBA, SIZE_RGBA);

  gst_harness_set_src_caps_str (h, CAPS_RGBA);
  fail_unless_equals_int (gst_buffer_n_memory (part), 1);
  expect_untouched (h, part);
  gst_buffer_unref (whole);
  accel_harness_done (h);
}
GST_END_TEST

static void
expect_untouched_with_caps (const char *caps, GstBuffer * buffer)
{
  GstHarness *h = accel_harness_with (NULL, "require-zero-copy", TRUE, NULL);

  gst_harness_set_src_caps_str (h, caps);
  expect_untouched (h, buffer);
  accel_harness_done (h);
}

GST_START_TEST (any_single_contiguous_memory_passes_as_bytes)
{
  expect_untouched_with_caps ("application/octet-stream", accel_xlnk_buffer (1, 1));
  expect_untouched_with_caps ("audio/x-raw,format=S16LE,rate=44100,channels=2,layout=interleaved",
      accel_xlnk_buffer (4410, 1));
  expect_untouched_with_caps ("video/x-h264", accel_xlnk_buffer (100001, 1));
  expect_untouched_with_caps (CAPS_RGBA, accel_xlnk_buffer (SIZE_RGBA + 5000, 1));
}
GST_END_TEST

GST_START_TEST (an_empty_buffer_passes_since_there_is_nothing_to_copy)
{
  GstBuffer *gap = gst_buffer_new ();

  GST_BUFFER_FLAG_SET (gap, GST_BUFFER_FLAG_GAP);
  expect_untouched_with_caps (CAPS_RGBA, gap);
  expect_untouched_with_caps ("application/octet-stream", gst_buffer_new ());
  expect_untouched_with_caps ("application/octet-stream", gst_buffer_new_allocate (NULL, 0, NULL));
}
GST_END_TEST

GST_START_TEST (foreign_memory_that_the_caps_announce_passes)
{
  expect_untouched_with_caps ("video/x-raw(memory:DMABuf),format=RGBA,width=64,height=48,framerate=30/1",
      accel_system_buffer (SIZE_RGBA, 1));
}
GST_END_TEST

/*** rows ***/

/* A frame of ours whose rows are @stride bytes apart. */
static GstBuffer *
make_strided_frame (gint stride)
{
  GstBuffer *buffer = accel_xlnk_buffer ((gsize) stride * 48, 1);
  gsize offset[GST_VIDEO_MAX_PLANES] = { 0 };
  gint strides[GST_VIDEO_MAX_PLANES] = { stride };

  gst_buffer_add_video_meta_full (buffer, GST_VIDEO_FRAME_FLAG_NONE, GST_VIDEO_FORMAT_RGBA, 64, 48, 1, offset,
      strides);
  return buffer;
}

GST_START_TEST (padded_rows_pass_to_a_downstream_that_knows_video_meta)
{
  Downstream downstream = {.video_meta = TRUE };
  GstHarness *h = accel_harness (&downstream);

  gst_harness_set_src_caps_str (h, CAPS_RGBA);
  expect_untouched (h, make_strided_frame (64 * 4 + 128));
  fail_unless_equals_uint64 (accel_stat (h->element, "copies"), 0);
  accel_harness_done (h);
}
GST_END_TEST

GST_START_TEST (default_rows_pass_to_a_downstream_that_does_not_know_video_meta)
{
  Downstream downstream = {.video_meta = FALSE };
  GstHarness *h = accel_harness (&downstream);

  gst_harness_set_src_caps_str (h, CAPS_RGBA);
  expect_untouched (h, make_strided_frame (64 * 4));
  expect_untouched (h, accel_xlnk_buffer (SIZE_RGBA, 2));
  fail_unless_equals_uint64 (accel_stat (h->element, "copies"), 0);
  accel_harness_done (h);
}
GST_END_TEST

/* Flags and metas of a buffer that passes are none of our business. */
GST_START_TEST (flags_times_and_metas_of_a_passing_buffer_are_left_alone)
{
  GstHarness *h = accel_harness (NULL);
  GstBuffer *buffer = accel_xlnk_buffer (SIZE_RGBA, 7);
  guint flags;

  gst_harness_set_src_caps_str (h, CAPS_RGBA);
  GST_BUFFER_FLAG_SET (buffer, GST_BUFFER_FLAG_GAP | GST_BUFFER_FLAG_DROPPABLE | GST_BUFFER_FLAG_MARKER);
  gst_buffer_add_video_meta (buffer, GST_VIDEO_FRAME_FLAG_NONE, GST_VIDEO_FORMAT_RGBA, 64, 48);
  flags = GST_BUFFER_FLAGS (buffer);
  buffer = accel_push_and_pull (h, buffer);
  fail_unless_equals_int (GST_BUFFER_FLAGS (buffer), flags);
  fail_unless_equals_uint64 (GST_BUFFER_PTS (buffer), 7 * GST_MSECOND);
  fail_unless (gst_buffer_get_video_meta (buffer) != NULL);
  fail_unless (gst_buffer_get_xlnk_phys_meta (buffer) == NULL);
  gst_buffer_unref (buffer);
  accel_harness_done (h);
}
GST_END_TEST

GST_START_TEST (buffers_of_a_list_pass_one_by_one)
{
  GstHarness *h = accel_harness_with (NULL, "require-zero-copy", TRUE, NULL);
  GstBufferList *list = gst_buffer_list_new ();
  GstBuffer *buffers[5];

  gst_harness_set_src_caps_str (h, "application/octet-stream");
  for (guint i = 0; i < G_N_ELEMENTS (buffers); i++) {
    buffers[i] = accel_xlnk_buffer (1000 + i, i);
    gst_buffer_list_add (list, buffers[i]);
  }
  fail_unless_equals_int (gst_pad_push_list (h->srcpad, list), GST_FLOW_OK);
  for (guint i = 0; i < G_N_ELEMENTS (buffers); i++) {
    GstBuffer *result = gst_harness_pull (h);

    fail_unless (result == buffers[i]);
    gst_buffer_unref (result);
  }
  accel_harness_done (h);
}
GST_END_TEST

static Suite *
passthrough_zerocopy_suite (void)
{
  Suite *suite = suite_create ("passthrough-zerocopy");
  TCase *test_case = xlnk_check_add_case (suite, "general");

  tcase_add_test (test_case, defect_12_a_contiguous_buffer_is_passed_on_itself_and_stays_writable);
  tcase_add_test (test_case, a_buffer_that_upstream_keeps_passes_without_becoming_writable);
  tcase_add_test (test_case, defect_12_a_pipeline_on_the_lent_pool_makes_no_copy);
  tcase_add_test (test_case, no_pool_is_filled_for_a_stream_without_copies);
  tcase_add_test (test_case, a_shared_part_of_a_contiguous_memory_passes);
  tcase_add_test (test_case, any_single_contiguous_memory_passes_as_bytes);
  tcase_add_test (test_case, an_empty_buffer_passes_since_there_is_nothing_to_copy);
  tcase_add_test (test_case, foreign_memory_that_the_caps_announce_passes);
  tcase_add_test (test_case, padded_rows_pass_to_a_downstream_that_knows_video_meta);
  tcase_add_test (test_case, default_rows_pass_to_a_downstream_that_does_not_know_video_meta);
  tcase_add_test (test_case, flags_times_and_metas_of_a_passing_buffer_are_left_alone);
  tcase_add_test (test_case, buffers_of_a_list_pass_one_by_one);
  return suite;
}

GST_CHECK_MAIN (passthrough_zerocopy);
