/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * access.c: loads, stores and the device's reads and writes, each checked against what was written last.
 */
#include "user.h"

#include <string.h>

static bool
is_doubtful (const User * user, unsigned block, XlnkRange range)
{
  for (size_t i = 0; i < LINES; i++) {
    if (touches (user, range, i) && user->blocks[block].doubtful[i])
      return true;
  }
  return false;
}

static void
compare (User * user, unsigned block, XlnkRange range, const uint8_t * bytes, const char *who)
{
  const uint8_t *truth = user->blocks[block].truth + range.start;
  size_t i;

  for (i = 0; i < range.end - range.start; i++) {
    if (bytes[i] != truth[i]) {
      user_fail (user, "%s read a stale byte at %zu of block %u", who, range.start + i, block);
      return;
    }
  }
}

/* Often what is there already: a line is dirty although nothing changed. */
static void
invent (User * user, unsigned block, XlnkRange range)
{
  uint8_t *truth = user->blocks[block].truth + range.start;

  if (random_next (&user->random) % 4 == 0)
    return;
  for (size_t i = 0; i < range.end - range.start; i++)
    truth[i] = random_next (&user->random);
}

/* The part of @range on line @index. */
static XlnkRange
part (const User * user, XlnkRange range, size_t index)
{
  const size_t line = user->board->line;

  return (XlnkRange) { MAX (range.start, index * line), MIN (range.end, (index + 1) * line) };
}

void
user_load (User * user, unsigned block, XlnkRange range)
{
  uint8_t bytes[LINE_MAX_BYTES];

  for (size_t i = 0; i < LINES; i++) {
    const XlnkRange piece = part (user, range, i);

    if (!touches (user, range, i) || user->blocks[block].doubtful[i])
      continue;
    user->board->load (user->board, block, piece.start, piece.end - piece.start, bytes);
    user->tally.loaded_bytes += piece.end - piece.start;
    compare (user, block, piece, bytes, "the CPU");
  }
}

void
user_store (User * user, unsigned block, XlnkRange range)
{
  Block *b = &user->blocks[block];

  for (size_t i = 0; i < LINES; i++) {
    const XlnkRange piece = part (user, range, i);

    if (!touches (user, range, i) || b->doubtful[i])
      continue;
    invent (user, block, piece);
    b->unflushed[i] = b->cached;
    user->board->store (user->board, block, piece.start, piece.end - piece.start, b->truth + piece.start);
  }
}

void
user_device_read (User * user, unsigned block, XlnkRange range)
{
  uint8_t bytes[BLOCK_BYTES];

  user->board->device_read (user->board, block, range.start, range.end - range.start, bytes);
  user->tally.device_read_bytes += range.end - range.start;
  compare (user, block, range, bytes, "the device");
}

/* In two bursts, between which a line may be evicted. */
void
user_device_write (User * user, unsigned block, XlnkRange range)
{
  const uint8_t *truth = user->blocks[block].truth;
  const size_t middle = range.start + (range.end - range.start) / 2;

  invent (user, block, range);
  user->board->device_write (user->board, block, range.start, middle - range.start, truth + range.start);
  if (!user->quiet)
    user->board->disturb (user->board, block, random_next (&user->random));
  user->board->device_write (user->board, block, middle, range.end - middle, truth + middle);
}

static void
copy_bytes (User * user, unsigned to, size_t offset, unsigned from, XlnkRange range)
{
  const size_t size = range.end - range.start;
  const XlnkRange written = { offset, offset + size };
  uint8_t bytes[BLOCK_BYTES];

  if (is_doubtful (user, from, range) || is_doubtful (user, to, written))
    return;
  user->board->load (user->board, from, range.start, size, bytes);
  compare (user, from, range, bytes, "a copy");
  memcpy (user->blocks[to].truth + offset, bytes, size);
  for (size_t i = 0; i < LINES; i++) {
    if (touches (user, written, i) && user->blocks[to].cached)
      user->blocks[to].unflushed[i] = true;
  }
  user->board->store (user->board, to, offset, size, bytes);
}

/* Like xlnk_block_copy: a CPU read of the one and a CPU write of the other. */
void
user_copy (User * user, unsigned to, size_t offset, unsigned from, XlnkRange range)
{
  const XlnkRange written = { offset, offset + range.end - range.start };
  Map *read = &user->maps[MAPS], *write = &user->maps[MAPS + 1];

  if (!user_map (user, read, from, XLNK_ACCESS_READ, range, false))
    return;
  if (user_map (user, write, to, XLNK_ACCESS_WRITE, written, false)) {
    copy_bytes (user, to, offset, from, range);
    user_unmap (user, write, false);
  }
  user_unmap (user, read, false);
}

/* Another thread stores through a map it holds, or the device is in the middle of what it was told to write. */
static void
act_elsewhere (User * user, unsigned block)
{
  const Map *map = &user->maps[random_next (&user->random) % MAPS];
  const XlnkAccess side = map->access & (XLNK_ACCESS_DEVICE | XLNK_ACCESS_WRITE);

  if (!map->open || map->block != block || map->range.start == map->range.end)
    return;
  if (side == XLNK_ACCESS_WRITE && map->thread != user->thread)
    user_store (user, block, map->range);
  else if (side == (XLNK_ACCESS_DEVICE | XLNK_ACCESS_WRITE))
    user_device_write (user, block, map->range);
}

void
user_interlude (void *data, unsigned block)
{
  User *user = data;
  unsigned events;

  if (user->quiet)
    return;
  for (events = random_next (&user->random) % 4; events > 0; events--) {
    if (random_next (&user->random) % 2)
      act_elsewhere (user, block);
    else
      user->board->disturb (user->board, block, random_next (&user->random));
  }
}
