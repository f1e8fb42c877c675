/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * steady-state.c: what a frame costs in a pipeline that runs: CPU producer → device → CPU consumer. The device is this
 * test's, working in place on the emulated board's side of the memory, in a probe behind xlnkaccel.
 *
 * Per frame, exactly: one flush when the device takes over, one invalidate when the CPU reads what came out, each of the
 * frame's bytes rounded to lines. Nothing for whatever repeats, for device → device, and on uncached memory. The
 * system calls of that are one and two on arm, where the driver does it, and none on arm64.
 */
#include <gst/video/video.h>

#include "../../emulator/xlnkemulator.h"
#include "xlnkcheck.h"

#define SMALLER (g_getenv ("XLNK_TEST_VALGRIND") ? 3 : 1)
#define WIDTH (1920 / SMALLER)
#define HEIGHT (1080 / SMALLER)
#define FRAMES 12

static const char *formats[] = { "I420", "NV12", "YUY2", "RGB", "RGBA", "GRAY8", "GRAY16_LE", "v210" };

typedef struct
{
  gboolean cacheable;
  guint device_passes;          /* how many cores work on the frame, one after the other */
  guint frames;
  gsize frame_size;
  GstXlnkStats before, after;   /* around the second half: the buffers are all there by then, and none is freed yet */
  guint64 ioctls_before, ioctls_after;
  guint8 *scratch;
} Run;

/*** what happens to one frame ***/

static void
invert_by_device (Run * run, GstBuffer * buffer)
{
  GstMapInfo info;
  guint64 address;

  fail_unless (gst_xlnk_buffer_map_device (buffer, &info, GST_MAP_READWRITE));
  address = (guintptr) info.data;
  board_device_read (address, run->scratch, info.size);
  for (gsize i = 0; i < info.size; i++)
    run->scratch[i] ^= 0xff;
  board_device_write (address, run->scratch, info.size);
  gst_xlnk_buffer_unmap_device (buffer, &info);
}

static void
read_by_cpu (GstBuffer * buffer, const guint8 * expected)
{
  GstMapInfo info;

  fail_unless (gst_buffer_map (buffer, &info, GST_MAP_READ));
  fail_unless (memcmp (info.data, expected, info.size) == 0, "the CPU reads stale bytes");
  gst_buffer_unmap (buffer, &info);
}

static guint8 *
expect (Run * run, GstBuffer * buffer)
{
  guint8 *bytes = g_malloc (run->frame_size);

  fail_unless_equals_int (gst_buffer_extract (buffer, 0, bytes, run->frame_size), run->frame_size);
  for (gsize i = 0; run->device_passes % 2 == 1 && i < run->frame_size; i++)
    bytes[i] ^= 0xff;
  return bytes;
}

static void
process_frame (Run * run, GstBuffer * buffer)
{
  g_autofree guint8 *expected = NULL;

  run->frame_size = gst_buffer_get_size (buffer);
  if (!run->scratch)
    run->scratch = g_malloc (run->frame_size);
  expected = expect (run, buffer);
  for (guint pass = 0; pass < run->device_passes; pass++)
    invert_by_device (run, buffer);
  read_by_cpu (buffer, expected);
  read_by_cpu (buffer, expected);
}

static GstPadProbeReturn
on_buffer (GstPad * pad, GstPadProbeInfo * info, gpointer user_data)
{
  Run *run = user_data;

  (void) pad;
  if (run->frames == FRAMES / 2) {
    run->before = xlnk_check_stats ();
    run->ioctls_before = board_ioctls ();
  }
  process_frame (run, GST_PAD_PROBE_INFO_BUFFER (info));
  if (++run->frames == FRAMES) {
    run->after = xlnk_check_stats ();
    run->ioctls_after = board_ioctls ();
  }
  return GST_PAD_PROBE_OK;
}

/*** the pipeline ***/

