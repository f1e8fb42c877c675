/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * memory-model.h: what fuzz-memory.c knows of the memories it has, their blocks' bytes and the maps that are open; and
 * how it reads the arguments of its operations.
 */
#ifndef MEMORY_MODEL_H
#define MEMORY_MODEL_H

#include "fuzz.h"
#include "gstxlnk-private.h"

#define MAX_MEMORIES 8
#define MAX_MAPS 8

/* The bytes of one block. */
typedef struct
{
  guint8 *bytes;
  gsize size;
  guint64 phys;
  guint8 *cpu;
  unsigned memories;
  gboolean exposed;
} Block;

typedef struct
{
  GstMemory *mem;
  Block *block;
  unsigned maps;
} Memory;

typedef struct
{
  Memory *memory;
  GstMapInfo info;
  gboolean device, write;
  gsize first, end;             /* of the visible bytes in the block, when it was mapped */
  gsize excludes_end;           /* a CPU that writes may write to the end of maxsize */
} Map;

extern Memory memories[MAX_MEMORIES];
extern Map maps[MAX_MAPS];

/*** arguments, from the input ***/

void model_set_input (const uint8_t * data, size_t size);
gboolean model_has_input (void);

/* A byte, less than @limit if that is not 0. */
guint take (guint limit);
guint take_16 (void);

/* Mostly what fits into @limit bytes, or ends there; sometimes anything. */
gsize take_size (gsize limit);

/* NULL if there is none. */
Memory *take_memory (void);
Map *take_map (void);

/*** the model ***/

Memory *find_free_memory (void);

/* Takes @mem, which is of @block, or of a new one. */
Memory *add_memory (GstMemory * mem, Block * block);
void remove_memory (Memory * memory);

/* Of a memory's byte 0, and of its first visible one, in the block. */
gsize get_start (GstMemory * mem);
gsize get_first (GstMemory * mem);

/* Whether a map is open that is at least that. */
gboolean has_maps (const Block * block, gboolean device, gboolean write);

/* In the same cache line of @line bytes: a device that writes excludes everybody, one that reads excludes a CPU that
 * writes. */
gboolean exclude (const Map * a, const Map * b, gsize line);

/* That somebody reads what is there. */
void check_bytes (const Block * block, gsize first, const guint8 * data, gsize size, const char *who);

#endif /* MEMORY_MODEL_H */
