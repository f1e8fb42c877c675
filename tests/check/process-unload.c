/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * process-unload.c: the library and the plugin as what they are, shared objects: closed and opened again, twice on the
 * path, in the registries of two installations. This program is not linked to them. The rules are in docs/processes.md.
 */
#include <dlfcn.h>
#include <errno.h>
#include <gio/gio.h>
#include <glib/gstdio.h>
#include <sys/wait.h>
#include <unistd.h>

#include <gst/check/gstcheck.h>

#include "board.h"

/*** the library ***/

typedef struct
{
  void *handle;
  gpointer (*get) (const gchar * device, GError ** error);
} Library;

static Library
open_library (void)
{
  Library library;

  library.handle = dlopen (g_getenv ("XLNK_TEST_LIBRARY"), RTLD_NOW | RTLD_LOCAL);
  fail_unless (library.handle != NULL, "%s", dlerror ());
  library.get = (gpointer (*)(const gchar *, GError **)) dlsym (library.handle, "gst_xlnk_allocator_get");
  fail_unless (library.get != NULL);
  return library;
}

static void
use_library (Library * library)
{
  GstAllocator *allocator = library->get (NULL, NULL);
  GstMemory *mem;

  fail_unless (allocator != NULL);
  mem = gst_allocator_alloc (allocator, 5000, NULL);
  fail_unless (mem != NULL && gst_memory_is_type (mem, "xlnk"));
  gst_memory_unref (mem);
  gst_object_unref (allocator);
  fail_unless_equals_uint64 (board_live_buffers (), 0);
}

/* Its types are still registered, and its handlers of fork() are still called. */
GST_START_TEST (a_closed_library_stays_and_opens_again)
{
  Library first = open_library ();
  Library second;
  int status = -1;
  pid_t child;

  use_library (&first);
  fail_unless (dlclose (first.handle) == 0);
  fail_unless (g_type_from_name ("GstXlnkAllocator") != G_TYPE_INVALID);
  g_object_unref (gst_object_ref_sink (g_object_new (g_type_from_name ("GstXlnkAllocator"), NULL)));

  child = fork ();
  if (child == 0)
    _exit (0);
  fail_unless_equals_int (waitpid (child, &status, 0), child);
  fail_unless_equals_int (status, 0);

  second = open_library ();
  fail_unless (second.get == first.get);
  use_library (&second);
  dlclose (second.handle);
}

GST_END_TEST;

/* A buffer of it is all that is left. */
GST_START_TEST (a_memory_outlives_the_library_that_made_it)
{
  Library library = open_library ();
  GstAllocator *allocator = library.get (NULL, NULL);
  GstMemory *mem = gst_allocator_alloc (allocator, 5000, NULL);
  GstMapInfo map;

  gst_object_unref (allocator);
  dlclose (library.handle);
  fail_unless (gst_memory_map (mem, &map, GST_MAP_WRITE));
  map.data[4999] = 1;
  gst_memory_unmap (mem, &map);
  gst_memory_unref (mem);
  fail_unless_equals_uint64 (board_live_buffers (), 0);
}

GST_END_TEST;

/*** the plugin ***/

static void
play (void)
{
  GstElement *pipeline = gst_parse_launch ("videotestsrc num-buffers=3 ! video/x-raw,width=64,height=48 ! xlnkaccel ! "
      "fakesink", NULL);
  GstBus *bus = gst_element_get_bus (pipeline);
  GstMessage *message;

  gst_element_set_state (pipeline, GST_STATE_PLAYING);
  message = gst_bus_timed_pop_filtered (bus, 20 * GST_SECOND, GST_MESSAGE_EOS | GST_MESSAGE_ERROR);
  fail_unless (message != NULL && GST_MESSAGE_TYPE (message) == GST_MESSAGE_EOS);
  gst_message_unref (message);
  gst_element_set_state (pipeline, GST_STATE_NULL);
  gst_object_unref (bus);
  gst_object_unref (pipeline);
}

GST_START_TEST (the_plugin_stays_when_the_registry_forgets_it)
{
  const gchar *path = g_getenv ("XLNK_TEST_PLUGIN");
  GstPlugin *plugin = gst_plugin_load_file (path, NULL);
  void *handle = dlopen (path, RTLD_NOW | RTLD_NOLOAD);

  fail_unless (plugin != NULL && handle != NULL);
  gst_registry_remove_plugin (gst_registry_get (), plugin);
  gst_object_unref (plugin);
  /* As often as it was opened, and more. */
  for (guint i = 0; i < 10; i++)
    dlclose (handle);
  handle = dlopen (path, RTLD_NOW | RTLD_NOLOAD);
  fail_unless (handle != NULL);
  g_object_unref (gst_object_ref_sink (g_object_new (g_type_from_name ("GstXlnkAccel"), NULL)));
}

