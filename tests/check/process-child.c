/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * process-child.c: the program that process-ends.c and process-unload.c start: its argument says how it is to end, or
 * what it is to say.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <gst/xlnk/xlnk.h>

#define PIPELINE \
  "videotestsrc ! video/x-raw,format=RGBA,width=64,height=48 ! xlnkaccel ! appsink name=sink max-buffers=2 sync=false"

/* What is not released is no leak of the test's own: the end of the process is what is looked at. */
static GstMemory *held;
static GstElement *pipeline;
static GstSample *sample;

static GstXlnkAllocator *
open_device (void)
{
  GstXlnkAllocator *allocator = gst_xlnk_allocator_get (NULL, NULL);

  g_assert_nonnull (allocator);
  return allocator;
}

static GstMemory *
alloc_mapped_once (GstXlnkAllocator * allocator)
{
  GstMemory *mem = gst_allocator_alloc (GST_ALLOCATOR (allocator), 5000, NULL);
  GstMapInfo map;

  g_assert_nonnull (mem);
  g_assert_true (gst_memory_map (mem, &map, GST_MAP_WRITE));
  memset (map.data, 5, map.size);
  gst_memory_unmap (mem, &map);
  return mem;
}

/*** what it has ***/

static int
compare_lines (gconstpointer a, gconstpointer b)
{
  return strcmp (*(char *const *) a, *(char *const *) b);
}

/* Not its own: of the one that lists them, or of valgrind. */
static gboolean
is_foreign (const char *target)
{
  return (g_str_has_prefix (target, "/proc/") && g_str_has_suffix (target, "/fd"))
      || strstr (target, "/valgrind_proc_") || strstr (target, "/xlnk-memcheck-");
}

/* What its open descriptors are, a line for each. */
static int
list_descriptors (void)
{
  GDir *dir = g_dir_open ("/proc/self/fd", 0, NULL);
  GPtrArray *lines = g_ptr_array_new_with_free_func (g_free);
  const char *name;

  while ((name = g_dir_read_name (dir))) {
    g_autofree char *path = g_build_filename ("/proc/self/fd", name, NULL);
    char *target = g_file_read_link (path, NULL);

    if (target && is_foreign (target))
      g_clear_pointer (&target, g_free);
    if (target)
      g_ptr_array_add (lines, target);
  }
  g_dir_close (dir);
  g_ptr_array_sort (lines, compare_lines);
  for (guint i = 0; i < lines->len; i++)
    puts (g_ptr_array_index (lines, i));
  g_ptr_array_unref (lines);
  return 0;
}

/* Where the plugin is that its registry names, if the plugin works. */
static int
name_plugin (void)
{
  GstElement *accel = gst_element_factory_make ("xlnkaccel", NULL);

  g_assert_nonnull (accel);
  puts (gst_plugin_get_filename (gst_plugin_feature_get_plugin (GST_PLUGIN_FEATURE (gst_element_get_factory (accel)))));
  g_assert_cmpint (gst_element_set_state (accel, GST_STATE_READY), ==, GST_STATE_CHANGE_SUCCESS);
  gst_element_set_state (accel, GST_STATE_NULL);
  gst_object_unref (accel);
  return 0;
}

/*** how it ends ***/

static int
leave_memory (void)
{
  GstXlnkAllocator *allocator = open_device ();

  held = alloc_mapped_once (allocator);
  gst_object_unref (allocator);
  return 0;
}

/* Somebody's device may know the address. */
static int
leave_address (void)
{
  leave_memory ();
  g_assert_cmpuint (gst_xlnk_memory_get_phys_addr (held), !=, 0);
  return 0;
}

/* It does know it, and may be at work. */
static int
leave_device_map (void)
{
  static GstMapInfo map;

  leave_memory ();
  g_assert_true (gst_xlnk_memory_map_device (held, &map, GST_MAP_WRITE));
  return 0;
}

/* Frames are on their way in three threads when main() returns. */
static int
leave_pipeline (void)
{
  GstElement *sink;

  pipeline = gst_parse_launch (PIPELINE, NULL);
  sink = gst_bin_get_by_name (GST_BIN (pipeline), "sink");
  gst_element_set_state (pipeline, GST_STATE_PLAYING);
  g_signal_emit_by_name (sink, "pull-sample", &sample);
  g_assert_nonnull (sample);
  gst_object_unref (sink);
  return 0;
}

