/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Buffers whose picture is not all of a frame, or not one: frames cropped by a meta, and single fields. */
#include "accelcheck.h"

/*** a core that notes where it would work ***/

typedef struct
{
  GstXlnkAccelerator parent;
} Spy;

typedef GstXlnkAcceleratorClass SpyClass;

GType spy_get_type (void);
G_DEFINE_TYPE (Spy, spy, GST_TYPE_XLNK_ACCELERATOR)

static GstXlnkPlanes spied;
static guint n_spied;

static GstXlnkAcceleratorMode
spy_get_mode (GstXlnkAccelerator * accelerator)
{
  (void) accelerator;
  return GST_XLNK_ACCELERATOR_IN_PLACE;
}

static gboolean
spy_submit (GstXlnkAccelerator * accelerator, const GstXlnkJob * job, GError ** error)
{
  (void) accelerator;
  (void) error;
  spied = job->in;
  n_spied++;
  return TRUE;
}

static GstXlnkWait
spy_wait (GstXlnkAccelerator * accelerator, gint64 deadline, GError ** error)
{
  (void) accelerator;
  (void) deadline;
  (void) error;
  return GST_XLNK_WAIT_DONE;
}

static void
spy_class_init (SpyClass * klass)
{
  klass->get_mode = spy_get_mode;
  klass->submit = spy_submit;
  klass->wait = spy_wait;
}

static void
spy_init (Spy * self)
{
  (void) self;
}

static void
setup (void)
{
  xlnk_check_setup ();
  gst_xlnk_accelerator_register ("spy", spy_get_type ());
}

/*** pictures ***/

typedef struct
{
  GstVideoFormat format;
  guint width, height;          /* of the frame */
  guint x, y;                   /* where what is to be seen begins */
  guint shown_width, shown_height;
} Cropped;

static guint8
sample (guint component, guint x, guint y)
{
  return (guint8) (component * 85 + x * 3 + y * 7);
}

static guint8 *
find_sample (GstVideoFrame * frame, guint component, guint x, guint y)
{
  return (guint8 *) GST_VIDEO_FRAME_COMP_DATA (frame, component) + y * GST_VIDEO_FRAME_COMP_STRIDE (frame, component)
      + x * GST_VIDEO_FRAME_COMP_PSTRIDE (frame, component);
}

static void
paint (GstBuffer * buffer, const GstVideoInfo * info)
{
  GstVideoFrame frame;

  fail_unless (gst_video_frame_map (&frame, (GstVideoInfo *) info, buffer, GST_MAP_WRITE));
  for (guint i = 0; i < GST_VIDEO_FRAME_N_COMPONENTS (&frame); i++) {
    for (guint y = 0; y < (guint) GST_VIDEO_FRAME_COMP_HEIGHT (&frame, i); y++) {
      for (guint x = 0; x < (guint) GST_VIDEO_FRAME_COMP_WIDTH (&frame, i); x++)
        *find_sample (&frame, i, x, y) = sample (i, x, y);
    }
  }
  gst_video_frame_unmap (&frame);
}

static void
expect_shown (GstBuffer * buffer, const Cropped * picture)
{
  GstVideoInfo info;
  GstVideoFrame frame;

  gst_video_info_set_format (&info, picture->format, picture->shown_width, picture->shown_height);
  fail_unless_equals_int (gst_buffer_get_size (buffer), GST_VIDEO_INFO_SIZE (&info));
  fail_unless (gst_video_frame_map (&frame, &info, buffer, GST_MAP_READ));
  for (guint i = 0; i < GST_VIDEO_FRAME_N_COMPONENTS (&frame); i++) {
    guint x0 = picture->x >> GST_VIDEO_FORMAT_INFO_W_SUB (info.finfo, i);
    guint y0 = picture->y >> GST_VIDEO_FORMAT_INFO_H_SUB (info.finfo, i);

    for (guint y = 0; y < (guint) GST_VIDEO_FRAME_COMP_HEIGHT (&frame, i); y++) {
      for (guint x = 0; x < (guint) GST_VIDEO_FRAME_COMP_WIDTH (&frame, i); x++)
        fail_unless_equals_int (*find_sample (&frame, i, x, y), sample (i, x0 + x, y0 + y));
    }
  }
  gst_video_frame_unmap (&frame);
}

