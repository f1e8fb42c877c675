/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * allocator.c: who gets which allocator, by what name, and what it offers beyond GstAllocator.
 */
#include <glib/gstdio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "stranger.h"
#include "xlnkcheck.h"

/*** one allocator for each device ***/

static void
check_same (const gchar * device)
{
  GError *error = NULL;
  GstXlnkAllocator *other = gst_xlnk_allocator_get (device, &error);

  fail_unless (error == NULL, "%s", error ? error->message : "");
  fail_unless (other == xlnk_allocator);
  gst_object_unref (other);
}

GST_START_TEST (one_allocator_for_one_device)
{
  gchar *dir = g_dir_make_tmp ("xlnk-check-XXXXXX", NULL);
  gchar *link = g_build_filename (dir, "link", NULL);

  fail_unless_equals_int (symlink ("/dev/xlnk", link), 0);
  check_same (NULL);
  check_same ("auto");
  check_same ("/dev/xlnk");
  check_same (link);
  fail_unless_equals_string (gst_xlnk_allocator_get_device (xlnk_allocator), "/dev/xlnk");
  g_setenv ("GST_XLNK_DEVICE", link, TRUE);
  check_same (NULL);
  g_unsetenv ("GST_XLNK_DEVICE");
  g_unlink (link);
  g_rmdir (dir);
  g_free (link);
  g_free (dir);
}

GST_END_TEST;

GST_START_TEST (allocator_is_a_plain_reference)
{
  fail_if (g_object_is_floating (xlnk_allocator));
  fail_unless (GST_IS_PHYS_MEMORY_ALLOCATOR (xlnk_allocator));
  fail_unless_equals_string (GST_ALLOCATOR (xlnk_allocator)->mem_type, "xlnk");
  fail_if (GST_OBJECT_FLAG_IS_SET (xlnk_allocator, GST_ALLOCATOR_FLAG_CUSTOM_ALLOC));
  ASSERT_OBJECT_REFCOUNT (xlnk_allocator, "allocator", 1);
}

GST_END_TEST;

static guint
count_open_files (void)
{
  GDir *dir = g_dir_open ("/proc/self/fd", 0, NULL);
  guint count = 0;

  while (g_dir_read_name (dir))
    count++;
  g_dir_close (dir);
  return count;
}

/* The cache holds nobody alive, and a new one is opened afterwards. */
GST_START_TEST (last_reference_closes_the_device)
{
  guint open_files = count_open_files ();

  g_clear_object (&xlnk_allocator);
  fail_unless_equals_int (count_open_files (), open_files - 1);
  xlnk_check_setup ();
  fail_unless_equals_int (count_open_files (), open_files);
  gst_memory_unref (xlnk_check_alloc (100));
}

GST_END_TEST;

static gpointer
get_and_drop (gpointer data G_GNUC_UNUSED)
{
  for (int i = 0; i < 300; i++) {
    GstXlnkAllocator *allocator = gst_xlnk_allocator_get (NULL, NULL);
    GstMemory *mem;

    fail_unless (GST_IS_XLNK_ALLOCATOR (allocator));
    mem = gst_allocator_alloc (GST_ALLOCATOR (allocator), 64, NULL);
    gst_object_unref (allocator);
    fail_unless (mem != NULL);
    gst_memory_unref (mem);
  }
  return NULL;
}

GST_START_TEST (threads_get_and_drop)
{
  GThread *threads[3];

  g_clear_object (&xlnk_allocator);
  for (gsize i = 0; i < G_N_ELEMENTS (threads); i++)
    threads[i] = g_thread_new ("other", get_and_drop, NULL);
  for (gsize i = 0; i < G_N_ELEMENTS (threads); i++)
    g_thread_join (threads[i]);
  xlnk_check_setup ();
}

GST_END_TEST;

/*** by name ***/

