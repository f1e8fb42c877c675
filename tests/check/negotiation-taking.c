/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What xlnkaccel takes: what becomes of downstream's answer, and of renegotiation. */
#include "accelcheck.h"

#include <gst/base/gstbasetransform.h>

static GstBufferPool *
get_own_pool (GstHarness * h)
{
  return gst_base_transform_get_buffer_pool (GST_BASE_TRANSFORM (h->element));
}

static void
read_config (GstBufferPool * pool, guint * size, guint * min, guint * max, GstAllocationParams * params)
{
  GstStructure *config = gst_buffer_pool_get_config (pool);

  gst_buffer_pool_config_get_params (config, NULL, size, min, max);
  gst_buffer_pool_config_get_allocator (config, NULL, params);
  gst_structure_free (config);
}

GST_START_TEST (pool_and_allocator_are_ours_without_any_offer)
{
  Downstream downstream = {.refuses = TRUE };
  GstHarness *h = accel_harness (&downstream);
  GstAllocator *allocator;
  GstBufferPool *pool;

  gst_harness_set_src_caps_str (h, CAPS_RGBA);
  pool = get_own_pool (h);
  fail_unless (GST_IS_XLNK_BUFFER_POOL (pool));
  fail_unless (!gst_buffer_pool_is_active (pool));
  gst_base_transform_get_allocator (GST_BASE_TRANSFORM (h->element), &allocator, NULL);
  fail_unless (allocator == GST_ALLOCATOR (xlnk_allocator));
  gst_object_unref (allocator);
  gst_object_unref (pool);
  accel_harness_done (h);
}
GST_END_TEST

GST_START_TEST (a_foreign_pool_lends_only_size_and_minimum)
{
  const guint larger = SIZE_RGBA + 8192;
  Downstream downstream = {.pool = gst_buffer_pool_new (),.size = larger,.min = 3 };
  GstHarness *h = accel_harness (&downstream);
  GstBufferPool *pool;
  GstBuffer *buffer;
  guint size, min, max;

  gst_harness_set_src_caps_str (h, CAPS_RGBA);
  buffer = accel_push_and_pull (h, accel_system_buffer (SIZE_RGBA, 1));
  fail_unless (accel_is_contiguous (buffer));
  fail_unless (accel_is_filled (buffer, SIZE_RGBA, 1));
  fail_if (gst_buffer_pool_is_active (downstream.pool));

  pool = get_own_pool (h);
  fail_unless (buffer->pool == pool);
  read_config (pool, &size, &min, &max, NULL);
  fail_unless (size >= larger);
  fail_unless_equals_int (min, 4);      /* one more is being filled */
  gst_object_unref (pool);
  gst_buffer_unref (buffer);
  accel_harness_done (h);
  fail_unless_equals_int (GST_OBJECT_REFCOUNT (downstream.pool), 1);
  gst_object_unref (downstream.pool);
}
GST_END_TEST

GST_START_TEST (the_peers_alignment_is_asked_of_our_memory)
{
  Downstream downstream = {.has_params = TRUE };
  GstAllocationParams params;
  GstHarness *h;
  GstBufferPool *pool;

  gst_allocation_params_init (&downstream.params);
  downstream.params.align = 8191;
  downstream.params.prefix = 256;
  h = accel_harness (&downstream);
  gst_harness_set_src_caps_str (h, CAPS_RGBA);
  pool = get_own_pool (h);
  read_config (pool, NULL, NULL, NULL, &params);
  fail_unless_equals_int (params.align, 8191);
  fail_unless_equals_int (params.prefix, 256);
  gst_object_unref (pool);
  accel_harness_done (h);
}
GST_END_TEST

GST_START_TEST (a_pool_of_the_peer_of_our_kind_is_not_used_for_copies)
{
  GstCaps *caps = gst_caps_from_string (CAPS_RGBA);
  Downstream downstream = {.size = SIZE_RGBA,.min = 1 };
  GstHarness *h;
  GstBuffer *buffer;

  downstream.pool = gst_xlnk_buffer_pool_new_with_config (xlnk_allocator, caps, 0, 1, 0);
  h = accel_harness (&downstream);
  gst_harness_set_src_caps_str (h, CAPS_RGBA);
  buffer = accel_push_and_pull (h, accel_system_buffer (SIZE_RGBA, 1));
  fail_if (buffer->pool == downstream.pool);
  gst_buffer_unref (buffer);
  accel_harness_done (h);
  gst_object_unref (downstream.pool);
  gst_caps_unref (caps);
}
GST_END_TEST

GST_START_TEST (max_buffers_and_caching_hold_for_the_own_pool)
{
  GstHarness *h = accel_harness_with (NULL, "max-buffers", 1, "cacheable", FALSE, NULL);
  GstBufferPool *pool;
  GstBuffer *buffer;
  guint min, max;

  gst_harness_set_src_caps_str (h, CAPS_RGBA);
  pool = get_own_pool (h);
  read_config (pool, NULL, &min, &max, NULL);
  fail_unless (min == 1 && max == 1);
  gst_object_unref (pool);
  buffer = accel_push_and_pull (h, accel_system_buffer (SIZE_RGBA, 1));
  fail_if (gst_xlnk_memory_is_cached (gst_buffer_peek_memory (buffer, 0)));
  fail_unless (accel_is_filled (buffer, SIZE_RGBA, 1));
  gst_buffer_unref (buffer);
  accel_harness_done (h);
}
GST_END_TEST

