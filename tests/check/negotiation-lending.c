/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What xlnkaccel lends: its answer to upstream's allocation query, whatever downstream says. */
#include "accelcheck.h"

static guint
find_meta (GstQuery * query, GType api)
{
  guint found = 0;

  for (guint i = 0; i < gst_query_get_n_allocation_metas (query); i++)
    found += gst_query_parse_nth_allocation_meta (query, i, NULL) == api;
  return found;
}

static void
expect_our_allocator (GstQuery * query)
{
  GstAllocator *allocator = accel_query_allocator (query, NULL);

  fail_unless (allocator == GST_ALLOCATOR (xlnk_allocator));
  gst_object_unref (allocator);
}

/* Takes a buffer from the lent pool of @query, as upstream would. */
static GstBuffer *
take_from_pool (GstQuery * query)
{
  GstBufferPool *pool = accel_query_pool (query, NULL, NULL, NULL);
  GstBuffer *buffer;

  fail_unless (GST_IS_XLNK_BUFFER_POOL (pool));
  fail_unless (gst_buffer_pool_set_active (pool, TRUE));
  fail_unless_equals_int (gst_buffer_pool_acquire_buffer (pool, &buffer, NULL), GST_FLOW_OK);
  gst_buffer_pool_set_active (pool, FALSE);
  gst_object_unref (pool);
  return buffer;
}

static guint
pool_size (GstBufferPool * pool)
{
  GstStructure *config = gst_buffer_pool_get_config (pool);
  guint size;

  gst_buffer_pool_config_get_params (config, NULL, &size, NULL, NULL);
  gst_structure_free (config);
  return size;
}

static GstBufferPool *
make_foreign_pool (const char *caps_string, guint size)
{
  GstBufferPool *pool = gst_buffer_pool_new ();
  GstStructure *config = gst_buffer_pool_get_config (pool);
  GstCaps *caps = gst_caps_from_string (caps_string);

  gst_buffer_pool_config_set_params (config, caps, size, 0, 0);
  fail_unless (gst_buffer_pool_set_config (pool, config));
  gst_caps_unref (caps);
  return pool;
}

GST_START_TEST (a_peer_that_refuses_is_no_reason_to_lend_nothing)
{
  Downstream downstream = {.refuses = TRUE };
  GstHarness *h = accel_harness (&downstream);
  GstQuery *query;
  GstBuffer *buffer;

  gst_harness_set_src_caps_str (h, CAPS_RGBA);
  query = accel_ask (h, CAPS_RGBA, TRUE);
  expect_our_allocator (query);
  buffer = take_from_pool (query);
  fail_unless (accel_is_contiguous (buffer));
  fail_unless (gst_buffer_get_size (buffer) >= SIZE_RGBA);
  fail_unless (gst_buffer_get_xlnk_phys_meta (buffer) != NULL);
  gst_buffer_unref (buffer);
  gst_query_unref (query);
  accel_harness_done (h);
}
GST_END_TEST

GST_START_TEST (a_buffer_of_the_lent_pool_has_one_writable_contiguous_memory)
{
  GstHarness *h = accel_harness (NULL);
  GstQuery *query;
  GstBuffer *buffer;
  GstMemory *mem;

  gst_harness_set_src_caps_str (h, CAPS_RGBA);
  query = accel_ask (h, CAPS_RGBA, TRUE);
  buffer = take_from_pool (query);
  mem = gst_buffer_peek_memory (buffer, 0);
  fail_unless_equals_int (gst_buffer_n_memory (buffer), 1);
  fail_unless (GST_MEMORY_IS_PHYSICALLY_CONTIGUOUS (mem));
  fail_unless (gst_xlnk_memory_is_cached (mem));
  fail_unless (gst_memory_is_writable (mem));
  gst_buffer_unref (buffer);
  gst_query_unref (query);
  accel_harness_done (h);
}
GST_END_TEST

