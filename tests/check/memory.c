/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * memory.c: one memory and what GstAllocationParams make of it: sizes, addresses, maps, resizes.
 */
#include "xlnkcheck.h"

GST_START_TEST (memory_is_contiguous_and_says_so)
{
  GstMemory *mem = xlnk_check_alloc (100000);

  fail_unless (GST_MEMORY_FLAG_IS_SET (mem, GST_MEMORY_FLAG_PHYSICALLY_CONTIGUOUS));
  fail_unless (gst_memory_is_type (mem, "xlnk"));
  fail_unless (gst_is_xlnk_memory (mem));
  fail_unless (gst_is_phys_memory (mem));
  fail_unless (gst_xlnk_memory_is_cached (mem));
  fail_unless (gst_xlnk_memory_get_phys_addr (mem) != 0);
  fail_unless_equals_uint64 (gst_xlnk_memory_get_phys_addr (mem), gst_phys_memory_get_phys_addr (mem));
  fail_unless_equals_uint64 (gst_xlnk_memory_get_phys_addr (mem) % 4096, 0);
  fail_unless (gst_xlnk_memory_get_phys_addr (mem) + 100000 <= G_GUINT64_CONSTANT (1) << 32);
  gst_memory_unref (mem);
}

GST_END_TEST;

GST_START_TEST (others_have_no_address)
{
  GstMemory *mem = gst_allocator_alloc (NULL, 100, NULL);
  GstMapInfo info;

  fail_if (gst_is_xlnk_memory (mem));
  fail_if (gst_is_xlnk_memory (NULL));
  fail_unless_equals_uint64 (gst_xlnk_memory_get_phys_addr (mem), 0);
  fail_if (gst_xlnk_memory_map_device (mem, &info, GST_MAP_READ));
  fail_if (gst_xlnk_memory_flush (mem, 0, -1, NULL));
  gst_memory_unref (mem);
}

GST_END_TEST;

GST_START_TEST (size_zero_maps)
{
  GstMemory *mem = xlnk_check_alloc (0);
  GstMapInfo info;

  fail_unless_equals_uint64 (gst_memory_get_sizes (mem, NULL, NULL), 0);
  fail_unless (gst_memory_map (mem, &info, GST_MAP_READWRITE));
  fail_unless (info.data != NULL);
  fail_unless_equals_uint64 (info.size, 0);
  gst_memory_unmap (mem, &info);
  fail_unless (gst_xlnk_memory_get_phys_addr (mem) != 0);
  gst_memory_unref (mem);
}

GST_END_TEST;

/* Page slack and our own bookkeeping are not the user's. */
GST_START_TEST (maxsize_is_exact)
{
  static const gsize cases[][3] = {
    {0, 4096, 0}, {0, 4095, 1}, {100, 1000, 28}, {4096, 1, 8192}, {3, 5, 7}, {0, 0, 64}, {64, 0, 0}, {0, 0, 0},
    {1, 1, 0}, {0, 1, 1}
  };

  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++) {
    GstMemory *mem = xlnk_check_alloc_params (cases[i][1], 0, 0, cases[i][0], cases[i][2]);
    gsize offset, maxsize, size = gst_memory_get_sizes (mem, &offset, &maxsize);

    fail_unless_equals_uint64 (size, cases[i][1]);
    fail_unless_equals_uint64 (offset, cases[i][0]);
    fail_unless_equals_uint64 (maxsize, cases[i][0] + cases[i][1] + cases[i][2]);
    gst_memory_unref (mem);
  }
}

GST_END_TEST;

/* Without a prefix or padding there is what system memory has, too: the rest of GStreamer's alignment. */
GST_START_TEST (plain_maxsize_ends_at_the_alignment)
{
  static const gsize sizes[] = { 1, 7, 8, 9, 100, 4095 };

  for (gsize i = 0; i < G_N_ELEMENTS (sizes); i++) {
    GstMemory *mem = xlnk_check_alloc (sizes[i]);
    gsize maxsize;

    fail_unless_equals_uint64 (gst_memory_get_sizes (mem, NULL, &maxsize), sizes[i]);
    fail_unless_equals_uint64 (maxsize, (sizes[i] + gst_memory_alignment) & ~gst_memory_alignment);
    gst_memory_unref (mem);
  }
}

