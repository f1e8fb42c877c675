/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * pool-limits.c: GstXlnkBufferPool when memory or buffers run out.
 */
#include "xlnkcheck.h"

/*** memory runs out ***/

/* GStreamer before 1.29.2 keeps what it had when a start fails half-way. */
static void
check_failed_start (GstCaps * caps)
{
  GstBufferPool *pool = gst_xlnk_buffer_pool_new_with_config (xlnk_allocator, caps, 1000000, 40, 0);
  GstStructure *config;
  GstBuffer *buffer;

  fail_if (gst_buffer_pool_set_active (pool, TRUE));
  fail_if (gst_buffer_pool_is_active (pool));
  fail_unless_equals_uint64 (board_live_buffers (), 0);
  /* It is as good as new. */
  config = gst_buffer_pool_get_config (pool);
  gst_buffer_pool_config_set_params (config, caps, 1000000, 4, 0);
  fail_unless (gst_buffer_pool_set_config (pool, config));
  fail_unless (gst_buffer_pool_set_active (pool, TRUE));
  fail_unless_equals_uint64 (board_live_buffers (), 4);
  buffer = xlnk_check_acquire (pool);
  gst_buffer_unref (buffer);
  xlnk_check_stop_and_drop (pool);
}

GST_START_TEST (defect_03_failed_start_leaves_nothing)
{
  GstCaps *bytes = gst_caps_new_empty_simple ("application/octet-stream");
  GstCaps *video = xlnk_check_video_caps ("GRAY8", 1000, 1000);

  check_failed_start (bytes);
  check_failed_start (video);
  gst_caps_unref (bytes);
  gst_caps_unref (video);
}

GST_END_TEST;

GST_START_TEST (defect_10_pool_goes_after_a_failed_start)
{
  GstBufferPool *pool = xlnk_check_bytes_pool (1000000, 40, 0);

  fail_if (gst_buffer_pool_set_active (pool, TRUE));
  ASSERT_OBJECT_REFCOUNT (pool, "pool", 1);
  gst_object_unref (pool);
  /* Its reference to the allocator too. */
  ASSERT_OBJECT_REFCOUNT (xlnk_allocator, "allocator", 1);
}

GST_END_TEST;

GST_START_TEST (defect_16_failing_allocation_gives_no_buffer)
{
  GstBufferPool *pool = xlnk_check_bytes_pool (1 << 20, 1, 0);
  GstBuffer *first, *second = NULL;
  GPtrArray *taken;

  fail_unless (gst_buffer_pool_set_active (pool, TRUE));
  first = xlnk_check_acquire (pool);
  taken = xlnk_check_exhaust (1 << 18);
  fail_unless_equals_int (gst_buffer_pool_acquire_buffer (pool, &second, NULL), GST_FLOW_ERROR);
  fail_unless (second == NULL);
  xlnk_check_release (taken);
  second = xlnk_check_acquire (pool);
  gst_buffer_unref (second);
  gst_buffer_unref (first);
  xlnk_check_stop_and_drop (pool);
}

GST_END_TEST;

GST_START_TEST (allocations_while_running_are_counted)
{
  GstBufferPool *pool = xlnk_check_bytes_pool (1000, 1, 3);
  GstXlnkBufferPool *ours = GST_XLNK_BUFFER_POOL (pool);
  GstBuffer *buffers[3];

  fail_unless (gst_buffer_pool_set_active (pool, TRUE));
  fail_unless_equals_uint64 (gst_xlnk_buffer_pool_get_runtime_allocations (ours), 0);
  xlnk_check_count_log ("GST_PERFORMANCE", GST_LEVEL_INFO);
  for (gsize i = 0; i < 3; i++)
    buffers[i] = xlnk_check_acquire (pool);
  fail_unless_equals_uint64 (gst_xlnk_buffer_pool_get_runtime_allocations (ours), 2);
  fail_unless (xlnk_check_logged () >= 2);
  for (gsize i = 0; i < 3; i++)
    gst_buffer_unref (buffers[i]);
  for (gsize i = 0; i < 3; i++)
    gst_buffer_unref (xlnk_check_acquire (pool));
  fail_unless_equals_uint64 (gst_xlnk_buffer_pool_get_runtime_allocations (ours), 2);
  xlnk_check_stop_and_drop (pool);
}

GST_END_TEST;

/*** buffers run out ***/

static gpointer
wait_for_a_buffer (gpointer data)
{
  GstBuffer *buffer = NULL;
  GstFlowReturn result = gst_buffer_pool_acquire_buffer (data, &buffer, NULL);

  if (buffer)
    gst_buffer_unref (buffer);
  return GINT_TO_POINTER (result);
}

static void
wait_until_logged (guint count)
{
  for (int i = 0; i < 2000 && xlnk_check_logged () < count; i++)
    g_usleep (1000);
}

