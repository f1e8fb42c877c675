/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * driver-file.c: open, read and write of the node. read() and write() reach an 8 KiB scratch page that everybody shares
 * (xlnk-abi §2).
 *
 * An open file's identity and its read position both live in the file position of the heap descriptor, which dup(),
 * fork() and exec share exactly as they share a struct file.
 */
#include "driver.h"
#include "owners.h"
#include "raw.h"
#include "user.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/syscall.h>
#include <unistd.h>

#define POSITION_BITS 16
/* Behind everything in the heap: stdio on the node does not pass here, and must not write into the board's state. */
#define POSITION_BASE ((int64_t) 1 << 40)

/* What may stay of the caller's flags: the heap must be neither truncated nor created, and the driver ignores O_SYNC. */
#define KEPT_FLAGS (O_ACCMODE | O_CLOEXEC | O_NONBLOCK | O_PATH)

static int
open_heap (Context * context, int flags)
{
  if (flags & O_DIRECTORY) {
    errno = ENOTDIR;
    return -1;
  }
  if ((flags & O_CREAT) && (flags & O_EXCL)) {
    errno = EEXIST;
    return -1;
  }
  return raw_openat (AT_FDCWD, context->heap, (flags & KEPT_FLAGS) | O_NOFOLLOW, 0);
}

int
driver_open (Context * context, int flags)
{
  BoardState *state = context->board.state;
  uint64_t owner;
  int fault, fd;

  context_lock (context);
  fault = board_fault (&context->board, REQUEST_OPEN);
  owner = state->next_owner++;
  if (fault >= 0 && (flags & O_ACCMODE) == O_WRONLY)
    state->scratch_size = 0;
  context_unlock (context);
  if (fault < 0) {
    errno = -fault;
    return -1;
  }
  fd = open_heap (context, flags);
  if (fd < 0 || (flags & O_PATH))
    return fd;
  raw_seek (fd, POSITION_BASE + ((int64_t) owner << POSITION_BITS), SEEK_SET);
  if (context->version->reclaim)
    board_owner_hold (fd, owner, (flags & O_ACCMODE) != O_RDONLY);
  context_obey (fault);
  return fd;
}

uint64_t
driver_owner (int fd)
{
  const int64_t position = raw_seek (fd, 0, SEEK_CUR);

  return position < POSITION_BASE ? 0 : (uint64_t) (position - POSITION_BASE) >> POSITION_BITS;
}

static int64_t
position (int fd)
{
  return raw_seek (fd, 0, SEEK_CUR) & (((int64_t) 1 << POSITION_BITS) - 1);
}

static bool
may (int fd, int unwanted)
{
#ifdef SYS_fcntl64
  const long flags = syscall (SYS_fcntl64, fd, F_GETFL, 0);
#else
  const long flags = syscall (SYS_fcntl, fd, F_GETFL, 0);
#endif

  return flags >= 0 && (flags & O_ACCMODE) != unwanted && !(flags & O_PATH);
}

static int64_t
scratch_end (const BoardState * state)
{
  const int64_t size = state->scratch_size;

  return size < (int64_t) BOARD_SCRATCH ? size : (int64_t) BOARD_SCRATCH;
}

ssize_t
driver_read (Context * context, int fd, void *data, size_t size, int64_t offset)
{
  BoardState *state = context->board.state;
  const int64_t at = offset == DRIVER_POSITION ? position (fd) : offset;
  ssize_t result;
  int fault;

  if (!may (fd, O_WRONLY))
    return -EBADF;
  if (at < 0)
    return -EINVAL;
  context_lock (context);
  fault = board_fault (&context->board, REQUEST_READ);
  result = fault < 0 ? fault : 0;
  if (result == 0 && at < scratch_end (state)) {
    const size_t left = (size_t) (scratch_end (state) - at);

    result = (ssize_t) (size < left ? size : left);
    if (user_write (data, context->board.scratch + at, (size_t) result))
      result = -EFAULT;
  }
  context_unlock (context);
  if (result > 0 && offset == DRIVER_POSITION)
    raw_seek (fd, result, SEEK_CUR);
  context_obey (fault);
  return result;
}

/* The driver checks no bound: what goes past the page tramples on other kernel objects. */
ssize_t
driver_write (Context * context, int fd, const void *data, size_t size, int64_t offset)
{
  BoardState *state = context->board.state;
  const int64_t at = offset == DRIVER_POSITION ? position (fd) : offset;
  ssize_t result;
  int fault;

  if (!may (fd, O_RDONLY))
    return -EBADF;
  if (at < 0)
    return -EINVAL;
  context_lock (context);
  if (size > 0 && (at > (int64_t) BOARD_SCRATCH || size > BOARD_SCRATCH - (size_t) at))
    context_oops (context, "write of %zu bytes at %lld overflows the 8 KiB scratch page", size, (long long) at);
  fault = board_fault (&context->board, REQUEST_WRITE);
  result = fault < 0 ? fault : 0;
  if (result == 0)
    result = user_read (context->board.scratch + at, data, size) ? -EFAULT : (ssize_t) size;
  if (result > 0 && at + result > state->scratch_size)
    state->scratch_size = at + result;
  context_unlock (context);
  if (result > 0 && offset == DRIVER_POSITION)
    raw_seek (fd, result, SEEK_CUR);
  context_obey (fault);
  return result;
}

/* The kernel asks no driver: there is no room to be made in a character device. */
int
driver_fallocate (int fd, int64_t offset, int64_t length)
{
  if (offset < 0 || length <= 0)
    return EINVAL;
  return may (fd, O_RDONLY) ? ENODEV : EBADF;
}