static void
run_pipeline (Run * run, const char *format)
{
  g_autofree char *line = g_strdup_printf ("videotestsrc pattern=ball num-buffers=%d ! "
      "video/x-raw,format=%s,width=%d,height=%d ! xlnkaccel require-zero-copy=true cacheable=%d ! fakesink name=sink",
      FRAMES, format, WIDTH, HEIGHT, run->cacheable);
  GstElement *pipeline = gst_parse_launch (line, NULL);
  GstElement *sink = gst_bin_get_by_name (GST_BIN (pipeline), "sink");
  GstPad *pad = gst_element_get_static_pad (sink, "sink");
  GstBus *bus = gst_element_get_bus (pipeline);
  GstMessage *message;

  gst_pad_add_probe (pad, GST_PAD_PROBE_TYPE_BUFFER, on_buffer, run, NULL);
  gst_element_set_state (pipeline, GST_STATE_PLAYING);
  message = gst_bus_timed_pop_filtered (bus, 60 * GST_SECOND, GST_MESSAGE_EOS | GST_MESSAGE_ERROR);
  fail_unless (message && GST_MESSAGE_TYPE (message) == GST_MESSAGE_EOS);
  gst_element_set_state (pipeline, GST_STATE_NULL);
  gst_message_unref (message);
  gst_object_unref (bus);
  gst_object_unref (pad);
  gst_object_unref (sink);
  gst_object_unref (pipeline);
}

/* Each of @flushes and @invalidates is what one frame costs. */
static void
check_cost (const Run * run, guint64 flushes, guint64 invalidates)
{
  const guint64 frames = FRAMES - FRAMES / 2;
  const guint64 lines = GST_ROUND_UP_N (run->frame_size, (gsize) xlnk_hw_line_size ());
  const gboolean by_driver = !xlnk_hw_maintains_by_address ();

  fail_unless_equals_int (run->frames, FRAMES);
  fail_unless_equals_uint64 (run->after.flushes - run->before.flushes, frames * flushes);
  fail_unless_equals_uint64 (run->after.flushed_bytes - run->before.flushed_bytes, frames * flushes * lines);
  fail_unless_equals_uint64 (run->after.invalidates - run->before.invalidates, frames * invalidates);
  fail_unless_equals_uint64 (run->after.invalidated_bytes - run->before.invalidated_bytes,
      frames * invalidates * lines);
  /* The driver of arm takes two passes to invalidate. */
  fail_unless_equals_uint64 (run->ioctls_after - run->ioctls_before,
      by_driver ? frames * (flushes + 2 * invalidates) : 0);
  fail_unless_equals_uint64 (board_hazards (), 0);
}

static void
check_format (const char *format, gboolean cacheable, guint device_passes)
{
  Run run = { .cacheable = cacheable, .device_passes = device_passes };
  const guint64 each = cacheable && device_passes > 0 ? 1 : 0;

  run_pipeline (&run, format);
  check_cost (&run, each, each);
  g_free (run.scratch);
}

/*** cases ***/

GST_START_TEST (test_one_flush_and_one_invalidate_per_frame)
{
  check_format (formats[__i__], TRUE, 1);
}

GST_END_TEST;

GST_START_TEST (test_device_to_device_needs_nothing)
{
  check_format ("RGBA", TRUE, 3);
}

GST_END_TEST;

GST_START_TEST (test_without_a_device_nothing_is_maintained)
{
  check_format ("RGBA", TRUE, 0);
}

GST_END_TEST;

GST_START_TEST (test_uncached_needs_nothing)
{
  check_format ("RGBA", FALSE, 1);
}

GST_END_TEST;

static Suite *
steady_state_suite (void)
{
  Suite *suite = suite_create ("steady-state");
  TCase *formats_case = xlnk_check_add_case (suite, "formats");
  TCase *costs_case = xlnk_check_add_case (suite, "costs");

  tcase_add_loop_test (formats_case, test_one_flush_and_one_invalidate_per_frame, 0, G_N_ELEMENTS (formats));
  tcase_add_test (costs_case, test_device_to_device_needs_nothing);
  tcase_add_test (costs_case, test_without_a_device_nothing_is_maintained);
  tcase_add_test (costs_case, test_uncached_needs_nothing);
  return suite;
}

GST_CHECK_MAIN (steady_state);
