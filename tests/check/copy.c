/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * copy.c: copies, by core and by hand: of ranges, under maps, from and to uncached memory, and with no contiguous
 * memory left.
 */
#include "xlnkcheck.h"

static void
fill_with_numbers (GstMemory * mem)
{
  GstMapInfo info;

  fail_unless (gst_memory_map (mem, &info, GST_MAP_WRITE));
  for (gsize i = 0; i < info.size; i++)
    info.data[i] = (guint8) (i * 31 + (i >> 8));
  gst_memory_unmap (mem, &info);
}

/* @copy holds the bytes of @mem from @offset on, all of its own. */
static void
check_same_bytes (GstMemory * copy, GstMemory * mem, gsize offset)
{
  GstMapInfo is, was;

  fail_unless (gst_memory_map (copy, &is, GST_MAP_READ));
  fail_unless (gst_memory_map (mem, &was, GST_MAP_READ));
  fail_unless (is.data != was.data + offset);
  fail_unless (is.size + offset <= was.size);
  fail_unless (memcmp (is.data, was.data + offset, is.size) == 0);
  gst_memory_unmap (mem, &was);
  gst_memory_unmap (copy, &is);
}

static void
check_ranges (guint flags)
{
  static const gssize ranges[][2] = { {0, -1}, {0, 10000}, {1, 7}, {100, -1}, {4095, 5000}, {9999, 1}, {10000, 0} };
  GstMemory *mem = xlnk_check_alloc_params (10000, flags, 0, 33, 0);

  fill_with_numbers (mem);
  for (gsize i = 0; i < G_N_ELEMENTS (ranges); i++) {
    gsize offset = (gsize) ranges[i][0];
    gsize size = ranges[i][1] < 0 ? 10000 - offset : (gsize) ranges[i][1];
    GstMemory *copy = gst_memory_copy (mem, ranges[i][0], ranges[i][1]);

    fail_unless (copy != NULL);
    fail_unless_equals_uint64 (gst_memory_get_sizes (copy, NULL, NULL), size);
    fail_unless (gst_is_xlnk_memory (copy));
    fail_unless (gst_memory_is_writable (copy));
    fail_unless_equals_int (gst_xlnk_memory_is_cached (copy), gst_xlnk_memory_is_cached (mem));
    check_same_bytes (copy, mem, offset);
    gst_memory_unref (copy);
  }
  gst_memory_unref (mem);
}

GST_START_TEST (defect_18_copies_keep_to_their_range)
{
  check_ranges (0);
}

GST_END_TEST;

GST_START_TEST (copies_of_uncached_memory)
{
  check_ranges (GST_MEMORY_FLAG_XLNK_UNCACHED);
}

GST_END_TEST;

GST_START_TEST (defect_05_copy_of_resized_memory)
{
  GstMemory *mem = xlnk_check_alloc_params (1000, 0, 0, 64, 100);
  GstMemory *copy;

  fill_with_numbers (mem);
  gst_memory_resize (mem, 200, 300);
  copy = gst_memory_copy (mem, 0, -1);
  fail_unless_equals_uint64 (gst_memory_get_sizes (copy, NULL, NULL), 300);
  check_same_bytes (copy, mem, 0);
  gst_memory_unref (copy);
  copy = gst_memory_copy (mem, 100, -1);
  fail_unless_equals_uint64 (gst_memory_get_sizes (copy, NULL, NULL), 200);
  check_same_bytes (copy, mem, 100);
  gst_memory_unref (copy);
  gst_memory_unref (mem);
}

GST_END_TEST;

GST_START_TEST (copy_of_a_child)
{
  GstMemory *mem = xlnk_check_alloc (10000);
  GstMemory *child = gst_memory_share (mem, 5000, 1000);
  GstMemory *copy;

  fill_with_numbers (mem);
  copy = gst_memory_copy (child, 10, 20);
  check_same_bytes (copy, mem, 5010);
  fail_unless (gst_memory_is_writable (copy));
  fail_unless (copy->parent == NULL);
  gst_memory_unref (copy);
  gst_memory_unref (child);
  gst_memory_unref (mem);
}

GST_END_TEST;

