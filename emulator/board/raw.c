/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * raw.c: the system calls of raw.h. 32-bit machines split 64-bit arguments; ARM also aligns them to even registers.
 */
#include "raw.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#ifndef O_LARGEFILE
#define O_LARGEFILE 0
#endif

int
raw_openat (int dir, const char *path, int flags, unsigned mode)
{
  return (int) syscall (SYS_openat, dir, path, flags | O_LARGEFILE, mode);
}

int
raw_close (int fd)
{
  return (int) syscall (SYS_close, fd);
}

ssize_t
raw_read (int fd, void *data, size_t size)
{
  return syscall (SYS_read, fd, data, size);
}

ssize_t
raw_write (int fd, const void *data, size_t size)
{
  return syscall (SYS_write, fd, data, size);
}

int64_t
raw_seek (int fd, int64_t offset, int whence)
{
#ifdef SYS__llseek
  int64_t result = -1;

  if (syscall (SYS__llseek, fd, (long) (offset >> 32), (long) offset, &result, whence) < 0)
    return -1;
  return result;
#else
  return syscall (SYS_lseek, fd, offset, whence);
#endif
}

int
raw_fstat (int fd, struct stat64 *st)
{
#ifdef SYS_fstat64
  return (int) syscall (SYS_fstat64, fd, st);
#else
  return (int) syscall (SYS_fstat, fd, st);
#endif
}

int
raw_fstatat (int dir, const char *path, struct stat64 *st, int flags)
{
#ifdef SYS_fstatat64
  return (int) syscall (SYS_fstatat64, dir, path, st, flags);
#else
  return (int) syscall (SYS_newfstatat, dir, path, st, flags);
#endif
}

void *
raw_mmap (void *address, size_t length, int prot, int flags, int fd, int64_t offset)
{
#ifdef SYS_mmap2
  if (offset < 0 || offset % 4096 != 0 || (offset >> 12) > (int64_t) UINT32_MAX) {
    errno = EINVAL;
    return MAP_FAILED;
  }
  return (void *) syscall (SYS_mmap2, address, length, prot, flags, fd, (unsigned long) (offset >> 12));
#else
  return (void *) syscall (SYS_mmap, address, length, prot, flags, fd, offset);
#endif
}

int
raw_munmap (void *address, size_t length)
{
  return (int) syscall (SYS_munmap, address, length);
}

int
raw_lock (int fd, int command, int type, int64_t start, int *found)
{
  struct flock64 lock;
  int result;

  memset (&lock, 0, sizeof lock);
  lock.l_type = (short) type;
  lock.l_whence = SEEK_SET;
  lock.l_start = start;
  lock.l_len = 1;
#ifdef SYS_fcntl64
  result = (int) syscall (SYS_fcntl64, fd, command, &lock);
#else
  result = (int) syscall (SYS_fcntl, fd, command, &lock);
#endif
  if (found)
    *found = lock.l_type;
  return result;
}

int
raw_thread_id (void)
{
  return (int) syscall (SYS_gettid);
}

int
raw_process_id (void)
{
  return (int) syscall (SYS_getpid);
}
