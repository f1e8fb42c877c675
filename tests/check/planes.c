/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * planes.c: the marker on contiguous buffers, and where the planes of a frame lie. Expected values come from
 * GstVideoFrame's own view of the frame and from what the device reads there, not from our arithmetic.
 */
#include <gst/video/video.h>

#include "xlnkcheck.h"

/*** the marker ***/

static GstBuffer *
new_buffer (gsize size)
{
  GstBuffer *buffer = gst_buffer_new ();

  gst_buffer_append_memory (buffer, xlnk_check_alloc (size));
  return buffer;
}

GST_START_TEST (marker_is_for_contiguous_buffers)
{
  GstBuffer *ours = new_buffer (100);
  GstBuffer *system = gst_buffer_new_allocate (NULL, 100, NULL);
  GstBuffer *empty = gst_buffer_new ();
  GstXlnkPhysMeta *meta = gst_buffer_add_xlnk_phys_meta (ours);

  fail_unless (meta != NULL);
  fail_unless (gst_buffer_add_xlnk_phys_meta (ours) == meta);
  fail_unless (gst_buffer_get_xlnk_phys_meta (ours) == meta);
  fail_unless_equals_int (gst_buffer_get_n_meta (ours, GST_XLNK_PHYS_META_API_TYPE), 1);
  fail_unless (gst_buffer_add_xlnk_phys_meta (system) == NULL);
  fail_unless (gst_buffer_add_xlnk_phys_meta (empty) == NULL);
  gst_buffer_append_memory (ours, gst_allocator_alloc (NULL, 10, NULL));
  gst_buffer_append_memory (system, xlnk_check_alloc (10));
  fail_unless (gst_buffer_add_xlnk_phys_meta (system) == NULL);
  gst_buffer_unref (empty);
  gst_buffer_unref (system);
  gst_buffer_unref (ours);
}

GST_END_TEST;

GST_START_TEST (marker_is_tagged_as_memory)
{
  GType api = GST_XLNK_PHYS_META_API_TYPE;

  fail_unless (gst_meta_api_type_has_tag (api, g_quark_from_string ("memory")));
  fail_unless (gst_meta_api_type_has_tag (api, g_quark_from_string ("memory-reference")));
  fail_unless (gst_xlnk_phys_meta_get_info ()->api == api);
  fail_unless (gst_xlnk_phys_meta_get_info () == gst_meta_get_info ("GstXlnkPhysMeta"));
}

GST_END_TEST;

static void
check_copy (GstBuffer * buffer, GstBuffer * copy, gboolean marked)
{
  fail_unless (copy != NULL);
  fail_unless_equals_int (gst_buffer_get_xlnk_phys_meta (copy) != NULL, marked);
  gst_buffer_unref (copy);
  fail_unless (gst_buffer_get_xlnk_phys_meta (buffer) != NULL);
}

/* Core drops metas of the tag "memory" from partial copies, and those of "memory-reference" from deep ones. */
GST_START_TEST (marker_follows_whole_copies)
{
  GstBuffer *buffer = new_buffer (10000);
  GPtrArray *taken;
  GstBuffer *copy;

  gst_buffer_add_xlnk_phys_meta (buffer);
  gst_buffer_add_video_meta (buffer, GST_VIDEO_FRAME_FLAG_NONE, GST_VIDEO_FORMAT_GRAY8, 100, 100);
  check_copy (buffer, gst_buffer_copy (buffer), TRUE);
  check_copy (buffer, gst_buffer_copy_region (buffer, GST_BUFFER_COPY_ALL, 0, 100), FALSE);
  check_copy (buffer, gst_buffer_copy_region (buffer, GST_BUFFER_COPY_ALL, 50, 100), FALSE);
  taken = xlnk_check_exhaust (4096);
  copy = gst_buffer_copy_deep (buffer);
  xlnk_check_release (taken);
  fail_if (gst_is_xlnk_memory (gst_buffer_peek_memory (copy, 0)));
  fail_unless (gst_buffer_get_video_meta (copy) != NULL);
  check_copy (buffer, copy, FALSE);
  gst_buffer_unref (buffer);
}

GST_END_TEST;

