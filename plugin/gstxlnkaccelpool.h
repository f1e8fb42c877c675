/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * gstxlnkaccelpool.h: how the pools of xlnkaccel are configured, those that it lends and those that it fills itself.
 */
#ifndef __GST_XLNK_ACCEL_POOL_H__
#define __GST_XLNK_ACCEL_POOL_H__

#include <gst/video/video.h>
#include <gst/xlnk/xlnk.h>

G_BEGIN_DECLS

typedef struct
{
  GstCaps *caps;                /* NULL: bytes of no known kind */
  gboolean is_video;            /* raw video, with GstVideoMeta */
  gsize size;
  guint min_buffers;
  guint max_buffers;            /* 0: no limit; wins over min_buffers */
  gboolean cacheable;
  GstAllocationParams params;
} GstXlnkAccelPoolConfig;

/* TRUE if @caps are raw video of a known layout, which @info then has. Any caps are allowed. */
gboolean gst_xlnk_accel_parse_video (GstCaps * caps, GstVideoInfo * info);

/* TRUE if these (nullable) name memory of another kind than system memory, such as DMABuf or GLMemory. Of caps the first
 * structure counts. */
gboolean gst_xlnk_accel_are_foreign_features (const GstCapsFeatures * features);
gboolean gst_xlnk_accel_has_foreign_memory (GstCaps * caps);

/* An inactive pool, or NULL if @config asks for the impossible. Sets the size in @config to the pool's own, and the
 * minimum to what the maximum allows. */
GstBufferPool *gst_xlnk_accel_pool_new (GstXlnkAllocator * allocator, GstXlnkAccelPoolConfig * config);

/* What to say when this thread has just not got a contiguous buffer of @size bytes. */
GError *gst_xlnk_accel_pool_make_error (GstXlnkAllocator * allocator, gsize size);

G_END_DECLS

#endif /* __GST_XLNK_ACCEL_POOL_H__ */
