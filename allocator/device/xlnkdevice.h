/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * xlnkdevice.h: one kernel interface that hands out physically contiguous memory, behind one table of functions.
 *
 * The device knows its live blocks and counts what happens; the table of a kernel interface (xlnkchardev.c is the one
 * for /dev/xlnk) only speaks to the kernel. Users of the ring allocate through xlnkblock.h.
 *
 * Threads: everything here may be called from any thread. The functions of the table are called one at a time, under
 * the device's mutex, except `sync`, which is called under the mutex of the block.
 */
#ifndef XLNK_DEVICE_H
#define XLNK_DEVICE_H

#include <glib.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "xlnkcoherence.h"
#include "xlnkerror.h"

G_BEGIN_DECLS

typedef struct _XlnkDevice XlnkDevice;
typedef struct _XlnkDeviceClass XlnkDeviceClass;
typedef struct _XlnkBlock XlnkBlock;
typedef struct _XlnkLedgerSlot XlnkLedgerSlot;

/* How the caches are maintained (design §5). */
typedef enum
{
  XLNK_BY_ADDRESS,              /* the CPU does it from user space: exactly the lines asked */
  XLNK_BY_DRIVER_ARM,           /* CACHECTRL of 32-bit ARM, from the block's first byte */
  XLNK_BY_DRIVER_ARM64,         /* CACHECTRL of arm64, likewise: a fallback, since it can drop a writer's lines */
} XlnkMaintainer;

/* What the kernel gave for one allocation. */
typedef struct
{
  uint32_t id;
  uint64_t phys;
  size_t length;                /* bytes as asked of the driver, not rounded to pages */
  bool cached;
  void *cpu;                    /* the mapping, NULL before map and after unmap */
} XlnkExtent;

/* What becomes of blocks that nobody has freed. */
typedef enum
{
  XLNK_LIFETIME_UNKNOWN,
  XLNK_LIFETIME_OF_SYSTEM,      /* they stay until a reset, or a reboot */
  XLNK_LIFETIME_OF_FILE,        /* the driver frees them with the open file that they were allocated through */
} XlnkLifetime;

struct _XlnkDeviceClass
{
  const char *name;
  size_t max_length;            /* bytes; the most that one allocation can be, and that sync can cover */

  /* Opens @device->path into @device->fd, -1 on failure, and refuses drivers that it does not know. */
  bool (*open) (XlnkDevice * device, GError ** error);
  /* Fills in id and phys. The kernel writes them into @slot (xlnkledger.h), which still names the buffer if there is one
   * that cannot be used. On failure *@no_memory tells exhaustion from everything else. */
  bool (*alloc) (XlnkDevice * device, XlnkLedgerSlot * slot, XlnkExtent * extent, bool *no_memory, GError ** error);
  bool (*free) (XlnkDevice * device, const XlnkExtent * extent, GError ** error);
  /* Maps the whole extent, so that nothing but this extent is reachable. The first to be mapped must be new. */
  bool (*map) (XlnkDevice * device, XlnkExtent * extent, GError ** error);
  /* Maps somebody's block to look at it, and never to write. The first of all may be such a one. */
  bool (*map_to_look) (XlnkDevice * device, XlnkExtent * extent, GError ** error);
  void (*unmap) (XlnkDevice * device, XlnkExtent * extent);
  /* TRUE if the driver knows a live allocation around the last byte of @extent. Otherwise errno tells why: EINVAL says
   * that it knows none, everything else that it could not be asked, so that nothing is known. */
  bool (*is_live) (XlnkDevice * device, const XlnkExtent * extent);
  /* Maintains at least @range; the wider range that it did maintain goes to *@covered. */
  bool (*sync) (XlnkDevice * device, const XlnkExtent * extent, XlnkMaintenance maintenance, XlnkRange range,
      XlnkRange * covered, GError ** error);
  /* Tries with a block of its own, which it makes known in @slot, whether a block outlives the open file that it was
   * allocated through. UNKNOWN if it cannot be tried now. */
  XlnkLifetime (*try_lifetime) (XlnkDevice * device, XlnkLedgerSlot * slot, size_t length);
  /* Frees every allocation of every process. */
  bool (*reset) (XlnkDevice * device, GError ** error);
  void (*close) (XlnkDevice * device);
};

