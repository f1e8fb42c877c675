/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * emulated.c: the device ring of the library over the emulated board. What it maintains is taken from the emulator's
 * counters; its caches are disturbed through the emulator's back door, and with --seed by the emulator itself.
 */
#include "board.h"

#include <dlfcn.h>
#include <string.h>

#include "../../emulator/xlnkemulator.h"
#include "xlnkblock.h"
#include "xlnkcopy.h"

typedef struct xlnk_emulator_counters Counters;

typedef struct
{
  Board parent;
  XlnkDevice *device;
  XlnkBlock *blocks[BLOCKS];
  Counters counters;            /* when the last event was over */

  typeof (&xlnk_emulator_device_read) emulator_read;
  typeof (&xlnk_emulator_device_write) emulator_write;
  typeof (&xlnk_emulator_evict) emulator_evict;
  typeof (&xlnk_emulator_get_counters) emulator_counters;
} EmulatedBoard;

static EmulatedBoard *
self_of (Board * board)
{
  return (EmulatedBoard *) board;
}

static XlnkBlock *
block_of (Board * board, unsigned block)
{
  return self_of (board)->blocks[block];
}

static Counters
read_counters (Board * board)
{
  Counters counters;

  g_assert_cmpint (self_of (board)->emulator_counters (&counters), ==, 0);
  return counters;
}

/*** events ***/

/* Only a map can be in conflict with another. */
static Result
finish (bool done, GError * error)
{
  const bool conflict = !done && g_error_matches (error, XLNK_ERROR, XLNK_ERROR_CONFLICT);

  g_clear_error (&error);
  return done ? RESULT_DONE : conflict ? RESULT_CONFLICT : RESULT_FAILED;
}

static void
emulated_block_new (Board * board, unsigned index, size_t size, bool cached)
{
  GError *error = NULL;

  self_of (board)->blocks[index] = xlnk_block_new (self_of (board)->device, size, cached, &error);
  g_assert_no_error (error);
  self_of (board)->counters = read_counters (board);
}

static void
emulated_block_free (Board * board, unsigned index)
{
  xlnk_block_unref (block_of (board, index));
  self_of (board)->blocks[index] = NULL;
  self_of (board)->counters = read_counters (board);
}

static Result
emulated_map (Board * board, unsigned index, XlnkAccess access, XlnkRange range, bool fail)
{
  const bool conflict = xlnk_coherence_find_conflict (&block_of (board, index)->coherence, access, range);
  GError *error = NULL;
  const bool done = xlnk_block_map (block_of (board, index), access, range, &error);
  const Result result = finish (done, error);

  (void) fail;
  /* The driver of arm64 that cannot invalidate beside a writer says so with the same code. */
  return result == RESULT_CONFLICT && !conflict ? RESULT_FAILED : result;
}

static unsigned
count_maps (const XlnkBlock * block)
{
  const GArray *maps = block->coherence.maps;
  unsigned count = 0;

  for (guint i = 0; i < maps->len; i++)
    count += g_array_index (maps, XlnkOpenMap, i).count;
  return count;
}

static Result
emulated_unmap (Board * board, unsigned index, XlnkAccess access, XlnkRange range, bool fail)
{
  const unsigned before = count_maps (block_of (board, index));

  (void) fail;
  xlnk_block_unmap (block_of (board, index), access, range);
  return count_maps (block_of (board, index)) == before ? RESULT_NO_MAP : RESULT_DONE;
}

static Result
emulated_expose (Board * board, unsigned index, bool fail)
{
  GError *error = NULL;
  const bool done = xlnk_block_expose (block_of (board, index), &error);

  (void) fail;
  return finish (done, error);
}

static Result
emulated_flush (Board * board, unsigned index, XlnkRange range, bool fail)
{
  GError *error = NULL;
  const bool done = xlnk_block_flush (block_of (board, index), range, &error);

  (void) fail;
  return finish (done, error);
}

static Result
emulated_invalidate (Board * board, unsigned index, XlnkRange range, bool fail)
{
  GError *error = NULL;
  const bool done = xlnk_block_invalidate (block_of (board, index), range, &error);
  const Result result = finish (done, error);

  (void) fail;
  return result == RESULT_CONFLICT ? RESULT_FAILED : result;
}

/*** accesses ***/

static void
emulated_load (Board * board, unsigned index, size_t offset, size_t size, uint8_t * bytes)
{
  const XlnkExtent *extent = &block_of (board, index)->extent;

  xlnk_copy (bytes, true, (char *) extent->cpu + offset, extent->cached, size);
}

static void
emulated_store (Board * board, unsigned index, size_t offset, size_t size, const uint8_t * bytes)
{
  const XlnkExtent *extent = &block_of (board, index)->extent;

  xlnk_copy ((char *) extent->cpu + offset, extent->cached, bytes, true, size);
}

