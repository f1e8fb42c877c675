/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * gstxlnkcopy.c: the CPU copies a buffer's contents into a contiguous one.
 *
 * Two traps are the reason why this is not gst_buffer_fill() and gst_video_frame_copy(). Uncached blocks are Device or
 * Strongly-ordered memory, where an unaligned access raises SIGBUS, and memcpy() makes those (xlnk-abi §5.3). And
 * gst_video_frame_copy() takes the width of a packed 4:2:2 row from its luma alone, so that of an odd width the last
 * chroma sample is lost.
 */
#include "gstxlnkcopy.h"

#include <string.h>

#include <gst/xlnk/xlnk.h>

#ifndef GST_VIDEO_INFO_FIELD_HEIGHT     /* before 1.16 no buffer is a single field */
#define GST_VIDEO_INFO_FIELD_HEIGHT GST_VIDEO_INFO_HEIGHT
#endif

typedef void (*CopyFunction) (guint8 * dest, const guint8 * src, gsize size);

static void
copy_cached (guint8 * dest, const guint8 * src, gsize size)
{
  memcpy (dest, src, size);
}

/* Only naturally aligned accesses on either side; volatile, or the compiler would turn the loops back into memcpy(). */
static void
copy_aligned (guint8 * dest, const guint8 * src, gsize size)
{
  const gsize word = sizeof (gsize);

  if (((guintptr) dest ^ (guintptr) src) % word == 0) {
    while (size > 0 && (guintptr) dest % word != 0) {
      *(volatile guint8 *) dest++ = *(const volatile guint8 *) src++;
      size--;
    }
    for (; size >= word; size -= word, dest += word, src += word)
      *(volatile gsize *) dest = *(const volatile gsize *) src;
  }
  while (size-- > 0)
    *(volatile guint8 *) dest++ = *(const volatile guint8 *) src++;
}

static gboolean
is_uncached (GstMemory * mem)
{
  return gst_is_xlnk_memory (mem) && !gst_xlnk_memory_is_cached (mem);
}

static CopyFunction
pick_copy (GstBuffer * dest, GstBuffer * src)
{
  guint n = gst_buffer_n_memory (src);

  if (is_uncached (gst_buffer_peek_memory (dest, 0)))
    return copy_aligned;
  while (n-- > 0) {
    if (is_uncached (gst_buffer_peek_memory (src, n)))
      return copy_aligned;
  }
  return copy_cached;
}

/* Always FALSE. */
static gboolean
fail_to_map (GstBuffer * buffer, GError ** error)
{
  const GError *reason = gst_xlnk_peek_last_error ();

  g_set_error (error, GST_XLNK_ERROR, GST_XLNK_ERROR_FAILED,
      "cannot map a buffer of %" G_GSIZE_FORMAT " bytes for copying: %s", gst_buffer_get_size (buffer),
      reason ? reason->message : "somebody else has its memory");
  return FALSE;
}

gboolean
gst_xlnk_copy_bytes (GstBuffer * dest, GstBuffer * src, GError ** error)
{
  CopyFunction copy = pick_copy (dest, src);
  guint n_memory = gst_buffer_n_memory (src);
  GstMapInfo to, from;
  gsize done = 0;
  guint i;

  if (!gst_buffer_map (dest, &to, GST_MAP_WRITE))
    return fail_to_map (dest, error);

  for (i = 0; i < n_memory; i++) {
    GstMemory *mem = gst_buffer_peek_memory (src, i);

    if (!gst_memory_map (mem, &from, GST_MAP_READ))
      break;
    copy (to.data + done, from.data, MIN (from.size, to.size - done));
    done += MIN (from.size, to.size - done);
    gst_memory_unmap (mem, &from);
  }

  gst_buffer_unmap (dest, &to);
  return i == n_memory || fail_to_map (dest, error);
}

/* The last row of the last plane may lack its padding: as many of @wanted bytes as the mapping has from @data on. None
 * where a meta says that the rows are elsewhere. */
static gsize
limit_to_map (GstVideoFrame * frame, guint plane, const guint8 * data, gsize wanted)
{
  const GstMapInfo *map = &frame->map[frame->meta ? plane : 0];
  const guint8 *end = map->data + map->size;

  return data >= map->data && data < end ? MIN (wanted, (gsize) (end - data)) : 0;
}