GST_START_TEST (the_peer_is_asked_first_with_a_clean_query)
{
  Downstream downstream = {.video_meta = TRUE };
  GstHarness *h = accel_harness (&downstream);
  guint before;

  gst_harness_set_src_caps_str (h, CAPS_RGBA);
  before = downstream.asked;
  gst_query_unref (accel_ask (h, CAPS_RGBA, TRUE));
  fail_unless_equals_int (downstream.asked, before + 1);
  fail_unless (downstream.params_seen == 0 && downstream.pools_seen == 0 && downstream.metas_seen == 0);
  accel_harness_done (h);
}
GST_END_TEST

GST_START_TEST (a_foreign_pool_lends_its_larger_size_and_its_minimum)
{
  const guint larger = SIZE_RGBA + 10000;
  Downstream downstream = {.pool = make_foreign_pool (CAPS_RGBA, larger),.size = larger,.min = 5 };
  GstHarness *h = accel_harness (&downstream);
  GstBufferPool *pool;
  GstQuery *query;
  guint size, min, max;

  gst_harness_set_src_caps_str (h, CAPS_RGBA);
  query = accel_ask (h, CAPS_RGBA, TRUE);
  pool = accel_query_pool (query, &size, &min, &max);
  fail_unless (GST_IS_XLNK_BUFFER_POOL (pool));
  fail_unless (size >= larger);
  fail_unless_equals_int (size, pool_size (pool));
  fail_unless_equals_int (min, 5);
  fail_unless_equals_int (max, 0);
  gst_object_unref (pool);

  /* What the peer offered comes after ours. */
  fail_unless_equals_int (gst_query_get_n_allocation_pools (query), 2);
  gst_query_parse_nth_allocation_pool (query, 1, &pool, &size, &min, NULL);
  fail_unless (pool == downstream.pool && size == larger && min == 5);
  gst_object_unref (pool);

  gst_query_unref (query);
  accel_harness_done (h);
  gst_object_unref (downstream.pool);
}
GST_END_TEST

GST_START_TEST (a_smaller_size_of_the_peer_does_not_shrink_the_frames)
{
  Downstream downstream = {.size = 100,.min = 1 };
  GstHarness *h = accel_harness (&downstream);
  GstQuery *query;
  guint size;

  gst_harness_set_src_caps_str (h, CAPS_RGBA);
  query = accel_ask (h, CAPS_RGBA, TRUE);
  gst_object_unref (accel_query_pool (query, &size, NULL, NULL));
  fail_unless (size >= SIZE_RGBA);
  gst_query_unref (query);
  accel_harness_done (h);
}
GST_END_TEST

GST_START_TEST (an_external_allocator_comes_second_and_its_alignment_is_kept)
{
  Downstream downstream = {.allocator = gst_allocator_find (GST_ALLOCATOR_SYSMEM) };
  GstAllocationParams params;
  GstAllocator *allocator;
  GstHarness *h;
  GstQuery *query;

  gst_allocation_params_init (&downstream.params);
  downstream.params.align = 4095;
  downstream.params.padding = 32;
  h = accel_harness (&downstream);
  gst_harness_set_src_caps_str (h, CAPS_RGBA);
  query = accel_ask (h, CAPS_RGBA, TRUE);

  allocator = accel_query_allocator (query, &params);
  fail_unless (allocator == GST_ALLOCATOR (xlnk_allocator));
  fail_unless (params.align == 4095 && params.padding == 32);
  gst_object_unref (allocator);
  fail_unless_equals_int (gst_query_get_n_allocation_params (query), 2);
  gst_query_parse_nth_allocation_param (query, 1, &allocator, &params);
  fail_unless (allocator == downstream.allocator);
  gst_object_unref (allocator);

  gst_query_unref (query);
  accel_harness_done (h);
  gst_object_unref (downstream.allocator);
}
GST_END_TEST

