/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef __GST_XLNK_ALLOCATOR_H__
#define __GST_XLNK_ALLOCATOR_H__

#include <gst/xlnk/gstxlnk-prelude.h>
#include <gst/xlnk/gstxlnkstats.h>

G_BEGIN_DECLS

/**
 * GST_ALLOCATOR_XLNK:
 *
 * The name of the default allocator in GStreamer's registry, and the mem_type of its memories.
 *
 * Since: 0.1
 */
#define GST_ALLOCATOR_XLNK "xlnk"

#define GST_TYPE_XLNK_ALLOCATOR (gst_xlnk_allocator_get_type ())
GST_XLNK_API
G_DECLARE_FINAL_TYPE (GstXlnkAllocator, gst_xlnk_allocator, GST, XLNK_ALLOCATOR, GstAllocator)

/**
 * gst_xlnk_allocator_init_once:
 * @error: (nullable): where the reason of a failure goes
 *
 * Opens the default device (environment variable `GST_XLNK_DEVICE`, a path, else `auto`) and registers its allocator,
 * after which gst_allocator_find() knows it by the name %GST_ALLOCATOR_XLNK. Elements of this project call it when
 * they first need memory; an application that wants the allocator by name calls it once after gst_init().
 *
 * May be called often and from any thread. A failure is not remembered: the next call tries again.
 *
 * Returns: %FALSE if there is no usable device; @error says why and what to do (%GST_XLNK_ERROR_NO_DEVICE,
 *     %GST_XLNK_ERROR_PERMISSION, %GST_XLNK_ERROR_UNKNOWN_ABI)
 *
 * Since: 0.1
 */
GST_XLNK_API
gboolean gst_xlnk_allocator_init_once (GError ** error);

/**
 * gst_xlnk_allocator_get:
 * @device: (nullable): a path such as `/dev/xlnk`, or `auto`; %NULL for the default device
 * @error: (nullable): where the reason of a failure goes
 *
 * The allocator of a device, opened now or shared with everyone in this process who asked before: there is one
 * allocator for each device node, whatever name or link led to it, as long as somebody holds a reference. Memories
 * hold one, so they may outlive everything else.
 *
 * Returns: (transfer full) (nullable): the allocator, or %NULL with @error set as in gst_xlnk_allocator_init_once()
 *
 * Since: 0.1
 */
GST_XLNK_API
GstXlnkAllocator *gst_xlnk_allocator_get (const gchar * device, GError ** error);

/**
 * gst_xlnk_allocator_get_device:
 * @self: the allocator
 *
 * Returns: (transfer none): the path of the device node, links resolved
 *
 * Since: 0.1
 */
GST_XLNK_API
const gchar *gst_xlnk_allocator_get_device (GstXlnkAllocator * self);

/**
 * gst_xlnk_allocator_alloc:
 * @self: the allocator
 * @size: visible bytes; may be 0
 * @cacheable: %TRUE for memory that the CPU caches, which is what one wants: it is fast, and kept coherent by maps.
 *     %FALSE for memory that it does not: no maintenance ever, but reads are very slow, and an unaligned access or an
 *     optimised memcpy raises SIGBUS (Device or Strongly-ordered memory, xlnk-abi §5.3).
 * @params: (nullable): alignment, prefix, padding and flags, honoured in full
 * @error: (nullable): where the reason of a failure goes
 *
 * What gst_allocator_alloc() does, with a reason when it fails. (gst_allocator_alloc() itself gives cacheable memory,
 * unless the flags of its parameters have %GST_MEMORY_FLAG_XLNK_UNCACHED.) (PYNQ: `cma_alloc`.)
 *
 * The memory is zeroed, physically contiguous, below 4 GiB, page aligned, and mapped once for its whole life.
 * Its maxsize is exactly prefix + size + padding; without either, the size rounded up to GStreamer's alignment, as that
 * of system memory is.
 *
 * Returns: (transfer full) (nullable): the memory, or %NULL with @error set: %GST_XLNK_ERROR_EXHAUSTED,
 *     %GST_XLNK_ERROR_TOO_LARGE, %GST_XLNK_ERROR_FAILED
 *
 * Since: 0.1
 */
GST_XLNK_API
GstMemory *gst_xlnk_allocator_alloc (GstXlnkAllocator * self, gsize size, gboolean cacheable,
    const GstAllocationParams * params, GError ** error);

/**
 * gst_xlnk_allocator_alloc_elements:
 * @self: the allocator
 * @n_elements: how many
 * @element_size: bytes of one, as of `sizeof`
 * @cacheable: as in gst_xlnk_allocator_alloc()
 * @error: (nullable): where the reason of a failure goes
 *
 * Memory for an array. A product that does not fit fails with %GST_XLNK_ERROR_TOO_LARGE. (PYNQ: `cma_alloc` with a
 * `data_type`, `cma_array`, `allocate`.)
 *
 * Returns: (transfer full) (nullable): the memory, or %NULL with @error set
 *
 * Since: 0.1
 */
GST_XLNK_API
GstMemory *gst_xlnk_allocator_alloc_elements (GstXlnkAllocator * self, gsize n_elements, gsize element_size,
    gboolean cacheable, GError ** error);