/* As many rows as the picture has: a meta may speak of more. */
static gboolean
copy_plane (GstVideoFrame * dest, GstVideoFrame * src, const GstVideoInfo * info, guint plane, CopyFunction copy)
{
  gint dest_stride = GST_VIDEO_FRAME_PLANE_STRIDE (dest, plane);
  gint src_stride = GST_VIDEO_FRAME_PLANE_STRIDE (src, plane);
  guint8 *to = GST_VIDEO_FRAME_PLANE_DATA (dest, plane);
  const guint8 *from = GST_VIDEO_FRAME_PLANE_DATA (src, plane);
  gsize row = MIN (ABS ((gint64) dest_stride), ABS ((gint64) src_stride));
  gint rows = GST_VIDEO_INFO_COMP_HEIGHT (info, plane);

  for (; rows > 0; rows--, to += dest_stride, from += src_stride) {
    gsize size = limit_to_map (src, plane, from, limit_to_map (dest, plane, to, row));

    if (size == 0)
      return FALSE;
    copy (to, from, size);
  }
  return TRUE;
}

/* A palette of 256 colours of 32 bits. */
static gboolean
copy_palette (GstVideoFrame * dest, GstVideoFrame * src, CopyFunction copy)
{
  const gsize size = 256 * 4;
  guint8 *to = GST_VIDEO_FRAME_PLANE_DATA (dest, 1);
  const guint8 *from = GST_VIDEO_FRAME_PLANE_DATA (src, 1);

  if (limit_to_map (dest, 1, to, size) < size || limit_to_map (src, 1, from, size) < size)
    return FALSE;
  copy (to, from, size);
  return TRUE;
}

/* Bytes of one tile, from how the format lies by default. */
static guint64
get_tile_size (const GstVideoInfo * info, guint plane)
{
  gint stride = GST_VIDEO_INFO_PLANE_STRIDE (info, plane);
  guint64 tiles = (guint64) GST_VIDEO_TILE_X_TILES (stride) * GST_VIDEO_TILE_Y_TILES (stride);
  gsize end = GST_VIDEO_INFO_SIZE (info);

  for (guint i = 0; i < GST_VIDEO_INFO_N_PLANES (info); i++) {
    if (GST_VIDEO_INFO_PLANE_OFFSET (info, i) > GST_VIDEO_INFO_PLANE_OFFSET (info, plane))
      end = MIN (end, GST_VIDEO_INFO_PLANE_OFFSET (info, i));
  }
  return tiles ? (end - GST_VIDEO_INFO_PLANE_OFFSET (info, plane)) / tiles : 0;
}

/* gst_video_frame_copy() believes the numbers of tiles that are in a meta's stride. */
static gboolean
has_all_tiles (GstVideoFrame * src, const GstVideoInfo * info, guint plane)
{
  gint stride = GST_VIDEO_FRAME_PLANE_STRIDE (src, plane), least = GST_VIDEO_INFO_PLANE_STRIDE (info, plane);
  guint64 size;

  if (stride < 0 || GST_VIDEO_TILE_X_TILES (stride) < GST_VIDEO_TILE_X_TILES (least)
      || GST_VIDEO_TILE_Y_TILES (stride) < GST_VIDEO_TILE_Y_TILES (least))
    return FALSE;
  size = GST_VIDEO_TILE_X_TILES (stride) * get_tile_size (info, plane) * GST_VIDEO_TILE_Y_TILES (stride);
  return size <= G_MAXSSIZE && limit_to_map (src, plane, GST_VIDEO_FRAME_PLANE_DATA (src, plane), size) == size;
}

static gboolean
copy_tiles (GstVideoFrame * dest, GstVideoFrame * src, const GstVideoInfo * info)
{
  for (guint plane = 0; plane < GST_VIDEO_INFO_N_PLANES (info); plane++) {
    if (!has_all_tiles (src, info, plane))
      return FALSE;
  }
  return gst_video_frame_copy (dest, src);
}