GST_START_TEST (metas_of_the_peer_are_kept_and_ours_is_added_once)
{
  Downstream downstream = {.video_meta = TRUE };
  GstHarness *h = accel_harness (&downstream);
  GstQuery *query;

  gst_harness_set_src_caps_str (h, CAPS_RGBA);
  query = accel_ask (h, CAPS_RGBA, TRUE);
  fail_unless_equals_int (find_meta (query, GST_VIDEO_META_API_TYPE), 1);
  fail_unless_equals_int (find_meta (query, GST_XLNK_PHYS_META_API_TYPE), 1);
  gst_query_unref (query);
  accel_harness_done (h);
}
GST_END_TEST

/* Or upstream would pad rows, and downstream get stripes or a copy. */
GST_START_TEST (video_meta_is_not_promised_for_a_peer_that_does_not_know_it)
{
  Downstream downstream = {.video_meta = FALSE };
  GstHarness *h = accel_harness (&downstream);
  GstQuery *query;

  gst_harness_set_src_caps_str (h, CAPS_RGBA);
  query = accel_ask (h, CAPS_RGBA, TRUE);
  fail_unless_equals_int (find_meta (query, GST_VIDEO_META_API_TYPE), 0);
  gst_query_unref (query);
  accel_harness_done (h);
}
GST_END_TEST

GST_START_TEST (a_query_without_caps_gets_the_allocator_alone)
{
  GstHarness *h = accel_harness (NULL);
  GstQuery *query = accel_ask (h, NULL, TRUE);

  expect_our_allocator (query);
  fail_unless_equals_int (gst_query_get_n_allocation_pools (query), 0);
  gst_query_unref (query);

  gst_harness_set_src_caps_str (h, CAPS_RGBA);
  query = accel_ask (h, NULL, FALSE);
  expect_our_allocator (query);
  fail_unless_equals_int (gst_query_get_n_allocation_pools (query), 0);
  gst_query_unref (query);
  accel_harness_done (h);
}
GST_END_TEST

/* Defect 14 of the anchors, third part: the caps that count are those of the query. */
GST_START_TEST (defect_14_a_query_before_the_caps_event_or_with_others_is_answered_for_its_own_caps)
{
  static const char other[] = "video/x-raw,format=GRAY8,width=32,height=16,framerate=30/1";
  GstHarness *h = accel_harness (NULL);
  GstQuery *query = accel_ask (h, CAPS_RGBA, TRUE);
  guint size;

  gst_object_unref (accel_query_pool (query, &size, NULL, NULL));
  fail_unless (size >= SIZE_RGBA);
  gst_query_unref (query);

  gst_harness_set_src_caps_str (h, CAPS_RGBA);
  query = accel_ask (h, other, TRUE);
  gst_object_unref (accel_query_pool (query, &size, NULL, NULL));
  fail_unless (size >= 32 * 16 && size < SIZE_RGBA);
  gst_query_unref (query);
  accel_harness_done (h);
}
GST_END_TEST

GST_START_TEST (upstream_that_needs_no_pool_gets_size_and_minimum)
{
  Downstream downstream = {.size = SIZE_RGBA + 4096,.min = 3 };
  GstHarness *h = accel_harness (&downstream);
  GstQuery *query;
  guint size, min;

  gst_harness_set_src_caps_str (h, CAPS_RGBA);
  query = accel_ask (h, CAPS_RGBA, FALSE);
  expect_our_allocator (query);
  fail_unless (accel_query_pool (query, &size, &min, NULL) == NULL);
  fail_unless_equals_int (size, SIZE_RGBA + 4096);
  fail_unless_equals_int (min, 3);
  gst_query_unref (query);
  accel_harness_done (h);
}
GST_END_TEST

