/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * preload-nodes.c: /dev/uioN, /dev/mem and /sys/class/uio are what the runner made in its tree. Descriptors are told by
 * their inode, as those of /dev/xlnk are.
 */
#include "preload-cores.h"
#include "raw.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define CLASS "/sys/class/uio"
#define KEPT_FLAGS (O_ACCMODE | O_CLOEXEC | O_NONBLOCK | O_PATH | O_DIRECTORY | O_NOFOLLOW)

static CoreTable *
attach (void)
{
  const Context *context = context_get ();
  char path[PATH_MAX];
  CoreTable *table;
  int fd;

  if (!context || !context->tree || snprintf (path, sizeof path, "%s/cores", context->tree) >= (int) sizeof path)
    return NULL;
  fd = raw_openat (AT_FDCWD, path, O_RDWR | O_CLOEXEC, 0);
  if (fd < 0)
    return NULL;
  table = cores_attach (fd);
  raw_close (fd);
  return table;
}

CoreTable *
cores_get (void)
{
  static CoreTable *table;
  static int stage;             /* 0: nobody looked; 1: somebody does; 2: known */
  int expected = 0;
  const int saved = errno;

  if (__atomic_load_n (&stage, __ATOMIC_ACQUIRE) == 2)
    return table;
  if (!context_active ())
    return NULL;
  if (__atomic_compare_exchange_n (&stage, &expected, 1, false, __ATOMIC_ACQUIRE, __ATOMIC_ACQUIRE)) {
    table = attach ();
    __atomic_store_n (&stage, 2, __ATOMIC_RELEASE);
  } else {
    while (__atomic_load_n (&stage, __ATOMIC_ACQUIRE) != 2)
      sched_yield ();
  }
  errno = saved;
  return table;
}

bool
cores_may_own_path (const char *path)
{
  if (path[0] == '/' && !strstr (path, "uio") && !strstr (path, "mem"))
    return false;
  return cores_get () != NULL;
}

static bool
is_core_node (const char *full)
{
  const CoreTable *table = cores_get ();
  char path[32];

  for (unsigned i = 0; i < table->count; i++) {
    snprintf (path, sizeof path, "/dev/uio%u", i);
    if (strcmp (full, path) == 0)
      return true;
  }
  return false;
}

/* The class directory is the board's altogether: the host may have UIO devices of its own. */
bool
cores_find_path (const char *full, Node * node)
{
  if (!cores_get () || strlen (full) >= sizeof node->own)
    return false;
  if (strcmp (full, "/dev/mem") == 0 || is_core_node (full))
    node->kind = NODE_CORE;
  else if (strncmp (full, CLASS, strlen (CLASS)) == 0 && (full[strlen (CLASS)] == '/' || !full[strlen (CLASS)]))
    node->kind = NODE_CORE_SYSFS;
  else
    return false;
  node->counter = 0;
  strcpy (node->own, full);
  node->path = node->own;
  return true;
}

int
cores_open (const Node * node, int flags)
{
  char path[PATH_MAX];
  Core *core;
  int fd;

  if (!paths_tree (node, path, sizeof path)) {
    errno = ENOENT;
    return -1;
  }
  if ((flags & O_CREAT) && (flags & O_EXCL)) {
    errno = EEXIST;
    return -1;
  }
  fd = raw_openat (AT_FDCWD, path, flags & KEPT_FLAGS, 0);
  if (fd >= 0 && !(flags & O_PATH) && cores_owns (fd, &core) == CORE_FD_UIO)
    uio_opened (fd, core);
  return fd;
}

static Core *
core_by_node (CoreTable * table, uint64_t node)
{
  for (unsigned i = 0; i < table->count; i++) {
    if (table->cores[i].node == node)
      return &table->cores[i];
  }
  return NULL;
}

CoreFd
cores_owns (int fd, Core ** core)
{
  CoreTable *table = fd < 0 ? NULL : cores_get ();
  const int saved = errno;
  struct stat64 st;

  *core = NULL;
  if (!table)
    return CORE_FD_NONE;
  if (raw_fstat (fd, &st) < 0) {
    errno = saved;
    return CORE_FD_NONE;
  }
  if (st.st_dev != table->device)
    return CORE_FD_NONE;
  if (st.st_ino == table->memory_node)
    return CORE_FD_MEMORY;
  *core = core_by_node (table, st.st_ino);
  return *core ? CORE_FD_UIO : CORE_FD_NONE;
}