static GstBuffer *
make_cropped (const Cropped * picture, GstAllocator * allocator)
{
  GstVideoCropMeta *crop;
  GstVideoInfo info;
  GstBuffer *buffer;

  gst_video_info_set_format (&info, picture->format, picture->width, picture->height);
  buffer = gst_buffer_new_allocate (allocator, GST_VIDEO_INFO_SIZE (&info), NULL);
  gst_buffer_add_video_meta_full (buffer, GST_VIDEO_FRAME_FLAG_NONE, picture->format, picture->width, picture->height,
      GST_VIDEO_INFO_N_PLANES (&info), info.offset, info.stride);
  paint (buffer, &info);
  crop = gst_buffer_add_video_crop_meta (buffer);
  crop->x = picture->x;
  crop->y = picture->y;
  crop->width = picture->shown_width;
  crop->height = picture->shown_height;
  return buffer;
}

static void
set_caps (GstHarness * h, const Cropped * picture)
{
  g_autofree char *caps = g_strdup_printf ("video/x-raw,format=%s,width=%u,height=%u,framerate=30/1",
      gst_video_format_to_string (picture->format), picture->shown_width, picture->shown_height);

  gst_harness_set_src_caps_str (h, caps);
}

/*** frames that are cropped ***/

static const Cropped cropped[] = {
  {GST_VIDEO_FORMAT_RGBA, 80, 60, 8, 6, 64, 48},
  {GST_VIDEO_FORMAT_RGB, 80, 60, 7, 5, 63, 47},
  {GST_VIDEO_FORMAT_GRAY8, 80, 60, 8, 6, 64, 48},
  {GST_VIDEO_FORMAT_GRAY8, 80, 60, 15, 11, 65, 49},
  /* The rows are where the caps would have them. */
  {GST_VIDEO_FORMAT_GRAY8, 80, 60, 0, 6, 80, 48},
  {GST_VIDEO_FORMAT_I420, 80, 60, 8, 6, 64, 48},
  {GST_VIDEO_FORMAT_I420, 80, 60, 7, 5, 63, 47},
  {GST_VIDEO_FORMAT_NV12, 80, 60, 8, 6, 64, 48},
  {GST_VIDEO_FORMAT_NV12, 80, 60, 16, 12, 64, 48},
  {GST_VIDEO_FORMAT_YUY2, 80, 60, 8, 5, 64, 48},
};

static void
expect_copy_of_what_is_shown (const Cropped * picture, gboolean cacheable)
{
  Downstream downstream = {.video_meta = TRUE,.crop_meta = TRUE };
  GstHarness *h = accel_harness_with (&downstream, "cacheable", cacheable, NULL);
  GstBuffer *buffer;

  set_caps (h, picture);
  buffer = accel_push_and_pull (h, make_cropped (picture, NULL));
  fail_unless (accel_is_contiguous (buffer));
  expect_shown (buffer, picture);
  fail_unless (gst_buffer_get_video_crop_meta (buffer) == NULL);
  gst_buffer_unref (buffer);
  accel_harness_done (h);
}

GST_START_TEST (a_copy_of_a_cropped_frame_is_what_it_shows)
{
  expect_copy_of_what_is_shown (&cropped[__i__], TRUE);
  expect_copy_of_what_is_shown (&cropped[__i__], FALSE);
}
GST_END_TEST

/* There is nothing to do for us, and who displays it knows the meta. */
GST_START_TEST (a_cropped_frame_of_ours_passes_untouched)
{
  const Cropped *picture = &cropped[0];
  Downstream downstream = {.video_meta = TRUE,.crop_meta = TRUE };
  GstHarness *h = accel_harness (&downstream);
  GstBuffer *buffer = make_cropped (picture, GST_ALLOCATOR (xlnk_allocator)), *out;

  set_caps (h, picture);
  out = accel_push_and_pull (h, buffer);
  fail_unless (out == buffer && gst_buffer_get_video_crop_meta (out) != NULL);
  gst_buffer_unref (out);
  accel_harness_done (h);
}
GST_END_TEST

