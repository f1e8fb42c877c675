/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * gstxlnkcopy.h: the CPU copies a buffer's contents into a contiguous one.
 */
#ifndef __GST_XLNK_COPY_H__
#define __GST_XLNK_COPY_H__

#include <gst/video/video.h>

G_BEGIN_DECLS

/* Both fail with FAILED if something cannot be mapped, and with SIZE if the GstVideoMeta of @src is of another frame or of
 * rows that are not there. @dest is a writable buffer with one memory. */

/* All bytes of @src, to the start of @dest, which has room for them. Memories of @src are mapped one at a time: mapping
 * the buffer would merge them into yet another copy. */
gboolean gst_xlnk_copy_bytes (GstBuffer * dest, GstBuffer * src, GError ** error);

/* TRUE if @buffer has more than the picture of the caps, which is what its GstVideoCropMeta shows of it. Where the frame is
 * as large as the caps say, the meta is but an advice to who displays it. */
gboolean gst_xlnk_is_cropped (GstBuffer * buffer, const GstVideoInfo * info);

/* The picture of @src, or what is to be seen of it, whose rows may be further apart than those of @dest. */
gboolean gst_xlnk_copy_frame (GstBuffer * dest, GstBuffer * src, const GstVideoInfo * info, GError ** error);

G_END_DECLS

#endif /* __GST_XLNK_COPY_H__ */
