/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * interpose-vectors.c: the other ways into an open file: vectors, at a place or not, room made in advance, and copies
 * from file to file. What gets by is done to the heap: to the board's state, if it is at a low offset.
 */
#include "context.h"
#include "driver.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/sendfile.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

/* glibc 2.26 and 2.27. */
EXPORT ssize_t preadv2 (int fd, const struct iovec *parts, int count, off_t offset, int flags);
EXPORT ssize_t preadv64v2 (int fd, const struct iovec *parts, int count, off64_t offset, int flags);
EXPORT ssize_t pwritev2 (int fd, const struct iovec *parts, int count, off_t offset, int flags);
EXPORT ssize_t pwritev64v2 (int fd, const struct iovec *parts, int count, off64_t offset, int flags);
EXPORT ssize_t copy_file_range (int in, off64_t * in_offset, int out, off64_t * out_offset, size_t size, unsigned flags);

#define POSITION (-1)           /* of preadv2() and pwritev2(): the open file's own */

/* Two longs, which a 64-bit kernel takes for one. */
#define HALVES(offset) (unsigned long) (offset), (unsigned long) ((uint64_t) (offset) >> 32)

static ssize_t
transfer (int fd, const struct iovec *part, off64_t offset, bool writes)
{
  return writes ? driver_write (context_get (), fd, part->iov_base, part->iov_len, offset)
      : driver_read (context_get (), fd, part->iov_base, part->iov_len, offset);
}

/* A driver without vectors is called once for each element, until one comes back short. */
static ssize_t
transfer_all (int fd, const struct iovec *parts, int count, off64_t offset, bool writes)
{
  ssize_t total = 0;

  for (int i = 0; i < count; i++) {
    const ssize_t done = transfer (fd, &parts[i], offset == DRIVER_POSITION ? offset : offset + total, writes);

    if (done < 0 && total == 0) {
      errno = (int) -done;
      return -1;
    }
    if (done > 0)
      total += done;
    if (done < 0 || (size_t) done < parts[i].iov_len)
      break;
  }
  return total;
}

static ssize_t
transfer_at (int fd, const struct iovec *parts, int count, off64_t offset, bool writes)
{
  if (context_owns (fd)) {
    if (offset >= 0)
      return transfer_all (fd, parts, count, offset, writes);
    errno = EINVAL;
    return -1;
  }
  return syscall (writes ? SYS_pwritev : SYS_preadv, fd, parts, count, HALVES (offset));
}

EXPORT ssize_t
readv (int fd, const struct iovec *parts, int count)
{
  return context_owns (fd) ? transfer_all (fd, parts, count, DRIVER_POSITION, false)
      : syscall (SYS_readv, fd, parts, count);
}

EXPORT ssize_t
writev (int fd, const struct iovec *parts, int count)
{
  return context_owns (fd) ? transfer_all (fd, parts, count, DRIVER_POSITION, true)
      : syscall (SYS_writev, fd, parts, count);
}

EXPORT ssize_t
preadv64 (int fd, const struct iovec *parts, int count, off64_t offset)
{
  return transfer_at (fd, parts, count, offset, false);
}

EXPORT ssize_t
preadv (int fd, const struct iovec *parts, int count, off_t offset)
{
  return transfer_at (fd, parts, count, offset, false);
}

EXPORT ssize_t
pwritev64 (int fd, const struct iovec *parts, int count, off64_t offset)
{
  return transfer_at (fd, parts, count, offset, true);
}

EXPORT ssize_t
pwritev (int fd, const struct iovec *parts, int count, off_t offset)
{
  return transfer_at (fd, parts, count, offset, true);
}

/* Kernels before 4.6 have no flags. */
static ssize_t
pass_flags (int fd, const struct iovec *parts, int count, off64_t offset, int flags, bool writes)
{
#ifdef SYS_preadv2
  const ssize_t done = syscall (writes ? SYS_pwritev2 : SYS_preadv2, fd, parts, count, HALVES (offset), flags);

  if (done >= 0 || errno != ENOSYS)
    return done;
#endif
  if (flags != 0) {
    errno = ENOTSUP;
    return -1;
  }
  if (offset != POSITION)
    return transfer_at (fd, parts, count, offset, writes);
  return syscall (writes ? SYS_writev : SYS_readv, fd, parts, count);
}

