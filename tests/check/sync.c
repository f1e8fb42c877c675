/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * sync.c: what the CPU writes the device sees, what the device writes the CPU sees, and nothing is paid for twice. The
 * device here is the emulator's back door, which goes past the emulated cache; sync-controls.c shows that it notices
 * when we do nothing.
 */
#include "xlnkcheck.h"

#define SIZE 20000

static GstMemory *mem;

static void
setup (void)
{
  xlnk_check_setup ();
  mem = xlnk_check_alloc (SIZE);
}

static void
teardown (void)
{
  fail_unless_equals_uint64 (board_hazards (), 0);
  gst_memory_unref (mem);
  xlnk_check_teardown ();
}

/* @bytes rounded to the emulated CPU's cache lines. */
static guint64
line_round (guint64 bytes)
{
  guint64 line = board_line_size ();

  return (bytes + line - 1) / line * line;
}

static void
device_write (guint8 value)
{
  GstMapInfo info;

  fail_unless (gst_xlnk_memory_map_device (mem, &info, GST_MAP_WRITE));
  board_device_fill ((guintptr) info.data, value, info.size);
  gst_xlnk_memory_unmap_device (mem, &info);
}

static gboolean
device_reads (guint8 value)
{
  GstMapInfo info;
  gboolean same;

  fail_unless (gst_xlnk_memory_map_device (mem, &info, GST_MAP_READ));
  same = board_device_sees ((guintptr) info.data, value, info.size);
  gst_xlnk_memory_unmap_device (mem, &info);
  return same;
}

/*** exposed: somebody has the address ***/

GST_START_TEST (exposed_writes_reach_the_device)
{
  guint64 phys = gst_xlnk_memory_get_phys_addr (mem);

  for (guint8 value = 1; value < 6; value++) {
    xlnk_check_fill (mem, value);
    fail_unless (board_device_sees (phys, value, SIZE));
  }
}

GST_END_TEST;

GST_START_TEST (defect_10_a_repeated_map_synchronises_again)
{
  guint64 phys = gst_xlnk_memory_get_phys_addr (mem);

  for (guint8 value = 1; value < 6; value++) {
    board_device_fill (phys, value, SIZE);
    fail_unless (xlnk_check_is_filled (mem, value));
  }
}

GST_END_TEST;

GST_START_TEST (exposed_round_trips)
{
  guint64 phys = gst_xlnk_memory_get_phys_addr (mem);

  for (guint8 value = 1; value < 6; value++) {
    xlnk_check_fill (mem, value);
    fail_unless (board_device_sees (phys, value, SIZE));
    board_device_fill (phys, value + 100, SIZE);
    board_evict (phys, SIZE);
    fail_unless (xlnk_check_is_filled (mem, value + 100));
  }
}

GST_END_TEST;

/* What was written before the address was asked for. */
GST_START_TEST (hand_out_cleans_what_is_dirty)
{
  xlnk_check_fill (mem, 0x11);
  fail_unless (board_device_sees (gst_xlnk_memory_get_phys_addr (mem), 0x11, SIZE));
}

GST_END_TEST;

GST_START_TEST (hand_out_cleans_under_a_write_map)
{
  GstMapInfo info;
  guint64 phys;

  fail_unless (gst_memory_map (mem, &info, GST_MAP_WRITE));
  memset (info.data, 0x22, SIZE);
  phys = gst_xlnk_memory_get_phys_addr (mem);
  fail_unless (board_device_sees (phys, 0x22, SIZE));
  memset (info.data, 0x33, SIZE);
  gst_memory_unmap (mem, &info);
  fail_unless (board_device_sees (phys, 0x33, SIZE));
}

GST_END_TEST;

/* Each hand-out, not only the first. */
GST_START_TEST (second_hand_out_cleans_too)
{
  GstMapInfo info;
  guint64 phys = gst_xlnk_memory_get_phys_addr (mem);

  fail_unless (gst_memory_map (mem, &info, GST_MAP_WRITE));
  memset (info.data, 0x44, SIZE);
  fail_unless (gst_xlnk_memory_get_phys_addr (mem) == phys);
  fail_unless (board_device_sees (phys, 0x44, SIZE));
  gst_memory_unmap (mem, &info);
}

GST_END_TEST;

GST_START_TEST (children_synchronise_their_range)
{
  GstMemory *child = gst_memory_share (mem, 4096, 4096);
  guint64 phys = gst_xlnk_memory_get_phys_addr (child);

  fail_unless (xlnk_check_is_filled (child, 0));
  board_device_fill (phys, 0x66, 4096);
  fail_unless (xlnk_check_is_filled (child, 0x66));
  gst_memory_unref (child);
  xlnk_check_fill (mem, 0x77);
  fail_unless (board_device_sees (phys, 0x77, 4096));
}