GST_START_TEST (bytes_and_foreign_memory_negotiate_without_a_pool)
{
  static const char *const caps[] = { "application/octet-stream", "video/x-raw,format=RGBA",
    "video/x-raw(memory:DMABuf),format=RGBA,width=64,height=48,framerate=30/1",
    "audio/x-raw,format=S16LE,rate=44100,channels=2,layout=interleaved"
  };

  for (guint i = 0; i < G_N_ELEMENTS (caps); i++) {
    Downstream downstream = {.pool = gst_buffer_pool_new (),.size = 4096 };
    GstHarness *h = accel_harness (&downstream);

    gst_harness_set_src_caps_str (h, caps[i]);
    fail_unless (get_own_pool (h) == NULL, "%s", caps[i]);
    accel_harness_done (h);
    gst_object_unref (downstream.pool);
  }
}
GST_END_TEST

/* Defect 14 of the anchors: what an allocation query made is given back by the next. */
GST_START_TEST (defect_14_renegotiating_100_times_keeps_the_live_count)
{
  static const char other[] = "video/x-raw,format=GRAY8,width=64,height=48,framerate=30/1";
  GstHarness *h = accel_harness (NULL);
  guint64 live = 0;

  for (guint i = 0; i < 100; i++) {
    gboolean even = i % 2 == 0;

    gst_harness_set_src_caps_str (h, even ? CAPS_RGBA : other);
    gst_query_unref (accel_ask (h, even ? CAPS_RGBA : other, TRUE));
    gst_buffer_unref (accel_push_and_pull (h, accel_system_buffer (even ? SIZE_RGBA : 64 * 48, i)));
    if (i == 1)
      live = board_live_buffers ();
    if (i > 1)
      fail_unless_equals_uint64 (board_live_buffers (), live);
  }
  fail_unless (live > 0);
  fail_unless_equals_uint64 (accel_stat (h->element, "copies"), 100);
  accel_harness_done (h);
}
GST_END_TEST

GST_START_TEST (defect_14_a_reconfigure_event_100_times_keeps_the_live_count)
{
  Downstream downstream = {.video_meta = TRUE };
  GstHarness *h = accel_harness (&downstream);
  guint64 live = 0;

  gst_harness_set_src_caps_str (h, CAPS_RGBA);
  for (guint i = 0; i < 100; i++) {
    fail_unless (gst_harness_push_upstream_event (h, gst_event_new_reconfigure ()));
    gst_buffer_unref (accel_push_and_pull (h, accel_system_buffer (SIZE_RGBA, i)));
    if (i == 1)
      live = board_live_buffers ();
    if (i > 1)
      fail_unless_equals_uint64 (board_live_buffers (), live);
  }
  fail_unless (downstream.asked >= 100);
  accel_harness_done (h);
}
GST_END_TEST

GST_START_TEST (defect_14_a_whole_pipeline_renegotiates_100_times_with_a_bounded_live_count)
{
  GstElement *pipeline = gst_parse_launch ("videotestsrc ! capsfilter name=filter caps=video/x-raw,width=64,height=48 "
      "! xlnkaccel name=accel require-zero-copy=true ! appsink name=out sync=false max-buffers=1 drop=false", NULL);
  GstElement *filter = gst_bin_get_by_name (GST_BIN (pipeline), "filter");
  GstElement *out = gst_bin_get_by_name (GST_BIN (pipeline), "out");
  gint width = 0;

  gst_element_set_state (pipeline, GST_STATE_PLAYING);
  for (gint i = 0; i < 100; i++) {
    GstCaps *caps = gst_caps_new_simple ("video/x-raw", "width", G_TYPE_INT, 64 + 2 * i, "height", G_TYPE_INT, 48,
        NULL);

    g_object_set (filter, "caps", caps, NULL);
    gst_caps_unref (caps);
    for (guint tries = 0; width != 64 + 2 * i; tries++) {
      GstSample *sample;

      g_signal_emit_by_name (out, "pull-sample", &sample);
      fail_unless (sample != NULL && tries < 100);
      gst_structure_get_int (gst_caps_get_structure (gst_sample_get_caps (sample), 0), "width", &width);
      gst_sample_unref (sample);
    }
    fail_unless (board_live_buffers () <= 10);
  }
  gst_element_set_state (pipeline, GST_STATE_NULL);
  gst_object_unref (filter);
  gst_object_unref (out);
  gst_object_unref (pipeline);
}
GST_END_TEST

static Suite *
negotiation_taking_suite (void)
{
  Suite *suite = suite_create ("negotiation-taking");
  TCase *test_case = xlnk_check_add_case (suite, "general");

  tcase_add_test (test_case, pool_and_allocator_are_ours_without_any_offer);
  tcase_add_test (test_case, a_foreign_pool_lends_only_size_and_minimum);
  tcase_add_test (test_case, the_peers_alignment_is_asked_of_our_memory);
  tcase_add_test (test_case, a_pool_of_the_peer_of_our_kind_is_not_used_for_copies);
  tcase_add_test (test_case, max_buffers_and_caching_hold_for_the_own_pool);
  tcase_add_test (test_case, bytes_and_foreign_memory_negotiate_without_a_pool);
  tcase_add_test (test_case, defect_14_renegotiating_100_times_keeps_the_live_count);
  tcase_add_test (test_case, defect_14_a_reconfigure_event_100_times_keeps_the_live_count);
  tcase_add_test (test_case, defect_14_a_whole_pipeline_renegotiates_100_times_with_a_bounded_live_count);
  return suite;
}

GST_CHECK_MAIN (negotiation_taking);