GST_START_TEST (a_crop_of_a_frame_as_large_as_its_caps_is_kept)
{
  const Cropped whole = { GST_VIDEO_FORMAT_RGBA, 64, 48, 0, 0, 64, 48 };
  Downstream downstream = {.video_meta = TRUE,.crop_meta = TRUE };
  GstHarness *h = accel_harness (&downstream);
  GstBuffer *buffer = make_cropped (&whole, NULL);
  GstVideoCropMeta *crop = gst_buffer_get_video_crop_meta (buffer);

  crop->x = 10;
  crop->width = 20;
  set_caps (h, &whole);
  buffer = accel_push_and_pull (h, buffer);
  expect_shown (buffer, &whole);
  crop = gst_buffer_get_video_crop_meta (buffer);
  fail_unless (crop && crop->x == 10 && crop->width == 20);
  gst_buffer_unref (buffer);
  accel_harness_done (h);
}
GST_END_TEST

static void
expect_region (GstBuffer * buffer, gint id, guint x, guint y, guint width, guint height)
{
  GstVideoRegionOfInterestMeta *roi = gst_buffer_get_video_region_of_interest_meta_id (buffer, id);

  fail_unless (roi != NULL);
  fail_unless (roi->x == x && roi->y == y && roi->w == width && roi->h == height, "%u,%u %ux%u", roi->x, roi->y, roi->w,
      roi->h);
}

GST_START_TEST (regions_of_interest_move_with_what_is_shown)
{
  const Cropped *picture = &cropped[0];
  Downstream downstream = {.video_meta = TRUE,.crop_meta = TRUE };
  GstHarness *h = accel_harness (&downstream);
  GstBuffer *buffer = make_cropped (picture, NULL);

  gst_buffer_add_video_region_of_interest_meta (buffer, "inside", 20, 16, 10, 12)->id = 1;
  gst_buffer_add_video_region_of_interest_meta (buffer, "corner", 0, 0, 10, 12)->id = 2;
  gst_buffer_add_video_region_of_interest_meta (buffer, "beyond", 70, 50, G_MAXUINT, 20)->id = 3;
  gst_buffer_add_video_region_of_interest_meta (buffer, "outside", 0, 0, 8, 60)->id = 4;
  set_caps (h, picture);
  buffer = accel_push_and_pull (h, buffer);
  expect_region (buffer, 1, 12, 10, 10, 12);
  expect_region (buffer, 2, 0, 0, 2, 6);
  expect_region (buffer, 3, 62, 44, 2, 4);
  fail_unless (gst_buffer_get_video_region_of_interest_meta_id (buffer, 4) == NULL);
  gst_buffer_unref (buffer);
  accel_harness_done (h);
}
GST_END_TEST

static const Cropped impossible[] = {
  {GST_VIDEO_FORMAT_RGBA, 80, 60, 17, 6, 64, 48},
  {GST_VIDEO_FORMAT_RGBA, 80, 60, 8, 13, 64, 48},
  {GST_VIDEO_FORMAT_RGBA, 80, 60, G_MAXUINT, 6, 64, 48},
  {GST_VIDEO_FORMAT_YUY2, 80, 60, 7, 6, 64, 48},        /* the first pixel's colours are before it */
  {GST_VIDEO_FORMAT_NV12_64Z32, 128, 64, 64, 0, 64, 64},
};

