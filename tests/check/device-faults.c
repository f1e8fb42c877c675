/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * device-faults.c: drivers that refuse, and kernels that fail half-way. Each test needs the board that its name in
 * meson.build asks for, so one run runs one of them.
 */
#include <errno.h>

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "board.h"
#include "stranger.h"
#include "xlnkblock.h"

#define assert_mentions(error, word) \
  G_STMT_START { \
    if (!strstr ((error)->message, (word))) \
      g_error ("\"%s\" is not in: %s", (word), (error)->message); \
  } G_STMT_END

static XlnkDevice *
open_device (void)
{
  g_autoptr (GError) error = NULL;
  XlnkDevice *device = xlnk_device_open (NULL, &error);

  g_assert_no_error (error);
  return device;
}

static XlnkBlock *
new_block (XlnkDevice * device)
{
  g_autoptr (GError) error = NULL;
  XlnkBlock *block = xlnk_block_new (device, 50000, true, &error);

  g_assert_no_error (error);
  return block;
}

static void
assert_no_block (XlnkDevice * device, XlnkError code, GError ** error)
{
  XlnkDeviceStats stats;
  guint64 failed;

  xlnk_device_get_stats (device, &stats);
  failed = stats.failed_allocs;
  g_assert_null (xlnk_block_new (device, 50000, true, error));
  g_assert_error (*error, XLNK_ERROR, (int) code);
  xlnk_device_get_stats (device, &stats);
  g_assert_cmpuint (stats.failed_allocs, ==, failed + 1);
  g_assert_cmpuint (stats.live_blocks, ==, 0);
}

/* The block can be used, and goes again. */
static void
assert_works (XlnkDevice * device)
{
  XlnkBlock *block = new_block (device);

  memset (block->extent.cpu, 1, block->size);
  xlnk_block_unref (block);
  g_assert_cmpuint (board_live_buffers (), ==, 0);
}

/* Not one of its argument blocks would be as ours are: nothing but the harmless question may be asked of it. */
static void
test_old_driver_is_refused (void)
{
  g_autoptr (GError) error = NULL;

  g_assert_null (xlnk_device_open (NULL, &error));
  g_assert_error (error, XLNK_ERROR, XLNK_ERROR_UNKNOWN_ABI);
  assert_mentions (error, "3.x");
  g_assert_cmpuint (board_counter ("allocs"), ==, 0);
}

static void
test_high_first_id (void)
{
  XlnkDevice *device = open_device ();
  XlnkBlock *block = new_block (device);
  XlnkBlock *second = new_block (device);
  int fd = stranger_open ();
  guint8 *other;

  g_assert_cmpuint (block->extent.id, ==, 200);
  g_assert_cmpint (device->shift, ==, atoi (g_getenv ("XLNK_TEST_SHIFT")));
  memset (block->extent.cpu, 1, block->size);
  memset (second->extent.cpu, 2, block->size);
  other = stranger_map (fd, 200, device->shift, block->size);
  g_assert_cmpuint (other[0], ==, 1);
  g_assert_cmpuint (other[block->size - 1], ==, 1);
  close (fd);
  xlnk_block_unref (second);
  xlnk_block_unref (block);
  xlnk_device_unref (device);
}

/* A shift of 24, wrongly tried with such an id, would map physical address 0. */
static void
test_probe_needs_a_low_id (void)
{
  XlnkDevice *device = open_device ();
  g_autoptr (GError) error = NULL;

  assert_no_block (device, XLNK_ERROR_UNKNOWN_ABI, &error);
  assert_mentions (error, "256");
  assert_mentions (error, "300");
  g_assert_cmpuint (board_live_buffers (), ==, 0);
  g_assert_cmpuint (board_counter ("frees"), ==, 1);
  xlnk_device_unref (device);
}

/* The driver returns how many bytes it could not copy back: the id never came, so the buffer is nobody's. */
static void
test_positive_return_is_a_failure (void)
{
  XlnkDevice *device = open_device ();
  g_autoptr (GError) error = NULL;

  assert_no_block (device, XLNK_ERROR_FAILED, &error);
  assert_mentions (error, "50");
  stranger_reset ();
  assert_works (device);
  xlnk_device_unref (device);
}

static void
test_interrupted_calls_are_repeated (void)
{
  XlnkDevice *device = open_device ();
  XlnkBlock *block = new_block (device);
  XlnkRange all = { 0, block->size };

  g_assert_true (xlnk_block_expose (block, NULL));
  for (int i = 0; i < 4; i++) {
    g_assert_true (xlnk_block_map (block, XLNK_ACCESS_WRITE, all, NULL));
    xlnk_block_unmap (block, XLNK_ACCESS_WRITE, all);
  }
  xlnk_block_unref (block);
  g_assert_cmpuint (board_live_buffers (), ==, 0);
  xlnk_device_unref (device);
}

static void
test_defect_08_failed_map_gives_the_buffer_back (void)
{
  XlnkDevice *device = open_device ();
  g_autoptr (GError) error = NULL;

  assert_no_block (device, XLNK_ERROR_FAILED, &error);
  assert_mentions (error, "map");
  g_assert_cmpuint (board_live_buffers (), ==, 0);
  assert_works (device);
  xlnk_device_unref (device);
}

static void
test_failed_probe_gives_the_buffer_back (void)
{
  XlnkDevice *device = open_device ();
  g_autoptr (GError) error = NULL;

  /* Whether the driver is a known one was not found out. */
  assert_no_block (device, XLNK_ERROR_FAILED, &error);
  assert_mentions (error, "scratch page");
  assert_mentions (error, g_strerror (EAGAIN));
  g_assert_cmpuint (board_live_buffers (), ==, 0);
  assert_works (device);
  xlnk_device_unref (device);
}

