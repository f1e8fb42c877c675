/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * offload-output-caps.c: output-caps where the buffer that goes in comes out, on real bytes: nothing that it says may take
 * the core past the end of that buffer. And when it counts.
 */
#include "accelcheck.h"
#include "offloadcheck.h"

/* The core takes either side's size. What a job does not set stays from the one before, so that another core does the bytes. */
#define IN_PLACE OFFLOAD_HLS ("invert", ",mode=in-place")
#define IN_PLACE_BY_OUTPUT "hls,uio=invert,src=0x10,dst=0x1c,address-bits=64,dst-width=0x28,dst-height=0x30,mode=in-place"
#define WRITE_BY_OUTPUT "hls,uio=invert,dst=0x1c,address-bits=64,dst-width=0x28,dst-height=0x30,mode=write"
#define TRANSFORM_BY_OUTPUT "hls,uio=invert,src=0x10,dst=0x1c,address-bits=64,dst-width=0x28,dst-height=0x30"
#define BAYER "video/x-bayer,format=rggb,width=64,framerate=30/1"
#define BYTES_IN_PLACE "hls,uio=slow,src=0x10,dst=0x1c,address-bits=64,src-size=0x28,set=<0x30,1,0x48,25>,mode=in-place"

static GstHarness *
make_harness (const char *accelerator, const char *output_caps, const char *input)
{
  g_autoptr (GstCaps) caps = gst_caps_from_string (output_caps);
  GstHarness *h = accel_harness_with (NULL, "accelerator", accelerator, "output-caps", caps, "queue-depth", 1, NULL);

  gst_harness_set_src_caps_str (h, input);
  return h;
}

static void
assert_caps (GstHarness * h, const char *expected)
{
  g_autoptr (GstCaps) now = gst_pad_get_current_caps (h->sinkpad), caps = gst_caps_from_string (expected);

  fail_unless (now && gst_caps_is_equal (now, caps), "%" GST_PTR_FORMAT, now);
}

/* @buffer, with what accel_fill() gave it, comes out inverted. */
static void
assert_inverted (GstHarness * h, GstBuffer * buffer, guint seed)
{
  GstBuffer *result = accel_push_and_pull (h, buffer);
  GstMapInfo map;

  fail_unless (gst_buffer_map (result, &map, GST_MAP_READ));
  for (gsize i = 0; i < map.size; i++)
    fail_unless (map.data[i] == 255 - accel_pattern (i, seed), "byte %" G_GSIZE_FORMAT " of frame %u", i, seed);
  gst_buffer_unmap (result, &map);
  gst_buffer_unref (result);
}

/*** video ***/

static const struct
{
  const char *accelerator, *output_caps;
} layouts[] = {
  {IN_PLACE_BY_OUTPUT, "video/x-raw,height=96"},
  {IN_PLACE_BY_OUTPUT, "video/x-raw,width=128"},
  {WRITE_BY_OUTPUT, "video/x-raw,height=96"},
  {IN_PLACE, "video/x-raw,height=96"},
  {IN_PLACE, "video/x-raw,height=24"},
  {IN_PLACE, "video/x-raw,format=BGRA"},
  {"axidma,uio=wide,length-width=26,mm2s=false", "video/x-raw,height=96"},
};

/* There is no room for a larger frame; and what says how a frame lies in its buffer, such as GstVideoMeta, stays. */
GST_START_TEST (a_buffer_does_not_come_out_as_a_frame_of_another_layout)
{
  GstHarness *h = make_harness (layouts[__i__].accelerator, layouts[__i__].output_caps, CAPS_RGBA);
  gboolean copied = __i__ % 2;

  fail_unless_equals_int (gst_harness_push (h, copied ? accel_system_buffer (SIZE_RGBA, 1)
          : accel_xlnk_buffer (SIZE_RGBA, 1)), GST_FLOW_NOT_NEGOTIATED);
  accel_expect_error (GST_STREAM_ERROR, GST_STREAM_ERROR_FORMAT, "whose frame of 64x48 RGBA cannot come out as one of");
  accel_harness_done (h);
}

GST_END_TEST;

/* The second plane would begin elsewhere. */
GST_START_TEST (interlacing_changes_a_layout_too)
{
  GstHarness *h = make_harness (IN_PLACE, "video/x-raw,interlace-mode=interleaved",
      "video/x-raw,format=I420,width=64,height=50,framerate=30/1,interlace-mode=progressive");

  fail_unless_equals_int (gst_harness_push (h, accel_system_buffer (64 * 50 * 3 / 2, 1)), GST_FLOW_NOT_NEGOTIATED);
  accel_expect_error (GST_STREAM_ERROR, GST_STREAM_ERROR_FORMAT, "interlace-mode");
  accel_harness_done (h);
}

