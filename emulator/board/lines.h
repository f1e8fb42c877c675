/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * lines.h: single lines, for cache.c and outer.c. A place is an offset from the start of CMA.
 */
#ifndef BOARD_LINES_H
#define BOARD_LINES_H

#include "cache.h"

/* In Board.lines. */
enum
{
  LINE_EVICTED = 1,             /* the dice moved it; maintenance of it is not redundant */
  LINE_OUTER_DIRTY = 2,         /* the second level holds what the CPU wrote, in the outer plane */
  LINE_OUTER_OLD = 4,           /* the second level may hold what was there before the device wrote */
  LINE_INNER_EMPTY = 8,         /* the first level gave it up and has not fetched it again */
  LINE_SECOND_PASS = 16,        /* one pass could have left it stale, whatever the dice said: another one is not redundant */
};

/* Whole lines, from the start of CMA. */
typedef struct
{
  uint64_t start, end;
} Span;

typedef void (*LineFunction) (Board * board, uint64_t at, CacheLines * lines);

Span lines_span (const Board * board, uint64_t phys, uint64_t size);
/* Calls @function for lines of cacheable buffers that may have something to move, and counts all. */
void lines_walk (Board * board, Span range, LineFunction function, CacheLines * lines);

bool lines_is_dirty (const Board * board, uint64_t at); /* in the first level */
bool lines_is_stale (const Board * board, uint64_t at);
bool lines_write_back (Board * board, uint64_t at);     /* through to memory; false: it was clean */
void lines_fetch (Board * board, uint64_t at);

static inline uint8_t *
lines_flags (Board * board, uint64_t at)
{
  return &board->lines[at / board->state->line];
}

/* outer.c: the second level's dirty copy reaches memory, or is forgotten. False: there was none. */
bool outer_write_back (Board * board, uint64_t at);
bool outer_forget (Board * board, uint64_t at);
bool outer_park (Board * board, uint64_t at);   /* dirty in the first level: moves to the second */

#endif /* BOARD_LINES_H */
