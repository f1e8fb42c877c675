/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * device.c: several threads do everything at once that one device of the ring offers.
 *
 * Two kinds of blocks. Those that all share are written by each thread in bytes of its own, because maps of the CPU do
 * not exclude each other. Those that travel are one thread's at a time: it takes them out of a slot, finds what their
 * last owner wrote, and puts them back. Only the hand-over orders the threads; all else the ring has to do.
 */
#include <errno.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../check/board.h"
#include "../check/memcheck.h"
#include "stress.h"
#include "xlnkblock.h"
#include "xlnkledger.h"
#include "xlnkreclaim.h"

#define THREADS 4
#define SHARED 3
#define SHARED_SIZE 3000        /* no whole number of lines */
#define SLOTS 6
#define MAX_SIZE 9000

typedef struct
{
  XlnkDevice *device;
  XlnkBlock *shared[SHARED];
  _Atomic (XlnkBlock *) slots[SLOTS];
} Scene;

static void
scene_init (Scene * scene)
{
  g_autoptr (GError) error = NULL;

  memset (scene, 0, sizeof *scene);
  scene->device = xlnk_device_open (NULL, &error);
  g_assert_no_error (error);
  for (unsigned i = 0; i < SHARED; i++) {
    scene->shared[i] = xlnk_block_new (scene->device, SHARED_SIZE, i != 0, &error);
    g_assert_no_error (error);
  }
}

/* Nothing is lost or counted twice. */
static void
scene_clear (Scene * scene)
{
  XlnkDeviceStats stats;

  for (unsigned i = 0; i < SLOTS; i++) {
    if (scene->slots[i])
      xlnk_block_unref (scene->slots[i]);
  }
  for (unsigned i = 0; i < SHARED; i++) {
    g_assert_false (xlnk_coherence_is_mapped (&scene->shared[i]->coherence));
    xlnk_block_unref (scene->shared[i]);
  }
  xlnk_device_get_stats (scene->device, &stats);
  g_assert_cmpuint (stats.live_blocks, ==, 0);
  g_assert_cmpuint (stats.live_bytes, ==, 0);
  g_assert_cmpuint (stats.allocs, ==, stats.frees);
  g_assert_cmpuint (stats.lost_blocks, ==, 0);
  g_assert_cmpuint (stats.allocs, >, SHARED);
  xlnk_device_unref (scene->device);
  g_assert_cmpuint (board_live_buffers (), ==, 0);
}

/*** blocks that travel ***/

/* What a block holds is told by its size, so that whoever gets it knows. */
static uint8_t
content (const XlnkBlock * block, size_t at)
{
  return (uint8_t) (at * 7 + block->size);
}

static void
fill (XlnkBlock * block)
{
  const XlnkRange all = { 0, block->size };
  uint8_t *bytes = block->extent.cpu;

  g_assert_true (xlnk_block_map (block, XLNK_ACCESS_WRITE, all, NULL));
  for (size_t i = 0; i < block->size; i++)
    bytes[i] = content (block, i);
  xlnk_block_unmap (block, XLNK_ACCESS_WRITE, all);
}

static void
device_fill (XlnkBlock * block)
{
  const XlnkRange all = { 0, block->size };
  uint8_t bytes[MAX_SIZE];

  for (size_t i = 0; i < block->size; i++)
    bytes[i] = content (block, i);
  g_assert_true (xlnk_block_map (block, XLNK_ACCESS_WRITE | XLNK_ACCESS_DEVICE, all, NULL));
  board_device_write (block->extent.phys, bytes, block->size);
  xlnk_block_unmap (block, XLNK_ACCESS_WRITE | XLNK_ACCESS_DEVICE, all);
}

static void
check (XlnkBlock * block)
{
  uint8_t bytes[MAX_SIZE];

  g_assert_true (xlnk_block_read (block, 0, bytes, block->size, NULL));
  for (size_t i = 0; i < block->size; i++)
    g_assert_cmpuint (bytes[i], ==, content (block, i));
}

