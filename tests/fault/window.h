/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * window.h: how long a stranger has, in nanoseconds.
 */
#ifndef FAULT_WINDOW_H
#define FAULT_WINDOW_H

#include <stdint.h>

typedef struct
{
  unsigned count;
  uint64_t least, median, most_of_100, most;    /* most_of_100: 99 of 100 are below */
} WindowWidths;

typedef struct
{
  /* From CACHECTRL's return, just before the look at the cookie, until FREEBUF is entered, and until it is done. */
  WindowWidths free_begins, free_done, reclaim_begins, reclaim_done;
  /* From ALLOCBUF's return until the block has its cookie, and a little more. */
  WindowWidths allocation;
} Window;

/* Nothing may live on the board, and nobody else may be busy on it. */
Window window_measure (unsigned rounds);

#endif /* FAULT_WINDOW_H */
