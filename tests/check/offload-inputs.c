/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * offload-inputs.c: cores that make raw video of something else, with output-caps: of a sensor's pixels, of bytes, and of
 * a stream without caps.
 */
#include "accelcheck.h"
#include "offloadcheck.h"

#define WIDTH 64
#define HEIGHT 48
#define SIZE (WIDTH * HEIGHT)
#define BAYER "video/x-bayer,format=bggr,width=64,height=48,framerate=30/1"
#define GRAY "video/x-raw,format=GRAY8,width=64,height=48,framerate=30/1"

/* Cores that are told the size of what goes in, of what comes out, and how many bytes. A byte of the input is one of the
 * output. */
#define BY_INPUT OFFLOAD_HLS ("gray", "")
#define BY_OUTPUT "hls,uio=gray,src=0x10,dst=0x1c,address-bits=64,dst-width=0x28,dst-height=0x30"
#define BY_BYTES "axidma,uio=narrow,length-width=14"

static GstHarness *
begin (const char *accelerator, const char *output_caps)
{
  GstCaps *caps = gst_caps_from_string (output_caps);
  GstHarness *h = accel_harness_with (NULL, "accelerator", accelerator, "output-caps", caps, "queue-depth", 1, NULL);

  gst_caps_unref (caps);
  return h;
}

static void
expect_output_caps (GstHarness * h, const char *expected)
{
  GstCaps *now = gst_pad_get_current_caps (h->sinkpad), *wanted = gst_caps_from_string (expected);

  fail_unless (now && gst_caps_is_equal (now, wanted), "%" GST_PTR_FORMAT, now);
  gst_caps_unref (now);
  gst_caps_unref (wanted);
}

static void
expect_frame (GstHarness * h, guint seed)
{
  GstBuffer *result = accel_push_and_pull (h, accel_system_buffer (SIZE, seed));

  fail_unless (accel_is_filled (result, SIZE, seed));
  fail_unless (gst_buffer_get_video_meta (result) != NULL);
  expect_output_caps (h, GRAY);
  gst_buffer_unref (result);
}

static const struct
{
  const char *accelerator, *output_caps, *input;
} kinds[] = {
  {BY_INPUT, "video/x-raw,format=GRAY8", BAYER},
  {BY_OUTPUT, "video/x-raw,format=GRAY8", BAYER},
  {BY_OUTPUT, GRAY, "application/octet-stream"},
  {BY_BYTES, GRAY, "image/jpeg"},
  {BY_OUTPUT, GRAY, NULL},
  {BY_BYTES, GRAY, NULL},
};

static void
begin_stream (GstHarness * h, const char *caps)
{
  GstSegment segment;

  if (caps) {
    gst_harness_set_src_caps_str (h, caps);
    return;
  }
  gst_segment_init (&segment, GST_FORMAT_BYTES);
  gst_harness_push_event (h, gst_event_new_stream_start ("bytes"));
  gst_harness_push_event (h, gst_event_new_segment (&segment));
}

GST_START_TEST (raw_video_is_made_of_anything)
{
  GstHarness *h = begin (kinds[__i__].accelerator, kinds[__i__].output_caps);

  begin_stream (h, kinds[__i__].input);
  for (guint seed = 1; seed <= 3; seed++)
    expect_frame (h, seed);
  accel_harness_done (h);
}

GST_END_TEST;

/* As from a command line: the source has to be told that it may. */
GST_START_TEST (a_source_of_bayer_can_be_linked)
{
  g_autoptr (GPtrArray) frames = offload_run ("videotestsrc num-buffers=3 pattern=white ! " BAYER " ! xlnkaccel name=accel "
      "accelerator=\"" BY_INPUT "\" output-caps=video/x-raw,format=GRAY8 ! video/x-raw,width=[1,640] ! fakesink name=sink",
      NULL);

  fail_unless_equals_int (frames->len, 3);
  for (guint i = 0; i < frames->len; i++) {
    const OffloadFrame *frame = g_ptr_array_index (frames, i);

    fail_unless_equals_int (GST_VIDEO_INFO_FORMAT (&frame->info), GST_VIDEO_FORMAT_GRAY8);
    fail_unless_equals_int (frame->size, SIZE);
    fail_unless (frame->data[0] > 200 && frame->data[SIZE - 1] > 200);
  }
}

GST_END_TEST;

/*** what is not said ***/

GST_START_TEST (video_of_no_size_is_refused)
{
  const char *input = __i__ ? "application/octet-stream" : NULL;
  GstHarness *h = begin (BY_BYTES, "video/x-raw,format=GRAY8");

  begin_stream (h, input);
  accel_expect_error (GST_STREAM_ERROR, GST_STREAM_ERROR_FORMAT, "output-caps has to name format, width, height");
  fail_unless (!gst_pad_has_current_caps (h->sinkpad) || input);
  fail_unless (gst_harness_push (h, accel_system_buffer (SIZE, 1)) != GST_FLOW_OK);
  accel_harness_done (h);
}

GST_END_TEST;

