/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * gstxlnkhls.h: the accelerator `hls`: a core made by Vivado HLS or Vitis HLS, with an AXI-Lite port for control and
 * arguments and AXI masters for memory.
 */
#ifndef __GST_XLNK_HLS_H__
#define __GST_XLNK_HLS_H__

#include <gst/xlnk/xlnk.h>

G_BEGIN_DECLS

#define GST_TYPE_XLNK_HLS (gst_xlnk_hls_get_type ())
G_DECLARE_FINAL_TYPE (GstXlnkHls, gst_xlnk_hls, GST, XLNK_HLS, GstXlnkAccelerator)

G_END_DECLS

#endif /* __GST_XLNK_HLS_H__ */