GST_END_TEST;

/* The padding too: what is written through a map may become visible by a resize. */
GST_START_TEST (padding_is_synchronised)
{
  GstMemory *padded = xlnk_check_alloc_params (1000, 0, 0, 0, 1000);
  guint64 phys = gst_xlnk_memory_get_phys_addr (padded);
  GstMapInfo info;

  fail_unless (gst_memory_map (padded, &info, GST_MAP_WRITE));
  memset (info.data, 0x5d, info.maxsize);
  gst_memory_unmap (padded, &info);
  gst_memory_resize (padded, 0, 2000);
  fail_unless (board_device_sees (phys, 0x5d, 2000));
  gst_memory_unref (padded);
}

GST_END_TEST;

/*** bracketed: each side says what it does ***/

GST_START_TEST (bracketed_write_is_flushed_once)
{
  GstXlnkStats before = xlnk_check_stats ();

  xlnk_check_fill (mem, 1);
  fail_unless_equals_uint64 (xlnk_check_stats ().flushes, before.flushes);
  fail_unless (device_reads (1));
  fail_unless_equals_uint64 (xlnk_check_stats ().flushes, before.flushes + 1);
  fail_unless_equals_uint64 (xlnk_check_stats ().flushed_bytes, before.flushed_bytes + line_round (SIZE));
  fail_unless (device_reads (1));
  fail_unless_equals_uint64 (xlnk_check_stats ().flushes, before.flushes + 1);
  fail_unless_equals_uint64 (xlnk_check_stats ().invalidates, before.invalidates);
}

GST_END_TEST;

GST_START_TEST (bracketed_read_is_invalidated_once)
{
  GstXlnkStats before;

  fail_unless (xlnk_check_is_filled (mem, 0));
  before = xlnk_check_stats ();
  device_write (7);
  fail_unless_equals_uint64 (xlnk_check_stats ().invalidates, before.invalidates);
  fail_unless (xlnk_check_is_filled (mem, 7));
  fail_unless_equals_uint64 (xlnk_check_stats ().invalidates, before.invalidates + 1);
  fail_unless_equals_uint64 (xlnk_check_stats ().invalidated_bytes, before.invalidated_bytes + line_round (SIZE));
  fail_unless (xlnk_check_is_filled (mem, 7));
  fail_unless_equals_uint64 (xlnk_check_stats ().invalidates, before.invalidates + 1);
  fail_unless_equals_uint64 (xlnk_check_stats ().flushes, before.flushes);
}

GST_END_TEST;

/* Device → device, and a CPU that reads what nobody wrote. */
GST_START_TEST (nothing_is_due_without_a_change_of_hands)
{
  GstXlnkStats before;
  guint64 ioctls;

  device_write (3);
  before = xlnk_check_stats ();
  ioctls = board_ioctls ();
  for (int i = 0; i < 5; i++) {
    fail_unless (device_reads (3));
    device_write (3);
  }
  fail_unless_equals_uint64 (board_ioctls (), ioctls);
  fail_unless_equals_uint64 (xlnk_check_stats ().flushes, before.flushes);
  fail_unless (xlnk_check_is_filled (mem, 3));
  ioctls = board_ioctls ();
  before = xlnk_check_stats ();
  for (int i = 0; i < 5; i++)
    fail_unless (xlnk_check_is_filled (mem, 3));
  fail_unless_equals_uint64 (board_ioctls (), ioctls);
  fail_unless_equals_uint64 (xlnk_check_stats ().invalidates, before.invalidates);
}

GST_END_TEST;

/* A dirty line, evicted later, would undo what the device wrote. */
GST_START_TEST (device_write_map_cleans_first)
{
  GstMapInfo info;

  xlnk_check_fill (mem, 1);
  fail_unless (gst_xlnk_memory_map_device (mem, &info, GST_MAP_WRITE));
  board_device_fill ((guintptr) info.data, 2, SIZE);
  board_evict ((guintptr) info.data, SIZE);
  gst_xlnk_memory_unmap_device (mem, &info);
  fail_unless (xlnk_check_is_filled (mem, 2));
}

GST_END_TEST;

GST_START_TEST (bracketed_round_trips)
{
  for (guint8 value = 1; value < 8; value++) {
    xlnk_check_fill (mem, value);
    fail_unless (device_reads (value));
    device_write (value + 50);
    fail_unless (device_reads (value + 50));
    fail_unless (xlnk_check_is_filled (mem, value + 50));
  }
}

GST_END_TEST;

