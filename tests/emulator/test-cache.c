/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * test-cache.c: what moves between CPU and device, and what does not (xlnk-abi §6). Run for both architectures. Each
 * positive case has its negative control beside it: the same client without the flush or the invalidate.
 */
#include "client.h"

#include <errno.h>
#include <string.h>

#define SIZE 65536u

static Driver driver;
static int fd;

static void
test_skipped_flush_is_seen_by_nobody (void)
{
  const uint64_t hazards = client_counters ().device_read_dirty;
  Buffer buffer = client_take (fd, SIZE, true);

  memset (buffer.data, 1, SIZE);
  g_assert_cmpint (device_byte (buffer.phys + 100), ==, 0);
  g_assert_cmpint (client_counters ().device_read_dirty, ==, hazards + 1);
  client_give (fd, &buffer);
}

static void
test_flush_reaches_the_device (void)
{
  const struct xlnk_emulator_counters before = client_counters ();
  Buffer buffer = client_take (fd, SIZE, true);
  struct xlnk_emulator_counters after;

  memset (buffer.data, 1, SIZE);
  g_assert_cmpint (client_cache (fd, buffer.phys, SIZE, 0), ==, 0);
  g_assert_cmpint (device_byte (buffer.phys), ==, 1);
  g_assert_cmpint (device_byte (buffer.phys + SIZE - 1), ==, 1);
  after = client_counters ();
  g_assert_cmpint (after.device_read_dirty, ==, before.device_read_dirty);
  g_assert_cmpint (after.needed, ==, before.needed + 1);
  g_assert_cmpint (after.redundant, ==, before.redundant);
  g_assert_cmpint (after.lines_written - before.lines_written, ==, SIZE / driver.line);
  client_give (fd, &buffer);
}

static void
test_second_flush_is_redundant (void)
{
  Buffer buffer = client_take (fd, SIZE, true);
  uint64_t before;

  buffer.data[5] = 1;
  g_assert_cmpint (client_cache (fd, buffer.phys, SIZE, 0), ==, 0);
  before = client_counters ().redundant;
  g_assert_cmpint (client_cache (fd, buffer.phys, SIZE, 0), ==, 0);
  g_assert_cmpint (client_counters ().redundant, ==, before + 1);
  client_give (fd, &buffer);
}

static void
test_skipped_invalidate_reads_stale_data (void)
{
  Buffer buffer = client_take (fd, SIZE, true);

  device_fill (buffer.phys, 9, SIZE);
  g_assert_cmpint (buffer.data[0], ==, 0);
  g_assert_cmpint (buffer.data[SIZE - 1], ==, 0);
  client_give (fd, &buffer);
}

static void
test_invalidate_shows_the_devices_data (void)
{
  Buffer buffer = client_take (fd, SIZE, true);

  device_fill (buffer.phys, 9, SIZE);
  g_assert_cmpint (client_cache (fd, buffer.phys, SIZE, 1), ==, 0);
  g_assert_cmpint (buffer.data[0], ==, 9);
  g_assert_cmpint (buffer.data[SIZE - 1], ==, 9);
  client_give (fd, &buffer);
}

/* Action 0 also invalidates on ARM32; on arm64 it cleans only, and the line stays in the cache. */
static void
test_action_0_after_a_device_write (void)
{
  Buffer buffer = client_take (fd, SIZE, true);

  device_fill (buffer.phys, 9, SIZE);
  g_assert_cmpint (client_cache (fd, buffer.phys, SIZE, 0), ==, 0);
  g_assert_cmpint (buffer.data[0], ==, driver.arm64 ? 0 : 9);
  client_give (fd, &buffer);
}

/* A clean line is not written back over fresh DMA data: that is what the shadow plane is for. */
static void
test_flush_keeps_the_devices_data (void)
{
  Buffer buffer = client_take (fd, SIZE, true);

  memset (buffer.data, 1, SIZE);
  g_assert_cmpint (client_cache (fd, buffer.phys, SIZE, 0), ==, 0);
  device_fill (buffer.phys, 9, SIZE);
  buffer.data[3 * driver.line] = 2;
  g_assert_cmpint (client_cache (fd, buffer.phys, SIZE, 0), ==, 0);
  g_assert_cmpint (device_byte (buffer.phys), ==, 9);
  g_assert_cmpint (device_byte (buffer.phys + 4 * driver.line), ==, 9);
  /* but the dirty line goes as a whole */
  g_assert_cmpint (device_byte (buffer.phys + 3 * driver.line), ==, 2);
  g_assert_cmpint (device_byte (buffer.phys + 3 * driver.line + 1), ==, 1);
  client_give (fd, &buffer);
}