GST_START_TEST (starvation_is_said_once_and_blocks)
{
  GstBufferPool *pool = xlnk_check_bytes_pool (1000, 2, 2);
  GstBuffer *first, *second;
  GThread *waiter;

  fail_unless (gst_buffer_pool_set_active (pool, TRUE));
  xlnk_check_count_log ("xlnkpool", GST_LEVEL_WARNING);
  first = xlnk_check_acquire (pool);
  second = xlnk_check_acquire (pool);
  fail_unless_equals_int (xlnk_check_logged (), 0);
  for (int round = 0; round < 3; round++) {
    waiter = g_thread_new ("waiter", wait_for_a_buffer, pool);
    wait_until_logged (1);
    fail_unless_equals_int (xlnk_check_logged (), 1);
    fail_unless (xlnk_check_log_mentions ("all 2 buffers"));
    fail_unless (xlnk_check_log_mentions ("max-buffers"));
    g_usleep (20000);
    gst_buffer_unref (second);
    fail_unless_equals_int (GPOINTER_TO_INT (g_thread_join (waiter)), GST_FLOW_OK);
    second = xlnk_check_acquire (pool);
  }
  fail_unless_equals_int (xlnk_check_logged (), 1);
  gst_buffer_unref (first);
  gst_buffer_unref (second);
  xlnk_check_stop_and_drop (pool);
}

GST_END_TEST;

/* Who does not want to wait is not starving. */
GST_START_TEST (dontwait_is_no_starvation)
{
  GstBufferPoolAcquireParams params = {.flags = GST_BUFFER_POOL_ACQUIRE_FLAG_DONTWAIT };
  GstBufferPool *pool = xlnk_check_bytes_pool (1000, 1, 1);
  GstBuffer *first, *second = NULL;

  fail_unless (gst_buffer_pool_set_active (pool, TRUE));
  xlnk_check_count_log ("xlnkpool", GST_LEVEL_WARNING);
  first = xlnk_check_acquire (pool);
  fail_unless_equals_int (gst_buffer_pool_acquire_buffer (pool, &second, &params), GST_FLOW_EOS);
  fail_unless (second == NULL);
  fail_unless_equals_int (xlnk_check_logged (), 0);
  gst_buffer_unref (first);
  xlnk_check_stop_and_drop (pool);
}

GST_END_TEST;

GST_START_TEST (flushing_wakes_who_waits)
{
  GstBufferPool *pool = xlnk_check_bytes_pool (1000, 1, 1);
  GstBuffer *buffer;
  GThread *waiter;

  fail_unless (gst_buffer_pool_set_active (pool, TRUE));
  xlnk_check_count_log ("xlnkpool", GST_LEVEL_WARNING);
  buffer = xlnk_check_acquire (pool);
  waiter = g_thread_new ("waiter", wait_for_a_buffer, pool);
  wait_until_logged (1);
  g_usleep (5000);
  gst_buffer_pool_set_flushing (pool, TRUE);
  fail_unless_equals_int (GPOINTER_TO_INT (g_thread_join (waiter)), GST_FLOW_FLUSHING);
  gst_buffer_pool_set_flushing (pool, FALSE);
  gst_buffer_unref (buffer);
  gst_buffer_unref (xlnk_check_acquire (pool));
  xlnk_check_stop_and_drop (pool);
}

GST_END_TEST;

GST_START_TEST (inactive_pool_is_flushing)
{
  GstBufferPool *pool = xlnk_check_bytes_pool (1000, 1, 1);

  fail_unless_equals_int (GPOINTER_TO_INT (wait_for_a_buffer (pool)), GST_FLOW_FLUSHING);
  fail_unless (gst_buffer_pool_set_active (pool, TRUE));
  gst_buffer_unref (xlnk_check_acquire (pool));
  fail_unless (gst_buffer_pool_set_active (pool, FALSE));
  fail_unless_equals_int (GPOINTER_TO_INT (wait_for_a_buffer (pool)), GST_FLOW_FLUSHING);
  gst_object_unref (pool);
}

GST_END_TEST;

static Suite *
pool_limits_suite (void)
{
  Suite *suite = suite_create ("pool-limits");
  TCase *tc = xlnk_check_add_case (suite, "pool-limits");

  tcase_add_test (tc, defect_03_failed_start_leaves_nothing);
  tcase_add_test (tc, defect_10_pool_goes_after_a_failed_start);
  tcase_add_test (tc, defect_16_failing_allocation_gives_no_buffer);
  tcase_add_test (tc, allocations_while_running_are_counted);
  tcase_add_test (tc, starvation_is_said_once_and_blocks);
  tcase_add_test (tc, dontwait_is_no_starvation);
  tcase_add_test (tc, flushing_wakes_who_waits);
  tcase_add_test (tc, inactive_pool_is_flushing);
  return suite;
}

GST_CHECK_MAIN (pool_limits);
