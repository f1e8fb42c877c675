/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * minimum.c: the least maintenance that keeps a block coherent, line by line.
 *
 * Due, of the lines L of an event:
 *
 *   CPU map            each of L that the device wrote since its last invalidate; if the block is exposed, each of L
 *                      that no CPU WRITE map is open on
 *   device map         each of L that a CPU WRITE map was closed on since its last clean
 *   CPU WRITE unmap    nothing; if the block is exposed, L
 *   hand-out           each line of the block that a CPU WRITE map was closed on since its last clean, or is open on
 *   flush, invalidate  L
 *
 * A driver cannot know less: under a WRITE map stores make no system call, so every line of it may be dirty.
 *
 * Work, of the lines that are due; none due, no work:
 *
 *                      | clean                            | invalidate
 *   by address         | each due line once               | each due line once
 *   ARM driver         | action 0 once on lines 0 to last | action 0 twice on lines 0 to last
 *   arm64 driver       | action 0 once on lines 0 to last | action 0 once, action 1 once on lines 0 to last
 *
 * where last is the last line that is due. What the driver's prefix covers is not due any more either.
 */
#include "user.h"

#include <string.h>

static bool
is_cached_line (const User * user, unsigned block, size_t index)
{
  return user->blocks[block].cached && index * user->board->line < user->blocks[block].size;
}

Due
minimum_due_for_map (const User * user, unsigned block, XlnkAccess access, XlnkRange range)
{
  const Block *b = &user->blocks[block];
  const bool device = access & XLNK_ACCESS_DEVICE;
  Due due = { {false}, device ? XLNK_MAINTAIN_CLEAN : XLNK_MAINTAIN_INVALIDATE };

  for (size_t i = 0; i < LINES; i++) {
    if (!touches (user, range, i) || !is_cached_line (user, block, i))
      continue;
    if (device)
      due.due[i] = b->want_clean[i];
    else if (b->exposed)
      due.due[i] = !cpu_write_is_open (user, block, i);
    else
      due.due[i] = b->want_invalidate[i];
  }
  return due;
}

Due
minimum_due_for_unmap (const User * user, const Map * map)
{
  const XlnkAccess side = map->access & (XLNK_ACCESS_DEVICE | XLNK_ACCESS_WRITE);
  Due due = { {false}, XLNK_MAINTAIN_CLEAN };

  for (size_t i = 0; i < LINES; i++)
    due.due[i] = side == XLNK_ACCESS_WRITE && user->blocks[map->block].exposed && touches (user, map->range, i)
        && is_cached_line (user, map->block, i);
  return due;
}

Due
minimum_due_for_exposure (const User * user, unsigned block)
{
  Due due = { {false}, XLNK_MAINTAIN_CLEAN };

  for (size_t i = 0; i < LINES; i++)
    due.due[i] = is_cached_line (user, block, i)
        && (user->blocks[block].want_clean[i] || cpu_write_is_open (user, block, i));
  return due;
}

Due
minimum_due_for_request (const User * user, unsigned block, XlnkRange range, XlnkMaintenance maintenance)
{
  Due due = { {false}, maintenance };

  for (size_t i = 0; i < LINES; i++)
    due.due[i] = touches (user, range, i) && is_cached_line (user, block, i);
  return due;
}

/* One more than the last line that is due; 0 if none is. */
static size_t
due_end (const Due * due)
{
  size_t end = LINES;

  while (end > 0 && !due->due[end - 1])
    end--;
  return end;
}

/* The arm64 driver cannot invalidate while somebody stores anywhere before the last due line. */
bool
minimum_is_refused (const User * user, unsigned block, const Due * due)
{
  if (user->board->primitives != PRIMITIVES_ARM64_DRIVER || due->maintenance != XLNK_MAINTAIN_INVALIDATE)
    return false;
  for (size_t i = 0; i < due_end (due); i++) {
    if (cpu_write_is_open (user, block, i))
      return true;
  }
  return false;
}

static Work
work_for (Primitives primitives, const Due * due)
{
  const bool invalidate = due->maintenance == XLNK_MAINTAIN_INVALIDATE;
  Work work = { {0}, {0} };

  for (size_t i = 0; i < due_end (due); i++) {
    switch (primitives) {
      case PRIMITIVES_ARM64_ADDRESS:
        work.flush[i] = due->due[i] && !invalidate;
        work.invalidate[i] = due->due[i] && invalidate;
        break;
      case PRIMITIVES_ARM_DRIVER:
        work.flush[i] = invalidate ? 2 : 1;
        break;
      case PRIMITIVES_ARM64_DRIVER:
        work.flush[i] = 1;
        work.invalidate[i] = invalidate;
        break;
    }
  }
  return work;
}

/* After an event: the work that was done must be that for @due, and what it covered is not wanted any more. */
void
minimum_settle (User * user, unsigned block, const Due * due, bool done, bool check, const char *what)
{
  static const Work nothing = { {0}, {0} };
  const Work work = done ? work_for (user->board->primitives, due) : nothing;
  Block *b = &user->blocks[block];

  if (!user->board->check_work (user->board, block, &work) && check && !user->board->bytes_only)
    user_fail (user, "%s: the lines maintained are not the least possible", what);
  for (size_t i = 0; i < LINES; i++) {
    if (!work.flush[i] && !work.invalidate[i])
      continue;
    user->tally.maintained_lines++;
    b->want_clean[i] = false;
    if (due->maintenance == XLNK_MAINTAIN_INVALIDATE)
      b->want_invalidate[i] = false;
  }
}