static void
check_transform (GstBuffer * dest, GQuark type, gboolean region, gboolean marked)
{
  GstBuffer *buffer = new_buffer (100);
  GstMeta *meta = (GstMeta *) gst_buffer_add_xlnk_phys_meta (buffer);
  GstMetaTransformCopy copy = { region, 0, region ? 50 : (gsize) -1 };

  /* Declining is no failure. */
  fail_unless (meta->info->transform_func (dest, meta, buffer, type, &copy));
  fail_unless_equals_int (gst_buffer_get_xlnk_phys_meta (dest) != NULL, marked);
  gst_buffer_unref (buffer);
  gst_buffer_unref (dest);
}

GST_START_TEST (marker_transforms_to_contiguous_copies_only)
{
  GstBuffer *mixed = new_buffer (100);
  GQuark copy = _gst_meta_transform_copy;

  gst_buffer_append_memory (mixed, gst_allocator_alloc (NULL, 100, NULL));
  check_transform (new_buffer (100), copy, FALSE, TRUE);
  check_transform (new_buffer (100), copy, TRUE, FALSE);
  check_transform (new_buffer (100), g_quark_from_string ("gst-video-scale"), FALSE, FALSE);
  check_transform (gst_buffer_new_allocate (NULL, 100, NULL), copy, FALSE, FALSE);
  check_transform (mixed, copy, FALSE, FALSE);
  check_transform (gst_buffer_new (), copy, FALSE, FALSE);
}

GST_END_TEST;

/*** planes of frames ***/

static const gchar *const formats[] = { "I420", "NV12", "YUY2", "RGB", "RGBA", "GRAY8", "GRAY16_LE", "v210", "Y444",
  "Y42B", "NV16", "I420_10LE", "P010_10LE", "A420", "GBR", "NV24"
};

static const gint sizes[][2] = { {320, 240}, {641, 359}, {1, 1}, {64, 1}, {1, 33} };

static GstBufferPool *
video_pool (const gchar * format, gint width, gint height, const GstVideoAlignment * alignment, GstVideoInfo * info)
{
  GstCaps *caps = gst_caps_new_simple ("video/x-raw", "format", G_TYPE_STRING, format, "width", G_TYPE_INT, width,
      "height", G_TYPE_INT, height, NULL);
  GstBufferPool *pool = gst_xlnk_buffer_pool_new_with_config (xlnk_allocator, caps, 0, 1, 1);
  GstStructure *config = gst_buffer_pool_get_config (pool);

  fail_unless (gst_video_info_from_caps (info, caps));
  if (alignment) {
    GstVideoAlignment copy = *alignment;

    gst_buffer_pool_config_add_option (config, GST_BUFFER_POOL_OPTION_VIDEO_ALIGNMENT);
    gst_buffer_pool_config_set_video_alignment (config, &copy);
  }
  fail_unless (gst_buffer_pool_set_config (pool, config));
  fail_unless (gst_buffer_pool_set_active (pool, TRUE));
  gst_caps_unref (caps);
  return pool;
}

/* A value of its own in each row of each plane, written as any element would. */
static guint8
row_value (guint plane, gint row)
{
  return (guint8) (plane * 80 + row % 75 + 1);
}

static guint
first_component (const GstVideoFrame * frame, guint plane)
{
  guint component = 0;

  while (GST_VIDEO_FORMAT_INFO_PLANE (frame->info.finfo, component) != plane)
    component++;
  return component;
}

static gint
rows_of_plane (const GstVideoFrame * frame, guint plane)
{
  return GST_VIDEO_FRAME_COMP_HEIGHT (frame, first_component (frame, plane));
}

/* Of a row: the pixels that are certain to be there. */
static gint
bytes_of_row (const GstVideoFrame * frame, guint plane)
{
  guint component = first_component (frame, plane);

  return MAX (1, GST_VIDEO_FRAME_COMP_WIDTH (frame, component) * GST_VIDEO_FRAME_COMP_PSTRIDE (frame, component));
}