static void
device_check (XlnkBlock * block)
{
  const XlnkRange all = { 0, block->size };
  uint8_t bytes[MAX_SIZE];

  g_assert_true (xlnk_block_map (block, XLNK_ACCESS_READ | XLNK_ACCESS_DEVICE, all, NULL));
  board_device_read (block->extent.phys, bytes, block->size);
  for (size_t i = 0; i < block->size; i++)
    g_assert_cmpuint (bytes[i], ==, content (block, i));
  xlnk_block_unmap (block, XLNK_ACCESS_READ | XLNK_ACCESS_DEVICE, all);
}

/* A copy of the same size has the same content. */
static XlnkBlock *
copy (Scene * scene, XlnkBlock * block, bool cached)
{
  g_autoptr (GError) error = NULL;
  XlnkBlock *result = xlnk_block_new (scene->device, block->size, cached, &error);

  g_assert_no_error (error);
  g_assert_true (xlnk_block_copy (result, 0, block, 0, block->size, &error));
  return result;
}

static XlnkBlock *
create (Scene * scene, Worker * worker)
{
  g_autoptr (GError) error = NULL;
  XlnkBlock *block = xlnk_block_new (scene->device, 1 + stress_random (worker, MAX_SIZE), stress_random (worker, 3) > 0,
      &error);

  g_assert_no_error (error);
  if (stress_random (worker, 2))
    fill (block);
  else
    device_fill (block);
  return block;
}

/* The only order between two threads: what one does before it puts a block there, the other sees after it took it. */
static void
put_back (Scene * scene, Worker * worker, XlnkBlock * block)
{
  XlnkBlock *out = atomic_exchange_explicit (&scene->slots[stress_random (worker, SLOTS)], block, memory_order_acq_rel);

  if (out)
    xlnk_block_unref (out);
}

static void
travel (Worker * worker)
{
  Scene *scene = worker->data;
  XlnkBlock *block = atomic_exchange_explicit (&scene->slots[stress_random (worker, SLOTS)], NULL, memory_order_acq_rel);

  if (!block)
    block = create (scene, worker);
  if (stress_random (worker, 2))
    check (block);
  else
    device_check (block);
  if (stress_random (worker, 4) == 0) {
    XlnkBlock *other = copy (scene, block, stress_random (worker, 2));

    xlnk_block_unref (block);
    block = other;
  }
  put_back (scene, worker, block);
}

/*** blocks that all share ***/

static XlnkRange
random_range (Worker * worker)
{
  const size_t start = stress_random (worker, SHARED_SIZE);

  return (XlnkRange) { start, start + 1 + stress_random (worker, (unsigned) MIN (300, SHARED_SIZE - start)) };
}

/* Bytes of its own: those whose number leaves its own as the rest. */
static void
use_own_bytes (Worker * worker, XlnkBlock * block, XlnkRange range, bool write)
{
  uint8_t *bytes = block->extent.cpu;

  for (size_t at = range.start; at < range.end; at++) {
    if (at % THREADS != worker->number)
      continue;
    g_assert_cmpuint (bytes[at] % THREADS, ==, bytes[at] ? worker->number : 0);
    if (write)
      bytes[at] = (uint8_t) (stress_random (worker, 60) * THREADS + worker->number);
  }
}

static void
map_shared (Worker * worker, XlnkBlock * block)
{
  const XlnkRange range = random_range (worker);
  const bool write = stress_random (worker, 2), device = stress_random (worker, 4) == 0;
  const XlnkAccess access = (write ? XLNK_ACCESS_WRITE : XLNK_ACCESS_READ) | (device ? XLNK_ACCESS_DEVICE : 0);
  g_autoptr (GError) error = NULL;

  if (!xlnk_block_map (block, access, range, &error)) {
    g_assert_error (error, XLNK_ERROR, XLNK_ERROR_CONFLICT);
    return;
  }
  if (!device)
    use_own_bytes (worker, block, range, write);
  xlnk_block_unmap (block, access, range);
}

