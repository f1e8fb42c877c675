/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef __GST_XLNK_MEMORY_H__
#define __GST_XLNK_MEMORY_H__

#include <gst/xlnk/gstxlnk-prelude.h>

G_BEGIN_DECLS

/**
 * SECTION:gstxlnkmemory
 * @title: GstXlnkMemory
 * @short_description: physically contiguous memory
 *
 * A #GstMemory over one block of the xlnk driver, made by #GstXlnkAllocator, with the flag
 * %GST_MEMORY_FLAG_PHYSICALLY_CONTIGUOUS.
 *
 * |[
 *   block                                                            (page aligned, mapped once)
 *   |<- alignment ->|<------------------ maxsize ------------------->|
 *   |               |<- prefix = offset ->|<---- size ---->|<- padding ->|
 *   |               |                     |
 *   block           map's base            info.data, and the physical address
 * ]|
 *
 * # Cache synchronisation
 *
 * Mapping and unmapping do it: gst_memory_map() and gst_buffer_map() as everywhere in GStreamer, and
 * gst_xlnk_memory_map_device() around what the hardware does. Who brackets both sides pays for exactly the bytes that
 * changed hands, and a map for which nothing is due makes no system call.
 *
 * Once a physical address was handed out (gst_xlnk_memory_get_phys_addr() and whatever calls it), the block is
 * *exposed*, until it is freed: somebody runs a device and does not say when. From then on each CPU unmap after a
 * write cleans its range, and each CPU map invalidates its range. So "unmap, run the device, map" is always right. A
 * READ map that is held across such a run shows undefined data until it is mapped anew.
 *
 * A device WRITE map excludes every other map of the same cache lines, a device READ map excludes CPU writers; a map
 * that is excluded fails, and the log of the category `xlnkallocator` says by what. CPU maps never exclude each other.
 * A WRITE map covers all that may be written through it, to the memory's maxsize.
 *
 * # Threads, forks
 *
 * As for any #GstMemory; parent and children share one state under one lock. A child process must not touch its
 * parent's memory: maps fail there, and freeing it frees nothing.
 */

/**
 * GST_MEMORY_FLAG_XLNK_UNCACHED:
 *
 * In #GstAllocationParams: asks for memory that the CPU does not cache. In a #GstMemory: it is so.
 * Read the warning at gst_xlnk_allocator_alloc().
 *
 * Since: 0.1
 */
#define GST_MEMORY_FLAG_XLNK_UNCACHED (GST_MEMORY_FLAG_LAST << 4)

/**
 * GST_MAP_XLNK_DEVICE:
 *
 * The map is for the *device*: `info.data` is the device address, not to be dereferenced. Combine with %GST_MAP_READ
 * if the device reads, %GST_MAP_WRITE if it writes. Use gst_xlnk_memory_map_device() or
 * gst_xlnk_buffer_map_device(), which insist on our memory; gst_buffer_map() with this flag is forbidden: on system
 * memory it "succeeds" with a virtual address, on several memories it merges them into system memory.
 *
 * Since: 0.1
 */
#define GST_MAP_XLNK_DEVICE (GST_MAP_FLAG_LAST << 8)

/**
 * GST_MAP_XLNK_ARMED:
 *
 * With %GST_MAP_XLNK_DEVICE: gst_xlnk_accelerator_arm() and gst_xlnk_accelerator_disarm() say when a core works on the
 * memory, as #xlnkaccel and whoever else drives a #GstXlnkAccelerator do. If the process dies while none does, the memory
 * goes back like any other. Without this flag nobody knows what the hardware does with the address: then it is taken for
 * handed out as long as it is mapped (see gst_xlnk_allocator_reclaim()).
 *
 * Since: 0.1
 */
#define GST_MAP_XLNK_ARMED (GST_MAP_FLAG_LAST << 9)

/**
 * gst_is_xlnk_memory:
 * @mem: (nullable): a memory
 *
 * Returns: %TRUE if @mem was made by a #GstXlnkAllocator, of whatever device
 *
 * Since: 0.1
 */
GST_XLNK_API
gboolean gst_is_xlnk_memory (GstMemory * mem);

/**
 * gst_xlnk_memory_is_cached:
 * @mem: an xlnk memory
 *
 * Returns: %TRUE if the CPU caches it, so that maintenance is needed at all
 *
 * Since: 0.1
 */
GST_XLNK_API
gboolean gst_xlnk_memory_is_cached (GstMemory * mem);

