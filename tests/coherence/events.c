/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * events.c: what a user asks of a board, and what must come of it.
 */
#include "user.h"

#include <string.h>

static const char *const result_names[] = { "done", "a conflict", "a failure", "no such map" };

bool
touches (const User * user, XlnkRange range, size_t index)
{
  const size_t line = user->board->line;

  return range.start < range.end && range.start / line <= index && index <= (range.end - 1) / line;
}

static bool
is_open (const User * user, unsigned block, size_t index, XlnkAccess mask, XlnkAccess access)
{
  for (size_t i = 0; i < G_N_ELEMENTS (user->maps); i++) {
    const Map *map = &user->maps[i];

    if (map->open && map->block == block && (map->access & mask) == access && touches (user, map->range, index))
      return true;
  }
  return false;
}

bool
cpu_write_is_open (const User * user, unsigned block, size_t index)
{
  return is_open (user, block, index, XLNK_ACCESS_DEVICE | XLNK_ACCESS_WRITE, XLNK_ACCESS_WRITE);
}

/* The first row of the table, spelt out per line. */
static bool
conflicts (const User * user, unsigned block, XlnkAccess access, XlnkRange range)
{
  const bool device = access & XLNK_ACCESS_DEVICE;
  const bool write = access & XLNK_ACCESS_WRITE;

  for (size_t i = 0; i < LINES; i++) {
    const bool any = is_open (user, block, i, 0, 0);
    const bool device_open = is_open (user, block, i, XLNK_ACCESS_DEVICE, XLNK_ACCESS_DEVICE);
    const bool device_write_open = is_open (user, block, i, XLNK_ACCESS_DEVICE | XLNK_ACCESS_WRITE,
        XLNK_ACCESS_DEVICE | XLNK_ACCESS_WRITE);

    if (!touches (user, range, i))
      continue;
    if (device_write_open || (device && write && any))
      return true;
    if (device && cpu_write_is_open (user, block, i))
      return true;
    if (!device && write && device_open)
      return true;
  }
  return false;
}

static bool
is_due (const Due * due)
{
  return memchr (due->due, true, sizeof due->due) != NULL;
}

static Result
expected_result (const User * user, unsigned block, const Due * due, bool fail)
{
  if (!is_due (due))
    return RESULT_DONE;
  return fail || minimum_is_refused (user, block, due) ? RESULT_FAILED : RESULT_DONE;
}

/* A maintenance that was made to fail may have done anything, or nothing. */
static void
check (User * user, unsigned block, const Due * due, Result result, Result expected, bool fail, const char *what)
{
  if (result == RESULT_CONFLICT)
    user->tally.conflicts++;
  if (result == RESULT_FAILED)
    user->tally.failures++;
  if (result != expected && !user->board->bytes_only)
    user_fail (user, "%s: %s instead of %s", what, result_names[result], result_names[expected]);
  minimum_settle (user, block, due, result == RESULT_DONE, result == RESULT_DONE || !fail, what);
}

static void
clear_lines (const User * user, bool *flags, XlnkRange range)
{
  for (size_t i = 0; i < LINES; i++)
    flags[i] = flags[i] && !touches (user, range, i);
}

static void
set_lines (const User * user, bool *flags, XlnkRange range)
{
  for (size_t i = 0; i < LINES; i++)
    flags[i] = flags[i] || touches (user, range, i);
}

/* A map for reading is as good as new for all the lines that nobody held for writing. */
static void
clear_doubts (User * user, unsigned block, XlnkRange range)
{
  for (size_t i = 0; i < LINES; i++) {
    if (touches (user, range, i) && !cpu_write_is_open (user, block, i))
      user->blocks[block].doubtful[i] = false;
  }
}

