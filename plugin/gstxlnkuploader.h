/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * gstxlnkuploader.h: copies buffers of other memory into contiguous ones: a hardware core needs one run of physical
 * memory. Whatever upstream made elsewhere is copied here, once.
 */
#ifndef __GST_XLNK_UPLOADER_H__
#define __GST_XLNK_UPLOADER_H__

#include "gstxlnkownpool.h"

G_BEGIN_DECLS

/* @repack: NULL, or the format of a picture whose rows in @src are not where the format puts them by default, which in
 * the copy they are to be. Flags, timestamps and metas come along. On GST_FLOW_ERROR, @error has the reason. */
GstFlowReturn gst_xlnk_upload (GstXlnkOwnPool * pool, GstBuffer * src, const GstVideoInfo * repack, GstBuffer ** copy,
    GError ** error);

G_END_DECLS

#endif /* __GST_XLNK_UPLOADER_H__ */
