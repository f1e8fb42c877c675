/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * gstxlnkaccelbuffer.h: which buffers xlnkaccel lets through, which it copies, and which it refuses.
 */
#ifndef __GST_XLNK_ACCEL_BUFFER_H__
#define __GST_XLNK_ACCEL_BUFFER_H__

#include "gstxlnkaccel.h"

G_BEGIN_DECLS

/* Copies are logged in GStreamer's category GST_PERFORMANCE, which is looked up here, once. */
void gst_xlnk_accel_init_buffer_log (void);

/* The error message of the element that could not get a contiguous buffer, or not fill it. Takes @error. */
void gst_xlnk_accel_post_no_buffer (GstXlnkAccel * self, GError * error);

/* A contiguous buffer is its own output buffer, which the base class takes as it is, leaving its reference count alone,
 * so that a buffer that was writable still is. Others are copied once, or refused. */
GstFlowReturn gst_xlnk_accel_prepare_output_buffer (GstBaseTransform * trans, GstBuffer * inbuf, GstBuffer ** outbuf);

/* For a core: takes the reference to @buffer and gives it on, or one to a copy. Others are refused. */
GstFlowReturn gst_xlnk_accel_make_contiguous (GstXlnkAccel * self, GstBuffer * buffer, GstBuffer ** contiguous);

G_END_DECLS

#endif /* __GST_XLNK_ACCEL_BUFFER_H__ */