GST_START_TEST (a_crop_that_cannot_be_copied_is_an_error)
{
  const Cropped *picture = &impossible[__i__];
  GstHarness *h = accel_harness (NULL);
  Cropped whole = *picture;
  GstBuffer *buffer;
  GstVideoInfo info;

  gst_video_info_set_format (&info, whole.format, whole.width, whole.height);
  buffer = gst_buffer_new_allocate (NULL, GST_VIDEO_INFO_SIZE (&info), NULL);
  gst_buffer_add_video_meta (buffer, GST_VIDEO_FRAME_FLAG_NONE, whole.format, whole.width, whole.height);
  gst_buffer_add_video_crop_meta (buffer)->x = whole.x;
  gst_buffer_get_video_crop_meta (buffer)->y = whole.y;
  set_caps (h, picture);
  fail_unless_equals_int (gst_harness_push (h, buffer), GST_FLOW_ERROR);
  accel_expect_error (GST_STREAM_ERROR, GST_STREAM_ERROR_FORMAT, "GstVideoCropMeta");
  accel_harness_done (h);
}
GST_END_TEST

/*** a core ***/

static gboolean
is_crop_known (GstHarness * h)
{
  GstQuery *query = accel_ask (h, CAPS_RGBA, TRUE);
  gboolean known = gst_query_find_allocation_meta (query, GST_VIDEO_CROP_META_API_TYPE, NULL);

  fail_unless (gst_query_find_allocation_meta (query, GST_VIDEO_META_API_TYPE, NULL));
  gst_query_unref (query);
  return known;
}

GST_START_TEST (cropping_is_not_promised_for_a_core)
{
  Downstream downstream = {.video_meta = TRUE,.crop_meta = TRUE };
  GstHarness *h = accel_harness_with (&downstream, "accelerator", "spy", NULL);

  gst_harness_set_src_caps_str (h, CAPS_RGBA);
  fail_if (is_crop_known (h));
  accel_harness_done (h);
  h = accel_harness (&downstream);
  gst_harness_set_src_caps_str (h, CAPS_RGBA);
  fail_unless (is_crop_known (h));
  accel_harness_done (h);
}
GST_END_TEST

GST_START_TEST (a_core_works_on_what_is_shown)
{
  const Cropped *picture = &cropped[0];
  Downstream downstream = {.video_meta = TRUE,.crop_meta = TRUE };
  GstHarness *h = accel_harness_with (&downstream, "accelerator", "spy", "queue-depth", 1, NULL);
  GstBuffer *buffer;

  set_caps (h, picture);
  buffer = accel_push_and_pull (h, make_cropped (picture, GST_ALLOCATOR (xlnk_allocator)));
  expect_shown (buffer, picture);
  fail_unless (gst_buffer_get_video_crop_meta (buffer) == NULL);
  fail_unless (n_spied == 1 && spied.n_planes == 1 && spied.stride[0] == 64 * 4);
  fail_unless_equals_uint64 (spied.phys_addr[0], gst_xlnk_memory_get_phys_addr (gst_buffer_peek_memory (buffer, 0)));
  fail_unless_equals_uint64 (accel_stat (h->element, "copies"), 1);
  gst_buffer_unref (buffer);

  g_object_set (h->element, "require-zero-copy", TRUE, NULL);
  fail_unless_equals_int (gst_harness_push (h, make_cropped (picture, GST_ALLOCATOR (xlnk_allocator))), GST_FLOW_ERROR);
  accel_expect_error (GST_STREAM_ERROR, GST_STREAM_ERROR_FAILED, "GstVideoCropMeta");
  accel_harness_done (h);
}
GST_END_TEST

/*** single fields ***/

#if GST_CHECK_VERSION (1, 16, 0)
#define CAPS_FIELDS "video/x-raw(format:Interlaced),format=%s,width=64,height=%u,framerate=30/1,interlace-mode=alternate"

static void
parse_fields (const char *format, guint height, GstCaps ** caps, GstVideoInfo * info)
{
  g_autofree char *text = g_strdup_printf (CAPS_FIELDS, format, height);

  *caps = gst_caps_from_string (text);
  fail_unless (gst_video_info_from_caps (info, *caps));
}

