/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * offload-bytes.c: streams without caps, of which the base class tells nobody: the core, the pools and the properties hold
 * for them all the same, and nothing is left of a stream with caps before them.
 */
#include "accelcheck.h"
#include "offloadcheck.h"

/* 16x8 pixels of 4 bytes, whatever comes. */
#define CORE_OF_BYTES "hls,uio=copy,src=0x10,dst=0x1c,address-bits=64,set=<0x28,16,0x30,8>"
#define SIZE (16 * 8 * 4)

static void
begin_without_caps (GstHarness * h)
{
  GstSegment segment;

  gst_segment_init (&segment, GST_FORMAT_BYTES);
  fail_unless (gst_harness_push_event (h, gst_event_new_stream_start ("bytes")));
  fail_unless (gst_harness_push_event (h, gst_event_new_segment (&segment)));
}

/* A stream of frames, then one without caps in the same element. */
static void
begin_after_frames (GstHarness * h)
{
  gst_harness_set_src_caps_str (h, CAPS_RGBA);
  gst_buffer_unref (accel_push_and_pull (h, accel_system_buffer (SIZE_RGBA, 1)));
  gst_element_set_state (h->element, GST_STATE_READY);
  gst_pad_set_active (h->srcpad, FALSE);        /* forgets the caps */
  gst_pad_set_active (h->srcpad, TRUE);
  gst_element_set_state (h->element, GST_STATE_PLAYING);
  begin_without_caps (h);
}

static GstHarness *
begin (gboolean after_frames, const char *accelerator, gboolean cacheable)
{
  GstHarness *h = accel_harness_with (NULL, "accelerator", accelerator, "cacheable", cacheable, "queue-depth", 1, NULL);

  if (after_frames)
    begin_after_frames (h);
  else
    begin_without_caps (h);
  return h;
}

GST_START_TEST (a_core_works_on_a_stream_without_caps)
{
  GstHarness *h = begin (__i__, CORE_OF_BYTES, TRUE);

  for (guint i = 1; i <= 3; i++) {
    GstBuffer *result = accel_push_and_pull (h, accel_system_buffer (SIZE, i));

    fail_unless (accel_is_filled (result, SIZE, i));
    fail_unless (gst_buffer_get_video_meta (result) == NULL);
    gst_buffer_unref (result);
  }
  accel_harness_done (h);
}

GST_END_TEST;

/* What it would be told is in no caps. */
GST_START_TEST (a_core_of_pictures_refuses_a_stream_without_caps)
{
  GstHarness *h = begin (__i__, OFFLOAD_HLS ("copy", ""), TRUE);

  fail_unless_equals_int (gst_harness_push (h, accel_system_buffer (SIZE, 1)), GST_FLOW_NOT_NEGOTIATED);
  accel_expect_error (GST_STREAM_ERROR, GST_STREAM_ERROR_FORMAT, "which only pictures have");
  fail_unless_equals_int (gst_harness_push (h, accel_system_buffer (SIZE, 1)), GST_FLOW_NOT_NEGOTIATED);
  accel_harness_done (h);
}

GST_END_TEST;

GST_START_TEST (bytes_are_copied_as_bytes_after_frames)
{
  GstHarness *h = begin (__i__, NULL, TRUE);
  GstBuffer *result = accel_push_and_pull (h, accel_system_buffer (1000, 2));

  fail_unless (accel_is_contiguous (result));
  fail_unless (accel_is_filled (result, 1000, 2));
  fail_unless (gst_buffer_get_video_meta (result) == NULL);
  gst_buffer_unref (result);
  accel_harness_done (h);
}

GST_END_TEST;

GST_START_TEST (properties_hold_for_a_stream_without_caps)
{
  GstHarness *h = begin (FALSE, __i__ ? CORE_OF_BYTES : NULL, FALSE);
  GstBuffer *result = accel_push_and_pull (h, accel_system_buffer (SIZE, 1));

  fail_unless (accel_is_contiguous (result));
  fail_if (gst_xlnk_memory_is_cached (gst_buffer_peek_memory (result, 0)));
  gst_buffer_unref (result);
  accel_harness_done (h);
}

GST_END_TEST;

/* Caps that come later count from then on. */
GST_START_TEST (frames_after_bytes_are_frames)
{
  GstHarness *h = begin (FALSE, __i__ ? CORE_OF_BYTES : NULL, TRUE);
  GstBuffer *result;

  gst_buffer_unref (accel_push_and_pull (h, accel_system_buffer (SIZE, 1)));
  gst_harness_push_event (h, gst_event_new_flush_start ());
  gst_harness_push_event (h, gst_event_new_flush_stop (TRUE));
  gst_harness_set_src_caps_str (h, "video/x-raw,format=RGBA,width=16,height=8,framerate=30/1");
  result = accel_push_and_pull (h, accel_system_buffer (SIZE, 2));
  fail_unless (accel_is_filled (result, SIZE, 2));
  fail_unless (gst_buffer_get_video_meta (result) != NULL);
  gst_buffer_unref (result);
  accel_harness_done (h);
}

GST_END_TEST;

/* The frames of the stream before had a rate, and with it a latency. */
GST_START_TEST (no_latency_is_left_of_a_stream_before)
{
  GstHarness *h = accel_harness_with (NULL, "accelerator", CORE_OF_BYTES, "queue-depth", 3, NULL);

  gst_harness_set_src_caps_str (h, CAPS_RGBA);
  fail_unless (gst_harness_query_latency (h) >= 2 * GST_SECOND / 30);
  gst_element_set_state (h->element, GST_STATE_READY);
  gst_element_set_state (h->element, GST_STATE_PLAYING);
  fail_unless_equals_uint64 (gst_harness_query_latency (h), 0);
  accel_harness_done (h);
}

GST_END_TEST;

static Suite *
offload_bytes_suite (void)
{
  Suite *suite = suite_create ("offload-bytes");
  TCase *tc = xlnk_check_add_case (suite, "general");

  tcase_add_loop_test (tc, a_core_works_on_a_stream_without_caps, 0, 2);
  tcase_add_loop_test (tc, a_core_of_pictures_refuses_a_stream_without_caps, 0, 2);
  tcase_add_loop_test (tc, bytes_are_copied_as_bytes_after_frames, 0, 2);
  tcase_add_loop_test (tc, properties_hold_for_a_stream_without_caps, 0, 2);
  tcase_add_loop_test (tc, frames_after_bytes_are_frames, 0, 2);
  tcase_add_test (tc, no_latency_is_left_of_a_stream_before);
  return suite;
}

GST_CHECK_MAIN (offload_bytes);