GST_END_TEST;

static void
check_alignment (gsize align, gsize prefix)
{
  GstMemory *mem = xlnk_check_alloc_params (5000, 0, align, prefix, 9);
  GstMapInfo info;

  fail_unless (gst_memory_map (mem, &info, GST_MAP_READWRITE));
  /* Core's rule: what is aligned is the first byte of the memory, before its prefix. */
  fail_unless_equals_uint64 ((guintptr) (info.data - prefix) & align, 0);
  fail_unless_equals_uint64 (info.size, 5000);
  fail_unless_equals_uint64 (info.maxsize, 5009);
  /* All of it is there, also after the start has moved. */
  memset (info.data - prefix, 0x5a, info.maxsize + prefix);
  gst_memory_unmap (mem, &info);
  fail_unless ((mem->align & align) == align);
  gst_memory_unref (mem);
}

/* The mask is alignment − 1; checked with the alignment itself (as one project's test does) it passes anything. */
GST_START_TEST (defect_09_alignment_is_a_mask)
{
  for (gsize alignment = 1; alignment <= 1 << 20; alignment *= 2)
    check_alignment (alignment - 1, 0);
}

GST_END_TEST;

GST_START_TEST (defect_18_alignment_beyond_a_page_keeps_prefix_and_size)
{
  GstMemory *neighbours[2];

  neighbours[0] = xlnk_check_alloc (4096 - 64);
  check_alignment (8191, 100);
  check_alignment (65535, 4096);
  neighbours[1] = xlnk_check_alloc (4096 - 64);
  check_alignment (131071, 70000);
  for (gsize i = 0; i < G_N_ELEMENTS (neighbours); i++) {
    fail_unless (xlnk_check_is_filled (neighbours[i], 0));
    gst_memory_unref (neighbours[i]);
  }
}

GST_END_TEST;

/* Also on memory that somebody used before. */
static void
check_zeroed (guint flags)
{
  GstMemory *mem = xlnk_check_alloc_params (5000, flags, 0, 1000, 2000);
  GstMapInfo info;

  fail_unless (gst_memory_map (mem, &info, GST_MAP_READWRITE));
  for (gsize i = 0; i < 1000; i++)
    fail_unless_equals_int (info.data[-1 - (gssize) i], 0);
  for (gsize i = 5000; i < 7000; i++)
    fail_unless_equals_int (info.data[i], 0);
  memset (info.data - 1000, 0xff, 8000);
  gst_memory_unmap (mem, &info);
  gst_memory_unref (mem);
}

GST_START_TEST (defect_06_prefix_padding_and_zero_flags)
{
  for (int i = 0; i < 3; i++)
    check_zeroed (GST_MEMORY_FLAG_ZERO_PREFIXED | GST_MEMORY_FLAG_ZERO_PADDED);
}

GST_END_TEST;

GST_START_TEST (flags_are_kept)
{
  GstMemory *mem = xlnk_check_alloc_params (100, GST_MEMORY_FLAG_ZERO_PREFIXED | GST_MEMORY_FLAG_READONLY
      | GST_MEMORY_FLAG_NO_SHARE | GST_MEMORY_FLAG_XLNK_UNCACHED, 0, 0, 0);

  fail_unless (GST_MEMORY_FLAG_IS_SET (mem, GST_MEMORY_FLAG_ZERO_PREFIXED));
  fail_unless (GST_MEMORY_FLAG_IS_SET (mem, GST_MEMORY_FLAG_READONLY));
  fail_unless (GST_MEMORY_FLAG_IS_SET (mem, GST_MEMORY_FLAG_NO_SHARE));
  fail_unless (GST_MEMORY_FLAG_IS_SET (mem, GST_MEMORY_FLAG_XLNK_UNCACHED));
  fail_unless (GST_MEMORY_FLAG_IS_SET (mem, GST_MEMORY_FLAG_PHYSICALLY_CONTIGUOUS));
  fail_if (GST_MEMORY_FLAG_IS_SET (mem, GST_MEMORY_FLAG_ZERO_PADDED));
  fail_if (gst_xlnk_memory_is_cached (mem));
  gst_memory_unref (mem);
}