/* Opening a device for oneself does not make it everybody's. */
GST_START_TEST (name_is_known_after_init_once)
{
  GError *error = NULL;
  GstAllocator *found;
  gint references;

  fail_unless (gst_allocator_find ("xlnk") == NULL);
  gst_memory_unref (xlnk_check_alloc (10));
  fail_unless (gst_allocator_find ("xlnk") == NULL);
  fail_unless (gst_xlnk_allocator_init_once (&error));
  fail_unless (error == NULL);
  references = GST_OBJECT_REFCOUNT_VALUE (xlnk_allocator);
  fail_unless (gst_xlnk_allocator_init_once (NULL));
  fail_unless_equals_int (GST_OBJECT_REFCOUNT_VALUE (xlnk_allocator), references);
  found = gst_allocator_find ("xlnk");
  fail_unless (found == GST_ALLOCATOR (xlnk_allocator));
  gst_object_unref (found);
}

GST_END_TEST;

GST_START_TEST (init_once_tries_again_after_a_failure)
{
  GError *error = NULL;

  g_clear_object (&xlnk_allocator);
  g_setenv ("GST_XLNK_DEVICE", "/nonexistent/xlnk", TRUE);
  for (int i = 0; i < 2; i++) {
    fail_if (gst_xlnk_allocator_init_once (&error));
    fail_unless (g_error_matches (error, GST_XLNK_ERROR, GST_XLNK_ERROR_NO_DEVICE));
    fail_unless (strstr (error->message, "/nonexistent/xlnk") != NULL);
    fail_unless (strstr (error->message, "xlnk-emulate") != NULL);
    g_clear_error (&error);
  }
  fail_if (gst_xlnk_allocator_init_once (NULL));
  fail_unless (gst_allocator_find ("xlnk") == NULL);
  g_unsetenv ("GST_XLNK_DEVICE");
  fail_unless (gst_xlnk_allocator_init_once (&error));
  xlnk_allocator = GST_XLNK_ALLOCATOR (gst_allocator_find ("xlnk"));
  fail_unless (xlnk_allocator != NULL);
}

GST_END_TEST;

GST_START_TEST (unusable_devices_are_told_apart)
{
  GError *error = NULL;

  fail_if (gst_xlnk_allocator_get ("/dev/null", &error));
  fail_unless (g_error_matches (error, GST_XLNK_ERROR, GST_XLNK_ERROR_UNKNOWN_ABI));
  g_clear_error (&error);
  fail_if (gst_xlnk_allocator_get ("/nonexistent", &error));
  fail_unless (g_error_matches (error, GST_XLNK_ERROR, GST_XLNK_ERROR_NO_DEVICE));
  g_clear_error (&error);
  fail_if (gst_xlnk_allocator_get ("/nonexistent", NULL));
}

GST_END_TEST;

/*** failures ***/

GST_START_TEST (exhausted_says_so)
{
  GstXlnkStats before = xlnk_check_stats ();
  GError *error = NULL;
  GPtrArray *taken;

  fail_unless (before.cma_total > 0 && before.cma_available > 0);
  taken = xlnk_check_exhaust (1 << 19);
  fail_if (gst_xlnk_allocator_alloc (xlnk_allocator, 2000000, TRUE, NULL, &error));
  fail_unless (g_error_matches (error, GST_XLNK_ERROR, GST_XLNK_ERROR_EXHAUSTED));
  fail_unless (strstr (error->message, "2000000 bytes") != NULL);
  fail_unless (strstr (error->message, "CMA free") != NULL);
  g_clear_error (&error);
  xlnk_check_count_log ("xlnkallocator", GST_LEVEL_WARNING);
  fail_if (gst_allocator_alloc (GST_ALLOCATOR (xlnk_allocator), 2000000, NULL));
  fail_unless_equals_int (xlnk_check_logged (), 1);
  fail_unless (xlnk_check_log_mentions ("asked 2000000 bytes"));
  fail_unless (xlnk_check_stats ().failed_allocations >= before.failed_allocations + 2);
  xlnk_check_release (taken);
}

