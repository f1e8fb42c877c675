/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Frames after xlnkaccel are those before it, byte for byte, whether upstream takes the lent pool or not. */
#include "accelcheck.h"

static const char *const formats[] = { "I420", "NV12", "YUY2", "RGB", "RGBA", "GRAY8", "GRAY16_LE", "v210" };

static const struct
{
  gint width, height;
} sizes[] = { {1920, 1080}, {641, 359}, {1, 1} };

#define N_CASES ((gint) (G_N_ELEMENTS (formats) * G_N_ELEMENTS (sizes)))

static gchar *
case_caps (gint i)
{
  const guint size = (guint) i / G_N_ELEMENTS (formats);

  return g_strdup_printf ("video/x-raw,format=%s,width=%d,height=%d,framerate=30/1",
      formats[(guint) i % G_N_ELEMENTS (formats)], sizes[size].width, sizes[size].height);
}

static void
case_info (gint i, GstVideoInfo * info)
{
  gchar *string = case_caps (i);
  GstCaps *caps = gst_caps_from_string (string);

  fail_unless (gst_video_info_from_caps (info, caps));
  gst_caps_unref (caps);
  g_free (string);
}

/*** all bytes, in a harness ***/

/* As an upstream that honours the query does. */
static GstBuffer *
take_lent_buffer (GstHarness * h, const char *caps, guint seed)
{
  GstQuery *query = accel_ask (h, caps, TRUE);
  GstBufferPool *pool = accel_query_pool (query, NULL, NULL, NULL);
  GstBuffer *buffer;

  fail_unless (gst_buffer_pool_set_active (pool, TRUE));
  fail_unless_equals_int (gst_buffer_pool_acquire_buffer (pool, &buffer, NULL), GST_FLOW_OK);
  accel_fill (buffer, seed);
  gst_buffer_pool_set_active (pool, FALSE);
  gst_object_unref (pool);
  gst_query_unref (query);
  return buffer;
}

GST_START_TEST (every_byte_of_a_frame_comes_out)
{
  gchar *caps = case_caps (__i__);
  GstHarness *h = accel_harness (NULL);
  GstBuffer *buffer;
  GstVideoInfo info;

  case_info (__i__, &info);
  gst_harness_set_src_caps_str (h, caps);
  buffer = accel_push_and_pull (h, take_lent_buffer (h, caps, 1));
  fail_unless (accel_is_filled (buffer, GST_VIDEO_INFO_SIZE (&info), 1), "honoured, %s", caps);
  gst_buffer_unref (buffer);
  fail_unless_equals_uint64 (accel_stat (h->element, "copies"), 0);

  buffer = accel_push_and_pull (h, accel_system_buffer (GST_VIDEO_INFO_SIZE (&info), 2));
  fail_unless (accel_is_contiguous (buffer));
  fail_unless (accel_is_filled (buffer, GST_VIDEO_INFO_SIZE (&info), 2), "copied, %s", caps);
  gst_buffer_unref (buffer);
  fail_unless_equals_uint64 (accel_stat (h->element, "copies"), 1);
  accel_harness_done (h);
  g_free (caps);
}
GST_END_TEST

/*** whole pipelines ***/

typedef struct
{
  GPtrArray *samples;
  guint64 copies;
} Run;

static Run
run_pipeline (const char *source, const char *caps, const char *middle)
{
  gchar *line = g_strdup_printf ("%s ! %s ! %s appsink name=out sync=false", source, caps, middle);
  GstElement *pipeline = gst_parse_launch (line, NULL);
  Run run = { g_ptr_array_new_with_free_func ((GDestroyNotify) gst_sample_unref), 0 };
  GstElement *out, *accel;
  GstSample *sample;

  fail_unless (pipeline != NULL, "%s", line);
  out = gst_bin_get_by_name (GST_BIN (pipeline), "out");
  accel = gst_bin_get_by_name (GST_BIN (pipeline), "accel");
  gst_element_set_state (pipeline, GST_STATE_PLAYING);
  while (g_signal_emit_by_name (out, "pull-sample", &sample), sample != NULL)
    g_ptr_array_add (run.samples, sample);
  if (accel) {
    run.copies = accel_stat (accel, "copies");
    fail_unless_equals_uint64 (accel_stat (accel, "frames"), run.samples->len);
    gst_object_unref (accel);
  }
  gst_element_set_state (pipeline, GST_STATE_NULL);
  gst_object_unref (out);
  gst_object_unref (pipeline);
  g_free (line);
  return run;
}

/* The bytes of a row that hold samples; the rest of the stride is whatever was in memory. */
static gsize
row_bytes (const GstVideoInfo * info, guint plane)
{
  gint width = GST_VIDEO_INFO_WIDTH (info);

  if (GST_VIDEO_INFO_FORMAT (info) == GST_VIDEO_FORMAT_v210)
    return (gsize) (width + 5) / 6 * 16;
  return (gsize) GST_VIDEO_INFO_COMP_WIDTH (info, plane) * GST_VIDEO_INFO_COMP_PSTRIDE (info, plane);
}