static void
draw (GstBuffer * buffer, GstVideoInfo * info)
{
  GstVideoFrame frame;

  fail_unless (gst_video_frame_map (&frame, info, buffer, GST_MAP_WRITE));
  for (guint plane = 0; plane < GST_VIDEO_FRAME_N_PLANES (&frame); plane++) {
    guint8 *row = GST_VIDEO_FRAME_PLANE_DATA (&frame, plane);

    for (gint y = 0; y < rows_of_plane (&frame, plane); y++) {
      memset (row, row_value (plane, y), bytes_of_row (&frame, plane));
      row += GST_VIDEO_FRAME_PLANE_STRIDE (&frame, plane);
    }
  }
  gst_video_frame_unmap (&frame);
}

/* What a core would read that is given only @planes. */
static void
check_drawing (GstBuffer * buffer, GstVideoInfo * info, const GstXlnkPlanes * planes)
{
  GstVideoFrame frame;

  fail_unless (gst_video_frame_map (&frame, info, buffer, GST_MAP_READ));
  fail_unless_equals_int (planes->n_planes, GST_VIDEO_FRAME_N_PLANES (&frame));
  for (guint plane = 0; plane < planes->n_planes; plane++) {
    guint64 phys = planes->phys_addr[plane];
    gint rows = rows_of_plane (&frame, plane);

    for (gint y = 0; y < rows; y++) {
      fail_unless (board_device_sees (phys, row_value (plane, y), bytes_of_row (&frame, plane)));
      phys += planes->stride[plane];
    }
    fail_unless_equals_int (planes->stride[plane], GST_VIDEO_FRAME_PLANE_STRIDE (&frame, plane));
    fail_unless (planes->size[plane] > (gsize) (rows - 1) * planes->stride[plane]);
    fail_unless (planes->size[plane] <= (gsize) rows * planes->stride[plane]);
  }
  gst_video_frame_unmap (&frame);
}

static void
check_format (const gchar * format, gint width, gint height, const GstVideoAlignment * alignment)
{
  GstVideoInfo info;
  GstBufferPool *pool = video_pool (format, width, height, alignment, &info);
  GstXlnkPlanes planes, mapped;
  GstBuffer *buffer = NULL;
  GstMapInfo map;

  fail_unless_equals_int (gst_buffer_pool_acquire_buffer (pool, &buffer, NULL), GST_FLOW_OK);
  draw (buffer, &info);
  fail_unless (gst_xlnk_buffer_map_device (buffer, &map, GST_MAP_READ));
  fail_unless (gst_xlnk_buffer_get_mapped_planes (buffer, &map, &info, &mapped));
  fail_unless (gst_xlnk_buffer_get_planes (buffer, NULL, &planes));
  fail_unless (memcmp (&planes, &mapped, sizeof planes) == 0);
  check_drawing (buffer, &info, &planes);
  gst_xlnk_buffer_unmap_device (buffer, &map);
  gst_buffer_unref (buffer);
  gst_buffer_pool_set_active (pool, FALSE);
  gst_object_unref (pool);
}

GST_START_TEST (planes_of_every_format)
{
  for (gsize i = 0; i < G_N_ELEMENTS (formats); i++) {
    for (gsize j = 0; j < G_N_ELEMENTS (sizes); j++)
      check_format (formats[i], sizes[j][0], sizes[j][1], NULL);
  }
}

GST_END_TEST;

GST_START_TEST (planes_with_alignment)
{
  GstVideoAlignment alignment;

  gst_video_alignment_reset (&alignment);
  alignment.padding_left = 8;
  alignment.padding_right = 24;
  alignment.padding_top = 4;
  alignment.padding_bottom = 6;
  for (int i = 0; i < GST_VIDEO_MAX_PLANES; i++)
    alignment.stride_align[i] = 63;
  for (gsize i = 0; i < 8; i++) {
    if (!g_str_equal (formats[i], "v210"))
      check_format (formats[i], 317, 41, &alignment);
  }
  gst_video_alignment_reset (&alignment);
  alignment.padding_bottom = 6;
  check_format ("v210", 317, 41, &alignment);
}

GST_END_TEST;

/* The caps describe a buffer that has no meta. */
GST_START_TEST (planes_from_the_caps)
{
  GstVideoInfo info;
  GstXlnkPlanes planes;
  GstBuffer *buffer;

  gst_video_info_set_format (&info, GST_VIDEO_FORMAT_I420, 64, 48);
  buffer = new_buffer (GST_VIDEO_INFO_SIZE (&info));
  draw (buffer, &info);
  fail_unless (gst_xlnk_buffer_get_planes (buffer, &info, &planes));
  fail_unless_equals_int (planes.n_planes, 3);
  check_drawing (buffer, &info, &planes);
  gst_buffer_unref (buffer);
}

