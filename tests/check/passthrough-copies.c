/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Buffers that xlnkaccel copies: once, into contiguous memory, with all that belongs to them; or refuses to. */
#include "accelcheck.h"

#include <gst/video/gstvideometa.h>

#define BYTES "application/octet-stream"

GST_START_TEST (a_system_buffer_is_copied_once_and_counted)
{
  GstHarness *h = accel_harness (NULL);
  GstBuffer *result;

  gst_harness_set_src_caps_str (h, CAPS_RGBA);
  result = accel_push_and_pull (h, accel_system_buffer (SIZE_RGBA, 1));
  fail_unless (accel_is_contiguous (result));
  fail_unless (gst_buffer_get_xlnk_phys_meta (result) != NULL);
  fail_unless (gst_buffer_is_writable (result));
  fail_unless (accel_is_filled (result, SIZE_RGBA, 1));
  fail_unless_equals_uint64 (accel_stat (h->element, "frames"), 1);
  fail_unless_equals_uint64 (accel_stat (h->element, "copies"), 1);
  fail_unless_equals_uint64 (accel_stat (h->element, "copied-bytes"), SIZE_RGBA);
  gst_buffer_unref (result);
  accel_harness_done (h);
}
GST_END_TEST

/* What a device would see, not only what the CPU's cache shows. */
GST_START_TEST (a_copy_is_what_a_device_reads_at_its_address)
{
  GstHarness *h = accel_harness (NULL);
  guint8 *seen = g_malloc (SIZE_RGBA);
  GstXlnkPlanes planes;
  GstBuffer *result;
  GstVideoInfo info;

  gst_harness_set_src_caps_str (h, CAPS_RGBA);
  result = accel_push_and_pull (h, accel_system_buffer (SIZE_RGBA, 3));
  gst_video_info_set_format (&info, GST_VIDEO_FORMAT_RGBA, 64, 48);
  fail_unless (gst_xlnk_buffer_get_planes (result, &info, &planes));
  board_device_read (planes.phys_addr[0], seen, SIZE_RGBA);
  for (guint i = 0; i < SIZE_RGBA; i++)
    fail_unless (seen[i] == accel_pattern (i, 3), "byte %u", i);
  gst_buffer_unref (result);
  g_free (seen);
  accel_harness_done (h);
}
GST_END_TEST

GST_START_TEST (a_copy_keeps_flags_times_offsets_and_metas)
{
  GstHarness *h = accel_harness (NULL);
  GstBuffer *buffer = accel_system_buffer (SIZE_RGBA, 1);
  const guint flags = GST_BUFFER_FLAG_GAP | GST_BUFFER_FLAG_DROPPABLE | GST_BUFFER_FLAG_DISCONT | GST_BUFFER_FLAG_MARKER;
  GstVideoCropMeta *crop;
  GstBuffer *result;

  gst_harness_set_src_caps_str (h, CAPS_RGBA);
  GST_BUFFER_FLAG_SET (buffer, flags);
  GST_BUFFER_PTS (buffer) = 11;
  GST_BUFFER_DTS (buffer) = 12;
  GST_BUFFER_DURATION (buffer) = 13;
  GST_BUFFER_OFFSET (buffer) = 14;
  GST_BUFFER_OFFSET_END (buffer) = 15;
  crop = gst_buffer_add_video_crop_meta (buffer);
  crop->x = 5;
  crop->y = 6;
  crop->width = 7;
  crop->height = 8;

  result = accel_push_and_pull (h, buffer);
  fail_unless_equals_int (GST_BUFFER_FLAGS (result) & flags, flags);
  fail_unless (GST_BUFFER_PTS (result) == 11 && GST_BUFFER_DTS (result) == 12 && GST_BUFFER_DURATION (result) == 13);
  fail_unless (GST_BUFFER_OFFSET (result) == 14 && GST_BUFFER_OFFSET_END (result) == 15);
  crop = gst_buffer_get_video_crop_meta (result);
  fail_unless (crop && crop->x == 5 && crop->y == 6 && crop->width == 7 && crop->height == 8);
  gst_buffer_unref (result);

  /* And the recycled buffer of the pool has none of it. */
  result = accel_push_and_pull (h, accel_system_buffer (SIZE_RGBA, 2));
  fail_unless_equals_int (GST_BUFFER_FLAGS (result) & flags, 0);
  fail_unless (gst_buffer_get_video_crop_meta (result) == NULL);
  fail_unless (gst_buffer_get_video_meta (result) != NULL);
  gst_buffer_unref (result);
  accel_harness_done (h);
}
GST_END_TEST

