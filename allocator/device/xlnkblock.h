/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * xlnkblock.h: one piece of physically contiguous memory, mapped once, with the state of its caches.
 *
 *   cpu / phys                                        + size        + cookie line      page end
 *   |<------------------- usable ------------------->|..|<-- 64 -->|......slack.......|
 *
 * The cookie, 128 random bits in a cache line of its own behind the usable bytes, tells our block from another one
 * that took over its id and address after somebody reset the driver or freed our id: the driver zeroes what it hands
 * out (xlnk-abi §5.1). A block whose cookie is gone is never freed by us. Only CPUs read it, so it needs no flush.
 *
 * A block is counted by reference and may be used from any thread. A forked child must not touch its parent's blocks:
 * every function refuses there, and nothing is freed.
 */
#ifndef XLNK_BLOCK_H
#define XLNK_BLOCK_H

#include "xlnkdevice.h"
#include "xlnkledger.h"

G_BEGIN_DECLS

struct _XlnkBlock
{
  XlnkDevice *device;           /* referenced */
  unsigned references;          /* under the device's mutex, so that a look-up by address cannot meet a dying block */
  XlnkExtent extent;
  size_t size;                  /* usable bytes, as asked */
  unsigned generation;          /* which process allocated it */
  uint8_t cookie[XLNK_COOKIE_SIZE];     /* as in the slot, which others may write to */
  XlnkLedgerSlot *slot;
  bool gone;                    /* its id is another block's of this process; under the device's mutex */

  pthread_mutex_t mutex;        /* over check, maintenance and update of what follows */
  XlnkCoherence coherence;
};

/* @size may be 0. The memory is zeroed (by the driver), page aligned and mapped. */
XlnkBlock *xlnk_block_new (XlnkDevice * device, size_t size, bool cached, GError ** error);
XlnkBlock *xlnk_block_ref (XlnkBlock * block);
void xlnk_block_unref (XlnkBlock * block);

/* The live block of this process whose usable bytes hold [@pointer, @pointer + @size), referenced, or NULL. */
XlnkBlock *xlnk_device_find_block (XlnkDevice * device, const void *pointer, size_t size);

/* Opens a map of @range for @access, after the maintenance that is due for it (xlnkcoherence.h has the rules).
 * CONFLICT if an open map excludes it. Each map wants its own unmap with the same range and access; a surplus unmap
 * is ignored. Without due maintenance neither makes a system call. */
bool xlnk_block_map (XlnkBlock * block, XlnkAccess access, XlnkRange range, GError ** error);
void xlnk_block_unmap (XlnkBlock * block, XlnkAccess access, XlnkRange range);

/* The physical address goes to somebody who will not say when the device runs: from now on every map and unmap
 * synchronises. Returns false, and the address must not be handed out, if what is dirty now could not be cleaned. */
bool xlnk_block_expose (XlnkBlock * block, GError ** error);

/* A job of the core at @base (0: the one called @name) is about to start on the block, and is over or was never started.
 * A process that dies in between leaves the block alone until that core was found idle. No system call, and no lock but
 * for the first job of a core. */
void xlnk_block_arm (XlnkBlock * block, uint64_t base, const char *name);
void xlnk_block_disarm (XlnkBlock * block, uint64_t base, const char *name);

/* Around a map for the device of which nobody says in this way which core uses it: +1 before the address leaves, -1 when the
 * map is over. A process that dies in between leaves the block as one that was exposed. No system call and no lock. */
void xlnk_block_count_device_map (XlnkBlock * block, int change);

/* Unconditional, whatever the state says. */
bool xlnk_block_flush (XlnkBlock * block, XlnkRange range, GError ** error);
bool xlnk_block_invalidate (XlnkBlock * block, XlnkRange range, GError ** error);

/* The CPU copies @size bytes; the ranges may lie in one block but not overlap. Counts as a read of the one and a
 * write of the other. Only aligned accesses to uncached memory. */
bool xlnk_block_copy (XlnkBlock * dest, size_t dest_offset, XlnkBlock * src, size_t src_offset, size_t size,
    GError ** error);

/* Likewise, to memory that is not ours. */
bool xlnk_block_read (XlnkBlock * src, size_t src_offset, void *dest, size_t size, GError ** error);

G_END_DECLS

#endif /* XLNK_BLOCK_H */
