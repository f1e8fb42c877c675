/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * planes-formats.c: the planes of each format that GStreamer knows lie in the buffer, where and as long as they should.
 * planes.c looks at the pixels of some of them.
 */
#include <gst/video/video.h>

#include "xlnkcheck.h"

/* gst_video_formats_raw() is as old. */
#if GST_CHECK_VERSION (1, 18, 0)
/* What remains of the buffer from a plane on, up to the next one. */
static gsize
room_of_plane (const GstVideoInfo * info, guint plane)
{
  gsize end = GST_VIDEO_INFO_SIZE (info);

  for (guint i = 0; i < GST_VIDEO_INFO_N_PLANES (info); i++) {
    if (GST_VIDEO_INFO_PLANE_OFFSET (info, i) > GST_VIDEO_INFO_PLANE_OFFSET (info, plane))
      end = MIN (end, GST_VIDEO_INFO_PLANE_OFFSET (info, i));
  }
  return end - GST_VIDEO_INFO_PLANE_OFFSET (info, plane);
}

static void
check_places (const GstVideoInfo * info, guint64 phys, const GstXlnkPlanes * planes)
{
  const gchar *name = GST_VIDEO_INFO_NAME (info);

  fail_unless_equals_int (planes->n_planes, GST_VIDEO_INFO_N_PLANES (info));
  for (guint i = 0; i < planes->n_planes; i++) {
    gsize room = room_of_plane (info, i);

    fail_unless (planes->phys_addr[i] == phys + GST_VIDEO_INFO_PLANE_OFFSET (info, i), "%s, plane %u", name, i);
    fail_unless (planes->size[i] > 0 && planes->size[i] <= room, "%s, plane %u: %" G_GSIZE_FORMAT " of %" G_GSIZE_FORMAT
        " bytes", name, i, planes->size[i], room);
    if (GST_VIDEO_FORMAT_INFO_IS_TILED (info->finfo))
      fail_unless_equals_int (planes->size[i], room);
    if (GST_VIDEO_FORMAT_INFO_HAS_PALETTE (info->finfo) && i == 1)
      fail_unless_equals_int (planes->size[i], 256 * 4);
  }
}

static void
check_places_of (GstVideoFormat format, gint width, gint height)
{
  GstXlnkPlanes planes, mapped;
  GstVideoInfo info;
  GstBuffer *buffer;
  GstMapInfo map;

  fail_unless (gst_video_info_set_format (&info, format, width, height));
  buffer = gst_buffer_new_allocate (GST_ALLOCATOR (xlnk_allocator), GST_VIDEO_INFO_SIZE (&info), NULL);
  fail_unless (gst_xlnk_buffer_map_device (buffer, &map, GST_MAP_READ));
  fail_unless (gst_xlnk_buffer_get_mapped_planes (buffer, &map, &info, &mapped), "%s", GST_VIDEO_INFO_NAME (&info));
  check_places (&info, (guintptr) map.data, &mapped);
  fail_unless (gst_xlnk_buffer_get_planes (buffer, &info, &planes));
  fail_unless (memcmp (&planes, &mapped, sizeof planes) == 0);
  gst_xlnk_buffer_unmap_device (buffer, &map);
  gst_buffer_unref (buffer);
}

/* Also those that are not rows of pixels: tiles, a palette beside its indices. */
GST_START_TEST (planes_of_every_format_that_gstreamer_knows)
{
  guint n;
  const GstVideoFormat *all = gst_video_formats_raw (&n);

  for (guint i = 0; i < n; i++) {
    check_places_of (all[i], 128, 96);
    check_places_of (all[i], 322, 402);
    check_places_of (all[i], 16, 2);
  }
}

GST_END_TEST;
#endif

static Suite *
planes_formats_suite (void)
{
  Suite *suite = suite_create ("planes-formats");
  TCase *tc = xlnk_check_add_case (suite, "formats");

#if GST_CHECK_VERSION (1, 18, 0)
  tcase_add_test (tc, planes_of_every_format_that_gstreamer_knows);
#else
  (void) tc;
#endif
  return suite;
}

GST_CHECK_MAIN (planes_formats);
