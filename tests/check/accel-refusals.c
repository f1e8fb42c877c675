/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * accel-refusals.c: what xlnkaccel cannot do for others: each time in words that tell who has to change what.
 */
#include "accelcheck.h"

#define BYTES "application/octet-stream"

/*** memory that cannot be mapped ***/

G_DECLARE_FINAL_TYPE (Sealed, sealed, TEST, SEALED, GstAllocator)

struct _Sealed
{
  GstAllocator parent;
};

G_DEFINE_TYPE (Sealed, sealed, GST_TYPE_ALLOCATOR)

static GstMemory *
sealed_alloc (GstAllocator * allocator, gsize size, GstAllocationParams * params G_GNUC_UNUSED)
{
  GstMemory *mem = g_new0 (GstMemory, 1);

  gst_memory_init (mem, 0, allocator, NULL, size, 0, 0, size);
  return mem;
}

static void
sealed_free (GstAllocator * allocator G_GNUC_UNUSED, GstMemory * mem)
{
  g_free (mem);
}

static gpointer
sealed_map (GstMemory * mem G_GNUC_UNUSED, gsize size G_GNUC_UNUSED, GstMapFlags flags G_GNUC_UNUSED)
{
  return NULL;
}

static void
sealed_class_init (SealedClass * klass)
{
  GST_ALLOCATOR_CLASS (klass)->alloc = sealed_alloc;
  GST_ALLOCATOR_CLASS (klass)->free = sealed_free;
}

static void
sealed_init (Sealed * self)
{
  GST_ALLOCATOR (self)->mem_type = "sealed";
  GST_ALLOCATOR (self)->mem_map = sealed_map;
  GST_OBJECT_FLAG_SET (self, GST_ALLOCATOR_FLAG_CUSTOM_ALLOC);
}

/* A protected buffer, say: it has bytes, and nobody but its hardware may see them. With @padded rows it would be copied
 * as a frame, else as bytes. */
static GstBuffer *
make_sealed (gboolean padded)
{
  GstAllocator *allocator = gst_object_ref_sink (g_object_new (sealed_get_type (), NULL));
  GstBuffer *buffer = gst_buffer_new_allocate (allocator, 80 * 4 * 48, NULL);
  gsize offset[GST_VIDEO_MAX_PLANES] = { 0 };
  gint stride[GST_VIDEO_MAX_PLANES] = { 80 * 4 };

  if (padded)
    gst_buffer_add_video_meta_full (buffer, GST_VIDEO_FRAME_FLAG_NONE, GST_VIDEO_FORMAT_RGBA, 64, 48, 1, offset, stride);
  gst_object_unref (allocator);
  return buffer;
}

GST_START_TEST (a_buffer_that_nobody_can_map_is_an_error_and_no_lack_of_memory)
{
  GstHarness *h = accel_harness (NULL);

  gst_harness_set_src_caps_str (h, CAPS_RGBA);
  fail_unless_equals_int (gst_harness_push (h, make_sealed (__i__)), GST_FLOW_ERROR);
  accel_expect_error (GST_RESOURCE_ERROR, GST_RESOURCE_ERROR_FAILED, "cannot map a buffer");
  fail_unless_equals_uint64 (accel_stat (h->element, "copies"), 0);

  /* And what can be mapped goes on. */
  gst_buffer_unref (accel_push_and_pull (h, accel_system_buffer (SIZE_RGBA, 1)));
  accel_harness_done (h);
}

GST_END_TEST;

/*** copies ***/

static GstMemory *
alloc_uncached (gsize size, guint8 value)
{
  GstMemory *mem = xlnk_check_alloc_params (size, GST_MEMORY_FLAG_XLNK_UNCACHED, 0, 0, 0);

  xlnk_check_fill (mem, value);
  return mem;
}

/* Odd lengths, and a source that must be read with aligned accesses. */
GST_START_TEST (several_uncached_memories_become_one_that_is_cached)
{
  GstHarness *h = accel_harness (NULL);
  GstBuffer *buffer = gst_buffer_new (), *result;
  GstMapInfo map;

  gst_buffer_append_memory (buffer, alloc_uncached (1001, 1));
  gst_buffer_append_memory (buffer, alloc_uncached (37, 2));
  gst_harness_set_src_caps_str (h, BYTES);
  result = accel_push_and_pull (h, buffer);
  fail_unless (accel_is_contiguous (result));
  fail_unless (gst_xlnk_memory_is_cached (gst_buffer_peek_memory (result, 0)));
  fail_unless (gst_buffer_map (result, &map, GST_MAP_READ));
  fail_unless_equals_int (map.size, 1038);
  for (guint i = 0; i < map.size; i++)
    fail_unless_equals_int (map.data[i], i < 1001 ? 1 : 2);
  gst_buffer_unmap (result, &map);
  gst_buffer_unref (result);
  accel_harness_done (h);
}

