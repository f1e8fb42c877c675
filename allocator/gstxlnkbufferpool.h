/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef __GST_XLNK_BUFFER_POOL_H__
#define __GST_XLNK_BUFFER_POOL_H__

#include <gst/video/gstvideopool.h>
#include <gst/xlnk/gstxlnk-prelude.h>
#include <gst/xlnk/gstxlnkallocator.h>

G_BEGIN_DECLS

#define GST_TYPE_XLNK_BUFFER_POOL (gst_xlnk_buffer_pool_get_type ())
GST_XLNK_API
G_DECLARE_FINAL_TYPE (GstXlnkBufferPool, gst_xlnk_buffer_pool, GST, XLNK_BUFFER_POOL, GstVideoBufferPool)

/**
 * gst_xlnk_buffer_pool_new:
 * @allocator: where its memory comes from
 *
 * A pool of physically contiguous buffers, each of exactly one memory and with #GstXlnkPhysMeta. For raw video it has
 * the options of #GstVideoBufferPool (#GstVideoMeta, #GstVideoAlignment, and the size that follows from them); for
 * other caps, and for none, it is a plain pool of bytes. Whatever allocator a configuration names, the buffers come
 * from @allocator; the configuration's #GstAllocationParams are kept.
 *
 * An activation that runs out of contiguous memory half-way leaves nothing allocated. When all max-buffers are in use
 * the pool blocks, as pools do, but says so once, as a warning of the category `xlnkpool`.
 *
 * Returns: (transfer full): the pool
 *
 * Since: 0.1
 */
GST_XLNK_API
GstBufferPool *gst_xlnk_buffer_pool_new (GstXlnkAllocator * allocator);

/**
 * gst_xlnk_buffer_pool_new_with_config:
 * @allocator: where its memory comes from
 * @caps: (nullable): what the buffers hold
 * @size: bytes of a buffer, at the least; 0 for raw video: what the format needs
 * @min_buffers: how many to allocate when the pool is activated
 * @max_buffers: at most so many, 0 for no limit
 *
 * A pool that is configured, with #GstVideoMeta for raw video, and only waits for gst_buffer_pool_set_active().
 *
 * Returns: (transfer full) (nullable): the pool, or %NULL if the configuration makes no sense
 *
 * Since: 0.1
 */
GST_XLNK_API
GstBufferPool *gst_xlnk_buffer_pool_new_with_config (GstXlnkAllocator * allocator, GstCaps * caps, guint size,
    guint min_buffers, guint max_buffers);

/**
 * gst_buffer_pool_config_set_xlnk_cacheable:
 * @config: a configuration of a #GstXlnkBufferPool
 * @cacheable: what gst_xlnk_allocator_alloc() takes; %TRUE if never set
 *
 * Since: 0.1
 */
GST_XLNK_API
void gst_buffer_pool_config_set_xlnk_cacheable (GstStructure * config, gboolean cacheable);

/**
 * gst_buffer_pool_config_get_xlnk_cacheable:
 * @config: a configuration of a #GstXlnkBufferPool
 *
 * Returns: whether the buffers are to be cacheable
 *
 * Since: 0.1
 */
GST_XLNK_API
gboolean gst_buffer_pool_config_get_xlnk_cacheable (GstStructure * config);

/**
 * gst_xlnk_buffer_pool_get_allocator:
 * @self: the pool
 *
 * Returns: (transfer none): where its memory comes from
 *
 * Since: 0.1
 */
GST_XLNK_API
GstXlnkAllocator *gst_xlnk_buffer_pool_get_allocator (GstXlnkBufferPool * self);

/**
 * gst_xlnk_buffer_pool_get_runtime_allocations:
 * @self: the pool
 *
 * How many buffers were allocated while the pool was running, rather than when it was activated: each one may stall
 * its stream for milliseconds, and is logged in `GST_PERFORMANCE`. A larger min-buffers avoids them.
 *
 * Returns: the number since the pool was made
 *
 * Since: 0.1
 */
GST_XLNK_API
guint64 gst_xlnk_buffer_pool_get_runtime_allocations (GstXlnkBufferPool * self);

G_END_DECLS

#endif /* __GST_XLNK_BUFFER_POOL_H__ */
