/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * sibling.c: another process on the heap: allocates, maps, copies and frees without end, until somebody kills it.
 *
 *   sibling SEED
 */
#include <string.h>
#include <unistd.h>

#include <gst/xlnk/xlnk.h>

#define HELD 24
#define LARGEST 100000

static void
write_all (GstMemory * mem)
{
  GstMapInfo map;

  if (!gst_memory_map (mem, &map, GST_MAP_WRITE))
    return;
  memset (map.data, 0xa5, map.size);
  gst_memory_unmap (mem, &map);
}

int
main (int argc, char **argv)
{
  GstXlnkAllocator *allocator;
  GstMemory *held[HELD] = { NULL };
  GRand *dice;

  gst_init (NULL, NULL);
  /* A kill that misses it must not leave it running for ever. */
  alarm (600);
  dice = g_rand_new_with_seed (argc > 1 ? (guint32) g_ascii_strtoull (argv[1], NULL, 10) : 0);
  allocator = gst_xlnk_allocator_get (NULL, NULL);
  g_assert_nonnull (allocator);
  for (;;) {
    GstMemory **place = &held[g_rand_int_range (dice, 0, HELD)];

    if (*place) {
      gst_memory_unref (*place);
      *place = NULL;
    } else {
      *place = gst_xlnk_allocator_alloc (allocator, g_rand_int_range (dice, 1, LARGEST), g_rand_boolean (dice), NULL, NULL);
      if (*place)
        write_all (*place);
    }
  }
}
