/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * sequence.c: a user carries out a sequence of operations on a board.
 */
#include "user.h"

#include <stdarg.h>
#include <string.h>

void
user_fail (User * user, const char *format, ...)
{
  va_list args;

  if (user->failure[0])
    return;
  va_start (args, format);
  g_vsnprintf (user->failure, sizeof user->failure, format, args);
  va_end (args);
}

static XlnkRange
inside (XlnkRange whole, size_t start, size_t size)
{
  const size_t length = whole.end - whole.start;

  start = length ? start % length : 0;
  size = MIN (size, length - start);
  return (XlnkRange) { whole.start + start, whole.start + start + size };
}

static void
allocate (User * user, unsigned index, size_t size, bool cached)
{
  Block *block = &user->blocks[index];

  *block = (Block) { .size = size, .cached = cached };
  user->memories[index] = (Memory) { true, index, { 0, size } };
  user->board->block_new (user->board, index, size, cached);
}

static void
unmap_all (User * user, unsigned block)
{
  for (size_t i = 0; i < MAPS; i++) {
    if (user->maps[i].open && user->maps[i].block == block)
      user_unmap (user, &user->maps[i], false);
  }
}

static void
reallocate (User * user, unsigned block, size_t size, bool cached)
{
  unmap_all (user, block);
  user->board->block_free (user->board, block);
  for (size_t i = BLOCKS; i < MEMORIES; i++)
    user->memories[i].live = user->memories[i].live && user->memories[i].block != block;
  allocate (user, block, CLAMP (size, 1, LINES * user->board->line), cached);
}

/*** operations ***/

/* The first map from op->map on, in a circle, that is open with @access among @mask, or one that is not open at all. */
static Map *
find_map (User * user, const Op * op, bool open, XlnkAccess mask, XlnkAccess access)
{
  for (unsigned i = 0; i < MAPS; i++) {
    Map *map = &user->maps[(op->map + i) % MAPS];

    if (map->open == open && (!open || (map->access & mask) == access))
      return map;
  }
  return NULL;
}

static void
run_map (User * user, const Op * op, const Memory * memory)
{
  Map *map = find_map (user, op, false, 0, 0);

  if (map)
    user_map (user, map, memory->block, op->access, inside (memory->range, op->start, op->size), op->fail);
}

static void
run_unmap (User * user, const Op * op)
{
  Map *map = find_map (user, op, true, 0, 0);

  if (map)
    user_unmap (user, map, op->fail);
}

static void
run_access (User * user, const Op * op)
{
  static const struct
  {
    XlnkAccess mask, access;
    void (*run) (User * user, unsigned block, XlnkRange range);
  } accesses[] = {
    [OP_LOAD] = {XLNK_ACCESS_DEVICE, 0, user_load},
    [OP_STORE] = {XLNK_ACCESS_DEVICE | XLNK_ACCESS_WRITE, XLNK_ACCESS_WRITE, user_store},
    [OP_DEVICE_READ] = {XLNK_ACCESS_DEVICE, XLNK_ACCESS_DEVICE, user_device_read},
    [OP_DEVICE_WRITE] = {XLNK_ACCESS_DEVICE | XLNK_ACCESS_WRITE, XLNK_ACCESS_DEVICE | XLNK_ACCESS_WRITE,
        user_device_write},
  };
  const Map *map = find_map (user, op, true, accesses[op->kind].mask, accesses[op->kind].access);

  if (map)
    accesses[op->kind].run (user, map->block, inside (map->range, op->start, op->size));
}

/* Whoever runs a device untold keeps away from what the CPU has not flushed, and from what he wrote until it has been
 * mapped anew. */
static void
run_untold (User * user, const Op * op, const Memory * memory)
{
  Block *block = &user->blocks[memory->block];
  const XlnkRange range = inside (memory->range, op->start, op->size);

  if (!block->handed_out)
    return;
  for (size_t i = 0; i < LINES; i++) {
    if (touches (user, range, i) && block->unflushed[i])
      return;
  }
  user->tally.untold_runs++;
  if (op->kind == OP_RUN_READ) {
    user_device_read (user, memory->block, range);
    return;
  }
  for (size_t i = 0; i < LINES; i++)
    block->doubtful[i] = block->doubtful[i] || (block->cached && touches (user, range, i));
  user_device_write (user, memory->block, range);
}

