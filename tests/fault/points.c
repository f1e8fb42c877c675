/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * points.c: see points.h. Compiled without large-file macros, since it defines the names that these stand for.
 */
#include "points.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/types.h>
#include <unistd.h>

#define WORD sizeof (unsigned long)
#define REQUEST(nr) (0xc0005800u | (unsigned) WORD << 16 | (nr))

void (*points_hook) (const PointCall * call);

const char *
points_name (Point point)
{
  static const char *const names[POINTS] = {
    "ALLOCBUF", "FREEBUF", "CACHECTRL", "ioctl", "mmap", "munmap", "madvise", "mlock", "openat", "flock", "pread",
    "pwrite", "ftruncate", "fallocate", "renameat", "unlinkat", "close",
    "no call",
  };

  return names[point];
}

static void *
next (void **slot, const char *name)
{
  void *found = __atomic_load_n (slot, __ATOMIC_RELAXED);

  if (!found) {
    found = dlsym (RTLD_NEXT, name);
    if (!found)
      abort ();
    __atomic_store_n (slot, found, __ATOMIC_RELAXED);
  }
  return found;
}

static void
tell (PointCall * call, bool returning, long result)
{
  int saved = errno;

  if (!points_hook)
    return;
  call->returning = returning;
  call->result = result;
  points_hook (call);
  errno = saved;
}

/* A call of the C library under its own name, between two looks of the hook. */
#define DEFINE(POINT, type, name, file, parameters, arguments) \
  type name parameters; \
  type \
  name parameters \
  { \
    static void *slot; \
    typeof (&name) function = (typeof (&name)) next (&slot, #name); \
    PointCall call = { .point = POINT, .fd = file }; \
    type result; \
\
    tell (&call, false, 0); \
    result = function arguments; \
    tell (&call, true, (long) result); \
    return result; \
  }

DEFINE (POINT_MMAP, void *, mmap64, fd, (void *address, size_t length, int protection, int flags, int fd,
        off64_t offset), (address, length, protection, flags, fd, offset))
DEFINE (POINT_MUNMAP, int, munmap, -1, (void *address, size_t length), (address, length))
DEFINE (POINT_MADVISE, int, madvise, -1, (void *address, size_t length, int advice), (address, length, advice))
DEFINE (POINT_MLOCK, int, mlock, -1, (const void *address, size_t length), (address, length))
DEFINE (POINT_FLOCK, int, flock, fd, (int fd, int operation), (fd, operation))
DEFINE (POINT_PREAD, ssize_t, pread64, fd, (int fd, void *data, size_t size, off64_t offset),
    (fd, data, size, offset))
DEFINE (POINT_PWRITE, ssize_t, pwrite64, fd, (int fd, const void *data, size_t size, off64_t offset),
    (fd, data, size, offset))
DEFINE (POINT_FTRUNCATE, int, ftruncate64, fd, (int fd, off64_t length), (fd, length))
DEFINE (POINT_FALLOCATE, int, posix_fallocate64, fd, (int fd, off64_t offset, off64_t length), (fd, offset, length))
DEFINE (POINT_RENAMEAT, int, renameat, from, (int from, const char *old, int to, const char *new),
    (from, old, to, new))
DEFINE (POINT_CLOSE, int, close, fd, (int fd), (fd))
DEFINE (POINT_UNLINKAT, int, unlinkat, fd, (int fd, const char *path, int flags), (fd, path, flags))

int
openat64 (int directory, const char *path, int flags, ...)
{
  static void *slot;
  int (*function) (int, const char *, int, ...) = (int (*) (int, const char *, int, ...)) next (&slot, "openat64");
  PointCall call = { .point = POINT_OPENAT, .fd = directory };
  mode_t mode = 0;
  va_list list;
  int result;

  if (flags & (O_CREAT | __O_TMPFILE)) {
    va_start (list, flags);
    mode = (mode_t) va_arg (list, int);
    va_end (list);
  }
  tell (&call, false, 0);
  result = function (directory, path, flags, mode);
  tell (&call, true, result);
  return result;
}

static Point
point_of (unsigned long request)
{
  switch ((unsigned) request) {
    case REQUEST (2):
      return POINT_ALLOCBUF;
    case REQUEST (3):
      return POINT_FREEBUF;
    case REQUEST (24):
      return POINT_CACHECTRL;
    default:
      return POINT_IOCTL;
  }
}

static void
read_block (PointCall * call, const char *block)
{
  unsigned long phys = 0;

  switch (call->point) {
    case POINT_ALLOCBUF:
      memcpy (&call->length, block, 4);
      memcpy (&call->id, block + 4, 4);
      memcpy (&phys, block + 8, WORD);
      break;
    case POINT_FREEBUF:
      memcpy (&call->id, block, 4);
      break;
    case POINT_CACHECTRL:
      memcpy (&phys, block, WORD);
      memcpy (&call->length, block + WORD, 4);
      break;
    default:
      break;
  }
  call->phys = phys;
}

int
ioctl (int fd, unsigned long request, ...)
{
  static void *slot;
  int (*function) (int, unsigned long, ...) = (int (*) (int, unsigned long, ...)) next (&slot, "ioctl");
  PointCall call = { .point = point_of (request), .fd = fd };
  void *block;
  va_list list;
  int result;

  va_start (list, request);
  block = va_arg (list, void *);
  va_end (list);
  read_block (&call, block);
  tell (&call, false, 0);
  result = function (fd, request, block);
  read_block (&call, block);
  tell (&call, true, result);
  return result;
}