GST_END_TEST;

GST_START_TEST (what_is_no_matter_of_layout_may_change_in_place)
{
  GstHarness *h = make_harness (__i__ ? IN_PLACE : IN_PLACE_BY_OUTPUT, "video/x-raw,framerate=15/1,format=RGBA", CAPS_RGBA);

  assert_inverted (h, accel_xlnk_buffer (SIZE_RGBA, 1), 1);
  assert_inverted (h, accel_system_buffer (SIZE_RGBA, 2), 2);
  assert_caps (h, "video/x-raw,format=RGBA,width=64,height=48,framerate=15/1");
  accel_harness_done (h);
}

GST_END_TEST;

/* A picture that is no raw video: its buffer has the input's bytes, in every mode, and the core would be told of more. */
GST_START_TEST (a_picture_of_unknown_size_is_no_larger_than_the_input)
{
  static const char *const accelerators[] = { IN_PLACE_BY_OUTPUT, WRITE_BY_OUTPUT, TRANSFORM_BY_OUTPUT };
  static const char *const inputs[] = { CAPS_RGBA, BAYER ",height=48", "application/x-plain" };
  GstHarness *h = make_harness (accelerators[__i__ % 3], BAYER ",height=96", inputs[__i__ / 3]);

  fail_unless_equals_int (gst_harness_push (h, accel_xlnk_buffer (SIZE_RGBA, 1)), GST_FLOW_NOT_NEGOTIATED);
  accel_expect_error (GST_STREAM_ERROR, GST_STREAM_ERROR_FORMAT, "told that the output has 64x96 pixels");
  accel_harness_done (h);
}

GST_END_TEST;

/*** bytes ***/

/* Also where they were copied, which takes them for what they came as. */
GST_START_TEST (video_may_come_out_as_as_many_bytes)
{
  GstHarness *h = make_harness (IN_PLACE, "application/x-inverted", CAPS_RGBA);

  assert_inverted (h, accel_xlnk_buffer (SIZE_RGBA, 1), 1);
  assert_inverted (h, accel_system_buffer (SIZE_RGBA, 2), 2);
  fail_unless_equals_uint64 (accel_stat (h->element, "copies"), 1);
  accel_harness_done (h);
}

GST_END_TEST;

GST_START_TEST (bytes_may_come_out_by_another_name)
{
  GstHarness *h = make_harness (BYTES_IN_PLACE, "application/x-inverted", "application/x-plain");

  /* As many pixels of a byte as there are bytes, in one row. */
  assert_inverted (h, accel_xlnk_buffer (5000, 1), 1);
  assert_inverted (h, accel_system_buffer (500, 2), 2);
  assert_caps (h, "application/x-inverted");
  accel_harness_done (h);
}

GST_END_TEST;

GST_START_TEST (bytes_come_out_as_video_if_they_are_enough)
{
  GstHarness *h = make_harness (IN_PLACE_BY_OUTPUT, CAPS_RGBA, "application/x-plain");

  assert_inverted (h, accel_xlnk_buffer (SIZE_RGBA, 1), 1);
  assert_inverted (h, accel_system_buffer (SIZE_RGBA, 2), 2);
  assert_caps (h, CAPS_RGBA);
  accel_harness_done (h);
}

GST_END_TEST;

/* The core is told of a frame, and would find the next buffer behind a shorter one. */
GST_START_TEST (bytes_that_are_fewer_than_a_frame_do_not_come_out_as_video)
{
  static const char *const accelerators[] = { IN_PLACE_BY_OUTPUT, WRITE_BY_OUTPUT };
  GstHarness *h = make_harness (accelerators[__i__ / 2], CAPS_RGBA, "application/x-plain");
  gsize size = SIZE_RGBA / 3;

  fail_unless_equals_int (gst_harness_push (h, __i__ % 2 ? accel_system_buffer (size, 1) : accel_xlnk_buffer (size, 1)),
      GST_FLOW_ERROR);
  accel_expect_error (GST_RESOURCE_ERROR, GST_RESOURCE_ERROR_FAILED, "do not fit into its buffer of 4096 bytes");
  accel_harness_done (h);
}

GST_END_TEST;

/*** when it counts ***/

