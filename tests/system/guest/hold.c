/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * hold.c: `hold COUNT SIZE [FILE]` allocates memories and lets them go again. With a FILE it creates that when it has them, and
 * then keeps them until somebody kills it.
 */
#include <gst/xlnk/xlnk.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static gboolean
use (GstMemory * memory)
{
  GstMapInfo map;

  if (!gst_memory_map (memory, &map, GST_MAP_WRITE))
    return FALSE;
  memset (map.data, 0x77, map.size);
  gst_memory_unmap (memory, &map);
  return TRUE;
}

static GstMemory *
allocate (GstXlnkAllocator * allocator, gsize size)
{
  g_autoptr (GError) error = NULL;
  GstMemory *memory = gst_xlnk_allocator_alloc (allocator, size, TRUE, NULL, &error);

  if (!memory) {
    printf ("%s\n", error->message);
    exit (1);
  }
  if (!use (memory)) {
    printf ("cannot be mapped\n");
    exit (1);
  }
  return memory;
}

int
main (int argc, char **argv)
{
  g_autoptr (GError) error = NULL;
  GstXlnkAllocator *allocator;
  GPtrArray *memories = g_ptr_array_new_with_free_func ((GDestroyNotify) gst_memory_unref);

  gst_init (&argc, &argv);
  if (argc < 3)
    return 64;
  allocator = gst_xlnk_allocator_get (NULL, &error);
  if (!allocator) {
    printf ("%s\n", error->message);
    return 1;
  }
  for (int i = atoi (argv[1]); i > 0; i--)
    g_ptr_array_add (memories, allocate (allocator, (gsize) atol (argv[2])));
  if (argc > 3 && g_file_set_contents (argv[3], "", 0, NULL)) {
    for (;;)
      pause ();
  }
  g_ptr_array_unref (memories);
  gst_object_unref (allocator);
  return 0;
}
