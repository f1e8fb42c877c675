/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * xlnkfork.h: tells a forked child from its parent without a system call, so that the child frees nothing of the
 * parent's and every map can afford to ask.
 */
#ifndef XLNK_FORK_H
#define XLNK_FORK_H

typedef void (*XlnkForkFunc) (void *data);

/* A number that a child of fork() finds larger than its parent did, if the parent asked before. */
unsigned xlnk_fork_generation (void);

/* From now on each child of fork() first calls @in_child, in its only thread. Other threads of the parent may have held
 * any lock at that moment, and nobody will release it in the child. */
void xlnk_fork_watch (XlnkForkFunc in_child, void *data);
void xlnk_fork_unwatch (void *data);

#endif /* XLNK_FORK_H */