/* Core's own test does it. */
GST_START_TEST (copy_under_a_map)
{
  static const GstMapFlags flags[] = { GST_MAP_READ, GST_MAP_WRITE, GST_MAP_READWRITE };
  GstMemory *mem = xlnk_check_alloc (1000);

  for (gsize i = 0; i < G_N_ELEMENTS (flags); i++) {
    GstMapInfo info;
    GstMemory *copy;

    fail_unless (gst_memory_map (mem, &info, GST_MAP_READWRITE));
    memset (info.data, 0x11 + (int) i, 1000);
    gst_memory_unmap (mem, &info);
    fail_unless (gst_memory_map (mem, &info, flags[i]));
    copy = gst_memory_copy (mem, 0, -1);
    fail_unless (xlnk_check_is_filled (copy, 0x11 + i));
    gst_memory_unref (copy);
    gst_memory_unmap (mem, &info);
  }
  gst_memory_unref (mem);
}

GST_END_TEST;

/* The device is at work there. */
GST_START_TEST (copy_under_a_device_write_fails)
{
  GstMemory *mem = xlnk_check_alloc (1000);
  GstMapInfo info;

  fail_unless (gst_xlnk_memory_map_device (mem, &info, GST_MAP_WRITE));
  fail_if (gst_memory_copy (mem, 0, -1));
  gst_xlnk_memory_unmap_device (mem, &info);
  fail_unless_equals_uint64 (board_live_buffers (), 1);
  gst_memory_unref (mem);
}

GST_END_TEST;

/* A copy is a CPU write like any other: the device must see it. */
GST_START_TEST (device_sees_a_copy)
{
  GstMemory *mem = xlnk_check_alloc (1000);
  GstMemory *copy;

  xlnk_check_fill (mem, 0x66);
  copy = gst_memory_copy (mem, 0, -1);
  fail_unless (board_device_sees (gst_xlnk_memory_get_phys_addr (copy), 0x66, 1000));
  gst_memory_unref (copy);
  gst_memory_unref (mem);
}

GST_END_TEST;

GST_START_TEST (copy_sees_what_the_device_wrote)
{
  GstMemory *mem = xlnk_check_alloc (1000);
  GstMemory *copy;

  xlnk_check_fill (mem, 1);
  board_device_fill (gst_xlnk_memory_get_phys_addr (mem), 0x99, 1000);
  copy = gst_memory_copy (mem, 0, -1);
  fail_unless (xlnk_check_is_filled (copy, 0x99));
  gst_memory_unref (copy);
  gst_memory_unref (mem);
}

GST_END_TEST;

GST_START_TEST (defect_15_copy_keeps_the_alignment)
{
  GstMemory *mem = xlnk_check_alloc_params (100, 0, 16383, 0, 0);
  GstMemory *copy = gst_memory_copy (mem, 0, -1);
  GstMapInfo info;

  fail_unless (gst_memory_map (copy, &info, GST_MAP_READ));
  fail_unless_equals_uint64 ((guintptr) info.data & 16383, 0);
  gst_memory_unmap (copy, &info);
  gst_memory_unref (copy);
  gst_memory_unref (mem);
}

GST_END_TEST;

static void
check_fallback (guint flags)
{
  GstMemory *mem = xlnk_check_alloc_params (100000, flags, 0, 0, 0);
  GPtrArray *taken;
  GstMemory *copy;
  guint before;
  guint64 copies = xlnk_check_stats ().copies;

  fill_with_numbers (mem);
  taken = xlnk_check_exhaust (4096);
  before = xlnk_check_logged ();
  copy = gst_memory_copy (mem, 10, 99000);
  fail_unless (copy != NULL);
  fail_if (gst_is_xlnk_memory (copy));
  fail_unless (gst_memory_is_type (copy, GST_ALLOCATOR_SYSMEM));
  fail_unless_equals_uint64 (gst_memory_get_sizes (copy, NULL, NULL), 99000);
  check_same_bytes (copy, mem, 10);
  fail_unless (xlnk_check_logged () > before);
  fail_unless (xlnk_check_log_mentions ("99000 bytes"));
  fail_unless_equals_uint64 (xlnk_check_stats ().copies, copies + 1);
  gst_memory_unref (copy);
  xlnk_check_release (taken);
  gst_memory_unref (mem);
}

GST_START_TEST (defect_01_copy_with_cma_exhausted)
{
  xlnk_check_count_log ("GST_PERFORMANCE", GST_LEVEL_WARNING);
  check_fallback (0);
  check_fallback (GST_MEMORY_FLAG_XLNK_UNCACHED);
}

GST_END_TEST;

/* NULL as the fallback's allocator would be us again. */
GST_START_TEST (defect_01_copy_as_the_default_allocator)
{
  gst_allocator_set_default (gst_object_ref (GST_ALLOCATOR (xlnk_allocator)));
  xlnk_check_count_log ("GST_PERFORMANCE", GST_LEVEL_WARNING);
  check_fallback (0);
  gst_allocator_set_default (gst_allocator_find (GST_ALLOCATOR_SYSMEM));
}

