/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * owners.c: which open files are still open, for the driver that frees per open file (xlnk-abi §5.4, S8).
 *
 * Every open of the node takes an open-file-description lock on a byte of its own, far behind the heap's end. The kernel
 * drops such a lock exactly when the last descriptor *and* the last mapping of that open are gone, whether by close(),
 * exec, exit or kill -9, and dup() and fork() share it: the very moment at which it would call the driver's release.
 * So a byte without a lock is an open that was released. Nobody is told, hence the look before every operation.
 */
#include "owners.h"
#include "raw.h"
#include "versions.h"

#include <fcntl.h>

#ifndef F_OFD_GETLK
#define F_OFD_GETLK 36
#define F_OFD_SETLK 37
#define F_OFD_SETLKW 38
#endif

#define OWNER_BYTES ((int64_t) 1 << 40)

int
board_owner_hold (int fd, uint64_t owner, bool writable)
{
  return raw_lock (fd, F_OFD_SETLK, writable ? F_WRLCK : F_RDLCK, OWNER_BYTES + (int64_t) owner, NULL);
}

bool
board_owner_is_held (int fd, uint64_t owner)
{
  int found = F_UNLCK;

  if (raw_lock (fd, F_OFD_GETLK, F_WRLCK, OWNER_BYTES + (int64_t) owner, &found) < 0)
    return true;
  return found != F_UNLCK;
}

void
board_claim_heap (int fd)
{
  raw_lock (fd, F_OFD_SETLKW, F_WRLCK, OWNER_BYTES - 1, NULL);
}

void
board_yield_heap (int fd)
{
  raw_lock (fd, F_OFD_SETLK, F_UNLCK, OWNER_BYTES - 1, NULL);
}

void
board_reclaim (Board * board, const char *heap)
{
  BoardState *state = board->state;
  uint64_t known = 0;
  bool held = false;
  int fd = -1;

  if (!board_versions[state->driver].reclaim)
    return;
  for (unsigned id = 1; id < BOARD_SLOTS; id++) {
    const BoardBuffer *buffer = &state->buffers[id];

    if (!buffer->phys)
      continue;
    if (fd < 0 && (fd = raw_openat (AT_FDCWD, heap, O_RDWR | O_CLOEXEC | O_NOFOLLOW, 0)) < 0)
      return;
    if (buffer->owner != known) {
      known = buffer->owner;
      held = board_owner_is_held (fd, known);
    }
    if (!held && board_free_buffer (board, (int) id) == 0)
      state->counters.reclaimed++;
  }
  if (fd >= 0)
    raw_close (fd);
}
