/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * gstxlnkaxidma.h: the accelerator `axidma`: Xilinx' AXI DMA in direct register mode, around a core with AXI streams.
 */
#ifndef __GST_XLNK_AXI_DMA_H__
#define __GST_XLNK_AXI_DMA_H__

#include <gst/xlnk/xlnk.h>

G_BEGIN_DECLS

#define GST_TYPE_XLNK_AXI_DMA (gst_xlnk_axi_dma_get_type ())
G_DECLARE_FINAL_TYPE (GstXlnkAxiDma, gst_xlnk_axi_dma, GST, XLNK_AXI_DMA, GstXlnkAccelerator)

G_END_DECLS

#endif /* __GST_XLNK_AXI_DMA_H__ */