GST_START_TEST (output_caps_that_leave_a_choice_are_refused_without_caps)
{
  GstHarness *h = begin (BY_BYTES, "video/x-raw,format=GRAY8,width=[1,64],height=48,framerate=30/1");

  begin_stream (h, NULL);
  accel_expect_error (GST_STREAM_ERROR, GST_STREAM_ERROR_FORMAT, "width=(int)[ 1, 64 ]");
  accel_harness_done (h);
}

GST_END_TEST;

/* Of several the first that downstream takes. */
GST_START_TEST (downstream_chooses_without_caps)
{
  GstHarness *h = begin (BY_BYTES, "image/jpeg;" GRAY);

  gst_harness_set_sink_caps_str (h, "video/x-raw");
  begin_stream (h, NULL);
  expect_frame (h, 1);
  accel_harness_done (h);
}

GST_END_TEST;

/* GStreamer's own rows would be wider than what the core takes. */
GST_START_TEST (bayer_that_is_padded_is_refused)
{
  GstHarness *h = begin (BY_INPUT, "video/x-raw,format=GRAY8");

  begin_stream (h, "video/x-bayer,format=bggr,width=66,height=48,framerate=30/1");
  fail_unless (gst_harness_push (h, accel_system_buffer (68 * 48, 1)) != GST_FLOW_OK);
  accel_expect_error (GST_STREAM_ERROR, GST_STREAM_ERROR_FORMAT, "padded to multiples of 4 bytes");
  accel_harness_done (h);
}

GST_END_TEST;

/* The core would read what is behind its buffer. */
GST_START_TEST (a_short_picture_of_a_sensor_is_refused)
{
  GstHarness *h = begin (BY_INPUT, "video/x-raw,format=GRAY8");

  begin_stream (h, BAYER);
  fail_unless_equals_int (gst_harness_push (h, accel_system_buffer (SIZE - 1, 1)), GST_FLOW_ERROR);
  accel_expect_error (GST_RESOURCE_ERROR, GST_RESOURCE_ERROR_FAILED, "64x48 has 3072 bytes at least");
  accel_harness_done (h);
}

GST_END_TEST;

/* Or write it: what comes out has as many bytes as what went in. */
GST_START_TEST (a_picture_with_more_bytes_than_the_input_is_refused)
{
  GstHarness *h = begin (BY_INPUT, "video/x-bayer,format=bggr16le");

  begin_stream (h, GRAY);
  fail_unless_equals_int (gst_harness_push (h, accel_system_buffer (SIZE, 1)), GST_FLOW_ERROR);
  accel_expect_error (GST_RESOURCE_ERROR, GST_RESOURCE_ERROR_FAILED, "64x48 has 6144 bytes at least");
  accel_harness_done (h);
}

GST_END_TEST;

GST_START_TEST (a_picture_of_unknown_size_is_refused)
{
  GstHarness *h = begin (BY_INPUT, "video/x-raw,format=GRAY8");

  begin_stream (h, "image/jpeg,width=64,height=48,framerate=30/1");
  fail_unless (gst_harness_push (h, accel_system_buffer (SIZE, 1)) != GST_FLOW_OK);
  accel_expect_error (GST_STREAM_ERROR, GST_STREAM_ERROR_FORMAT, "src-size");
  accel_harness_done (h);
}

GST_END_TEST;

GST_START_TEST (a_stride_of_no_raw_video_is_refused)
{
  GstHarness *h = begin (OFFLOAD_HLS ("gray", ",src-stride=0x38"), "video/x-raw,format=GRAY8");

  begin_stream (h, BAYER);
  fail_unless (gst_harness_push (h, accel_system_buffer (SIZE, 1)) != GST_FLOW_OK);
  accel_expect_error (GST_STREAM_ERROR, GST_STREAM_ERROR_FORMAT, "stride or format, which only raw video has");
  accel_harness_done (h);
}

GST_END_TEST;

/*** what is asked for ***/

#define ANY_SINK "video/x-raw(memory:GLMemory);video/x-raw(ANY)"

/* What upstream has, what downstream takes, and what upstream is asked for, in this order. */
static const struct
{
  const char *output_caps, *offered, *downstream, *wanted;
} questions[] = {
  /* Of other memory upstream could offer nothing that the core works on. */
  {"video/x-raw,format=RGBA", "video/x-raw(memory:GLMemory);video/x-raw,format=RGB", ANY_SINK, "video/x-raw,format=RGB"},
  {"video/x-raw,format=RGBA", "video/x-raw(memory:GLMemory)", ANY_SINK, "EMPTY"},
  {"video/x-raw,format=RGBA", "video/x-bayer(memory:DMABuf);video/x-bayer", ANY_SINK, "video/x-bayer"},
  {"image/jpeg", "video/x-raw(memory:GLMemory);video/x-raw(ANY)", "image/jpeg", "video/x-raw"},
  {"video/x-raw,format=RGBA", "video/x-raw", "video/x-raw(memory:GLMemory)", "EMPTY"},
  /* Raw video comes first, and its kinds as upstream prefers them. */
  {"video/x-raw,format=RGBA", "image/jpeg;video/x-raw,format=I420;video/x-raw,format=RGB", ANY_SINK,
      "video/x-raw,format=I420;video/x-raw,format=RGB;image/jpeg"},
  /* What output-caps does not name is the input's. */
  {"video/x-raw,format=RGBA", "video/x-bayer,format={bggr,rggb},width=[1,1024]", "video/x-raw,width=640",
      "video/x-bayer,format={bggr,rggb},width=640"},
  {"video/x-raw,format=RGBA", "video/x-bayer,width=320", "video/x-raw,width=640", "EMPTY"},
  {"video/x-raw,format=RGBA,width=640", "video/x-bayer,width=320", "video/x-raw,width=640", "video/x-bayer,width=320"},
  {"video/x-raw,format=RGBA", "application/octet-stream", "video/x-raw,width=640", "application/octet-stream"},
  {"video/x-raw,format=RGBA", "video/x-bayer(meta:One);video/x-bayer(meta:Two)", "video/x-raw(meta:Two)",
      "video/x-bayer(meta:Two)"},
};

