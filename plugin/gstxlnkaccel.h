/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * gstxlnkaccel.h: the element `xlnkaccel`. Internal to the plugin: applications see it through properties.
 */
#ifndef __GST_XLNK_ACCEL_H__
#define __GST_XLNK_ACCEL_H__

#include <gst/base/gstbasetransform.h>
#include <gst/video/video.h>
#include <gst/xlnk/xlnk.h>

#include "gstxlnkjobs.h"
#include "gstxlnkownpool.h"

G_BEGIN_DECLS

/* The accelerator that is none. */
#define GST_XLNK_ACCEL_PASSTHROUGH "passthrough"

#define GST_TYPE_XLNK_ACCEL (gst_xlnk_accel_get_type ())
G_DECLARE_FINAL_TYPE (GstXlnkAccel, gst_xlnk_accel, GST, XLNK_ACCEL, GstBaseTransform)

typedef struct
{
  gboolean cacheable;
  gboolean require_zero_copy;
  guint max_buffers;
  guint queue_depth;            /* frames in flight, 0: automatic */
  GstClockTime timeout;         /* ns for one frame in the core */
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
  guint64 earlier_allocations;  /* those of the own pools before the element left READY */
  guint64 earlier_core_time;    /* ns, before the element left READY */
  GstXlnkStats baseline;        /* the device's, when the element left READY */
  GstXlnkStats device;          /* as seen last */
} GstXlnkAccelCounters;

/* What the core works on, of the streaming thread. */
typedef struct
{
  GstCaps *new_caps;            /* of the caps event that is being handled; the pad has those before it */
  GstCaps *in_caps;             /* that were negotiated last */
  gboolean is_configured;       /* for this stream */
  GstCaps *known_in, *known_out;        /* what the core was told last */
  gboolean in_is_video, out_is_video;
  GstVideoInfo in, out;
  guint depth;                  /* frames in flight */
  GstFlowReturn answer;         /* the first that was not OK to what was drained, until upstream has it */
  gboolean is_behind_gap;       /* a frame was left out: the next one is discontinuous */
  GstClockTime latency;         /* the longest that the core has taken, rounded up; under the object lock */
} GstXlnkAccelCore;

struct _GstXlnkAccel
{
  GstBaseTransform parent;

  /* Under the object lock. */
  gchar *device;
  gchar *accelerator;
  GstCaps *output_caps;
  GstCaps *checked_output_caps; /* that the accelerator was opened with */
  gboolean is_started;          /* it is these that count */
  GstXlnkAccelSettings settings;
  GstXlnkAllocator *allocator;  /* NULL while the element is */
  GstBufferPool *lent;          /* the pool that upstream was offered last */
  GstXlnkAccelCounters counters;

  GstXlnkOwnPool *uploads;      /* for copies; as long as allocator */
  GstXlnkOwnPool *outputs;      /* for what a core writes; as long as allocator */
  GstXlnkJobs *jobs;            /* as long as allocator; NULL without an accelerator */

  GstPadActivateModeFunction base_activate_src;

  /* Of the streaming thread. */
  GstXlnkAccelFormat format;
  GstXlnkAccelCore core;
  gboolean said_why;            /* the reason for copying has been logged for this format */
};

/* A consistent copy, from any thread. */
GstXlnkAccelSettings gst_xlnk_accel_get_settings (GstXlnkAccel * self);
gchar *gst_xlnk_accel_get_accelerator (GstXlnkAccel * self);

/* The property before the start, from then on what it was when the accelerator was opened. */
GstCaps *gst_xlnk_accel_get_output_caps (GstXlnkAccel * self);

G_END_DECLS

#endif /* __GST_XLNK_ACCEL_H__ */
