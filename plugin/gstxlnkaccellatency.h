/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * gstxlnkaccellatency.h: the latency of xlnkaccel: the time of its core, and of the frames that wait in its queue.
 */
#ifndef __GST_XLNK_ACCEL_LATENCY_H__
#define __GST_XLNK_ACCEL_LATENCY_H__

#include "gstxlnkaccel.h"

G_BEGIN_DECLS

/* From any thread: ns that frames spend here at most, beyond what upstream knows of. */
GstClockTime gst_xlnk_accel_get_latency (GstXlnkAccel * self);

/* From any thread: adds that to what upstream has answered. */
void gst_xlnk_accel_add_latency (GstXlnkAccel * self, GstQuery * query);

/* The application is to ask anew. */
void gst_xlnk_accel_announce_latency (GstXlnkAccel * self);

/* Streaming thread, behind a job: counts its time, and announces the latency if that has grown. */
void gst_xlnk_accel_note_core_time (GstXlnkAccel * self);

G_END_DECLS

#endif /* __GST_XLNK_ACCEL_LATENCY_H__ */