/* Maintenance starts at the buffer's first byte, whatever address is given. */
static void
test_offset_bug (void)
{
  Buffer buffer = client_take (fd, SIZE, true);

  if (driver.pointers) {
    g_test_skip ("S1 honours the address");
    return;
  }
  memset (buffer.data, 1, SIZE);
  g_assert_cmpint (client_cache (fd, buffer.phys + 8192, 4096, 0), ==, 0);
  g_assert_cmpint (device_byte (buffer.phys + 8192), ==, 0);
  /* arm: L1 gave up [0, 4096), L2 only [8192, 12288): nothing came through; arm64 has one range */
  g_assert_cmpint (device_byte (buffer.phys), ==, driver.arm64 ? 1 : 0);
  /* what works: base, and offset + length as the size */
  g_assert_cmpint (client_cache (fd, buffer.phys, 8192 + 4096, 0), ==, 0);
  g_assert_cmpint (device_byte (buffer.phys + 8192), ==, 1);
  client_give (fd, &buffer);
}

/* arm64 throws dirty lines away, but cleans the lines at the edges that belong to others in part. */
static void
test_action_1_on_dirty_lines (void)
{
  const uint64_t hazards = client_counters ().lost_line;
  Buffer buffer = client_take (fd, SIZE, true);
  const uint32_t size = 4 * driver.line + 8;

  memset (buffer.data, 1, SIZE);
  g_assert_cmpint (client_cache (fd, buffer.phys, size, 1), ==, 0);
  if (driver.arm64 || driver.pointers) {
    g_assert_cmpint (buffer.data[0], ==, 0);
    g_assert_cmpint (buffer.data[4 * driver.line - 1], ==, 0);
    g_assert_cmpint (client_counters ().lost_line, ==, hazards + 4);
  } else {
    g_assert_cmpint (buffer.data[0], ==, 1);
    g_assert_cmpint (device_byte (buffer.phys), ==, 1);
    g_assert_cmpint (client_counters ().lost_line, ==, hazards);
  }
  g_assert_cmpint (buffer.data[4 * driver.line], ==, 1);
  g_assert_cmpint (device_byte (buffer.phys + 4 * driver.line), ==, 1);
  g_assert_cmpint (buffer.data[5 * driver.line], ==, 1);
  client_give (fd, &buffer);
}

static void
test_device_write_under_a_dirty_line (void)
{
  const uint64_t hazards = client_counters ().device_write_dirty;
  Buffer buffer = client_take (fd, SIZE, true);

  buffer.data[0] = 1;
  device_fill (buffer.phys, 9, 256);
  g_assert_cmpint (client_counters ().device_write_dirty, ==, hazards + 1);
  /* the eviction comes, and with it the CPU's old line */
  g_assert_cmpint (evict (buffer.phys, SIZE, 100), >, 0);
  g_assert_cmpint (device_byte (buffer.phys), ==, 1);
  g_assert_cmpint (device_byte (buffer.phys + 1), ==, 0);
  client_give (fd, &buffer);
}

static void
test_eviction_writes_back_and_is_no_redundancy (void)
{
  Buffer buffer = client_take (fd, SIZE, true);
  uint64_t redundant;

  memset (buffer.data, 1, SIZE);
  g_assert_cmpint (evict (buffer.phys, SIZE, 100), ==, SIZE / driver.line);
  g_assert_cmpint (device_byte (buffer.phys + 77), ==, 1);
  g_assert_cmpint (evict (buffer.phys, SIZE, 100), ==, 0);
  redundant = client_counters ().redundant;
  g_assert_cmpint (client_cache (fd, buffer.phys, SIZE, 0), ==, 0);
  g_assert_cmpint (client_counters ().redundant, ==, redundant);
  client_give (fd, &buffer);
}

static void
test_uncached_needs_nothing (void)
{
  const struct xlnk_emulator_counters before = client_counters ();
  Buffer buffer = client_take (fd, SIZE, false);

  buffer.data[10] = 1;
  g_assert_cmpint (device_byte (buffer.phys + 10), ==, 1);
  device_fill (buffer.phys, 9, SIZE);
  g_assert_cmpint (buffer.data[10], ==, 9);
  g_assert_cmpint (client_cache (fd, buffer.phys, SIZE, 0), ==, 0);
  g_assert_cmpint (client_cache (fd, buffer.phys, SIZE, 1), ==, 0);
  g_assert_cmpint (buffer.data[10], ==, 9);
  g_assert_cmpint (client_counters ().redundant, ==, before.redundant + 2);
  g_assert_cmpint (client_counters ().hazards, ==, before.hazards);
  client_give (fd, &buffer);
}

