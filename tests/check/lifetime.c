/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Buffers outlive everything that made them. */
#include "accelcheck.h"

/* No fixture: nothing but the buffer is to keep the allocator and the device. (GstBufferPool frees its idle buffers only
 * when the last one is back, so a held buffer can keep some more alive.) */

/* Threads of GStreamer may hold a pipeline for a moment longer than we do. */
static void
expect_no_buffers (void)
{
  for (guint i = 0; i < 5000 && board_live_buffers () > 0; i++)
    g_usleep (1000);
  fail_unless_equals_uint64 (board_live_buffers (), 0);
}

static GstSample *
pull_sample_and_tear_down (const char *middle)
{
  gchar *line = g_strdup_printf ("videotestsrc num-buffers=5 pattern=white ! video/x-raw,format=GRAY8,width=64,height=48 "
      "! %s ! appsink name=out sync=false", middle);
  GstElement *pipeline = gst_parse_launch (line, NULL);
  GstElement *out = gst_bin_get_by_name (GST_BIN (pipeline), "out");
  GstSample *sample;

  g_free (line);
  gst_element_set_state (pipeline, GST_STATE_PLAYING);
  g_signal_emit_by_name (out, "pull-sample", &sample);
  fail_unless (sample != NULL);
  gst_element_set_state (pipeline, GST_STATE_NULL);
  gst_object_unref (out);
  gst_object_unref (pipeline);
  return sample;
}

#define WHITE 0xeb              /* in video range */

static void
expect_white (GstSample * sample)
{
  GstBuffer *buffer = gst_sample_get_buffer (sample);
  GstMapInfo info;

  fail_unless (accel_is_contiguous (buffer));
  fail_unless (gst_buffer_map (buffer, &info, GST_MAP_READ));
  for (guint i = 0; i < 64 * 48; i++)
    fail_unless_equals_int (info.data[i], WHITE);
  gst_buffer_unmap (buffer, &info);
}

GST_START_TEST (a_sample_of_the_lent_pool_stays_readable_when_the_pipeline_is_gone)
{
  GstSample *sample = pull_sample_and_tear_down ("xlnkaccel require-zero-copy=true");

  fail_unless (board_live_buffers () >= 1);
  expect_white (sample);
  gst_sample_unref (sample);
  expect_no_buffers ();
}
GST_END_TEST

GST_START_TEST (a_sample_of_the_own_pool_stays_readable_when_the_pipeline_is_gone)
{
  GstSample *sample = pull_sample_and_tear_down ("identity drop-allocation=true ! xlnkaccel");

  fail_unless (board_live_buffers () >= 1);
  expect_white (sample);
  gst_sample_unref (sample);
  expect_no_buffers ();
}
GST_END_TEST

GST_START_TEST (a_sample_still_has_its_address_when_the_pipeline_is_gone)
{
  GstSample *sample = pull_sample_and_tear_down ("xlnkaccel");
  GstXlnkPlanes planes;
  GstVideoInfo info;

  fail_unless (gst_video_info_from_caps (&info, gst_sample_get_caps (sample)));
  fail_unless (gst_xlnk_buffer_get_planes (gst_sample_get_buffer (sample), &info, &planes));
  fail_unless (board_device_sees (planes.phys_addr[0], WHITE, planes.size[0]));
  gst_sample_unref (sample);
  expect_no_buffers ();
}
GST_END_TEST

