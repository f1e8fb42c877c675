/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * calls-descriptors.c: calls on open files, on memory, and the few that concern neither.
 */
#include "faults.h"
#include "abi.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdarg.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

/* Declared by headers only to programs that are fortified. */
EXPORT ssize_t __read_chk (int fd, void *data, size_t size, size_t room);
EXPORT ssize_t __pread_chk (int fd, void *data, size_t size, off_t offset, size_t room);
EXPORT ssize_t __pread64_chk (int fd, void *data, size_t size, off64_t offset, size_t room);
EXPORT int __ppoll_chk (struct pollfd *fds, nfds_t count, const struct timespec *timeout, const sigset_t * mask,
    size_t room);

/* The descriptor is gone whatever close() says: Linux has let it go before anything can fail. */
EXPORT int
close (int fd)
{
  const int fault = faults_due (CALL_CLOSE);
  const int result = NEXT (close) (fd);

  faults_obey (fault);
  if (fault >= 0)
    return result;
  errno = -fault;
  return -1;
}

EXPORT ssize_t
read (int fd, void *data, size_t size)
{
  CALL_OR_FAIL (CALL_READ, ssize_t, NEXT (read) (fd, data, size));
}

EXPORT ssize_t
pread (int fd, void *data, size_t size, off_t offset)
{
  CALL_OR_FAIL (CALL_READ, ssize_t, NEXT (pread) (fd, data, size, offset));
}

EXPORT ssize_t
pread64 (int fd, void *data, size_t size, off64_t offset)
{
  CALL_OR_FAIL (CALL_READ, ssize_t, NEXT (pread64) (fd, data, size, offset));
}

EXPORT ssize_t
__read_chk (int fd, void *data, size_t size, size_t room)
{
  CALL_OR_FAIL (CALL_READ, ssize_t, NEXT (__read_chk) (fd, data, size, room));
}

EXPORT ssize_t
__pread_chk (int fd, void *data, size_t size, off_t offset, size_t room)
{
  CALL_OR_FAIL (CALL_READ, ssize_t, NEXT (__pread_chk) (fd, data, size, offset, room));
}

EXPORT ssize_t
__pread64_chk (int fd, void *data, size_t size, off64_t offset, size_t room)
{
  CALL_OR_FAIL (CALL_READ, ssize_t, NEXT (__pread64_chk) (fd, data, size, offset, room));
}

EXPORT ssize_t
write (int fd, const void *data, size_t size)
{
  CALL_OR_FAIL (CALL_WRITE, ssize_t, NEXT (write) (fd, data, size));
}

EXPORT ssize_t
pwrite (int fd, const void *data, size_t size, off_t offset)
{
  CALL_OR_FAIL (CALL_WRITE, ssize_t, NEXT (pwrite) (fd, data, size, offset));
}

EXPORT ssize_t
pwrite64 (int fd, const void *data, size_t size, off64_t offset)
{
  CALL_OR_FAIL (CALL_WRITE, ssize_t, NEXT (pwrite64) (fd, data, size, offset));
}

/*** ioctls ***/

static PlanCall
which_ioctl (unsigned long request)
{
  switch ((unsigned) request) {
    case ABI_REQUEST (2):
      return CALL_ALLOC;
    case ABI_REQUEST (3):
      return CALL_FREE;
    case ABI_REQUEST (24):
      return CALL_CACHECTRL;
    case ABI_REQUEST (101):
      return CALL_RECRES;
    default:
      return CALL_IOCTL;
  }
}

/* The request is done, and the last bytes of its block do not reach the caller. */
static int
ioctl_short (int fd, unsigned long request, void *block, unsigned missing)
{
  char copy[ABI_UNION_SIZE];
  int result;

  memcpy (copy, block, sizeof copy);
  result = NEXT (ioctl) (fd, request, copy);
  if (result != 0)
    return result;
  if (missing < sizeof copy)
    memcpy (block, copy, sizeof copy - missing);
  return (int) missing;
}

EXPORT int
ioctl (int fd, unsigned long request, ...)
{
  void *argument;
  va_list args;
  int fault, result;

  va_start (args, request);
  argument = va_arg (args, void *);
  va_end (args);
  fault = faults_due (which_ioctl (request));
  if (fault < 0) {
    errno = -fault;
    return -1;
  }
  if (fault > 0 && fault != PLAN_KILL && _IOC_TYPE (request) == ABI_MAGIC)
    return ioctl_short (fd, request, argument, (unsigned) fault);
  result = NEXT (ioctl) (fd, request, argument);
  faults_obey (fault);
  return result;
}

/*** locks and sizes ***/

EXPORT int
flock (int fd, int operation)
{
  CALL_OR_FAIL (CALL_FLOCK, int, NEXT (flock) (fd, operation));
}

