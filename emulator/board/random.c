/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * random.c: the board's dice. Their state is in the heap, so that a seed repeats a run. Called under the lock.
 */
#include "board.h"

uint32_t
board_random (Board * board, uint32_t below)
{
  uint64_t x = board->state->random;

  /* xorshift64*; the state is never 0, because board_create() made it odd */
  x ^= x >> 12;
  x ^= x << 25;
  x ^= x >> 27;
  board->state->random = x;
  x *= 0x2545f4914f6cdd1dull;
  return below ? (uint32_t) ((x >> 32) % below) : 0;
}

bool
board_chance (Board * board, unsigned percent)
{
  return board_random (board, 100) < percent;
}
