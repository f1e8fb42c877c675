/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * plan.h: the faults that are due in calls made by a certain part of the program, as they lie in a file that the runner
 * and all processes on the board share. The board's own list (board.h) counts requests whoever makes them and knows only
 * those that reach the driver; this one knows who called, and so may touch any call.
 */
#ifndef FAULTS_PLAN_H
#define FAULTS_PLAN_H

#include <stdbool.h>
#include <stdint.h>

#define ENV_PLAN "XLNK_EMULATOR_FAULTS" /* the file; set by the runner */

#define PLAN_MAGIC 0x6e616c706b6e6c78ull
#define PLAN_POINTS 64u
#define PLAN_NAME 96u
#define PLAN_PATH 512u

typedef enum
{
  CALL_OPEN, CALL_CLOSE, CALL_READ, CALL_WRITE, CALL_IOCTL,
  CALL_ALLOC, CALL_FREE, CALL_CACHECTRL, CALL_RECRES,   /* ioctls by their request; CALL_IOCTL is the others */
  CALL_MMAP, CALL_MUNMAP, CALL_MADVISE, CALL_MLOCK,
  CALL_STAT, CALL_STATFS, CALL_ACCESS, CALL_REALPATH, CALL_OPENDIR, CALL_READDIR,
  CALL_FLOCK, CALL_FCNTL, CALL_FTRUNCATE, CALL_FALLOCATE, CALL_FCHMOD, CALL_UNLINK, CALL_RENAME,
  CALL_MKDIR,
  CALL_EVENTFD, CALL_PPOLL, CALL_GETRANDOM,
  CALL_KINDS,
} PlanCall;

/* Results that are neither -errno nor what an ioctl may return. The request is done, and nobody lives to learn of it. */
#define PLAN_KILL 0x40000000

typedef struct
{
  uint32_t call;
  uint32_t use;                 /* the n-th use that matches fails; counted from 1 */
  uint32_t onwards;             /* and all that follow it */
  int32_t result;
  uint32_t reserved;
  uint32_t anywhere;            /* in the object; else only with the return address @offset on the stack */
  uint64_t offset;
  uint64_t seen;
  char object[PLAN_NAME];       /* file name without directories */
} PlanPoint;

typedef struct
{
  uint64_t magic;
  uint32_t count;
  uint32_t hits;                /* how many faults have happened */
  char trace[PLAN_PATH];        /* where each call is written down; empty: nowhere */
  PlanPoint points[PLAN_POINTS];
} Plan;

const char *plan_call_name (PlanCall call);

/* -errno of a name; 0: none that is known. */
int plan_errno (const char *name);
/* The name of what plan_errno gives; NULL. */
const char *plan_errno_name (int number);

/* CALL@OBJECT[+OFFSET]:N[-]:RESULT, one or more, separated by commas. False leaves @plan as it was before the wrong one. */
bool plan_add (Plan * plan, const char *list);

/* Maps a file of this layout; NULL: it is none. */
Plan *plan_attach (int fd);

#endif /* FAULTS_PLAN_H */
