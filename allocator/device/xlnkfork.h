/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * xlnkfork.h: tells a forked child from its parent without a system call, so that the child frees nothing of the
 * parent's and every map can afford to ask.
 */
#ifndef XLNK_FORK_H
#define XLNK_FORK_H

/* Starts counting; harmless when repeated. */
void xlnk_fork_watch (void);

/* A number that a child of fork() finds larger than its parent did. */
unsigned xlnk_fork_generation (void);

#endif /* XLNK_FORK_H */