GST_END_TEST;

static void
check_too_large (gsize size, gsize align, gsize prefix, gsize padding)
{
  GstAllocationParams params;
  GError *error = NULL;

  gst_allocation_params_init (&params);
  params.align = align;
  params.prefix = prefix;
  params.padding = padding;
  fail_if (gst_xlnk_allocator_alloc (xlnk_allocator, size, TRUE, &params, &error));
  fail_unless (g_error_matches (error, GST_XLNK_ERROR, GST_XLNK_ERROR_TOO_LARGE));
  fail_if (gst_allocator_alloc (GST_ALLOCATOR (xlnk_allocator), size, &params));
  g_clear_error (&error);
}

GST_START_TEST (sums_do_not_wrap)
{
  guint64 before = board_counter ("allocs");

  check_too_large (G_MAXSIZE, 0, 0, 0);
  check_too_large (G_MAXSIZE, 0, 1, 0);
  check_too_large (G_MAXSIZE - 10, 0, 6, 6);
  check_too_large (16, 0, G_MAXSIZE - 8, 0);
  check_too_large (16, 0, 0, G_MAXSIZE - 8);
  check_too_large (16, 0, G_MAXSIZE / 2, G_MAXSIZE / 2);
  check_too_large (G_MAXSIZE - 4000, 8191, 0, 0);
  check_too_large (100, G_MAXSIZE, 0, 0);
  check_too_large (G_MAXUINT32, 0, 0, 0);
  check_too_large (G_MAXINT32, 0, 0, 0);
#if GLIB_SIZEOF_SIZE_T > 4
  check_too_large ((gsize) G_MAXUINT32 + 4096, 0, 0, 0);
  check_too_large ((gsize) G_MAXUINT32 + 1, 0, 0, 0);
#endif
  fail_unless_equals_uint64 (board_counter ("allocs"), before);
}

GST_END_TEST;

/*** maps ***/

GST_START_TEST (maps_nest_and_show_one_address)
{
  GstMemory *mem = xlnk_check_alloc (1000);
  GstMapInfo outer, inner, innermost;

  fail_unless (gst_memory_map (mem, &outer, GST_MAP_READWRITE));
  fail_unless (gst_memory_map (mem, &inner, GST_MAP_READ));
  fail_unless (gst_memory_map (mem, &innermost, GST_MAP_WRITE));
  fail_unless (outer.data == inner.data && inner.data == innermost.data);
  gst_memory_unmap (mem, &outer);
  memset (innermost.data, 1, innermost.size);
  gst_memory_unmap (mem, &innermost);
  fail_unless_equals_int (inner.data[999], 1);
  gst_memory_unmap (mem, &inner);
  fail_unless (gst_memory_map (mem, &outer, GST_MAP_READ));
  fail_unless (outer.data == inner.data);
  gst_memory_unmap (mem, &outer);
  gst_memory_unref (mem);
}

GST_END_TEST;

/* GStreamer 1.22's own test makes one. */
GST_START_TEST (surplus_unmap_is_ignored)
{
  GstMemory *mem = xlnk_check_alloc (1000);
  GstMapInfo info, copy;

  fail_unless (gst_memory_map (mem, &info, GST_MAP_WRITE));
  copy = info;
  gst_memory_unmap (mem, &info);
  if (mem->allocator->mem_unmap_full)
    mem->allocator->mem_unmap_full (mem, &copy);
  fail_unless (gst_memory_map (mem, &info, GST_MAP_READ));
  gst_memory_unmap (mem, &info);
  /* It has not opened the way for the device either. */
  fail_unless (gst_memory_map (mem, &info, GST_MAP_WRITE));
  fail_if (gst_xlnk_memory_map_device (mem, &copy, GST_MAP_WRITE));
  gst_memory_unmap (mem, &info);
  gst_memory_unref (mem);
}

GST_END_TEST;

