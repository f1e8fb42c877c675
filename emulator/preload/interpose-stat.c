/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * interpose-stat.c: the node looks like a character device, root:root 0600, as devtmpfs makes it (xlnk-abi §2).
 *
 * Its device and inode numbers are those of the heap file, so that two heaps are two devices. On 32-bit machines the
 * variants with 64-bit times are not covered.
 */
#include "context.h"
#include "paths.h"
#include "preload-cores.h"
#include "raw.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#ifndef STATX_BASIC_STATS        /* before glibc 2.28 only the kernel has it, and only its programs call it */
#include <linux/stat.h>
EXPORT int statx (int dir, const char *path, int flags, unsigned mask, struct statx *st);
#endif

#define NODE_MAJOR 243u         /* dynamic on a board: no program may count on it */

/* For programs linked against an older C library. */
EXPORT int __xstat (int version, const char *path, struct stat *st);
EXPORT int __lxstat (int version, const char *path, struct stat *st);
EXPORT int __fxstat (int version, int fd, struct stat *st);
EXPORT int __fxstatat (int version, int dir, const char *path, struct stat *st, int flags);
EXPORT int __xstat64 (int version, const char *path, struct stat64 *st);
EXPORT int __lxstat64 (int version, const char *path, struct stat64 *st);
EXPORT int __fxstat64 (int version, int fd, struct stat64 *st);
EXPORT int __fxstatat64 (int version, int dir, const char *path, struct stat64 *st, int flags);
EXPORT char *__realpath_chk (const char *path, char *resolved, size_t room);

static void
dress (struct stat64 *st)
{
  st->st_mode = S_IFCHR | 0600;
  st->st_nlink = 1;
  st->st_uid = 0;
  st->st_gid = 0;
  st->st_rdev = makedev (NODE_MAJOR, 0);
  st->st_size = 0;
  st->st_blocks = 0;
  st->st_blksize = BOARD_PAGE;
}

/* /proc/meminfo and vmstat are real files with other contents: only the rest is ours. */
static bool
is_ours (int dir, const char *path, Node * node)
{
  return paths_find (dir, path, node) && node->kind != NODE_MEMINFO && node->kind != NODE_VMSTAT;
}

static int
stat_node (const Node * node, struct stat64 *st)
{
  char path[PATH_MAX];

  if (node->kind == NODE_XLNK) {
    if (raw_fstatat (AT_FDCWD, context_get ()->heap, st, AT_SYMLINK_NOFOLLOW) < 0)
      return -1;
    dress (st);
    return 0;
  }
  if (!paths_tree (node, path, sizeof path)) {
    errno = ENOENT;
    return -1;
  }
  if (raw_fstatat (AT_FDCWD, path, st, 0) < 0)
    return -1;
  if (node->kind == NODE_CORE)
    dress (st);
  return 0;
}

static bool
is_device (int fd)
{
  Core *core;

  return context_owns (fd) || cores_owns (fd, &core) != CORE_FD_NONE;
}

static int
stat_any (int dir, const char *path, struct stat64 *st, int flags)
{
  const bool follow = !(flags & AT_SYMLINK_NOFOLLOW);
  Node node;
  int result;

  if (is_ours (dir, path, &node))
    return stat_node (&node, st);
  result = raw_fstatat (dir, path, st, flags);
  if (result < 0 && errno == ENOENT && follow && paths_find_link (dir, path, &node))
    return stat_node (&node, st);
  if (result == 0 && (flags & AT_EMPTY_PATH) && !path[0] && is_device (dir))
    dress (st);
  return result;
}

static int
fstat_any (int fd, struct stat64 *st)
{
  const int result = raw_fstat (fd, st);

  if (result == 0 && is_device (fd))
    dress (st);
  return result;
}

