/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * cache.h: the non-coherent cache in front of the memory. All of it is called under the lock, with physical addresses.
 */
#ifndef BOARD_CACHE_H
#define BOARD_CACHE_H

#include "board.h"

/* What one operation did to the lines of its range. */
typedef struct
{
  uint64_t asked;
  uint64_t written;             /* dirty, written back */
  uint64_t refreshed;           /* stale, fetched anew */
  uint64_t lost;                /* dirty, thrown away */
  uint64_t parked;              /* dirty, got no further than the second level */
  uint64_t evicted;             /* nothing left to move, yet the caller could not know: evicted, or a second pass */
} CacheLines;

void cache_clean (Board * board, uint64_t phys, uint64_t size, CacheLines * lines);
void cache_clean_invalidate (Board * board, uint64_t phys, uint64_t size, CacheLines * lines);
/* Lines covered in part are cleaned first; the others lose what the CPU wrote. */
void cache_invalidate (Board * board, uint64_t phys, uint64_t size, CacheLines * lines);

/*
 * CACHECTRL of 32-bit machines: clean and invalidate in the first level, where the kernel's address is, then in the
 * second, where the caller's is; action 1 then invalidates in the second once more.
 */
void cache_two_levels (Board * board, uint64_t inner, uint64_t outer, uint64_t size, bool action_1, CacheLines * lines);

/* The device wrote: what the second level holds there is old. */
void cache_note_device_write (Board * board, uint64_t phys, uint64_t size);

void cache_count (Board * board, bool invalidate, uint64_t size, bool liveness_query, const CacheLines * lines);

bool cache_find_dirty (Board * board, uint64_t phys, uint64_t size, uint64_t * where);
unsigned cache_evict (Board * board, uint64_t phys, uint64_t size, unsigned percent);
/* With a seed: a few random lines of random buffers leave the cache. */
void cache_tick (Board * board);

#endif /* BOARD_CACHE_H */
