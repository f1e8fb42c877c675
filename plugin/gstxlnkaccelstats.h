/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * gstxlnkaccelstats.h: what xlnkaccel counts, and how it tells.
 */
#ifndef __GST_XLNK_ACCEL_STATS_H__
#define __GST_XLNK_ACCEL_STATS_H__

#include "gstxlnkaccel.h"

G_BEGIN_DECLS

#define GST_XLNK_ACCEL_STATS_NAME "xlnkaccel-stats"

/* Starts from zero; when the element leaves READY. */
void gst_xlnk_accel_stats_reset (GstXlnkAccel * self);

/* @copied: the bytes, 0 if the buffer went through untouched. */
void gst_xlnk_accel_stats_count_frame (GstXlnkAccel * self, gsize copied);

/* Upstream was offered @pool (nullable), and what it was offered before is history. */
void gst_xlnk_accel_stats_take_lent (GstXlnkAccel * self, GstBufferPool * pool);

/* Returns (transfer full) the structure of the property `stats` and of the message at EOS. */
GstStructure *gst_xlnk_accel_stats_to_structure (GstXlnkAccel * self);

G_END_DECLS

#endif /* __GST_XLNK_ACCEL_STATS_H__ */