GST_START_TEST (a_copy_leaves_its_source_alone_and_lets_it_go)
{
  GstHarness *h = accel_harness (NULL);
  GstBuffer *buffer = accel_system_buffer (SIZE_RGBA, 1);

  gst_harness_set_src_caps_str (h, CAPS_RGBA);
  gst_buffer_unref (accel_push_and_pull (h, gst_buffer_ref (buffer)));
  fail_unless_equals_int (GST_MINI_OBJECT_REFCOUNT_VALUE (buffer), 1);
  fail_unless (accel_is_filled (buffer, SIZE_RGBA, 1));
  gst_buffer_unref (buffer);
  accel_harness_done (h);
}
GST_END_TEST

/* Two contiguous memories are not contiguous with each other. */
GST_START_TEST (several_memories_become_one)
{
  GstHarness *h = accel_harness (NULL);
  GstBuffer *first = accel_xlnk_buffer (SIZE_RGBA / 2, 1);
  GstBuffer *buffer = accel_system_buffer (SIZE_RGBA, 1);
  GstBuffer *result;

  /* The first half is ours, the second half the system's. */
  gst_buffer_resize (buffer, SIZE_RGBA / 2, SIZE_RGBA / 2);
  buffer = gst_buffer_append (first, buffer);
  fail_unless_equals_int (gst_buffer_n_memory (buffer), 2);

  gst_harness_set_src_caps_str (h, CAPS_RGBA);
  result = accel_push_and_pull (h, buffer);
  fail_unless (accel_is_contiguous (result));
  fail_unless (accel_is_filled (result, SIZE_RGBA, 1));
  fail_unless_equals_uint64 (accel_stat (h->element, "copies"), 1);
  gst_buffer_unref (result);
  accel_harness_done (h);
}
GST_END_TEST

GST_START_TEST (recycled_copies_allocate_nothing)
{
  GstHarness *h = accel_harness (NULL);
  guint64 allocs;

  gst_harness_set_src_caps_str (h, CAPS_RGBA);
  gst_buffer_unref (accel_push_and_pull (h, accel_system_buffer (SIZE_RGBA, 0)));
  allocs = board_counter ("allocs");
  for (guint i = 1; i < 50; i++)
    gst_buffer_unref (accel_push_and_pull (h, accel_system_buffer (SIZE_RGBA, i)));
  fail_unless_equals_uint64 (board_counter ("allocs"), allocs);
  fail_unless_equals_uint64 (accel_stat (h->element, "runtime-allocations"), 0);
  accel_harness_done (h);
}
GST_END_TEST

GST_START_TEST (buffers_that_downstream_keeps_are_counted_as_runtime_allocations)
{
  GstHarness *h = accel_harness (NULL);
  GstBuffer *kept[6];

  gst_harness_set_src_caps_str (h, CAPS_RGBA);
  for (guint i = 0; i < G_N_ELEMENTS (kept); i++)
    kept[i] = accel_push_and_pull (h, accel_system_buffer (SIZE_RGBA, i));
  fail_unless_equals_uint64 (accel_stat (h->element, "runtime-allocations"), 4);
  fail_unless_equals_uint64 (accel_stat (h->element, "live-buffers"), 6);
  for (guint i = 0; i < G_N_ELEMENTS (kept); i++) {
    fail_unless (accel_is_filled (kept[i], SIZE_RGBA, i));
    gst_buffer_unref (kept[i]);
  }
  accel_harness_done (h);
}
GST_END_TEST

/*** rows ***/

typedef struct
{
  GstVideoFormat format;
  gint width, height;
} Picture;

/* A system buffer of the picture with each row padded by @padding bytes of noise, each plane by a row of it, and
 * nothing after the last pixel; its packed twin is in @packed. */
