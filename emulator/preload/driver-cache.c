/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * driver-cache.c: CACHECTRL and CONFIG (xlnk-abi §6).
 */
#include "cache.h"
#include "driver.h"
#include "user.h"

#include <errno.h>

/* The loops of both architectures maintain a line before they look at the end: size 0 is one line. */
static uint64_t
at_least_one (int32_t size)
{
  return size > 0 ? (uint64_t) size : 1;
}

/* The kernel address is the buffer's first byte, whatever the caller's address says. */
static void
maintain_arm64 (Board * board, uint64_t base, uint64_t size, bool invalidate, CacheLines * lines)
{
  if (invalidate)
    cache_invalidate (board, base, size, lines);
  else
    cache_clean (board, base, size, lines);
}

long
driver_cache_control (Call * call)
{
  Context *context = call->context;
  Board *board = &context->board;
  const AbiCache *cache = &call->block.cache;
  CacheLines lines = { 0 };
  uint64_t size;
  unsigned id;

  if (context->version->config && __atomic_load_n (&board->state->dma_type, __ATOMIC_RELAXED) == 1)
    return -EPERM;              /* standard mode: the driver's bare -1 */
  if (call_read_block (call))
    return -ENOMEM;
  if (cache->action != 0 && cache->action != 1)
    return -EINVAL;
  size = at_least_one ((int32_t) cache->size);
  context_lock (context);
  id = board_find_phys (board, cache->phys);
  if (id == 0) {
    context_unlock (context);
    return -EINVAL;
  }
  if ((int32_t) cache->size < 0)
    context_oops (context, "CACHECTRL with size %d", (int32_t) cache->size);
  cache_tick (board);
  if (board->state->arch == BOARD_ARM)
    cache_two_levels (board, board->state->buffers[id].phys, cache->phys, size, cache->action == 1, &lines);
  else
    maintain_arm64 (board, board->state->buffers[id].phys, size, cache->action == 1, &lines);
  cache_count (board, cache->action == 1, cache->size, cache->size <= 1, &lines);
  context_unlock (context);
  return 0;
}

/* S1: any address, honoured; clean, or invalidate. */
long
driver_cache_control_old (Call * call)
{
  Context *context = call->context;
  const AbiOldCache *cache = &call->block.old_cache;
  CacheLines lines = { 0 };

  if (call_read_block (call))
    return -ENOMEM;
  if (cache->action != 0 && cache->action != 1)
    return -EINVAL;
  context_lock (context);
  if (cache->size < 0)
    context_oops (context, "CACHECTRL with size %d", cache->size);
  cache_tick (&context->board);
  if (cache->action == 1)
    cache_invalidate (&context->board, cache->phys, at_least_one (cache->size), &lines);
  else
    cache_clean (&context->board, cache->phys, at_least_one (cache->size), &lines);
  cache_count (&context->board, cache->action == 1, (uint64_t) cache->size, cache->size <= 1, &lines);
  context_unlock (context);
  return 0;
}

/* Not the union: five bytes. A mask of 0 reads the configuration back. Without a lock, as in the driver. */
long
driver_config (Call * call)
{
  BoardState *state = call->context->board.state;
  AbiConfig config;

  if (user_read (&config, call->user, sizeof config))
    return -ENOMEM;
  if (config.mask) {
    __atomic_store_n (&state->dma_type, (uint32_t) config.dma_type, __ATOMIC_RELAXED);
    return 0;
  }
  config.mask = 1;
  config.dma_type = (int32_t) __atomic_load_n (&state->dma_type, __ATOMIC_RELAXED);
  return (long) user_write (call->user, &config, sizeof config);
}