GST_END_TEST;

GST_START_TEST (bytes_are_one_plane)
{
  GstBuffer *buffer = new_buffer (1000);
  GstXlnkPlanes planes;

  fail_unless (gst_xlnk_buffer_get_planes (buffer, NULL, &planes));
  fail_unless_equals_int (planes.n_planes, 1);
  fail_unless_equals_int (planes.stride[0], 0);
  fail_unless_equals_uint64 (planes.size[0], 1000);
  fail_unless_equals_uint64 (planes.phys_addr[0],
      gst_xlnk_memory_get_phys_addr (gst_buffer_peek_memory (buffer, 0)));
  gst_buffer_append_memory (buffer, xlnk_check_alloc (10));
  fail_if (gst_xlnk_buffer_get_planes (buffer, NULL, &planes));
  gst_buffer_unref (buffer);
}

GST_END_TEST;

/* Asking for the addresses is a hand-out: what is written afterwards arrives as well. */
GST_START_TEST (planes_expose)
{
  GstBuffer *buffer = new_buffer (1000);
  GstXlnkPlanes planes;

  fail_unless (gst_xlnk_buffer_get_planes (buffer, NULL, &planes));
  xlnk_check_fill (gst_buffer_peek_memory (buffer, 0), 0x2b);
  fail_unless (board_device_sees (planes.phys_addr[0], 0x2b, 1000));
  gst_buffer_unref (buffer);
}

GST_END_TEST;

/* While those of a map are not. */
GST_START_TEST (mapped_planes_do_not_expose)
{
  GstBuffer *buffer = new_buffer (1000);
  guint64 flushes = xlnk_check_stats ().flushes;
  GstXlnkPlanes planes;
  GstMapInfo map;

  fail_unless (gst_xlnk_buffer_map_device (buffer, &map, GST_MAP_READ));
  fail_unless (gst_xlnk_buffer_get_mapped_planes (buffer, &map, NULL, &planes));
  gst_xlnk_buffer_unmap_device (buffer, &map);
  xlnk_check_fill (gst_buffer_peek_memory (buffer, 0), 0x2b);
  fail_unless_equals_uint64 (xlnk_check_stats ().flushes, flushes);
  gst_buffer_unref (buffer);
}

GST_END_TEST;

/*** memories ***/

static GstBuffer *
buffer_of_planes (GstVideoInfo * info, GstMemory ** memories)
{
  GstBuffer *buffer = gst_buffer_new ();

  for (guint i = 0; i < GST_VIDEO_INFO_N_PLANES (info); i++)
    gst_buffer_append_memory (buffer, memories[i]);
  gst_buffer_add_video_meta_full (buffer, GST_VIDEO_FRAME_FLAG_NONE, GST_VIDEO_INFO_FORMAT (info),
      GST_VIDEO_INFO_WIDTH (info), GST_VIDEO_INFO_HEIGHT (info), GST_VIDEO_INFO_N_PLANES (info), info->offset,
      info->stride);
  return buffer;
}

GST_START_TEST (each_plane_may_have_its_memory)
{
  GstMemory *memories[3];
  GstXlnkPlanes planes;
  GstVideoInfo info;
  GstBuffer *buffer;
  GstMapInfo map;

  gst_video_info_set_format (&info, GST_VIDEO_FORMAT_I420, 64, 48);
  memories[0] = xlnk_check_alloc_params (64 * 48, 0, 0, 128, 0);
  memories[1] = xlnk_check_alloc (32 * 24);
  memories[2] = xlnk_check_alloc_params (32 * 24, 0, 0, 64, 32);
  buffer = buffer_of_planes (&info, memories);
  fail_unless (gst_xlnk_buffer_get_planes (buffer, NULL, &planes));
  fail_unless_equals_int (planes.n_planes, 3);
  for (guint i = 0; i < 3; i++) {
    fail_unless_equals_uint64 (planes.phys_addr[i], gst_xlnk_memory_get_phys_addr (memories[i]));
    fail_unless_equals_uint64 (planes.size[i], i == 0 ? 64 * 48 : 32 * 24);
  }
  fail_if (gst_xlnk_buffer_map_device (buffer, &map, GST_MAP_READ));
  fail_unless_equals_int (gst_buffer_n_memory (buffer), 3);
  gst_buffer_unref (buffer);
}

