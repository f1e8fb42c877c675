/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * driver-dmabuf.c: ADDDMABUF and CLEARDMABUF (xlnk-abi §8). The address is a key, compared and never followed.
 *
 * A machine without a board rarely has dma-bufs, so a memfd whose name starts with "dmabuf" counts as one; if the name
 * starts with "dmabuf-scattered" it has more than one segment. Its physical address is made up, outside CMA.
 */
#include "driver.h"
#include "raw.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#define IMPORTED_BASE 0x04000000u
#define IMPORTED_STEP 0x00800000u

bool
driver_find_dmabuf (Context * context, uint64_t key, BoardDmabuf ** dmabuf)
{
  BoardDmabuf *all = context->board.state->dmabufs;

  for (unsigned i = 0; i < BOARD_MAX_DMABUFS; i++) {
    if (all[i].used && all[i].key == key) {
      *dmabuf = &all[i];
      return true;
    }
  }
  return false;
}

/* What stands behind the descriptor: 0 nothing of the kind, 1 contiguous, 2 scattered. */
static int
look (int fd)
{
  char link[32], target[64];
  ssize_t length;

  snprintf (link, sizeof link, "/proc/self/fd/%d", fd);
  length = syscall (SYS_readlinkat, -100, link, target, sizeof target - 1);
  if (fd < 0 || length < 0)
    return 0;
  target[length] = '\0';
  if (strncmp (target, "/memfd:dmabuf-scattered", 23) == 0)
    return 2;
  return strncmp (target, "/memfd:dmabuf", 13) == 0 || strncmp (target, "/dmabuf", 7) == 0
      || strncmp (target, "anon_inode:dmabuf", 17) == 0;
}

/* S5 to S8 look for a duplicate in the wrong member of the union: right on 32-bit, meaningless on 64-bit. */
static bool
is_duplicate (Call * call)
{
  BoardDmabuf *other;

  return call->context->version->dmabuf_at_add
      && driver_find_dmabuf (call->context, call->block.submit.buffer, &other);
}

static long
add (Call * call, int kind)
{
  BoardDmabuf *all = call->context->board.state->dmabufs;

  for (unsigned i = 0; i < BOARD_MAX_DMABUFS; i++) {
    if (all[i].used)
      continue;
    all[i].key = call->block.dmabuf.key;
    all[i].phys = IMPORTED_BASE + (uint64_t) (i % 32) * IMPORTED_STEP;
    all[i].size = kind == 1 ? IMPORTED_STEP : 0;
    all[i].valid = kind != 0;
    all[i].used = 1;
    return 0;
  }
  return -ENOMEM;
}

long
driver_add_dmabuf (Call * call)
{
  Context *context = call->context;
  long result = call_read_block (call);
  int kind;

  if (result)
    return result;
  kind = look (call->block.dmabuf.fd);
  context_lock (context);
  if (kind == 0 && context->version->dmabuf_checks_fd)
    result = -EINVAL;
  else if (is_duplicate (call))
    result = -EINVAL;
  else if (kind == 0 && context->version->dmabuf_at_add)
    context_oops (context, "ADDDMABUF of descriptor %d, which is not a dma-buf", call->block.dmabuf.fd);
  else
    result = add (call, kind);
  context_unlock (context);
  return result;
}

long
driver_clear_dmabuf (Call * call)
{
  BoardDmabuf *dmabuf;
  long result = call_read_block (call);

  if (result)
    return result;
  context_lock (call->context);
  if (driver_find_dmabuf (call->context, call->block.dmabuf.key, &dmabuf))
    memset (dmabuf, 0, sizeof *dmabuf);
  else
    result = 1;                 /* what the driver says, and no errno */
  context_unlock (call->context);
  return result;
}