/* device=/dev/xlnk: a device that is not the default one is in no registry, so the element holds the last reference. */
GST_START_TEST (a_buffer_outlives_element_pool_and_allocator)
{
  GstHarness *h = accel_harness_with (NULL, "device", "/dev/xlnk", NULL);
  GstXlnkAllocator *allocator;
  GWeakRef weak_allocator, weak_pool;
  GstBuffer *buffer;
  GObject *object;

  gst_harness_set_src_caps_str (h, CAPS_RGBA);
  buffer = accel_push_and_pull (h, accel_system_buffer (SIZE_RGBA, 1));
  allocator = gst_xlnk_allocator_get ("/dev/xlnk", NULL);
  g_weak_ref_init (&weak_allocator, allocator);
  g_weak_ref_init (&weak_pool, buffer->pool);
  gst_object_unref (allocator);
  accel_harness_done (h);

  fail_unless (accel_is_filled (buffer, SIZE_RGBA, 1));
  object = g_weak_ref_get (&weak_allocator);
  fail_unless (object != NULL);
  g_object_unref (object);
  gst_buffer_unref (buffer);

  fail_unless (g_weak_ref_get (&weak_pool) == NULL);
  fail_unless (g_weak_ref_get (&weak_allocator) == NULL);
  g_weak_ref_clear (&weak_allocator);
  g_weak_ref_clear (&weak_pool);
  expect_no_buffers ();
}
GST_END_TEST

GST_START_TEST (a_lent_pool_outlives_the_element)
{
  GstHarness *h = accel_harness_with (NULL, "device", "/dev/xlnk", NULL);
  GstBufferPool *pool;
  GstBuffer *buffer;
  GstQuery *query;

  gst_harness_set_src_caps_str (h, CAPS_RGBA);
  query = accel_ask (h, CAPS_RGBA, TRUE);
  pool = accel_query_pool (query, NULL, NULL, NULL);
  gst_query_unref (query);
  accel_harness_done (h);

  fail_unless (gst_buffer_pool_set_active (pool, TRUE));
  fail_unless_equals_int (gst_buffer_pool_acquire_buffer (pool, &buffer, NULL), GST_FLOW_OK);
  fail_unless (accel_is_contiguous (buffer));
  gst_buffer_pool_set_active (pool, FALSE);
  gst_object_unref (pool);
  accel_fill (buffer, 3);
  fail_unless (accel_is_filled (buffer, gst_buffer_get_size (buffer), 3));
  gst_buffer_unref (buffer);
  expect_no_buffers ();
}
GST_END_TEST

GST_START_TEST (a_query_that_upstream_keeps_keeps_no_buffers)
{
  GstHarness *h = accel_harness (NULL);
  GstQuery *query;

  gst_harness_set_src_caps_str (h, CAPS_RGBA);
  query = accel_ask (h, CAPS_RGBA, TRUE);
  accel_harness_done (h);
  expect_no_buffers ();
  gst_query_unref (query);
}
GST_END_TEST

/* The base class knows the pool of a video, and none for bytes. */
GST_START_TEST (going_to_ready_frees_the_own_pool)
{
  static const char *const caps[] = { CAPS_RGBA, "application/octet-stream" };

  for (guint i = 0; i < G_N_ELEMENTS (caps); i++) {
    GstHarness *h = accel_harness (NULL);

    gst_harness_set_src_caps_str (h, caps[i]);
    gst_buffer_unref (accel_push_and_pull (h, accel_system_buffer (SIZE_RGBA, 1)));
    fail_unless (board_live_buffers () > 0);
    gst_element_set_state (h->element, GST_STATE_READY);
    fail_unless_equals_uint64 (board_live_buffers (), 0);
    accel_harness_done (h);
  }
}
GST_END_TEST

static Suite *
lifetime_suite (void)
{
  Suite *suite = suite_create ("lifetime");
  TCase *test_case = tcase_create ("general");

  suite_add_tcase (suite, test_case);
  tcase_add_test (test_case, a_sample_of_the_lent_pool_stays_readable_when_the_pipeline_is_gone);
  tcase_add_test (test_case, a_sample_of_the_own_pool_stays_readable_when_the_pipeline_is_gone);
  tcase_add_test (test_case, a_sample_still_has_its_address_when_the_pipeline_is_gone);
  tcase_add_test (test_case, a_buffer_outlives_element_pool_and_allocator);
  tcase_add_test (test_case, a_lent_pool_outlives_the_element);
  tcase_add_test (test_case, a_query_that_upstream_keeps_keeps_no_buffers);
  tcase_add_test (test_case, going_to_ready_frees_the_own_pool);
  return suite;
}

GST_CHECK_MAIN (lifetime);