static void
test_errors (void)
{
  Buffer buffer = client_take (fd, 5000, true);

  g_assert_cmpint (client_cache (fd, buffer.phys, 5000, 2), ==, -EINVAL);
  if (!driver.pointers) {
    /* by the length asked for, not the rounded one */
    g_assert_cmpint (client_cache (fd, buffer.phys + 4999, 1, 0), ==, 0);
    g_assert_cmpint (client_cache (fd, buffer.phys + 5000, 1, 0), ==, -EINVAL);
    g_assert_cmpint (client_cache (fd, 0, 1, 0), ==, -EINVAL);
  } else {
    g_assert_cmpint (client_cache (fd, 0, 1, 0), ==, 0);
  }
  client_give (fd, &buffer);
  g_assert_cmpint (client_cache (fd, buffer.phys, 1, 0), ==, driver.pointers ? 0 : -EINVAL);
}

/* A question, not maintenance; it maintains its line all the same. */
static void
test_liveness_query (void)
{
  const struct xlnk_emulator_counters before = client_counters ();
  Buffer buffer = client_take (fd, SIZE, true);
  struct xlnk_emulator_counters after;

  buffer.data[0] = 1;
  g_assert_cmpint (client_cache (fd, buffer.phys, 1, 0), ==, 0);
  g_assert_cmpint (client_cache (fd, buffer.phys, 0, 0), ==, 0);
  after = client_counters ();
  g_assert_cmpint (after.liveness_queries, ==, before.liveness_queries + 2);
  g_assert_cmpint (after.redundant + after.needed, ==, before.redundant + before.needed);
  g_assert_cmpint (after.flushes, ==, before.flushes);
  g_assert_cmpint (device_byte (buffer.phys), ==, 1);
  client_give (fd, &buffer);
}

/* An oversize operation runs into the neighbour. */
static void
test_size_is_not_checked (void)
{
  Buffer first = client_take (fd, 4096, true), second = client_take (fd, 4096, true);

  g_assert_cmpint (second.phys, ==, first.phys + 4096);
  second.data[0] = 1;
  g_assert_cmpint (client_cache (fd, first.phys, 4097, 0), ==, 0);
  g_assert_cmpint (device_byte (second.phys), ==, 1);
  client_give (fd, &first);
  client_give (fd, &second);
}

static void
test_device_outside_live_buffers (void)
{
  const uint64_t hazards = client_counters ().device_outside;
  Buffer buffer = client_take (fd, 4096, true);
  uint8_t data[8192] = { 0 };

  g_assert_cmpint (device_read (0x1000, data, 4), ==, -1);
  g_assert_cmpint (errno, ==, EFAULT);
  g_assert_cmpint (device_write (buffer.phys, data, 8192), ==, -1);
  client_give (fd, &buffer);
  g_assert_cmpint (device_write (buffer.phys, data, 4), ==, -1);
  g_assert_cmpint (client_counters ().device_outside, ==, hazards + 3);
}

#define ADD(name, test) g_test_add_func ("/cache/" name, test)

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  driver = client_driver ();
  fd = client_open ();
  g_assert_cmpint (fd, >=, 0);
  ADD ("skipped-flush-is-seen-by-nobody", test_skipped_flush_is_seen_by_nobody);
  ADD ("flush-reaches-the-device", test_flush_reaches_the_device);
  ADD ("second-flush-is-redundant", test_second_flush_is_redundant);
  ADD ("skipped-invalidate-reads-stale-data", test_skipped_invalidate_reads_stale_data);
  ADD ("invalidate-shows-the-devices-data", test_invalidate_shows_the_devices_data);
  ADD ("flush-keeps-the-devices-data", test_flush_keeps_the_devices_data);
  ADD ("offset-bug", test_offset_bug);
  ADD ("action-1-on-dirty-lines", test_action_1_on_dirty_lines);
  ADD ("device-write-under-a-dirty-line", test_device_write_under_a_dirty_line);
  ADD ("eviction", test_eviction_writes_back_and_is_no_redundancy);
  ADD ("uncached-needs-nothing", test_uncached_needs_nothing);
  ADD ("errors", test_errors);
  ADD ("liveness-query", test_liveness_query);
  ADD ("size-is-not-checked", test_size_is_not_checked);
  ADD ("device-outside-live-buffers", test_device_outside_live_buffers);
  if (!driver.pointers)
    ADD ("action-0-after-a-device-write", test_action_0_after_a_device_write);
  return g_test_run ();
}
