/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * notes.h: what the processes of kills.c write down about themselves, in memory that outlives them. It is the other half of
 * the truth: the driver knows what lives, and the notes know what its owner meant to do with it when it died.
 */
#ifndef FAULT_NOTES_H
#define FAULT_NOTES_H

#include "points.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#define NOTES_BLOCKS 16
#define NOTES_WORKERS 3
#define NOTES_COMPLAINT 240

/* Written down before it is begun, and again when it is done: a process may die between the two. */
typedef enum
{
  NOT, MAYBE, SURELY,
} NotesDone;

typedef enum
{
  BLOCK_NONE,
  BLOCK_HELD,                   /* allocated; its pattern may not be complete yet */
  BLOCK_LEAVING,                /* being freed */
} NotesState;

typedef struct
{
  _Atomic NotesState state;
  _Atomic NotesDone exposed, armed;
  uint32_t cores;               /* a bit for each that it is armed for, of notes_cores */
  uint32_t id;
  uint32_t size;                /* usable bytes */
  uint64_t phys;
} NotesBlock;

typedef enum
{
  DOING_START,                  /* the device is being opened, which reclaims */
  DOING_ALLOC,
  DOING_FREE,
  DOING_EXPOSE,
  DOING_ARM,
  DOING_TOUCH,                  /* maps, patterns, references */
  DOING_EXHAUST,                /* allocates until nothing is left, which reclaims */
  DOING_NOTHING,
  DOINGS,
} NotesDoing;

typedef enum
{
  STAGE_NONE,
  STAGE_STARTING,
  STAGE_RUNNING,
  STAGE_PARKED,
  STAGE_COMPLAINING,            /* and does nothing any more */
} NotesStage;

/* Where a worker is to kill itself. */
typedef struct
{
  int point;                    /* a Point, or -1: any */
  bool returning;
  unsigned instructions;        /* further on; 0: inside the call */
  atomic_uint countdown;        /* the n-th from now; 0: nowhere. Written last. */
} NotesOrder;

/* One process's life. */
typedef struct
{
  pid_t pid;
  uint64_t number;
  bool buried;                  /* dead, and nothing of it is left on the board */
  _Atomic NotesStage stage;
  _Atomic NotesDoing doing;
  atomic_int inside;            /* the Point whose call it is in, or -1 */
  atomic_bool exhaust;          /* an order: allocate until nothing is left */
  NotesOrder order;
  uint64_t operations, allocations, refused;
  NotesBlock blocks[NOTES_BLOCKS];
  char complaint[NOTES_COMPLAINT];
} NotesLife;

typedef struct
{
  atomic_bool park;             /* all workers stop between two operations */
  uint64_t seed;
  unsigned bits;                /* of the sizes of blocks; a slow machine wants small ones, and */
  unsigned pause;               /* microseconds between two operations */
  unsigned room, count;
  NotesLife lives[];
} Notes;

/* The cores that blocks are armed for: one that is known by its registers, and one by its name alone. */
#define NOTES_CORES 2

extern const struct
{
  uint64_t base;
  const char *name;
} notes_cores[NOTES_CORES];

/* Shared with every process forked from now on. */
Notes *notes_new (uint64_t seed, unsigned lives);
NotesLife *notes_add (Notes * notes);

/* The one of the process, or NULL. */
NotesLife *notes_find (Notes * notes, pid_t pid);

/* The block of a life that has this id and address, in whatever state but NONE; or NULL. */
NotesBlock *notes_find_block (NotesLife * life, uint32_t id, uint64_t phys);

const char *notes_doing_name (NotesDoing doing);

#endif /* FAULT_NOTES_H */
