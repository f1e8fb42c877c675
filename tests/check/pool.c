/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * pool.c: GstXlnkBufferPool: what its buffers are, how it is configured, and what recycling keeps.
 */
#include <gst/video/video.h>

#include "xlnkcheck.h"

static guint64
phys_of (GstBuffer * buffer)
{
  return gst_xlnk_memory_get_phys_addr (gst_buffer_peek_memory (buffer, 0));
}

static void
check_is_ours (GstBuffer * buffer)
{
  GstXlnkPhysMeta *meta = gst_buffer_get_xlnk_phys_meta (buffer);

  fail_unless_equals_int (gst_buffer_n_memory (buffer), 1);
  fail_unless (gst_is_xlnk_memory (gst_buffer_peek_memory (buffer, 0)));
  fail_unless (meta != NULL);
  fail_unless (GST_META_FLAG_IS_SET (&meta->meta, GST_META_FLAG_POOLED));
  fail_unless (GST_META_FLAG_IS_SET (&meta->meta, GST_META_FLAG_LOCKED));
}

GST_START_TEST (video_buffers_are_contiguous)
{
  GstCaps *caps = xlnk_check_video_caps ("I420", 641, 359);
  GstBufferPool *pool = gst_xlnk_buffer_pool_new_with_config (xlnk_allocator, caps, 0, 2, 2);
  GstVideoInfo info;
  GstBuffer *buffer;

  fail_unless (pool != NULL);
  fail_unless (gst_xlnk_buffer_pool_get_allocator (GST_XLNK_BUFFER_POOL (pool)) == xlnk_allocator);
  fail_unless (gst_buffer_pool_set_active (pool, TRUE));
  fail_unless_equals_uint64 (board_live_buffers (), 2);
  fail_unless (gst_video_info_from_caps (&info, caps));
  for (int round = 0; round < 4; round++) {
    buffer = xlnk_check_acquire (pool);
    check_is_ours (buffer);
    fail_unless (gst_buffer_get_video_meta (buffer) != NULL);
    fail_unless_equals_uint64 (gst_buffer_get_size (buffer), GST_VIDEO_INFO_SIZE (&info));
    gst_buffer_unref (buffer);
  }
  fail_unless_equals_uint64 (board_live_buffers (), 2);
  xlnk_check_stop_and_drop (pool);
  gst_caps_unref (caps);
}

GST_END_TEST;

/* The video pool itself refuses both. */
GST_START_TEST (other_caps_and_none_are_bytes)
{
  GstCaps *caps[] = { NULL, gst_caps_new_empty_simple ("audio/x-raw"), gst_caps_new_empty_simple ("image/jpeg") };

  for (gsize i = 0; i < G_N_ELEMENTS (caps); i++) {
    GstBufferPool *pool = gst_xlnk_buffer_pool_new_with_config (xlnk_allocator, caps[i], 1764, 1, 0);
    GstBuffer *buffer;

    fail_unless (pool != NULL);
    fail_unless (gst_buffer_pool_set_active (pool, TRUE));
    buffer = xlnk_check_acquire (pool);
    check_is_ours (buffer);
    fail_unless (gst_buffer_get_video_meta (buffer) == NULL);
    fail_unless_equals_uint64 (gst_buffer_get_size (buffer), 1764);
    gst_buffer_unref (buffer);
    xlnk_check_stop_and_drop (pool);
    if (caps[i])
      gst_caps_unref (caps[i]);
  }
}

GST_END_TEST;

GST_START_TEST (senseless_configurations_are_refused)
{
  GstCaps *no_size = gst_caps_new_simple ("video/x-raw", "format", G_TYPE_STRING, "NV12", NULL);
  GstCaps *caps = xlnk_check_video_caps ("NV12", 320, 240);
  GstBufferPool *pool;

  fail_if (gst_xlnk_buffer_pool_new_with_config (xlnk_allocator, no_size, 1000, 0, 0));
  /* A size below what the format needs is raised. */
  pool = gst_xlnk_buffer_pool_new_with_config (xlnk_allocator, caps, 10, 1, 1);
  fail_unless (gst_buffer_pool_set_active (pool, TRUE));
  xlnk_check_stop_and_drop (pool);
  gst_caps_unref (caps);
  gst_caps_unref (no_size);
}