GST_END_TEST;

GST_START_TEST (planes_in_foreign_memory_have_no_address)
{
  GstMemory *memories[3];
  GstXlnkPlanes planes;
  GstVideoInfo info;
  GstBuffer *buffer;

  gst_video_info_set_format (&info, GST_VIDEO_FORMAT_I420, 64, 48);
  memories[0] = xlnk_check_alloc (64 * 48);
  memories[1] = gst_allocator_alloc (NULL, 32 * 24, NULL);
  memories[2] = xlnk_check_alloc (32 * 24);
  buffer = buffer_of_planes (&info, memories);
  fail_if (gst_xlnk_buffer_get_planes (buffer, NULL, &planes));
  gst_buffer_unref (buffer);
  buffer = gst_buffer_new_allocate (NULL, 1000, NULL);
  fail_if (gst_xlnk_buffer_get_planes (buffer, NULL, &planes));
  gst_buffer_unref (buffer);
  buffer = gst_buffer_new ();
  fail_if (gst_xlnk_buffer_get_planes (buffer, NULL, &planes));
  gst_buffer_unref (buffer);
}

GST_END_TEST;

GST_START_TEST (planes_lie_in_one_memory_each)
{
  GstXlnkPlanes planes;
  GstVideoInfo info;
  GstBuffer *buffer = gst_buffer_new ();

  /* The first plane is cut in two. */
  gst_video_info_set_format (&info, GST_VIDEO_FORMAT_I420, 64, 48);
  gst_buffer_append_memory (buffer, xlnk_check_alloc (64 * 20));
  gst_buffer_append_memory (buffer, xlnk_check_alloc (64 * 28 + 32 * 48));
  fail_if (gst_xlnk_buffer_get_planes (buffer, &info, &planes));
  gst_buffer_unref (buffer);
}

GST_END_TEST;

GST_START_TEST (planes_of_a_sub_buffer)
{
  GstVideoInfo info;
  GstXlnkPlanes planes, part;
  GstBuffer *buffer, *region;

  gst_video_info_set_format (&info, GST_VIDEO_FORMAT_GRAY8, 64, 10);
  buffer = new_buffer (64 * 48);
  fail_unless (gst_xlnk_buffer_get_planes (buffer, &info, &planes));
  region = gst_buffer_copy_region (buffer, GST_BUFFER_COPY_MEMORY, 64 * 20, 64 * 10);
  fail_unless (gst_xlnk_buffer_get_planes (region, &info, &part));
  fail_unless_equals_uint64 (part.phys_addr[0], planes.phys_addr[0] + 64 * 20);
  fail_unless_equals_uint64 (part.size[0], 64 * 10);
  gst_buffer_unref (region);
  gst_buffer_unref (buffer);
}

GST_END_TEST;

/* A core that believed such planes would read a stranger's memory. */
GST_START_TEST (too_small_buffers_are_refused)
{
  GstVideoInfo info;
  GstXlnkPlanes planes;
  GstMapInfo map;

  gst_video_info_set_format (&info, GST_VIDEO_FORMAT_I420, 64, 48);
  for (gsize missing = 1; missing < GST_VIDEO_INFO_SIZE (&info); missing += 113) {
    GstBuffer *buffer = new_buffer (GST_VIDEO_INFO_SIZE (&info) - missing);

    fail_if (gst_xlnk_buffer_get_planes (buffer, &info, &planes));
    fail_unless (gst_xlnk_buffer_map_device (buffer, &map, GST_MAP_READ));
    fail_if (gst_xlnk_buffer_get_mapped_planes (buffer, &map, &info, &planes));
    gst_xlnk_buffer_unmap_device (buffer, &map);
    gst_buffer_unref (buffer);
  }
}

GST_END_TEST;