/**
 * gst_xlnk_memory_get_phys_addr:
 * @mem: an xlnk memory
 *
 * The physical address of the first visible byte: it includes the memory's offset, and of a memory made by
 * gst_memory_share() it is that one's own. The same as gst_phys_memory_get_phys_addr(), at full width.
 *
 * This *exposes* the block (see the top of this page): what the CPU has written so far is cleaned now, also under
 * open WRITE maps. If another memory of the same block ends or begins within a cache line of this one, a write there
 * by the CPU while the device writes here is lost or undoes the device's: keep what the two touch apart by
 * 64 bytes.
 *
 * Returns: the address; 0 means none: not xlnk memory, or the maintenance failed
 *
 * Since: 0.1
 */
GST_XLNK_API
guint64 gst_xlnk_memory_get_phys_addr (GstMemory * mem);

/**
 * gst_xlnk_memory_map_device:
 * @mem: an xlnk memory
 * @info: (out caller-allocates): filled in; `info.data` is the device address of the first visible byte
 * @flags: %GST_MAP_READ if the device reads, %GST_MAP_WRITE if it writes, or both; perhaps %GST_MAP_XLNK_ARMED
 *
 * Hands the visible bytes to the device, after the cache maintenance that this needs. Unmap only when the device has
 * stopped, also after a failed job: an unmap after WRITE records that the device wrote. Between a successful map and
 * the device's start there must be a barrier (`dsb sy`). If this process dies before the unmap, the block is kept until
 * somebody says that no device uses it any more.
 *
 * Returns: %FALSE if @mem is not ours or (for WRITE) not writable, if an open map excludes this one, or if the
 *     maintenance failed; nothing has changed then
 *
 * Since: 0.1
 */
GST_XLNK_API
gboolean gst_xlnk_memory_map_device (GstMemory * mem, GstMapInfo * info, GstMapFlags flags);

/**
 * gst_xlnk_memory_unmap_device:
 * @mem: the memory
 * @info: as filled in by gst_xlnk_memory_map_device()
 *
 * Ends the device's access.
 *
 * Since: 0.1
 */
GST_XLNK_API
void gst_xlnk_memory_unmap_device (GstMemory * mem, GstMapInfo * info);

/**
 * gst_xlnk_memory_flush:
 * @mem: an xlnk memory
 * @offset: bytes from the first visible one
 * @size: how many bytes, -1 for all that are visible from @offset
 * @error: (nullable): where the reason of a failure goes
 *
 * Writes what the CPU wrote there back to memory, whether or not the state says that it is due. Code that maps and
 * unmaps never needs it; it is for code that keeps a pointer, as PYNQ's users do. On uncached memory it does nothing.
 *
 * Returns: %FALSE with %GST_XLNK_ERROR_NOT_OURS if the range is not all visible or @mem is not ours, or with
 *     %GST_XLNK_ERROR_FAILED
 *
 * Since: 0.1
 */
GST_XLNK_API
gboolean gst_xlnk_memory_flush (GstMemory * mem, gsize offset, gssize size, GError ** error);

/**
 * gst_xlnk_memory_invalidate:
 * @mem: an xlnk memory
 * @offset: bytes from the first visible one
 * @size: how many bytes, -1 for all that are visible from @offset
 * @error: (nullable): where the reason of a failure goes
 *
 * Drops the cached lines there, so that the CPU sees what the device wrote. Dirty lines are written back first: flush
 * before the device starts, invalidate after it has stopped.
 *
 * Returns: as gst_xlnk_memory_flush()
 *
 * Since: 0.1
 */
GST_XLNK_API
gboolean gst_xlnk_memory_invalidate (GstMemory * mem, gsize offset, gssize size, GError ** error);

/**
 * gst_xlnk_memory_copy_into:
 * @dest: an xlnk memory, writable
 * @dest_offset: bytes from its first visible one
 * @src: an xlnk memory, not overlapping the target
 * @src_offset: bytes from its first visible one
 * @size: how many bytes
 * @error: (nullable): where the reason of a failure goes
 *
 * The CPU copies, coherently on both sides, and with aligned accesses only where memory is uncached. (PYNQ:
 * `cma_memcopy`.)
 *
 * Returns: %FALSE with %GST_XLNK_ERROR_NOT_OURS if the ranges are not visible, or with %GST_XLNK_ERROR_CONFLICT
 *
 * Since: 0.1
 */
GST_XLNK_API
gboolean gst_xlnk_memory_copy_into (GstMemory * dest, gsize dest_offset, GstMemory * src, gsize src_offset, gsize size,
    GError ** error);

G_END_DECLS

#endif /* __GST_XLNK_MEMORY_H__ */