GST_END_TEST;

/*** statistics ***/

GST_START_TEST (statistics_follow)
{
  GstXlnkStats stats = xlnk_check_stats ();
  GstMemory *first = xlnk_check_alloc_params (1000, 0, 0, 24, 100);
  GstMemory *second = gst_xlnk_allocator_alloc (xlnk_allocator, 500000, FALSE, NULL, NULL);

  fail_unless_equals_uint64 (stats.buffer_count, 0);
  /* What meson.build gives the board. */
  fail_unless_equals_uint64 (stats.cma_total, 32 << 20);
  stats = xlnk_check_stats ();
  fail_unless_equals_uint64 (stats.buffer_count, 2);
  fail_unless_equals_uint64 (stats.cma_usage, 501124);
  fail_unless_equals_uint64 (stats.allocations, 2);
  fail_unless (stats.cma_available <= stats.cma_total - 501124);
  gst_memory_unref (second);
  gst_memory_unref (first);
  stats = xlnk_check_stats ();
  fail_unless_equals_uint64 (stats.cma_usage, 0);
  fail_unless_equals_uint64 (stats.peak_usage, 501124);
  fail_unless_equals_uint64 (stats.cma_available, stats.cma_total);
}

GST_END_TEST;

/*** what PYNQ's users know ***/

GST_START_TEST (elements_of_a_type)
{
  GstMemory *mem = gst_xlnk_allocator_alloc_elements (xlnk_allocator, 1920, sizeof (guint32), TRUE, NULL);
  GError *error = NULL;

  fail_unless_equals_uint64 (gst_memory_get_sizes (mem, NULL, NULL), 7680);
  gst_memory_unref (mem);
  mem = gst_xlnk_allocator_alloc_elements (xlnk_allocator, 0, 8, FALSE, NULL);
  fail_unless_equals_uint64 (gst_memory_get_sizes (mem, NULL, NULL), 0);
  fail_if (gst_xlnk_memory_is_cached (mem));
  gst_memory_unref (mem);
  fail_if (gst_xlnk_allocator_alloc_elements (xlnk_allocator, G_MAXSIZE / 2, 3, TRUE, &error));
  fail_unless (g_error_matches (error, GST_XLNK_ERROR, GST_XLNK_ERROR_TOO_LARGE));
  g_clear_error (&error);
  fail_if (gst_xlnk_allocator_alloc_elements (xlnk_allocator, G_MAXUINT32, 4, TRUE, &error));
  fail_unless (g_error_matches (error, GST_XLNK_ERROR, GST_XLNK_ERROR_TOO_LARGE));
  g_clear_error (&error);
}

GST_END_TEST;

static void
check_not_wrapped (gpointer pointer, gsize size)
{
  GError *error = NULL;

  fail_if (gst_xlnk_allocator_wrap_pointer (xlnk_allocator, pointer, size, &error));
  fail_unless (g_error_matches (error, GST_XLNK_ERROR, GST_XLNK_ERROR_NOT_OURS));
  g_clear_error (&error);
}

