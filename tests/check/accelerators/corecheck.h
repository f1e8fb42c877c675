/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * corecheck.h: jobs for an accelerator, and what must become of them.
 */
#ifndef CORE_CHECK_H
#define CORE_CHECK_H

#include <gst/video/video.h>
#include <gst/xlnk/xlnk.h>

#define MS 1000

/* A latency: until the script says so. */
#define FOREVER (G_GINT64_CONSTANT (3600) * G_USEC_PER_SEC)

#define RGBA "video/x-raw,format=RGBA,width=640,height=360"
#define GRAY "video/x-raw,format=GRAY8,width=640,height=360"

gint64 core_check_from_now (gint64 us);

/* What a description makes, closed or open. */
GstXlnkAccelerator *core_check_make (const gchar * description);
GstXlnkAccelerator *core_check_make_open (const gchar * description);
void core_check_configure (GstXlnkAccelerator * self, const gchar * in, const gchar * out);
void core_check_release (GstXlnkAccelerator * self);

/* The planes of a frame as GStreamer lays them out by default. */
GstXlnkPlanes core_check_lay_out (const gchar * caps, guint64 address);

/* RGBA at 0x10000000 to GRAY at 0x20000000. */
GstXlnkJob core_check_make_job (void);

void core_check_submit (GstXlnkAccelerator * self, const GstXlnkJob * job);
void core_check_assert_refused (GstXlnkAccelerator * self, const GstXlnkJob * job, GstXlnkError code,
    const gchar * words);
void core_check_assert_wait (GstXlnkAccelerator * self, gint64 time, GstXlnkWait expected);
GstXlnkInterrupts core_check_get_interrupts (GstXlnkAccelerator * self);

#endif /* CORE_CHECK_H */