static GstBuffer *
make_padded_frame (const Picture * picture, gint padding, GstBuffer ** packed)
{
  gsize offset[GST_VIDEO_MAX_PLANES] = { 0 }, end = 0;
  gint stride[GST_VIDEO_MAX_PLANES] = { 0 };
  GstVideoInfo info;
  GstBuffer *buffer;
  guint n;

  gst_video_info_set_format (&info, picture->format, picture->width, picture->height);
  n = GST_VIDEO_INFO_N_PLANES (&info);
  for (guint i = 0; i < n; i++) {
    guint rows = GST_VIDEO_SUB_SCALE (GST_VIDEO_FORMAT_INFO_H_SUB (info.finfo, i), picture->height);

    stride[i] = GST_VIDEO_INFO_PLANE_STRIDE (&info, i) + padding;
    offset[i] = end + (i > 0 ? stride[i] : 0);
    end = offset[i] + (gsize) stride[i] * (rows - 1) + GST_VIDEO_INFO_PLANE_STRIDE (&info, i);
  }
  *packed = accel_system_buffer (GST_VIDEO_INFO_SIZE (&info), 1);
  buffer = accel_system_buffer (end, 99);
  gst_buffer_add_video_meta_full (buffer, GST_VIDEO_FRAME_FLAG_NONE, picture->format, picture->width, picture->height,
      n, offset, stride);

  for (guint i = 0; i < n; i++) {
    guint rows = GST_VIDEO_SUB_SCALE (GST_VIDEO_FORMAT_INFO_H_SUB (info.finfo, i), picture->height);
    gsize row = GST_VIDEO_INFO_PLANE_STRIDE (&info, i);

    for (guint y = 0; y < rows; y++) {
      gpointer data = g_malloc (row);

      gst_buffer_extract (*packed, GST_VIDEO_INFO_PLANE_OFFSET (&info, i) + y * row, data, row);
      gst_buffer_fill (buffer, offset[i] + (gsize) y * stride[i], data, row);
      g_free (data);
    }
  }
  return buffer;
}

/* All bytes of each row, its alignment included: of packed formats with odd widths they hold samples. */
static gboolean
same_rows (GstBuffer * a, GstBuffer * b, const Picture * picture)
{
  GstMapInfo map_a, map_b;
  gboolean same = TRUE;
  GstVideoInfo info;

  gst_video_info_set_format (&info, picture->format, picture->width, picture->height);
  fail_unless (gst_buffer_map (a, &map_a, GST_MAP_READ) && gst_buffer_map (b, &map_b, GST_MAP_READ));
  fail_unless (map_a.size >= GST_VIDEO_INFO_SIZE (&info));
  for (guint i = 0; i < GST_VIDEO_INFO_N_PLANES (&info); i++) {
    gsize offset = GST_VIDEO_INFO_PLANE_OFFSET (&info, i);
    guint rows = GST_VIDEO_SUB_SCALE (GST_VIDEO_FORMAT_INFO_H_SUB (info.finfo, i), picture->height);

    same = same && memcmp (map_a.data + offset, map_b.data + offset, rows * GST_VIDEO_INFO_PLANE_STRIDE (&info, i)) == 0;
  }
  gst_buffer_unmap (a, &map_a);
  gst_buffer_unmap (b, &map_b);
  return same;
}

static const Picture pictures[] = {
  {GST_VIDEO_FORMAT_I420, 64, 48}, {GST_VIDEO_FORMAT_I420, 33, 17}, {GST_VIDEO_FORMAT_NV12, 33, 17},
  {GST_VIDEO_FORMAT_YUY2, 64, 48}, {GST_VIDEO_FORMAT_YUY2, 33, 17}, {GST_VIDEO_FORMAT_UYVY, 1, 1},
#if GST_CHECK_VERSION (1, 16, 0)
  {GST_VIDEO_FORMAT_Y210, 33, 17},
#endif
  {GST_VIDEO_FORMAT_RGB, 33, 17}, {GST_VIDEO_FORMAT_RGBA, 33, 17},
  {GST_VIDEO_FORMAT_GRAY8, 33, 17}, {GST_VIDEO_FORMAT_GRAY16_LE, 33, 17}, {GST_VIDEO_FORMAT_v210, 33, 17},
  {GST_VIDEO_FORMAT_Y444, 33, 17}, {GST_VIDEO_FORMAT_Y42B, 33, 17}, {GST_VIDEO_FORMAT_A420, 33, 17},
};

