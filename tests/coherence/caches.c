/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "caches.h"

#include <string.h>

void
caches_init (Caches * caches, size_t line, bool cached, bool outer)
{
  caches->line = line;
  caches->cached = cached;
  caches->outer = outer;
  memset (caches->memory, 0, sizeof caches->memory);
  for (size_t i = 0; i < LINES; i++) {
    caches->l1[i].valid = caches->l1[i].dirty = false;
    caches->l2[i].valid = caches->l2[i].dirty = false;
    caches->pending[i] = PENDING_NONE;
  }
  memset (&caches->work, 0, sizeof caches->work);
}

/*** lines ***/

static uint8_t *
memory_of (Caches * caches, size_t index)
{
  return caches->memory + index * caches->line;
}

static void
fill (Caches * caches, CacheLine * line, const uint8_t * bytes)
{
  line->valid = true;
  line->dirty = false;
  memcpy (line->bytes, bytes, caches->line);
}

static void
fetch (Caches * caches, size_t index)
{
  const uint8_t *source = memory_of (caches, index);

  if (caches->l1[index].valid)
    return;
  if (caches->outer) {
    if (!caches->l2[index].valid)
      fill (caches, &caches->l2[index], source);
    source = caches->l2[index].bytes;
  }
  fill (caches, &caches->l1[index], source);
}

static void
clean_l2 (Caches * caches, size_t index)
{
  CacheLine *line = &caches->l2[index];

  if (line->valid && line->dirty)
    memcpy (memory_of (caches, index), line->bytes, caches->line);
  line->dirty = false;
}

static void
clean_l1 (Caches * caches, size_t index)
{
  CacheLine *line = &caches->l1[index];

  if (line->valid && line->dirty && caches->outer) {
    fill (caches, &caches->l2[index], line->bytes);
    caches->l2[index].dirty = true;
  } else if (line->valid && line->dirty) {
    memcpy (memory_of (caches, index), line->bytes, caches->line);
  }
  line->dirty = false;
}

static void
evict_l1 (Caches * caches, size_t index)
{
  clean_l1 (caches, index);
  caches->l1[index].valid = false;
}

static void
evict_l2 (Caches * caches, size_t index)
{
  clean_l2 (caches, index);
  caches->l2[index].valid = false;
}

/*** the CPU's accesses, and the caches' own doings ***/

void
caches_load (Caches * caches, size_t offset, size_t size, uint8_t * bytes)
{
  size_t i;

  if (!caches->cached) {
    memcpy (bytes, caches->memory + offset, size);
    return;
  }
  for (i = offset; i < offset + size; i++) {
    fetch (caches, i / caches->line);
    bytes[i - offset] = caches->l1[i / caches->line].bytes[i % caches->line];
  }
}

void
caches_store (Caches * caches, size_t offset, size_t size, const uint8_t * bytes)
{
  size_t i;

  if (!caches->cached) {
    memcpy (caches->memory + offset, bytes, size);
    return;
  }
  for (i = offset; i < offset + size; i++) {
    CacheLine *line = &caches->l1[i / caches->line];

    fetch (caches, i / caches->line);
    line->bytes[i % caches->line] = bytes[i - offset];
    line->dirty = true;
  }
}

void
caches_disturb (Caches * caches, uint32_t random)
{
  const size_t index = (random >> 8) % LINES;

  if (!caches->cached)
    return;
  switch (random % 3) {
    case 0:
      evict_l1 (caches, index);
      break;
    case 1:
      evict_l2 (caches, index);
      break;
    default:
      fetch (caches, index);
      break;
  }
}

/* Of each line there is one copy that counts: the dirty one nearest to the CPU, else memory's. */
size_t
caches_find_lost (const Caches * caches, const uint8_t * truth, size_t size)
{
  for (size_t offset = 0, i = 0; offset < size; offset += caches->line, i++) {
    const size_t bytes = MIN (caches->line, size - offset);
    const uint8_t *copy = caches->memory + offset;

    if (caches->l1[i].valid && caches->l1[i].dirty)
      copy = caches->l1[i].bytes;
    else if (caches->l2[i].valid && caches->l2[i].dirty)
      copy = caches->l2[i].bytes;
    if (memcmp (copy, truth + offset, bytes) == 0)
      continue;
    while (*copy == truth[offset]) {
      copy++;
      offset++;
    }
    return offset;
  }
  return SIZE_MAX;
}

/*** maintenance ***/

static size_t
lines_of (const Caches * caches, size_t size)
{
  return MIN ((size + caches->line - 1) / caches->line, LINES);
}

/* One pass over one level, disturbed in its middle and at its end. */
static void
pass (Caches * caches, size_t size, void (*step) (Caches * caches, size_t index))
{
  const size_t lines = lines_of (caches, size);

  for (size_t i = 0; i < lines; i++) {
    step (caches, i);
    if (i == lines / 2)
      caches->interlude (caches->user);
  }
  caches->interlude (caches->user);
}

static void
count (const Caches * caches, unsigned *counters, size_t size)
{
  for (size_t i = 0; i < lines_of (caches, size); i++)
    counters[i]++;
}

static void
clean_both (Caches * caches, size_t index)
{
  clean_l1 (caches, index);
  clean_l2 (caches, index);
}

static void
drop_l2 (Caches * caches, size_t index)
{
  caches->l2[index].valid = caches->l2[index].dirty = false;
}

static void
drop_both (Caches * caches, size_t index)
{
  caches->l1[index].valid = caches->l1[index].dirty = false;
  drop_l2 (caches, index);
}

void
caches_arm_action_0 (Caches * caches, size_t size)
{
  count (caches, caches->work.flush, size);
  pass (caches, size, evict_l1);
  pass (caches, size, evict_l2);
}

void
caches_arm_action_1 (Caches * caches, size_t size)
{
  count (caches, caches->work.invalidate, size);
  pass (caches, size, evict_l1);
  pass (caches, size, evict_l2);
  pass (caches, size, drop_l2);
}

void
caches_arm64_action_0 (Caches * caches, size_t size)
{
  count (caches, caches->work.flush, size);
  pass (caches, size, clean_both);
}

void
caches_arm64_action_1 (Caches * caches, size_t size)
{
  count (caches, caches->work.invalidate, size);
  pass (caches, size, drop_both);
}

static void
by_address (Caches * caches, XlnkRange range, unsigned *counters, int what)
{
  for (size_t i = range.start / caches->line; i < lines_of (caches, range.end); i++) {
    counters[i]++;
    caches->pending[i] = MAX ((int) caches->pending[i], what);
  }
  caches->interlude (caches->user);
}

void
caches_clean (Caches * caches, XlnkRange range)
{
  by_address (caches, range, caches->work.flush, PENDING_CLEAN);
}

void
caches_clean_invalidate (Caches * caches, XlnkRange range)
{
  by_address (caches, range, caches->work.invalidate, PENDING_CLEAN_INVALIDATE);
}

void
caches_barrier (Caches * caches)
{
  for (size_t i = 0; i < LINES; i++) {
    if (caches->pending[i] != PENDING_NONE)
      clean_both (caches, i);
    if (caches->pending[i] == PENDING_CLEAN_INVALIDATE)
      drop_both (caches, i);
    caches->pending[i] = PENDING_NONE;
  }
  caches->interlude (caches->user);
}
