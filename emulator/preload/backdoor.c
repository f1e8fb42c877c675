/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * backdoor.c: the functions of xlnkemulator.h that tests call.
 */
#include "xlnkemulator.h"
#include "cache.h"
#include "context.h"
#include "device.h"

#include <errno.h>
#include <string.h>

static int
finish (int result)
{
  if (result >= 0)
    return result;
  errno = -result;
  return -1;
}

EXPORT int
xlnk_emulator_device_read (uint64_t phys, void *data, size_t size)
{
  Context *context = context_get ();

  return finish (context ? device_read (context, phys, data, size) : -ENODEV);
}

EXPORT int
xlnk_emulator_device_write (uint64_t phys, const void *data, size_t size)
{
  Context *context = context_get ();

  return finish (context ? device_write (context, phys, data, size) : -ENODEV);
}

EXPORT int
xlnk_emulator_evict (uint64_t phys, size_t size, unsigned percent)
{
  Context *context = context_get ();
  unsigned count;

  if (!context)
    return finish (-ENODEV);
  context_lock (context);
  count = cache_evict (&context->board, phys, size, percent);
  context_unlock (context);
  return (int) count;
}

static void
copy_hazards (struct xlnk_emulator_counters *to, const BoardHazard * from)
{
  to->device_read_dirty = from[HAZARD_DEVICE_READ_DIRTY].count;
  to->device_write_dirty = from[HAZARD_DEVICE_WRITE_DIRTY].count;
  to->device_outside = from[HAZARD_DEVICE_OUTSIDE].count;
  to->lost_line = from[HAZARD_LOST_LINE].count;
  to->map_free_id = from[HAZARD_MAP_FREE_ID].count;
  to->map_too_long = from[HAZARD_MAP_TOO_LONG].count;
  to->oops = from[HAZARD_OOPS].count;
  to->device_freed = from[HAZARD_DEVICE_FREED].count;
  to->device_overrun = from[HAZARD_DEVICE_OVERRUN].count;
  for (unsigned i = 0; i < HAZARD_KINDS; i++)
    to->hazards += from[i].count;
}

static void
copy_maintenance (struct xlnk_emulator_counters *to, const BoardCounters * from)
{
  to->flushes = from->flushes;
  to->flushed_bytes = from->flushed_bytes;
  to->invalidates = from->invalidates;
  to->invalidated_bytes = from->invalidated_bytes;
  to->needed = from->needed;
  to->redundant = from->redundant;
  to->liveness_queries = from->liveness_queries;
  to->lines_asked = from->lines_asked;
  to->lines_written = from->lines_written;
  to->lines_refreshed = from->lines_refreshed;
  to->lines_lost = from->lines_lost;
  to->evictions = from->evictions;
}

EXPORT int
xlnk_emulator_get_counters (struct xlnk_emulator_counters *to)
{
  Context *context = context_get ();
  const BoardCounters *from;

  if (!context)
    return finish (-ENODEV);
  memset (to, 0, sizeof *to);
  context_lock (context);
  from = &context->board.state->counters;
  to->live_blocks = board_live_buffers (&context->board, &to->live_bytes);
  to->cma_total = context->board.state->cma;
  to->cma_free = board_cma_free_pages (&context->board) * BOARD_PAGE;
  to->allocs = from->allocs;
  to->frees = from->frees;
  to->reclaimed = from->reclaimed;
  to->ioctls = from->ioctls;
  to->maps = from->maps;
  to->recoveries = from->recoveries;
  copy_maintenance (to, from);
  copy_hazards (to, context->board.state->hazards);
  context_unlock (context);
  return 0;
}

EXPORT int
xlnk_emulator_hold_lock (void)
{
  Context *context = context_get ();
  uint64_t phys;

  if (!context)
    return finish (-ENODEV);
  board_lock (&context->board);
  /* as in the middle of an allocation: a page is taken, and no buffer has it yet */
  phys = board_cma_alloc (&context->board, BOARD_PAGE);
  if (phys)
    board_cma_give (&context->board, phys, BOARD_PAGE, board_find_slot (&context->board));
  return 0;
}