GST_END_TEST;

#define INDEXED_WIDTH 64
#define INDEXED_HEIGHT 48
#define INDEXED_STRIDE 80
#define COLOURS (256 * 4)

/* A picture of indices with padded rows, and its palette. */
static GstBuffer *
make_indexed (void)
{
  GstBuffer *buffer = gst_buffer_new_allocate (NULL, INDEXED_STRIDE * INDEXED_HEIGHT + COLOURS, NULL);
  gsize offset[GST_VIDEO_MAX_PLANES] = { 0, INDEXED_STRIDE * INDEXED_HEIGHT };
  gint stride[GST_VIDEO_MAX_PLANES] = { INDEXED_STRIDE, 4 };

  accel_fill (buffer, 1);
  gst_buffer_add_video_meta_full (buffer, GST_VIDEO_FRAME_FLAG_NONE, GST_VIDEO_FORMAT_RGB8P, INDEXED_WIDTH,
      INDEXED_HEIGHT, 2, offset, stride);
  return buffer;
}

GST_START_TEST (a_palette_comes_along_with_its_picture)
{
  GstHarness *h = accel_harness (NULL);
  GstBuffer *result;
  GstMapInfo map;

  gst_harness_set_src_caps_str (h, "video/x-raw,format=RGB8P,width=64,height=48,framerate=30/1");
  result = accel_push_and_pull (h, make_indexed ());
  fail_unless (accel_is_contiguous (result));
  fail_unless (gst_buffer_map (result, &map, GST_MAP_READ));
  fail_unless_equals_int (map.size, INDEXED_WIDTH * INDEXED_HEIGHT + COLOURS);
  for (guint y = 0; y < INDEXED_HEIGHT; y++) {
    for (guint x = 0; x < INDEXED_WIDTH; x++)
      fail_unless_equals_int (map.data[y * INDEXED_WIDTH + x], accel_pattern (y * INDEXED_STRIDE + x, 1));
  }
  for (guint i = 0; i < COLOURS; i++)
    fail_unless_equals_int (map.data[INDEXED_WIDTH * INDEXED_HEIGHT + i],
        accel_pattern (INDEXED_STRIDE * INDEXED_HEIGHT + i, 1));
  gst_buffer_unmap (result, &map);
  gst_buffer_unref (result);
  accel_harness_done (h);
}

GST_END_TEST;

/*** who is to blame ***/

GST_START_TEST (an_upstream_in_a_bin_is_named_with_its_path)
{
  GstElement *pipeline = gst_pipeline_new ("top"), *accel = gst_element_factory_make ("xlnkaccel", NULL);
  GstElement *bin = gst_parse_bin_from_description ("videotestsrc name=inner num-buffers=1 ! video/x-raw,width=64,height=48"
      " ! identity drop-allocation=true", TRUE, NULL);
  GstElement *sink = gst_element_factory_make ("fakesink", NULL);
  GstMessage *message;
  GError *error;

  gst_object_set_name (GST_OBJECT (bin), "camera");
  g_object_set (accel, "require-zero-copy", TRUE, NULL);
  gst_bin_add_many (GST_BIN (pipeline), bin, accel, sink, NULL);
  fail_unless (gst_element_link_many (bin, accel, sink, NULL));
  gst_element_set_state (pipeline, GST_STATE_PLAYING);
  message = accel_wait_for_end (pipeline, GST_MESSAGE_ERROR);
  gst_message_parse_error (message, &error, NULL);
  fail_unless (strstr (error->message, "camera") != NULL, "%s", error->message);
  fail_unless (strstr (error->message, "would have to be copied") != NULL, "%s", error->message);
  g_error_free (error);
  gst_message_unref (message);
  gst_element_set_state (pipeline, GST_STATE_NULL);
  gst_object_unref (pipeline);
}