/* The last row is as long as its pixels, even if the rows are said to overlap. */
GST_START_TEST (rows_longer_than_their_stride_are_refused)
{
  gsize offset[GST_VIDEO_MAX_PLANES] = { 0 };
  gint stride[GST_VIDEO_MAX_PLANES] = { 32 };
  GstBuffer *buffer = new_buffer (48 * 32);
  GstXlnkPlanes planes;

  gst_buffer_add_video_meta_full (buffer, GST_VIDEO_FRAME_FLAG_NONE, GST_VIDEO_FORMAT_GRAY8, 64, 48, 1, offset, stride);
  fail_if (gst_xlnk_buffer_get_planes (buffer, NULL, &planes));
  gst_buffer_unref (buffer);
}

GST_END_TEST;

/* Packed rows of 61 bytes with a stride of 64: the padding of the very last row may be missing. */
GST_START_TEST (last_row_needs_no_padding)
{
  GstVideoInfo info;
  GstXlnkPlanes planes;
  GstBuffer *buffer;

  gst_video_info_set_format (&info, GST_VIDEO_FORMAT_GRAY8, 61, 10);
  fail_unless_equals_int (GST_VIDEO_INFO_PLANE_STRIDE (&info, 0), 64);
  buffer = new_buffer (64 * 9 + 61);
  fail_unless (gst_xlnk_buffer_get_planes (buffer, &info, &planes));
  fail_unless_equals_uint64 (planes.size[0], 64 * 9 + 61);
  gst_buffer_unref (buffer);
  buffer = new_buffer (64 * 9 + 60);
  fail_if (gst_xlnk_buffer_get_planes (buffer, &info, &planes));
  gst_buffer_unref (buffer);
}

GST_END_TEST;

/*** device maps of buffers ***/

GST_START_TEST (device_maps_want_one_memory_of_ours)
{
  GstBuffer *system = gst_buffer_new_allocate (NULL, 100, NULL);
  GstBuffer *empty = gst_buffer_new ();
  GstBuffer *ours = new_buffer (100);
  GstMapInfo map;

  fail_if (gst_xlnk_buffer_map_device (system, &map, GST_MAP_READ));
  fail_if (gst_xlnk_buffer_map_device (empty, &map, GST_MAP_READ));
  fail_unless (gst_xlnk_buffer_map_device (ours, &map, GST_MAP_READWRITE));
  gst_xlnk_buffer_unmap_device (ours, &map);
  /* Somebody else looks at the buffer. */
  gst_buffer_ref (ours);
  fail_if (gst_xlnk_buffer_map_device (ours, &map, GST_MAP_WRITE));
  fail_unless (gst_xlnk_buffer_map_device (ours, &map, GST_MAP_READ));
  gst_xlnk_buffer_unmap_device (ours, &map);
  gst_buffer_unref (ours);
  gst_buffer_unref (ours);
  gst_buffer_unref (empty);
  gst_buffer_unref (system);
}

GST_END_TEST;

static Suite *
planes_suite (void)
{
  Suite *suite = suite_create ("planes");
  TCase *tc = xlnk_check_add_case (suite, "planes");

  tcase_add_test (tc, marker_is_for_contiguous_buffers);
  tcase_add_test (tc, marker_is_tagged_as_memory);
  tcase_add_test (tc, marker_follows_whole_copies);
  tcase_add_test (tc, marker_transforms_to_contiguous_copies_only);
  tcase_add_test (tc, planes_of_every_format);
  tcase_add_test (tc, planes_with_alignment);
  tcase_add_test (tc, planes_from_the_caps);
  tcase_add_test (tc, bytes_are_one_plane);
  tcase_add_test (tc, planes_expose);
  tcase_add_test (tc, mapped_planes_do_not_expose);
  tcase_add_test (tc, each_plane_may_have_its_memory);
  tcase_add_test (tc, planes_in_foreign_memory_have_no_address);
  tcase_add_test (tc, planes_lie_in_one_memory_each);
  tcase_add_test (tc, planes_of_a_sub_buffer);
  tcase_add_test (tc, too_small_buffers_are_refused);
  tcase_add_test (tc, rows_longer_than_their_stride_are_refused);
  tcase_add_test (tc, last_row_needs_no_padding);
  tcase_add_test (tc, device_maps_want_one_memory_of_ours);
  return suite;
}

GST_CHECK_MAIN (planes);
