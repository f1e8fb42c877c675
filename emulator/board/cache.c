/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * cache.c: maintenance of ranges, its account, and lines that leave the cache by themselves.
 */
#include "cache.h"
#include "lines.h"

static void
note_eviction (Board * board, uint64_t at, CacheLines * lines)
{
  uint8_t *flags = lines_flags (board, at);

  if (*flags & LINE_EVICTED) {
    *flags &= (uint8_t) ~LINE_EVICTED;
    lines->evicted++;
  }
}

static void
clean_line (Board * board, uint64_t at, CacheLines * lines)
{
  note_eviction (board, at, lines);
  lines->written += lines_write_back (board, at) || outer_write_back (board, at);
}

static void
clean_invalidate_line (Board * board, uint64_t at, CacheLines * lines)
{
  note_eviction (board, at, lines);
  if (lines_write_back (board, at) || outer_write_back (board, at)) {
    lines->written++;
  } else if (lines_is_stale (board, at)) {
    lines_fetch (board, at);
    lines->refreshed++;
  }
}

static void
lose_line (Board * board, uint64_t at, CacheLines * lines)
{
  lines->lost++;
  board_hazard (board, HAZARD_LOST_LINE, "buffer %u, line at %#llx",
      board->pages[at / BOARD_PAGE], (unsigned long long) (board->state->base + at));
  lines_fetch (board, at);
}

static void
invalidate_line (Board * board, uint64_t at, CacheLines * lines)
{
  note_eviction (board, at, lines);
  if (outer_forget (board, at) || lines_is_dirty (board, at)) {
    lose_line (board, at, lines);
  } else if (lines_is_stale (board, at)) {
    lines_fetch (board, at);
    lines->refreshed++;
  }
}

void
cache_clean (Board * board, uint64_t phys, uint64_t size, CacheLines * lines)
{
  lines_walk (board, lines_span (board, phys, size), clean_line, lines);
}

void
cache_clean_invalidate (Board * board, uint64_t phys, uint64_t size, CacheLines * lines)
{
  lines_walk (board, lines_span (board, phys, size), clean_invalidate_line, lines);
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
  lines_walk (board, lines_span (board, inner_start, inner_end - inner_start), invalidate_line, lines);
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
  if (lines->written + lines->refreshed + lines->lost + lines->parked + lines->evicted > 0)
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

/* lines_walk() tells nothing but through its counts: the first line found is noted in the count of written ones. */
static void
find_line (Board * board, uint64_t at, CacheLines * lines)
{
  if (lines->written == 0 && (lines_is_dirty (board, at) || (*lines_flags (board, at) & LINE_OUTER_DIRTY)))
    lines->written = board->state->base + at;
}

bool
cache_find_dirty (Board * board, uint64_t phys, uint64_t size, uint64_t * where)
{
  CacheLines lines = { 0 };

  lines_walk (board, lines_span (board, phys, size), find_line, &lines);
  *where = lines.written;
  return lines.written != 0;
}

/* A line leaves the cache: written back if dirty; else the next read fetches what the device has. */
static bool
evict_line (Board * board, uint64_t at)
{
  if (!lines_write_back (board, at) && !outer_write_back (board, at)) {
    if (!lines_is_stale (board, at))
      return false;
    lines_fetch (board, at);
  }
  *lines_flags (board, at) |= LINE_EVICTED;
  board->state->counters.evictions++;
  return true;
}

static unsigned eviction_chance;        /* under the lock */

static void
maybe_evict_line (Board * board, uint64_t at, CacheLines * lines)
{
  if (board_chance (board, eviction_chance))
    lines->evicted += evict_line (board, at);
}

unsigned
cache_evict (Board * board, uint64_t phys, uint64_t size, unsigned percent)
{
  CacheLines lines = { 0 };

  eviction_chance = percent;
  lines_walk (board, lines_span (board, phys, size), maybe_evict_line, &lines);
  return (unsigned) lines.evicted;
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

/* On 32-bit machines half of the dirty lines get only as far as the second level. */
static void
tick_line (Board * board, uint64_t at)
{
  if (board->state->arch == BOARD_ARM && board_chance (board, 50) && outer_park (board, at))
    board->state->counters.evictions++;
  else
    evict_line (board, at);
}

void
cache_tick (Board * board)
{
  if (!board->state->seeded)
    return;
  for (unsigned i = 0; i < 4; i++) {
    const BoardBuffer *buffer = &board->state->buffers[random_buffer (board)];
    const uint32_t count = buffer->pages * (BOARD_PAGE / board->state->line);

    if (buffer->phys == 0 || !board_buffer_fits (board, buffer))
      return;
    tick_line (board, buffer->phys - board->state->base + (uint64_t) board_random (board, count) * board->state->line);
  }
}