GST_END_TEST;

/*** configuration ***/

static GstBufferPool *
pool_with_params (GstCaps * caps, guint size, guint min, guint max, const GstAllocationParams * params)
{
  GstBufferPool *pool = gst_xlnk_buffer_pool_new (xlnk_allocator);
  GstStructure *config = gst_buffer_pool_get_config (pool);
  GstAllocator *sysmem = gst_allocator_find (GST_ALLOCATOR_SYSMEM);

  /* Whatever allocator it names. */
  gst_buffer_pool_config_set_params (config, caps, size, min, max);
  gst_buffer_pool_config_set_allocator (config, sysmem, params);
  fail_unless (gst_buffer_pool_set_config (pool, config));
  gst_object_unref (sysmem);
  return pool;
}

static void
check_params_kept (GstCaps * caps, guint size)
{
  GstAllocationParams params, kept;
  GstAllocator *allocator;
  GstBufferPool *pool;
  GstStructure *config;
  GstBuffer *buffer;
  gsize offset, maxsize;

  gst_allocation_params_init (&params);
  params.align = 255;
  params.prefix = 128;
  params.padding = 77;
  params.flags = GST_MEMORY_FLAG_ZERO_PADDED;
  pool = pool_with_params (caps, size, 1, 1, &params);
  config = gst_buffer_pool_get_config (pool);
  fail_unless (gst_buffer_pool_config_get_allocator (config, &allocator, &kept));
  fail_unless (allocator == GST_ALLOCATOR (xlnk_allocator));
  fail_unless_equals_uint64 (kept.align, 255);
  fail_unless_equals_uint64 (kept.prefix, 128);
  fail_unless_equals_uint64 (kept.padding, 77);
  fail_unless (kept.flags & GST_MEMORY_FLAG_ZERO_PADDED);
  gst_structure_free (config);
  fail_unless (gst_buffer_pool_set_active (pool, TRUE));
  buffer = xlnk_check_acquire (pool);
  gst_memory_get_sizes (gst_buffer_peek_memory (buffer, 0), &offset, &maxsize);
  fail_unless_equals_uint64 (offset, 128);
  fail_unless_equals_uint64 (maxsize, 128 + size + 77);
  gst_buffer_unref (buffer);
  xlnk_check_stop_and_drop (pool);
}

GST_START_TEST (allocator_is_ours_and_params_are_kept)
{
  GstCaps *caps = xlnk_check_video_caps ("RGBA", 100, 10);

  check_params_kept (NULL, 1000);
  check_params_kept (caps, 4000);
  gst_caps_unref (caps);
}

GST_END_TEST;

GST_START_TEST (video_options_are_offered)
{
  GstBufferPool *pool = gst_xlnk_buffer_pool_new (xlnk_allocator);

  fail_unless (gst_buffer_pool_has_option (pool, GST_BUFFER_POOL_OPTION_VIDEO_META));
  fail_unless (gst_buffer_pool_has_option (pool, GST_BUFFER_POOL_OPTION_VIDEO_ALIGNMENT));
  gst_object_unref (pool);
}

GST_END_TEST;

