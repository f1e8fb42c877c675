/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * paths.h: which of the board's files does a path name?
 */
#ifndef PRELOAD_PATHS_H
#define PRELOAD_PATHS_H

#include <stdbool.h>
#include <stddef.h>

typedef enum
{
  NODE_NONE,
  NODE_XLNK,                    /* /dev/xlnk */
  NODE_MEMINFO,                 /* /proc/meminfo */
  NODE_VMSTAT,                  /* /proc/vmstat */
  NODE_COUNTER,                 /* a file in /sys/kernel/debug/xlnk */
  NODE_BUFFERS,                 /* the list of live buffers there */
  NODE_DIRECTORY,               /* that directory */
  NODE_CORE,                    /* /dev/uioN, /dev/mem; only with --core */
  NODE_CORE_SYSFS,              /* in /sys/class/uio */
} NodeKind;

typedef struct
{
  NodeKind kind;
  unsigned counter;
  const char *path;             /* the canonical one */
  char own[96];                 /* where it is, if it is none of a table */
} Node;

/* False, fast, if it is none of ours. @dir as for openat(); an empty path is a descriptor's, not a name's. */
bool paths_find (int dir, const char *path, Node * node);
/* The same through symbolic links of the caller's; for when the plain open or stat said ENOENT. */
bool paths_find_link (int dir, const char *path, Node * node);
/* The stand-in for a directory that programs may list. */
bool paths_tree (const Node * node, char *to, size_t size);

unsigned paths_counters (void);
const char *paths_counter_name (unsigned counter);

#endif /* PRELOAD_PATHS_H */
