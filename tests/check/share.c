/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * share.c: sub-memories: their addresses, their maps, and that one block is freed once.
 */
#include "xlnkcheck.h"

GST_START_TEST (defect_02_share_is_set)
{
  static const guint flags[] = { 0, GST_MEMORY_FLAG_XLNK_UNCACHED };

  for (gsize i = 0; i < G_N_ELEMENTS (flags); i++) {
    GstMemory *mem = xlnk_check_alloc_params (1000, flags[i], 0, 0, 0);
    GstMemory *child = gst_memory_share (mem, 100, 200);

    fail_unless (child != NULL);
    fail_unless (gst_is_xlnk_memory (child));
    fail_unless_equals_int (gst_xlnk_memory_is_cached (child), gst_xlnk_memory_is_cached (mem));
    fail_unless (GST_MEMORY_FLAG_IS_SET (child, GST_MEMORY_FLAG_PHYSICALLY_CONTIGUOUS));
    gst_memory_unref (child);
    gst_memory_unref (mem);
  }
}

GST_END_TEST;

GST_START_TEST (defect_11_share_copy_and_span_are_ours)
{
  GstAllocator *ours = GST_ALLOCATOR (xlnk_allocator);
  GstAllocator *system = gst_allocator_find (GST_ALLOCATOR_SYSMEM);
  GstAllocatorClass *klass = GST_ALLOCATOR_GET_CLASS (ours);

  fail_unless (klass->alloc != NULL && klass->free != NULL);
  fail_unless (ours->mem_map_full != NULL && ours->mem_unmap_full != NULL);
  fail_unless (ours->mem_share != NULL && ours->mem_copy != NULL && ours->mem_is_span != NULL);
  fail_unless (ours->mem_copy != system->mem_copy && ours->mem_share != system->mem_share);
  gst_object_unref (system);
}

GST_END_TEST;

/* Whichever goes first. */
GST_START_TEST (defect_04_one_free_for_a_shared_child)
{
  for (int child_first = 0; child_first < 2; child_first++) {
    GstMemory *mem = xlnk_check_alloc (1000);
    GstMemory *child = gst_memory_share (mem, 0, -1);
    guint64 frees = board_counter ("frees");

    gst_memory_unref (child_first ? child : mem);
    fail_unless_equals_uint64 (board_counter ("frees"), frees);
    fail_unless_equals_uint64 (board_live_buffers (), 1);
    gst_memory_unref (child_first ? mem : child);
    fail_unless_equals_uint64 (board_counter ("frees"), frees + 1);
  }
  fail_unless_equals_uint64 (xlnk_check_stats ().lost_buffers, 0);
}

GST_END_TEST;

GST_START_TEST (defect_10_children_do_not_change_the_live_count)
{
  GstMemory *mem = xlnk_check_alloc (1000);
  GstMemory *first = gst_memory_share (mem, 0, 100);
  GstMemory *second = gst_memory_share (mem, 100, 100);

  fail_unless_equals_uint64 (xlnk_check_stats ().buffer_count, 1);
  fail_unless_equals_uint64 (xlnk_check_stats ().cma_usage, 1000);
  gst_memory_unref (first);
  gst_memory_unref (second);
  fail_unless_equals_uint64 (xlnk_check_stats ().buffer_count, 1);
  fail_unless_equals_uint64 (xlnk_check_stats ().cma_usage, 1000);
  gst_memory_unref (mem);
  fail_unless_equals_uint64 (xlnk_check_stats ().buffer_count, 0);
}

GST_END_TEST;