static gboolean
copy_planes (GstVideoFrame * dest, GstVideoFrame * src, const GstVideoInfo * info, CopyFunction copy)
{
  gboolean has_palette = GST_VIDEO_FORMAT_INFO_HAS_PALETTE (info->finfo);

  for (guint plane = 0; plane < GST_VIDEO_INFO_N_PLANES (info); plane++) {
    if (!(has_palette && plane == 1 ? copy_palette (dest, src, copy) : copy_plane (dest, src, info, plane, copy)))
      return FALSE;
  }
  return TRUE;
}

/*** what of a frame is to be seen ***/

gboolean
gst_xlnk_is_cropped (GstBuffer * buffer, const GstVideoInfo * info)
{
  GstVideoMeta *meta = gst_buffer_get_video_meta (buffer);

  return gst_buffer_get_video_crop_meta (buffer) && meta && (meta->width > (guint) GST_VIDEO_INFO_WIDTH (info)
      || meta->height > (guint) GST_VIDEO_INFO_HEIGHT (info));
}

/* Bytes from the start of a row of @plane to column @x, if there is one place where all that is in the plane begins. Of
 * colours that two columns share, the first one's are those of the second, too. */
static gboolean
find_column (const GstVideoFormatInfo * finfo, guint plane, guint x, gsize * skip)
{
  gboolean found = FALSE;

  *skip = 0;
  for (guint i = 0; x > 0 && i < GST_VIDEO_FORMAT_INFO_N_COMPONENTS (finfo); i++) {
    gsize start = (gsize) (x >> GST_VIDEO_FORMAT_INFO_W_SUB (finfo, i)) * GST_VIDEO_FORMAT_INFO_PSTRIDE (finfo, i);

    if (GST_VIDEO_FORMAT_INFO_PLANE (finfo, i) != plane)
      continue;
    if (GST_VIDEO_FORMAT_INFO_PSTRIDE (finfo, i) == 0 || (found && start != *skip))
      return FALSE;
    *skip = start;
    found = TRUE;
  }
  return TRUE;
}

static guint
find_row (const GstVideoFormatInfo * finfo, guint plane, guint y)
{
  for (guint i = 0; i < GST_VIDEO_FORMAT_INFO_N_COMPONENTS (finfo); i++) {
    if (GST_VIDEO_FORMAT_INFO_PLANE (finfo, i) == plane)
      return y >> GST_VIDEO_FORMAT_INFO_H_SUB (finfo, i);
  }
  return 0;
}

/* Lets the mapped @frame of @src begin where what is to be seen does. */
static gboolean
crop (GstVideoFrame * frame, GstBuffer * src, const GstVideoInfo * info)
{
  const GstVideoCropMeta *crop = gst_buffer_get_video_crop_meta (src);
  gboolean has_palette = GST_VIDEO_FORMAT_INFO_HAS_PALETTE (info->finfo);

  if ((guint64) crop->x + GST_VIDEO_INFO_WIDTH (info) > (guint) GST_VIDEO_FRAME_WIDTH (frame)
      || (guint64) crop->y + GST_VIDEO_INFO_HEIGHT (info) > (guint) GST_VIDEO_FRAME_HEIGHT (frame)
      || (GST_VIDEO_FORMAT_INFO_IS_TILED (info->finfo) && (crop->x | crop->y)))
    return FALSE;
  for (guint plane = 0; plane < GST_VIDEO_INFO_N_PLANES (info); plane++) {
    guint8 *data = GST_VIDEO_FRAME_PLANE_DATA (frame, plane);
    gsize skip;

    if (has_palette && plane == 1)
      continue;
    if (!find_column (info->finfo, plane, crop->x, &skip))
      return FALSE;
    frame->data[plane] = data + (gssize) find_row (info->finfo, plane, crop->y) * GST_VIDEO_FRAME_PLANE_STRIDE (frame,
        plane) + skip;
  }
  return TRUE;
}

/* A meta of another frame than that of the caps is upstream's mistake, and would be a critical of ours. */
static gboolean
is_frame_of (GstBuffer * buffer, const GstVideoInfo * info)
{
  GstVideoMeta *meta = gst_buffer_get_video_meta (buffer);

  return !meta || (meta->format == GST_VIDEO_INFO_FORMAT (info) && meta->n_planes == GST_VIDEO_INFO_N_PLANES (info)
      && meta->width >= (guint) GST_VIDEO_INFO_WIDTH (info) && meta->height >= (guint) GST_VIDEO_INFO_HEIGHT (info));
}

