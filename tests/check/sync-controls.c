/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * sync-controls.c: the same traffic as in sync.c by a program that bypasses maps and unmaps. The emulated cache must
 * catch it, or sync.c would prove nothing. So this one runs without --strict, on boards that evict nothing by chance.
 */
#include "xlnkcheck.h"

#define SIZE 8192

static GstMemory *mem;
static guint64 phys;
static guint8 *bytes;           /* kept beyond its map */

static void
setup (void)
{
  GstMapInfo info;

  xlnk_check_setup ();
  mem = xlnk_check_alloc (SIZE);
  phys = gst_xlnk_memory_get_phys_addr (mem);
  fail_unless (gst_memory_map (mem, &info, GST_MAP_READWRITE));
  bytes = info.data;
  gst_memory_unmap (mem, &info);
}

static void
teardown (void)
{
  gst_memory_unref (mem);
  xlnk_check_teardown ();
}

GST_START_TEST (missing_unmap_is_caught)
{
  guint64 hazards = board_hazards ();

  memset (bytes, 0x12, SIZE);
  fail_if (board_device_sees (phys, 0x12, SIZE));
  fail_unless (board_hazards () > hazards);
}

GST_END_TEST;

GST_START_TEST (missing_map_shows_old_bytes)
{
  memset (bytes, 0x12, SIZE);
  fail_unless (gst_xlnk_memory_flush (mem, 0, -1, NULL));
  board_device_fill (phys, 0x34, SIZE);
  fail_unless_equals_int (bytes[0], 0x12);
  fail_unless_equals_int (bytes[SIZE - 1], 0x12);
  fail_unless (xlnk_check_is_filled (mem, 0x34));
}

GST_END_TEST;

GST_START_TEST (device_write_under_dirty_lines_is_caught)
{
  guint64 hazards = board_hazards ();

  memset (bytes, 0x12, SIZE);
  board_device_fill (phys, 0x34, SIZE);
  fail_unless (board_hazards () > hazards);
  /* The lines go to memory whenever the cache likes, over what the device wrote. */
  board_evict (phys, SIZE);
  fail_if (board_device_sees (phys, 0x34, SIZE));
}

GST_END_TEST;

GST_START_TEST (access_to_freed_memory_is_caught)
{
  guint64 hazards = board_hazards ();

  gst_memory_unref (mem);
  fail_if (board_device_can_read (phys));
  fail_unless (board_hazards () > hazards);
  setup ();
}

GST_END_TEST;

/* Maintenance that moves no line. */
GST_START_TEST (needless_flush_is_counted)
{
  guint64 redundant = board_redundant ();

  fail_unless (gst_xlnk_memory_flush (mem, 0, -1, NULL));
  fail_unless (board_redundant () > redundant);
}

GST_END_TEST;

static Suite *
sync_controls_suite (void)
{
  Suite *suite = suite_create ("sync-controls");
  TCase *tc = tcase_create ("sync-controls");

  suite_add_tcase (suite, tc);
  tcase_add_checked_fixture (tc, setup, teardown);
  tcase_add_test (tc, missing_unmap_is_caught);
  tcase_add_test (tc, missing_map_shows_old_bytes);
  tcase_add_test (tc, device_write_under_dirty_lines_is_caught);
  tcase_add_test (tc, access_to_freed_memory_is_caught);
  tcase_add_test (tc, needless_flush_is_counted);
  return suite;
}

GST_CHECK_MAIN (sync_controls);