GST_START_TEST (pointers_of_ours_are_wrapped)
{
  GstMemory *mem = xlnk_check_alloc (10000);
  guint64 phys = gst_xlnk_memory_get_phys_addr (mem);
  GstMemory *wrapped;
  GstMapInfo info, other;
  guint8 *base;
  gint on_stack;

  fail_unless (gst_memory_map (mem, &info, GST_MAP_READWRITE));
  base = info.data;
  gst_memory_unmap (mem, &info);
  check_not_wrapped (&on_stack, sizeof on_stack);
  check_not_wrapped (base + 9000, 1001);
  check_not_wrapped (base + 1, G_MAXSIZE);
  check_not_wrapped (NULL, 0);
  wrapped = gst_xlnk_allocator_wrap_pointer (xlnk_allocator, base + 4096, 1000, NULL);
  fail_unless (wrapped != NULL);
  fail_unless_equals_uint64 (xlnk_check_stats ().buffer_count, 1);
  fail_unless_equals_uint64 (gst_memory_get_sizes (wrapped, NULL, NULL), 1000);
  fail_unless_equals_uint64 (gst_xlnk_memory_get_phys_addr (wrapped), phys + 4096);
  /* It is writable and shares the state: the device waits for it. */
  fail_unless (gst_memory_map (wrapped, &info, GST_MAP_WRITE));
  fail_unless (info.data == base + 4096);
  memset (info.data, 0x55, 1000);
  fail_if (gst_xlnk_memory_map_device (mem, &other, GST_MAP_READ));
  gst_memory_unmap (wrapped, &info);
  fail_unless (board_device_sees (phys + 4096, 0x55, 1000));
  /* And it keeps the block alive. */
  gst_memory_unref (mem);
  fail_unless (xlnk_check_is_filled (wrapped, 0x55));
  gst_memory_unref (wrapped);
  check_not_wrapped (base, 1);
}

GST_END_TEST;

GST_START_TEST (interior_pointers_have_addresses)
{
  GstMemory *mem = xlnk_check_alloc_params (10000, 0, 0, 64, 0);
  guint64 phys;
  GstMapInfo info;
  gint on_stack;

  fail_unless (gst_memory_map (mem, &info, GST_MAP_WRITE));
  memset (info.data, 0x31, 10000);
  /* The hand-out cleans what was written so far. */
  phys = gst_xlnk_allocator_lookup_phys_addr (xlnk_allocator, info.data + 777);
  fail_unless (board_device_sees (phys, 0x31, 9000));
  fail_unless_equals_uint64 (phys, gst_xlnk_memory_get_phys_addr (mem) + 777);
  gst_memory_unmap (mem, &info);
  fail_unless_equals_uint64 (gst_xlnk_allocator_lookup_phys_addr (xlnk_allocator, &on_stack), 0);
  fail_unless_equals_uint64 (gst_xlnk_allocator_lookup_phys_addr (xlnk_allocator, NULL), 0);
  fail_unless_equals_uint64 (gst_xlnk_allocator_lookup_phys_addr (xlnk_allocator, info.data + 20000), 0);
  gst_memory_unref (mem);
  fail_unless_equals_uint64 (gst_xlnk_allocator_lookup_phys_addr (xlnk_allocator, info.data), 0);
}

GST_END_TEST;

GST_START_TEST (uncached_is_a_choice)
{
  GstMemory *mem = gst_xlnk_allocator_alloc (xlnk_allocator, 1000, FALSE, NULL, NULL);
  GstXlnkStats before = xlnk_check_stats ();

  fail_if (gst_xlnk_memory_is_cached (mem));
  fail_unless (GST_MEMORY_FLAG_IS_SET (mem, GST_MEMORY_FLAG_XLNK_UNCACHED));
  xlnk_check_fill (mem, 4);
  fail_unless (board_device_sees (gst_xlnk_memory_get_phys_addr (mem), 4, 1000));
  fail_unless (gst_xlnk_memory_flush (mem, 0, -1, NULL));
  fail_unless (gst_xlnk_memory_invalidate (mem, 0, -1, NULL));
  fail_unless_equals_uint64 (xlnk_check_stats ().flushes, before.flushes);
  fail_unless_equals_uint64 (xlnk_check_stats ().invalidates, before.invalidates);
  gst_memory_unref (mem);
}

GST_END_TEST;