GST_START_TEST (output_caps_ask_upstream_for_raw_video_first_and_for_system_memory)
{
  GstCaps *offered = gst_caps_from_string (questions[__i__].offered), *wanted;
  GstCaps *expected = gst_caps_from_string (questions[__i__].wanted);
  GstHarness *h = begin (BY_BYTES, questions[__i__].output_caps);
  char *text;

  gst_harness_set_sink_caps_str (h, questions[__i__].downstream);
  wanted = gst_pad_peer_query_caps (h->srcpad, offered);
  text = gst_caps_to_string (wanted);
  fail_unless (gst_caps_is_strictly_equal (wanted, expected), "%s", text);
  g_free (text);
  gst_caps_unref (wanted);
  gst_caps_unref (expected);
  gst_caps_unref (offered);
  accel_harness_done (h);
}

GST_END_TEST;

static gboolean
offer_two_memories (GstPad * pad, GstObject * parent, GstQuery * query)
{
  GstCaps *caps;

  if (GST_QUERY_TYPE (query) != GST_QUERY_CAPS)
    return gst_pad_query_default (pad, parent, query);
  caps = gst_caps_from_string ("video/x-raw(memory:GLMemory);video/x-raw,width=64");
  gst_query_set_caps_result (query, caps);
  gst_caps_unref (caps);
  return TRUE;
}

/* Nor is it promised downstream, though upstream may have it. */
GST_START_TEST (output_caps_promise_system_memory)
{
  GstCaps *promised, *expected = gst_caps_from_string ("video/x-raw,format=RGBA,width=64");
  GstHarness *h = begin (BY_BYTES, "video/x-raw,format=RGBA");

  gst_pad_set_query_function (h->srcpad, offer_two_memories);
  promised = gst_pad_peer_query_caps (h->sinkpad, NULL);
  fail_unless (gst_caps_is_equal (promised, expected));
  gst_caps_unref (promised);
  gst_caps_unref (expected);
  accel_harness_done (h);
}

GST_END_TEST;

/* What upstream has settled on all the same is refused in words. */
GST_START_TEST (other_memory_is_refused_with_output_caps)
{
  GstHarness *h = begin (BY_BYTES, "video/x-raw,format=RGBA");

  gst_harness_set_src_caps_str (h, "video/x-raw(memory:GLMemory),format=RGB,width=64,height=48,framerate=30/1");
  accel_expect_error (GST_STREAM_ERROR, GST_STREAM_ERROR_FORMAT, "system memory");
  accel_harness_done (h);
}

GST_END_TEST;

static Suite *
offload_inputs_suite (void)
{
  Suite *suite = suite_create ("offload-inputs");
  TCase *tcase = xlnk_check_add_case (suite, "inputs");

  tcase_add_loop_test (tcase, raw_video_is_made_of_anything, 0, G_N_ELEMENTS (kinds));
  tcase_add_test (tcase, a_source_of_bayer_can_be_linked);
  tcase_add_loop_test (tcase, video_of_no_size_is_refused, 0, 2);
  tcase_add_test (tcase, output_caps_that_leave_a_choice_are_refused_without_caps);
  tcase_add_test (tcase, downstream_chooses_without_caps);
  tcase_add_test (tcase, bayer_that_is_padded_is_refused);
  tcase_add_test (tcase, a_short_picture_of_a_sensor_is_refused);
  tcase_add_test (tcase, a_picture_with_more_bytes_than_the_input_is_refused);
  tcase_add_test (tcase, a_picture_of_unknown_size_is_refused);
  tcase_add_test (tcase, a_stride_of_no_raw_video_is_refused);
  tcase_add_loop_test (tcase, output_caps_ask_upstream_for_raw_video_first_and_for_system_memory, 0,
      G_N_ELEMENTS (questions));
  tcase_add_test (tcase, output_caps_promise_system_memory);
  tcase_add_test (tcase, other_memory_is_refused_with_output_caps);
  return suite;
}

GST_CHECK_MAIN (offload_inputs);