GST_END_TEST;

static gchar *
copy_plugin (const gchar * directory)
{
  gchar *copy = g_build_filename (directory, "libgstxlnk.so", NULL);
  gchar *content;
  gsize size;

  fail_unless (g_mkdir_with_parents (directory, 0700) == 0);
  fail_unless (g_file_get_contents (g_getenv ("XLNK_TEST_PLUGIN"), &content, &size, NULL));
  fail_unless (g_file_set_contents (copy, content, size, NULL));
  g_free (content);
  return copy;
}

static void
remove_copy (const gchar * directory, gchar * copy)
{
  g_remove (copy);
  g_rmdir (directory);
  g_free (copy);
}

/* As with an older installation beside this one: GLib's types have one name and one owner. */
GST_START_TEST (a_second_copy_on_the_path_is_not_loaded)
{
  gchar *directory = g_dir_make_tmp ("xlnk-second-XXXXXX", NULL);
  gchar *copy = copy_plugin (directory);
  GError *error = NULL;
  GstPlugin *first, *second;

  play ();
  first = gst_registry_find_plugin (gst_registry_get (), "xlnk");
  fail_unless (first != NULL);
  gst_registry_scan_path (gst_registry_get (), directory);
  play ();
  second = gst_plugin_load_file (copy, &error);
  fail_unless (second == NULL || gst_plugin_is_loaded (second));
  fail_unless (dlopen (copy, RTLD_NOW | RTLD_NOLOAD) == NULL, "loaded twice");
  play ();
  g_clear_error (&error);
  g_clear_object (&second);
  gst_object_unref (first);
  remove_copy (directory, copy);
  g_free (directory);
}

GST_END_TEST;

/*** registries ***/

/* The path of the plugin that another process finds, given a registry and a directory of plugins. */
static gchar *
find_elsewhere (const gchar * registry, const gchar * plugins)
{
  GSubprocessLauncher *launcher = g_subprocess_launcher_new (G_SUBPROCESS_FLAGS_STDOUT_PIPE);
  GSubprocess *process;
  gchar *said = NULL;

  g_subprocess_launcher_setenv (launcher, "GST_REGISTRY_1_0", registry, TRUE);
  g_subprocess_launcher_setenv (launcher, "GST_PLUGIN_PATH_1_0", plugins, TRUE);
  process = g_subprocess_launcher_spawn (launcher, NULL, g_getenv ("XLNK_TEST_CHILD"), "name-plugin", NULL);
  fail_unless (process != NULL);
  fail_unless (g_subprocess_communicate_utf8 (process, NULL, NULL, &said, NULL, NULL));
  fail_unless (g_subprocess_get_successful (process));
  g_object_unref (process);
  g_object_unref (launcher);
  return g_strchomp (said);
}

static void
expect_found (const gchar * registry, const gchar * plugins, const gchar * path)
{
  gchar *found = find_elsewhere (registry, plugins);

  fail_unless_equals_string (found, path);
  g_free (found);
}

/* Two installations, each with its registry, and each with the other's. */
GST_START_TEST (a_registry_of_another_installation_finds_the_plugin_here)
{
  gchar *top = g_dir_make_tmp ("xlnk-registries-XXXXXX", NULL);
  gchar *directories[2], *copies[2], *registries[2];

  for (guint i = 0; i < 2; i++) {
    directories[i] = g_strdup_printf ("%s/plugins%u", top, i);
    registries[i] = g_strdup_printf ("%s/registry%u", top, i);
    copies[i] = copy_plugin (directories[i]);
    expect_found (registries[i], directories[i], copies[i]);
  }
  for (guint i = 0; i < 2; i++) {
    expect_found (registries[1 - i], directories[i], copies[i]);
    expect_found (registries[i], directories[i], copies[i]);
  }
  for (guint i = 0; i < 2; i++) {
    g_remove (registries[i]);
    remove_copy (directories[i], copies[i]);
    g_free (registries[i]);
    g_free (directories[i]);
  }
  g_rmdir (top);
  g_free (top);
}

GST_END_TEST;

static Suite *
process_unload_suite (void)
{
  Suite *suite = suite_create ("process-unload");
  TCase *tc = tcase_create ("general");

  suite_add_tcase (suite, tc);
  tcase_set_timeout (tc, 90);
  tcase_add_test (tc, a_closed_library_stays_and_opens_again);
  tcase_add_test (tc, a_memory_outlives_the_library_that_made_it);
  tcase_add_test (tc, the_plugin_stays_when_the_registry_forgets_it);
  tcase_add_test (tc, a_second_copy_on_the_path_is_not_loaded);
  tcase_add_test (tc, a_registry_of_another_installation_finds_the_plugin_here);
  return suite;
}

GST_CHECK_MAIN (process_unload);