/* The parent's arithmetic, read back from the configuration and found in the buffers; never rounded to pages. */
GST_START_TEST (video_alignment_changes_strides_and_size)
{
  GstCaps *caps = xlnk_check_video_caps ("NV12", 318, 238);
  GstBufferPool *pool = gst_xlnk_buffer_pool_new (xlnk_allocator);
  GstStructure *config = gst_buffer_pool_get_config (pool);
  GstVideoAlignment alignment;
  GstVideoInfo info;
  GstVideoMeta *meta;
  GstBuffer *buffer;
  guint size;

  gst_video_alignment_reset (&alignment);
  alignment.padding_right = 2;
  alignment.padding_bottom = 2;
  for (int i = 0; i < GST_VIDEO_MAX_PLANES; i++)
    alignment.stride_align[i] = 255;
  gst_video_info_from_caps (&info, caps);
  gst_buffer_pool_config_set_params (config, caps, GST_VIDEO_INFO_SIZE (&info), 1, 1);
  gst_buffer_pool_config_add_option (config, GST_BUFFER_POOL_OPTION_VIDEO_META);
  gst_buffer_pool_config_add_option (config, GST_BUFFER_POOL_OPTION_VIDEO_ALIGNMENT);
  gst_buffer_pool_config_set_video_alignment (config, &alignment);
  fail_unless (gst_buffer_pool_set_config (pool, config));
  fail_unless (gst_video_info_align (&info, &alignment));
  config = gst_buffer_pool_get_config (pool);
  gst_buffer_pool_config_get_params (config, NULL, &size, NULL, NULL);
  fail_unless_equals_uint64 (size, GST_VIDEO_INFO_SIZE (&info));
  gst_structure_free (config);
  fail_unless (gst_buffer_pool_set_active (pool, TRUE));
  buffer = xlnk_check_acquire (pool);
  meta = gst_buffer_get_video_meta (buffer);
  fail_unless_equals_uint64 (gst_buffer_get_size (buffer), GST_VIDEO_INFO_SIZE (&info));
  fail_unless_equals_int (meta->stride[0], 512);
  fail_unless_equals_int (meta->stride[0], GST_VIDEO_INFO_PLANE_STRIDE (&info, 0));
  fail_unless_equals_uint64 (meta->offset[1], GST_VIDEO_INFO_PLANE_OFFSET (&info, 1));
  fail_unless_equals_uint64 (phys_of (buffer) % 256, 0);
  gst_buffer_unref (buffer);
  xlnk_check_stop_and_drop (pool);
  gst_caps_unref (caps);
}

GST_END_TEST;

GST_START_TEST (cacheable_is_an_option)
{
  for (int cacheable = 0; cacheable < 2; cacheable++) {
    GstBufferPool *pool = xlnk_check_bytes_pool (1000, 0, 0);
    GstStructure *config = gst_buffer_pool_get_config (pool);
    GstBuffer *buffer;

    fail_unless (gst_buffer_pool_config_get_xlnk_cacheable (config));
    gst_buffer_pool_config_set_xlnk_cacheable (config, cacheable);
    fail_unless_equals_int (gst_buffer_pool_config_get_xlnk_cacheable (config), cacheable);
    fail_unless (gst_buffer_pool_set_config (pool, config));
    config = gst_buffer_pool_get_config (pool);
    fail_unless_equals_int (gst_buffer_pool_config_get_xlnk_cacheable (config), cacheable);
    gst_structure_free (config);
    fail_unless (gst_buffer_pool_set_active (pool, TRUE));
    buffer = xlnk_check_acquire (pool);
    fail_unless_equals_int (gst_xlnk_memory_is_cached (gst_buffer_peek_memory (buffer, 0)), cacheable);
    gst_buffer_unref (buffer);
    xlnk_check_stop_and_drop (pool);
  }
}

GST_END_TEST;

GST_START_TEST (defect_10_pool_with_two_sizes)
{
  static const guint sizes[] = { 1000, 200000, 512 };
  GstBufferPool *pool = gst_xlnk_buffer_pool_new (xlnk_allocator);
  GstCaps *caps = gst_caps_new_empty_simple ("application/octet-stream");

  for (gsize i = 0; i < G_N_ELEMENTS (sizes); i++) {
    GstStructure *config = gst_buffer_pool_get_config (pool);
    GstBuffer *buffer;

    gst_buffer_pool_config_set_params (config, caps, sizes[i], 2, 2);
    fail_unless (gst_buffer_pool_set_config (pool, config));
    fail_unless (gst_buffer_pool_set_active (pool, TRUE));
    buffer = xlnk_check_acquire (pool);
    fail_unless_equals_uint64 (gst_buffer_get_size (buffer), sizes[i]);
    fail_unless_equals_uint64 (xlnk_check_stats ().cma_usage, 2 * sizes[i]);
    gst_buffer_unref (buffer);
    fail_unless (gst_buffer_pool_set_active (pool, FALSE));
    fail_unless_equals_uint64 (board_live_buffers (), 0);
  }
  gst_caps_unref (caps);
  gst_object_unref (pool);
}