/* Since the device was opened, by this process, in numbers and bytes. */
typedef struct
{
  uint64_t live_blocks;
  uint64_t live_bytes;          /* as asked by the caller, without the driver's and our own rounding */
  uint64_t peak_bytes;
  uint64_t allocs;
  uint64_t failed_allocs;
  uint64_t frees;
  uint64_t lost_blocks;         /* taken away by a stranger's reset or free, or overwritten behind their end: not freed by us */
  uint64_t flushes;
  uint64_t flushed_bytes;
  uint64_t invalidates;
  uint64_t invalidated_bytes;
  uint64_t cma_total;           /* of the system; 0: the kernel does not say */
  uint64_t cma_free;
} XlnkDeviceStats;

struct _XlnkDevice
{
  const XlnkDeviceClass *klass;
  char *path;                   /* resolved: no links, no `auto` */
  int fd;
  bool inherited;               /* it is the parent's open file, of a forked child that has none of its own yet */
  uint64_t node_device, node_inode;     /* which node that is: st_dev and st_ino */
  bool maintains;               /* the driver's mode is one in which it does; false until it was asked */
  int shift;                    /* mmap offset = id << shift; 0 until probed */
  size_t line;                  /* bytes of a cache line */
  XlnkMaintainer maintainer;

  atomic_int references;
  pthread_mutex_t mutex;        /* over the table's functions and what follows */
  GPtrArray *blocks;            /* of XlnkBlock, live, not referenced */
  GPtrArray *parents_blocks;    /* in a forked child: what may have been half-changed */
  uint64_t parents_live_blocks; /* in a forked child: how many its parent had, and the parent's own parents */
  struct _XlnkLedger *ledger;   /* of this process; NULL before the first allocation */
  struct _XlnkLedger *parents_ledger;   /* in a forked child: not its own */
  XlnkLifetime lifetime;
  bool lifetime_confirmed;      /* OF_FILE, said twice */
  XlnkDeviceStats counts;
  atomic_ullong flushes, flushed_bytes, invalidates, invalidated_bytes;
};

/* @name is a path, or `auto` or NULL for the first of the known nodes that exists. Frees what dead processes have left
 * there (xlnkreclaim.h). Two opens of one node give two
 * devices; whoever wants one asks xlnk_device_resolve first. Frees with xlnk_device_unref. */
XlnkDevice *xlnk_device_open (const char *name, GError ** error);

/* The same, but what dead processes have left stays where it is: for who wants to see it. */
XlnkDevice *xlnk_device_open_to_look (const char *name, GError ** error);
XlnkDevice *xlnk_device_ref (XlnkDevice * device);
void xlnk_device_unref (XlnkDevice * device);

/* In a forked child, before its first allocation: from now on it has an open file of its own, so that a driver that frees
 * by open file (xlnkledger.h, 7) frees the child's when the child ends, and not when its parent does. If it may not open
 * the device any more, it goes on with its parent's. Under the device's mutex. */
void xlnk_device_leave_parent (XlnkDevice * device);

/* The path that xlnk_device_open would open, without links; to be freed with g_free. Never NULL: a node that does not
 * exist keeps its name, so that the open can say so. */
char *xlnk_device_resolve (const char *name);

void xlnk_device_get_stats (XlnkDevice * device, XlnkDeviceStats * stats);

/* Frees every buffer of every process on the board. Refuses (BUSY) while this process holds a block of its own, and if its
 * parent held one when it was forked. */
bool xlnk_device_reset (XlnkDevice * device, GError ** error);

/* The one for /dev/xlnk. */
extern const XlnkDeviceClass xlnk_chardev_class;

G_END_DECLS

#endif /* XLNK_DEVICE_H */
