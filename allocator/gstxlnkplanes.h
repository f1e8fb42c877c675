/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef __GST_XLNK_PLANES_H__
#define __GST_XLNK_PLANES_H__

#include <gst/video/video.h>
#include <gst/xlnk/gstxlnk-prelude.h>

G_BEGIN_DECLS

/**
 * GstXlnkPlanes:
 * @n_planes: how many planes there are; 1 for data that is not video
 * @phys_addr: the physical address of each plane's first byte
 * @stride: bytes from one row to the next of each plane, 0 for data that is not video
 * @size: bytes of each plane that belong to the buffer: rows × stride, where the last row may lack its padding
 *
 * Where the planes of a frame lie in physical memory.
 *
 * Since: 0.1
 */
typedef struct
{
  guint n_planes;
  guint64 phys_addr[GST_VIDEO_MAX_PLANES];
  gint stride[GST_VIDEO_MAX_PLANES];
  gsize size[GST_VIDEO_MAX_PLANES];

  /*< private >*/
  gpointer _gst_reserved[GST_PADDING];
} GstXlnkPlanes;

/**
 * gst_xlnk_buffer_get_planes:
 * @buffer: a buffer of xlnk memory
 * @info: (nullable): the video format, for a buffer without #GstVideoMeta; %NULL for data that is not video
 * @planes: (out caller-allocates): filled in
 *
 * Derives address, stride and size of each plane from the buffer's #GstVideoMeta (else from @info, else there is one
 * plane: all bytes of the one memory) and from the memory under it. Nothing is stored in the buffer, so nothing can
 * be out of date. Each plane must lie within one memory; different planes may lie in different ones.
 *
 * This hands out addresses: it exposes the blocks, as gst_xlnk_memory_get_phys_addr() does. Code that brackets its
 * device access with gst_xlnk_buffer_map_device() takes the device address from there instead.
 *
 * Returns: %FALSE, with @planes undefined, if a plane is not (all) in xlnk memory or its address cannot be had
 *
 * Since: 0.1
 */
GST_XLNK_API
gboolean gst_xlnk_buffer_get_planes (GstBuffer * buffer, const GstVideoInfo * info, GstXlnkPlanes * planes);

/**
 * gst_xlnk_buffer_map_device:
 * @buffer: a buffer of exactly one memory, which is ours
 * @info: (out caller-allocates): filled in; `info.data` is the device address of the first byte
 * @flags: %GST_MAP_READ if the device reads, %GST_MAP_WRITE if it writes, or both
 *
 * gst_xlnk_memory_map_device() for a buffer. It does not merge memories: a buffer of several is refused.
 *
 * Returns: %FALSE if it is not such a buffer, or as gst_xlnk_memory_map_device()
 *
 * Since: 0.1
 */
GST_XLNK_API
gboolean gst_xlnk_buffer_map_device (GstBuffer * buffer, GstMapInfo * info, GstMapFlags flags);

/**
 * gst_xlnk_buffer_unmap_device:
 * @buffer: the buffer
 * @info: as filled in by gst_xlnk_buffer_map_device()
 *
 * Ends the device's access.
 *
 * Since: 0.1
 */
GST_XLNK_API
void gst_xlnk_buffer_unmap_device (GstBuffer * buffer, GstMapInfo * info);

/**
 * gst_xlnk_buffer_get_mapped_planes:
 * @buffer: a buffer
 * @map: its map by gst_xlnk_buffer_map_device()
 * @info: (nullable): the video format, for a buffer without #GstVideoMeta; %NULL for data that is not video
 * @planes: (out caller-allocates): filled in
 *
 * gst_xlnk_buffer_get_planes() for code that brackets its device access with a map, and so exposes nothing.
 *
 * Returns: %FALSE, with @planes undefined, if a plane does not lie within the map
 *
 * Since: 0.1
 */
GST_XLNK_API
gboolean gst_xlnk_buffer_get_mapped_planes (GstBuffer * buffer, const GstMapInfo * map, const GstVideoInfo * info,
    GstXlnkPlanes * planes);

G_END_DECLS

#endif /* __GST_XLNK_PLANES_H__ */