/* GstVideoBufferPool of 1.16 to 1.22 gives a field a meta with the height of the frame. */
GST_START_TEST (a_field_of_a_pool_reaches_a_core)
{
  Downstream downstream = {.video_meta = TRUE };
  GstHarness *h = accel_harness_with (&downstream, "accelerator", "spy", "queue-depth", 1, NULL);
  GstBufferPool *pool;
  GstVideoInfo info;
  GstBuffer *buffer;
  GstCaps *caps;

  parse_fields ("I420", 50, &caps, &info);
  pool = gst_xlnk_buffer_pool_new_with_config (xlnk_allocator, caps, 0, 1, 0);
  gst_buffer_pool_set_active (pool, TRUE);
  gst_harness_set_src_caps (h, caps);
  buffer = accel_push_and_pull (h, xlnk_check_acquire (pool));
  fail_unless_equals_int (n_spied, 1);
  fail_unless (spied.n_planes == 3 && spied.size[0] == 64 * 25 && spied.size[1] == 32 * 13);
  fail_unless_equals_uint64 (accel_stat (h->element, "copies"), 0);
  gst_buffer_unref (buffer);
  xlnk_check_stop_and_drop (pool);
  accel_harness_done (h);
}
GST_END_TEST

/* With a meta of the field, or of the frame. */
static void
copy_padded_field (guint height)
{
  const gint strides[GST_VIDEO_MAX_PLANES] = { 96 };
  const gsize offsets[GST_VIDEO_MAX_PLANES] = { 0 };
  Downstream downstream = {.video_meta = TRUE };
  GstHarness *h = accel_harness (&downstream);
  GstBuffer *buffer = gst_buffer_new_allocate (NULL, 96 * 25, NULL);
  GstVideoInfo info;
  GstMapInfo map;
  GstCaps *caps;

  parse_fields ("GRAY8", 50, &caps, &info);
  accel_fill (buffer, 3);
  gst_buffer_add_video_meta_full (buffer, GST_VIDEO_FRAME_FLAG_NONE, GST_VIDEO_FORMAT_GRAY8, 64, height, 1,
      (gsize *) offsets, (gint *) strides);
  gst_harness_set_src_caps (h, caps);
  buffer = accel_push_and_pull (h, buffer);
  fail_unless (gst_buffer_map (buffer, &map, GST_MAP_READ));
  fail_unless_equals_int (map.size, 64 * 25);
  for (gsize i = 0; i < map.size; i++)
    fail_unless_equals_int (map.data[i], accel_pattern (i / 64 * 96 + i % 64, 3));
  gst_buffer_unmap (buffer, &map);
  gst_buffer_unref (buffer);
  accel_harness_done (h);
}

GST_START_TEST (padded_rows_of_a_field_are_copied_whole)
{
  copy_padded_field (50);
  copy_padded_field (25);
}
GST_END_TEST
#endif

static Suite *
picture_parts_suite (void)
{
  Suite *suite = suite_create ("picture-parts");
  TCase *test_case = tcase_create ("parts");

  suite_add_tcase (suite, test_case);
  tcase_add_checked_fixture (test_case, setup, xlnk_check_teardown);
  tcase_add_loop_test (test_case, a_copy_of_a_cropped_frame_is_what_it_shows, 0, G_N_ELEMENTS (cropped));
  tcase_add_test (test_case, a_cropped_frame_of_ours_passes_untouched);
  tcase_add_test (test_case, a_crop_of_a_frame_as_large_as_its_caps_is_kept);
  tcase_add_test (test_case, regions_of_interest_move_with_what_is_shown);
  tcase_add_loop_test (test_case, a_crop_that_cannot_be_copied_is_an_error, 0, G_N_ELEMENTS (impossible));
  tcase_add_test (test_case, cropping_is_not_promised_for_a_core);
  tcase_add_test (test_case, a_core_works_on_what_is_shown);
#if GST_CHECK_VERSION (1, 16, 0)
  tcase_add_test (test_case, a_field_of_a_pool_reaches_a_core);
  tcase_add_test (test_case, padded_rows_of_a_field_are_copied_whole);
#endif
  return suite;
}

GST_CHECK_MAIN (picture_parts);
