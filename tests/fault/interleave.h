/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * interleave.h: what a stranger can do to us between any two of our system calls, all of it, one after the other.
 */
#ifndef FAULT_INTERLEAVE_H
#define FAULT_INTERLEAVE_H

#include <stdbool.h>

typedef struct
{
  unsigned runs, stops;         /* how often the whole was played, and stopped where the stranger acted */
  unsigned taken_over;          /* of these: ids of ours were the stranger's afterwards */
  unsigned lost_in_window;      /* the stranger's, freed by us, between the look at the cookie and FREEBUF */
  unsigned lost_in_look;        /* likewise, between the last CACHECTRL and that look, and the old bytes were still there */
  unsigned lost_in_allocation;  /* likewise, taken over between ALLOCBUF and our first store */
  unsigned lost;                /* likewise, anywhere else */
  unsigned leaked;              /* of a dead process of ours, still there after two cleaned up */
  unsigned spared_in_window;    /* taken over there, and not lost: then this test would not see losses */
} Interleavings;

/* @fd is an open node; nothing may live on the board. With @stride, only every so many-th stop, another one for each deed. */
Interleavings interleave_all (int fd, unsigned stride);

#endif /* FAULT_INTERLEAVE_H */
