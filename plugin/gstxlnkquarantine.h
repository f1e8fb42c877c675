/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * gstxlnkquarantine.h: buffers that a core may still write to although nobody waits for it any more.
 *
 * Their memory keeps its device maps and goes to nobody, neither to a pool nor to the driver, until the core is confirmed
 * idle, by a reset or because it came to an end after all. The buffers around it are let go, so that their pools can
 * stop: a pool discards a buffer whose memory somebody else holds. The quarantine outlives the element; it is the
 * process's, and tells how many memories it holds, so that nobody takes them for leaked.
 */
#ifndef __GST_XLNK_QUARANTINE_H__
#define __GST_XLNK_QUARANTINE_H__

#include <gst/xlnk/xlnk.h>

G_BEGIN_DECLS

/* A buffer as the device has it. */
typedef struct
{
  GstBuffer *buffer;            /* NULL: none */
  GstMapInfo map;
} GstXlnkDeviceBuffer;

/* Unmaps and drops it. */
void gst_xlnk_device_buffer_release (GstXlnkDeviceBuffer * self);

/* Takes the memory of the job that @accelerator does not end; both sides are empty afterwards. */
void gst_xlnk_quarantine_take (GstXlnkAccelerator * accelerator, GstXlnkDeviceBuffer * in, GstXlnkDeviceBuffer * out);

/* To be called instead of closing @accelerator: closes it now, or, if it has memory here, when that is released. Takes
 * the reference. */
void gst_xlnk_quarantine_close (GstXlnkAccelerator * accelerator);

/* Tries each core in quarantine again: the memory of those that a reset finds idle is released. */
void gst_xlnk_quarantine_sweep (void);

/* How many memories it holds. */
guint gst_xlnk_quarantine_count (void);

G_END_DECLS

#endif /* __GST_XLNK_QUARANTINE_H__ */