#define TAKE_POINTER(pointer, last) \
  va_list args; \
  va_start (args, last); \
  void *const pointer = va_arg (args, void *); \
  va_end (args)

EXPORT int
fcntl (int fd, int command, ...)
{
  TAKE_POINTER (argument, command);
  CALL_OR_FAIL (CALL_FCNTL, int, NEXT (fcntl) (fd, command, argument));
}

EXPORT int
fcntl64 (int fd, int command, ...)
{
  TAKE_POINTER (argument, command);
  CALL_OR_FAIL (CALL_FCNTL, int, NEXT (fcntl64) (fd, command, argument));
}

EXPORT int
ftruncate (int fd, off_t length)
{
  CALL_OR_FAIL (CALL_FTRUNCATE, int, NEXT (ftruncate) (fd, length));
}

EXPORT int
ftruncate64 (int fd, off64_t length)
{
  CALL_OR_FAIL (CALL_FTRUNCATE, int, NEXT (ftruncate64) (fd, length));
}

EXPORT int
fallocate (int fd, int mode, off_t offset, off_t length)
{
  CALL_OR_FAIL (CALL_FALLOCATE, int, NEXT (fallocate) (fd, mode, offset, length));
}

EXPORT int
fallocate64 (int fd, int mode, off64_t offset, off64_t length)
{
  CALL_OR_FAIL (CALL_FALLOCATE, int, NEXT (fallocate64) (fd, mode, offset, length));
}

/* These return the number. */
EXPORT int
posix_fallocate (int fd, off_t offset, off_t length)
{
  const int fault = faults_due (CALL_FALLOCATE);

  return fault < 0 ? -fault : NEXT (posix_fallocate) (fd, offset, length);
}

EXPORT int
posix_fallocate64 (int fd, off64_t offset, off64_t length)
{
  const int fault = faults_due (CALL_FALLOCATE);

  return fault < 0 ? -fault : NEXT (posix_fallocate64) (fd, offset, length);
}

EXPORT int
fchmod (int fd, mode_t mode)
{
  CALL_OR_FAIL (CALL_FCHMOD, int, NEXT (fchmod) (fd, mode));
}

/*** memory ***/

EXPORT void *
mmap (void *address, size_t length, int prot, int flags, int fd, off_t offset)
{
  CALL_OR_FAIL (CALL_MMAP, void *, NEXT (mmap) (address, length, prot, flags, fd, offset));
}

EXPORT void *
mmap64 (void *address, size_t length, int prot, int flags, int fd, off64_t offset)
{
  CALL_OR_FAIL (CALL_MMAP, void *, NEXT (mmap64) (address, length, prot, flags, fd, offset));
}

EXPORT int
munmap (void *address, size_t length)
{
  CALL_OR_FAIL (CALL_MUNMAP, int, NEXT (munmap) (address, length));
}

EXPORT int
madvise (void *address, size_t length, int advice)
{
  CALL_OR_FAIL (CALL_MADVISE, int, NEXT (madvise) (address, length, advice));
}

EXPORT int
mlock (const void *address, size_t length)
{
  CALL_OR_FAIL (CALL_MLOCK, int, NEXT (mlock) (address, length));
}

/*** others ***/

/* For calls that an old C library has no name for. Each takes six words or fewer, and more do no harm. */
EXPORT long
syscall (long number, ...)
{
  unsigned long words[6];
  va_list args;
  int fault = 0;
  long result;

  va_start (args, number);
  for (unsigned i = 0; i < 6; i++)
    words[i] = va_arg (args, unsigned long);
  va_end (args);
  if (number == SYS_renameat2)
    fault = faults_due (CALL_RENAME);
  if (fault < 0) {
    errno = -fault;
    return -1;
  }
  result = NEXT (syscall) (number, words[0], words[1], words[2], words[3], words[4], words[5]);
  faults_obey (fault);
  return result;
}

EXPORT int
eventfd (unsigned count, int flags)
{
  CALL_OR_FAIL (CALL_EVENTFD, int, NEXT (eventfd) (count, flags));
}

EXPORT int
ppoll (struct pollfd *fds, nfds_t count, const struct timespec *timeout, const sigset_t * mask)
{
  CALL_OR_FAIL (CALL_PPOLL, int, NEXT (ppoll) (fds, count, timeout, mask));
}

EXPORT int
__ppoll_chk (struct pollfd *fds, nfds_t count, const struct timespec *timeout, const sigset_t * mask, size_t room)
{
  CALL_OR_FAIL (CALL_PPOLL, int, NEXT (__ppoll_chk) (fds, count, timeout, mask, room));
}

EXPORT ssize_t
getrandom (void *data, size_t size, unsigned flags)
{
  CALL_OR_FAIL (CALL_GETRANDOM, ssize_t, NEXT (getrandom) (data, size, flags));
}
