/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * gstxlnkaccelcore.h: xlnkaccel with an accelerator: opens it, feeds it, takes its results in order.
 *
 * Frames go through the queue of gstxlnkjobs.h: with a depth of 2 upstream writes frame n + 1 while the core works on
 * frame n, with a depth of 1 each frame waits for the core. Everything is drained before what must not overtake it. What
 * downstream answers to what is drained, between two buffers, is for the next one to tell upstream.
 */
#ifndef __GST_XLNK_ACCEL_CORE_H__
#define __GST_XLNK_ACCEL_CORE_H__

#include "gstxlnkaccel.h"

G_BEGIN_DECLS

/* From the property `accelerator`; nothing for passthrough. Posts the element error. NULL → READY. */
gboolean gst_xlnk_accel_core_open (GstXlnkAccel * self);

/* READY → PAUSED: the property may have been changed since. */
gboolean gst_xlnk_accel_core_reopen (GstXlnkAccel * self);

/* READY → NULL. */
void gst_xlnk_accel_core_close (GstXlnkAccel * self);

/* TRUE if buffers of its own come out, FALSE if those that went in do, or without an accelerator. */
gboolean gst_xlnk_accel_core_makes_buffers (GstXlnkAccel * self);

/* Before a stream: of the one before nothing counts any more. */
void gst_xlnk_accel_core_forget_stream (GstXlnkAccel * self);

/* Streaming thread: tells the core of new caps, those of the input and @out_caps (nullable: bytes); what is still in
 * flight is dropped. Posts the element error. */
gboolean gst_xlnk_accel_core_configure (GstXlnkAccel * self, GstCaps * out_caps);

/* Streaming thread, before a buffer: the same, and the pools, for a stream that has no caps. */
gboolean gst_xlnk_accel_core_configure_without_caps (GstXlnkAccel * self);

/* How many frames may be in flight now; 0 without an accelerator. */
guint gst_xlnk_accel_core_depth (GstXlnkAccel * self);

/* Takes the base class's queued buffer, if there is one; *@out is the oldest result, or NULL. */
GstFlowReturn gst_xlnk_accel_core_generate (GstBaseTransform * trans, GstBuffer ** out);

/* GstBaseTransformClass.transform_meta: whether @meta of @in holds for @out, too. */
gboolean gst_xlnk_accel_core_transform_meta (GstBaseTransform * trans, GstBuffer * out, GstMeta * meta, GstBuffer * in);

/* Streaming thread: pushes all results downstream. Those that it refuses are dropped, and its answer is kept. */
void gst_xlnk_accel_core_drain (GstXlnkAccel * self);

/* Streaming thread: that answer, once; GST_FLOW_OK if there is none. */
GstFlowReturn gst_xlnk_accel_core_take_answer (GstXlnkAccel * self);

/* Streaming thread, behind the base class, which has answered @ret: the frame in its place is marked discontinuous if the
 * one before it was left out for being late. */
void gst_xlnk_accel_core_mark_gap (GstXlnkAccel * self, GstFlowReturn ret);

/* GstXlnkOwnPoolFunc: that, so that the buffers of frames in flight come back. */
void gst_xlnk_accel_core_free_buffers (gpointer self);

/* While there is no streaming, or in its thread: waits for the core and drops all results, and what downstream said. */
void gst_xlnk_accel_core_abandon (GstXlnkAccel * self);

/* From any thread. */
void gst_xlnk_accel_core_set_flushing (GstXlnkAccel * self, gboolean flushing);

/* Once: the src pad refuses pull mode while there is an accelerator. */
void gst_xlnk_accel_core_refuse_pull_mode (GstXlnkAccel * self);

/* FALSE without an accelerator: the base class knows. */
gboolean gst_xlnk_accel_core_answer_scheduling (GstXlnkAccel * self, GstQuery * query);

G_END_DECLS

#endif /* __GST_XLNK_ACCEL_CORE_H__ */