static void
maintain_shared (Worker * worker, XlnkBlock * block)
{
  g_autoptr (GError) error = NULL;
  bool done;

  if (stress_random (worker, 2))
    done = xlnk_block_flush (block, random_range (worker), &error);
  else
    done = xlnk_block_invalidate (block, random_range (worker), &error);
  /* A 64-bit driver cannot drop lines beside an open WRITE map, and says so. */
  if (!done)
    g_assert_error (error, XLNK_ERROR, XLNK_ERROR_CONFLICT);
}

/* Jobs of more cores than the ledger has room for, of which one block has several at once. */
static void
arm_shared (Worker * worker, XlnkBlock * block)
{
  const unsigned core = stress_random (worker, XLNK_LEDGER_CORES * 3 / 2);
  const uint64_t base = core % 4 ? 0x43c00000 + core * 0x10000 : 0;
  g_autofree char *name = g_strdup_printf ("core%u", core);

  xlnk_block_arm (block, base, name);
  map_shared (worker, block);
  xlnk_block_disarm (block, base, name);
}

static void
share (Worker * worker)
{
  Scene *scene = worker->data;
  XlnkBlock *block = xlnk_block_ref (scene->shared[stress_random (worker, SHARED)]);

  switch (stress_random (worker, 4)) {
    case 0:
      maintain_shared (worker, block);
      break;
    case 1:
      arm_shared (worker, block);
      break;
    default:
      map_shared (worker, block);
  }
  if (stress_random (worker, 200) == 0)
    g_assert_true (xlnk_block_expose (block, NULL));
  xlnk_block_unref (block);
}

/*** the device ***/

static void
look_up (Worker * worker, Scene * scene)
{
  XlnkBlock *block = scene->shared[stress_random (worker, SHARED)];
  const XlnkRange range = random_range (worker);
  XlnkBlock *found = xlnk_device_find_block (scene->device, (char *) block->extent.cpu + range.start,
      range.end - range.start);

  g_assert_true (found == block);
  xlnk_block_unref (found);
  g_assert_null (xlnk_device_find_block (scene->device, &range, sizeof range));
}

static void
ask_for_stats (Scene * scene)
{
  XlnkDeviceStats stats;

  xlnk_device_get_stats (scene->device, &stats);
  g_assert_cmpuint (stats.live_blocks, >=, SHARED);
  g_assert_cmpuint (stats.live_blocks, ==, stats.allocs - stats.frees);
  g_assert_cmpuint (stats.peak_bytes, >=, stats.live_bytes);
}

static void
find_living (const XlnkHolder * holder, const XlnkEntry * entries G_GNUC_UNUSED, size_t n, void *data)
{
  if (holder->alive && holder->pid == getpid () && n >= SHARED)
    *(bool *) data = true;
}

/* The ledger is read while others write it. It names us, and nothing of ours is anybody's to give back. */
static void
read_ledger (Scene * scene)
{
  g_autoptr (GError) error = NULL;
  XlnkReclaimResult result;
  bool found = false;

  g_assert_true (xlnk_ledger_list (scene->device, find_living, &found, NULL, &error));
  g_assert_true (found);
  g_assert_true (xlnk_reclaim (scene->device, 0, &result, &error));
  g_assert_cmpuint (result.freed, ==, 0);
  g_assert_cmpuint (result.failed, ==, 0);
}

/* Another device of the same node, and whatever opening one registers and closing one takes back. */
static void
open_another (void)
{
  g_autoptr (GError) error = NULL;
  XlnkDevice *device = xlnk_device_open (NULL, &error);
  XlnkBlock *block;

  g_assert_no_error (error);
  block = xlnk_block_new (device, 100, true, &error);
  g_assert_no_error (error);
  xlnk_device_unref (device);
  xlnk_block_unref (block);
}

static void
ask_device (Worker * worker)
{
  Scene *scene = worker->data;
  g_autoptr (GError) error = NULL;

  switch (stress_random (worker, 9)) {
    case 0:
      g_assert_false (xlnk_device_reset (scene->device, &error));
      g_assert_error (error, XLNK_ERROR, XLNK_ERROR_BUSY);
      break;
    case 1:
      open_another ();
      break;
    case 2:
      read_ledger (scene);
      break;
    case 3:
    case 4:
      ask_for_stats (scene);
      break;
    default:
      look_up (worker, scene);
  }
}

