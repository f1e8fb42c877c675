/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * truth.c: do the physical addresses that the library reports hold the data? The host looks from outside: a line
 * "@sha256 ADDRESS LENGTH" asks it for the digest of physical memory, and one line comes back on the console.
 */
#include <gst/xlnk/xlnk.h>

#include <stdio.h>
#include <string.h>

static GstXlnkAllocator *allocator;

static gchar *
digest_outside (guint64 address, gsize size)
{
  char line[128] = "";

  printf ("@sha256 0x%" G_GINT64_MODIFIER "x 0x%" G_GSIZE_MODIFIER "x\n", address, size);
  fflush (stdout);
  if (!fgets (line, sizeof line, stdin))
    g_error ("the host does not answer");
  return g_strdup (g_strchomp (line));
}

static gchar *
digest_inside (gconstpointer data, gsize size)
{
  return g_compute_checksum_for_data (G_CHECKSUM_SHA256, data, size);
}

static gboolean
is_there (guint64 address, gconstpointer data, gsize size)
{
  g_autofree gchar *outside = digest_outside (address, size), *inside = digest_inside (data, size);

  return g_str_equal (outside, inside);
}

/* Bytes of which no two pages are equal. */
static void
fill (GstMemory * memory, guint32 seed)
{
  GRand *dice = g_rand_new_with_seed (seed);
  g_autofree guint8 *data = NULL;
  GstMapInfo map;

  g_assert_true (gst_memory_map (memory, &map, GST_MAP_WRITE));
  data = g_malloc (map.size);
  for (gsize i = 0; i < map.size; i++)
    data[i] = (guint8) g_rand_int (dice);
  memcpy (map.data, data, map.size);
  gst_memory_unmap (memory, &map);
  g_rand_free (dice);
}

static gboolean
memory_is_there (GstMemory * memory, gint64 offset)
{
  guint64 address = gst_xlnk_memory_get_phys_addr (memory);
  GstMapInfo map;
  gboolean result;

  g_assert_true (gst_memory_map (memory, &map, GST_MAP_READ));
  result = is_there (address + (guint64) offset, map.data, map.size);
  gst_memory_unmap (memory, &map);
  return result;
}

static void
test_memory (gconstpointer cached)
{
  for (gsize size = 1; size < 3000000; size = size * 17 + 1) {
    GstMemory *memory = gst_xlnk_allocator_alloc (allocator, size, GPOINTER_TO_INT (cached), NULL, NULL);

    fill (memory, (guint32) size);
    g_assert_true (memory_is_there (memory, 0));
    gst_memory_unref (memory);
  }
}

/* Control: the page beside it holds something else. */
static void
test_wrong_address (void)
{
  GstMemory *memory = gst_xlnk_allocator_alloc (allocator, 65536, TRUE, NULL, NULL);

  fill (memory, 5);
  g_assert_true (memory_is_there (memory, 0));
  g_assert_false (memory_is_there (memory, 4096));
  g_assert_false (memory_is_there (memory, -4096));
  gst_memory_unref (memory);
}

/* Prefix, alignment, children and grandchildren: each has an address of its own. */
static void
test_parts (gconstpointer cached)
{
  GstAllocationParams params = {.align = 8191,.prefix = 100,.padding = 50 };
  GstMemory *whole = gst_xlnk_allocator_alloc (allocator, 200000, GPOINTER_TO_INT (cached), &params, NULL);
  GstMemory *child, *grandchild;

  fill (whole, 6);
  child = gst_memory_share (whole, 12345, 100000);
  grandchild = gst_memory_share (child, 1, 777);
  g_assert_true (memory_is_there (whole, 0));
  g_assert_true (memory_is_there (child, 0));
  g_assert_true (memory_is_there (grandchild, 0));
  g_assert_cmpuint (gst_xlnk_memory_get_phys_addr (grandchild), ==, gst_xlnk_memory_get_phys_addr (whole) + 12346);
  gst_memory_unref (grandchild);
  gst_memory_unref (child);
  gst_memory_unref (whole);
}

static void
check_frame (GstBuffer * buffer, const GstVideoInfo * info)
{
  GstXlnkPlanes planes;
  GstVideoFrame frame;

  g_assert_true (gst_xlnk_buffer_get_planes (buffer, info, &planes));
  g_assert_cmpuint (planes.n_planes, ==, GST_VIDEO_INFO_N_PLANES (info));
  g_assert_true (gst_video_frame_map (&frame, (GstVideoInfo *) info, buffer, GST_MAP_READ));
  for (guint i = 0; i < planes.n_planes; i++)
    g_assert_true (is_there (planes.phys_addr[i], GST_VIDEO_FRAME_PLANE_DATA (&frame, i), planes.size[i]));
  gst_video_frame_unmap (&frame);
}

static void
test_planes (gconstpointer format)
{
  GstCaps *caps = gst_caps_new_simple ("video/x-raw", "format", G_TYPE_STRING, format, "width", G_TYPE_INT, 641,
      "height", G_TYPE_INT, 359, "framerate", GST_TYPE_FRACTION, 25, 1, NULL);
  GstVideoInfo info;
  GstBufferPool *pool;
  GstBuffer *buffer;

  g_assert_true (gst_video_info_from_caps (&info, caps));
  pool = gst_xlnk_buffer_pool_new_with_config (allocator, caps, (guint) info.size, 1, 2);
  g_assert_nonnull (pool);
  g_assert_true (gst_buffer_pool_set_active (pool, TRUE));
  g_assert_cmpint (gst_buffer_pool_acquire_buffer (pool, &buffer, NULL), ==, GST_FLOW_OK);
  fill (gst_buffer_peek_memory (buffer, 0), 8);
  check_frame (buffer, &info);
  gst_buffer_unref (buffer);
  gst_buffer_pool_set_active (pool, FALSE);
  gst_object_unref (pool);
  gst_caps_unref (caps);
}

int
main (int argc, char **argv)
{
  static const char *const formats[] = { "I420", "NV12", "RGBA", "YUY2", "GRAY8", "GRAY16_LE", "v210" };
  g_autoptr (GError) error = NULL;
  int result;

  g_test_init (&argc, &argv, NULL);
  gst_init (&argc, &argv);
  allocator = gst_xlnk_allocator_get (NULL, &error);
  if (!allocator)
    g_error ("%s", error->message);
  g_test_add_data_func ("/truth/memory/cached", GINT_TO_POINTER (TRUE), test_memory);
  g_test_add_data_func ("/truth/memory/uncached", GINT_TO_POINTER (FALSE), test_memory);
  g_test_add_func ("/truth/wrong-address", test_wrong_address);
  g_test_add_data_func ("/truth/parts/cached", GINT_TO_POINTER (TRUE), test_parts);
  g_test_add_data_func ("/truth/parts/uncached", GINT_TO_POINTER (FALSE), test_parts);
  for (guint i = 0; i < G_N_ELEMENTS (formats); i++) {
    g_autofree gchar *name = g_strconcat ("/truth/planes/", formats[i], NULL);

    g_test_add_data_func (name, formats[i], test_planes);
  }
  result = g_test_run ();
  gst_object_unref (allocator);
  return result;
}
