/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * driver-memop.c: MEMOP (xlnk-abi §7). It finds a buffer by the thread that mapped it last, and honours offsets.
 */
#include "cache.h"
#include "driver.h"
#include "raw.h"
#include "user.h"

#include <errno.h>

static unsigned
find_by_user_address (Context * context, uint64_t address, int thread)
{
  const BoardState *state = context->board.state;

  for (unsigned id = 1; id < context->version->slots; id++) {
    const BoardBuffer *buffer = &state->buffers[id];

    if (buffer->phys && buffer->map_thread == thread && buffer->user_address <= address
        && buffer->user_address + buffer->length > address)
      return id;
  }
  return 0;
}

/*
 * What the DMA layer does: mapping for the device cleans, unless the device is to write, which invalidates; unmapping
 * invalidates unless the device only read.
 */
static void
sync (Board * board, const AbiMemop * memop, uint64_t phys)
{
  const bool acquire = (memop->flags & MEMOP_ACQUIRE) != 0;
  const bool invalidate = acquire ? memop->direction == MEMOP_FROM_DEVICE : memop->direction != MEMOP_TO_DEVICE;
  const uint64_t size = memop->size > 0 ? (uint64_t) memop->size : 0;
  CacheLines lines = { 0 };

  if (!acquire && !invalidate)
    return;
  cache_tick (board);
  if (invalidate)
    cache_invalidate (board, phys, size, &lines);
  else
    cache_clean (board, phys, size, &lines);
  cache_count (board, invalidate, size, false, &lines);
}

static long
on_buffer (Call * call, unsigned id)
{
  Board *board = &call->context->board;
  const BoardBuffer *buffer = &board->state->buffers[id];
  AbiMemop *memop = &call->block.memop;
  const bool acquire = (memop->flags & MEMOP_ACQUIRE) != 0;
  /* RELEASE believes the token, whatever it says */
  const uint64_t phys = acquire ? buffer->phys + (memop->address - buffer->user_address) : memop->token;

  if (!(memop->flags & MEMOP_COHERENT) && buffer->cacheable)
    sync (board, memop, phys);
  if (!acquire)
    return 0;
  memop->phys = (AbiWord) phys;
  memop->token = (AbiWord) phys;
  return call_write_block (call);
}

static long
on_dmabuf (Call * call, const BoardDmabuf * dmabuf)
{
  AbiMemop *memop = &call->block.memop;

  if (!(memop->flags & MEMOP_ACQUIRE))
    return 0;
  if (!dmabuf->valid)
    context_oops (call->context, "MEMOP on a descriptor that is not a dma-buf");
  if (dmabuf->size == 0)
    return -EINVAL;             /* more than one segment */
  memop->phys = (AbiWord) dmabuf->phys;
  memop->token = 0;
  return call->context->version->memop_keeps_dmabuf ? 0 : call_write_block (call);
}

long
driver_memop (Call * call)
{
  Context *context = call->context;
  const AbiMemop *memop = &call->block.memop;
  /* the one handler that hands on the count of a failed copy instead of ENOMEM */
  long result = (long) user_read (&call->block, call->user, ABI_UNION_SIZE);
  const int action = memop->flags & (MEMOP_ACQUIRE | MEMOP_RELEASE);
  BoardDmabuf *dmabuf;
  unsigned id;

  if (result)
    return result;
  if (action != MEMOP_ACQUIRE && action != MEMOP_RELEASE)
    return -EINVAL;
  context_lock (context);
  id = find_by_user_address (context, memop->address, raw_thread_id ());
  if (id)
    result = on_buffer (call, id);
  else if (driver_find_dmabuf (context, memop->address, &dmabuf))
    result = on_dmabuf (call, dmabuf);
  else
    result = -EINVAL;
  context_unlock (context);
  return result;
}