static void
run_share (User * user, const Op * op)
{
  const Memory *parent = &user->memories[op->other % MEMORIES];
  Memory *child = &user->memories[BLOCKS + op->memory % (MEMORIES - BLOCKS)];

  if (parent->live)
    *child = (Memory) { true, parent->block, inside (parent->range, op->start, op->size) };
}

static void
run_copy (User * user, const Op * op, const Memory * to)
{
  const Memory *from = &user->memories[op->other % MEMORIES];
  XlnkRange range;

  if (!from->live)
    return;
  range = inside (from->range, op->start, MIN (op->size, to->range.end - to->range.start));
  user_copy (user, to->block, to->range.start, from->block, range);
}

static void
run_on_memory (User * user, const Op * op, const Memory * memory)
{
  const XlnkRange range = inside (memory->range, op->start, op->size);

  switch (op->kind) {
    case OP_MAP:
      run_map (user, op, memory);
      break;
    case OP_UNMAP_SURPLUS:
      user_unmap_surplus (user, memory->block, op->access, range);
      break;
    case OP_EXPOSE:
      user_expose (user, memory->block, op->fail);
      break;
    case OP_RUN_READ:
    case OP_RUN_WRITE:
      run_untold (user, op, memory);
      break;
    case OP_FLUSH:
      user_request (user, memory->block, range, XLNK_MAINTAIN_CLEAN, op->fail);
      break;
    case OP_INVALIDATE:
      user_request (user, memory->block, range, XLNK_MAINTAIN_INVALIDATE, op->fail);
      break;
    case OP_COPY:
      run_copy (user, op, memory);
      break;
    case OP_RECYCLE:
      unmap_all (user, memory->block);
      break;
    case OP_FREE:
      reallocate (user, memory->block, op->size, op->access);
      break;
    default:
      user->board->disturb (user->board, memory->block, op->seed);
      break;
  }
}

static void
run_op (User * user, const Op * op)
{
  const Memory *memory = &user->memories[op->memory % MEMORIES];

  user->thread = op->thread;
  user->quiet = op->seed == 0;
  user->random = random_seed (op->seed);
  switch (op->kind) {
    case OP_UNMAP:
      run_unmap (user, op);
      break;
    case OP_LOAD:
    case OP_STORE:
    case OP_DEVICE_READ:
    case OP_DEVICE_WRITE:
      run_access (user, op);
      break;
    case OP_SHARE:
      run_share (user, op);
      break;
    default:
      if (memory->live)
        run_on_memory (user, op, memory);
      break;
  }
}

/*** sequences ***/

static void
check_damage (User * user)
{
  char what[DAMAGE];

  for (unsigned i = 0; i < BLOCKS; i++) {
    if (user->board->find_damage (user->board, i, user->blocks[i].truth, user->blocks[i].size, what))
      user_fail (user, "%s", what);
  }
}

/* In the end both sides must see all that was ever written. */
static void
read_all (User * user)
{
  for (unsigned i = 0; i < BLOCKS; i++)
    unmap_all (user, i);
  for (unsigned i = 0; i < BLOCKS; i++) {
    const XlnkRange all = { 0, user->blocks[i].size };

    if (user_map (user, &user->maps[0], i, XLNK_ACCESS_DEVICE | XLNK_ACCESS_READ, all, false)) {
      user_device_read (user, i, all);
      user_unmap (user, &user->maps[0], false);
    }
    if (user_map (user, &user->maps[0], i, XLNK_ACCESS_READ, all, false)) {
      user_load (user, i, all);
      user_unmap (user, &user->maps[0], false);
    }
  }
}

Outcome
sequence_run (Board * board, const Op * ops, size_t length)
{
  User user = { .board = board, .random = random_seed (1), .quiet = true };
  Outcome outcome = { .done = 0 };

  board->interlude = user_interlude;
  board->user = &user;
  for (unsigned i = 0; i < BLOCKS; i++)
    allocate (&user, i, LINES * board->line - 13 * i, true);
  while (outcome.done < length && !user.failure[0]) {
    run_op (&user, &ops[outcome.done++]);
    if (!user.quiet)
      user_interlude (&user, ops[outcome.done - 1].seed % BLOCKS);
    check_damage (&user);
  }
  if (!user.failure[0])
    read_all (&user);
  board->user = NULL;
  memcpy (outcome.failure, user.failure, sizeof outcome.failure);
  outcome.tally = user.tally;
  return outcome;
}