static gboolean
same_picture (GstBuffer * a, GstBuffer * b, const GstVideoInfo * info)
{
  GstMapInfo map_a, map_b;
  gboolean same;

  fail_unless (gst_buffer_map (a, &map_a, GST_MAP_READ) && gst_buffer_map (b, &map_b, GST_MAP_READ));
  same = map_a.size == map_b.size && map_a.size >= GST_VIDEO_INFO_SIZE (info);
  for (guint i = 0; same && i < GST_VIDEO_INFO_N_PLANES (info); i++) {
    for (gint y = 0; same && y < GST_VIDEO_INFO_COMP_HEIGHT (info, i); y++) {
      gsize start = GST_VIDEO_INFO_PLANE_OFFSET (info, i) + (gsize) y * GST_VIDEO_INFO_PLANE_STRIDE (info, i);

      same = memcmp (map_a.data + start, map_b.data + start, row_bytes (info, i)) == 0;
    }
  }
  gst_buffer_unmap (a, &map_a);
  gst_buffer_unmap (b, &map_b);
  return same;
}

static void
compare_runs (const Run * reference, const Run * run, const GstVideoInfo * info, const char *what)
{
  fail_unless (reference->samples->len > 0);
  fail_unless_equals_int (reference->samples->len, run->samples->len);
  for (guint i = 0; i < run->samples->len; i++) {
    GstBuffer *a = gst_sample_get_buffer (g_ptr_array_index (reference->samples, i));
    GstBuffer *b = gst_sample_get_buffer (g_ptr_array_index (run->samples, i));

    fail_if (accel_is_contiguous (a));
    fail_unless (accel_is_contiguous (b));
    fail_unless_equals_uint64 (GST_BUFFER_PTS (a), GST_BUFFER_PTS (b));
    if (info)
      fail_unless (same_picture (a, b, info), "%s, frame %u", what, i);
    else
      fail_unless (gst_buffer_get_size (a) == gst_buffer_get_size (b));
  }
}

static void
drop_run (Run * run)
{
  g_ptr_array_unref (run->samples);
}

GST_START_TEST (a_pipeline_with_it_gives_the_frames_of_one_without)
{
  static const char source[] = "videotestsrc num-buffers=3 pattern=ball";
  gchar *caps = case_caps (__i__);
  GstVideoInfo info;
  Run reference, run;

  case_info (__i__, &info);
  reference = run_pipeline (source, caps, "");

  run = run_pipeline (source, caps, "xlnkaccel name=accel require-zero-copy=true !");
  compare_runs (&reference, &run, &info, caps);
  fail_unless_equals_uint64 (run.copies, 0);
  drop_run (&run);

  run = run_pipeline (source, caps, "identity drop-allocation=true ! xlnkaccel name=accel !");
  compare_runs (&reference, &run, &info, caps);
  fail_unless_equals_uint64 (run.copies, 3);
  drop_run (&run);
  drop_run (&reference);
  g_free (caps);
}
GST_END_TEST

static GByteArray *
join (const Run * run)
{
  GByteArray *bytes = g_byte_array_new ();

  for (guint i = 0; i < run->samples->len; i++) {
    GstMapInfo map;
    GstBuffer *buffer = gst_sample_get_buffer (g_ptr_array_index (run->samples, i));

    fail_unless (gst_buffer_map (buffer, &map, GST_MAP_READ));
    g_byte_array_append (bytes, map.data, map.size);
    gst_buffer_unmap (buffer, &map);
  }
  return bytes;
}

static void
compare_bytes (const Run * reference, const Run * run)
{
  GByteArray *a = join (reference);
  GByteArray *b = join (run);

  fail_unless (a->len > 0);
  fail_unless_equals_int (a->len, b->len);
  fail_unless (memcmp (a->data, b->data, a->len) == 0);
  g_byte_array_unref (a);
  g_byte_array_unref (b);
}

/* audiotestsrc takes the allocator, so there is a run without copies too. */
GST_START_TEST (audio_passes_as_plain_bytes)
{
  static const char source[] = "audiotestsrc num-buffers=40 samplesperbuffer=441 wave=ticks";
  static const char caps[] = "audio/x-raw,format=S16LE,rate=44100,channels=2,layout=interleaved";
  Run reference = run_pipeline (source, caps, "");
  Run run = run_pipeline (source, caps, "xlnkaccel name=accel require-zero-copy=true !");

  compare_runs (&reference, &run, NULL, "audio");
  compare_bytes (&reference, &run);
  drop_run (&run);

  run = run_pipeline (source, caps, "identity drop-allocation=true ! xlnkaccel name=accel !");
  compare_runs (&reference, &run, NULL, "audio");
  compare_bytes (&reference, &run);
  fail_unless_equals_uint64 (run.copies, 40);
  drop_run (&run);
  drop_run (&reference);
}
GST_END_TEST

static Suite *
passthrough_identity_suite (void)
{
  Suite *suite = suite_create ("passthrough-identity");
  TCase *test_case = xlnk_check_add_case (suite, "general");

  tcase_add_loop_test (test_case, every_byte_of_a_frame_comes_out, 0, N_CASES);
  tcase_add_loop_test (test_case, a_pipeline_with_it_gives_the_frames_of_one_without, 0, N_CASES);
  tcase_add_test (test_case, audio_passes_as_plain_bytes);
  return suite;
}

GST_CHECK_MAIN (passthrough_identity);
