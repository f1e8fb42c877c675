/* SPDX-License-Identifier: LGPL-2.1-or-later */
/**
 * SECTION:gstxlnkplanes
 * @title: GstXlnkPlanes
 * @short_description: where the planes of a frame lie in physical memory
 */
#include "gstxlnkplanes.h"

#include <string.h>

#include "gstxlnk-private.h"
#include "gstxlnkmemory.h"

/* What describes a frame: the buffer's meta, else the caps. */
typedef struct
{
  const GstVideoFormatInfo *finfo;
  guint n_planes;
  guint width, height;
  const gsize *offset;
  const gint *stride;
} Frame;

#ifndef GST_VIDEO_INFO_FIELD_HEIGHT     /* before 1.16 no buffer is a single field */
#define GST_VIDEO_INFO_FIELD_HEIGHT GST_VIDEO_INFO_HEIGHT
#endif

/* Rows in the buffer. Where each has a single field, some versions of GstVideoBufferPool give it a meta of both. */
static guint
frame_height (const GstVideoMeta * meta, const GstVideoInfo * info)
{
  guint height = info ? GST_VIDEO_INFO_FIELD_HEIGHT (info) : 0;

  if (info && height != (guint) GST_VIDEO_INFO_HEIGHT (info))
    return MIN (meta->height, height);
  return meta->height;
}

static gboolean
describe_frame (GstBuffer * buffer, const GstVideoInfo * info, Frame * frame)
{
  GstVideoMeta *meta = gst_buffer_get_video_meta (buffer);

  if (meta) {
    frame->finfo = gst_video_format_get_info (meta->format);
    frame->n_planes = meta->n_planes;
    frame->width = meta->width;
    frame->height = frame_height (meta, info);
    frame->offset = meta->offset;
    frame->stride = meta->stride;
    return TRUE;
  }
  if (!info)
    return FALSE;
  frame->finfo = info->finfo;
  frame->n_planes = GST_VIDEO_INFO_N_PLANES (info);
  frame->width = GST_VIDEO_INFO_WIDTH (info);
  frame->height = GST_VIDEO_INFO_FIELD_HEIGHT (info);
  frame->offset = info->offset;
  frame->stride = info->stride;
  return TRUE;
}

/* Whatever the size of the picture, 256 rows of one colour. */
static gboolean
is_palette (const Frame * frame, guint plane)
{
  return GST_VIDEO_FORMAT_INFO_HAS_PALETTE (frame->finfo) && plane == GST_VIDEO_COMP_PALETTE;
}

/* Rows of a plane: those of the first component in it. */
static guint
plane_rows (const Frame * frame, guint plane)
{
  const GstVideoFormatInfo *finfo = frame->finfo;

  if (is_palette (frame, plane))
    return 256;
  for (guint component = 0; component < GST_VIDEO_FORMAT_INFO_N_COMPONENTS (finfo); component++) {
    if (GST_VIDEO_FORMAT_INFO_PLANE (finfo, component) == plane)
      return GST_VIDEO_FORMAT_INFO_SCALE_HEIGHT (finfo, component, frame->height);
  }
  return 1;
}

/* Bytes from the first of a plane to the first of the next one, or to the end of the buffer. */
static gsize
distance_to_next (const Frame * frame, guint plane, gsize buffer_size)
{
  gsize next = buffer_size;

  for (guint i = 0; i < frame->n_planes; i++) {
    if (frame->offset[i] > frame->offset[plane])
      next = MIN (next, frame->offset[i]);
  }
  return next - frame->offset[plane];
}

/* A tiled plane's stride counts tiles, so there the distance has to do. 64 bits: a meta may say anything. */
static guint64
plane_size (const Frame * frame, guint plane, gsize buffer_size)
{
  if (GST_VIDEO_FORMAT_INFO_IS_TILED (frame->finfo))
    return distance_to_next (frame, plane, buffer_size);
  return (guint64) plane_rows (frame, plane) * ABS (frame->stride[plane]);
}

/* Bytes of a plane's row that hold pixels. Formats whose pixels are not whole bytes apart need the whole stride. */
static gsize
row_size (const Frame * frame, guint plane)
{
  const GstVideoFormatInfo *finfo = frame->finfo;
  gsize size = 0;

  if (is_palette (frame, plane))
    return ABS (frame->stride[plane]);
  for (guint i = 0; i < GST_VIDEO_FORMAT_INFO_N_COMPONENTS (finfo); i++) {
    gsize width = GST_VIDEO_FORMAT_INFO_SCALE_WIDTH (finfo, i, frame->width);
    gsize bytes = (GST_VIDEO_FORMAT_INFO_DEPTH (finfo, i) + 7) / 8;

    if (GST_VIDEO_FORMAT_INFO_PLANE (finfo, i) != plane)
      continue;
    if (GST_VIDEO_FORMAT_INFO_PSTRIDE (finfo, i) == 0)
      return ABS (frame->stride[plane]);
    size = MAX (size, (width - 1) * GST_VIDEO_FORMAT_INFO_PSTRIDE (finfo, i)
        + GST_VIDEO_FORMAT_INFO_POFFSET (finfo, i) + bytes);
  }
  return size;
}

