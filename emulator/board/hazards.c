/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * hazards.c: things that go wrong silently on a board. Each kind is counted, and its first case is kept in words.
 */
#include "board.h"

#include <stdio.h>

static const struct
{
  const char *name, *title;
} kinds[HAZARD_KINDS] = {
  [HAZARD_DEVICE_READ_DIRTY] = {"device-read-dirty", "device read a line still dirty in the CPU's cache"},
  [HAZARD_DEVICE_WRITE_DIRTY] = {"device-write-dirty", "device wrote under a line dirty in the CPU's cache"},
  [HAZARD_DEVICE_OUTSIDE] = {"device-outside", "device access outside every live buffer"},
  [HAZARD_DEVICE_FREED] = {"device-freed", "DMA into or out of freed memory"},
  [HAZARD_DEVICE_OVERRUN] = {"device-overrun", "device ran over the end of a buffer into another"},
  [HAZARD_LOST_LINE] = {"lost-line", "an invalidate threw away what the CPU had written"},
  [HAZARD_MAP_FREE_ID] = {"map-free-id", "mmap of a free id: physical address 0"},
  [HAZARD_MAP_TOO_LONG] = {"map-too-long", "mmap beyond the end of a buffer"},
  [HAZARD_OOPS] = {"oops", "the kernel would have crashed"},
};

const char *
board_hazard_name (BoardHazardKind kind)
{
  return kinds[kind].name;
}

const char *
board_hazard_title (BoardHazardKind kind)
{
  return kinds[kind].title;
}

void
board_hazard (Board * board, BoardHazardKind kind, const char *format, ...)
{
  BoardHazard *hazard = &board->state->hazards[kind];
  va_list args;

  if (hazard->count++ != 0)
    return;
  va_start (args, format);
  vsnprintf (hazard->first, sizeof hazard->first, format, args);
  va_end (args);
}
