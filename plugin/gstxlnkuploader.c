/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gstxlnkuploader.h"
#include "gstxlnkcopy.h"

/* What it showed of the frame is all that there is of it now. */
static void
remove_crop (GstBuffer * copy)
{
  GstVideoCropMeta *crop = gst_buffer_get_video_crop_meta (copy);

  if (crop)
    gst_buffer_remove_meta (copy, &crop->meta);
}

static gboolean
fill (GstBuffer * copy, GstBuffer * src, const GstVideoInfo * repack, GError ** error)
{
  if (!(repack ? gst_xlnk_copy_frame (copy, src, repack, error) : gst_xlnk_copy_bytes (copy, src, error)))
    return FALSE;

  if (!repack)
    gst_buffer_resize (copy, 0, gst_buffer_get_size (src));
  gst_buffer_copy_into (copy, src, GST_BUFFER_COPY_METADATA, 0, -1);
  if (repack && gst_xlnk_is_cropped (src, repack))
    remove_crop (copy);
  return TRUE;
}

GstFlowReturn
gst_xlnk_upload (GstXlnkOwnPool * pool, GstBuffer * src, const GstVideoInfo * repack, GstBuffer ** copy,
    GError ** error)
{
  gsize size = repack ? GST_VIDEO_INFO_SIZE (repack) : gst_buffer_get_size (src);
  GstFlowReturn ret = gst_xlnk_own_pool_acquire (pool, size, copy, error);

  if (ret != GST_FLOW_OK)
    return ret;
  if (fill (*copy, src, repack, error))
    return GST_FLOW_OK;

  gst_buffer_replace (copy, NULL);
  return GST_FLOW_ERROR;
}
