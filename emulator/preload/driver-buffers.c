/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * driver-buffers.c: ALLOCBUF, FREEBUF, RECRES, SHUTDOWN (xlnk-abi §5).
 */
#include "driver.h"
#include "raw.h"
#include "user.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

/* What ALLOCBUF found, before it is anybody's. */
typedef struct
{
  uint64_t phys;
  uint32_t length;
  uint32_t cacheable;
  unsigned id;
} Candidate;

/* The table may be full only after the memory was taken: from S2 on that memory is lost until reboot. */
static long
find_place (Board * board, const BoardVersion * version, Candidate * found)
{
  if (version->slot_first && board_find_slot (board) == 0)
    return -ENOMEM;
  found->phys = board_cma_alloc (board, found->length);
  if (found->phys == 0)
    return -ENOMEM;
  found->id = board_find_slot (board);
  if (found->id == 0) {
    board_cma_give (board, found->phys, found->length, BOARD_PAGE_LOST);
    board->state->counters.lost_pages += (found->length + (uint64_t) BOARD_PAGE - 1) / BOARD_PAGE;
    return -ENOMEM;
  }
  board_cma_zero (board, found->phys, found->length);
  return 0;
}

/*
 * The caller's block was written before: a SIGKILL in between leaves a block that names a free id, never a buffer that
 * nobody can name. In a kernel the two are one step, so more must not be left behind here than there.
 */
static void
commit (Call * call, const Candidate * found)
{
  Board *board = &call->context->board;
  BoardBuffer *buffer = &board->state->buffers[found->id];

  buffer->owner = driver_owner (call->fd);
  buffer->user_address = 0;
  buffer->map_thread = 0;
  buffer->length = found->length;
  buffer->pages = (uint32_t) ((found->length + (uint64_t) BOARD_PAGE - 1) / BOARD_PAGE);
  buffer->cacheable = found->cacheable;
  buffer->pid = raw_process_id ();
  snprintf (buffer->command, sizeof buffer->command, "%s", program_invocation_short_name);
  board_cma_give (board, found->phys, found->length, found->id);
  board->state->counters.allocs++;
  __atomic_store_n (&buffer->phys, found->phys, __ATOMIC_RELEASE);
}

long
driver_alloc (Call * call)
{
  Context *context = call->context;
  Candidate found = { 0 };
  long result = call_read_block (call);

  if (result)
    return result;
  found.length = call->block.alloc.length;
  found.cacheable = call->block.alloc.cacheable != 0;
  context_lock (context);
  result = find_place (&context->board, context->version, &found);
  if (result == 0) {
    call->block.alloc.id = (int32_t) found.id;
    call->block.alloc.phys = (AbiWord) found.phys;
    result = call_write_block (call);
    commit (call, &found);
  }
  context_unlock (context);
  return result;
}

/* S1 stores through two pointers and does not look whether that worked. */
long
driver_alloc_old (Call * call)
{
  Context *context = call->context;
  Candidate found = { 0 };
  long result = call_read_block (call);

  if (result)
    return result;
  found.length = call->block.old_alloc.length;
  found.cacheable = call->block.old_alloc.cacheable != 0;
  context_lock (context);
  result = find_place (&context->board, context->version, &found);
  if (result == 0) {
    const uint32_t id = found.id, phys = (uint32_t) found.phys;

    user_write (call->block.old_alloc.id, &id, sizeof id);
    user_write (call->block.old_alloc.phys, &phys, sizeof phys);
    commit (call, &found);
  }
  context_unlock (context);
  return result;
}

/* By id only, whoever asks, mapped or not (xlnk-abi §5.2). The id comes first in both forms of the block. */
long
driver_free (Call * call)
{
  long result = call_read_block (call);

  if (result)
    return result;
  context_lock (call->context);
  result = board_free_buffer (&call->context->board, (int) call->block.free.id);
  context_unlock (call->context);
  return result;
}

/* Everybody's buffers. */
long
driver_recover (Call * call)
{
  context_lock (call->context);
  for (unsigned id = 1; id < call->context->version->slots; id++)
    board_free_buffer (&call->context->board, (int) id);
  context_unlock (call->context);
  return 0;
}

long
driver_shutdown (Call * call)
{
  (void) call;
  return 0;
}
