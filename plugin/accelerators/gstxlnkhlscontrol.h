/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * gstxlnkhlscontrol.h: the control registers of an HLS core, 0x00 to 0x0c (xlnk-abi §11.2), and the one reader that
 * they bear: ap_done, and on some versions ap_ready and the interrupt status, clear when read.
 *
 * ap_ctrl is only ever written whole: reading it to change a bit would take ap_done from whoever waits for it.
 */
#ifndef __GST_XLNK_HLS_CONTROL_H__
#define __GST_XLNK_HLS_CONTROL_H__

#include <gst/xlnk/xlnk.h>

G_BEGIN_DECLS

/* Arguments begin here. */
#define GST_XLNK_HLS_ARGUMENTS 0x10

typedef struct
{
  GstXlnkRegisters *registers;
  gboolean chain;               /* ap_ctrl_chain: a done core waits for ap_continue */
  guint32 ap_ctrl;              /* as it was read last */
} GstXlnkHlsControl;

/* Waits about a second for what it still runs, such as a frame of a process that was killed. FALSE and
 * GST_XLNK_ERROR_NOT_IDLE if that does not end. */
gboolean gst_xlnk_hls_control_open (GstXlnkHlsControl * self, GstXlnkRegisters * registers, gboolean chain,
    GError ** error);

/* Masks the interrupt. The registers are the caller's. */
void gst_xlnk_hls_control_close (GstXlnkHlsControl * self);

/* FALSE and GST_XLNK_ERROR_NOT_IDLE: see reset. Call it before the arguments of a job are written. */
gboolean gst_xlnk_hls_control_require_idle (GstXlnkHlsControl * self, GError ** error);

/* Arguments and memory are ready. */
void gst_xlnk_hls_control_start (GstXlnkHlsControl * self);

GstXlnkWait gst_xlnk_hls_control_wait (GstXlnkHlsControl * self, gint64 deadline);

gchar *gst_xlnk_hls_control_describe (GstXlnkHlsControl * self);

G_END_DECLS

#endif /* __GST_XLNK_HLS_CONTROL_H__ */
