/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * offload-streams.c: cores in pipelines with other elements: one after the other, behind a tee, before a compositor.
 */
#include "offloadcheck.h"

#define STRIDES ",src-stride=0x38,dst-stride=0x40,format=0x48"
#define ACCEL(core, more) "xlnkaccel accelerator=\"" OFFLOAD_HLS (core, STRIDES) "\" " more " "
#define IN_PLACE(core) "xlnkaccel name=accel accelerator=\"" OFFLOAD_HLS (core, STRIDES ",mode=in-place") "\" "
#define FRAMES 20
#define SOURCE "videotestsrc num-buffers=20 ! video/x-raw,format=RGBA,width=640,height=360 ! "
#define GRAY "output-caps=video/x-raw,format=GRAY8"

static void
apply (GPtrArray * frames, void (*core) (OffloadFrame * frame))
{
  for (guint i = 0; i < frames->len; i++)
    core (g_ptr_array_index (frames, i));
}

static void
shrink (OffloadFrame * frame)
{
  const gint width = GST_VIDEO_INFO_WIDTH (&frame->info), height = GST_VIDEO_INFO_HEIGHT (&frame->info);
  guint8 *result = g_malloc (width / 2 * (height / 2));

  for (gint y = 0; y < height / 2; y++) {
    for (gint x = 0; x < width / 2; x++)
      result[y * (width / 2) + x] = frame->data[y * 2 * width + x * 2];
  }
  g_free (frame->data);
  frame->data = result;
  frame->size = width / 2 * (height / 2);
}

/* One flush for the source's frame, one invalidate for the sink's: nothing between the cores. */
GST_START_TEST (test_two_cores_in_a_row_need_no_maintenance_between_them)
{
  const GstXlnkStats before = xlnk_check_stats ();
  g_autoptr (GPtrArray) frames = offload_run (SOURCE ACCEL ("sobel", GRAY) "! "
      "xlnkaccel accelerator=\"" OFFLOAD_HLS ("resize", STRIDES ",dst-width=0x50,dst-height=0x58") "\" "
      "output-caps=video/x-raw,width=320,height=180 ! fakesink name=sink", NULL);
  const GstXlnkStats after = xlnk_check_stats ();
  g_autoptr (GPtrArray) expected = offload_run (SOURCE "fakesink name=sink", NULL);

  apply (expected, offload_sobel);
  apply (expected, shrink);
  offload_compare (frames, expected);
  fail_unless_equals_uint64 (after.flushes - before.flushes, FRAMES);
  fail_unless_equals_uint64 (after.flushed_bytes - before.flushed_bytes, FRAMES * 640 * 360 * 4);
  fail_unless_equals_uint64 (after.invalidates - before.invalidates, FRAMES);
  fail_unless_equals_uint64 (after.invalidated_bytes - before.invalidated_bytes, FRAMES * 320 * 180);
}

GST_END_TEST;

GST_START_TEST (test_a_tee_into_a_core_and_a_display)
{
  static const char line[] = SOURCE "tee name=t "
      "t. ! queue ! " ACCEL ("sobel", GRAY) "! fakesink name=%s sync=false "
      "t. ! queue ! fakesink name=%s sync=false";
  g_autofree char *watch_core = g_strdup_printf (line, "sink", "other");
  g_autofree char *watch_display = g_strdup_printf (line, "other", "sink");
  g_autoptr (GPtrArray) edges = offload_run (watch_core, NULL);
  g_autoptr (GPtrArray) display = offload_run (watch_display, NULL);
  g_autoptr (GPtrArray) expected = offload_run (SOURCE "fakesink name=sink", NULL);

  offload_compare (display, expected);
  apply (expected, offload_sobel);
  offload_compare (edges, expected);
}

GST_END_TEST;

/* What the other branch shows must not change under its eyes: the core gets a copy of its own, and it is counted. */
GST_START_TEST (test_a_tee_into_a_core_that_works_in_place)
{
  static const char line[] = SOURCE "xlnkaccel ! tee name=t "
      "t. ! queue ! " IN_PLACE ("invert") "! fakesink name=%s sync=false "
      "t. ! queue ! fakesink name=%s sync=false";
  g_autofree char *watch_core = g_strdup_printf (line, "sink", "other");
  g_autofree char *watch_display = g_strdup_printf (line, "other", "sink");
  g_autoptr (GstStructure) stats = NULL;
  g_autoptr (GPtrArray) inverted = offload_run (watch_core, &stats);
  g_autoptr (GPtrArray) display = offload_run (watch_display, NULL);
  g_autoptr (GPtrArray) expected = offload_run (SOURCE "fakesink name=sink", NULL);

  offload_compare (display, expected);
  apply (expected, offload_invert);
  offload_compare (inverted, expected);
  fail_unless (offload_number (stats, "copies") > 0);
}

GST_END_TEST;

#define BRANCH(pattern, core) \
  "videotestsrc pattern=" pattern " num-buffers=20 ! video/x-raw,format=RGB,width=320,height=180 ! " core "queue ! c. "
#define COMPOSITOR \
  "compositor name=c sink_1::xpos=320 ! video/x-raw,format=RGB,width=640,height=180 ! fakesink name=sink "

/* Before 1.16 it is in gst-plugins-bad. */
static gboolean
there_is_a_compositor (void)
{
  GstElementFactory *factory = gst_element_factory_find ("compositor");

  if (factory == NULL)
    return FALSE;
  gst_object_unref (factory);
  return TRUE;
}

GST_START_TEST (test_a_compositor_of_two_offloaded_branches)
{
  g_autoptr (GPtrArray) frames = offload_run (COMPOSITOR BRANCH ("smpte", ACCEL ("invert", "") "! ")
      BRANCH ("ball", ACCEL ("copy", "") "! "), NULL);
  g_autoptr (GPtrArray) expected = offload_run (COMPOSITOR BRANCH ("smpte", "") BRANCH ("ball", ""), NULL);

  for (guint i = 0; i < expected->len; i++) {
    OffloadFrame *frame = g_ptr_array_index (expected, i);

    for (gint y = 0; y < 180; y++) {
      for (gint x = 0; x < 320 * 3; x++)
        frame->data[y * 640 * 3 + x] ^= 0xff;
    }
  }
  offload_compare (frames, expected);
}

GST_END_TEST;

GST_START_TEST (test_a_queue_between_two_cores)
{
  g_autoptr (GPtrArray) frames = offload_run (SOURCE ACCEL ("invert", "") "! queue ! "
      ACCEL ("sobel", GRAY " queue-depth=4") "! queue ! fakesink name=sink", NULL);
  g_autoptr (GPtrArray) expected = offload_run (SOURCE "fakesink name=sink", NULL);

  apply (expected, offload_invert);
  apply (expected, offload_sobel);
  offload_compare (frames, expected);
}

GST_END_TEST;

static Suite *
offload_streams_suite (void)
{
  Suite *suite = suite_create ("offload-streams");
  TCase *tcase = xlnk_check_add_case (suite, "streams");

  tcase_add_test (tcase, test_two_cores_in_a_row_need_no_maintenance_between_them);
  tcase_add_test (tcase, test_a_tee_into_a_core_and_a_display);
  tcase_add_test (tcase, test_a_tee_into_a_core_that_works_in_place);
  if (there_is_a_compositor ())
    tcase_add_test (tcase, test_a_compositor_of_two_offloaded_branches);
  tcase_add_test (tcase, test_a_queue_between_two_cores);
  return suite;
}

GST_CHECK_MAIN (offload_streams);