static void
emulated_device_read (Board * board, unsigned index, size_t offset, size_t size, uint8_t * bytes)
{
  const uint64_t phys = block_of (board, index)->extent.phys + offset;

  if (size > 0)
    g_assert_cmpint (self_of (board)->emulator_read (phys, bytes, size), ==, 0);
}

static void
emulated_device_write (Board * board, unsigned index, size_t offset, size_t size, const uint8_t * bytes)
{
  const uint64_t phys = block_of (board, index)->extent.phys + offset;

  if (size > 0)
    g_assert_cmpint (self_of (board)->emulator_write (phys, bytes, size), ==, 0);
}

static void
emulated_disturb (Board * board, unsigned index, uint32_t random)
{
  const uint64_t line = random % LINES;

  self_of (board)->emulator_evict (block_of (board, index)->extent.phys + line * board->line, board->line, 100);
}

/*** what happened ***/

static bool
emulated_find_damage (Board * board, unsigned index, const uint8_t * truth, size_t size, char what[DAMAGE])
{
  const Counters now = read_counters (board);
  const bool damage = now.hazards != self_of (board)->counters.hazards;

  (void) truth;
  (void) size;
  if (damage)
    g_snprintf (what, DAMAGE, "the emulator saw a hazard in block %u or beside it", index);
  self_of (board)->counters.hazards = now.hazards;
  return damage;
}

static size_t
sum (const unsigned *counters)
{
  size_t lines = 0;

  for (size_t i = 0; i < LINES; i++)
    lines += counters[i];
  return lines;
}

/* By the driver, one call for each time that the first line was maintained; by address, one for each run of lines. */
static unsigned
count_calls (const Board * board, const unsigned *counters)
{
  unsigned runs = 0;

  if (board->primitives != PRIMITIVES_ARM64_ADDRESS)
    return counters[0];
  for (size_t i = 0; i < LINES; i++)
    runs += counters[i] && (i == 0 || !counters[i - 1]);
  return runs;
}

static bool
emulated_check_work (Board * board, unsigned index, const Work * expected)
{
  const Counters *old = &self_of (board)->counters;
  Counters now = read_counters (board);
  const bool same = now.flushed_bytes - old->flushed_bytes == sum (expected->flush) * board->line
      && now.invalidated_bytes - old->invalidated_bytes == sum (expected->invalidate) * board->line
      && now.flushes - old->flushes == count_calls (board, expected->flush)
      && now.invalidates - old->invalidates == count_calls (board, expected->invalidate);

  (void) index;
  now.hazards = old->hazards;   /* for find_damage */
  self_of (board)->counters = now;
  return same;
}

/*** life ***/

static void
emulated_free (Board * board)
{
  for (unsigned i = 0; i < BLOCKS; i++) {
    if (block_of (board, i))
      xlnk_block_unref (block_of (board, i));
  }
  xlnk_device_unref (self_of (board)->device);
  g_free (board);
}

/* Kept open from board to board. */
static XlnkDevice *
get_device (void)
{
  static XlnkDevice *device;
  GError *error = NULL;

  if (!device)
    device = xlnk_device_open (NULL, &error);
  g_assert_no_error (error);
  return xlnk_device_ref (device);
}

static gpointer
find (const char *name)
{
  gpointer symbol = dlsym (RTLD_DEFAULT, name);

  if (!symbol)
    g_error ("this test wants an emulated board: xlnk-emulate -- …");
  return symbol;
}

static Primitives
primitives_of (const XlnkDevice * device)
{
  switch (device->maintainer) {
    case XLNK_BY_ADDRESS:
      return PRIMITIVES_ARM64_ADDRESS;
    case XLNK_BY_DRIVER_ARM64:
      return PRIMITIVES_ARM64_DRIVER;
    default:
      return PRIMITIVES_ARM_DRIVER;
  }
}

/* arm64-driver is the ring's fallback, which no processor that can do better ever takes by itself. */
Board *
board_new (const char *name)
{
  EmulatedBoard *board = g_new0 (EmulatedBoard, 1);

  board->device = get_device ();
  if (strcmp (name, "arm64-driver") == 0)
    board->device->maintainer = XLNK_BY_DRIVER_ARM64;
  board->emulator_read = find ("xlnk_emulator_device_read");
  board->emulator_write = find ("xlnk_emulator_device_write");
  board->emulator_evict = find ("xlnk_emulator_evict");
  board->emulator_counters = find ("xlnk_emulator_get_counters");
  board->parent = (Board) {
    .primitives = primitives_of (board->device),
    .line = board->device->line,
    .block_new = emulated_block_new,
    .block_free = emulated_block_free,
    .map = emulated_map,
    .unmap = emulated_unmap,
    .expose = emulated_expose,
    .flush = emulated_flush,
    .invalidate = emulated_invalidate,
    .load = emulated_load,
    .store = emulated_store,
    .device_read = emulated_device_read,
    .device_write = emulated_device_write,
    .disturb = emulated_disturb,
    .find_damage = emulated_find_damage,
    .check_work = emulated_check_work,
    .free = emulated_free,
  };
  return &board->parent;
}