static void
check_padded_frame (const Picture * picture, gboolean cacheable)
{
  GstHarness *h = accel_harness_with (NULL, "cacheable", cacheable, NULL);
  GstBuffer *packed, *result;
  GstVideoInfo info;

  gst_video_info_set_format (&info, picture->format, picture->width, picture->height);
  gst_harness_set_src_caps (h, gst_video_info_to_caps (&info));
  result = accel_push_and_pull (h, make_padded_frame (picture, 32, &packed));
  fail_unless (accel_is_contiguous (result));
  fail_unless (same_rows (result, packed, picture), "%s %dx%d", gst_video_format_to_string (picture->format),
      picture->width, picture->height);
  fail_unless_equals_uint64 (accel_stat (h->element, "copies"), 1);
  gst_buffer_unref (packed);
  gst_buffer_unref (result);
  accel_harness_done (h);
}

GST_START_TEST (padded_rows_of_each_kind_of_format_are_copied_whole)
{
  check_padded_frame (&pictures[__i__], TRUE);
}
GST_END_TEST

/* Where the CPU may only make aligned accesses. */
GST_START_TEST (padded_rows_are_copied_into_uncached_memory)
{
  check_padded_frame (&pictures[__i__], FALSE);
}
GST_END_TEST

/* Upstream took the pool, padded its rows nevertheless, and downstream would see stripes. */
GST_START_TEST (padded_rows_of_ours_are_repacked_for_a_downstream_without_video_meta)
{
  Downstream downstream = {.video_meta = FALSE };
  GstHarness *h = accel_harness (&downstream);
  const Picture picture = { GST_VIDEO_FORMAT_RGBA, 64, 48 };
  GstBuffer *packed, *foreign = make_padded_frame (&picture, 64, &packed);
  GstBuffer *buffer = accel_xlnk_buffer (gst_buffer_get_size (foreign), 2);
  GstBuffer *result;
  GstMapInfo map;

  fail_unless (gst_buffer_map (foreign, &map, GST_MAP_READ));
  gst_buffer_fill (buffer, 0, map.data, map.size);
  gst_buffer_unmap (foreign, &map);
  gst_buffer_add_video_meta_full (buffer, GST_VIDEO_FRAME_FLAG_NONE, GST_VIDEO_FORMAT_RGBA, 64, 48, 1,
      gst_buffer_get_video_meta (foreign)->offset, gst_buffer_get_video_meta (foreign)->stride);

  gst_harness_set_src_caps_str (h, CAPS_RGBA);
  result = accel_push_and_pull (h, buffer);
  fail_unless_equals_int (gst_buffer_get_video_meta (result)->stride[0], 64 * 4);
  fail_unless (same_rows (result, packed, &picture));
  fail_unless_equals_uint64 (accel_stat (h->element, "copies"), 1);
  gst_buffer_unref (result);
  gst_buffer_unref (foreign);
  gst_buffer_unref (packed);
  accel_harness_done (h);
}
GST_END_TEST

/* A system buffer whose planes are @shift bytes behind their default places, and rows that are @stride apart, if it is not 0. */
static GstBuffer *
make_shifted_frame (const Picture * picture, gsize shift, gint stride)
{
  gsize offset[GST_VIDEO_MAX_PLANES] = { 0 };
  GstVideoInfo info;
  GstBuffer *buffer;

  gst_video_info_set_format (&info, picture->format, picture->width, picture->height);
  for (guint i = 0; i < GST_VIDEO_INFO_N_PLANES (&info); i++)
    offset[i] = info.offset[i] + shift;
  if (stride != 0)
    info.stride[0] = stride;
  buffer = accel_system_buffer (GST_VIDEO_INFO_SIZE (&info) + shift, 7);
  gst_buffer_add_video_meta_full (buffer, GST_VIDEO_FRAME_FLAG_NONE, picture->format, picture->width, picture->height,
      GST_VIDEO_INFO_N_PLANES (&info), offset, info.stride);
  return buffer;
}

#if GST_CHECK_VERSION (1, 18, 0)
#define SMALL_TILES GST_VIDEO_FORMAT_NV12_4L4
#else
#define SMALL_TILES GST_VIDEO_FORMAT_NV12_64Z32
#endif

static const Picture no_rows[] = {
#if GST_CHECK_VERSION (1, 18, 0)
  {SMALL_TILES, 64, 64},
#endif
  {GST_VIDEO_FORMAT_NV12_64Z32, 256, 128}, {GST_VIDEO_FORMAT_RGB8P, 32, 16}
};