/* Only what is mapped: the rest stays dirty until it is its turn. */
GST_START_TEST (parts_are_maintained_apart)
{
  GstMemory *child = gst_memory_share (mem, 0, 4096);
  GstMapInfo info;

  gst_memory_unref (child);
  xlnk_check_fill (mem, 0x10);
  child = gst_memory_share (mem, 8192, 4096);
  fail_unless (gst_xlnk_memory_map_device (child, &info, GST_MAP_READ));
  fail_unless (board_device_sees ((guintptr) info.data, 0x10, 4096));
  gst_xlnk_memory_unmap_device (child, &info);
  gst_memory_unref (child);
  fail_unless (device_reads (0x10));
}

GST_END_TEST;

GST_START_TEST (device_and_cpu_exclude_each_other)
{
  GstMapInfo cpu, device;

  fail_unless (gst_memory_map (mem, &cpu, GST_MAP_WRITE));
  fail_if (gst_xlnk_memory_map_device (mem, &device, GST_MAP_READ));
  fail_if (gst_xlnk_memory_map_device (mem, &device, GST_MAP_WRITE));
  gst_memory_unmap (mem, &cpu);
  fail_unless (gst_memory_map (mem, &cpu, GST_MAP_READ));
  fail_if (gst_xlnk_memory_map_device (mem, &device, GST_MAP_WRITE));
  fail_unless (gst_xlnk_memory_map_device (mem, &device, GST_MAP_READ));
  gst_memory_unmap (mem, &cpu);
  fail_if (gst_memory_map (mem, &cpu, GST_MAP_WRITE));
  fail_unless (gst_memory_map (mem, &cpu, GST_MAP_READ));
  gst_memory_unmap (mem, &cpu);
  gst_xlnk_memory_unmap_device (mem, &device);
  fail_unless (gst_xlnk_memory_map_device (mem, &device, GST_MAP_WRITE));
  fail_if (gst_memory_map (mem, &cpu, GST_MAP_READ));
  gst_xlnk_memory_unmap_device (mem, &device);
}

GST_END_TEST;

GST_START_TEST (unexposed_maps_make_no_system_call)
{
  guint64 ioctls = board_ioctls ();

  for (guint8 i = 0; i < 100; i++)
    xlnk_check_fill (mem, i);
  fail_unless (xlnk_check_is_filled (mem, 99));
  fail_unless_equals_uint64 (board_ioctls (), ioctls);
}

GST_END_TEST;

/*** explicit, for who keeps a pointer ***/

GST_START_TEST (flush_and_invalidate_by_hand)
{
  guint64 phys = gst_xlnk_memory_get_phys_addr (mem);
  GstMapInfo info;

  fail_unless (gst_memory_map (mem, &info, GST_MAP_READWRITE));
  for (guint8 value = 1; value < 4; value++) {
    memset (info.data, value, SIZE);
    fail_unless (gst_xlnk_memory_flush (mem, 0, -1, NULL));
    fail_unless (board_device_sees (phys, value, SIZE));
    board_device_fill (phys, value + 70, SIZE);
    fail_unless (gst_xlnk_memory_invalidate (mem, 0, -1, NULL));
    fail_unless_equals_int (info.data[0], value + 70);
    fail_unless_equals_int (info.data[SIZE - 1], value + 70);
  }
  gst_memory_unmap (mem, &info);
}

GST_END_TEST;

GST_START_TEST (flush_of_a_range)
{
  guint64 phys = gst_xlnk_memory_get_phys_addr (mem);
  GstXlnkStats before = xlnk_check_stats ();
  GstMapInfo info;

  fail_unless (gst_memory_map (mem, &info, GST_MAP_READWRITE));
  memset (info.data + 8192, 9, 1024);
  fail_unless (gst_xlnk_memory_flush (mem, 8192, 1024, NULL));
  fail_unless_equals_uint64 (xlnk_check_stats ().flushed_bytes, before.flushed_bytes + 1024);
  fail_unless (board_device_sees (phys + 8192, 9, 1024));
  gst_memory_unmap (mem, &info);
}

GST_END_TEST;

static void
check_maintenance_refused (gsize offset, gssize size)
{
  GError *error = NULL;

  fail_if (gst_xlnk_memory_flush (mem, offset, size, &error));
  fail_unless (g_error_matches (error, GST_XLNK_ERROR, GST_XLNK_ERROR_NOT_OURS));
  g_clear_error (&error);
  fail_if (gst_xlnk_memory_invalidate (mem, offset, size, &error));
  fail_unless (g_error_matches (error, GST_XLNK_ERROR, GST_XLNK_ERROR_NOT_OURS));
  g_clear_error (&error);
}

