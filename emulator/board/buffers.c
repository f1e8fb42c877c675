/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * buffers.c: the driver's table of buffers. Called under the lock.
 */
#include "board.h"
#include "versions.h"

#include <errno.h>
#include <string.h>

static unsigned
slots (const Board * board)
{
  return board_versions[board->state->driver].slots;
}

static bool
is_live (const Board * board, unsigned id)
{
  return board->state->buffers[id].phys != 0;
}

/* Lowest free id first (xlnk-abi §5.1). --first-id stands for buffers that somebody else holds. */
unsigned
board_find_slot (Board * board)
{
  for (unsigned id = board->state->first_id; id < slots (board); id++) {
    if (!is_live (board, id))
      return id;
  }
  return 0;
}

int
board_free_buffer (Board * board, int id)
{
  BoardBuffer *buffer;
  uint64_t phys;
  uint32_t pages, cacheable;
  bool fits;

  if (id <= 0 || (unsigned) id >= slots (board) || !is_live (board, (unsigned) id))
    return -ENOMEM;
  buffer = &board->state->buffers[id];
  fits = board_buffer_fits (board, buffer);
  phys = buffer->phys;
  pages = buffer->pages;
  cacheable = buffer->cacheable;

  __atomic_store_n (&buffer->phys, 0, __ATOMIC_RELEASE);
  if (fits)
    board_cma_give (board, phys, (uint64_t) pages * BOARD_PAGE, 0);
  memset (buffer, 0, sizeof *buffer);
  if (board_versions[board->state->driver].flag_survives)
    buffer->cacheable = cacheable;
  board->state->counters.frees++;
  return 0;
}

/* By the length asked for, not the rounded one, as the driver does. */
unsigned
board_find_phys (Board * board, uint64_t phys)
{
  const BoardState *state = board->state;
  unsigned id;

  if (phys < state->base || phys - state->base >= state->cma)
    return 0;
  id = board->pages[(phys - state->base) / BOARD_PAGE];
  if (!board_is_id (id))
    return 0;
  return phys - state->buffers[id].phys < state->buffers[id].length ? id : 0;
}

bool
board_live_range (Board * board, uint64_t phys, uint64_t size)
{
  const BoardState *state = board->state;
  uint64_t first, last;

  if (phys < state->base || size > state->cma || phys - state->base > state->cma - size)
    return false;
  if (size == 0)
    return true;
  first = (phys - state->base) / BOARD_PAGE;
  last = (phys - state->base + size - 1) / BOARD_PAGE;
  for (uint64_t i = first; i <= last; i++) {
    if (board->pages[i] == 0 || board->pages[i] == BOARD_PAGE_LOST)
      return false;
  }
  return true;
}

unsigned
board_live_buffers (Board * board, uint64_t * bytes)
{
  unsigned count = 0;

  *bytes = 0;
  for (unsigned id = 1; id < slots (board); id++) {
    if (!is_live (board, id))
      continue;
    count++;
    *bytes += board->state->buffers[id].length;
  }
  return count;
}

/* The page table follows from the buffers; a holder that died may have left it ahead or behind. */
void
board_rebuild_pages (Board * board)
{
  const uint64_t total = board->state->cma / BOARD_PAGE;

  for (uint64_t i = 0; i < total; i++) {
    if (board->pages[i] != BOARD_PAGE_LOST)
      board->pages[i] = 0;
  }
  for (unsigned id = 1; id < slots (board); id++) {
    const BoardBuffer *buffer = &board->state->buffers[id];

    if (buffer->phys && board_buffer_fits (board, buffer))
      board_cma_give (board, buffer->phys, (uint64_t) buffer->pages * BOARD_PAGE, id);
  }
}
