/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * hooks.c: the instructions a 64-bit program may use on its own caches: dc cvac, dc civac, dsb.
 *
 * An instruction only starts the maintenance; the barrier waits for it. So lines are queued, one queue per thread, and
 * move at the barrier: a program that forgets it hands stale memory to the device.
 */
#include "xlnkemulator.h"
#include "cache.h"
#include "context.h"
#include "mappings.h"
#include "preload-cores.h"

#define QUEUE 16u               /* a core's queue is finite too: the oldest entry completes by itself */

typedef struct
{
  uint64_t phys, size;
  bool invalidate;
} Entry;

static __thread struct
{
  unsigned used;
  Entry entries[QUEUE];
} queue;

static void
complete (Context * context, const Entry * entry)
{
  CacheLines lines = { 0 };

  if (entry->invalidate)
    cache_clean_invalidate (&context->board, entry->phys, entry->size, &lines);
  else
    cache_clean (&context->board, entry->phys, entry->size, &lines);
  cache_count (&context->board, entry->invalidate, entry->size, false, &lines);
}

static void
complete_oldest (Context * context)
{
  context_lock (context);
  complete (context, &queue.entries[0]);
  context_unlock (context);
  queue.used--;
  for (unsigned i = 0; i < queue.used; i++)
    queue.entries[i] = queue.entries[i + 1];
}

static void
enqueue (Context * context, const void *start, size_t size, bool invalidate)
{
  uint64_t phys;
  size_t skipped, found;

  if (size == 0)
    size = 1;
  while (size > 0 && mappings_find (start, size, &phys, &skipped, &found)) {
    if (queue.used == QUEUE)
      complete_oldest (context);
    queue.entries[queue.used++] = (Entry) { phys, found, invalidate };
    start = (const char *) start + skipped + found;
    size -= skipped + found;
  }
}

static Context *
maintaining_context (void)
{
  Context *context = context_get ();

  return context && context->board.state->arch == BOARD_ARM64 ? context : NULL;
}

EXPORT unsigned
xlnk_hw_line_size (void)
{
  Context *context = context_get ();

  return context ? context->board.state->line : 64;
}

EXPORT int
xlnk_hw_maintains_by_address (void)
{
  return maintaining_context () != NULL;
}

EXPORT void
xlnk_hw_clean (const void *start, size_t size)
{
  Context *context = maintaining_context ();

  if (context)
    enqueue (context, start, size, false);
}

EXPORT void
xlnk_hw_clean_invalidate (const void *start, size_t size)
{
  Context *context = maintaining_context ();

  if (context)
    enqueue (context, start, size, true);
}

EXPORT void
xlnk_hw_barrier (void)
{
  Context *context = queue.used ? maintaining_context () : NULL;

  __atomic_thread_fence (__ATOMIC_SEQ_CST);
  if (!context)
    return;
  context_lock (context);
  cache_tick (&context->board);
  for (unsigned i = 0; i < queue.used; i++)
    complete (context, &queue.entries[i]);
  context_unlock (context);
  queue.used = 0;
}

EXPORT uint32_t
xlnk_hw_read32 (const volatile void *reg)
{
  uint32_t offset, value;
  Core *core = cores_find_register (reg, &offset);

  if (!core)
    return *(const volatile uint32_t *) reg;
  core_lock (core);
  value = core_read (core, offset);
  core_unlock (core);
  return value;
}

EXPORT void
xlnk_hw_write32 (volatile void *reg, uint32_t value)
{
  uint32_t offset;
  Core *core = cores_find_register (reg, &offset);

  if (!core) {
    *(volatile uint32_t *) reg = value;
    return;
  }
  core_lock (core);
  core_write (core, offset, value);
  core_unlock (core);
}
