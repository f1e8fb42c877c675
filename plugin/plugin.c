/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * plugin.c: the plugin `xlnk`, which is the list of its elements.
 *
 * It runs in the plugin scanner too, so it opens no device and registers no allocator: the elements do, when they
 * leave NULL.
 */
#include "gstxlnkaccel.h"
#include "gstxlnkaccelerators.h"

static gboolean
plugin_init (GstPlugin * plugin)
{
  return gst_xlnk_accelerators_register ()
      && gst_element_register (plugin, "xlnkaccel", GST_RANK_NONE,
      GST_TYPE_XLNK_ACCEL);
}

GST_PLUGIN_DEFINE (GST_VERSION_MAJOR, GST_VERSION_MINOR, xlnk,
    "Physically contiguous memory of Xilinx Zynq boards (/dev/xlnk)",
    plugin_init, GST_XLNK_VERSION, "LGPL", "gst-xlnk",
    "Unknown package origin")
