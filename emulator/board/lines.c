/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * lines.c: lines move between the CPU plane and the device plane (the picture is in board.h).
 *
 * The CPU writes to its plane at any time, without a lock. So a line is copied first and judged by the copy: a store
 * that comes in between leaves the line dirty and is never lost. A line that is neither dirty nor stale is not touched.
 */
#include "lines.h"

#include <string.h>

#define LINE_MAX_SIZE 64u

Span
lines_span (const Board * board, uint64_t phys, uint64_t size)
{
  const BoardState *state = board->state;
  const uint64_t line = state->line;
  uint64_t end = phys + size;
  Span result = { 0, 0 };

  if (end < phys)
    end = UINT64_MAX;
  if (end <= state->base || phys >= state->base + state->cma)
    return result;
  result.start = phys < state->base ? 0 : (phys - state->base) / line * line;
  result.end = end > state->base + state->cma ? state->cma : (end - state->base + line - 1) / line * line;
  return result;
}

/* Only mappings of cacheable buffers reach the CPU plane. */
static bool
is_cached (const Board * board, uint64_t at)
{
  const unsigned id = board->pages[at / BOARD_PAGE];

  return board_is_id (id) && board->state->buffers[id].cacheable;
}

static bool
has_flags (const Board * board, uint64_t at, size_t size)
{
  const uint8_t *flags = board->lines + at / board->state->line;
  const size_t count = size / board->state->line;
  uint8_t all = 0;

  for (size_t i = 0; i < count; i++)
    all |= flags[i];
  return (all & ~LINE_OUTER_OLD) != 0;
}

/* Nothing to move and nothing to remember, decided for a page at a time because buffers are large. */
static bool
is_settled (const Board * board, uint64_t at, size_t size)
{
  return memcmp (board->cpu + at, board->shadow + at, size) == 0
      && memcmp (board->device + at, board->shadow + at, size) == 0 && !has_flags (board, at, size);
}

void
lines_walk (Board * board, Span range, LineFunction function, CacheLines * lines)
{
  const uint64_t line = board->state->line;

  for (uint64_t at = range.start; at < range.end;) {
    uint64_t end = at / BOARD_PAGE * BOARD_PAGE + BOARD_PAGE;

    if (end > range.end)
      end = range.end;
    lines->asked += (end - at) / line;
    if (is_cached (board, at) && !is_settled (board, at, (size_t) (end - at))) {
      for (uint64_t i = at; i < end; i += line)
        function (board, i, lines);
    }
    at = end;
  }
}

bool
lines_is_dirty (const Board * board, uint64_t at)
{
  return memcmp (board->cpu + at, board->shadow + at, board->state->line) != 0;
}

bool
lines_is_stale (const Board * board, uint64_t at)
{
  return memcmp (board->device + at, board->shadow + at, board->state->line) != 0;
}

bool
lines_write_back (Board * board, uint64_t at)
{
  const size_t size = board->state->line;
  uint8_t copy[LINE_MAX_SIZE];

  memcpy (copy, board->cpu + at, size);
  if (memcmp (copy, board->shadow + at, size) == 0)
    return false;
  memcpy (board->device + at, copy, size);
  memcpy (board->shadow + at, copy, size);
  *lines_flags (board, at) &= (uint8_t) ~(LINE_OUTER_DIRTY | LINE_OUTER_OLD);
  return true;
}

/* The CPU plane first: who dies in between leaves a line that looks dirty with the device's own data. */
void
lines_fetch (Board * board, uint64_t at)
{
  const size_t size = board->state->line;

  memcpy (board->cpu + at, board->device + at, size);
  memcpy (board->shadow + at, board->device + at, size);
  *lines_flags (board, at) &= (uint8_t) ~(LINE_OUTER_DIRTY | LINE_OUTER_OLD | LINE_INNER_EMPTY);
}