/* The driver would run past the buffer's end. */
GST_START_TEST (defect_22_maintenance_stays_inside_the_memory)
{
  guint64 ioctls = board_ioctls ();

  check_maintenance_refused (0, SIZE + 1);
  check_maintenance_refused (SIZE, 1);
  check_maintenance_refused (SIZE + 1, 0);
  check_maintenance_refused (SIZE + 1, -1);
  check_maintenance_refused (G_MAXSIZE, 2);
  check_maintenance_refused (G_MAXSIZE, -1);
  check_maintenance_refused (10, G_MAXSSIZE);
  fail_unless_equals_uint64 (board_ioctls (), ioctls);
  fail_unless (gst_xlnk_memory_flush (mem, SIZE, -1, NULL));
  fail_unless (gst_xlnk_memory_flush (mem, SIZE, 0, NULL));
}

GST_END_TEST;

/*** uncached ***/

GST_START_TEST (uncached_memory_needs_nothing)
{
  GstMemory *uncached = gst_xlnk_allocator_alloc (xlnk_allocator, SIZE, FALSE, NULL, NULL);
  guint64 phys = gst_xlnk_memory_get_phys_addr (uncached);
  guint64 ioctls = board_ioctls ();
  GstMapInfo info;

  for (guint8 value = 1; value < 4; value++) {
    xlnk_check_fill (uncached, value);
    fail_unless (board_device_sees (phys, value, SIZE));
    fail_unless (gst_xlnk_memory_map_device (uncached, &info, GST_MAP_WRITE));
    board_device_fill (phys, value + 70, SIZE);
    gst_xlnk_memory_unmap_device (uncached, &info);
    fail_unless (xlnk_check_is_filled (uncached, value + 70));
  }
  fail_unless_equals_uint64 (board_ioctls (), ioctls);
  fail_unless_equals_uint64 (xlnk_check_stats ().flushes, 0);
  gst_memory_unref (uncached);
}

GST_END_TEST;

/*** neighbours ***/

GST_START_TEST (shared_cache_lines_are_warned_of)
{
  GstMemory *child;

  xlnk_check_count_log ("xlnkallocator", GST_LEVEL_WARNING);
  child = gst_memory_share (mem, 4096, 128);
  gst_xlnk_memory_get_phys_addr (child);
  fail_unless_equals_int (xlnk_check_logged (), 0);
  gst_memory_unref (child);
  child = gst_memory_share (mem, 4096 + 16, 128);
  gst_xlnk_memory_get_phys_addr (child);
  fail_unless_equals_int (xlnk_check_logged (), 1);
  gst_memory_unref (child);
  child = gst_memory_share (mem, 4096, 100);
  gst_xlnk_memory_get_phys_addr (child);
  fail_unless_equals_int (xlnk_check_logged (), 2);
  gst_memory_unref (child);
}

GST_END_TEST;

static Suite *
sync_suite (void)
{
  Suite *suite = suite_create ("sync");
  TCase *tc = tcase_create ("sync");

  suite_add_tcase (suite, tc);
  tcase_add_checked_fixture (tc, setup, teardown);
  tcase_add_test (tc, exposed_writes_reach_the_device);
  tcase_add_test (tc, defect_10_a_repeated_map_synchronises_again);
  tcase_add_test (tc, exposed_round_trips);
  tcase_add_test (tc, hand_out_cleans_what_is_dirty);
  tcase_add_test (tc, hand_out_cleans_under_a_write_map);
  tcase_add_test (tc, second_hand_out_cleans_too);
  tcase_add_test (tc, children_synchronise_their_range);
  tcase_add_test (tc, padding_is_synchronised);
  tcase_add_test (tc, bracketed_write_is_flushed_once);
  tcase_add_test (tc, bracketed_read_is_invalidated_once);
  tcase_add_test (tc, nothing_is_due_without_a_change_of_hands);
  tcase_add_test (tc, device_write_map_cleans_first);
  tcase_add_test (tc, bracketed_round_trips);
  tcase_add_test (tc, parts_are_maintained_apart);
  tcase_add_test (tc, device_and_cpu_exclude_each_other);
  tcase_add_test (tc, unexposed_maps_make_no_system_call);
  tcase_add_test (tc, flush_and_invalidate_by_hand);
  tcase_add_test (tc, flush_of_a_range);
  tcase_add_test (tc, defect_22_maintenance_stays_inside_the_memory);
  tcase_add_test (tc, uncached_memory_needs_nothing);
  tcase_add_test (tc, shared_cache_lines_are_warned_of);
  return suite;
}

GST_CHECK_MAIN (sync);
