/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * cache.c: lines move between the CPU plane and the device plane (the picture is in board.h).
 *
 * The CPU writes to its plane at any time, without a lock. So a line is copied first and judged by the copy: a store
 * that comes in between leaves the line dirty and is never lost. A line that is neither dirty nor stale is not touched.
 */
#include "cache.h"

#include <string.h>

#define LINE_MAX_SIZE 64u
#define LINE_EVICTED 1u         /* in Board.lines */

typedef void (*LineFunction) (Board * board, uint64_t at, CacheLines * lines);

/* A range of the planes: offsets from the start of CMA, whole lines. */
typedef struct
{
  uint64_t start, end;
} Span;

static Span
span (const Board * board, uint64_t phys, uint64_t size)
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

  return id != 0 && id != BOARD_PAGE_LOST && board->state->buffers[id].cacheable;
}

/* Nothing to move and, as far as one can tell quickly, nothing to remember. */
static bool
is_settled (const Board * board, uint64_t at, size_t size)
{
  if (board->state->seeded || board->state->counters.evictions)
    return false;
  return memcmp (board->cpu + at, board->shadow + at, size) == 0
      && memcmp (board->device + at, board->shadow + at, size) == 0;
}

static void
walk (Board * board, Span range, LineFunction function, CacheLines * lines)
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

static void
note_eviction (Board * board, uint64_t at, CacheLines * lines)
{
  uint8_t *flags = &board->lines[at / board->state->line];

  if (*flags & LINE_EVICTED) {
    *flags &= (uint8_t) ~LINE_EVICTED;
    lines->evicted++;
  }
}

static bool
write_back (Board * board, uint64_t at)
{
  const size_t size = board->state->line;
  uint8_t copy[LINE_MAX_SIZE];

  memcpy (copy, board->cpu + at, size);
  if (memcmp (copy, board->shadow + at, size) == 0)
    return false;
  memcpy (board->device + at, copy, size);
  memcpy (board->shadow + at, copy, size);
  return true;
}

/* The CPU plane first: who dies in between leaves a line that looks dirty with the device's own data. */
static void
fetch (Board * board, uint64_t at)
{
  const size_t size = board->state->line;

  memcpy (board->cpu + at, board->device + at, size);
  memcpy (board->shadow + at, board->device + at, size);
}

static bool
is_stale (const Board * board, uint64_t at)
{
  return memcmp (board->device + at, board->shadow + at, board->state->line) != 0;
}

static void
clean_line (Board * board, uint64_t at, CacheLines * lines)
{
  note_eviction (board, at, lines);
  lines->written += write_back (board, at);
}

static void
clean_invalidate_line (Board * board, uint64_t at, CacheLines * lines)
{
  note_eviction (board, at, lines);
  if (write_back (board, at)) {
    lines->written++;
  } else if (is_stale (board, at)) {
    fetch (board, at);
    lines->refreshed++;
  }
}

static void
lose_line (Board * board, uint64_t at, CacheLines * lines)
{
  lines->lost++;
  board_hazard (board, HAZARD_LOST_LINE, "buffer %u, line at %#llx",
      board->pages[at / BOARD_PAGE], (unsigned long long) (board->state->base + at));
  fetch (board, at);
}

static void
invalidate_line (Board * board, uint64_t at, CacheLines * lines)
{
  const size_t size = board->state->line;

  note_eviction (board, at, lines);
  if (memcmp (board->cpu + at, board->shadow + at, size) != 0) {
    lose_line (board, at, lines);
  } else if (is_stale (board, at)) {
    fetch (board, at);
    lines->refreshed++;
  }
}

void
cache_clean (Board * board, uint64_t phys, uint64_t size, CacheLines * lines)
{
  walk (board, span (board, phys, size), clean_line, lines);
}

void
cache_clean_invalidate (Board * board, uint64_t phys, uint64_t size, CacheLines * lines)
{
  walk (board, span (board, phys, size), clean_invalidate_line, lines);
}

/* xlnk-abi §6: partly covered edge lines are cleaned and invalidated. */
void
cache_invalidate (Board * board, uint64_t phys, uint64_t size, CacheLines * lines)
{
  const uint64_t line = board->state->line;
  const uint64_t first = phys / line * line, end = phys + size;
  const uint64_t inner_start = (phys + line - 1) / line * line, inner_end = end / line * line;

  if (inner_start > inner_end) {
    cache_clean_invalidate (board, phys, size, lines);
    return;
  }
  if (first != inner_start)
    cache_clean_invalidate (board, first, line, lines);
  walk (board, span (board, inner_start, inner_end - inner_start), invalidate_line, lines);
  if (inner_end != end)
    cache_clean_invalidate (board, inner_end, line, lines);
}

static void
count_lines (BoardCounters * counters, const CacheLines * lines)
{
  counters->lines_asked += lines->asked;
  counters->lines_written += lines->written;
  counters->lines_refreshed += lines->refreshed;
  counters->lines_lost += lines->lost;
}

void
cache_count (Board * board, bool invalidate, uint64_t size, bool liveness_query, const CacheLines * lines)
{
  BoardCounters *counters = &board->state->counters;

  if (liveness_query) {
    counters->liveness_queries++;
    return;
  }
  count_lines (counters, lines);
  if (lines->written + lines->refreshed + lines->lost + lines->evicted > 0)
    counters->needed++;
  else
    counters->redundant++;
  if (invalidate) {
    counters->invalidates++;
    counters->invalidated_bytes += size;
  } else {
    counters->flushes++;
    counters->flushed_bytes += size;
  }
}

bool
cache_find_dirty (Board * board, uint64_t phys, uint64_t size, uint64_t * where)
{
  const Span range = span (board, phys, size);
  const uint64_t line = board->state->line;

  for (uint64_t at = range.start; at < range.end; at += line) {
    if (is_cached (board, at) && memcmp (board->cpu + at, board->shadow + at, (size_t) line) != 0) {
      *where = board->state->base + at;
      return true;
    }
  }
  return false;
}

/* A line leaves the cache: written back if dirty; else the next read fetches what the device has. */
static bool
evict_line (Board * board, uint64_t at)
{
  if (!write_back (board, at)) {
    if (!is_stale (board, at))
      return false;
    fetch (board, at);
  }
  board->lines[at / board->state->line] |= LINE_EVICTED;
  board->state->counters.evictions++;
  return true;
}

unsigned
cache_evict (Board * board, uint64_t phys, uint64_t size, unsigned percent)
{
  const Span range = span (board, phys, size);
  unsigned count = 0;

  for (uint64_t at = range.start; at < range.end; at += board->state->line) {
    if (is_cached (board, at) && board_chance (board, percent))
      count += evict_line (board, at);
  }
  return count;
}

static unsigned
random_buffer (Board * board)
{
  const unsigned start = board_random (board, BOARD_SLOTS);

  for (unsigned i = 0; i < BOARD_SLOTS; i++) {
    const unsigned id = (start + i) % BOARD_SLOTS;

    if (board->state->buffers[id].phys && board->state->buffers[id].cacheable)
      return id;
  }
  return 0;
}

void
cache_tick (Board * board)
{
  if (!board->state->seeded)
    return;
  for (unsigned i = 0; i < 4; i++) {
    const BoardBuffer *buffer = &board->state->buffers[random_buffer (board)];
    const uint32_t count = buffer->pages * (BOARD_PAGE / board->state->line);

    if (buffer->phys == 0)
      return;
    evict_line (board, buffer->phys - board->state->base
        + (uint64_t) board_random (board, count) * board->state->line);
  }
}