GST_END_TEST;

static void
expect_no_start (const char *accelerator, gint code, const char *words)
{
  GstElement *element = gst_object_ref_sink (gst_element_factory_make ("xlnkaccel", NULL));

  accel_bus = gst_bus_new ();
  gst_element_set_bus (element, accel_bus);
  g_object_set (element, "accelerator", accelerator, NULL);
  fail_unless_equals_int (gst_element_set_state (element, GST_STATE_READY), GST_STATE_CHANGE_FAILURE);
  accel_expect_error (GST_RESOURCE_ERROR, code, words);
  gst_element_set_state (element, GST_STATE_NULL);
  gst_element_set_bus (element, NULL);
  gst_object_unref (element);
  gst_object_unref (accel_bus);
}

GST_START_TEST (cores_that_cannot_be_opened_are_told_apart)
{
  expect_no_start ("hls,uio=nothing,src=0x10,dst=0x1c", GST_RESOURCE_ERROR_NOT_FOUND, "no UIO device `nothing'");
  expect_no_start ("hls,base=0x43c00002,size=0x100,src=0x10,dst=0x1c", GST_RESOURCE_ERROR_SETTINGS, "multiples of 4");
}

GST_END_TEST;

/*** queries ***/

/* More than the driver, or the query, can say: no pool, and memory for who wants to cut it into pieces. */
GST_START_TEST (a_frame_beyond_32_bits_gets_an_allocator_and_no_pool)
{
  GstHarness *h = accel_harness (NULL);
  GstQuery *query;
  GstAllocator *allocator;

  query = accel_ask (h, "video/x-raw,format=RGBA,width=32768,height=32768", TRUE);
  fail_unless_equals_int (gst_query_get_n_allocation_pools (query), 0);
  allocator = accel_query_allocator (query, NULL);
  fail_unless (allocator == GST_ALLOCATOR (xlnk_allocator));
  gst_object_unref (allocator);
  gst_query_unref (query);
  accel_harness_done (h);
}

GST_END_TEST;

static void
expect_caps (GstElement * element, const char *pad_name, const char *expected)
{
  GstPad *pad = gst_element_get_static_pad (element, pad_name);
  GstCaps *caps = gst_pad_query_caps (pad, NULL), *wanted = gst_caps_from_string (expected);

  fail_unless (gst_caps_is_equal (caps, wanted), "%s: %" GST_PTR_FORMAT, pad_name, caps);
  gst_caps_unref (wanted);
  gst_caps_unref (caps);
  gst_object_unref (pad);
}

/* With nothing known upstream, output-caps is all there is to say downstream; and says nothing of what it is made of. */
GST_START_TEST (output_caps_alone_say_what_comes_out)
{
  GstElement *element = gst_object_ref_sink (gst_element_factory_make ("xlnkaccel", NULL));
  GstCaps *caps = gst_caps_from_string (__i__ ? "application/x-features" : "video/x-raw,format=GRAY8");
  GstCaps *now;

  g_object_set (element, "output-caps", caps, NULL);
  g_object_get (element, "output-caps", &now, NULL);
  fail_unless (gst_caps_is_equal (now, caps));
  expect_caps (element, "src", __i__ ? "application/x-features" : "video/x-raw,format=GRAY8");
  expect_caps (element, "sink", "ANY");
  gst_caps_unref (now);
  gst_caps_unref (caps);
  gst_object_unref (element);
}

GST_END_TEST;

static Suite *
accel_refusals_suite (void)
{
  Suite *suite = suite_create ("accel-refusals");
  TCase *tc = xlnk_check_add_case (suite, "general");

  tcase_add_loop_test (tc, a_buffer_that_nobody_can_map_is_an_error_and_no_lack_of_memory, 0, 2);
  tcase_add_test (tc, several_uncached_memories_become_one_that_is_cached);
  tcase_add_test (tc, a_palette_comes_along_with_its_picture);
  tcase_add_test (tc, an_upstream_in_a_bin_is_named_with_its_path);
  tcase_add_test (tc, cores_that_cannot_be_opened_are_told_apart);
  tcase_add_test (tc, a_frame_beyond_32_bits_gets_an_allocator_and_no_pool);
  tcase_add_loop_test (tc, output_caps_alone_say_what_comes_out, 0, 2);
  return suite;
}

GST_CHECK_MAIN (accel_refusals);
