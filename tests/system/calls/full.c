/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * full.c: no memory left, memory in pieces, no id left (xlnk-abi §5.1). The last row loses memory until reboot.
 */
#include "calls.h"

#include <stdlib.h>

#define MOST 4096

static int ids[MOST];

static unsigned
take_all (uint32_t length)
{
  Buffer buffer;
  unsigned count = 0;

  while (count < MOST && allocate (&buffer, length, true) == 0)
    ids[count++] = buffer.id;
  return count;
}

static void
give_all (unsigned count)
{
  for (unsigned i = 0; i < count; i++)
    release ((unsigned) ids[i]);
}

/* A real kernel has a few MiB of CMA in use itself. */
static void
exhausted (unsigned long length, unsigned long b)
{
  unsigned count = take_all ((uint32_t) length), again;

  (void) b;
  outcome ("%s", count <= 64 * MIB / length && count >= 56 * MIB / length ? "as many as there is room for" : "not all");
  give_all (count);
  again = take_all ((uint32_t) length);
  outcome ("%s", again == count ? "and as many again" : "fewer the second time");
  give_all (again);
}

static void
in_pieces (unsigned long a, unsigned long b)
{
  unsigned count = take_all (MIB);
  Buffer buffer;
  long result;

  (void) a;
  (void) b;
  for (unsigned i = 0; i < count; i += 2)
    release ((unsigned) ids[i]);
  result = allocate (&buffer, 3 * MIB, true);
  outcome_result ("3 MiB: ", result);
  if (result == 0)
    release ((unsigned) buffer.id);
  outcome_result ("1 MiB: ", allocate (&buffer, MIB, true));
  outcome ("id %d", buffer.id);
  release ((unsigned) buffer.id);
  for (unsigned i = 1; i < count; i += 2)
    release ((unsigned) ids[i]);
}

/* The memory is taken first, and lost when no id is left for it. */
static void
no_id_left (unsigned long a, unsigned long b)
{
  unsigned count = take_all (PAGE);
  Buffer buffer;

  (void) a;
  (void) b;
  outcome ("%u ids", count);
  outcome_result ("one more: ", allocate (&buffer, PAGE, true));
  outcome_result ("reset ", request (RECRES, NULL));
  outcome ("%d alive", (int) counter ("live_blocks"));
}

const Row full_rows[] = {
  {"exhausted by 1 MiB", exhausted, MIB, 0, NULL},
  {"exhausted by 512 KiB", exhausted, 512 * 1024, 0, NULL},
  {"memory in pieces", in_pieces, 0, 0, NULL},
  {"no id left", no_id_left, 0, 0, NULL},
  {NULL, NULL, 0, 0, NULL}
};
