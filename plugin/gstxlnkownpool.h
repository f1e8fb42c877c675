/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * gstxlnkownpool.h: a pool that the element fills from itself: for copies of what upstream made elsewhere, and for what
 * a core writes.
 *
 * It is activated when the first buffer is asked for, so that a pipeline that needs none pays nothing, and is replaced
 * when a larger one is, so that a steady stream allocates nothing.
 *
 * gst_xlnk_own_pool_set_flushing() and gst_xlnk_own_pool_get_runtime_allocations() may be called from any thread, the
 * rest only by the streaming thread or while there is none.
 */
#ifndef __GST_XLNK_OWN_POOL_H__
#define __GST_XLNK_OWN_POOL_H__

#include "gstxlnkaccelpool.h"

G_BEGIN_DECLS

typedef struct _GstXlnkOwnPool GstXlnkOwnPool;

/* Called by who is about to wait for a buffer, in case it has some itself. */
typedef void (*GstXlnkOwnPoolFunc) (gpointer user_data);

GstXlnkOwnPool *gst_xlnk_own_pool_new (GstXlnkAllocator * allocator, GstXlnkOwnPoolFunc before_waiting,
    gpointer user_data);
void gst_xlnk_own_pool_free (GstXlnkOwnPool * self);

/* What the buffers are like from now on; @info is NULL for bytes. Writes the size and the minimum that it settled on to
 * @config. Returns (transfer full) the pool for frames, NULL for bytes, whose size is not known before they come, and
 * if there can be no such pool. */
GstBufferPool *gst_xlnk_own_pool_configure (GstXlnkOwnPool * self, GstXlnkAccelPoolConfig * config,
    const GstVideoInfo * info);

/* Gives the pool up; a later buffer makes a new one. */
void gst_xlnk_own_pool_release (GstXlnkOwnPool * self);

/* While it is flushing nobody waits for a buffer: who does, or tries, gets GST_FLOW_FLUSHING. */
void gst_xlnk_own_pool_set_flushing (GstXlnkOwnPool * self, gboolean flushing);

/* A buffer of at least @size bytes. On GST_FLOW_ERROR, @error has the reason. */
GstFlowReturn gst_xlnk_own_pool_acquire (GstXlnkOwnPool * self, gsize size, GstBuffer ** buffer, GError ** error);

guint64 gst_xlnk_own_pool_get_runtime_allocations (GstXlnkOwnPool * self);

G_END_DECLS

#endif /* __GST_XLNK_OWN_POOL_H__ */
