/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gstxlnkuploader.h"
#include "gstxlnkcopy.h"

typedef struct
{
  guint x, y, width, height;
} Rectangle;

/* Moves what of *@start, *@size is inside of @first, @length, to where @first is 0. FALSE if nothing of it is. */
static gboolean
clip (guint * start, guint * size, guint first, guint length)
{
  guint64 end = MIN ((guint64) *start + *size, (guint64) first + length);
  guint64 begin = MAX (*start, first);

  if (begin >= end)
    return FALSE;
  *start = begin - first;
  *size = end - begin;
  return TRUE;
}

static gboolean
move_region (GstBuffer * copy, GstMeta ** meta, gpointer shown)
{
  GstVideoRegionOfInterestMeta *roi = (GstVideoRegionOfInterestMeta *) * meta;
  const Rectangle *to = shown;

  (void) copy;
  if ((*meta)->info->api == GST_VIDEO_REGION_OF_INTEREST_META_API_TYPE
      && !(clip (&roi->x, &roi->w, to->x, to->width) && clip (&roi->y, &roi->h, to->y, to->height)))
    *meta = NULL;               /* is removed */
  return TRUE;
}

/* What the crop showed of the frame is all that there is of it now. */
static void
finish_crop (GstBuffer * copy, const GstVideoInfo * info)
{
  GstVideoCropMeta *crop = gst_buffer_get_video_crop_meta (copy);
  Rectangle shown = { 0, 0, GST_VIDEO_INFO_WIDTH (info), GST_VIDEO_INFO_HEIGHT (info) };

  if (!crop)
    return;
  shown.x = crop->x;
  shown.y = crop->y;
  gst_buffer_remove_meta (copy, &crop->meta);
  gst_buffer_foreach_meta (copy, move_region, &shown);
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
    finish_crop (copy, repack);
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