bool
user_map (User * user, Map * map, unsigned block, XlnkAccess access, XlnkRange range, bool fail)
{
  Due due = { {false}, XLNK_MAINTAIN_NONE };
  Result result, expected = RESULT_CONFLICT;
  const bool device = access & XLNK_ACCESS_DEVICE;

  fail = fail && user->board->can_fail;
  if (!conflicts (user, block, access, range)) {
    due = minimum_due_for_map (user, block, access, range);
    expected = expected_result (user, block, &due, fail);
  }
  result = user->board->map (user->board, block, access, range, fail);
  check (user, block, &due, result, expected, fail, device ? "device map" : "CPU map");
  if (result != RESULT_DONE)
    return false;
  if (device)
    clear_lines (user, user->blocks[block].unflushed, range);
  else if (user->blocks[block].exposed)
    clear_doubts (user, block, range);
  user->tally.maps++;
  *map = (Map) { true, user->thread, block, access, range };
  return true;
}

/* The store of another thread in the middle of the clean sets its flag again; a failed clean has cleared none. */
static void
forget_unflushed (User * user, Block * block, XlnkRange range, bool *before)
{
  memcpy (before, block->unflushed, sizeof block->unflushed);
  clear_lines (user, block->unflushed, range);
}

static void
restore_unflushed (Block * block, const bool *before)
{
  for (size_t i = 0; i < LINES; i++)
    block->unflushed[i] = block->unflushed[i] || before[i];
}

void
user_unmap (User * user, Map * map, bool fail)
{
  Block *block = &user->blocks[map->block];
  const Due due = minimum_due_for_unmap (user, map);
  const bool device = map->access & XLNK_ACCESS_DEVICE;
  bool before[LINES];
  Result result;

  fail = fail && user->board->can_fail;
  user->thread = map->thread;   /* it does not store meanwhile */
  memcpy (before, block->unflushed, sizeof before);
  if (is_due (&due))
    forget_unflushed (user, block, map->range, before);
  result = user->board->unmap (user->board, map->block, map->access, map->range, fail);
  if (result != RESULT_DONE)
    restore_unflushed (block, before);
  map->open = false;
  if (map->access & XLNK_ACCESS_WRITE)
    set_lines (user, device ? block->want_invalidate : block->want_clean, map->range);
  check (user, map->block, &due, result, expected_result (user, map->block, &due, fail), fail,
      device ? "device unmap" : "CPU unmap");
}

void
user_unmap_surplus (User * user, unsigned block, XlnkAccess access, XlnkRange range)
{
  const Due none = { {false}, XLNK_MAINTAIN_NONE };

  for (size_t i = 0; i < G_N_ELEMENTS (user->maps); i++) {
    const Map *map = &user->maps[i];

    if (map->open && map->block == block && map->access == access && map->range.start == range.start
        && map->range.end == range.end)
      return;
  }
  check (user, block, &none, user->board->unmap (user->board, block, access, range, false), RESULT_NO_MAP, false,
      "surplus unmap");
}

void
user_expose (User * user, unsigned block, bool fail)
{
  Block *b = &user->blocks[block];
  const Due due = minimum_due_for_exposure (user, block);
  bool before[LINES];
  Result result;

  fail = fail && user->board->can_fail;
  forget_unflushed (user, b, (XlnkRange) { 0, b->size }, before);
  result = user->board->expose (user->board, block, fail);
  b->exposed = true;
  if (result == RESULT_DONE)
    b->handed_out = true;
  else
    restore_unflushed (b, before);
  check (user, block, &due, result, expected_result (user, block, &due, fail), fail, "hand-out");
}

void
user_request (User * user, unsigned block, XlnkRange range, XlnkMaintenance maintenance, bool fail)
{
  const bool invalidate = maintenance == XLNK_MAINTAIN_INVALIDATE;
  Board *board = user->board;
  Block *b = &user->blocks[block];
  const Due due = minimum_due_for_request (user, block, range, maintenance);
  bool before[LINES];
  Result result;

  fail = fail && board->can_fail;
  forget_unflushed (user, b, range, before);
  result = (invalidate ? board->invalidate : board->flush) (board, block, range, fail);
  if (result != RESULT_DONE)
    restore_unflushed (b, before);
  else if (invalidate)
    clear_lines (user, b->doubtful, range);
  check (user, block, &due, result, expected_result (user, block, &due, fail), fail,
      invalidate ? "invalidate" : "flush");
}