GST_START_TEST (defect_17_map_reports_the_visible_size)
{
  GstMemory *mem = xlnk_check_alloc_params (5000, 0, 0, 16, 100);
  GstMapInfo info;

  fail_unless (gst_memory_map (mem, &info, GST_MAP_READ));
  fail_unless_equals_uint64 (info.size, 5000);
  fail_unless_equals_uint64 (info.maxsize, 5100);
  gst_memory_unmap (mem, &info);
  gst_memory_unref (mem);
}

GST_END_TEST;

GST_START_TEST (defect_18_resize_into_padding)
{
  GstMemory *mem = xlnk_check_alloc_params (100, 0, 0, 50, 60);
  GstMapInfo info;
  guint64 phys = gst_xlnk_memory_get_phys_addr (mem);

  gst_memory_resize (mem, -50, 210);
  fail_unless_equals_uint64 (gst_xlnk_memory_get_phys_addr (mem), phys - 50);
  fail_unless (gst_memory_map (mem, &info, GST_MAP_WRITE));
  fail_unless_equals_uint64 (info.size, 210);
  for (gsize i = 0; i < 210; i++)
    info.data[i] = (guint8) i;
  gst_memory_unmap (mem, &info);
  gst_memory_resize (mem, 110, 100);
  fail_unless (gst_memory_map (mem, &info, GST_MAP_READ));
  fail_unless_equals_int (info.data[0], 110);
  fail_unless_equals_int (info.data[99], 209);
  gst_memory_unmap (mem, &info);
  gst_memory_unref (mem);
}

GST_END_TEST;

/* The range of a map is that of the time when it was mapped. */
GST_START_TEST (resize_under_a_map)
{
  GstMemory *mem = xlnk_check_alloc (8192);
  GstMapInfo info, device;
  guint64 phys = gst_xlnk_memory_get_phys_addr (mem);

  fail_unless (gst_memory_map (mem, &info, GST_MAP_WRITE));
  memset (info.data, 0x77, 8192);
  gst_memory_resize (mem, 4096, 64);
  gst_memory_unmap (mem, &info);
  fail_unless (board_device_sees (phys, 0x77, 8192));
  /* Nothing stayed open. */
  gst_memory_resize (mem, -4096, 8192);
  fail_unless (gst_xlnk_memory_map_device (mem, &device, GST_MAP_WRITE));
  gst_xlnk_memory_unmap_device (mem, &device);
  gst_memory_unref (mem);
}

GST_END_TEST;

/*** addresses ***/

GST_START_TEST (defect_19_address_includes_offset)
{
  GstMemory *plain = xlnk_check_alloc_params (1000, 0, 0, 0, 0);
  GstMemory *prefixed = xlnk_check_alloc_params (1000, 0, 0, 300, 0);
  guint64 phys = gst_phys_memory_get_phys_addr (prefixed);
  GstMapInfo info;

  fail_unless_equals_uint64 (gst_phys_memory_get_phys_addr (plain) % 4096, 0);
  fail_unless_equals_uint64 (phys % 4096, 300);
  /* What the CPU sees first is what is at that address. */
  board_device_fill (phys, 0xab, 1);
  fail_unless (gst_memory_map (prefixed, &info, GST_MAP_READ));
  fail_unless_equals_int (info.data[0], 0xab);
  fail_unless_equals_int (info.data[1], 0);
  gst_memory_unmap (prefixed, &info);
  gst_memory_resize (prefixed, 10, 100);
  fail_unless_equals_uint64 (gst_phys_memory_get_phys_addr (prefixed), phys + 10);
  gst_memory_unref (prefixed);
  gst_memory_unref (plain);
}

GST_END_TEST;

GST_START_TEST (device_map_gives_the_device_address)
{
  GstMemory *mem = xlnk_check_alloc_params (1000, 0, 0, 200, 0);
  GstMapInfo info;

  fail_unless (gst_xlnk_memory_map_device (mem, &info, GST_MAP_READ));
  fail_unless_equals_uint64 ((guintptr) info.data, gst_xlnk_memory_get_phys_addr (mem));
  fail_unless_equals_uint64 (info.size, 1000);
  gst_xlnk_memory_unmap_device (mem, &info);
  gst_memory_unref (mem);
}

GST_END_TEST;

/*** life ***/

