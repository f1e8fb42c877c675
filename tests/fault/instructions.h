/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * instructions.h: an end between two instructions, where no system call tells where a process is.
 */
#ifndef FAULT_INSTRUCTIONS_H
#define FAULT_INSTRUCTIONS_H

/*
 * This process dies of SIGKILL when its thread has executed so many more instructions; at once for 0. Where the
 * processor cannot count them for us, after about so many nanoseconds.
 */
void instructions_kill_after (unsigned count);

#endif /* FAULT_INSTRUCTIONS_H */