GST_START_TEST (a_pool_of_the_peer_that_is_ours_already_is_kept)
{
  GstCaps *caps = gst_caps_from_string (CAPS_RGBA);
  Downstream downstream = {.size = SIZE_RGBA,.min = 2,.allocator = GST_ALLOCATOR (xlnk_allocator) };
  GstHarness *h;
  GstBufferPool *pool;
  GstQuery *query;

  gst_allocation_params_init (&downstream.params);
  downstream.pool = gst_xlnk_buffer_pool_new_with_config (xlnk_allocator, caps, 0, 2, 0);
  h = accel_harness (&downstream);
  gst_harness_set_src_caps_str (h, CAPS_RGBA);
  query = accel_ask (h, CAPS_RGBA, TRUE);
  pool = accel_query_pool (query, NULL, NULL, NULL);
  fail_unless (pool == downstream.pool);
  fail_unless_equals_int (gst_query_get_n_allocation_pools (query), 1);
  fail_unless_equals_int (gst_query_get_n_allocation_params (query), 1);
  gst_object_unref (pool);
  gst_query_unref (query);
  accel_harness_done (h);
  gst_object_unref (downstream.pool);
  gst_caps_unref (caps);
}
GST_END_TEST

GST_START_TEST (each_query_gets_a_pool_of_its_own)
{
  GstHarness *h = accel_harness (NULL);
  GstBufferPool *first, *second;
  GstQuery *queries[2];

  gst_harness_set_src_caps_str (h, CAPS_RGBA);
  queries[0] = accel_ask (h, CAPS_RGBA, TRUE);
  queries[1] = accel_ask (h, CAPS_RGBA, TRUE);
  first = accel_query_pool (queries[0], NULL, NULL, NULL);
  second = accel_query_pool (queries[1], NULL, NULL, NULL);
  fail_unless (first != second);
  fail_unless (!gst_buffer_pool_is_active (first) && !gst_buffer_pool_is_active (second));
  gst_object_unref (first);
  gst_object_unref (second);
  gst_query_unref (queries[0]);
  gst_query_unref (queries[1]);
  accel_harness_done (h);
}
GST_END_TEST

GST_START_TEST (max_buffers_limits_the_lent_pool_even_against_the_peers_minimum)
{
  Downstream downstream = {.size = SIZE_RGBA,.min = 9 };
  GstHarness *h = accel_harness_with (&downstream, "max-buffers", 2, NULL);
  GstBufferPoolAcquireParams params = {.flags = GST_BUFFER_POOL_ACQUIRE_FLAG_DONTWAIT };
  GstBuffer *buffers[3] = { NULL };
  GstBufferPool *pool;
  GstQuery *query;
  guint min, max;

  gst_harness_set_src_caps_str (h, CAPS_RGBA);
  query = accel_ask (h, CAPS_RGBA, TRUE);
  pool = accel_query_pool (query, NULL, &min, &max);
  fail_unless (min == 2 && max == 2);
  fail_unless (gst_buffer_pool_set_active (pool, TRUE));
  for (guint i = 0; i < 2; i++)
    fail_unless_equals_int (gst_buffer_pool_acquire_buffer (pool, &buffers[i], &params), GST_FLOW_OK);
  fail_unless_equals_int (gst_buffer_pool_acquire_buffer (pool, &buffers[2], &params), GST_FLOW_EOS);
  gst_buffer_unref (buffers[0]);
  gst_buffer_unref (buffers[1]);
  gst_buffer_pool_set_active (pool, FALSE);
  gst_object_unref (pool);
  gst_query_unref (query);
  accel_harness_done (h);
}
GST_END_TEST

GST_START_TEST (uncached_is_passed_on_to_pool_and_allocator)
{
  GstHarness *h = accel_harness_with (NULL, "cacheable", FALSE, NULL);
  GstAllocationParams params;
  GstAllocator *allocator;
  GstBuffer *buffer;
  GstQuery *query;
  GstMemory *mem;

  gst_harness_set_src_caps_str (h, CAPS_RGBA);
  query = accel_ask (h, CAPS_RGBA, TRUE);
  buffer = take_from_pool (query);
  fail_unless (!gst_xlnk_memory_is_cached (gst_buffer_peek_memory (buffer, 0)));
  gst_buffer_unref (buffer);

  allocator = accel_query_allocator (query, &params);
  mem = gst_allocator_alloc (allocator, 100, &params);
  fail_unless (!gst_xlnk_memory_is_cached (mem));
  gst_memory_unref (mem);
  gst_object_unref (allocator);
  gst_query_unref (query);
  accel_harness_done (h);
}
GST_END_TEST