GST_END_TEST;

/*** recycling ***/

/* Cores from 1.16 move a recycled memory back to offset 0. */
static void
check_recycled (guint prefix, guint padding)
{
  GstAllocationParams params;
  GstBufferPool *pool;
  guint64 phys = 0;

  gst_allocation_params_init (&params);
  params.prefix = prefix;
  params.padding = padding;
  pool = pool_with_params (NULL, 1000, 1, 1, &params);
  fail_unless (gst_buffer_pool_set_active (pool, TRUE));
  for (int round = 0; round < 5; round++) {
    GstBuffer *buffer = xlnk_check_acquire (pool);
    GstMemory *mem = gst_buffer_peek_memory (buffer, 0);
    gsize offset, maxsize, size = gst_memory_get_sizes (mem, &offset, &maxsize);

    check_is_ours (buffer);
    fail_unless_equals_uint64 (offset, prefix);
    fail_unless_equals_uint64 (size, 1000);
    fail_unless_equals_uint64 (maxsize, prefix + 1000 + padding);
    if (round == 0)
      phys = phys_of (buffer);
    fail_unless_equals_uint64 (phys_of (buffer), phys);
    fail_unless_equals_uint64 (xlnk_check_stats ().allocations, 1);
    xlnk_check_fill (mem, (guint8) round);
    gst_buffer_unref (buffer);
  }
  xlnk_check_stop_and_drop (pool);
}

GST_START_TEST (recycling_without_a_prefix)
{
  check_recycled (0, 0);
}

GST_END_TEST;

GST_START_TEST (recycling_keeps_the_prefix)
{
  check_recycled (256, 0);
}

GST_END_TEST;

GST_START_TEST (recycling_keeps_prefix_and_padding)
{
  check_recycled (64, 512);
}

GST_END_TEST;

/* What an element cut off comes back, by recycling or by a new buffer. */
GST_START_TEST (next_user_gets_the_full_size)
{
  GstAllocationParams params;
  GstBufferPool *pool;

  gst_allocation_params_init (&params);
  params.prefix = 128;
  pool = pool_with_params (NULL, 1000, 1, 2, &params);
  fail_unless (gst_buffer_pool_set_active (pool, TRUE));
  for (int round = 0; round < 5; round++) {
    GstBuffer *buffer = xlnk_check_acquire (pool);

    fail_unless_equals_uint64 (gst_buffer_get_size (buffer), 1000);
    fail_unless_equals_uint64 (phys_of (buffer) % 4096, 128);
    gst_buffer_resize (buffer, 10, 500);
    gst_buffer_unref (buffer);
    fail_unless (board_live_buffers () <= 2);
  }
  xlnk_check_stop_and_drop (pool);
}

GST_END_TEST;

