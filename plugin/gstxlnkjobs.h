/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * gstxlnkjobs.h: the jobs of one accelerator that are in flight, oldest first.
 *
 * A job is a frame: its buffers are mapped for the device when it is pushed, so that the maintenance happens while
 * the core still works on the frame before, and unmapped when the core is done with it. The core has one job at a time;
 * the next one starts as soon as somebody finds the last one done. A core that no reset has stopped gets no other job.
 *
 * Only the streaming thread calls, except gst_xlnk_jobs_set_flushing() and gst_xlnk_jobs_get_core_time().
 */
#ifndef __GST_XLNK_JOBS_H__
#define __GST_XLNK_JOBS_H__

#include <gst/xlnk/xlnk.h>

G_BEGIN_DECLS

typedef struct _GstXlnkJobs GstXlnkJobs;

/* What the frames look like. */
typedef struct
{
  const GstVideoInfo *in;       /* NULL: bytes */
  const GstVideoInfo *out;
} GstXlnkJobFormat;

/* Takes the reference to @accelerator, which is open. @timeout is how long one job may take, in ns. */
GstXlnkJobs *gst_xlnk_jobs_new (GstXlnkAccelerator * accelerator, GstClockTime timeout);

/* Closes the accelerator; all jobs must have been drained or abandoned. */
void gst_xlnk_jobs_free (GstXlnkJobs * self);

GstXlnkAcceleratorMode gst_xlnk_jobs_get_mode (GstXlnkJobs * self);

/* Whether the core works on frames of @info only if they lie as it says. */
gboolean gst_xlnk_jobs_need_default_layout (GstXlnkJobs * self, const GstVideoInfo * info);

/* New caps (nullable: bytes); nothing is in flight. */
gboolean gst_xlnk_jobs_configure (GstXlnkJobs * self, GstCaps * in_caps, GstCaps * out_caps, GError ** error);

guint gst_xlnk_jobs_length (GstXlnkJobs * self);

/* Takes the references. @out is where a core of mode TRANSFORM writes, NULL for the others, whose output is @in; what the
 * core writes must be writable. On failure both are dropped, nothing was started, and what was in flight still is. */
gboolean gst_xlnk_jobs_push (GstXlnkJobs * self, GstBuffer * in, GstBuffer * out, const GstXlnkJobFormat * format,
    GError ** error);

/* The output of the oldest job: *@out is NULL if it is not done and @wait is FALSE, or if there is none.
 * GST_FLOW_FLUSHING when called off. GST_FLOW_ERROR with @error if the job failed or took longer than the timeout: then
 * that job is gone, and its buffers with it, into quarantine if the core may still write to them. */
GstFlowReturn gst_xlnk_jobs_pop (GstXlnkJobs * self, gboolean wait, GstBuffer ** out, GError ** error);

/* Waits until the core is idle, at most for the timeout, and drops everything. */
void gst_xlnk_jobs_abandon (GstXlnkJobs * self);

/* From any thread: wakes the waiter and ends every wait at once, until FALSE. */
void gst_xlnk_jobs_set_flushing (GstXlnkJobs * self, gboolean flushing);

/* ns that the core spent on jobs that are done, from start to when it was found done. */
GstClockTime gst_xlnk_jobs_get_core_time (GstXlnkJobs * self);

/* ns of the last job. @waited is FALSE if it was found done at once: then it may have been so for long. */
GstClockTime gst_xlnk_jobs_get_last_core_time (GstXlnkJobs * self, gboolean * waited);

/* From any thread: what became of the core's interrupts. */
void gst_xlnk_jobs_get_interrupts (GstXlnkJobs * self, GstXlnkInterrupts * interrupts);

G_END_DECLS

#endif /* __GST_XLNK_JOBS_H__ */
