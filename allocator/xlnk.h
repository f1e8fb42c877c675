/* SPDX-License-Identifier: LGPL-2.1-or-later */
/**
 * SECTION:xlnk
 * @title: gst-xlnk
 * @short_description: physically contiguous memory of Xilinx Zynq boards for GStreamer
 *
 * One include for everything; pkg-config name `gstreamer-xlnk-1.0`.
 */
#ifndef __GST_XLNK_H__
#define __GST_XLNK_H__

#include <gst/xlnk/gstxlnkaccelerator.h>
#include <gst/xlnk/gstxlnkallocator.h>
#include <gst/xlnk/gstxlnkbufferpool.h>
#include <gst/xlnk/gstxlnkerror.h>
#include <gst/xlnk/gstxlnkmemory.h>
#include <gst/xlnk/gstxlnkphysmeta.h>
#include <gst/xlnk/gstxlnkplanes.h>
#include <gst/xlnk/gstxlnkregisters.h>
#include <gst/xlnk/gstxlnkstats.h>

#endif /* __GST_XLNK_H__ */
