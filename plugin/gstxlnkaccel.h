/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * gstxlnkaccel.h: the element `xlnkaccel`. Internal to the plugin: applications see it through properties.
 */
#ifndef __GST_XLNK_ACCEL_H__
#define __GST_XLNK_ACCEL_H__

#include <gst/base/gstbasetransform.h>
#include <gst/video/video.h>
#include <gst/xlnk/xlnk.h>

#include "gstxlnkuploader.h"

G_BEGIN_DECLS

#define GST_TYPE_XLNK_ACCEL (gst_xlnk_accel_get_type ())
G_DECLARE_FINAL_TYPE (GstXlnkAccel, gst_xlnk_accel, GST, XLNK_ACCEL, GstBaseTransform)

typedef struct
{
  gboolean cacheable;
  gboolean require_zero_copy;
  guint max_buffers;
} GstXlnkAccelSettings;

/* What was negotiated last. All zero without caps: bytes. */
typedef struct
{
  gboolean is_video;            /* raw video, then info is valid */
  GstVideoInfo info;
  gboolean foreign_memory;      /* the caps name memory that is not the system's: none of our business */
  gboolean downstream_video_meta;       /* downstream copes with rows anywhere */
} GstXlnkAccelFormat;

typedef struct
{
  guint64 frames;
  guint64 copies;
  guint64 copied_bytes;
  guint64 lent_allocations;     /* runtime allocations of lent pools that are gone */
  guint64 earlier_allocations;  /* those of the uploader before the element left READY */
  GstXlnkStats baseline;        /* the device's, when the element left READY */
  GstXlnkStats device;          /* as seen last */
} GstXlnkAccelCounters;

struct _GstXlnkAccel
{
  GstBaseTransform parent;

  /* Under the object lock. */
  gchar *device;
  gchar *accelerator;
  GstXlnkAccelSettings settings;
  GstXlnkAllocator *allocator;  /* NULL while the element is */
  GstBufferPool *lent;          /* the pool that upstream was offered last */
  GstXlnkAccelCounters counters;

  GstXlnkUploader *uploader;    /* as long as allocator */

  /* Of the streaming thread. */
  GstXlnkAccelFormat format;
  gboolean said_why;            /* the reason for copying has been logged for this format */
};

/* A consistent copy, from any thread. */
GstXlnkAccelSettings gst_xlnk_accel_get_settings (GstXlnkAccel * self);

G_END_DECLS

#endif /* __GST_XLNK_ACCEL_H__ */
