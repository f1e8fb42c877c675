/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * gstxlnkquarantine.h: buffers that a core may still write to although nobody waits for it any more.
 *
 * They keep their device maps and are given back to nobody, neither to a pool nor to the driver, until the core is
 * confirmed idle, by a reset or because it came to an end after all. The quarantine outlives the element; it is the
 * process's, and tells how many buffers it holds, so that nobody takes them for leaked.
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

/* Takes the buffers of the job that @accelerator does not end. */
void gst_xlnk_quarantine_take (GstXlnkAccelerator * accelerator, const GstXlnkDeviceBuffer * in,
    const GstXlnkDeviceBuffer * out);

/* To be called instead of closing @accelerator: closes it now, or, if it has buffers here, when they are released. Takes
 * the reference. */
void gst_xlnk_quarantine_close (GstXlnkAccelerator * accelerator);

/* Tries each core in quarantine again: those that a reset finds idle are closed, and their buffers released. */
void gst_xlnk_quarantine_sweep (void);

/* How many buffers it holds. */
guint gst_xlnk_quarantine_count (void);

G_END_DECLS

#endif /* __GST_XLNK_QUARANTINE_H__ */