GST_END_TEST;

GST_START_TEST (defect_01_deep_copy_of_a_buffer_with_cma_exhausted)
{
  GstBuffer *buffer = gst_buffer_new ();
  GstMemory *mem = xlnk_check_alloc (50000);
  GPtrArray *taken;
  GstBuffer *copy;

  xlnk_check_fill (mem, 0x21);
  gst_buffer_append_memory (buffer, mem);
  taken = xlnk_check_exhaust (4096);
  copy = gst_buffer_copy_deep (buffer);
  fail_unless (copy != NULL);
  fail_unless_equals_uint64 (gst_buffer_get_size (copy), 50000);
  fail_unless (xlnk_check_is_filled (gst_buffer_peek_memory (copy, 0), 0x21));
  gst_buffer_unref (copy);
  xlnk_check_release (taken);
  gst_buffer_unref (buffer);
}

GST_END_TEST;

/*** gst_xlnk_memory_copy_into ***/

static void
check_copy_into (guint dest_flags, guint src_flags, gsize to, gsize from, gsize size)
{
  GstMemory *dest = xlnk_check_alloc_params (9000, dest_flags, 0, 5, 0);
  GstMemory *src = xlnk_check_alloc_params (9000, src_flags, 0, 0, 0);
  GError *error = NULL;
  GstMapInfo is, was;

  fill_with_numbers (src);
  fail_unless (gst_xlnk_memory_copy_into (dest, to, src, from, size, &error), "%s", error ? error->message : "");
  fail_unless (gst_memory_map (dest, &is, GST_MAP_READ));
  fail_unless (gst_memory_map (src, &was, GST_MAP_READ));
  for (gsize i = 0; i < 9000; i++)
    fail_unless_equals_int (is.data[i], i >= to && i < to + size ? was.data[i - to + from] : 0);
  gst_memory_unmap (src, &was);
  gst_memory_unmap (dest, &is);
  gst_memory_unref (src);
  gst_memory_unref (dest);
}

/* What GstVideoDecoder does with a frame that its codec has mapped still. */
GST_START_TEST (copies_that_nobody_asked_for_are_counted_and_logged)
{
  GstBuffer *buffer = gst_buffer_new (), *writable;
  GstXlnkStats before = xlnk_check_stats ();
  GstMapInfo map;
  guint logged;

  xlnk_check_count_log ("GST_PERFORMANCE", GST_LEVEL_INFO);
  gst_buffer_append_memory (buffer, xlnk_check_alloc (5000));
  fail_unless (gst_buffer_map (buffer, &map, GST_MAP_READWRITE));
  logged = xlnk_check_logged ();
  writable = gst_buffer_make_writable (gst_buffer_ref (buffer));
  fail_unless (gst_buffer_peek_memory (writable, 0) != gst_buffer_peek_memory (buffer, 0));
  fail_unless_equals_uint64 (xlnk_check_stats ().copies, before.copies + 1);
  fail_unless_equals_uint64 (xlnk_check_stats ().copied_bytes, before.copied_bytes + 5000);
  fail_unless (xlnk_check_logged () > logged);
  fail_unless (xlnk_check_log_mentions ("5000 bytes"));
  gst_buffer_unref (writable);
  gst_buffer_unmap (buffer, &map);
  gst_buffer_unref (buffer);
}

GST_END_TEST;

GST_START_TEST (copy_into_of_every_kind)
{
  static const guint flags[] = { 0, GST_MEMORY_FLAG_XLNK_UNCACHED };

  for (gsize i = 0; i < 4; i++) {
    check_copy_into (flags[i & 1], flags[i >> 1], 0, 0, 9000);
    check_copy_into (flags[i & 1], flags[i >> 1], 3, 1, 4101);
    check_copy_into (flags[i & 1], flags[i >> 1], 8999, 7, 1);
    check_copy_into (flags[i & 1], flags[i >> 1], 100, 100, 0);
  }
}

GST_END_TEST;

GST_START_TEST (copy_into_within_one_block)
{
  GstMemory *mem = xlnk_check_alloc (1000);
  GstMapInfo info;

  fail_unless (gst_memory_map (mem, &info, GST_MAP_WRITE));
  memset (info.data, 0x0f, 500);
  gst_memory_unmap (mem, &info);
  fail_unless (gst_xlnk_memory_copy_into (mem, 500, mem, 0, 500, NULL));
  fail_unless (xlnk_check_is_filled (mem, 0x0f));
  gst_memory_unref (mem);
}

GST_END_TEST;

