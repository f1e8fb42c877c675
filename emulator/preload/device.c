/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * device.c: device accesses go past the CPU's cache, and the hazards of that are looked for here.
 */
#include "device.h"
#include "cache.h"

#include <errno.h>
#include <string.h>

static int
prepare (Context * context, uint64_t phys, size_t size, BoardHazardKind kind)
{
  Board *board = &context->board;
  uint64_t where;

  if (!board_live_range (board, phys, size)) {
    board_hazard (board, HAZARD_DEVICE_OUTSIDE, "%zu bytes at %#llx", size, (unsigned long long) phys);
    return -EFAULT;
  }
  cache_tick (board);
  if (cache_find_dirty (board, phys, size, &where))
    board_hazard (board, kind, "buffer %u, line at %#llx",
        board->pages[(where - board->state->base) / BOARD_PAGE], (unsigned long long) where);
  return 0;
}

int
device_read (Context * context, uint64_t phys, void *data, size_t size)
{
  int result;

  context_lock (context);
  result = prepare (context, phys, size, HAZARD_DEVICE_READ_DIRTY);
  if (result == 0)
    memcpy (data, context->board.device + (phys - context->board.state->base), size);
  context_unlock (context);
  return result;
}

int
device_write (Context * context, uint64_t phys, const void *data, size_t size)
{
  int result;

  context_lock (context);
  result = prepare (context, phys, size, HAZARD_DEVICE_WRITE_DIRTY);
  if (result == 0) {
    memcpy (context->board.device + (phys - context->board.state->base), data, size);
    cache_note_device_write (&context->board, phys, size);
  }
  context_unlock (context);
  return result;
}
