/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef __GST_XLNK_STATS_H__
#define __GST_XLNK_STATS_H__

#include <gst/xlnk/gstxlnk-prelude.h>

G_BEGIN_DECLS

/**
 * GstXlnkStats:
 * @cma_available: contiguous memory that is free in the whole system, in bytes. It may be in pieces.
 *     0 if the kernel does not say. (PYNQ: `CMA Memory Available`.)
 * @cma_total: contiguous memory of the whole system, in bytes, 0 if the kernel does not say.
 *     (PYNQ: `cma_mem_size()`.)
 * @cma_usage: bytes asked for by this process through this allocator and not freed yet. (PYNQ: `CMA Memory Usage`.)
 * @buffer_count: how many blocks that is. Memories that share one block count once. (PYNQ: `Buffer Count`.)
 * @peak_usage: the largest @cma_usage so far, in bytes.
 * @allocations: blocks allocated so far.
 * @failed_allocations: allocations that failed so far.
 * @lost_buffers: blocks that another process took away, by a reset of the driver or by freeing our id, or whose end was
 *     overwritten, by a core for example, and that were therefore not freed by us.
 * @flushes: how often caches were flushed.
 * @flushed_bytes: the bytes of those flushes, rounded to cache lines.
 * @invalidates: how often caches were invalidated.
 * @invalidated_bytes: the bytes of those invalidations, rounded to cache lines.
 * @copies: how often GStreamer had memory copied: gst_memory_copy(), gst_buffer_copy_deep(), and making a buffer writable
 *     whose memory somebody else has mapped for writing. Each copy to contiguous memory is one of @allocations, too.
 * @copied_bytes: the bytes of those copies.
 *
 * A snapshot of what one device has given to this process.
 *
 * Since: 0.1
 */
typedef struct
{
  guint64 cma_available;
  guint64 cma_total;
  guint64 cma_usage;
  guint64 buffer_count;
  guint64 peak_usage;
  guint64 allocations;
  guint64 failed_allocations;
  guint64 lost_buffers;
  guint64 flushes;
  guint64 flushed_bytes;
  guint64 invalidates;
  guint64 invalidated_bytes;
  guint64 copies;
  guint64 copied_bytes;

  /*< private >*/
  guint64 _gst_reserved[GST_PADDING];
} GstXlnkStats;

G_END_DECLS

#endif /* __GST_XLNK_STATS_H__ */
