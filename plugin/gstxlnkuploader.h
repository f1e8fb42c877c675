/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * gstxlnkuploader.h: copies buffers of other memory into contiguous ones.
 *
 * A hardware core needs one run of physical memory. Whatever upstream made elsewhere is copied here, once, into a pool
 * that the uploader owns. The pool is activated when the first copy is due, so that a pipeline without copies pays
 * nothing, and is replaced when a larger buffer arrives, so that a steady stream allocates nothing.
 *
 * gst_xlnk_uploader_set_flushing() and gst_xlnk_uploader_get_runtime_allocations() may be called from any thread, the
 * rest only by the streaming thread or while there is none.
 */
#ifndef __GST_XLNK_UPLOADER_H__
#define __GST_XLNK_UPLOADER_H__

#include "gstxlnkaccelpool.h"

G_BEGIN_DECLS

typedef struct _GstXlnkUploader GstXlnkUploader;

GstXlnkUploader *gst_xlnk_uploader_new (GstXlnkAllocator * allocator);
void gst_xlnk_uploader_free (GstXlnkUploader * self);

/* What the copies are like from now on; @info is NULL for bytes. Writes the size and the minimum that it settled on to
 * @config. Returns (transfer full) the pool for frames, NULL for bytes, whose size is not known before they come, and
 * if there can be no such pool. */
GstBufferPool *gst_xlnk_uploader_configure (GstXlnkUploader * self, GstXlnkAccelPoolConfig * config,
    const GstVideoInfo * info);

/* Gives the pool up; a later copy makes a new one. */
void gst_xlnk_uploader_release (GstXlnkUploader * self);

/* While it is flushing nobody waits for a buffer: who does, or tries, gets GST_FLOW_FLUSHING. */
void gst_xlnk_uploader_set_flushing (GstXlnkUploader * self, gboolean flushing);

/* @repack: the picture's rows in @src are not where the format puts them by default, in the copy they are to be.
 * Flags, timestamps and metas come along. On GST_FLOW_ERROR, @error has the reason. */
GstFlowReturn gst_xlnk_uploader_copy (GstXlnkUploader * self, GstBuffer * src, gboolean repack, GstBuffer ** copy,
    GError ** error);

guint64 gst_xlnk_uploader_get_runtime_allocations (GstXlnkUploader * self);

G_END_DECLS

#endif /* __GST_XLNK_UPLOADER_H__ */
