/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * test-threads.c: two CPU threads and a device share every line of one block of the device ring, each with bytes of
 * its own, and none of them ever waits for another except by failing to map. What is mapped must be what was written.
 *
 *   each 32 bytes:  | CPU 0: 12 | CPU 1: 12 | device: 8 |
 *
 * There is no other lock than the block's own: what one side wrote under its map is read by the other under a map that
 * excludes it, so without the block's mutex this test is a data race in itself.
 */
#include <dlfcn.h>
#include <sched.h>
#include <string.h>

#include "../../emulator/xlnkemulator.h"
#include "xlnkblock.h"

#define UNIT 32
#define UNITS 16
#define SIZE (UNIT * UNITS)
#define SECONDS 1

typedef struct
{
  size_t start;                 /* of its bytes in each unit */
  size_t size;
} Share;

static const Share shares[] = { {0, 12}, {12, 12}, {24, 8} };

#define DEVICE_SHARE 2

typedef struct
{
  XlnkDevice *device;
  XlnkBlock *block;
  uint8_t truth[SIZE];          /* each byte is its owner's, and only under a WRITE map */
  gint64 deadline;
  unsigned maps[3], conflicts[3];
  typeof (&xlnk_emulator_device_read) device_read;
  typeof (&xlnk_emulator_device_write) device_write;
} Shared;

typedef struct
{
  Shared *shared;
  unsigned share;
  uint64_t random;
} Worker;

static uint32_t
next (Worker * worker)
{
  worker->random = worker->random * UINT64_C (6364136223846793005) + UINT64_C (1442695040888963407);
  return (uint32_t) (worker->random >> 33);
}

/* A few whole units somewhere. */
static XlnkRange
random_units (Worker * worker)
{
  const size_t first = next (worker) % UNITS;
  const size_t count = 1 + next (worker) % MIN (4, UNITS - first);

  return (XlnkRange) { first * UNIT, (first + count) * UNIT };
}

static bool
try_map (Worker * worker, XlnkAccess access, XlnkRange range)
{
  Shared *shared = worker->shared;
  g_autoptr (GError) error = NULL;

  if (xlnk_block_map (shared->block, access, range, &error)) {
    shared->maps[worker->share]++;
    return true;
  }
  g_assert_error (error, XLNK_ERROR, XLNK_ERROR_CONFLICT);
  shared->conflicts[worker->share]++;
  sched_yield ();
  return false;
}

static void
check (const Shared * shared, unsigned share, XlnkRange range, const uint8_t * bytes)
{
  for (size_t at = range.start; at < range.end; at += UNIT) {
    const size_t start = at + shares[share].start;

    g_assert_cmpmem (bytes + start - range.start, shares[share].size, shared->truth + start, shares[share].size);
  }
}

static void
invent (Worker * worker, XlnkRange range)
{
  for (size_t at = range.start; at < range.end; at += UNIT)
    for (size_t i = 0; i < shares[worker->share].size; i++)
      worker->shared->truth[at + shares[worker->share].start + i] = (uint8_t) next (worker);
}

/* Its own bytes and the device's: the other thread may be writing its own at any time. */
static void
use_cpu (Worker * worker, XlnkRange range, bool write)
{
  const Share *share = &shares[worker->share];
  uint8_t *bytes = (uint8_t *) worker->shared->block->extent.cpu + range.start;

  check (worker->shared, worker->share, range, bytes);
  check (worker->shared, DEVICE_SHARE, range, bytes);
  if (!write)
    return;
  invent (worker, range);
  for (size_t at = range.start; at < range.end; at += UNIT)
    memcpy (bytes + at - range.start + share->start, worker->shared->truth + at + share->start, share->size);
}

static gpointer
run_cpu (gpointer data)
{
  Worker *worker = data;
  Shared *shared = worker->shared;

  while (g_get_monotonic_time () < shared->deadline) {
    const XlnkRange range = random_units (worker);
    const bool write = next (worker) % 2;
    const XlnkAccess access = write ? XLNK_ACCESS_READ | XLNK_ACCESS_WRITE : XLNK_ACCESS_READ;

    if (!try_map (worker, access, range))
      continue;
    use_cpu (worker, range, write);
    xlnk_block_unmap (shared->block, access, range);
  }
  return NULL;
}

static void
use_device (Worker * worker, XlnkRange range, bool write)
{
  Shared *shared = worker->shared;
  const uint64_t phys = shared->block->extent.phys;
  uint8_t bytes[SIZE];

  g_assert_cmpint (shared->device_read (phys + range.start, bytes, range.end - range.start), ==, 0);
  for (unsigned share = 0; share < G_N_ELEMENTS (shares); share++)
    check (shared, share, range, bytes);
  if (!write)
    return;
  invent (worker, range);
  for (size_t at = range.start + shares[DEVICE_SHARE].start; at < range.end; at += UNIT)
    g_assert_cmpint (shared->device_write (phys + at, shared->truth + at, shares[DEVICE_SHARE].size), ==, 0);
}

static gpointer
run_device (gpointer data)
{
  Worker *worker = data;
  Shared *shared = worker->shared;

  while (g_get_monotonic_time () < shared->deadline) {
    const XlnkRange range = random_units (worker);
    const bool write = next (worker) % 2;
    const XlnkAccess access = XLNK_ACCESS_DEVICE | (write ? XLNK_ACCESS_WRITE : XLNK_ACCESS_READ);

    if (!try_map (worker, access, range))
      continue;
    use_device (worker, range, write);
    xlnk_block_unmap (shared->block, access, range);
  }
  return NULL;
}

static gpointer
find (const char *name)
{
  gpointer symbol = dlsym (RTLD_DEFAULT, name);

  if (!symbol)
    g_error ("this test wants an emulated board: xlnk-emulate -- …");
  return symbol;
}

static void
test_threads_and_a_device_share_lines (void)
{
  GThread *threads[3];
  Worker workers[3];
  g_autoptr (GError) error = NULL;
  Shared shared = {.deadline = g_get_monotonic_time () + SECONDS * G_TIME_SPAN_SECOND };

  shared.device_read = find ("xlnk_emulator_device_read");
  shared.device_write = find ("xlnk_emulator_device_write");
  shared.device = xlnk_device_open (NULL, &error);
  g_assert_no_error (error);
  shared.block = xlnk_block_new (shared.device, SIZE, true, &error);
  g_assert_no_error (error);
  for (unsigned i = 0; i < 3; i++) {
    workers[i] = (Worker) { &shared, i, i + 1 };
    threads[i] = g_thread_new ("worker", i == DEVICE_SHARE ? run_device : run_cpu, &workers[i]);
  }
  for (unsigned i = 0; i < 3; i++)
    g_thread_join (threads[i]);
  for (unsigned i = 0; i < 3; i++) {
    g_test_message ("%u: %u maps, %u conflicts", i, shared.maps[i], shared.conflicts[i]);
    g_assert_cmpuint (shared.maps[i], >, 0);
  }
  g_assert_cmpuint (shared.conflicts[0] + shared.conflicts[1] + shared.conflicts[2], >, 0);
  g_assert_false (xlnk_coherence_is_mapped (&shared.block->coherence));
  xlnk_block_unref (shared.block);
  xlnk_device_unref (shared.device);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/threads/two-cpu-threads-and-a-device-share-lines", test_threads_and_a_device_share_lines);
  return g_test_run ();
}
