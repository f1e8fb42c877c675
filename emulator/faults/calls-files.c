/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * calls-files.c: calls that name files, and those on directories.
 */
#include "faults.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <unistd.h>

/* Declared by headers only to programs that are fortified, or older than the C library. */
EXPORT int __open_2 (const char *path, int flags);
EXPORT int __open64_2 (const char *path, int flags);
EXPORT int __openat_2 (int dir, const char *path, int flags);
EXPORT int __openat64_2 (int dir, const char *path, int flags);
EXPORT char *__realpath_chk (const char *path, char *resolved, size_t room);

static unsigned
take_mode (int flags, va_list args)
{
  return flags & (O_CREAT | (O_TMPFILE & ~O_DIRECTORY)) ? va_arg (args, unsigned) : 0;
}

#define TAKE_MODE(mode, last) \
  va_list args; \
  va_start (args, last); \
  const unsigned mode = take_mode (flags, args); \
  va_end (args)

EXPORT int
open (const char *path, int flags, ...)
{
  TAKE_MODE (mode, flags);
  CALL_OR_FAIL (CALL_OPEN, int, NEXT (open) (path, flags, mode));
}

EXPORT int
open64 (const char *path, int flags, ...)
{
  TAKE_MODE (mode, flags);
  CALL_OR_FAIL (CALL_OPEN, int, NEXT (open64) (path, flags, mode));
}

EXPORT int
openat (int dir, const char *path, int flags, ...)
{
  TAKE_MODE (mode, flags);
  CALL_OR_FAIL (CALL_OPEN, int, NEXT (openat) (dir, path, flags, mode));
}

EXPORT int
openat64 (int dir, const char *path, int flags, ...)
{
  TAKE_MODE (mode, flags);
  CALL_OR_FAIL (CALL_OPEN, int, NEXT (openat64) (dir, path, flags, mode));
}

EXPORT int
__open_2 (const char *path, int flags)
{
  CALL_OR_FAIL (CALL_OPEN, int, NEXT (__open_2) (path, flags));
}

EXPORT int
__open64_2 (const char *path, int flags)
{
  CALL_OR_FAIL (CALL_OPEN, int, NEXT (__open64_2) (path, flags));
}

EXPORT int
__openat_2 (int dir, const char *path, int flags)
{
  CALL_OR_FAIL (CALL_OPEN, int, NEXT (__openat_2) (dir, path, flags));
}

EXPORT int
__openat64_2 (int dir, const char *path, int flags)
{
  CALL_OR_FAIL (CALL_OPEN, int, NEXT (__openat64_2) (dir, path, flags));
}

EXPORT int
fstat (int fd, struct stat *status)
{
  CALL_OR_FAIL (CALL_STAT, int, NEXT (fstat) (fd, status));
}

EXPORT int
fstat64 (int fd, struct stat64 *status)
{
  CALL_OR_FAIL (CALL_STAT, int, NEXT (fstat64) (fd, status));
}

EXPORT int
fstatat (int dir, const char *path, struct stat *status, int flags)
{
  CALL_OR_FAIL (CALL_STAT, int, NEXT (fstatat) (dir, path, status, flags));
}

EXPORT int
fstatat64 (int dir, const char *path, struct stat64 *status, int flags)
{
  CALL_OR_FAIL (CALL_STAT, int, NEXT (fstatat64) (dir, path, status, flags));
}

EXPORT int
fstatfs (int fd, struct statfs *status)
{
  CALL_OR_FAIL (CALL_STATFS, int, NEXT (fstatfs) (fd, status));
}

EXPORT int
fstatfs64 (int fd, struct statfs64 *status)
{
  CALL_OR_FAIL (CALL_STATFS, int, NEXT (fstatfs64) (fd, status));
}

EXPORT int
access (const char *path, int mode)
{
  CALL_OR_FAIL (CALL_ACCESS, int, NEXT (access) (path, mode));
}

EXPORT char *
realpath (const char *path, char *resolved)
{
  const int fault = faults_due (CALL_REALPATH);

  if (fault < 0) {
    errno = -fault;
    return NULL;
  }
  return NEXT (realpath) (path, resolved);
}

EXPORT char *
__realpath_chk (const char *path, char *resolved, size_t room)
{
  const int fault = faults_due (CALL_REALPATH);

  if (fault < 0) {
    errno = -fault;
    return NULL;
  }
  return NEXT (__realpath_chk) (path, resolved, room);
}

EXPORT int
unlinkat (int dir, const char *path, int flags)
{
  CALL_OR_FAIL (CALL_UNLINK, int, NEXT (unlinkat) (dir, path, flags));
}

EXPORT int
renameat (int old_dir, const char *old_path, int new_dir, const char *new_path)
{
  CALL_OR_FAIL (CALL_RENAME, int, NEXT (renameat) (old_dir, old_path, new_dir, new_path));
}

EXPORT int
renameat2 (int old_dir, const char *old_path, int new_dir, const char *new_path, unsigned flags)
{
  CALL_OR_FAIL (CALL_RENAME, int, NEXT (renameat2) (old_dir, old_path, new_dir, new_path, flags));
}

EXPORT int
mkdir (const char *path, mode_t mode)
{
  CALL_OR_FAIL (CALL_MKDIR, int, NEXT (mkdir) (path, mode));
}

EXPORT int
mkdirat (int dir, const char *path, mode_t mode)
{
  CALL_OR_FAIL (CALL_MKDIR, int, NEXT (mkdirat) (dir, path, mode));
}

/*** directories ***/

EXPORT DIR *
opendir (const char *path)
{
  const int fault = faults_due (CALL_OPENDIR);

  if (fault < 0) {
    errno = -fault;
    return NULL;
  }
  return NEXT (opendir) (path);
}

EXPORT DIR *
fdopendir (int fd)
{
  const int fault = faults_due (CALL_OPENDIR);

  if (fault < 0) {
    errno = -fault;
    return NULL;
  }
  return NEXT (fdopendir) (fd);
}

EXPORT int
closedir (DIR * directory)
{
  const int fault = faults_due (CALL_CLOSE);
  const int result = NEXT (closedir) (directory);

  faults_obey (fault);
  if (fault >= 0)
    return result;
  errno = -fault;
  return -1;
}

EXPORT struct dirent *
readdir (DIR * directory)
{
  const int fault = faults_due (CALL_READDIR);

  if (fault < 0) {
    errno = -fault;
    return NULL;
  }
  return NEXT (readdir) (directory);
}

EXPORT struct dirent64 *
readdir64 (DIR * directory)
{
  const int fault = faults_due (CALL_READDIR);

  if (fault < 0) {
    errno = -fault;
    return NULL;
  }
  return NEXT (readdir64) (directory);
}