GST_START_TEST (tiles_and_palettes_are_copied_whole)
{
  const Picture *picture = &no_rows[__i__];
  GstBuffer *source = make_shifted_frame (picture, 64, 0), *result;
  GstHarness *h = accel_harness (NULL);
  GstVideoInfo info;
  GstMapInfo map;

  gst_video_info_set_format (&info, picture->format, picture->width, picture->height);
  gst_harness_set_src_caps (h, gst_video_info_to_caps (&info));
  result = accel_push_and_pull (h, gst_buffer_ref (source));
  fail_unless (gst_buffer_map (result, &map, GST_MAP_READ));
  fail_unless_equals_uint64 (map.size, GST_VIDEO_INFO_SIZE (&info));
  fail_unless_equals_int (gst_buffer_memcmp (source, 64, map.data, map.size), 0);
  gst_buffer_unmap (result, &map);
  gst_buffer_unref (result);
  gst_buffer_unref (source);
  accel_harness_done (h);
}
GST_END_TEST

/* The last one is of a frame that is smaller than the caps say. */
static const struct
{
  Picture picture;
  gint stride;
} lies[] = {
  {{GST_VIDEO_FORMAT_GRAY8, 64, 48}, -64}, {{GST_VIDEO_FORMAT_GRAY8, 64, 48}, 4096}, {{GST_VIDEO_FORMAT_RGB8P, 32, 16}, -32},
  {{GST_VIDEO_FORMAT_GRAY8, 64, 48}, G_MININT}, {{SMALL_TILES, 64, 64}, 1}, {{SMALL_TILES, 64, 64}, G_MAXINT},
  {{GST_VIDEO_FORMAT_NV12_64Z32, 256, 128}, -1}, {{GST_VIDEO_FORMAT_RGBA, 32, 24}, 0}
};

/* Nothing is read from where the buffer is not. */
GST_START_TEST (a_meta_that_lies_is_an_error)
{
  const Picture *picture = &lies[__i__].picture;
  gint scale = lies[__i__].stride == 0 ? 2 : 1;
  GstHarness *h = accel_harness (NULL);
  GstVideoInfo info;

  gst_video_info_set_format (&info, picture->format, picture->width * scale, picture->height * scale);
  gst_harness_set_src_caps (h, gst_video_info_to_caps (&info));
  fail_unless_equals_int (gst_harness_push (h, make_shifted_frame (picture, 8, lies[__i__].stride)), GST_FLOW_ERROR);
  accel_expect_error (GST_STREAM_ERROR, GST_STREAM_ERROR_FORMAT, "by its GstVideoMeta");
  accel_harness_done (h);
}
GST_END_TEST

/*** bytes ***/

GST_START_TEST (bytes_of_any_length_are_copied_exactly)
{
  static const guint sizes[] = { 1, 7, 4096, 4097, 100, 70000, 3, 69999, 12288 };
  GstHarness *h = accel_harness (NULL);
  guint64 sum = 0;

  gst_harness_set_src_caps_str (h, BYTES);
  for (guint i = 0; i < G_N_ELEMENTS (sizes); i++) {
    GstBuffer *result = accel_push_and_pull (h, accel_system_buffer (sizes[i], i));

    fail_unless (accel_is_contiguous (result));
    fail_unless (accel_is_filled (result, sizes[i], i));
    gst_buffer_unref (result);
    sum += sizes[i];
  }
  fail_unless_equals_uint64 (accel_stat (h->element, "copied-bytes"), sum);
  accel_harness_done (h);
}
GST_END_TEST

GST_START_TEST (the_pool_for_bytes_grows_to_the_largest_and_then_allocates_nothing)
{
  GstHarness *h = accel_harness (NULL);
  guint64 allocs, live;

  gst_harness_set_src_caps_str (h, BYTES);
  gst_buffer_unref (accel_push_and_pull (h, accel_system_buffer (1000, 0)));
  gst_buffer_unref (accel_push_and_pull (h, accel_system_buffer (50000, 1)));
  allocs = board_counter ("allocs");
  live = board_live_buffers ();
  for (guint i = 0; i < 50; i++)
    gst_buffer_unref (accel_push_and_pull (h, accel_system_buffer (1 + 997 * i, i)));
  fail_unless_equals_uint64 (board_counter ("allocs"), allocs);
  fail_unless_equals_uint64 (board_live_buffers (), live);
  accel_harness_done (h);
}
GST_END_TEST