static void
check_refused (GstMemory * dest, gsize to, GstMemory * src, gsize from, gsize size, GstXlnkError code)
{
  GError *error = NULL;

  fail_if (gst_xlnk_memory_copy_into (dest, to, src, from, size, &error));
  fail_unless (g_error_matches (error, GST_XLNK_ERROR, (gint) code));
  g_clear_error (&error);
}

GST_START_TEST (copy_into_keeps_to_the_visible_bytes)
{
  GstMemory *dest = xlnk_check_alloc_params (1000, 0, 0, 64, 100);
  GstMemory *src = xlnk_check_alloc_params (1000, 0, 0, 64, 100);
  GstMemory *system = gst_allocator_alloc (NULL, 1000, NULL);
  GstMemory *child;

  xlnk_check_fill (src, 5);
  check_refused (dest, 0, src, 0, 1001, GST_XLNK_ERROR_NOT_OURS);
  check_refused (dest, 1, src, 0, 1000, GST_XLNK_ERROR_NOT_OURS);
  check_refused (dest, 0, src, 1, 1000, GST_XLNK_ERROR_NOT_OURS);
  check_refused (dest, 1001, src, 0, 0, GST_XLNK_ERROR_NOT_OURS);
  check_refused (dest, 0, src, 0, G_MAXSIZE, GST_XLNK_ERROR_NOT_OURS);
  check_refused (dest, G_MAXSIZE, src, 0, 2, GST_XLNK_ERROR_NOT_OURS);
  check_refused (dest, 0, src, G_MAXSIZE, 2, GST_XLNK_ERROR_NOT_OURS);
  check_refused (system, 0, src, 0, 10, GST_XLNK_ERROR_NOT_OURS);
  check_refused (dest, 0, system, 0, 10, GST_XLNK_ERROR_NOT_OURS);
  child = gst_memory_share (dest, 0, 100);
  check_refused (child, 0, src, 0, 10, GST_XLNK_ERROR_CONFLICT);
  gst_memory_unref (child);
  fail_unless (xlnk_check_is_filled (dest, 0));
  gst_memory_unref (system);
  gst_memory_unref (src);
  gst_memory_unref (dest);
}

GST_END_TEST;

GST_START_TEST (copy_into_respects_the_device)
{
  GstMemory *dest = xlnk_check_alloc (1000);
  GstMemory *src = xlnk_check_alloc (1000);
  GstMapInfo info;

  fail_unless (gst_xlnk_memory_map_device (dest, &info, GST_MAP_READ));
  check_refused (dest, 0, src, 0, 10, GST_XLNK_ERROR_CONFLICT);
  gst_xlnk_memory_unmap_device (dest, &info);
  fail_unless (gst_xlnk_memory_map_device (src, &info, GST_MAP_WRITE));
  check_refused (dest, 0, src, 0, 10, GST_XLNK_ERROR_CONFLICT);
  gst_xlnk_memory_unmap_device (src, &info);
  fail_unless (gst_xlnk_memory_copy_into (dest, 0, src, 0, 10, NULL));
  gst_memory_unref (src);
  gst_memory_unref (dest);
}

GST_END_TEST;

static Suite *
copy_suite (void)
{
  Suite *suite = suite_create ("copy");
  TCase *tc = xlnk_check_add_case (suite, "copy");

  tcase_add_test (tc, defect_18_copies_keep_to_their_range);
  tcase_add_test (tc, copies_of_uncached_memory);
  tcase_add_test (tc, defect_05_copy_of_resized_memory);
  tcase_add_test (tc, copy_of_a_child);
  tcase_add_test (tc, copy_under_a_map);
  tcase_add_test (tc, copy_under_a_device_write_fails);
  tcase_add_test (tc, device_sees_a_copy);
  tcase_add_test (tc, copy_sees_what_the_device_wrote);
  tcase_add_test (tc, defect_15_copy_keeps_the_alignment);
  tcase_add_test (tc, defect_01_copy_with_cma_exhausted);
  tcase_add_test (tc, defect_01_copy_as_the_default_allocator);
  tcase_add_test (tc, defect_01_deep_copy_of_a_buffer_with_cma_exhausted);
  tcase_add_test (tc, copies_that_nobody_asked_for_are_counted_and_logged);
  tcase_add_test (tc, copy_into_of_every_kind);
  tcase_add_test (tc, copy_into_within_one_block);
  tcase_add_test (tc, copy_into_keeps_to_the_visible_bytes);
  tcase_add_test (tc, copy_into_respects_the_device);
  return suite;
}

GST_CHECK_MAIN (copy);
