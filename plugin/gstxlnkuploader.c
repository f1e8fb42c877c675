/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gstxlnkuploader.h"
#include "gstxlnkcopy.h"

static gboolean
fill (GstBuffer * copy, GstBuffer * src, const GstVideoInfo * repack)
{
  gboolean ok;

  if (repack)
    ok = gst_xlnk_copy_frame (copy, src, repack);
  else
    ok = gst_xlnk_copy_bytes (copy, src);
  if (!ok)
    return FALSE;

  if (!repack)
    gst_buffer_resize (copy, 0, gst_buffer_get_size (src));
  return gst_buffer_copy_into (copy, src, GST_BUFFER_COPY_METADATA, 0, -1);
}

GstFlowReturn
gst_xlnk_upload (GstXlnkOwnPool * pool, GstBuffer * src, const GstVideoInfo * repack, GstBuffer ** copy,
    GError ** error)
{
  gsize size = repack ? GST_VIDEO_INFO_SIZE (repack) : gst_buffer_get_size (src);
  GstFlowReturn ret = gst_xlnk_own_pool_acquire (pool, size, copy, error);
  const GError *reason;

  if (ret != GST_FLOW_OK)
    return ret;
  if (fill (*copy, src, repack))
    return GST_FLOW_OK;

  reason = gst_xlnk_peek_last_error ();
  g_set_error (error, GST_XLNK_ERROR, GST_XLNK_ERROR_FAILED,
      "cannot map a buffer of %" G_GSIZE_FORMAT " bytes for copying: %s", size,
      reason ? reason->message : "somebody else has its memory");
  gst_buffer_replace (copy, NULL);
  return GST_FLOW_ERROR;
}