static void
do_anything (Worker * worker)
{
  switch (stress_random (worker, 4)) {
    case 0:
      travel (worker);
      break;
    case 1:
      ask_device (worker);
      break;
    default:
      share (worker);
  }
}

static void
test_everything_at_once (void)
{
  const Step step = do_anything;
  Scene scene;

  scene_init (&scene);
  stress_run (THREADS, &step, 1, &scene);
  scene_clear (&scene);
}

/* In the child: its parent's blocks are refused, whatever its parent's threads were about to do. */
static int
live_in_child (Scene * scene)
{
  g_autoptr (GError) error = NULL;
  const XlnkRange all = { 0, SHARED_SIZE };
  XlnkBlock *block;

  if (xlnk_block_map (scene->shared[1], XLNK_ACCESS_READ, all, &error) || error->code != XLNK_ERROR_NOT_OURS)
    return 1;
  block = xlnk_block_new (scene->device, 500, true, NULL);
  if (!block)
    return 2;
  fill (block);
  check (block);
  xlnk_block_unref (block);
  return 0;
}

static void
fork_one (Scene * scene)
{
  const pid_t pid = fork ();
  int status;

  if (pid == 0) {
    alarm (60);
    memcheck_ignore_leaks ();
    _exit (live_in_child (scene));
  }
  g_assert_cmpint (pid, >, 0);
  while (waitpid (pid, &status, 0) < 0)
    g_assert_cmpint (errno, ==, EINTR);
  g_assert_cmpint (status, ==, 0);
}

static void
test_forks_among_it (void)
{
  const Step step = do_anything;
  Worker workers[THREADS];
  Scene scene;

  scene_init (&scene);
  stress_start (workers, THREADS, &step, 1, &scene);
  while (g_get_monotonic_time () < workers[0].until)
    fork_one (&scene);
  stress_join (workers, THREADS);
  scene_clear (&scene);
}

/*** first jobs ***/

#define ROUNDS 200

typedef struct
{
  XlnkBlock *block;
  pthread_barrier_t barrier;
  uint64_t base;                /* the next core's */
  pthread_mutex_t mutex;        /* of that */
} Start;

static void *
arm_first (void *data)
{
  Start *start = data;
  uint64_t base;

  pthread_mutex_lock (&start->mutex);
  base = start->base += 0x10000;
  pthread_mutex_unlock (&start->mutex);
  pthread_barrier_wait (&start->barrier);
  xlnk_block_arm (start->block, base, "core");
  xlnk_block_disarm (start->block, base, "core");
  return NULL;
}

/* The first job of a core enters it in the ledger: several at the same moment, which is over too soon for a test that
 * does other things too. */
static void
test_first_jobs (void)
{
  for (unsigned round = 0; round < ROUNDS; round++) {
    XlnkDevice *device = xlnk_device_open (NULL, NULL);
    Start start = {.block = xlnk_block_new (device, 100, true, NULL),.mutex = PTHREAD_MUTEX_INITIALIZER };
    pthread_t threads[THREADS];

    g_assert_cmpint (pthread_barrier_init (&start.barrier, NULL, THREADS), ==, 0);
    for (unsigned i = 0; i < THREADS; i++)
      g_assert_cmpint (pthread_create (&threads[i], NULL, arm_first, &start), ==, 0);
    for (unsigned i = 0; i < THREADS; i++)
      g_assert_cmpint (pthread_join (threads[i], NULL), ==, 0);
    pthread_barrier_destroy (&start.barrier);
    xlnk_block_unref (start.block);
    xlnk_device_unref (device);
  }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/threads/device/everything-at-once", test_everything_at_once);
  g_test_add_func ("/threads/device/forks-among-it", test_forks_among_it);
  g_test_add_func ("/threads/device/first-jobs", test_first_jobs);
  return g_test_run ();
}