GST_START_TEST (defect_07_child_has_address_and_maps)
{
  GstMemory *mem = xlnk_check_alloc_params (8192, 0, 0, 128, 256);
  guint64 phys = gst_xlnk_memory_get_phys_addr (mem);
  GstMemory *child = gst_memory_share (mem, 4096, 1000);
  gsize offset, maxsize, size = gst_memory_get_sizes (child, &offset, &maxsize);
  GstMapInfo info, parent;

  fail_unless_equals_uint64 (gst_xlnk_memory_get_phys_addr (child), phys + 4096);
  fail_unless_equals_uint64 (gst_phys_memory_get_phys_addr (child), phys + 4096);
  fail_unless_equals_uint64 (size, 1000);
  fail_unless_equals_uint64 (maxsize, 8192 + 128 + 256);
  fail_unless (gst_memory_map (child, &info, GST_MAP_READ));
  fail_unless (gst_memory_map (mem, &parent, GST_MAP_READ));
  fail_unless (info.data == parent.data + 4096);
  fail_unless_equals_uint64 (info.size, 1000);
  gst_memory_unmap (mem, &parent);
  gst_memory_unmap (child, &info);
  gst_memory_unref (child);
  gst_memory_unref (mem);
}

GST_END_TEST;

/* The whole rest, of a memory that begins beyond its own offset. */
GST_START_TEST (defect_05_share_of_the_rest)
{
  GstMemory *mem = xlnk_check_alloc_params (1000, 0, 0, 64, 100);
  guint64 phys = gst_xlnk_memory_get_phys_addr (mem);
  GstMemory *child;

  gst_memory_resize (mem, 100, 500);
  child = gst_memory_share (mem, 50, -1);
  fail_unless_equals_uint64 (gst_memory_get_sizes (child, NULL, NULL), 450);
  fail_unless_equals_uint64 (gst_xlnk_memory_get_phys_addr (child), phys + 150);
  gst_memory_unref (child);
  gst_memory_unref (mem);
}

GST_END_TEST;

GST_START_TEST (defect_21_share_of_a_share)
{
  GstMemory *mem = xlnk_check_alloc_params (10000, 0, 0, 256, 0);
  guint64 phys = gst_xlnk_memory_get_phys_addr (mem);
  GstMemory *child = gst_memory_share (mem, 1024, 4096);
  GstMemory *grandchild = gst_memory_share (child, 512, 64);
  GstMapInfo info;

  gst_memory_unref (child);
  fail_unless_equals_uint64 (gst_xlnk_memory_get_phys_addr (grandchild), phys + 1536);
  board_device_fill (phys + 1536, 0x3c, 64);
  gst_memory_unref (mem);
  fail_unless (gst_memory_map (grandchild, &info, GST_MAP_READ));
  fail_unless_equals_uint64 (info.size, 64);
  fail_unless_equals_int (info.data[0], 0x3c);
  fail_unless_equals_int (info.data[63], 0x3c);
  gst_memory_unmap (grandchild, &info);
  gst_memory_unref (grandchild);
}

GST_END_TEST;

GST_START_TEST (children_are_read_only)
{
  GstMemory *mem = xlnk_check_alloc (1000);
  GstMemory *child = gst_memory_share (mem, 0, 100);
  GstMapInfo info;

  fail_unless (GST_MEMORY_IS_READONLY (child));
  fail_if (gst_memory_map (child, &info, GST_MAP_WRITE));
  fail_if (gst_xlnk_memory_map_device (child, &info, GST_MAP_WRITE));
  fail_unless (gst_xlnk_memory_map_device (child, &info, GST_MAP_READ));
  gst_xlnk_memory_unmap_device (child, &info);
  gst_memory_unref (child);
  gst_memory_unref (mem);
}

GST_END_TEST;

