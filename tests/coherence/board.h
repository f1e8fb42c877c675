/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * board.h: what a random user needs of a board: blocks of contiguous memory behind caches, and somebody who keeps
 * them coherent. There is a simulated one, which binds the state machine to caches of this test's own, and an emulated
 * one, which is the real device ring over the emulator.
 */
#ifndef BOARD_H
#define BOARD_H

#include "xlnkcoherence.h"

#define BLOCKS 2
#define LINES 12                /* of one block at most: few enough that ranges meet often */
#define LINE_MAX_BYTES 64
#define BLOCK_BYTES (LINES * LINE_MAX_BYTES)

#define DAMAGE 128

/* What the architecture and the driver offer (design, end of §5). */
typedef enum
{
  PRIMITIVES_ARM_DRIVER,        /* action 0 from the first byte; twice to invalidate */
  PRIMITIVES_ARM64_ADDRESS,     /* by address, complete at the barrier */
  PRIMITIVES_ARM64_DRIVER,      /* action 0, and action 1 to invalidate, from the first byte */
} Primitives;

typedef enum
{
  RESULT_DONE,
  RESULT_CONFLICT,
  RESULT_FAILED,                /* the maintenance */
  RESULT_NO_MAP,                /* a surplus unmap */
} Result;

/* How often each line of a block went through which primitive. */
typedef struct
{
  unsigned flush[LINES];        /* action 0, or clean by address */
  unsigned invalidate[LINES];   /* action 1, or clean and invalidate by address */
} Work;

typedef struct _Board Board;

struct _Board
{
  Primitives primitives;
  size_t line;
  bool can_fail;                /* maintenance fails on demand */
  bool bytes_only;              /* to be judged by the bytes that were read, not by results and work */

  void (*block_new) (Board * board, unsigned block, size_t size, bool cached);
  void (*block_free) (Board * board, unsigned block);

  Result (*map) (Board * board, unsigned block, XlnkAccess access, XlnkRange range, bool fail);
  Result (*unmap) (Board * board, unsigned block, XlnkAccess access, XlnkRange range, bool fail);
  Result (*expose) (Board * board, unsigned block, bool fail);
  Result (*flush) (Board * board, unsigned block, XlnkRange range, bool fail);
  Result (*invalidate) (Board * board, unsigned block, XlnkRange range, bool fail);

  void (*load) (Board * board, unsigned block, size_t offset, size_t size, uint8_t * bytes);
  void (*store) (Board * board, unsigned block, size_t offset, size_t size, const uint8_t * bytes);
  void (*device_read) (Board * board, unsigned block, size_t offset, size_t size, uint8_t * bytes);
  void (*device_write) (Board * board, unsigned block, size_t offset, size_t size, const uint8_t * bytes);

  /* The caches do of themselves what they may do at any time: evict a line, or fetch one. */
  void (*disturb) (Board * board, unsigned block, uint32_t random);
  /* What is wrong with @block, if it can be seen before the byte is read: TRUE, and a line in @what. */
  bool (*find_damage) (Board * board, unsigned block, const uint8_t * truth, size_t size, char what[DAMAGE]);
  /* TRUE if the maintenance since the last call is what @expected says. */
  bool (*check_work) (Board * board, unsigned block, const Work * expected);
  void (*free) (Board * board);

  /* Called by the board wherever something else may happen in the middle of maintenance. */
  void (*interlude) (void *user, unsigned block);
  void *user;
};

/* A blank board; NULL if there is none of that name: arm, arm64, arm64-driver. A program has one kind of them. The
 * emulated one is what --arch made it, whatever its name. */
Board *board_new (const char *name);

#endif /* BOARD_H */