/* What a plane's size is, if all its rows are among the @available bytes from its first; only the last row's padding
 * may be missing. */
static gboolean
fit_plane (const Frame * frame, guint plane, gsize buffer_size, gsize available, gsize * size)
{
  guint64 stride = ABS (frame->stride[plane]);
  guint64 whole = plane_size (frame, plane, buffer_size);
  guint64 needed = whole;

  if (!GST_VIDEO_FORMAT_INFO_IS_TILED (frame->finfo) && whole >= stride)
    needed = whole - stride + row_size (frame, plane);
  if (needed > available)
    return FALSE;
  *size = (gsize) MIN (whole, available);
  return TRUE;
}

/* A plane must be in one memory. */
static gboolean
locate_plane (GstBuffer * buffer, const Frame * frame, guint plane, GstXlnkPlanes * planes)
{
  gsize buffer_size = gst_buffer_get_size (buffer);
  gsize offset = frame->offset[plane];
  guint index, length;
  GstMemory *mem;
  gsize skip;

  if (offset >= buffer_size || !gst_buffer_find_memory (buffer, offset, 1, &index, &length, &skip) || length != 1)
    return FALSE;
  mem = gst_buffer_peek_memory (buffer, index);
  if (!fit_plane (frame, plane, buffer_size, mem->size - skip, &planes->size[plane]))
    return FALSE;
  planes->phys_addr[plane] = gst_xlnk_memory_get_phys_addr (mem);
  if (planes->phys_addr[plane] == 0)
    return FALSE;
  planes->phys_addr[plane] += skip;
  planes->stride[plane] = frame->stride[plane];
  return TRUE;
}

static gboolean
locate_bytes (GstBuffer * buffer, GstXlnkPlanes * planes)
{
  if (gst_buffer_n_memory (buffer) != 1)
    return FALSE;
  planes->n_planes = 1;
  planes->size[0] = gst_buffer_get_size (buffer);
  planes->phys_addr[0] = gst_xlnk_memory_get_phys_addr (gst_buffer_peek_memory (buffer, 0));
  return planes->phys_addr[0] != 0;
}

gboolean
gst_xlnk_buffer_get_planes (GstBuffer * buffer, const GstVideoInfo * info, GstXlnkPlanes * planes)
{
  Frame frame;

  g_return_val_if_fail (GST_IS_BUFFER (buffer), FALSE);
  g_return_val_if_fail (planes != NULL, FALSE);

  memset (planes, 0, sizeof *planes);
  if (!describe_frame (buffer, info, &frame))
    return locate_bytes (buffer, planes);
  planes->n_planes = frame.n_planes;
  for (guint i = 0; i < frame.n_planes; i++) {
    if (!locate_plane (buffer, &frame, i, planes))
      return FALSE;
  }
  return TRUE;
}

/* The map starts at the buffer's first byte. */
static gboolean
locate_mapped_plane (const GstMapInfo * map, const Frame * frame, guint plane, GstXlnkPlanes * planes)
{
  gsize offset = frame->offset[plane];

  if (offset >= map->size || !fit_plane (frame, plane, map->size, map->size - offset, &planes->size[plane]))
    return FALSE;
  planes->phys_addr[plane] = (guintptr) map->data + offset;
  planes->stride[plane] = frame->stride[plane];
  return TRUE;
}

gboolean
gst_xlnk_buffer_get_mapped_planes (GstBuffer * buffer, const GstMapInfo * map, const GstVideoInfo * info,
    GstXlnkPlanes * planes)
{
  Frame frame;

  g_return_val_if_fail (GST_IS_BUFFER (buffer), FALSE);
  g_return_val_if_fail (map != NULL && map->flags & GST_MAP_XLNK_DEVICE, FALSE);
  g_return_val_if_fail (planes != NULL, FALSE);

  memset (planes, 0, sizeof *planes);
  if (!describe_frame (buffer, info, &frame)) {
    planes->n_planes = 1;
    planes->phys_addr[0] = (guintptr) map->data;
    planes->size[0] = map->size;
    return TRUE;
  }
  planes->n_planes = frame.n_planes;
  for (guint i = 0; i < frame.n_planes; i++) {
    if (!locate_mapped_plane (map, &frame, i, planes))
      return FALSE;
  }
  return TRUE;
}

gboolean
gst_xlnk_buffer_map_device (GstBuffer * buffer, GstMapInfo * info, GstMapFlags flags)
{
  g_return_val_if_fail (GST_IS_BUFFER (buffer), FALSE);

  gst_xlnk_forget_error ();
  if (gst_buffer_n_memory (buffer) != 1)
    return FALSE;
  if (flags & GST_MAP_WRITE && !gst_buffer_is_writable (buffer))
    return FALSE;
  return gst_xlnk_memory_map_device (gst_buffer_peek_memory (buffer, 0), info, flags);
}

void
gst_xlnk_buffer_unmap_device (GstBuffer * buffer G_GNUC_UNUSED, GstMapInfo * info)
{
  gst_xlnk_memory_unmap_device (info->memory, info);
}