GST_START_TEST (a_stream_without_caps_is_bytes)
{
  GstHarness *h = accel_harness (NULL);
  GstSegment segment;
  GstBuffer *result;

  gst_segment_init (&segment, GST_FORMAT_BYTES);
  fail_unless (gst_harness_push_event (h, gst_event_new_stream_start ("no-caps")));
  fail_unless (gst_harness_push_event (h, gst_event_new_segment (&segment)));
  result = accel_push_and_pull (h, accel_system_buffer (1234, 5));
  fail_unless (accel_is_contiguous (result));
  fail_unless (accel_is_filled (result, 1234, 5));
  gst_buffer_unref (result);
  accel_harness_done (h);
}
GST_END_TEST

/* More bytes than the frame needs: not ours to drop. */
GST_START_TEST (a_frame_with_bytes_to_spare_keeps_them)
{
  GstHarness *h = accel_harness (NULL);

  gst_harness_set_src_caps_str (h, CAPS_RGBA);
  for (guint i = 0; i < 3; i++) {
    GstBuffer *result = accel_push_and_pull (h, accel_system_buffer (SIZE_RGBA + 5000, i));

    fail_unless (accel_is_filled (result, SIZE_RGBA + 5000, i));
    gst_buffer_unref (result);
  }
  accel_harness_done (h);
}
GST_END_TEST

GST_START_TEST (bytes_go_into_uncached_memory_with_aligned_accesses)
{
  GstHarness *h = accel_harness_with (NULL, "cacheable", FALSE, NULL);
  GstBuffer *result, *unaligned = accel_system_buffer (1003, 1);

  gst_harness_set_src_caps_str (h, BYTES);
  gst_buffer_resize (unaligned, 3, 1000);
  result = accel_push_and_pull (h, unaligned);
  fail_if (gst_xlnk_memory_is_cached (gst_buffer_peek_memory (result, 0)));
  fail_unless_equals_int (gst_buffer_get_size (result), 1000);
  for (guint i = 0; i < 1000; i++) {
    guint8 byte;

    gst_buffer_extract (result, i, &byte, 1);
    fail_unless_equals_int (byte, accel_pattern (i + 3, 1));
  }
  gst_buffer_unref (result);
  accel_harness_done (h);
}
GST_END_TEST

/*** refusals ***/

GST_START_TEST (require_zero_copy_is_an_error_that_says_who_what_and_what_to_do)
{
  GstElement *pipeline = gst_parse_launch ("videotestsrc num-buffers=3 ! video/x-raw,width=64,height=48 "
      "! identity name=culprit drop-allocation=true ! xlnkaccel name=accel require-zero-copy=true ! fakesink", NULL);
  static const char *const words[] = { "culprit", "SystemMemory", "not contiguous", "require-zero-copy", "tee" };
  GstElement *accel = gst_bin_get_by_name (GST_BIN (pipeline), "accel");
  GstMessage *message;
  GError *error;

  gst_element_set_state (pipeline, GST_STATE_PLAYING);
  message = accel_wait_for_end (pipeline, GST_MESSAGE_ERROR);
  fail_unless (GST_MESSAGE_SRC (message) == GST_OBJECT (accel));
  gst_message_parse_error (message, &error, NULL);
  for (guint i = 0; i < G_N_ELEMENTS (words); i++)
    fail_unless (strstr (error->message, words[i]) != NULL, "no '%s' in: %s", words[i], error->message);
  fail_unless_equals_uint64 (accel_stat (accel, "copies"), 0);
  g_error_free (error);
  gst_message_unref (message);
  gst_element_set_state (pipeline, GST_STATE_NULL);
  gst_object_unref (accel);
  gst_object_unref (pipeline);
}
GST_END_TEST

GST_START_TEST (require_zero_copy_refuses_each_kind_of_copy)
{
  const Picture picture = { GST_VIDEO_FORMAT_RGBA, 64, 48 };
  GstBuffer *packed, *buffers[3];

  buffers[0] = accel_system_buffer (SIZE_RGBA, 1);
  buffers[1] = gst_buffer_append (accel_xlnk_buffer (SIZE_RGBA / 2, 1), accel_xlnk_buffer (SIZE_RGBA / 2, 1));
  buffers[2] = make_padded_frame (&picture, 16, &packed);
  gst_buffer_unref (packed);
  for (guint i = 0; i < G_N_ELEMENTS (buffers); i++) {
    GstHarness *h = accel_harness_with (NULL, "require-zero-copy", TRUE, NULL);

    gst_harness_set_src_caps_str (h, CAPS_RGBA);
    fail_unless_equals_int (gst_harness_push (h, buffers[i]), GST_FLOW_ERROR);
    accel_expect_error (GST_STREAM_ERROR, GST_STREAM_ERROR_FAILED, "require-zero-copy");
    accel_harness_done (h);
  }
}
GST_END_TEST