/* GstMemory's own lock does not see maps of a parent. (It lets nobody write to a memory with two children.) */
GST_START_TEST (child_and_parent_share_one_state)
{
  GstMemory *mem = xlnk_check_alloc (8192);
  GstMemory *child = gst_memory_share (mem, 4096, 4096);
  GstMapInfo info, device;

  /* READ maps of the device go with readers … */
  fail_unless (gst_memory_map (child, &info, GST_MAP_READ));
  fail_unless (gst_xlnk_memory_map_device (mem, &device, GST_MAP_READ));
  gst_xlnk_memory_unmap_device (mem, &device);
  /* … its WRITE maps with nobody, */
  fail_if (gst_xlnk_memory_map_device (mem, &device, GST_MAP_WRITE));
  gst_memory_unmap (child, &info);
  /* and a reader of the child not with the device's writing, */
  fail_unless (gst_xlnk_memory_map_device (mem, &device, GST_MAP_WRITE));
  fail_if (gst_memory_map (child, &info, GST_MAP_READ));
  gst_xlnk_memory_unmap_device (mem, &device);
  fail_unless (gst_memory_map (child, &info, GST_MAP_READ));
  gst_memory_unmap (child, &info);
  /* and a writer of the parent not with the device's reading of the child. */
  fail_unless (gst_memory_map (mem, &info, GST_MAP_WRITE));
  fail_if (gst_xlnk_memory_map_device (child, &device, GST_MAP_READ));
  gst_memory_unmap (mem, &info);
  gst_memory_unref (child);
  gst_memory_unref (mem);
}

GST_END_TEST;

/* Lines that the device does not write are the CPU's all the while. */
GST_START_TEST (device_excludes_only_its_own_lines)
{
  GstMemory *mem = xlnk_check_alloc (8192);
  GstMemory *child = gst_memory_share (mem, 4096, 4096);
  GstMapInfo info, device;

  gst_memory_resize (mem, 0, 4096);
  fail_unless (gst_xlnk_memory_map_device (mem, &device, GST_MAP_WRITE));
  fail_unless (gst_memory_map (child, &info, GST_MAP_READ));
  gst_memory_unmap (child, &info);
  gst_xlnk_memory_unmap_device (mem, &device);
  gst_memory_unref (child);
  gst_memory_unref (mem);
}

GST_END_TEST;

/* Unmapped through the child what was mapped through the child: the parent's count is not touched. */
GST_START_TEST (defect_10_child_maps_are_counted_symmetrically)
{
  GstMemory *mem = xlnk_check_alloc (4096);
  GstMemory *child = gst_memory_share (mem, 64, 64);
  GstMapInfo parent, device;

  fail_unless (gst_memory_map (mem, &parent, GST_MAP_READ));
  for (int i = 0; i < 10; i++) {
    GstMapInfo info;

    fail_unless (gst_memory_map (child, &info, GST_MAP_READ));
    gst_memory_unmap (child, &info);
    fail_if (gst_xlnk_memory_map_device (mem, &device, GST_MAP_WRITE));
    fail_unless_equals_int (parent.data[i], 0);
  }
  gst_memory_unmap (mem, &parent);
  gst_memory_unref (child);
  fail_unless (gst_xlnk_memory_map_device (mem, &device, GST_MAP_WRITE));
  gst_xlnk_memory_unmap_device (mem, &device);
  gst_memory_unref (mem);
}

GST_END_TEST;

GST_START_TEST (adjacent_children_are_a_span)
{
  GstMemory *mem = xlnk_check_alloc_params (1000, 0, 0, 32, 0);
  GstMemory *first = gst_memory_share (mem, 100, 100);
  GstMemory *second = gst_memory_share (mem, 200, 100);
  GstMemory *apart = gst_memory_share (mem, 301, 100);
  GstMemory *other = xlnk_check_alloc (1000);
  gsize offset = 0;

  fail_unless (gst_memory_is_span (first, second, &offset));
  fail_unless_equals_uint64 (offset, 100);
  fail_if (gst_memory_is_span (second, first, &offset));
  fail_if (gst_memory_is_span (second, apart, &offset));
  fail_if (gst_memory_is_span (mem, other, &offset));
  fail_if (gst_memory_is_span (first, other, &offset));
  gst_memory_unref (other);
  gst_memory_unref (apart);
  gst_memory_unref (second);
  gst_memory_unref (first);
  gst_memory_unref (mem);
}

GST_END_TEST;