static void
set_output_caps (GstElement * element, const char *output_caps)
{
  g_autoptr (GstCaps) caps = output_caps ? gst_caps_from_string (output_caps) : NULL;

  g_object_set (element, "output-caps", caps, NULL);
}

static gboolean
may_come_out (GstHarness * h, const char *name)
{
  g_autoptr (GstCaps) caps = gst_caps_new_empty_simple (name);
  g_autoptr (GstCaps) possible = gst_pad_query_caps (GST_BASE_TRANSFORM_SRC_PAD (h->element), NULL);

  return gst_caps_can_intersect (caps, possible);
}

/* Nobody has looked yet whether this start's accelerator could make that. */
GST_START_TEST (output_caps_set_in_playing_count_from_the_next_start_on)
{
  gboolean with_core = __i__;
  GstHarness *h = accel_harness_with (NULL, "accelerator", with_core ? IN_PLACE : NULL, NULL);

  gst_harness_set_src_caps_str (h, CAPS_RGBA);
  gst_buffer_unref (accel_push_and_pull (h, accel_xlnk_buffer (SIZE_RGBA, 1)));
  set_output_caps (h->element, "image/jpeg");
  gst_harness_push_upstream_event (h, gst_event_new_reconfigure ());
  gst_buffer_unref (accel_push_and_pull (h, accel_xlnk_buffer (SIZE_RGBA, 2)));
  assert_caps (h, CAPS_RGBA);
  fail_if (may_come_out (h, "image/jpeg"));
  gst_element_set_state (h->element, GST_STATE_READY);
  fail_unless_equals_int (gst_element_set_state (h->element, GST_STATE_PLAYING), with_core ? GST_STATE_CHANGE_SUCCESS
      : GST_STATE_CHANGE_FAILURE);
  if (!with_core)
    accel_expect_error (GST_RESOURCE_ERROR, GST_RESOURCE_ERROR_SETTINGS, "there is none: set accelerator");
  fail_unless (may_come_out (h, "image/jpeg"));
  fail_if (may_come_out (h, "video/x-raw"));
  accel_harness_done (h);
}

GST_END_TEST;

/* What was set goes on, too. */
GST_START_TEST (output_caps_unset_in_playing_count_until_the_end)
{
  GstHarness *h = make_harness (IN_PLACE, "application/x-inverted", CAPS_RGBA);
  g_autoptr (GstCaps) before = NULL, after = NULL;

  gst_buffer_unref (accel_push_and_pull (h, accel_xlnk_buffer (SIZE_RGBA, 1)));
  before = gst_pad_get_current_caps (h->sinkpad);
  set_output_caps (h->element, NULL);
  gst_harness_push_upstream_event (h, gst_event_new_reconfigure ());
  gst_buffer_unref (accel_push_and_pull (h, accel_xlnk_buffer (SIZE_RGBA, 2)));
  after = gst_pad_get_current_caps (h->sinkpad);
  fail_unless (gst_caps_is_equal (before, after), "%" GST_PTR_FORMAT, after);
  accel_harness_done (h);
}

GST_END_TEST;

static Suite *
offload_output_caps_suite (void)
{
  Suite *suite = suite_create ("offload-output-caps");
  TCase *tcase = tcase_create ("output-caps");

  suite_add_tcase (suite, tcase);
  tcase_add_checked_fixture (tcase, xlnk_check_setup, xlnk_check_teardown);
  tcase_add_loop_test (tcase, a_buffer_does_not_come_out_as_a_frame_of_another_layout, 0, G_N_ELEMENTS (layouts));
  tcase_add_test (tcase, interlacing_changes_a_layout_too);
  tcase_add_loop_test (tcase, a_picture_of_unknown_size_is_no_larger_than_the_input, 0, 9);
  tcase_add_loop_test (tcase, what_is_no_matter_of_layout_may_change_in_place, 0, 2);
  tcase_add_test (tcase, video_may_come_out_as_as_many_bytes);
  tcase_add_test (tcase, bytes_may_come_out_by_another_name);
  tcase_add_test (tcase, bytes_come_out_as_video_if_they_are_enough);
  tcase_add_loop_test (tcase, bytes_that_are_fewer_than_a_frame_do_not_come_out_as_video, 0, 4);
  tcase_add_loop_test (tcase, output_caps_set_in_playing_count_from_the_next_start_on, 0, 2);
  tcase_add_test (tcase, output_caps_unset_in_playing_count_until_the_end);
  return suite;
}

GST_CHECK_MAIN (offload_output_caps);