/**
 * gst_xlnk_allocator_wrap_pointer:
 * @self: the allocator
 * @pointer: an address inside a live memory of @self, as a map gave it
 * @size: bytes from there
 * @error: (nullable): where the reason of a failure goes
 *
 * Makes a #GstMemory of a pointer that is already ours. It shares the block, which stays alive as long as either
 * does, and its cache state; it is writable. (PYNQ: `cma_array` with `pointer`.)
 *
 * Returns: (transfer full) (nullable): the memory, or %NULL with %GST_XLNK_ERROR_NOT_OURS if not all of those bytes
 *     are in one live memory of @self
 *
 * Since: 0.1
 */
GST_XLNK_API
GstMemory *gst_xlnk_allocator_wrap_pointer (GstXlnkAllocator * self, gpointer pointer, gsize size, GError ** error);

/**
 * gst_xlnk_allocator_lookup_phys_addr:
 * @self: the allocator
 * @pointer: an address inside a live memory of @self, not necessarily its start
 *
 * The physical address of an interior pointer. Like every hand-out of an address it sets the block to
 * “exposed”: see gst_xlnk_memory_get_phys_addr(). (PYNQ: `cma_get_phy_addr`.)
 *
 * Returns: the address, 0 if @pointer is not ours
 *
 * Since: 0.1
 */
GST_XLNK_API
guint64 gst_xlnk_allocator_lookup_phys_addr (GstXlnkAllocator * self, gconstpointer pointer);

/**
 * gst_xlnk_allocator_get_stats:
 * @self: the allocator
 * @stats: (out caller-allocates): filled in
 *
 * Reads `/proc/meminfo`, so not for every frame. (PYNQ: `cma_stats`, `cma_mem_size`.)
 *
 * Since: 0.1
 */
GST_XLNK_API
void gst_xlnk_allocator_get_stats (GstXlnkAllocator * self, GstXlnkStats * stats);

/**
 * gst_xlnk_allocator_reset:
 * @self: the allocator
 * @error: (nullable): where the reason of a failure goes
 *
 * Frees every buffer of **every process** on the board: the driver's only cure for what a crashed process left behind.
 * Other processes go on with memory that is no longer theirs. Nothing in this project calls it on its own. (PYNQ:
 * `xlnk_reset`.)
 *
 * Returns: %FALSE with %GST_XLNK_ERROR_BUSY while this process itself holds memory of @self, or with
 *     %GST_XLNK_ERROR_FAILED
 *
 * Since: 0.1
 */
GST_XLNK_API
gboolean gst_xlnk_allocator_reset (GstXlnkAllocator * self, GError ** error);

/**
 * GstXlnkReclaimFlags:
 * @GST_XLNK_RECLAIM_SAFE: only what provably was a dead process's, and nobody's device can know of
 * @GST_XLNK_RECLAIM_EXPOSED: also memory whose physical address was handed out: no device uses it any more
 * @GST_XLNK_RECLAIM_COOKIE_LESS: also memory whose owner died before it could mark it: somebody has looked at the list of
 *     `xlnk-ctl status`
 * @GST_XLNK_RECLAIM_ARMED: also memory that a core was working on: it was stopped
 * @GST_XLNK_RECLAIM_DRY_RUN: free nothing, say what would be freed
 *
 * What gst_xlnk_allocator_reclaim() may free of processes that are dead. Never anything of one that lives.
 *
 * Since: 0.1
 */
typedef enum
{
  GST_XLNK_RECLAIM_SAFE = 0,
  GST_XLNK_RECLAIM_EXPOSED = (1 << 0),
  GST_XLNK_RECLAIM_COOKIE_LESS = (1 << 1),
  GST_XLNK_RECLAIM_ARMED = (1 << 2),
  GST_XLNK_RECLAIM_DRY_RUN = (1 << 3)
} GstXlnkReclaimFlags;

/**
 * GstXlnkReclaimResult:
 * @freed: buffers that were freed
 * @freed_bytes: bytes of those
 * @kept_exposed: buffers that stay because their address was handed out
 * @kept_cookie_less: buffers that stay because their owner died before it could mark them
 * @kept_foreign: buffers that stay because they bear the marks of somebody else
 * @kept_armed: buffers that stay because a core may still be working on them
 * @failed: buffers, or whole ledgers, that could not be looked at
 *
 * What became of the buffers of dead processes.
 *
 * Since: 0.1
 */
typedef struct
{
  guint64 freed;
  guint64 freed_bytes;
  guint64 kept_exposed;
  guint64 kept_cookie_less;
  guint64 kept_foreign;
  guint64 kept_armed;
  guint64 failed;

  /*< private >*/
  guint64 _gst_reserved[GST_PADDING];
} GstXlnkReclaimResult;

/**
 * gst_xlnk_allocator_reclaim:
 * @self: the allocator
 * @flags: what beyond the safe
 * @result: (out caller-allocates) (optional): filled in
 * @error: (nullable): where the reason of a failure goes
 *
 * Frees buffers that dead processes have left. The driver does not; but every process that uses this library notes its
 * buffers in a ledger, unless the environment says `GST_XLNK_LEDGER=off`, and whoever comes next gives back what is
 * provably a dead one's. That happens when a device is opened and when an allocation finds no memory; so this is
 * for programs that run for long, and for the flags. Unlike gst_xlnk_allocator_reset() it takes nothing from anybody who
 * lives.
 *
 * Returns: %FALSE with @error set if the ledgers cannot be read; there being none is a success
 *
 * Since: 0.1
 */
GST_XLNK_API
gboolean gst_xlnk_allocator_reclaim (GstXlnkAllocator * self, GstXlnkReclaimFlags flags, GstXlnkReclaimResult * result,
    GError ** error);

G_END_DECLS

#endif /* __GST_XLNK_ALLOCATOR_H__ */
