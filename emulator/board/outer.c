/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * outer.c: the second-level cache of 32-bit machines (a PL310), as far as its errors can be seen.
 *
 * The first level is the CPU plane. Of the second only three things matter: that it may hold what the CPU wrote while
 * memory does not (a bit, and the data in the outer plane), that it may hold an old copy of what a device has written
 * since (a bit; the old data is what the CPU plane still shows), and the order of the steps of one CACHECTRL
 * (xlnk-abi §6):
 *
 *   1. first level, from the buffer's first byte: clean and invalidate
 *   2. second level, from the caller's address: clean and invalidate
 *   3. action 1 only: second level: invalidate
 *
 * Between 1 and 2 the CPU may load a line again by speculation, and gets the second level's old copy: it is stale after
 * the operation, and a second pass is needed. Between 2 and 3 the first level may evict a line that somebody is just
 * writing: it goes to the second level, and 3 throws it away. Both happen by the dice, so only with --seed.
 */
#include "lines.h"

#include <string.h>

#define SPECULATION 10u         /* percent of lines */
#define SLIP 50u

static bool
is_two_level (const Board * board)
{
  return board->state->arch == BOARD_ARM;
}

bool
outer_park (Board * board, uint64_t at)
{
  const size_t size = board->state->line;

  memcpy (board->outer + at, board->cpu + at, size);
  if (memcmp (board->outer + at, board->shadow + at, size) == 0)
    return false;
  *lines_flags (board, at) |= LINE_OUTER_DIRTY;
  memcpy (board->shadow + at, board->outer + at, size);
  return true;
}

bool
outer_write_back (Board * board, uint64_t at)
{
  uint8_t *flags = lines_flags (board, at);

  if (!is_two_level (board) || !(*flags & LINE_OUTER_DIRTY))
    return false;
  memcpy (board->device + at, board->outer + at, board->state->line);
  *flags &= (uint8_t) ~(LINE_OUTER_DIRTY | LINE_OUTER_OLD);
  return true;
}

bool
outer_forget (Board * board, uint64_t at)
{
  uint8_t *flags = lines_flags (board, at);
  const bool dirty = (*flags & LINE_OUTER_DIRTY) != 0;

  *flags &= (uint8_t) ~(LINE_OUTER_DIRTY | LINE_OUTER_OLD);
  return dirty;
}

static void
mark_old (Board * board, Span range)
{
  for (uint64_t at = range.start; at < range.end; at += board->state->line)
    *lines_flags (board, at) |= LINE_OUTER_OLD;
}

void
cache_note_device_write (Board * board, uint64_t phys, uint64_t size)
{
  if (is_two_level (board))
    mark_old (board, lines_span (board, phys, size));
}

/* A clean line is simply gone; what the CPU gets there next depends on when it looks. */
static void
drop_clean (Board * board, uint64_t at, CacheLines * lines)
{
  uint8_t *flags = lines_flags (board, at);

  if ((*flags & LINE_OUTER_DIRTY) || !lines_is_stale (board, at))
    return;
  if (!(*flags & LINE_OUTER_OLD)) {
    lines_fetch (board, at);
    lines->refreshed++;
    return;
  }
  *flags |= LINE_SECOND_PASS;
  if (!board->state->seeded || !board_chance (board, SPECULATION))
    *flags |= LINE_INNER_EMPTY;
}

static void
take_account (uint8_t * flags, CacheLines * lines)
{
  if (!(*flags & (LINE_EVICTED | LINE_SECOND_PASS)))
    return;
  *flags &= (uint8_t) ~(LINE_EVICTED | LINE_SECOND_PASS);
  lines->evicted++;
}

/* Step 1. */
static void
inner_clean_invalidate (Board * board, uint64_t at, CacheLines * lines)
{
  take_account (lines_flags (board, at), lines);
  if (outer_park (board, at))
    lines->parked++;
  else
    drop_clean (board, at, lines);
}

/* Step 2. What the first level gave up and did not load again now comes from memory. */
static void
outer_clean_invalidate (Board * board, uint64_t at, CacheLines * lines)
{
  uint8_t *flags = lines_flags (board, at);

  lines->written += outer_write_back (board, at);
  *flags &= (uint8_t) ~LINE_OUTER_OLD;
  if (!(*flags & LINE_INNER_EMPTY))
    return;
  *flags &= (uint8_t) ~LINE_INNER_EMPTY;
  if (lines_is_dirty (board, at))
    return;                     /* somebody wrote there since step 1, into the old copy */
  lines_fetch (board, at);
  lines->refreshed++;
}

/* Between 2 and 3: lines that are dirty now were written meanwhile, or lie where step 1 was not. */
static void
slip (Board * board, uint64_t at, CacheLines * lines)
{
  if (board_chance (board, SLIP))
    lines->parked += outer_park (board, at);
}

/* Step 3. */
static void
outer_invalidate (Board * board, uint64_t at, CacheLines * lines)
{
  if (!outer_forget (board, at))
    return;
  lines->lost++;
  board_hazard (board, HAZARD_LOST_LINE, "buffer %u, line at %#llx, evicted while action 1 was at work",
      board->pages[at / BOARD_PAGE], (unsigned long long) (board->state->base + at));
  if (!lines_is_dirty (board, at))
    lines_fetch (board, at);
}

/* Where step 2 was not, the CPU has long loaded the line again, from the second level. */
static void
refill (Board * board, uint64_t at, CacheLines * lines)
{
  (void) lines;
  *lines_flags (board, at) &= (uint8_t) ~LINE_INNER_EMPTY;
}

/* Without dice and with one range for both levels, the steps of a line can be taken together: the result is the same. */
static void
both_clean_invalidate (Board * board, uint64_t at, CacheLines * lines)
{
  uint8_t *flags = lines_flags (board, at);

  take_account (flags, lines);
  if (lines_write_back (board, at) || outer_write_back (board, at)) {
    lines->written++;
  } else if (lines_is_stale (board, at)) {
    if (*flags & LINE_OUTER_OLD)
      *flags |= LINE_SECOND_PASS;
    lines_fetch (board, at);
    lines->refreshed++;
  }
}

void
cache_two_levels (Board * board, uint64_t inner, uint64_t outer, uint64_t size, bool action_1, CacheLines * lines)
{
  const Span first = lines_span (board, inner, size), second = lines_span (board, outer, size);
  const uint64_t asked = lines->asked + (first.end - first.start) / board->state->line;

  if (!board->state->seeded && first.start == second.start) {
    lines_walk (board, first, both_clean_invalidate, lines);
    return;
  }
  lines_walk (board, first, inner_clean_invalidate, lines);
  lines_walk (board, second, outer_clean_invalidate, lines);
  if (first.start != second.start)
    lines_walk (board, first, refill, lines);
  if (action_1 && board->state->seeded) {
    lines_walk (board, second, slip, lines);
    lines_walk (board, second, outer_invalidate, lines);
  }
  lines->asked = asked;
}