/* Recycling resets neither what is dirty nor who has the address. */
GST_START_TEST (recycling_keeps_the_cache_state)
{
  GstBufferPool *pool = xlnk_check_bytes_pool (5000, 1, 1);
  GstBuffer *buffer;
  GstMapInfo info;
  guint64 phys;

  fail_unless (gst_buffer_pool_set_active (pool, TRUE));
  buffer = xlnk_check_acquire (pool);
  xlnk_check_fill (gst_buffer_peek_memory (buffer, 0), 0x1d);
  gst_buffer_unref (buffer);
  buffer = xlnk_check_acquire (pool);
  fail_unless (gst_xlnk_buffer_map_device (buffer, &info, GST_MAP_READ));
  fail_unless (board_device_sees ((guintptr) info.data, 0x1d, 5000));
  gst_xlnk_buffer_unmap_device (buffer, &info);
  phys = phys_of (buffer);
  gst_buffer_unref (buffer);
  buffer = xlnk_check_acquire (pool);
  xlnk_check_fill (gst_buffer_peek_memory (buffer, 0), 0x2e);
  fail_unless (board_device_sees (phys, 0x2e, 5000));
  gst_buffer_unref (buffer);
  fail_unless_equals_uint64 (board_hazards (), 0);
  xlnk_check_stop_and_drop (pool);
}

GST_END_TEST;

/*** life ***/

GST_START_TEST (buffer_outlives_pool_and_allocator)
{
  GstBufferPool *pool = xlnk_check_bytes_pool (5000, 2, 0);
  GstBuffer *buffer;

  fail_unless (gst_buffer_pool_set_active (pool, TRUE));
  buffer = xlnk_check_acquire (pool);
  xlnk_check_fill (gst_buffer_peek_memory (buffer, 0), 0x3a);
  fail_unless (gst_buffer_pool_set_active (pool, FALSE));
  gst_object_unref (pool);
  g_clear_object (&xlnk_allocator);
  fail_unless (xlnk_check_is_filled (gst_buffer_peek_memory (buffer, 0), 0x3a));
  gst_buffer_unref (buffer);
  fail_unless_equals_uint64 (board_live_buffers (), 0);
  xlnk_check_setup ();
}

GST_END_TEST;

#define ROUNDS 300

static gpointer
use_buffers (gpointer data)
{
  for (int i = 0; i < ROUNDS; i++) {
    GstBuffer *buffer = xlnk_check_acquire (data);

    xlnk_check_fill (gst_buffer_peek_memory (buffer, 0), (guint8) i);
    fail_unless (xlnk_check_is_filled (gst_buffer_peek_memory (buffer, 0), (guint8) i));
    gst_buffer_unref (buffer);
  }
  return NULL;
}

GST_START_TEST (threads_share_a_pool)
{
  GstBufferPool *pool = xlnk_check_bytes_pool (3000, 2, 3);
  GThread *threads[4];

  fail_unless (gst_buffer_pool_set_active (pool, TRUE));
  for (gsize i = 0; i < G_N_ELEMENTS (threads); i++)
    threads[i] = g_thread_new ("user", use_buffers, pool);
  for (gsize i = 0; i < G_N_ELEMENTS (threads); i++)
    g_thread_join (threads[i]);
  fail_unless (board_live_buffers () <= 3);
  xlnk_check_stop_and_drop (pool);
}

GST_END_TEST;

static Suite *
pool_suite (void)
{
  Suite *suite = suite_create ("pool");
  TCase *tc = xlnk_check_add_case (suite, "pool");

  tcase_add_test (tc, video_buffers_are_contiguous);
  tcase_add_test (tc, other_caps_and_none_are_bytes);
  tcase_add_test (tc, senseless_configurations_are_refused);
  tcase_add_test (tc, allocator_is_ours_and_params_are_kept);
  tcase_add_test (tc, video_options_are_offered);
  tcase_add_test (tc, video_alignment_changes_strides_and_size);
  tcase_add_test (tc, cacheable_is_an_option);
  tcase_add_test (tc, defect_10_pool_with_two_sizes);
  tcase_add_test (tc, recycling_without_a_prefix);
  tcase_add_test (tc, recycling_keeps_the_prefix);
  tcase_add_test (tc, recycling_keeps_prefix_and_padding);
  tcase_add_test (tc, next_user_gets_the_full_size);
  tcase_add_test (tc, recycling_keeps_the_cache_state);
  tcase_add_test (tc, buffer_outlives_pool_and_allocator);
  tcase_add_test (tc, threads_share_a_pool);
  return suite;
}

GST_CHECK_MAIN (pool);
