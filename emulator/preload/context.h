/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * context.h: is this process on an emulated board, and on which?
 */
#ifndef PRELOAD_CONTEXT_H
#define PRELOAD_CONTEXT_H

#include "board.h"
#include "versions.h"

#define EXPORT __attribute__ ((visibility ("default")))

/* Set by the runner, inherited by everything below it. */
#define ENV_HEAP "XLNK_EMULATOR_HEAP"   /* the heap file */
#define ENV_TREE "XLNK_EMULATOR_TREE"   /* a directory that stands for / where directories are listed */

typedef struct
{
  Board board;
  const BoardVersion *version;
  const char *heap;
  const char *tree;
} Context;

bool context_active (void);     /* cheap; maps nothing */
Context *context_get (void);    /* maps the heap on first use; NULL if not on a board */
bool context_owns (int fd);     /* is it an open /dev/xlnk? dup, fork and exec need no table: the inode tells */

void context_lock (Context * context);
void context_unlock (Context * context);

/* The real kernel would have crashed here. Called under the lock. */
_Noreturn void context_oops (Context * context, const char *format, ...)
  __attribute__ ((format (printf, 2, 3)));
/* A fault of --fault that kills: after the request is done. Does nothing for the others. */
void context_obey (int fault);
void context_say (const char *format, ...) __attribute__ ((format (printf, 1, 2)));

#endif /* PRELOAD_CONTEXT_H */
