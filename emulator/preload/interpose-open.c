/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * interpose-open.c: open() and its relatives, under the names that programs call.
 */
#include "context.h"
#include "driver.h"
#include "paths.h"
#include "preload-cores.h"
#include "procfiles.h"
#include "raw.h"

#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

/* Not declared by headers unless fortified, but called by programs that are. */
EXPORT int __open_2 (const char *path, int flags);
EXPORT int __open64_2 (const char *path, int flags);
EXPORT int __openat_2 (int dir, const char *path, int flags);
EXPORT int __openat64_2 (int dir, const char *path, int flags);

static int
open_node (const Node * node, int flags)
{
  Context *context = context_get ();
  char path[PATH_MAX];

  if (node->kind == NODE_XLNK)
    return driver_open (context, flags);
  if (node->kind == NODE_CORE || node->kind == NODE_CORE_SYSFS)
    return cores_open (node, flags);
  if (node->kind != NODE_DIRECTORY)
    return procfiles_open (context, node, flags);
  if (!paths_tree (node, path, sizeof path)) {
    errno = ENOENT;
    return -1;
  }
  return raw_openat (AT_FDCWD, path, flags, 0);
}

static int
open_any (int dir, const char *path, int flags, unsigned mode)
{
  Node node;
  int fd;

  if (paths_find (dir, path, &node))
    return open_node (&node, flags);
  fd = raw_openat (dir, path, flags, mode);
  if (fd < 0 && errno == ENOENT && paths_find_link (dir, path, &node))
    return open_node (&node, flags);
  return fd;
}

#define TAKE_MODE(mode, last) \
  if (flags & (O_CREAT | (O_TMPFILE & ~O_DIRECTORY))) { \
    va_list args; \
    va_start (args, last); \
    mode = va_arg (args, unsigned); \
    va_end (args); \
  }

EXPORT int
open (const char *path, int flags, ...)
{
  unsigned mode = 0;

  TAKE_MODE (mode, flags);
  return open_any (AT_FDCWD, path, flags, mode);
}

EXPORT int
open64 (const char *path, int flags, ...)
{
  unsigned mode = 0;

  TAKE_MODE (mode, flags);
  return open_any (AT_FDCWD, path, flags, mode);
}

EXPORT int
openat (int dir, const char *path, int flags, ...)
{
  unsigned mode = 0;

  TAKE_MODE (mode, flags);
  return open_any (dir, path, flags, mode);
}

EXPORT int
openat64 (int dir, const char *path, int flags, ...)
{
  unsigned mode = 0;

  TAKE_MODE (mode, flags);
  return open_any (dir, path, flags, mode);
}

EXPORT int
__open_2 (const char *path, int flags)
{
  return open_any (AT_FDCWD, path, flags, 0);
}

EXPORT int
__open64_2 (const char *path, int flags)
{
  return open_any (AT_FDCWD, path, flags, 0);
}

EXPORT int
__openat_2 (int dir, const char *path, int flags)
{
  return open_any (dir, path, flags, 0);
}

EXPORT int
__openat64_2 (int dir, const char *path, int flags)
{
  return open_any (dir, path, flags, 0);
}

/*
 * Streams: the C library opens them without the names above. Ours become a descriptor first; others go on to the next
 * fopen(), looked up only now, when every start-up is over.
 */
static int
stream_flags (const char *mode)
{
  const int plus = strchr (mode, '+') != NULL;
  int flags = mode[0] == 'r' ? (plus ? O_RDWR : O_RDONLY) : (plus ? O_RDWR : O_WRONLY);

  if (strchr (mode, 'e'))
    flags |= O_CLOEXEC;
  return flags;
}

static FILE *
open_stream (const Node * node, const char *mode)
{
  const int fd = open_node (node, stream_flags (mode));
  FILE *stream = fd < 0 ? NULL : fdopen (fd, mode);

  if (fd >= 0 && !stream)
    raw_close (fd);
  return stream;
}

typedef FILE *(*OpenStream) (const char *path, const char *mode);
typedef DIR *(*OpenDirectory) (const char *path);

static FILE *
stream_any (const char *path, const char *mode, const char *name)
{
  OpenStream next;
  FILE *stream;
  Node node;

  if (paths_find (AT_FDCWD, path, &node))
    return open_stream (&node, mode);
  *(void **) &next = dlsym (RTLD_NEXT, name);
  stream = next ? next (path, mode) : NULL;
  if (!stream && errno == ENOENT && paths_find_link (AT_FDCWD, path, &node))
    return open_stream (&node, mode);
  return stream;
}

EXPORT FILE *
fopen (const char *path, const char *mode)
{
  return stream_any (path, mode, "fopen");
}

EXPORT FILE *
fopen64 (const char *path, const char *mode)
{
  return stream_any (path, mode, "fopen64");
}

EXPORT DIR *
opendir (const char *path)
{
  char tree[PATH_MAX];
  OpenDirectory next;
  Node node;

  if (paths_find (AT_FDCWD, path, &node)) {
    if (node.kind != NODE_DIRECTORY && node.kind != NODE_CORE_SYSFS) {
      errno = ENOTDIR;
      return NULL;
    }
    if (paths_tree (&node, tree, sizeof tree))
      path = tree;
  }
  *(void **) &next = dlsym (RTLD_NEXT, "opendir");
  return next ? next (path) : NULL;
}
