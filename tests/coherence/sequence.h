/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * sequence.h: a program for a board, as data: it can be made at random, run, shortened and printed as C.
 *
 * Any subset of a sequence is a sequence: an operation that makes no sense where it stands (unmap of a map that is not
 * open, a store without a WRITE map) does nothing.
 */
#ifndef SEQUENCE_H
#define SEQUENCE_H

#include "board.h"

#include <stdio.h>

#define MEMORIES 6              /* the first BLOCKS are the blocks themselves, the rest are shared parts of them */
#define MAPS 8
#define THREADS 3

typedef enum
{
  OP_MAP,                       /* of bytes start..start+size of memory, for access; `map` numbers it, if not taken */
  OP_UNMAP,                     /* `map`, or the next one that is open; likewise below */
  OP_UNMAP_SURPLUS,             /* an unmap with the numbers of OP_MAP, whether or not such a map is open */
  OP_LOAD,                      /* through a map, of bytes start..start+size of it */
  OP_STORE,
  OP_DEVICE_READ,
  OP_DEVICE_WRITE,
  OP_EXPOSE,                    /* hand out the address of memory */
  OP_RUN_READ,                  /* the device, without telling */
  OP_RUN_WRITE,
  OP_FLUSH,
  OP_INVALIDATE,
  OP_SHARE,                     /* memory = bytes start..start+size of memory `other` */
  OP_COPY,                      /* bytes of memory `other` to the start of memory, by the CPU */
  OP_RECYCLE,                   /* close all maps of memory's block, and go on with it */
  OP_FREE,                      /* likewise, free it and allocate another: of `size` bytes, cached if access */
  OP_DISTURB,
  OPS
} OpKind;

typedef struct
{
  OpKind kind;
  uint8_t thread;
  uint8_t map;
  uint8_t memory;
  uint8_t other;
  uint8_t access;
  bool fail;                    /* the maintenance fails */
  uint16_t start;
  uint16_t size;
  uint32_t seed;                /* of the bytes, and of what the caches do meanwhile; 0: nothing */
} Op;

/* What a sequence has really done: one that proves nothing shows here. */
typedef struct
{
  uint64_t maps, conflicts, failures, untold_runs;
  uint64_t maintained_lines, loaded_bytes, device_read_bytes;
} Tally;

typedef struct
{
  Tally tally;
  size_t done;                  /* operations until the failure, or all */
  char failure[256];            /* empty if there was none */
} Outcome;

/* Runs @ops on the blank @board, then unmaps everything and reads every byte from both sides. */
Outcome sequence_run (Board * board, const Op * ops, size_t length);

/* A sequence that fails now and then, but only if something is wrong. @tracked: no address is handed out. */
void sequence_random (Op * ops, size_t length, size_t line, bool tracked, uint64_t seed);

/* Removes what is not needed for a failure on boards of that name. Returns the new length. */
size_t sequence_shrink (const char *name, bool bytes_only, Op * ops, size_t length);

/* A C program that runs @ops and fails. */
void sequence_print (const Op * ops, size_t length, const char *name, const char *failure, FILE * file);

/* The main function of a printed program: its exit status. */
int sequence_replay (const char *name, const Op * ops, size_t length);

/* xorshift64*: fast, and the same everywhere. */
static inline uint32_t
random_next (uint64_t * state)
{
  *state ^= *state >> 12;
  *state ^= *state << 25;
  *state ^= *state >> 27;
  return (uint32_t) ((*state * UINT64_C (2685821657736338717)) >> 32);
}

static inline uint64_t
random_seed (uint64_t seed)
{
  return (seed + 1) * UINT64_C (0x9e3779b97f4a7c15);
}

#endif /* SEQUENCE_H */