static gint rounds;

static gpointer
allocate_for_ever (gpointer allocator)
{
  for (;;) {
    gst_memory_unref (alloc_mapped_once (allocator));
    g_atomic_int_inc (&rounds);
  }
  return NULL;
}

static int
leave_threads (void)
{
  GstXlnkAllocator *allocator = open_device ();

  for (guint i = 0; i < 2; i++)
    g_thread_new ("forever", allocate_for_ever, allocator);
  while (g_atomic_int_get (&rounds) < 20)
    g_usleep (100);
  return 0;
}

/* A handler of exit() that runs after everybody else's, because it was there first. */
static void
release_held (void)
{
  GstAllocator *allocator = gst_object_ref (held->allocator);

  gst_memory_unref (held);
  gst_memory_unref (alloc_mapped_once (GST_XLNK_ALLOCATOR (allocator)));
  gst_object_unref (allocator);
}

static int
leave_gstreamer (void)
{
  leave_memory ();
  gst_deinit ();
  return 0;
}

/*** a daemon ***/

static void
assert_has (GstXlnkAllocator * allocator, guint64 buffers, guint64 bytes)
{
  GstXlnkStats stats;

  gst_xlnk_allocator_get_stats (allocator, &stats);
  g_assert_cmpuint (stats.buffer_count, ==, buffers);
  g_assert_cmpuint (stats.cma_usage, ==, bytes);
}

/* It would take away what was allocated in front, and may still be in use there. */
static void
assert_no_reset (GstXlnkAllocator * allocator)
{
  GError *error = NULL;

  g_assert_false (gst_xlnk_allocator_reset (allocator, &error));
  g_assert_error (error, GST_XLNK_ERROR, GST_XLNK_ERROR_BUSY);
  g_assert_nonnull (strstr (error->message, "parent"));
  g_clear_error (&error);
}

/* What was opened in front stays usable, what was allocated there stays there. */
static void
work_as_daemon (GstXlnkAllocator * allocator)
{
  GstMemory *own;
  GstMapInfo map;

  assert_has (allocator, 0, 0);
  assert_no_reset (allocator);
  own = alloc_mapped_once (allocator);
  g_assert_false (gst_memory_map (held, &map, GST_MAP_READ));
  assert_has (allocator, 1, 5000);
  gst_memory_unref (own);
  assert_has (allocator, 0, 0);
  assert_no_reset (allocator);
  gst_memory_unref (held);
  gst_object_unref (allocator);
}

static int
become_daemon (void)
{
  GstXlnkAllocator *allocator = open_device ();
  pid_t child;

  held = alloc_mapped_once (allocator);
  child = fork ();
  g_assert_cmpint (child, >=, 0);
  if (child > 0) {
    int status;

    g_assert_cmpint (waitpid (child, &status, 0), ==, child);
    g_assert_cmpint (status, ==, 0);
    gst_memory_unref (held);
    return 0;
  }
  g_assert_cmpint (setsid (), >, 0);
  child = fork ();
  g_assert_cmpint (child, >=, 0);
  if (child > 0)
    return 0;
  work_as_daemon (allocator);
  puts ("worked");
  return 0;
}

int
main (int argc, char **argv)
{
  static const struct
  {
    const char *name;
    int (*run) (void);
  } tasks[] = {
    {"name-plugin", name_plugin},
    {"leave-address", leave_address},
    {"leave-device-map", leave_device_map},
    {"leave-memory", leave_memory},
    {"leave-pipeline", leave_pipeline},
    {"leave-threads", leave_threads},
    {"leave-gstreamer", leave_gstreamer},
    {"release-at-exit", leave_memory},
    {"become-daemon", become_daemon},
  };

  g_assert_cmpint (argc, ==, 2);
  if (g_str_equal (argv[1], "list-descriptors"))
    return list_descriptors ();
  if (g_str_equal (argv[1], "release-at-exit"))
    atexit (release_held);
  gst_init (NULL, NULL);
  for (gsize i = 0; i < G_N_ELEMENTS (tasks); i++) {
    if (g_str_equal (argv[1], tasks[i].name))
      return tasks[i].run ();
  }
  g_error ("what is %s?", argv[1]);
}