GST_START_TEST (memory_outlives_the_allocator)
{
  GstXlnkAllocator *allocator = gst_xlnk_allocator_get (NULL, NULL);
  GstMemory *mem = xlnk_check_alloc (5000);

  xlnk_check_fill (mem, 9);
  g_clear_object (&xlnk_allocator);
  gst_object_unref (allocator);
  fail_unless (xlnk_check_is_filled (mem, 9));
  fail_unless_equals_uint64 (board_live_buffers (), 1);
  gst_memory_unref (mem);
  fail_unless_equals_uint64 (board_live_buffers (), 0);
  xlnk_check_setup ();
}

GST_END_TEST;

/* Neither the buffer, nor the struct (under valgrind), nor the reference to the allocator stays. */
GST_START_TEST (defect_13_free_releases_everything)
{
  gint references = GST_OBJECT_REFCOUNT_VALUE (xlnk_allocator);

  for (int i = 0; i < 20; i++) {
    GstMemory *mem = xlnk_check_alloc (3000);
    GstMemory *child = gst_memory_share (mem, 10, 20);
    GstMemory *copy = gst_memory_copy (mem, 10, 20);

    gst_memory_unref (copy);
    gst_memory_unref (child);
    gst_memory_unref (mem);
    fail_unless_equals_uint64 (board_live_buffers (), 0);
  }
  fail_unless_equals_int (GST_OBJECT_REFCOUNT_VALUE (xlnk_allocator), references);
}

GST_END_TEST;

/*** threads ***/

#define ROUNDS 2000

static gpointer
map_and_unmap (gpointer data)
{
  GstMemory *mem = data;

  for (int i = 0; i < ROUNDS; i++) {
    GstMapInfo info;

    /* One mode: core refuses to widen one that is held. */
    fail_unless (gst_memory_map (mem, &info, GST_MAP_READWRITE));
    fail_unless (info.data != NULL && info.size == 4096);
    gst_memory_unmap (mem, &info);
  }
  return NULL;
}

GST_START_TEST (defect_20_two_threads_map_and_unmap)
{
  GstMemory *mem = xlnk_check_alloc (4096);
  GThread *thread = g_thread_new ("other", map_and_unmap, mem);
  GstMapInfo info;

  map_and_unmap (mem);
  g_thread_join (thread);
  /* No map is left over that would keep the device out. */
  fail_unless (gst_xlnk_memory_map_device (mem, &info, GST_MAP_WRITE));
  gst_xlnk_memory_unmap_device (mem, &info);
  gst_memory_unref (mem);
}

GST_END_TEST;

static Suite *
memory_suite (void)
{
  Suite *suite = suite_create ("memory");
  TCase *tc = xlnk_check_add_case (suite, "memory");

  tcase_add_test (tc, memory_is_contiguous_and_says_so);
  tcase_add_test (tc, others_have_no_address);
  tcase_add_test (tc, size_zero_maps);
  tcase_add_test (tc, maxsize_is_exact);
  tcase_add_test (tc, plain_maxsize_ends_at_the_alignment);
  tcase_add_test (tc, defect_09_alignment_is_a_mask);
  tcase_add_test (tc, defect_18_alignment_beyond_a_page_keeps_prefix_and_size);
  tcase_add_test (tc, defect_06_prefix_padding_and_zero_flags);
  tcase_add_test (tc, flags_are_kept);
  tcase_add_test (tc, sums_do_not_wrap);
  tcase_add_test (tc, maps_nest_and_show_one_address);
  tcase_add_test (tc, surplus_unmap_is_ignored);
  tcase_add_test (tc, defect_17_map_reports_the_visible_size);
  tcase_add_test (tc, defect_18_resize_into_padding);
  tcase_add_test (tc, resize_under_a_map);
  tcase_add_test (tc, defect_19_address_includes_offset);
  tcase_add_test (tc, device_map_gives_the_device_address);
  tcase_add_test (tc, memory_outlives_the_allocator);
  tcase_add_test (tc, defect_13_free_releases_everything);
  tcase_add_test (tc, defect_20_two_threads_map_and_unmap);
  return suite;
}

GST_CHECK_MAIN (memory);