/* On 64-bit machines the two structures are one. */
static int
narrow (int result, const struct stat64 *from, struct stat *to)
{
  if (result < 0)
    return result;
#if __SIZEOF_LONG__ == 8
  memcpy (to, from, sizeof *to);
#else
  if (from->st_ino != (ino_t) from->st_ino || from->st_size != (off_t) from->st_size) {
    errno = EOVERFLOW;
    return -1;
  }
  memset (to, 0, sizeof *to);
  to->st_dev = from->st_dev;
  to->st_ino = (ino_t) from->st_ino;
  to->st_mode = from->st_mode;
  to->st_nlink = from->st_nlink;
  to->st_uid = from->st_uid;
  to->st_gid = from->st_gid;
  to->st_rdev = from->st_rdev;
  to->st_size = (off_t) from->st_size;
  to->st_blksize = from->st_blksize;
  to->st_blocks = (blkcnt_t) from->st_blocks;
  to->st_atim = from->st_atim;
  to->st_mtim = from->st_mtim;
  to->st_ctim = from->st_ctim;
#endif
  return 0;
}

static int
stat_narrow (int dir, const char *path, struct stat *st, int flags)
{
  struct stat64 wide;

  return narrow (stat_any (dir, path, &wide, flags), &wide, st);
}

static int
fstat_narrow (int fd, struct stat *st)
{
  struct stat64 wide;

  return narrow (fstat_any (fd, &wide), &wide, st);
}

EXPORT int
fstatat64 (int dir, const char *path, struct stat64 *st, int flags)
{
  return stat_any (dir, path, st, flags);
}

EXPORT int
fstatat (int dir, const char *path, struct stat *st, int flags)
{
  return stat_narrow (dir, path, st, flags);
}

EXPORT int
stat64 (const char *path, struct stat64 *st)
{
  return stat_any (AT_FDCWD, path, st, 0);
}

EXPORT int
stat (const char *path, struct stat *st)
{
  return stat_narrow (AT_FDCWD, path, st, 0);
}

EXPORT int
lstat64 (const char *path, struct stat64 *st)
{
  return stat_any (AT_FDCWD, path, st, AT_SYMLINK_NOFOLLOW);
}

EXPORT int
lstat (const char *path, struct stat *st)
{
  return stat_narrow (AT_FDCWD, path, st, AT_SYMLINK_NOFOLLOW);
}

EXPORT int
fstat64 (int fd, struct stat64 *st)
{
  return fstat_any (fd, st);
}

EXPORT int
fstat (int fd, struct stat *st)
{
  return fstat_narrow (fd, st);
}

EXPORT int
__xstat (int version, const char *path, struct stat *st)
{
  (void) version;
  return stat_narrow (AT_FDCWD, path, st, 0);
}

EXPORT int
__lxstat (int version, const char *path, struct stat *st)
{
  (void) version;
  return stat_narrow (AT_FDCWD, path, st, AT_SYMLINK_NOFOLLOW);
}

EXPORT int
__fxstat (int version, int fd, struct stat *st)
{
  (void) version;
  return fstat_narrow (fd, st);
}

EXPORT int
__fxstatat (int version, int dir, const char *path, struct stat *st, int flags)
{
  (void) version;
  return stat_narrow (dir, path, st, flags);
}

EXPORT int
__xstat64 (int version, const char *path, struct stat64 *st)
{
  (void) version;
  return stat_any (AT_FDCWD, path, st, 0);
}

EXPORT int
__lxstat64 (int version, const char *path, struct stat64 *st)
{
  (void) version;
  return stat_any (AT_FDCWD, path, st, AT_SYMLINK_NOFOLLOW);
}

EXPORT int
__fxstat64 (int version, int fd, struct stat64 *st)
{
  (void) version;
  return fstat_any (fd, st);
}

EXPORT int
__fxstatat64 (int version, int dir, const char *path, struct stat64 *st, int flags)
{
  (void) version;
  return stat_any (dir, path, st, flags);
}

static void
dress_statx (struct statx *st)
{
  st->stx_mode = S_IFCHR | 0600;
  st->stx_nlink = 1;
  st->stx_uid = 0;
  st->stx_gid = 0;
  st->stx_rdev_major = NODE_MAJOR;
  st->stx_rdev_minor = 0;
  st->stx_size = 0;
  st->stx_blocks = 0;
}

static int
statx_node (const Node * node, unsigned mask, struct statx *st)
{
  char path[PATH_MAX];

  if (node->kind == NODE_XLNK) {
    if (syscall (SYS_statx, AT_FDCWD, context_get ()->heap, AT_SYMLINK_NOFOLLOW, mask, st) < 0)
      return -1;
    dress_statx (st);
    return 0;
  }
  if (!paths_tree (node, path, sizeof path)) {
    errno = ENOENT;
    return -1;
  }
  if (syscall (SYS_statx, AT_FDCWD, path, 0, mask, st) < 0)
    return -1;
  if (node->kind == NODE_CORE)
    dress_statx (st);
  return 0;
}

