/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gstxlnkaccelerators.h"

#include "gstxlnkaxidma.h"
#include "gstxlnkhls.h"

gboolean
gst_xlnk_accelerators_register (void)
{
  return gst_xlnk_accelerator_register ("axidma", GST_TYPE_XLNK_AXI_DMA)
      && gst_xlnk_accelerator_register ("hls", GST_TYPE_XLNK_HLS);
}
