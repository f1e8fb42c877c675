/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * offload-layouts.c: frames that do not lie in memory as their format has it by default, in front of cores that are told
 * strides, and of cores that are not.
 */
#include "accelcheck.h"
#include "offloadcheck.h"

#define STRIDES ",src-stride=0x38,dst-stride=0x40,format=0x48"
/* The registers that it is not told about may have been set by a test before. */
#define NO_STRIDES ",set=<0x38,0,0x40,0," PLANES ">"
#define NO_PLANES ",set=<" PLANES ">"
#define PLANES \
  "0x60,0,0x64,0,0x6c,0,0x70,0,0x78,0,0x7c,0,0x84,0,0x88,0,0x90,0,0x98,0,0xa0,0,0xa8,0"
#define ALL_PLANES \
  "hls,uio=copy,src=<0x10,0x60,0x6c>,dst=<0x1c,0x78,0x84>,address-bits=64,width=0x28,height=0x30," \
  "src-stride=<0x38,0x90,0x98>,dst-stride=<0x40,0xa0,0xa8>,format=0x48"

#define CAPS_I420 "video/x-raw,format=I420,width=320,height=20,framerate=30/1"
#define CAPS_GRAY "video/x-raw,format=GRAY8,width=%u,height=180,framerate=30/1"

static const struct
{
  const char *accelerator, *caps;
  gboolean is_told;             /* where rows and planes are */
  gboolean writes;              /* what it has read; else the same buffer comes out, untouched or inverted */
  gboolean inverts;
} cores[] = {
  {OFFLOAD_HLS ("copy", NO_STRIDES ",format=0x48"), CAPS_I420, FALSE, TRUE, FALSE},
  /* The stride of the first plane says nothing of the rows between the planes. */
  {OFFLOAD_HLS ("copy", STRIDES NO_PLANES), CAPS_I420, FALSE, TRUE, FALSE},
  {ALL_PLANES, CAPS_I420, TRUE, TRUE, FALSE},
  {OFFLOAD_HLS ("copy", STRIDES), CAPS_RGBA, TRUE, TRUE, FALSE},
  {OFFLOAD_HLS ("copy", ",format=0x48" NO_STRIDES), CAPS_RGBA, FALSE, TRUE, FALSE},
  {OFFLOAD_HLS ("invert", ",mode=in-place,format=0x48" NO_STRIDES), CAPS_RGBA, FALSE, FALSE, TRUE},
  {OFFLOAD_HLS ("invert", STRIDES ",mode=in-place"), CAPS_RGBA, TRUE, FALSE, TRUE},
  {"axidma,uio=wide,length-width=26", CAPS_I420, FALSE, TRUE, TRUE},
};

/*** an upstream that would rather have padded rows, as libav's decoders do ***/

static GstBufferPool *
make_pool (const char *caps_string, guint size, gboolean padded)
{
  GstBufferPool *pool = gst_xlnk_buffer_pool_new (xlnk_allocator);
  GstStructure *config = gst_buffer_pool_get_config (pool);
  GstCaps *caps = gst_caps_from_string (caps_string);
  GstVideoAlignment alignment;

  gst_video_alignment_reset (&alignment);
  alignment.padding_right = 64;
  alignment.padding_bottom = 12;
  gst_buffer_pool_config_set_params (config, caps, size, 0, 0);
  gst_buffer_pool_config_add_option (config, GST_BUFFER_POOL_OPTION_VIDEO_META);
  if (padded) {
    gst_buffer_pool_config_add_option (config, GST_BUFFER_POOL_OPTION_VIDEO_ALIGNMENT);
    gst_buffer_pool_config_set_video_alignment (config, &alignment);
  }
  fail_unless (gst_buffer_pool_set_config (pool, config));
  gst_caps_unref (caps);
  return pool;
}

static guint8
sample (guint component, guint x, guint y)
{
  return (guint8) (component * 85 + x * 3 + y * 7);
}

