/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * interpose-io.c: calls on an open node. Everything on other descriptors goes straight on.
 */
#include "context.h"
#include "driver.h"
#include "preload-cores.h"
#include "raw.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <unistd.h>

/* The C library's own names for the same calls: unlike a raw system call they stay cancellation points. */
extern ssize_t __read (int fd, void *data, size_t size);
extern ssize_t __write (int fd, const void *data, size_t size);
extern ssize_t __pread64 (int fd, void *data, size_t size, off64_t offset);
extern ssize_t __pwrite64 (int fd, const void *data, size_t size, off64_t offset);

/* Called by fortified programs; the header declares them only to those. */
EXPORT ssize_t __read_chk (int fd, void *data, size_t size, size_t room);
EXPORT ssize_t __pread_chk (int fd, void *data, size_t size, off_t offset, size_t room);
EXPORT ssize_t __pread64_chk (int fd, void *data, size_t size, off64_t offset, size_t room);

/* A driver's result as the C library hands it on. */
static ssize_t
finish (long result)
{
  if (result >= 0)
    return result;
  errno = (int) -result;
  return -1;
}

static bool
is_file_request (unsigned code)
{
  return code == FIOCLEX || code == FIONCLEX || code == FIONBIO || code == FIOASYNC;
}

EXPORT int
ioctl (int fd, unsigned long request, ...)
{
  unsigned long argument;
  va_list args;

  va_start (args, request);
  argument = va_arg (args, unsigned long);
  va_end (args);
  if (context_owns (fd) && !is_file_request ((unsigned) request))
    return (int) finish (driver_ioctl (context_get (), fd, (unsigned) request, argument));
  return (int) syscall (SYS_ioctl, fd, request, argument);
}

static ssize_t
read_any (int fd, void *data, size_t size)
{
  Core *core;

  if (context_owns (fd))
    return finish (driver_read (context_get (), fd, data, size, DRIVER_POSITION));
  if (cores_owns (fd, &core) == CORE_FD_UIO)
    return finish (uio_read (fd, core, data, size));
  return __read (fd, data, size);
}

EXPORT ssize_t
read (int fd, void *data, size_t size)
{
  return read_any (fd, data, size);
}

static ssize_t
write_any (int fd, const void *data, size_t size)
{
  Core *core;

  if (context_owns (fd))
    return finish (driver_write (context_get (), fd, data, size, DRIVER_POSITION));
  if (cores_owns (fd, &core) == CORE_FD_UIO)
    return finish (uio_write (fd, core, data, size));
  return __write (fd, data, size);
}

EXPORT ssize_t
write (int fd, const void *data, size_t size)
{
  return write_any (fd, data, size);
}

static ssize_t
read_at (int fd, void *data, size_t size, off64_t offset)
{
  if (context_owns (fd))
    return finish (offset < 0 ? -EINVAL : driver_read (context_get (), fd, data, size, offset));
  return __pread64 (fd, data, size, offset);
}

EXPORT ssize_t
pread64 (int fd, void *data, size_t size, off64_t offset)
{
  return read_at (fd, data, size, offset);
}

static ssize_t
write_at (int fd, const void *data, size_t size, off64_t offset)
{
  if (context_owns (fd))
    return finish (offset < 0 ? -EINVAL : driver_write (context_get (), fd, data, size, offset));
  return __pwrite64 (fd, data, size, offset);
}

EXPORT ssize_t
pwrite64 (int fd, const void *data, size_t size, off64_t offset)
{
  return write_at (fd, data, size, offset);
}

EXPORT ssize_t
pread (int fd, void *data, size_t size, off_t offset)
{
  return read_at (fd, data, size, offset);
}

EXPORT ssize_t
pwrite (int fd, const void *data, size_t size, off_t offset)
{
  return write_at (fd, data, size, offset);
}

EXPORT ssize_t
__read_chk (int fd, void *data, size_t size, size_t room)
{
  if (size > room)
    __builtin_trap ();
  return read_any (fd, data, size);
}

EXPORT ssize_t
__pread_chk (int fd, void *data, size_t size, off_t offset, size_t room)
{
  if (size > room)
    __builtin_trap ();
  return read_at (fd, data, size, offset);
}

EXPORT ssize_t
__pread64_chk (int fd, void *data, size_t size, off64_t offset, size_t room)
{
  if (size > room)
    __builtin_trap ();
  return read_at (fd, data, size, offset);
}

/* The driver has no seek; the position of the heap descriptor is not the caller's to move. */
static off64_t
seek_any (int fd, off64_t offset, int whence)
{
  if (context_owns (fd)) {
    errno = ESPIPE;
    return -1;
  }
  return raw_seek (fd, offset, whence);
}

EXPORT off64_t
lseek64 (int fd, off64_t offset, int whence)
{
  return seek_any (fd, offset, whence);
}

EXPORT off_t
lseek (int fd, off_t offset, int whence)
{
  const off64_t result = seek_any (fd, offset, whence);

  if (result != (off_t) result) {
    errno = EOVERFLOW;
    return -1;
  }
  return (off_t) result;
}

/* Would cut the heap short. */
static int
truncate_any (int fd, off64_t length)
{
  if (context_owns (fd)) {
    errno = EINVAL;
    return -1;
  }
#if defined SYS_ftruncate64 && defined __arm__
  return (int) syscall (SYS_ftruncate64, fd, 0, (long) length, (long) (length >> 32));
#elif defined SYS_ftruncate64
  return (int) syscall (SYS_ftruncate64, fd, (long) length, (long) (length >> 32));
#else
  return (int) syscall (SYS_ftruncate, fd, length);
#endif
}

EXPORT int
ftruncate64 (int fd, off64_t length)
{
  return truncate_any (fd, length);
}

EXPORT int
ftruncate (int fd, off_t length)
{
  return truncate_any (fd, length);
}