/* Always FALSE. */
static gboolean
fail_to_find (GstBuffer * src, const GstVideoInfo * info, GError ** error)
{
  const GstVideoMeta *meta = gst_buffer_get_video_meta (src);
  const GstVideoCropMeta *crop = gst_buffer_get_video_crop_meta (src);
  gchar *shown = crop ? g_strdup_printf (" (from %u,%u on by its GstVideoCropMeta)", crop->x, crop->y) : NULL;
  gchar *said = meta ? g_strdup_printf (", and %ux%u %s%s by its GstVideoMeta", meta->width, meta->height,
      gst_video_format_to_string (meta->format), shown ? shown : "") : NULL;

  g_set_error (error, GST_XLNK_ERROR, GST_XLNK_ERROR_SIZE,
      "a frame cannot be copied: it is %dx%d %s by the caps%s, and not all of that is in its buffer of %" G_GSIZE_FORMAT
      " bytes", GST_VIDEO_INFO_WIDTH (info), GST_VIDEO_INFO_HEIGHT (info), GST_VIDEO_INFO_NAME (info), said ? said : "",
      gst_buffer_get_size (src));
  g_free (said);
  g_free (shown);
  return FALSE;
}

/* It was not mapped as a frame. */
static gboolean
fail_to_map_frame (GstBuffer * src, const GstVideoInfo * info, GError ** error)
{
  GstMapInfo map;

  if (!gst_buffer_map (src, &map, GST_MAP_READ))
    return fail_to_map (src, error);
  gst_buffer_unmap (src, &map);
  return fail_to_find (src, info, error);
}

static gboolean
copy_mapped (GstVideoFrame * to, GstVideoFrame * from, const GstVideoInfo * info, CopyFunction copy)
{
  if (GST_VIDEO_FORMAT_INFO_IS_TILED (info->finfo))
    return copy_tiles (to, from, info);
  return copy_planes (to, from, info, copy);
}

/* A single field of @info is a picture of its own, with half the rows. GStreamer 1.16 to 1.22 would map it only with a meta
 * that speaks of both fields. */
static GstVideoInfo
describe_picture (const GstVideoInfo * info)
{
  GstVideoInfo picture = *info;

  GST_VIDEO_INFO_HEIGHT (&picture) = GST_VIDEO_INFO_FIELD_HEIGHT (info);
  if (GST_VIDEO_INFO_HEIGHT (&picture) != GST_VIDEO_INFO_HEIGHT (info))
    GST_VIDEO_INFO_INTERLACE_MODE (&picture) = GST_VIDEO_INTERLACE_MODE_PROGRESSIVE;
  return picture;
}

static gboolean
copy_picture (GstBuffer * dest, GstBuffer * src, const GstVideoInfo * info, gboolean is_cropped, GError ** error)
{
  CopyFunction copy = pick_copy (dest, src);
  GstVideoFrame to, from;
  gboolean ok;

  if (!is_frame_of (src, info))
    return fail_to_find (src, info, error);
  if (!gst_video_frame_map (&to, (GstVideoInfo *) info, dest, GST_MAP_WRITE))
    return fail_to_map (dest, error);
  if (!gst_video_frame_map (&from, (GstVideoInfo *) info, src, GST_MAP_READ)) {
    gst_video_frame_unmap (&to);
    return fail_to_map_frame (src, info, error);
  }

  ok = (!is_cropped || crop (&from, src, info)) && copy_mapped (&to, &from, info, copy);

  gst_video_frame_unmap (&from);
  gst_video_frame_unmap (&to);
  return ok || fail_to_find (src, info, error);
}

gboolean
gst_xlnk_copy_frame (GstBuffer * dest, GstBuffer * src, const GstVideoInfo * info, GError ** error)
{
  const GstVideoInfo picture = describe_picture (info);

  return copy_picture (dest, src, &picture, gst_xlnk_is_cropped (src, info), error);
}