/* tee discards pools: documented, and this is what it costs. */
GST_START_TEST (behind_a_tee_every_buffer_is_copied)
{
  GstElement *pipeline = gst_parse_launch ("videotestsrc num-buffers=10 ! video/x-raw,width=64,height=48 ! tee "
      "! xlnkaccel name=accel ! fakesink", NULL);
  GstElement *accel = gst_bin_get_by_name (GST_BIN (pipeline), "accel");

  gst_element_set_state (pipeline, GST_STATE_PLAYING);
  gst_message_unref (accel_wait_for_end (pipeline, GST_MESSAGE_EOS));
  fail_unless_equals_uint64 (accel_stat (accel, "copies"), 10);
  gst_element_set_state (pipeline, GST_STATE_NULL);
  gst_object_unref (accel);
  gst_object_unref (pipeline);
}
GST_END_TEST

GST_START_TEST (copies_are_said_once_in_the_performance_log_unless_asked_for_each)
{
  GstHarness *h;

  xlnk_check_count_log ("GST_PERFORMANCE", GST_LEVEL_INFO);
  h = accel_harness (NULL);
  gst_harness_set_src_caps_str (h, CAPS_RGBA);
  for (guint i = 0; i < 10; i++)
    gst_buffer_unref (accel_push_and_pull (h, accel_system_buffer (SIZE_RGBA, i)));
  fail_unless_equals_int (xlnk_check_logged (), 1);
  gst_debug_set_threshold_for_name ("GST_PERFORMANCE", GST_LEVEL_LOG);
  for (guint i = 0; i < 10; i++)
    gst_buffer_unref (accel_push_and_pull (h, accel_system_buffer (SIZE_RGBA, i)));
  fail_unless (xlnk_check_logged () >= 11);
  accel_harness_done (h);
}
GST_END_TEST

static Suite *
passthrough_copies_suite (void)
{
  Suite *suite = suite_create ("passthrough-copies");
  TCase *test_case = xlnk_check_add_case (suite, "general");

  tcase_add_test (test_case, a_system_buffer_is_copied_once_and_counted);
  tcase_add_test (test_case, a_copy_is_what_a_device_reads_at_its_address);
  tcase_add_test (test_case, a_copy_keeps_flags_times_offsets_and_metas);
  tcase_add_test (test_case, a_copy_leaves_its_source_alone_and_lets_it_go);
  tcase_add_test (test_case, several_memories_become_one);
  tcase_add_test (test_case, recycled_copies_allocate_nothing);
  tcase_add_test (test_case, buffers_that_downstream_keeps_are_counted_as_runtime_allocations);
  tcase_add_loop_test (test_case, padded_rows_of_each_kind_of_format_are_copied_whole, 0, G_N_ELEMENTS (pictures));
  tcase_add_loop_test (test_case, padded_rows_are_copied_into_uncached_memory, 0, G_N_ELEMENTS (pictures));
  tcase_add_test (test_case, padded_rows_of_ours_are_repacked_for_a_downstream_without_video_meta);
  tcase_add_loop_test (test_case, tiles_and_palettes_are_copied_whole, 0, G_N_ELEMENTS (no_rows));
  tcase_add_loop_test (test_case, a_meta_that_lies_is_an_error, 0, G_N_ELEMENTS (lies));
  tcase_add_test (test_case, bytes_of_any_length_are_copied_exactly);
  tcase_add_test (test_case, the_pool_for_bytes_grows_to_the_largest_and_then_allocates_nothing);
  tcase_add_test (test_case, a_stream_without_caps_is_bytes);
  tcase_add_test (test_case, a_frame_with_bytes_to_spare_keeps_them);
  tcase_add_test (test_case, bytes_go_into_uncached_memory_with_aligned_accesses);
  tcase_add_test (test_case, require_zero_copy_is_an_error_that_says_who_what_and_what_to_do);
  tcase_add_test (test_case, require_zero_copy_refuses_each_kind_of_copy);
  tcase_add_test (test_case, behind_a_tee_every_buffer_is_copied);
  tcase_add_test (test_case, copies_are_said_once_in_the_performance_log_unless_asked_for_each);
  return suite;
}

GST_CHECK_MAIN (passthrough_copies);
