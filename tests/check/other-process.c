/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * other-process.c: the second program of processes.c.
 */
#include <stdio.h>
#include <string.h>

#include <gst/xlnk/xlnk.h>

static GstXlnkAllocator *allocator;

static GstMemory *
alloc_filled (gsize size, guint8 value)
{
  GstMemory *mem = gst_allocator_alloc (GST_ALLOCATOR (allocator), size, NULL);
  GstMapInfo info;

  g_assert_nonnull (mem);
  g_assert_true (gst_memory_map (mem, &info, GST_MAP_WRITE));
  memset (info.data, value, size);
  gst_memory_unmap (mem, &info);
  return mem;
}

static void
check_filled (GstMemory * mem, guint8 value)
{
  GstMapInfo info;

  g_assert_true (gst_memory_map (mem, &info, GST_MAP_READ));
  for (gsize i = 0; i < info.size; i++)
    g_assert_cmpuint (info.data[i], ==, value);
  gst_memory_unmap (mem, &info);
}

/* Prints where its buffer is, and keeps it until its input ends. */
static void
hold (guint8 value)
{
  GstMemory *mem = alloc_filled (100000, value);

  printf ("%" G_GUINT64_FORMAT "\n", gst_xlnk_memory_get_phys_addr (mem));
  fflush (stdout);
  while (getchar () != EOF);
  check_filled (mem, value);
  gst_memory_unref (mem);
}

static void
allocate_often (guint8 value)
{
  GstXlnkStats stats;

  for (gsize i = 0; i < 500; i++) {
    GstMemory *mem = alloc_filled (1000 + 700 * (i % 13), value);

    check_filled (mem, value);
    gst_memory_unref (mem);
  }
  gst_xlnk_allocator_get_stats (allocator, &stats);
  g_assert_cmpuint (stats.lost_buffers, ==, 0);
}

int
main (int argc, char **argv)
{
  guint8 value;

  gst_init (NULL, NULL);
  g_assert_cmpint (argc, ==, 3);
  value = (guint8) g_ascii_strtoull (argv[2], NULL, 10);
  allocator = gst_xlnk_allocator_get (NULL, NULL);
  g_assert_nonnull (allocator);
  if (g_str_equal (argv[1], "hold"))
    hold (value);
  else
    allocate_often (value);
  gst_object_unref (allocator);
  return 0;
}