GST_START_TEST (reset_spares_our_own)
{
  GstMemory *mem = xlnk_check_alloc (100);
  int fd = stranger_open ();
  GError *error = NULL;

  fail_unless (stranger_alloc (fd, 5000).id != 0);
  fail_if (gst_xlnk_allocator_reset (xlnk_allocator, &error));
  fail_unless (g_error_matches (error, GST_XLNK_ERROR, GST_XLNK_ERROR_BUSY));
  g_clear_error (&error);
  fail_unless_equals_uint64 (board_live_buffers (), 2);
  gst_memory_unref (mem);
  fail_unless (gst_xlnk_allocator_reset (xlnk_allocator, &error));
  fail_unless_equals_uint64 (board_live_buffers (), 0);
  close (fd);
}

GST_END_TEST;

GST_START_TEST (what_a_stranger_took_is_counted)
{
  GstMemory *mem = xlnk_check_alloc (100);

  stranger_reset ();
  gst_memory_unref (mem);
  fail_unless_equals_uint64 (xlnk_check_stats ().lost_buffers, 1);
  fail_unless_equals_uint64 (xlnk_check_stats ().buffer_count, 0);
}

GST_END_TEST;

/*** forks ***/

static int
behave_as_a_child (GstMemory * mem, GstMemory * child)
{
  GstMapInfo info;
  GstMemory *own;

  if (gst_memory_map (mem, &info, GST_MAP_READ) || gst_memory_map (child, &info, GST_MAP_READ))
    return 1;
  if (gst_xlnk_memory_get_phys_addr (mem) != 0)
    return 2;
  if (gst_memory_copy (mem, 0, -1))
    return 3;
  gst_memory_unref (child);
  gst_memory_unref (mem);
  if (board_live_buffers () != 1)
    return 4;
  own = gst_allocator_alloc (GST_ALLOCATOR (xlnk_allocator), 1000, NULL);
  if (!own || xlnk_check_stats ().buffer_count != 1 || !gst_memory_map (own, &info, GST_MAP_WRITE))
    return 5;
  memset (info.data, 1, info.size);
  gst_memory_unmap (own, &info);
  gst_memory_unref (own);
  return board_live_buffers () == 1 ? 0 : 6;
}

GST_START_TEST (forked_child_frees_nothing)
{
  GstMemory *mem = xlnk_check_alloc (1000);
  GstMemory *child = gst_memory_share (mem, 0, 10);
  int status = -1;
  pid_t pid;

  xlnk_check_fill (mem, 8);
  pid = fork ();
  if (pid == 0)
    _exit (behave_as_a_child (mem, child));
  fail_unless_equals_int (waitpid (pid, &status, 0), pid);
  fail_unless (WIFEXITED (status));
  fail_unless_equals_int (WEXITSTATUS (status), 0);
  fail_unless (xlnk_check_is_filled (mem, 8));
  gst_memory_unref (child);
  gst_memory_unref (mem);
}

GST_END_TEST;

static Suite *
allocator_suite (void)
{
  Suite *suite = suite_create ("allocator");
  TCase *tc = xlnk_check_add_case (suite, "allocator");

  tcase_add_test (tc, one_allocator_for_one_device);
  tcase_add_test (tc, allocator_is_a_plain_reference);
  tcase_add_test (tc, last_reference_closes_the_device);
  tcase_add_test (tc, threads_get_and_drop);
  tcase_add_test (tc, name_is_known_after_init_once);
  tcase_add_test (tc, init_once_tries_again_after_a_failure);
  tcase_add_test (tc, unusable_devices_are_told_apart);
  tcase_add_test (tc, exhausted_says_so);
  tcase_add_test (tc, statistics_follow);
  tcase_add_test (tc, elements_of_a_type);
  tcase_add_test (tc, pointers_of_ours_are_wrapped);
  tcase_add_test (tc, interior_pointers_have_addresses);
  tcase_add_test (tc, uncached_is_a_choice);
  tcase_add_test (tc, reset_spares_our_own);
  tcase_add_test (tc, what_a_stranger_took_is_counted);
  tcase_add_test (tc, forked_child_frees_nothing);
  return suite;
}

GST_CHECK_MAIN (allocator);