/* Every sample of the picture; what is between the rows is something else. */
static void
paint (GstBuffer * buffer, const GstVideoInfo * info)
{
  GstVideoFrame frame;

  gst_buffer_memset (buffer, 0, 0xa5, -1);
  fail_unless (gst_video_frame_map (&frame, (GstVideoInfo *) info, buffer, GST_MAP_WRITE));
  for (guint i = 0; i < GST_VIDEO_FRAME_N_COMPONENTS (&frame); i++) {
    for (gint y = 0; y < GST_VIDEO_FRAME_COMP_HEIGHT (&frame, i); y++) {
      guint8 *row = (guint8 *) GST_VIDEO_FRAME_COMP_DATA (&frame, i) + y * GST_VIDEO_FRAME_COMP_STRIDE (&frame, i);

      for (gint x = 0; x < GST_VIDEO_FRAME_COMP_WIDTH (&frame, i); x++)
        row[x * GST_VIDEO_FRAME_COMP_PSTRIDE (&frame, i)] = sample (i, x, y);
    }
  }
  gst_video_frame_unmap (&frame);
}

static void
expect_painted (GstBuffer * buffer, const GstVideoInfo * info, gboolean inverted)
{
  GstVideoFrame frame;
  guint wrong = 0;

  fail_unless (gst_video_frame_map (&frame, (GstVideoInfo *) info, buffer, GST_MAP_READ));
  for (guint i = 0; i < GST_VIDEO_FRAME_N_COMPONENTS (&frame); i++) {
    for (gint y = 0; y < GST_VIDEO_FRAME_COMP_HEIGHT (&frame, i); y++) {
      guint8 *row = (guint8 *) GST_VIDEO_FRAME_COMP_DATA (&frame, i) + y * GST_VIDEO_FRAME_COMP_STRIDE (&frame, i);

      for (gint x = 0; x < GST_VIDEO_FRAME_COMP_WIDTH (&frame, i); x++)
        wrong += (row[x * GST_VIDEO_FRAME_COMP_PSTRIDE (&frame, i)] ^ (inverted ? 0xff : 0)) != sample (i, x, y);
    }
  }
  gst_video_frame_unmap (&frame);
  fail_unless_equals_int (wrong, 0);
}

static GstVideoInfo
parse (const char *caps_string)
{
  GstCaps *caps = gst_caps_from_string (caps_string);
  GstVideoInfo info;

  fail_unless (gst_video_info_from_caps (&info, caps));
  gst_caps_unref (caps);
  return info;
}

static GstBuffer *
take (GstBufferPool * pool, const GstVideoInfo * info)
{
  GstBuffer *buffer;

  fail_unless (gst_buffer_pool_set_active (pool, TRUE));
  fail_unless_equals_int (gst_buffer_pool_acquire_buffer (pool, &buffer, NULL), GST_FLOW_OK);
  gst_buffer_pool_set_active (pool, FALSE);
  paint (buffer, info);
  return buffer;
}

/* libav pads where the answer has GstVideoMeta and the pool knows GstVideoAlignment, and only there. */
static GstBuffer *
decode (GstHarness * h, const char *caps, const GstVideoInfo * info)
{
  GstQuery *query = accel_ask (h, caps, TRUE);
  gboolean padded = gst_query_find_allocation_meta (query, GST_VIDEO_META_API_TYPE, NULL);
  guint size;
  GstBufferPool *lent = accel_query_pool (query, &size, NULL, NULL);
  GstBufferPool *pool = make_pool (caps, size, padded && gst_buffer_pool_has_option (lent,
          GST_BUFFER_POOL_OPTION_VIDEO_ALIGNMENT));
  GstBuffer *buffer = take (pool, info);

  gst_object_unref (pool);
  gst_object_unref (lent);
  gst_query_unref (query);
  return buffer;
}

static GstHarness *
begin (guint core, Downstream * downstream, gboolean require_zero_copy)
{
  GstHarness *h = accel_harness_with (downstream, "accelerator", cores[core].accelerator, "queue-depth", 1,
      "require-zero-copy", require_zero_copy, NULL);

  gst_harness_set_src_caps_str (h, cores[core].caps);
  return h;
}