/* No size is known for these, and none of them may be a critical warning. */
GST_START_TEST (caps_without_a_known_frame_size_get_the_allocator_alone)
{
  static const char *const caps[] = {
    "audio/x-raw,format=S16LE,rate=44100,channels=2,layout=interleaved",
    "application/octet-stream", "video/x-h264", "image/jpeg,width=640,height=480",
    "video/x-raw", "video/x-raw,format=RGBA", "video/x-raw,width=64,height=48", "video/x-raw,format=RGBA,height=48",
    "video/x-raw,format=NONSENSE,width=64,height=48", "video/x-raw,format=RGBA,width=[1,64],height=48",
    "video/x-raw,format=RGBA,width=0,height=0", "ANY", "EMPTY",
  };
  GstHarness *h = accel_harness (NULL);

  for (guint i = 0; i < G_N_ELEMENTS (caps); i++) {
    GstQuery *query = accel_ask (h, caps[i], TRUE);

    expect_our_allocator (query);
    fail_unless_equals_int (gst_query_get_n_allocation_pools (query), 0);
    gst_query_unref (query);
  }
  accel_harness_done (h);
}
GST_END_TEST

GST_START_TEST (for_bytes_a_foreign_pool_lends_size_and_minimum)
{
  static const char bytes[] = "application/octet-stream";
  Downstream downstream = {.pool = make_foreign_pool (bytes, 5000),.size = 5000,.min = 4 };
  GstHarness *h = accel_harness (&downstream);
  GstQuery *query = accel_ask (h, bytes, TRUE);
  guint size, min;

  expect_our_allocator (query);
  fail_unless (accel_query_pool (query, &size, &min, NULL) == NULL);
  fail_unless (size == 5000 && min == 4);
  gst_query_unref (query);
  accel_harness_done (h);
  gst_object_unref (downstream.pool);
}
GST_END_TEST

GST_START_TEST (a_frame_of_more_than_32_bits_gets_no_pool_and_no_crash)
{
  static const char caps[] = "video/x-raw,format=RGBA64_LE,width=32000,height=32000,framerate=30/1";
  GstHarness *h = accel_harness (NULL);
  GstQuery *query = accel_ask (h, caps, TRUE);

  expect_our_allocator (query);
  fail_unless_equals_int (gst_query_get_n_allocation_pools (query), 0);
  gst_query_unref (query);
  accel_harness_done (h);
}
GST_END_TEST

GST_START_TEST (caps_of_foreign_memory_are_forwarded_untouched)
{
  static const char dmabuf[] = "video/x-raw(memory:DMABuf),format=RGBA,width=64,height=48,framerate=30/1";
  Downstream downstream = {.size = 12345,.min = 1 };
  GstHarness *h = accel_harness (&downstream);
  GstQuery *query = accel_ask (h, dmabuf, TRUE);
  GstCaps *caps;
  guint size;

  fail_unless (accel_query_pool (query, &size, NULL, NULL) == NULL);
  fail_unless_equals_int (size, 12345);
  fail_unless_equals_int (gst_query_get_n_allocation_params (query), 0);
  fail_unless_equals_int (gst_query_get_n_allocation_metas (query), 0);
  gst_query_unref (query);

  /* The peer's no is the answer. */
  downstream.refuses = TRUE;
  caps = gst_caps_from_string (dmabuf);
  query = gst_query_new_allocation (caps, TRUE);
  fail_if (gst_pad_peer_query (h->srcpad, query));
  gst_query_unref (query);
  gst_caps_unref (caps);
  accel_harness_done (h);
}
GST_END_TEST