EXPORT int
statx (int dir, const char *path, int flags, unsigned mask, struct statx *st)
{
  Node node;
  int result;

  if (is_ours (dir, path, &node))
    return statx_node (&node, mask, st);
  result = (int) syscall (SYS_statx, dir, path, flags, mask, st);
  if (result < 0 && errno == ENOENT && !(flags & AT_SYMLINK_NOFOLLOW) && paths_find_link (dir, path, &node))
    return statx_node (&node, mask, st);
  if (result == 0 && (flags & AT_EMPTY_PATH) && is_device (dir) && !path[0])
    dress_statx (st);
  return result;
}

/* Nobody runs a node, and nobody writes what the kernel counts. */
static bool
may_access (const Node * node, int mode)
{
  switch (node->kind) {
    case NODE_XLNK:
    case NODE_CORE:
      return (mode & X_OK) == 0;
    case NODE_COUNTER:
    case NODE_BUFFERS:
      return (mode & (W_OK | X_OK)) == 0;
    default:
      return true;
  }
}

/* Whoever runs the board is root on it. */
static int
access_node (const Node * node, int mode)
{
  char path[PATH_MAX];

  if (node->kind == NODE_CORE_SYSFS && paths_tree (node, path, sizeof path))
    return (int) syscall (SYS_faccessat, AT_FDCWD, path, mode);
  if (!may_access (node, mode)) {
    errno = EACCES;
    return -1;
  }
  return 0;
}

typedef int (*Faccessat) (int dir, const char *path, int mode, int flags);

static int
access_any (int dir, const char *path, int mode, int flags)
{
  Faccessat next;
  Node node;
  int result;

  if (is_ours (dir, path, &node))
    return access_node (&node, mode);
  if (flags == 0) {
    result = (int) syscall (SYS_faccessat, dir, path, mode);
  } else {
    *(void **) &next = dlsym (RTLD_NEXT, "faccessat");
    result = next (dir, path, mode, flags);
  }
  if (result < 0 && errno == ENOENT && paths_find_link (dir, path, &node))
    return access_node (&node, mode);
  return result;
}

EXPORT int
faccessat (int dir, const char *path, int mode, int flags)
{
  return access_any (dir, path, mode, flags);
}

EXPORT int
access (const char *path, int mode)
{
  return access_any (AT_FDCWD, path, mode, 0);
}

EXPORT int
euidaccess (const char *path, int mode)
{
  return access_any (AT_FDCWD, path, mode, AT_EACCESS);
}

EXPORT int
eaccess (const char *path, int mode)
{
  return access_any (AT_FDCWD, path, mode, AT_EACCESS);
}

/* Of glibc's two versions of realpath, dlsym may find the one that wants room. */
static char *
next_realpath (const char *path, char *resolved)
{
  char *(*with_room) (const char *, char *);
  char *(*without) (const char *);

  if (!resolved) {
    *(void **) &without = dlsym (RTLD_NEXT, "canonicalize_file_name");
    return without (path);
  }
  *(void **) &with_room = dlsym (RTLD_NEXT, "realpath");
  return with_room (path, resolved);
}

static char *
resolve (const char *path, char *resolved)
{
  char *result;
  Node node;

  if (!paths_find (AT_FDCWD, path, &node)) {
    result = next_realpath (path, resolved);
    if (result || errno != ENOENT || !paths_find_link (AT_FDCWD, path, &node))
      return result;
  }
  if (!resolved)
    return strdup (node.path);
  return strcpy (resolved, node.path);
}

EXPORT char *
realpath (const char *path, char *resolved)
{
  return resolve (path, resolved);
}

EXPORT char *
canonicalize_file_name (const char *path)
{
  return resolve (path, NULL);
}

EXPORT char *
__realpath_chk (const char *path, char *resolved, size_t room)
{
  if (room < PATH_MAX)
    __builtin_trap ();
  return resolve (path, resolved);
}
