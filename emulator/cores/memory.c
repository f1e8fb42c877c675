/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * memory.c: a core's accesses to memory, in bursts, past the CPU's cache. Between two bursts lines may leave the cache,
 * buffers may be freed, and programs run.
 */
#include "cache.h"
#include "engine.h"
#include "versions.h"

#include <string.h>

#define BURST 4096u             /* AXI: a burst does not cross 4 KiB */
#define RECLAIM_EVERY 64u
#define POISON 0xdb             /* what a read that the bus refused leaves in the core */

static const char *
name (const Engine * engine)
{
  return engine->core->config.name;
}

static unsigned
page_owner (const Board * board, uint64_t address)
{
  const BoardState *state = board->state;

  if (address < state->base || address - state->base >= state->cma)
    return 0;
  return board->pages[(address - state->base) / BOARD_PAGE];
}

/* A number that a buffer keeps until it is freed: the same id with another one is another buffer. */
static uint32_t
buffer_serial (Engine * engine, unsigned id)
{
  BoardBuffer *buffer = &engine->board->state->buffers[id];

  if (buffer->serial == 0)
    buffer->serial = ++engine->board->state->last_serial;
  return buffer->serial;
}

Pointer
pointer_open (Engine * engine, uint64_t address)
{
  Pointer pointer = {.address = address };

  board_lock (engine->board);
  board_reclaim (engine->board, engine->heap);
  pointer.id = page_owner (engine->board, address);
  if (board_is_id (pointer.id))
    pointer.serial = buffer_serial (engine, pointer.id);
  else
    pointer.id = 0;
  if (pointer.id && engine->held_count < POINTERS)
    engine->held[engine->held_count++] = pointer;
  board_unlock (engine->board);
  return pointer;
}

static bool
was_freed (const Board * board, const Pointer * pointer)
{
  return pointer->id != 0 && board->state->buffers[pointer->id].serial != pointer->serial;
}

/* A burst lies in one page. */
static void
judge (Job * job, const Pointer * pointer, uint64_t at, uint64_t size)
{
  Engine *engine = job->engine;
  Board *board = engine->board;
  const unsigned id = page_owner (board, at);
  const unsigned long long where = at;

  if (was_freed (board, pointer)) {
    board_hazard (board, HAZARD_DEVICE_FREED, "core %s: buffer %u, %llu bytes at %#llx", name (engine), pointer->id,
        (unsigned long long) size, where);
  } else if (!board_is_id (id)) {
    board_hazard (board, HAZARD_DEVICE_OUTSIDE, "core %s: %llu bytes at %#llx", name (engine),
        (unsigned long long) size, where);
    job->outside = true;
  } else if (pointer->id != 0 && id != pointer->id) {
    board_hazard (board, HAZARD_DEVICE_OVERRUN, "core %s: from buffer %u into buffer %u, at %#llx", name (engine),
        pointer->id, id, where);
  }
}

static void
look_for_dirty_lines (Job * job, uint64_t at, uint64_t size, BoardHazardKind kind)
{
  Board *board = job->engine->board;
  uint64_t where;

  if (cache_find_dirty (board, at, size, &where))
    board_hazard (board, kind, "core %s: buffer %u, line at %#llx", name (job->engine), page_owner (board, where),
        (unsigned long long) where);
}

/* NULL where there is no memory: the interconnect answers with a decode error. */
static uint8_t *
prepare (Job * job, const Pointer * pointer, uint64_t at, uint64_t size, BoardHazardKind kind)
{
  Engine *engine = job->engine;
  Board *board = engine->board;

  if (engine->bursts++ % RECLAIM_EVERY == 0)
    board_reclaim (board, engine->heap);
  cache_tick (board);
  judge (job, pointer, at, size);
  if (at < board->state->base || at - board->state->base >= board->state->cma)
    return NULL;
  look_for_dirty_lines (job, at, size, kind);
  return board->device + (at - board->state->base);
}

/* A reset waits while this flag is up, so look for it only then. */
static bool
burst_begin (Job * job)
{
  Core *core = job->engine->core;

  __atomic_store_n (&core->bursting, 1, __ATOMIC_SEQ_CST);
  if (__atomic_load_n (&core->generation, __ATOMIC_SEQ_CST) == job->generation)
    return true;
  __atomic_store_n (&core->bursting, 0, __ATOMIC_SEQ_CST);
  return false;
}

static void
burst_end (Job * job)
{
  __atomic_store_n (&job->engine->core->bursting, 0, __ATOMIC_SEQ_CST);
}

static void
store (Board * board, uint8_t * memory, uint64_t at, const void *from, uint64_t size)
{
  memcpy (memory, from, (size_t) size);
  cache_note_device_write (board, at, size);
}

static bool
burst (Job * job, const Pointer * pointer, uint64_t at, void *to, const void *from, uint64_t size)
{
  Board *board = job->engine->board;
  uint8_t *memory = NULL;

  if (!burst_begin (job))
    return false;
  if (!job->failed) {
    board_lock (board);
    memory = prepare (job, pointer, at, size, to ? HAZARD_DEVICE_READ_DIRTY : HAZARD_DEVICE_WRITE_DIRTY);
    if (memory && to)
      memcpy (to, memory, (size_t) size);
    else if (memory)
      store (board, memory, at, from, size);
    board_unlock (board);
  }
  if (!memory && to)
    memset (to, POISON, (size_t) size);
  burst_end (job);
  return true;
}

bool
memory_read (Job * job, const Pointer * pointer, uint64_t offset, void *data, uint64_t size)
{
  for (uint64_t done = 0; done < size;) {
    const uint64_t at = pointer->address + offset + done;
    uint64_t part = BURST - at % BURST;

    if (part > size - done)
      part = size - done;
    if (!burst (job, pointer, at, (uint8_t *) data + done, NULL, part))
      return false;
    done += part;
  }
  engine_count (job->engine, &job->engine->core->statistics.bytes_read, size);
  return true;
}

bool
memory_write (Job * job, const Pointer * pointer, uint64_t offset, const void *data, uint64_t size)
{
  for (uint64_t done = 0; done < size;) {
    const uint64_t at = pointer->address + offset + done;
    uint64_t part = BURST - at % BURST;

    if (part > size - done)
      part = size - done;
    if (!burst (job, pointer, at, NULL, (const uint8_t *) data + done, part))
      return false;
    done += part;
  }
  engine_count (job->engine, &job->engine->core->statistics.bytes_written, size);
  return true;
}
