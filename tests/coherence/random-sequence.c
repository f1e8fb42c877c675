/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * random-sequence.c: sequences in which things meet: few lines, ranges that begin and end near the edges of lines,
 * equal and nested maps, and a few open maps at any time.
 */
#include "sequence.h"

#include <string.h>

/* Out of the sum of all. */
static const unsigned weights[OPS] = {
  [OP_MAP] = 24,[OP_UNMAP] = 26,[OP_UNMAP_SURPLUS] = 1,
  [OP_LOAD] = 8,[OP_STORE] = 12,[OP_DEVICE_READ] = 8,[OP_DEVICE_WRITE] = 8,
  [OP_EXPOSE] = 1,[OP_RUN_READ] = 4,[OP_RUN_WRITE] = 4,
  [OP_FLUSH] = 2,[OP_INVALIDATE] = 2,
  [OP_SHARE] = 2,[OP_COPY] = 3,[OP_RECYCLE] = 1,[OP_FREE] = 1,[OP_DISTURB] = 4,
};

static OpKind
random_kind (uint64_t * random, bool tracked)
{
  unsigned sum = 0, i;
  int choice;

  for (i = 0; i < OPS; i++)
    sum += weights[i];
  choice = random_next (random) % sum;
  for (i = 0; choice >= (int) weights[i]; i++)
    choice -= weights[i];
  return tracked && (i == OP_EXPOSE || i == OP_RUN_READ || i == OP_RUN_WRITE) ? OP_UNMAP : i;
}

/* A third each: anywhere, at the edge of a line, or a byte beside one. */
static uint16_t
random_offset (uint64_t * random, size_t line)
{
  const size_t edge = random_next (random) % LINES * line;

  switch (random_next (random) % 3) {
    case 0:
      return random_next (random) % (LINES * line);
    case 1:
      return edge;
    default:
      return edge + random_next (random) % 3 + (edge ? -1 : 0);
  }
}

static uint16_t
random_size (uint64_t * random, size_t line)
{
  const unsigned choice = random_next (random) % 8;

  if (choice == 0)
    return LINES * line;
  if (choice == 1)
    return random_next (random) % 2;
  return choice < 5 ? random_next (random) % (4 * line) : (1 + random_next (random) % 3) * line;
}

static uint8_t
random_access (uint64_t * random)
{
  static const uint8_t accesses[] = { XLNK_ACCESS_READ, XLNK_ACCESS_WRITE, XLNK_ACCESS_READ | XLNK_ACCESS_WRITE };
  const uint8_t access = accesses[random_next (random) % G_N_ELEMENTS (accesses)];

  return access | (random_next (random) % 2 ? XLNK_ACCESS_DEVICE : 0);
}

static void
randomise (Op * op, const Op * last_map, uint64_t * random, size_t line, bool tracked)
{
  *op = (Op) {
    .kind = random_kind (random, tracked),
    .thread = random_next (random) % THREADS,
    .map = random_next (random) % MAPS,
    .memory = random_next (random) % MEMORIES,
    .other = random_next (random) % MEMORIES,
    .fail = random_next (random) % 64 == 0,
    .start = random_offset (random, line),
    .size = random_size (random, line),
    .seed = random_next (random),
  };
  op->access = op->kind == OP_FREE ? random_next (random) % 8 > 0 : random_access (random);
  /* Half of all operations go to the first block: a crowded one. */
  if (random_next (random) % 2)
    op->memory = 0;
  /* Accesses start early, so that they lie inside their maps. */
  if (op->kind >= OP_LOAD && op->kind <= OP_DEVICE_WRITE && random_next (random) % 2)
    op->start = 0;
  if (op->kind == OP_MAP && last_map && random_next (random) % 3 == 0) {
    op->memory = last_map->memory;
    op->access = last_map->access;
    op->start = last_map->start;
    op->size = last_map->size;
  }
}

void
sequence_random (Op * ops, size_t length, size_t line, bool tracked, uint64_t seed)
{
  uint64_t random = random_seed (seed);
  const Op *last_map = NULL;

  for (size_t i = 0; i < length; i++) {
    randomise (&ops[i], last_map, &random, line, tracked);
    if (ops[i].kind == OP_MAP)
      last_map = &ops[i];
  }
}
