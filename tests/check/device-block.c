/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * device-block.c: blocks of the device ring on a well-behaved driver: sizes, addresses, look-ups, statistics, failure
 * messages, threads.
 */
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "board.h"
#include "stranger.h"
#include "xlnkblock.h"

#define MIB (1024 * 1024)

#define assert_mentions(error, word) \
  G_STMT_START { \
    if (!strstr ((error)->message, (word))) \
      g_error ("\"%s\" is not in: %s", (word), (error)->message); \
  } G_STMT_END

typedef struct
{
  XlnkDevice *device;
} Fixture;

static void
set_up (Fixture * fixture, gconstpointer data G_GNUC_UNUSED)
{
  g_autoptr (GError) error = NULL;

  fixture->device = xlnk_device_open (NULL, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (board_live_buffers (), ==, 0);
}

static void
tear_down (Fixture * fixture, gconstpointer data G_GNUC_UNUSED)
{
  xlnk_device_unref (fixture->device);
  g_assert_cmpuint (board_live_buffers (), ==, 0);
}

static XlnkBlock *
new_block (XlnkDevice * device, size_t size, bool cached)
{
  g_autoptr (GError) error = NULL;
  XlnkBlock *block = xlnk_block_new (device, size, cached, &error);

  g_assert_no_error (error);
  g_assert_nonnull (block);
  return block;
}

static XlnkDeviceStats
stats_of (XlnkDevice * device)
{
  XlnkDeviceStats stats;

  xlnk_device_get_stats (device, &stats);
  return stats;
}

/* The emulated drivers shift by what the test's command line says. */
static void
test_shift_is_found (Fixture * fixture, gconstpointer data G_GNUC_UNUSED)
{
  const char *expected = g_getenv ("XLNK_TEST_SHIFT");
  XlnkBlock *block = new_block (fixture->device, 5000, true);

  g_assert_nonnull (expected);
  g_assert_cmpint (fixture->device->shift, ==, atoi (expected));
  xlnk_block_unref (block);
}

/* Blocks that shared memory, or were shorter than they said, would show each other's pattern. */
static void
test_blocks_are_apart (Fixture * fixture, gconstpointer data G_GNUC_UNUSED)
{
  static const size_t sizes[] = { 1, 63, 64, 4032, 4033, 4096, 65536, 70000, 131072, 300000 };
  XlnkBlock *blocks[G_N_ELEMENTS (sizes)];

  for (gsize i = 0; i < G_N_ELEMENTS (sizes); i++) {
    blocks[i] = new_block (fixture->device, sizes[i], true);
    memset (blocks[i]->extent.cpu, (int) i + 1, sizes[i]);
  }
  for (gsize i = 0; i < G_N_ELEMENTS (sizes); i++) {
    const guint8 *bytes = blocks[i]->extent.cpu;

    for (size_t at = 0; at < sizes[i]; at++)
      g_assert_cmpuint (bytes[at], ==, i + 1);
    xlnk_block_unref (blocks[i]);
  }
  g_assert_cmpuint (stats_of (fixture->device).lost_blocks, ==, 0);
  g_assert_cmpuint (stats_of (fixture->device).frees, ==, G_N_ELEMENTS (sizes));
}

/* More than a byte counts: at shift 24 their mappings begin beyond 4 GiB. */
static void
test_many_blocks (Fixture * fixture, gconstpointer data G_GNUC_UNUSED)
{
  const char *ids = g_getenv ("XLNK_TEST_IDS");
  XlnkBlock *blocks[300];
  guint32 id;

  g_assert_nonnull (ids);
  if (atoi (ids) < (int) G_N_ELEMENTS (blocks)) {
    g_test_skip ("this driver has no ids for them");
    return;
  }
  for (gsize i = 0; i < G_N_ELEMENTS (blocks); i++) {
    blocks[i] = new_block (fixture->device, 4000, true);
    id = (guint32) blocks[i]->extent.id;
    memcpy (blocks[i]->extent.cpu, &id, sizeof id);
  }
  g_assert_cmpuint (blocks[G_N_ELEMENTS (blocks) - 1]->extent.id, >=, G_N_ELEMENTS (blocks));
  for (gsize i = 0; i < G_N_ELEMENTS (blocks); i++) {
    memcpy (&id, blocks[i]->extent.cpu, sizeof id);
    g_assert_cmpuint (id, ==, blocks[i]->extent.id);
    xlnk_block_unref (blocks[i]);
  }
  g_assert_cmpuint (stats_of (fixture->device).lost_blocks, ==, 0);
}

/* What the driver calls the block's memory is what our mapping shows. */
static void
test_mapping_is_the_buffer (Fixture * fixture, gconstpointer data G_GNUC_UNUSED)
{
  XlnkBlock *block = new_block (fixture->device, 100000, true);
  int fd = stranger_open ();
  guint8 *other = stranger_map (fd, block->extent.id, fixture->device->shift, 4096);

  g_assert_nonnull (other);
  memcpy (block->extent.cpu, "ours", 4);
  g_assert_cmpmem (other, 4, "ours", 4);
  g_assert_cmpuint (block->extent.phys % 4096, ==, 0);
  g_assert_cmpuint ((guintptr) block->extent.cpu % 4096, ==, 0);
  munmap (other, 4096);
  close (fd);
  xlnk_block_unref (block);
}

/* Also when the memory was used before: both the CPU's bytes and the device's are zero. */
static void
test_memory_is_zeroed (Fixture * fixture, gconstpointer data G_GNUC_UNUSED)
{
  for (int round = 0; round < 3; round++) {
    XlnkBlock *block = new_block (fixture->device, 200000, round != 1);
    const guint8 *bytes = block->extent.cpu;

    for (size_t at = 0; at < block->size; at++)
      g_assert_cmpuint (bytes[at], ==, 0);
    memset (block->extent.cpu, 0xa5, block->size);
    xlnk_block_unref (block);
  }
}

static void
test_size_zero_has_an_address (Fixture * fixture, gconstpointer data G_GNUC_UNUSED)
{
  XlnkBlock *block = new_block (fixture->device, 0, true);
  XlnkRange empty = { 0, 0 };

  g_assert_nonnull (block->extent.cpu);
  g_assert_cmpuint (block->extent.phys, !=, 0);
  g_assert_true (xlnk_block_map (block, XLNK_ACCESS_READ, empty, NULL));
  xlnk_block_unmap (block, XLNK_ACCESS_READ, empty);
  xlnk_block_unref (block);
}

static void
test_lengths_beyond_the_driver (Fixture * fixture, gconstpointer data G_GNUC_UNUSED)
{
  static const size_t sizes[] = { INT32_MAX, INT32_MAX - 64, (size_t) INT32_MAX + 1, UINT32_MAX, SIZE_MAX,
    SIZE_MAX - 63, SIZE_MAX - 4096, SIZE_MAX / 2
  };
  guint64 allocs = board_counter ("allocs");

  for (gsize i = 0; i < G_N_ELEMENTS (sizes); i++) {
    g_autoptr (GError) error = NULL;
    g_autofree char *number = g_strdup_printf ("%zu", sizes[i]);

    g_assert_null (xlnk_block_new (fixture->device, sizes[i], true, &error));
    g_assert_error (error, XLNK_ERROR, XLNK_ERROR_TOO_LARGE);
    assert_mentions (error, number);
    assert_mentions (error, "32 bit");
  }
  g_assert_cmpuint (board_counter ("allocs"), ==, allocs);
}

static void
test_statistics (Fixture * fixture, gconstpointer data G_GNUC_UNUSED)
{
  XlnkBlock *first = new_block (fixture->device, 1000, true);
  XlnkBlock *second = new_block (fixture->device, 50000, false);
  XlnkDeviceStats stats = stats_of (fixture->device);

  g_assert_cmpuint (stats.live_blocks, ==, 2);
  g_assert_cmpuint (stats.live_bytes, ==, 51000);
  g_assert_cmpuint (stats.allocs, ==, 2);
  g_assert_cmpuint (board_live_buffers (), ==, 2);
  g_assert_cmpuint (stats.cma_total, >, 0);
  g_assert_cmpuint (stats.cma_free, <, stats.cma_total);
  xlnk_block_unref (xlnk_block_ref (first));
  g_assert_cmpuint (board_live_buffers (), ==, 2);
  xlnk_block_unref (first);
  xlnk_block_unref (second);
  stats = stats_of (fixture->device);
  g_assert_cmpuint (stats.live_blocks, ==, 0);
  g_assert_cmpuint (stats.live_bytes, ==, 0);
  g_assert_cmpuint (stats.peak_bytes, ==, 51000);
  g_assert_cmpuint (stats.frees, ==, 2);
  g_assert_cmpuint (stats.failed_allocs, ==, 0);
}

static void
test_exhausted_says_who_has_it (Fixture * fixture, gconstpointer data G_GNUC_UNUSED)
{
  size_t total = (size_t) stats_of (fixture->device).cma_total;
  size_t size = total - total / 8;
  XlnkBlock *block = new_block (fixture->device, size, true);
  g_autofree char *number = g_strdup_printf ("%zu bytes", size);
  g_autofree char *of_total = g_strdup_printf ("of %.0f MiB CMA", total / (1024.0 * 1024.0));
  g_autoptr (GError) error = NULL;

  g_assert_null (xlnk_block_new (fixture->device, size, true, &error));
  g_assert_error (error, XLNK_ERROR, XLNK_ERROR_EXHAUSTED);
  assert_mentions (error, number);
  assert_mentions (error, of_total);
  assert_mentions (error, "1 buffers");
  assert_mentions (error, "cma=");
  g_assert_cmpuint (stats_of (fixture->device).failed_allocs, ==, 1);
  g_assert_null (strstr (error->message, "pieces"));
  xlnk_block_unref (block);
  /* Nothing of the failure stays. */
  block = new_block (fixture->device, size, true);
  xlnk_block_unref (block);
}

/* Every second megabyte is taken: half of the memory is free, and two megabytes cannot be had. */
static void
test_fragmented_says_so (Fixture * fixture, gconstpointer data G_GNUC_UNUSED)
{
  g_autoptr (GPtrArray) blocks = g_ptr_array_new_with_free_func ((GDestroyNotify) xlnk_block_unref);
  g_autoptr (GPtrArray) kept = g_ptr_array_new_with_free_func ((GDestroyNotify) xlnk_block_unref);
  g_autoptr (GError) error = NULL;
  XlnkBlock *block;

  while ((block = xlnk_block_new (fixture->device, MIB - 4096, true, NULL)))
    g_ptr_array_add (blocks, block);
  g_assert_cmpuint (blocks->len, >, 8);
  for (guint i = 0; i < blocks->len; i += 2)
    g_ptr_array_add (kept, xlnk_block_ref (g_ptr_array_index (blocks, i)));
  g_ptr_array_set_size (blocks, 0);
  g_assert_null (xlnk_block_new (fixture->device, 3 * MIB, true, &error));
  g_assert_error (error, XLNK_ERROR, XLNK_ERROR_EXHAUSTED);
  assert_mentions (error, "pieces");
}

static void
assert_found (XlnkDevice * device, XlnkBlock * expected, const char *pointer, size_t size)
{
  XlnkBlock *found = xlnk_device_find_block (device, pointer, size);

  g_assert_true (found == expected);
  if (found)
    xlnk_block_unref (found);
}

static void
test_find_block (Fixture * fixture, gconstpointer data G_GNUC_UNUSED)
{
  XlnkBlock *first = new_block (fixture->device, 10000, true);
  XlnkBlock *second = new_block (fixture->device, 100, true);
  char *base = first->extent.cpu;
  int on_stack;

  assert_found (fixture->device, first, base, 10000);
  assert_found (fixture->device, first, base + 9999, 1);
  assert_found (fixture->device, first, base + 5000, 5000);
  assert_found (fixture->device, second, (char *) second->extent.cpu + 50, 1);
  /* The cookie and the page's rest are not the caller's. */
  assert_found (fixture->device, NULL, base, 10001);
  assert_found (fixture->device, NULL, base + 10000, 1);
  assert_found (fixture->device, NULL, base + 1, SIZE_MAX);
  assert_found (fixture->device, NULL, base - 1, 1);
  assert_found (fixture->device, NULL, (char *) &on_stack, 1);
  assert_found (fixture->device, NULL, NULL, 0);
  xlnk_block_unref (first);
  assert_found (fixture->device, NULL, base, 1);
  xlnk_block_unref (second);
}

static void
test_maps_stay_inside_the_block (Fixture * fixture, gconstpointer data G_GNUC_UNUSED)
{
  static const XlnkRange ranges[] = { {0, 101}, {100, 101}, {50, 40}, {SIZE_MAX, 0}, {101, 101} };
  XlnkBlock *block = new_block (fixture->device, 100, true);
  guint64 ioctls = board_counter ("flushes") + board_counter ("invalidates");

  for (gsize i = 0; i < G_N_ELEMENTS (ranges); i++) {
    g_autoptr (GError) error = NULL;

    g_assert_false (xlnk_block_map (block, XLNK_ACCESS_READ, ranges[i], &error));
    g_assert_error (error, XLNK_ERROR, XLNK_ERROR_NOT_OURS);
    g_assert_false (xlnk_block_flush (block, ranges[i], NULL));
    g_assert_false (xlnk_block_invalidate (block, ranges[i], NULL));
  }
  g_assert_cmpuint (board_counter ("flushes") + board_counter ("invalidates"), ==, ioctls);
  xlnk_block_unref (block);
}

static void
test_block_outlives_device_reference (Fixture * fixture, gconstpointer data G_GNUC_UNUSED)
{
  g_autoptr (GError) error = NULL;
  XlnkDevice *device = xlnk_device_open (NULL, &error);
  XlnkBlock *block = new_block (device, 4096, true);

  xlnk_device_unref (device);
  memset (block->extent.cpu, 1, 4096);
  g_assert_cmpuint (board_live_buffers (), ==, 1);
  xlnk_block_unref (block);
  g_assert_cmpuint (board_live_buffers (), ==, 0);
  g_assert_nonnull (fixture->device);
}

static void
test_reset_is_for_strangers (Fixture * fixture, gconstpointer data G_GNUC_UNUSED)
{
  XlnkBlock *block = new_block (fixture->device, 4096, true);
  int fd = stranger_open ();
  g_autoptr (GError) error = NULL;

  g_assert_cmpuint (stranger_alloc (fd, 4096).id, !=, 0);
  g_assert_false (xlnk_device_reset (fixture->device, &error));
  g_assert_error (error, XLNK_ERROR, XLNK_ERROR_BUSY);
  g_assert_cmpuint (board_live_buffers (), ==, 2);
  xlnk_block_unref (block);
  g_clear_error (&error);
  g_assert_true (xlnk_device_reset (fixture->device, &error));
  g_assert_no_error (error);
  g_assert_cmpuint (board_live_buffers (), ==, 0);
  close (fd);
}

/*** threads ***/

#define THREADS 4
#define ROUNDS 60

typedef struct
{
  XlnkDevice *device;
  XlnkBlock *shared;
  guint number;
} Worker;

static void
use_own_block (const Worker * worker, guint round)
{
  XlnkBlock *block = new_block (worker->device, 3000 + 500 * worker->number, round % 3 != 0);
  XlnkRange all = { 0, block->size };
  guint8 pattern = (guint8) (worker->number * 16 + round % 16);
  XlnkBlock *found;

  g_assert_true (xlnk_block_map (block, XLNK_ACCESS_WRITE, all, NULL));
  memset (block->extent.cpu, pattern, block->size);
  xlnk_block_unmap (block, XLNK_ACCESS_WRITE, all);
  found = xlnk_device_find_block (worker->device, (char *) block->extent.cpu + 7, 1);
  g_assert_true (found == block);
  xlnk_block_unref (found);
  for (size_t at = 0; at < block->size; at += 97)
    g_assert_cmpuint (((guint8 *) block->extent.cpu)[at], ==, pattern);
  xlnk_block_unref (block);
}

static void
use_shared_block (const Worker * worker)
{
  XlnkRange own = { worker->number * 64, worker->number * 64 + 64 };

  g_assert_true (xlnk_block_map (worker->shared, XLNK_ACCESS_READ | XLNK_ACCESS_WRITE, own, NULL));
  ((guint8 *) worker->shared->extent.cpu)[own.start]++;
  xlnk_block_unmap (worker->shared, XLNK_ACCESS_READ | XLNK_ACCESS_WRITE, own);
  g_assert_true (xlnk_block_map (worker->shared, XLNK_ACCESS_READ | XLNK_ACCESS_DEVICE, own, NULL));
  xlnk_block_unmap (worker->shared, XLNK_ACCESS_READ | XLNK_ACCESS_DEVICE, own);
}

static gpointer
work (gpointer data)
{
  const Worker *worker = data;

  for (guint round = 0; round < ROUNDS; round++) {
    use_own_block (worker, round);
    use_shared_block (worker);
  }
  return NULL;
}

static void
test_threads (Fixture * fixture, gconstpointer data G_GNUC_UNUSED)
{
  XlnkBlock *shared = new_block (fixture->device, 64 * THREADS, true);
  Worker workers[THREADS];
  GThread *threads[THREADS];

  for (guint i = 0; i < THREADS; i++) {
    workers[i] = (Worker) { fixture->device, shared, i };
    threads[i] = g_thread_new ("worker", work, &workers[i]);
  }
  for (guint i = 0; i < THREADS; i++)
    g_thread_join (threads[i]);
  for (guint i = 0; i < THREADS; i++)
    g_assert_cmpuint (((guint8 *) shared->extent.cpu)[i * 64], ==, ROUNDS);
  g_assert_false (xlnk_coherence_is_mapped (&shared->coherence));
  xlnk_block_unref (shared);
  g_assert_cmpuint (stats_of (fixture->device).frees, ==, THREADS * ROUNDS + 1);
  g_assert_cmpuint (stats_of (fixture->device).lost_blocks, ==, 0);
}

#define ADD(name, function) \
  g_test_add ("/device-block/" name, Fixture, NULL, set_up, function, tear_down)

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  ADD ("shift-is-found", test_shift_is_found);
  ADD ("blocks-are-apart", test_blocks_are_apart);
  ADD ("many-blocks", test_many_blocks);
  ADD ("mapping-is-the-buffer", test_mapping_is_the_buffer);
  ADD ("memory-is-zeroed", test_memory_is_zeroed);
  ADD ("size-zero-has-an-address", test_size_zero_has_an_address);
  ADD ("lengths-beyond-the-driver", test_lengths_beyond_the_driver);
  ADD ("statistics", test_statistics);
  ADD ("exhausted-says-who-has-it", test_exhausted_says_who_has_it);
  ADD ("fragmented-says-so", test_fragmented_says_so);
  ADD ("find-block", test_find_block);
  ADD ("maps-stay-inside-the-block", test_maps_stay_inside_the_block);
  ADD ("block-outlives-device-reference", test_block_outlives_device_reference);
  ADD ("reset-is-for-strangers", test_reset_is_for_strangers);
  ADD ("threads", test_threads);
  return g_test_run ();
}