/* One that fails once is tried again. */
static void
test_probe_is_repeated (void)
{
  XlnkDevice *device = open_device ();

  assert_works (device);
  xlnk_device_unref (device);
}

static void
test_full_table_says_so (void)
{
  XlnkDevice *device = open_device ();
  g_autoptr (GError) error = NULL;

  assert_no_block (device, XLNK_ERROR_EXHAUSTED, &error);
  assert_mentions (error, "50000 bytes");
  assert_mentions (error, "table");
  assert_works (device);
  xlnk_device_unref (device);
}

/* CACHECTRL fails once, on the flush that is due: the map fails, and the next one makes up for it. */
static void
test_failed_maintenance_is_made_up_for (void)
{
  XlnkDevice *device = open_device ();
  XlnkBlock *block = new_block (device);
  XlnkRange all = { 0, block->size };
  g_autoptr (GError) error = NULL;
  guint64 flushes;

  g_assert_true (xlnk_block_map (block, XLNK_ACCESS_WRITE, all, NULL));
  memset (block->extent.cpu, 3, block->size);
  xlnk_block_unmap (block, XLNK_ACCESS_WRITE, all);
  flushes = board_counter ("flushes");
  g_assert_false (xlnk_block_map (block, XLNK_ACCESS_READ | XLNK_ACCESS_DEVICE, all, &error));
  g_assert_error (error, XLNK_ERROR, XLNK_ERROR_FAILED);
  g_assert_false (xlnk_coherence_is_mapped (&block->coherence));
  g_assert_cmpuint (board_counter ("flushes"), ==, flushes);
  g_assert_true (xlnk_block_map (block, XLNK_ACCESS_READ | XLNK_ACCESS_DEVICE, all, NULL));
  g_assert_cmpuint (board_counter ("flushes"), ==, flushes + 1);
  xlnk_block_unmap (block, XLNK_ACCESS_READ | XLNK_ACCESS_DEVICE, all);
  xlnk_block_unref (block);
  xlnk_device_unref (device);
}

/* A free that fails is an error in the log and no free in the statistics; the mapping goes all the same. */
static void
test_failed_free_is_not_counted (void)
{
  XlnkDevice *device = open_device ();
  XlnkBlock *block = new_block (device);
  gpointer cpu = block->extent.cpu;
  XlnkDeviceStats stats;

  xlnk_block_unref (block);
  xlnk_device_get_stats (device, &stats);
  g_assert_cmpuint (stats.frees, ==, 0);
  g_assert_cmpuint (stats.live_blocks, ==, 0);
  g_assert_false (address_is_mapped (cpu));
  g_assert_cmpuint (board_live_buffers (), ==, 1);
  stranger_reset ();
  xlnk_device_unref (device);
}

static void
test_permission_says_what_to_do (void)
{
  g_autoptr (GError) error = NULL;
  XlnkDevice *device;

  g_assert_null (xlnk_device_open (NULL, &error));
  g_assert_error (error, XLNK_ERROR, XLNK_ERROR_PERMISSION);
  assert_mentions (error, "udev");
  device = open_device ();
  assert_works (device);
  xlnk_device_unref (device);
}

static void
test_refused_reset_frees_nothing (void)
{
  XlnkDevice *device = open_device ();
  int fd = stranger_open ();
  g_autoptr (GError) error = NULL;

  g_assert_cmpuint (stranger_alloc (fd, 5000).id, !=, 0);
  g_assert_false (xlnk_device_reset (device, &error));
  g_assert_error (error, XLNK_ERROR, XLNK_ERROR_FAILED);
  assert_mentions (error, g_strerror (EPERM));
  g_assert_cmpuint (board_live_buffers (), ==, 1);
  g_assert_true (xlnk_device_reset (device, NULL));
  g_assert_cmpuint (board_live_buffers (), ==, 0);
  close (fd);
  xlnk_device_unref (device);
}

static const struct
{
  const char *path;
  GTestFunc function;
} tests[] = {
  {"/device-faults/old-driver-is-refused", test_old_driver_is_refused},
  {"/device-faults/high-first-id", test_high_first_id},
  {"/device-faults/probe-needs-a-low-id", test_probe_needs_a_low_id},
  {"/device-faults/positive-return-is-a-failure", test_positive_return_is_a_failure},
  {"/device-faults/interrupted-calls-are-repeated", test_interrupted_calls_are_repeated},
  {"/device-faults/defect-08-failed-map-gives-the-buffer-back", test_defect_08_failed_map_gives_the_buffer_back},
  {"/device-faults/failed-probe-gives-the-buffer-back", test_failed_probe_gives_the_buffer_back},
  {"/device-faults/probe-is-repeated", test_probe_is_repeated},
  {"/device-faults/full-table-says-so", test_full_table_says_so},
  {"/device-faults/failed-maintenance-is-made-up-for", test_failed_maintenance_is_made_up_for},
  {"/device-faults/failed-free-is-not-counted", test_failed_free_is_not_counted},
  {"/device-faults/permission-says-what-to-do", test_permission_says_what_to_do},
  {"/device-faults/refused-reset-frees-nothing", test_refused_reset_frees_nothing},
};

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  for (gsize i = 0; i < G_N_ELEMENTS (tests); i++)
    g_test_add_func (tests[i].path, tests[i].function);
  return g_test_run ();
}
