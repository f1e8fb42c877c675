/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gstxlnkaccellatency.h"

#include "gstxlnkjobs.h"

#define LATENCY_STEP GST_MSECOND        /* finer changes are not worth a message */

void
gst_xlnk_accel_announce_latency (GstXlnkAccel * self)
{
  gst_element_post_message (GST_ELEMENT (self), gst_message_new_latency (GST_OBJECT (self)));
}

static GstClockTime
frame_duration (GstXlnkAccel * self)
{
  const GstVideoInfo *info = &self->core.in;

  if (!self->core.in_is_video || GST_VIDEO_INFO_FPS_N (info) <= 0)
    return 0;
  return gst_util_uint64_scale (GST_SECOND, GST_VIDEO_INFO_FPS_D (info), GST_VIDEO_INFO_FPS_N (info));
}

GstClockTime
gst_xlnk_accel_get_latency (GstXlnkAccel * self)
{
  GstClockTime latency = 0;

  GST_OBJECT_LOCK (self);
  if (self->jobs)
    latency = (MAX (self->core.depth, 1) - 1) * frame_duration (self) + self->core.latency;
  GST_OBJECT_UNLOCK (self);
  return latency;
}

void
gst_xlnk_accel_add_latency (GstXlnkAccel * self, GstQuery * query)
{
  GstClockTime latency = gst_xlnk_accel_get_latency (self);
  GstClockTime min, max;
  gboolean live;

  gst_query_parse_latency (query, &live, &min, &max);
  gst_query_set_latency (query, live, min + latency, GST_CLOCK_TIME_IS_VALID (max) ? max + latency : max);
}

/* The core's time is known when it has worked: the longest so far, rounded up. Of a job that was done before anybody
 * looked, such as during a pause, it is only known that the core kept up with the frames. */
void
gst_xlnk_accel_note_core_time (GstXlnkAccel * self)
{
  gboolean waited;
  GstClockTime time = gst_xlnk_jobs_get_last_core_time (self->jobs, &waited);

  if (!waited)
    time = MIN (time, frame_duration (self));
  if (time <= self->core.latency)
    return;
  GST_OBJECT_LOCK (self);
  self->core.latency = (time / LATENCY_STEP + 1) * LATENCY_STEP;
  GST_OBJECT_UNLOCK (self);
  gst_xlnk_accel_announce_latency (self);
}
