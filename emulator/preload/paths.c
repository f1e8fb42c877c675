/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * paths.c: recognises paths by their last component first, because every open of the program passes here.
 */
#include "paths.h"
#include "context.h"
#include "preload-cores.h"
#include "raw.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#define COUNTERS "/sys/kernel/debug/xlnk"

/* The names are part of what tests rely on: the same in this emulator and in the test module for a real kernel. */
static const struct
{
  NodeKind kind;
  unsigned counter;
  const char *path;
} nodes[] = {
  {NODE_XLNK, 0, "/dev/xlnk"},
  {NODE_MEMINFO, 0, "/proc/meminfo"},
  {NODE_VMSTAT, 0, "/proc/vmstat"},
  {NODE_DIRECTORY, 0, COUNTERS},
  {NODE_BUFFERS, 0, COUNTERS "/buffers"},
  {NODE_COUNTER, 0, COUNTERS "/live_blocks"},
  {NODE_COUNTER, 1, COUNTERS "/live_bytes"},
  {NODE_COUNTER, 2, COUNTERS "/allocs"},
  {NODE_COUNTER, 3, COUNTERS "/frees"},
  {NODE_COUNTER, 4, COUNTERS "/flushes"},
  {NODE_COUNTER, 5, COUNTERS "/invalidates"},
  {NODE_COUNTER, 6, COUNTERS "/flushed_bytes"},
  {NODE_COUNTER, 7, COUNTERS "/invalidated_bytes"},
};

#define NODES (sizeof nodes / sizeof nodes[0])

/* The last component, and its length without trailing slashes. */
static const char *
last_component (const char *path, size_t *length)
{
  const char *end = path + strlen (path), *start;

  while (end > path && end[-1] == '/')
    end--;
  for (start = end; start > path && start[-1] != '/'; start--);
  *length = (size_t) (end - start);
  return start;
}

static bool
may_be_ours (const char *path)
{
  size_t length, our_length;
  const char *last = last_component (path, &length);

  for (size_t i = 0; i < NODES; i++) {
    const char *ours = last_component (nodes[i].path, &our_length);

    if (length == our_length && memcmp (last, ours, length) == 0)
      return true;
  }
  return false;
}

static ssize_t
read_link (int dir, const char *path, char *to, size_t size)
{
  const ssize_t length = syscall (SYS_readlinkat, dir, path, to, size - 1);

  if (length >= 0)
    to[length] = '\0';
  return length;
}

/*
 * Where a relative path starts. A listed stand-in directory counts as the one it stands for. What has no place in the
 * tree, like "pipe:[7]" or a working directory that is "(unreachable)", holds none of our files.
 */
static bool
base_directory (int dir, char *to, size_t size)
{
  const Context *context;
  char link[32];
  size_t tree;

  if (dir == AT_FDCWD)
    return syscall (SYS_getcwd, to, size) > 0 && to[0] == '/';
  snprintf (link, sizeof link, "/proc/self/fd/%d", dir);
  if (read_link (AT_FDCWD, link, to, size) < 0 || to[0] != '/')
    return false;
  context = context_get ();
  tree = context && context->tree ? strlen (context->tree) : 0;
  if (tree && strncmp (to, context->tree, tree) == 0 && to[tree] == '/')
    memmove (to, to + tree, strlen (to + tree) + 1);
  return true;
}

/* Collapses "//", "/./" and "/../" in place, by the text alone. Of a path that starts with "/". */
static void
normalise (char *path)
{
  char *to = path;
  const char *from = path;

  while (*from) {
    size_t length;

    from += strspn (from, "/");
    length = strcspn (from, "/");
    if (length == 2 && from[0] == '.' && from[1] == '.') {
      while (to > path && *--to != '/');
    } else if (length > 0 && !(length == 1 && from[0] == '.')) {
      *to++ = '/';
      memmove (to, from, length);
      to += length;
    }
    from += length;
  }
  *to = '\0';
}

static bool
absolute (int dir, const char *path, char *to, size_t size)
{
  size_t length = 0;

  to[0] = '\0';
  if (path[0] != '/') {
    if (!base_directory (dir, to, size))
      return false;
    length = strlen (to);
  }
  if (length + 1 + strlen (path) >= size)
    return false;
  to[length] = '/';
  strcpy (to + length + 1, path);
  normalise (to);
  return true;
}

bool
paths_find (int dir, const char *path, Node * node)
{
  const int saved = errno;
  char full[PATH_MAX];
  bool found = false;

  node->kind = NODE_NONE;
  if (!path || !path[0] || !context_active () || (!may_be_ours (path) && !cores_may_own_path (path)))
    return false;
  if (absolute (dir, path, full, sizeof full)) {
    for (size_t i = 0; i < NODES && !found; i++) {
      found = strcmp (full, nodes[i].path) == 0;
      if (found) {
        node->kind = nodes[i].kind;
        node->counter = nodes[i].counter;
        node->path = nodes[i].path;
      }
    }
    found = found || cores_find_path (full, node);
  }
  errno = saved;
  return found && context_get () != NULL;
}

bool
paths_find_link (int dir, const char *path, Node * node)
{
  char full[PATH_MAX], target[PATH_MAX];
  const int saved = errno;
  bool found = false;

  node->kind = NODE_NONE;
  if (!path || !path[0] || !context_active () || !absolute (dir, path, full, sizeof full))
    return false;
  for (int depth = 0; depth < 8 && !found; depth++) {
    char *slash = strrchr (full, '/');

    if (!slash || read_link (AT_FDCWD, full, target, sizeof target) < 0)
      break;
    if (target[0] == '/')
      slash = full;
    else
      slash++;
    if ((size_t) (slash - full) + strlen (target) >= sizeof full)
      break;
    strcpy (slash, target);
    normalise (full);
    found = paths_find (AT_FDCWD, full, node);
  }
  errno = saved;
  return found;
}

bool
paths_tree (const Node * node, char *to, size_t size)
{
  const Context *context = context_get ();

  return context && context->tree && snprintf (to, size, "%s%s", context->tree, node->path) < (int) size;
}

static unsigned
first_counter (void)
{
  unsigned i = 0;

  while (nodes[i].kind != NODE_COUNTER)
    i++;
  return i;
}

unsigned
paths_counters (void)
{
  return (unsigned) NODES - first_counter ();
}

const char *
paths_counter_name (unsigned counter)
{
  size_t length;

  return last_component (nodes[first_counter () + counter].path, &length);
}
