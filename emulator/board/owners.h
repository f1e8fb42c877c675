/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * owners.h: marks an open file as alive; see owners.c.
 */
#ifndef BOARD_OWNERS_H
#define BOARD_OWNERS_H

#include "board.h"

#define BOARD_OWNER_RUNNER 0    /* open files are counted from 1 */

bool board_owner_is_held (int fd, uint64_t owner);
int board_owner_hold (int fd, uint64_t owner, bool writable);

/* One runner at a time looks whether there is a heap, makes it, and begins. Waits. */
void board_claim_heap (int fd);
void board_yield_heap (int fd);

#endif /* BOARD_OWNERS_H */