/* The flags are for drivers with vectors. */
static ssize_t
transfer_flags (int fd, const struct iovec *parts, int count, off64_t offset, int flags, bool writes)
{
  if (!context_owns (fd))
    return pass_flags (fd, parts, count, offset, flags, writes);
  if (flags == 0)
    return offset == POSITION ? transfer_all (fd, parts, count, DRIVER_POSITION, writes)
        : transfer_at (fd, parts, count, offset, writes);
  errno = EOPNOTSUPP;
  return -1;
}

EXPORT ssize_t
preadv64v2 (int fd, const struct iovec *parts, int count, off64_t offset, int flags)
{
  return transfer_flags (fd, parts, count, offset, flags, false);
}

EXPORT ssize_t
preadv2 (int fd, const struct iovec *parts, int count, off_t offset, int flags)
{
  return transfer_flags (fd, parts, count, offset, flags, false);
}

EXPORT ssize_t
pwritev64v2 (int fd, const struct iovec *parts, int count, off64_t offset, int flags)
{
  return transfer_flags (fd, parts, count, offset, flags, true);
}

EXPORT ssize_t
pwritev2 (int fd, const struct iovec *parts, int count, off_t offset, int flags)
{
  return transfer_flags (fd, parts, count, offset, flags, true);
}

/* 0 or an errno. */
static int
fallocate_any (int fd, int mode, off64_t offset, off64_t length)
{
  long result;

  if (context_owns (fd))
    return driver_fallocate (fd, offset, length);
#if __SIZEOF_LONG__ == 4
  result = syscall (SYS_fallocate, fd, mode, (long) offset, (long) (offset >> 32), (long) length, (long) (length >> 32));
#else
  result = syscall (SYS_fallocate, fd, mode, offset, length);
#endif
  return result < 0 ? errno : 0;
}

static int
finish (int number)
{
  if (number == 0)
    return 0;
  errno = number;
  return -1;
}

EXPORT int
fallocate64 (int fd, int mode, off64_t offset, off64_t length)
{
  return finish (fallocate_any (fd, mode, offset, length));
}

EXPORT int
fallocate (int fd, int mode, off_t offset, off_t length)
{
  return finish (fallocate_any (fd, mode, offset, length));
}

/* Returns what the others leave in errno. */
EXPORT int
posix_fallocate64 (int fd, off64_t offset, off64_t length)
{
  int (*next) (int, off64_t, off64_t);

  if (context_owns (fd))
    return driver_fallocate (fd, offset, length);
  *(void **) &next = dlsym (RTLD_NEXT, "posix_fallocate64");
  return next (fd, offset, length);
}

EXPORT int
posix_fallocate (int fd, off_t offset, off_t length)
{
  int (*next) (int, off_t, off_t);

  if (context_owns (fd))
    return driver_fallocate (fd, offset, length);
  *(void **) &next = dlsym (RTLD_NEXT, "posix_fallocate");
  return next (fd, offset, length);
}

/* From file to file: kernels since 5.10 do that with no driver that has not said how. */
static bool
refuses (int in, int out)
{
  if (!context_owns (in) && !context_owns (out))
    return false;
  errno = EINVAL;
  return true;
}

EXPORT ssize_t
splice (int in, off64_t * in_offset, int out, off64_t * out_offset, size_t size, unsigned flags)
{
  return refuses (in, out) ? -1 : syscall (SYS_splice, in, in_offset, out, out_offset, size, flags);
}

#ifdef SYS_copy_file_range
EXPORT ssize_t
copy_file_range (int in, off64_t * in_offset, int out, off64_t * out_offset, size_t size, unsigned flags)
{
  return refuses (in, out) ? -1 : syscall (SYS_copy_file_range, in, in_offset, out, out_offset, size, flags);
}
#endif

EXPORT ssize_t
sendfile (int out, int in, off_t * offset, size_t size)
{
  return refuses (in, out) ? -1 : syscall (SYS_sendfile, out, in, offset, size);
}

EXPORT ssize_t
sendfile64 (int out, int in, off64_t * offset, size_t size)
{
#ifdef SYS_sendfile64
  return refuses (in, out) ? -1 : syscall (SYS_sendfile64, out, in, offset, size);
#else
  return refuses (in, out) ? -1 : syscall (SYS_sendfile, out, in, offset, size);
#endif
}