/* What the element offers is what it can do. */
GST_START_TEST (upstream_pads_rows_only_for_a_core_that_is_told)
{
  Downstream downstream = {.video_meta = TRUE };
  GstHarness *h = begin (__i__, &downstream, TRUE);
  GstVideoInfo info = parse (cores[__i__].caps);
  GstBuffer *buffer = decode (h, cores[__i__].caps, &info), *result;

  fail_unless_equals_int (gst_buffer_get_video_meta (buffer)->stride[0] != GST_VIDEO_INFO_PLANE_STRIDE (&info, 0),
      cores[__i__].is_told);
  result = accel_push_and_pull (h, buffer);
  expect_painted (result, &info, cores[__i__].inverts);
  fail_unless_equals_int (result != buffer, cores[__i__].writes);
  fail_unless_equals_uint64 (accel_stat (h->element, "copies"), 0);
  gst_buffer_unref (result);
  accel_harness_done (h);
}

GST_END_TEST;

static GstBuffer *
make_padded (const char *caps, const GstVideoInfo * info)
{
  GstBufferPool *pool = make_pool (caps, GST_VIDEO_INFO_SIZE (info), TRUE);
  GstBuffer *buffer = take (pool, info);

  gst_object_unref (pool);
  return buffer;
}

/* From an upstream that pads without asking. */
GST_START_TEST (padded_rows_are_copied_for_a_core_that_is_not_told)
{
  Downstream downstream = {.video_meta = TRUE };
  GstHarness *h = begin (__i__, &downstream, FALSE);
  GstVideoInfo info = parse (cores[__i__].caps);
  GstBuffer *result = accel_push_and_pull (h, make_padded (cores[__i__].caps, &info));

  expect_painted (result, &info, cores[__i__].inverts);
  fail_unless_equals_uint64 (accel_stat (h->element, "copies"), cores[__i__].is_told ? 0 : 1);
  gst_buffer_unref (result);

  g_object_set (h->element, "require-zero-copy", TRUE, NULL);
  fail_unless_equals_int (gst_harness_push (h, make_padded (cores[__i__].caps, &info)),
      cores[__i__].is_told ? GST_FLOW_OK : GST_FLOW_ERROR);
  if (!cores[__i__].is_told)
    accel_expect_error (GST_STREAM_ERROR, GST_STREAM_ERROR_FAILED, "rows or planes are not where its format has them");
  accel_harness_done (h);
}

GST_END_TEST;

/* Nobody could lay them out otherwise. */
GST_START_TEST (a_format_that_is_padded_by_default_needs_another_width_or_a_register)
{
  GstHarness *h = accel_harness_with (NULL, "accelerator", OFFLOAD_HLS ("copy", NO_STRIDES ",format=0x48"), NULL);
  g_autofree char *odd = g_strdup_printf (CAPS_GRAY, 642), *even = g_strdup_printf (CAPS_GRAY, 640);
  GstVideoInfo info = parse (odd);

  gst_harness_set_src_caps_str (h, odd);
  fail_unless_equals_int (gst_harness_push (h, decode (h, odd, &info)), GST_FLOW_ERROR);
  accel_expect_error (GST_RESOURCE_ERROR, GST_RESOURCE_ERROR_FAILED,
      "the lines of plane 0 lie 644 bytes apart, as always in GRAY8, and the core, which is not told so, takes them to lie "
      "642 apart: give the register src-stride, or choose a width without padding");
  accel_harness_done (h);

  h = accel_harness_with (NULL, "accelerator", OFFLOAD_HLS ("copy", NO_STRIDES ",format=0x48"), "queue-depth", 1, NULL);
  info = parse (even);
  gst_harness_set_src_caps_str (h, even);
  gst_buffer_unref (accel_push_and_pull (h, decode (h, even, &info)));
  accel_harness_done (h);
}

GST_END_TEST;

static Suite *
offload_layouts_suite (void)
{
  Suite *suite = suite_create ("offload-layouts");
  TCase *tcase = xlnk_check_add_case (suite, "layouts");

  tcase_add_loop_test (tcase, upstream_pads_rows_only_for_a_core_that_is_told, 0, G_N_ELEMENTS (cores));
  tcase_add_loop_test (tcase, padded_rows_are_copied_for_a_core_that_is_not_told, 0, G_N_ELEMENTS (cores));
  tcase_add_test (tcase, a_format_that_is_padded_by_default_needs_another_width_or_a_register);
  return suite;
}

GST_CHECK_MAIN (offload_layouts);
