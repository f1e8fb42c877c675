/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * caches.h: a block's memory and the caches in front of it, with what the driver's and the CPU's maintenance really do
 * to them (xlnk-abi §6). The CPUs' first level is one cache here: they are coherent with each other.
 *
 * Shares nothing with the emulator's cache: two statements of the same facts.
 */
#ifndef CACHES_H
#define CACHES_H

#include "board.h"

typedef struct
{
  bool valid;
  bool dirty;
  uint8_t bytes[LINE_MAX_BYTES];
} CacheLine;

typedef struct
{
  size_t line;
  bool cached;
  bool outer;                   /* a second level that is maintained separately (PL310) */
  uint8_t memory[BLOCK_BYTES];
  CacheLine l1[LINES];
  CacheLine l2[LINES];
  enum { PENDING_NONE, PENDING_CLEAN, PENDING_CLEAN_INVALIDATE } pending[LINES];       /* until the barrier */
  Work work;

  void (*interlude) (void *user);
  void *user;
} Caches;

/* Zeroed, and nothing in the caches: the driver zeroes and flushes what it hands out (xlnk-abi §5.1). */
void caches_init (Caches * caches, size_t line, bool cached, bool outer);

void caches_load (Caches * caches, size_t offset, size_t size, uint8_t * bytes);
void caches_store (Caches * caches, size_t offset, size_t size, const uint8_t * bytes);
void caches_disturb (Caches * caches, uint32_t random);
size_t caches_find_lost (const Caches * caches, const uint8_t * truth, size_t size);

/* CACHECTRL. The lines are those of the block's first @size bytes, whatever the address was. */
void caches_arm_action_0 (Caches * caches, size_t size);
void caches_arm_action_1 (Caches * caches, size_t size);
void caches_arm64_action_0 (Caches * caches, size_t size);
void caches_arm64_action_1 (Caches * caches, size_t size);

/* dc cvac, dc civac, dsb sy */
void caches_clean (Caches * caches, XlnkRange range);
void caches_clean_invalidate (Caches * caches, XlnkRange range);
void caches_barrier (Caches * caches);

#endif /* CACHES_H */
