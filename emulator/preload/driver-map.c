/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * driver-map.c: mmap of the node (xlnk-abi §5.3). The offset picks the buffer and its lower bits are dropped; the length
 * is not checked, so a long mapping shows the physical pages that follow; a free id is physical address 0.
 */
#include "driver.h"
#include "mappings.h"
#include "raw.h"

#include <errno.h>
#include <sys/mman.h>

/* Where in the heap file the physical pages are, and how many bytes of them. */
typedef struct
{
  uint64_t phys;                /* 0 for the scratch page too */
  uint64_t file;
  uint64_t size;
  bool cached;
} Target;

static Target
find_target (Board * board, uint64_t slot, const BoardVersion * version)
{
  const BoardState *state = board->state;
  const BoardBuffer *buffer;

  if (slot == 0)
    return (Target) { 0, board->places.scratch, BOARD_SCRATCH, false };
  buffer = slot < version->slots ? &state->buffers[slot] : NULL;
  if (!buffer || !buffer->phys || !board_buffer_fits (board, buffer))
    return (Target) { 0, board->places.low, BOARD_LOW, false };
  return (Target) {
    buffer->phys, (buffer->cacheable ? board->places.cpu : board->places.device) + (buffer->phys - state->base),
        state->base + state->cma - buffer->phys, buffer->cacheable != 0};
}

static void
look_for_hazards (Board * board, uint64_t slot, const Target * target, size_t length)
{
  const BoardBuffer *buffer = &board->state->buffers[slot < BOARD_SLOTS ? slot : 0];

  if (slot == 0)
    return;
  if (target->phys == 0)
    board_hazard (board, HAZARD_MAP_FREE_ID, "id %llu, %zu bytes", (unsigned long long) slot, length);
  else if (length > (uint64_t) buffer->pages * BOARD_PAGE)
    board_hazard (board, HAZARD_MAP_TOO_LONG, "buffer %u: %zu bytes mapped, %u allocated", (unsigned) slot, length,
        buffer->length);
}

#ifndef MAP_FIXED_NOREPLACE      /* glibc 2.27 has not heard of it */
#define MAP_FIXED_NOREPLACE 0x100000
#endif

/* Memory behind the end of what the heap holds exists on a board too; nobody else here uses it. */
static void *
map_beyond (void *address, size_t length, int prot, int flags, int fd, const Target * target)
{
  uint8_t *start = raw_mmap (address, length, prot, (flags & ~MAP_PRIVATE) | MAP_SHARED | MAP_ANONYMOUS, -1, 0);

  if (start == MAP_FAILED)
    return start;
  if (raw_mmap (start, (size_t) target->size, prot, (flags & ~MAP_FIXED_NOREPLACE) | MAP_FIXED, fd,
          (int64_t) target->file) == MAP_FAILED) {
    raw_munmap (start, length);
    return MAP_FAILED;
  }
  return start;
}

static void *
map_target (void *address, size_t length, int prot, int flags, int fd, const Target * target)
{
  if (length > target->size)
    return map_beyond (address, length, prot, flags, fd, target);
  return raw_mmap (address, length, prot, flags, fd, (int64_t) target->file);
}

static void
remember (Context * context, uint64_t slot, const Target * target, void *address, size_t length)
{
  if (context->version->memop && slot > 0 && slot < context->version->slots) {
    BoardBuffer *buffer = &context->board.state->buffers[slot];

    buffer->user_address = (uintptr_t) address;
    buffer->map_thread = raw_thread_id ();
  }
  if (target->cached)
    mappings_add (address, length < target->size ? length : (size_t) target->size, target->phys);
}

void *
driver_mmap (Context * context, void *address, size_t length, int prot, int flags, int fd, int64_t offset)
{
  const uint64_t slot = (uint64_t) offset >> context->version->shift;
  void *result = MAP_FAILED;
  Target target;
  int fault;

  if (offset < 0 || offset % BOARD_PAGE != 0 || length == 0) {
    errno = EINVAL;
    return MAP_FAILED;
  }
  context_lock (context);
  context->board.state->counters.maps++;
  fault = board_fault (&context->board, REQUEST_MMAP);
  if (fault >= 0) {
    target = find_target (&context->board, slot, context->version);
    result = map_target (address, length, prot, flags, fd, &target);
  }
  if (result != MAP_FAILED) {
    look_for_hazards (&context->board, slot, &target, length);
    remember (context, slot, &target, result, length);
  }
  context_unlock (context);
  if (fault < 0)
    errno = -fault;
  context_obey (fault);
  return result;
}