GST_START_TEST (other_features_of_system_memory_get_the_pool)
{
  static const char *const caps[] = {
    "video/x-raw(meta:GstVideoOverlayComposition),format=RGBA,width=64,height=48,framerate=30/1",
    "video/x-raw(memory:SystemMemory,meta:GstVideoOverlayComposition),format=RGBA,width=64,height=48,framerate=30/1",
  };
  GstHarness *h = accel_harness (NULL);

  for (guint i = 0; i < G_N_ELEMENTS (caps); i++) {
    GstQuery *query = accel_ask (h, caps[i], TRUE);
    GstBufferPool *pool = accel_query_pool (query, NULL, NULL, NULL);

    fail_unless (GST_IS_XLNK_BUFFER_POOL (pool));
    gst_object_unref (pool);
    gst_query_unref (query);
  }
  accel_harness_done (h);
}
GST_END_TEST

/* Two elements in a row share the pool of the second. */
GST_START_TEST (two_in_a_row_lend_one_pool)
{
  GstHarness *h = gst_harness_new ("xlnkaccel");
  GstBufferPool *pool;
  GstQuery *query;

  gst_harness_add_sink (h, "xlnkaccel");
  gst_harness_set_src_caps_str (h, CAPS_RGBA);
  query = accel_ask (h, CAPS_RGBA, TRUE);
  pool = accel_query_pool (query, NULL, NULL, NULL);
  fail_unless (GST_IS_XLNK_BUFFER_POOL (pool));
  fail_unless_equals_int (gst_query_get_n_allocation_pools (query), 1);
  expect_our_allocator (query);
  gst_object_unref (pool);
  gst_query_unref (query);
  gst_harness_teardown (h);
}
GST_END_TEST

static Suite *
negotiation_lending_suite (void)
{
  Suite *suite = suite_create ("negotiation-lending");
  TCase *test_case = xlnk_check_add_case (suite, "general");

  tcase_add_test (test_case, a_peer_that_refuses_is_no_reason_to_lend_nothing);
  tcase_add_test (test_case, a_buffer_of_the_lent_pool_has_one_writable_contiguous_memory);
  tcase_add_test (test_case, the_peer_is_asked_first_with_a_clean_query);
  tcase_add_test (test_case, a_foreign_pool_lends_its_larger_size_and_its_minimum);
  tcase_add_test (test_case, a_smaller_size_of_the_peer_does_not_shrink_the_frames);
  tcase_add_test (test_case, an_external_allocator_comes_second_and_its_alignment_is_kept);
  tcase_add_test (test_case, metas_of_the_peer_are_kept_and_ours_is_added_once);
  tcase_add_test (test_case, video_meta_is_not_promised_for_a_peer_that_does_not_know_it);
  tcase_add_test (test_case, a_query_without_caps_gets_the_allocator_alone);
  tcase_add_test (test_case, defect_14_a_query_before_the_caps_event_or_with_others_is_answered_for_its_own_caps);
  tcase_add_test (test_case, upstream_that_needs_no_pool_gets_size_and_minimum);
  tcase_add_test (test_case, a_pool_of_the_peer_that_is_ours_already_is_kept);
  tcase_add_test (test_case, each_query_gets_a_pool_of_its_own);
  tcase_add_test (test_case, max_buffers_limits_the_lent_pool_even_against_the_peers_minimum);
  tcase_add_test (test_case, uncached_is_passed_on_to_pool_and_allocator);
  tcase_add_test (test_case, caps_without_a_known_frame_size_get_the_allocator_alone);
  tcase_add_test (test_case, for_bytes_a_foreign_pool_lends_size_and_minimum);
  tcase_add_test (test_case, a_frame_of_more_than_32_bits_gets_no_pool_and_no_crash);
  tcase_add_test (test_case, caps_of_foreign_memory_are_forwarded_untouched);
  tcase_add_test (test_case, other_features_of_system_memory_get_the_pool);
  tcase_add_test (test_case, two_in_a_row_lend_one_pool);
  return suite;
}

GST_CHECK_MAIN (negotiation_lending);