/* Core merges adjacent children by sharing their parent, without a copy. */
GST_START_TEST (a_buffer_of_adjacent_children_stays_contiguous)
{
  GstMemory *mem = xlnk_check_alloc (1000);
  guint64 phys = gst_xlnk_memory_get_phys_addr (mem);
  GstBuffer *buffer = gst_buffer_new ();
  GstMemory *merged;

  gst_buffer_append_memory (buffer, gst_memory_share (mem, 0, 300));
  gst_buffer_append_memory (buffer, gst_memory_share (mem, 300, 200));
  merged = gst_buffer_get_all_memory (buffer);
  fail_unless (gst_is_xlnk_memory (merged));
  fail_unless_equals_uint64 (gst_xlnk_memory_get_phys_addr (merged), phys);
  fail_unless_equals_uint64 (gst_memory_get_sizes (merged, NULL, NULL), 500);
  fail_unless_equals_uint64 (board_live_buffers (), 1);
  gst_memory_unref (merged);
  gst_buffer_unref (buffer);
  gst_memory_unref (mem);
}

GST_END_TEST;

/*** threads ***/

#define ROUNDS 2000

static gpointer
read_in_a_loop (gpointer data)
{
  GstMemory *child = data;

  for (int i = 0; i < ROUNDS; i++) {
    GstMapInfo info;

    fail_unless (gst_memory_map (child, &info, GST_MAP_READ));
    fail_unless_equals_int (info.data[info.size - 1], 0x42);
    gst_memory_unmap (child, &info);
  }
  return NULL;
}

GST_START_TEST (defect_05_threads_map_parent_and_children)
{
  GstMemory *mem = xlnk_check_alloc (8192);
  GstMemory *children[2];
  GThread *threads[2];
  GstMapInfo info;

  xlnk_check_fill (mem, 0x42);
  for (gsize i = 0; i < 2; i++) {
    children[i] = gst_memory_share (mem, 4096 * i + 64, 1000);
    threads[i] = g_thread_new ("child", read_in_a_loop, children[i]);
  }
  read_in_a_loop (mem);
  for (gsize i = 0; i < 2; i++) {
    g_thread_join (threads[i]);
    gst_memory_unref (children[i]);
  }
  fail_unless (gst_xlnk_memory_map_device (mem, &info, GST_MAP_WRITE));
  gst_xlnk_memory_unmap_device (mem, &info);
  gst_memory_unref (mem);
}

GST_END_TEST;

static gpointer
share_in_a_loop (gpointer data)
{
  for (int i = 0; i < ROUNDS; i++) {
    GstMemory *child = gst_memory_share (data, i, 64);

    fail_unless (child != NULL);
    gst_memory_unref (child);
  }
  return NULL;
}

GST_START_TEST (threads_share_and_free)
{
  GstMemory *mem = xlnk_check_alloc (8192);
  GThread *thread = g_thread_new ("other", share_in_a_loop, mem);

  share_in_a_loop (mem);
  g_thread_join (thread);
  fail_unless_equals_uint64 (board_live_buffers (), 1);
  gst_memory_unref (mem);
}

GST_END_TEST;

static Suite *
share_suite (void)
{
  Suite *suite = suite_create ("share");
  TCase *tc = xlnk_check_add_case (suite, "share");

  tcase_add_test (tc, defect_02_share_is_set);
  tcase_add_test (tc, defect_11_share_copy_and_span_are_ours);
  tcase_add_test (tc, defect_04_one_free_for_a_shared_child);
  tcase_add_test (tc, defect_10_children_do_not_change_the_live_count);
  tcase_add_test (tc, defect_07_child_has_address_and_maps);
  tcase_add_test (tc, defect_05_share_of_the_rest);
  tcase_add_test (tc, defect_21_share_of_a_share);
  tcase_add_test (tc, children_are_read_only);
  tcase_add_test (tc, child_and_parent_share_one_state);
  tcase_add_test (tc, device_excludes_only_its_own_lines);
  tcase_add_test (tc, defect_10_child_maps_are_counted_symmetrically);
  tcase_add_test (tc, adjacent_children_are_a_span);
  tcase_add_test (tc, a_buffer_of_adjacent_children_stays_contiguous);
  tcase_add_test (tc, defect_05_threads_map_parent_and_children);
  tcase_add_test (tc, threads_share_and_free);
  return suite;
}

GST_CHECK_MAIN (share);
