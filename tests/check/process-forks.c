/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * process-forks.c: what a forked child has of its parent's: its devices, and nothing that is in them. What it does with
 * the rest disturbs nobody, and whatever other threads held when the process forked, nothing in the child waits for it.
 * The rules are in docs/processes.md.
 */
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "memcheck.h"
#include "xlnkcheck.h"

#define WIDTH_REGISTER 0x28
#define CORE_BASE 0x43c80000

/* In the child: a hang ends it. */
static pid_t
fork_watched (void)
{
  pid_t child = fork ();

  if (child == 0) {
    alarm (g_getenv ("XLNK_TEST_VALGRIND") ? 300 : 30);
    memcheck_ignore_leaks ();
  }
  return child;
}

/* @child ended, and returned 0; another number is that of the check which failed. */
static void
expect_success (pid_t child)
{
  int status = -1;

  fail_unless (child > 0);
  fail_unless_equals_int (waitpid (child, &status, 0), child);
  fail_unless (WIFEXITED (status), "ended by signal %d", WTERMSIG (status));
  fail_unless_equals_int (WEXITSTATUS (status), 0);
}

/* Allocates, writes, frees; the number of the check that failed, or 0. */
static int
use_device (GstXlnkAllocator * allocator)
{
  GstMemory *own = gst_allocator_alloc (GST_ALLOCATOR (allocator), 5000, NULL);
  GstMapInfo map;

  if (!own)
    return 1;
  if (!gst_memory_map (own, &map, GST_MAP_WRITE))
    return 2;
  memset (map.data, 3, map.size);
  gst_memory_unmap (own, &map);
  if (gst_xlnk_memory_get_phys_addr (own) == 0)
    return 3;
  gst_memory_unref (own);
  return 0;
}

/*** a thread that is opening a device ***/

static GThread *opener;
static gint opening, go_on;

/* The line that is logged before the device is known to the table of allocators, whose mutex is held. */
static void
stop_opener (GstDebugCategory * category, GstDebugLevel level G_GNUC_UNUSED, const gchar * file G_GNUC_UNUSED,
    const gchar * function G_GNUC_UNUSED, gint line G_GNUC_UNUSED, GObject * object G_GNUC_UNUSED,
    GstDebugMessage * message, gpointer data G_GNUC_UNUSED)
{
  if (!g_str_equal (gst_debug_category_get_name (category), "xlnkdevice") || getppid () != GPOINTER_TO_INT (data)
      || !strstr (gst_debug_message_get (message), "opened /dev/xlnk"))
    return;
  g_atomic_int_set (&opening, TRUE);
  while (!g_atomic_int_get (&go_on))
    g_usleep (1000);
}

static gpointer
open_device (gpointer unused G_GNUC_UNUSED)
{
  return gst_xlnk_allocator_get (NULL, NULL);
}

static int
open_own_device (void)
{
  GstXlnkAllocator *allocator = gst_xlnk_allocator_get (NULL, NULL);
  int result;

  if (!allocator)
    return 9;
  result = use_device (allocator);
  gst_object_unref (allocator);
  return result;
}

GST_START_TEST (a_child_opens_the_device_while_a_thread_of_its_parent_is_opening_it)
{
  pid_t child;

  gst_debug_remove_log_function (gst_debug_log_default);
  gst_debug_set_active (TRUE);
  gst_debug_set_threshold_for_name ("xlnkdevice", GST_LEVEL_INFO);
  gst_debug_add_log_function (stop_opener, GINT_TO_POINTER (getppid ()), NULL);
  opener = g_thread_new ("opener", open_device, NULL);
  while (!g_atomic_int_get (&opening))
    g_usleep (1000);

  child = fork_watched ();
  if (child == 0)
    _exit (open_own_device ());
  expect_success (child);

  g_atomic_int_set (&go_on, TRUE);
  xlnk_allocator = g_thread_join (opener);
  fail_unless (xlnk_allocator != NULL);
  fail_unless_equals_int (use_device (xlnk_allocator), 0);
  gst_object_unref (xlnk_allocator);
  fail_unless_equals_uint64 (board_live_buffers (), 0);
}

GST_END_TEST;

/*** cores ***/

static GstXlnkProgress
see_nothing (GstXlnkRegisters * registers G_GNUC_UNUSED, gpointer looks)
{
  ++*(guint *) looks;
  return GST_XLNK_PROGRESS_NONE;
}

static int
use_parents_core (GstXlnkRegisters * registers)
{
  guint looks = 0;

  if (gst_xlnk_registers_read (registers, WIDTH_REGISTER) != G_MAXUINT32)
    return 1;
  gst_xlnk_registers_write (registers, WIDTH_REGISTER, 1);
  gst_xlnk_registers_arm_interrupt (registers);
  if (gst_xlnk_registers_wait_interrupt (registers, G_MAXINT64, see_nothing, &looks) != GST_XLNK_WAIT_ERROR || looks)
    return 2;
  gst_xlnk_registers_set_flushing (registers, TRUE);
  gst_xlnk_registers_close (registers);
  return 0;
}

static GstXlnkRegisters *
open_core (gboolean by_address)
{
  GError *error = NULL;
  GstXlnkRegisters *registers = by_address ? gst_xlnk_registers_open_mem (CORE_BASE, 0x100, &error)
      : gst_xlnk_registers_open_uio ("core", &error);

  fail_unless (registers != NULL, "%s", error ? error->message : "");
  return registers;
}

static void
expect_busy (gboolean by_address)
{
  GError *error = NULL;

  fail_unless ((by_address ? gst_xlnk_registers_open_mem (CORE_BASE, 0x100, &error)
          : gst_xlnk_registers_open_uio ("core", &error)) == NULL);
  fail_unless (g_error_matches (error, GST_XLNK_ERROR, GST_XLNK_ERROR_BUSY));
  g_error_free (error);
}

GST_START_TEST (a_child_has_none_of_its_parents_cores)
{
  gboolean by_address = __i__;
  GstXlnkRegisters *registers = open_core (by_address);
  guint looks = 0;
  pid_t child;

  gst_xlnk_registers_write (registers, WIDTH_REGISTER, 640);
  child = fork_watched ();
  if (child == 0)
    _exit (use_parents_core (registers));
  expect_success (child);

  fail_unless_equals_int (gst_xlnk_registers_read (registers, WIDTH_REGISTER), 640);
  fail_unless_equals_int (gst_xlnk_registers_wait_interrupt (registers, g_get_monotonic_time () + 5000, see_nothing,
          &looks), GST_XLNK_WAIT_TIMEOUT);
  fail_unless (looks > 0);
  expect_busy (by_address);
  gst_xlnk_registers_close (registers);
}

GST_END_TEST;

GST_START_TEST (a_closed_core_is_free_although_a_child_lives)
{
  gboolean by_address = __i__;
  GstXlnkRegisters *registers = open_core (by_address);
  pid_t child = fork_watched ();

  if (child == 0) {
    pause ();
    _exit (1);
  }
  expect_busy (by_address);
  gst_xlnk_registers_close (registers);
  gst_xlnk_registers_close (open_core (by_address));
  kill (child, SIGKILL);
  fail_unless_equals_int (waitpid (child, NULL, 0), child);
}

GST_END_TEST;

/* Does not return. The child says who it is when fork() is over in it too. */
static void
hold_a_core_and_fork (gboolean by_address, int pipe)
{
  pid_t child;

  open_core (by_address);
  child = fork_watched ();
  if (child == 0) {
    child = getpid ();
    if (write (pipe, &child, sizeof child) != sizeof child)
      _exit (1);
  }
  for (;;)
    pause ();
}

GST_START_TEST (the_core_of_a_killed_process_is_free_although_its_child_lives)
{
  gboolean by_address = __i__;
  pid_t parent, child;
  int ends[2];

  fail_unless (pipe (ends) == 0);
  parent = fork_watched ();
  if (parent == 0)
    hold_a_core_and_fork (by_address, ends[1]);
  fail_unless (read (ends[0], &child, sizeof child) == sizeof child);
  kill (parent, SIGKILL);
  fail_unless_equals_int (waitpid (parent, NULL, 0), parent);
  gst_xlnk_registers_close (open_core (by_address));
  fail_unless (kill (child, SIGKILL) == 0);
  close (ends[0]);
  close (ends[1]);
}

GST_END_TEST;

/*** accelerators ***/

/* RGBA of 16x64. */
#define JOB_SIZE 4096
#define HLS "hls,uio=core,src=0x10,dst=0x1c,address-bits=64,set=<0x28,16,0x30,64>"

static gboolean
is_refused (GError ** error)
{
  gboolean result = g_error_matches (*error, GST_XLNK_ERROR, GST_XLNK_ERROR_NOT_OURS)
      && strstr ((*error)->message, "belongs to the parent") != NULL;

  g_clear_error (error);
  return result;
}

static int
use_parents_accelerator (GstXlnkAccelerator * accelerator, const GstXlnkJob * job)
{
  GError *error = NULL;

  if (gst_xlnk_accelerator_wait (accelerator, G_MAXINT64, &error) != GST_XLNK_WAIT_ERROR || !is_refused (&error))
    return 1;
  if (gst_xlnk_accelerator_submit (accelerator, job, &error) || !is_refused (&error))
    return 2;
  if (gst_xlnk_accelerator_wait (accelerator, 0, NULL) != GST_XLNK_WAIT_ERROR)
    return 3;
  if (gst_xlnk_accelerator_reset (accelerator, &error) || !is_refused (&error))
    return 4;
  gst_xlnk_accelerator_close (accelerator);
  gst_object_unref (accelerator);
  return 0;
}

static void
expect_child_refused (GstXlnkAccelerator * accelerator, const GstXlnkJob * job)
{
  pid_t child = fork_watched ();

  if (child == 0)
    _exit (use_parents_accelerator (accelerator, job));
  expect_success (child);
}

static GstXlnkPlanes
planes_of (const GstMapInfo * map)
{
  GstXlnkPlanes planes = {.n_planes = 1,.phys_addr = {(guintptr) map->data},.size = {JOB_SIZE} };

  return planes;
}

/* Nobody has loaded the plugin that has them, unless GStreamer has just made its registry. */
static GstXlnkAccelerator *
open_accelerator (const char *description)
{
  GstXlnkAccelerator *accelerator;
  GError *error = NULL;

  accelerator = gst_xlnk_accelerator_make (description, &error);
  fail_unless (accelerator != NULL, "%s", error ? error->message : "");
  fail_unless (gst_xlnk_accelerator_open (accelerator, &error), "%s", error ? error->message : "");
  fail_unless (gst_xlnk_accelerator_configure (accelerator, NULL, NULL, NULL));
  return accelerator;
}

/* Before its parent has started anything, while a job is running, and after that. */
GST_START_TEST (a_child_starts_nothing_on_its_parents_accelerators)
{
  GstXlnkAccelerator *accelerator = open_accelerator (__i__ ? "axidma,uio=dma" : HLS);
  GstMemory *in = xlnk_check_alloc (JOB_SIZE), *out = xlnk_check_alloc (JOB_SIZE);
  GstMapInfo in_map, out_map;
  GstXlnkJob job;

  memset (&job, 0, sizeof job);
  fail_unless (gst_xlnk_memory_map_device (in, &in_map, GST_MAP_READ));
  fail_unless (gst_xlnk_memory_map_device (out, &out_map, GST_MAP_WRITE));
  job.in = planes_of (&in_map);
  job.out = planes_of (&out_map);
  expect_child_refused (accelerator, &job);
  fail_unless (gst_xlnk_accelerator_submit (accelerator, &job, NULL));
  expect_child_refused (accelerator, &job);
  fail_unless_equals_int (gst_xlnk_accelerator_wait (accelerator, G_MAXINT64, NULL), GST_XLNK_WAIT_DONE);
  expect_child_refused (accelerator, &job);
  fail_unless (gst_xlnk_accelerator_submit (accelerator, &job, NULL));
  fail_unless_equals_int (gst_xlnk_accelerator_wait (accelerator, G_MAXINT64, NULL), GST_XLNK_WAIT_DONE);
  gst_xlnk_memory_unmap_device (out, &out_map);
  gst_xlnk_memory_unmap_device (in, &in_map);
  gst_memory_unref (out);
  gst_memory_unref (in);
  gst_xlnk_accelerator_close (accelerator);
  gst_object_unref (accelerator);
}

GST_END_TEST;

/*** a pipeline that plays ***/

#define PIPELINE \
  "videotestsrc num-buffers=200 ! video/x-raw,format=RGBA,width=64,height=48,framerate=30/1 ! xlnkaccel name=accel " \
  "accelerator=\"hls,uio=core,src=0x10,dst=0x1c,address-bits=64,width=0x28,height=0x30\" ! fakesink name=sink sync=false"

static guint children_left;
static GstMemory *held;

/* In the streaming thread, while the core works on the next frame. */
static void
fork_at_frame (GstElement * sink G_GNUC_UNUSED, GstBuffer * buffer, GstPad * pad G_GNUC_UNUSED,
    gpointer unused G_GNUC_UNUSED)
{
  GstMapInfo map;
  pid_t child;

  if (children_left == 0)
    return;
  children_left--;
  child = fork_watched ();
  if (child == 0) {
    if (gst_buffer_map (buffer, &map, GST_MAP_READ) || gst_xlnk_memory_get_phys_addr (held) != 0)
      _exit (1);
    gst_memory_unref (held);
    _exit (use_device (xlnk_allocator));
  }
  expect_success (child);
}

GST_START_TEST (children_do_not_disturb_a_pipeline_that_plays)
{
  GstElement *pipeline = gst_parse_launch (PIPELINE, NULL);
  GstElement *accel = gst_bin_get_by_name (GST_BIN (pipeline), "accel");
  GstElement *sink = gst_bin_get_by_name (GST_BIN (pipeline), "sink");
  GstBus *bus = gst_element_get_bus (pipeline);
  GstMessage *message;
  GstStructure *stats;
  guint64 frames, copies;

  held = xlnk_check_alloc (5000);
  children_left = g_getenv ("XLNK_TEST_VALGRIND") ? 5 : 40;
  g_object_set (sink, "signal-handoffs", TRUE, NULL);
  g_signal_connect (sink, "handoff", G_CALLBACK (fork_at_frame), NULL);
  gst_element_set_state (pipeline, GST_STATE_PLAYING);
  message = gst_bus_timed_pop_filtered (bus, 60 * GST_SECOND, GST_MESSAGE_EOS | GST_MESSAGE_ERROR);
  fail_unless (message != NULL);
  fail_unless_equals_string (GST_MESSAGE_TYPE_NAME (message), "eos");
  gst_message_unref (message);

  g_object_get (accel, "stats", &stats, NULL);
  fail_unless (gst_structure_get (stats, "frames", G_TYPE_UINT64, &frames, "copies", G_TYPE_UINT64, &copies, NULL));
  fail_unless (frames == 200 && copies == 0);
  fail_unless_equals_int (children_left, 0);
  gst_structure_free (stats);
  gst_element_set_state (pipeline, GST_STATE_NULL);
  gst_memory_unref (held);
  fail_unless_equals_uint64 (xlnk_check_stats ().lost_buffers, 0);
  gst_object_unref (bus);
  gst_object_unref (sink);
  gst_object_unref (accel);
  gst_object_unref (pipeline);
}

GST_END_TEST;

static Suite *
process_forks_suite (void)
{
  Suite *suite = suite_create ("process-forks");
  TCase *tc = xlnk_check_add_case (suite, "with an allocator");
  TCase *alone = tcase_create ("without");

  tcase_set_timeout (tc, 90);
  tcase_add_test (tc, children_do_not_disturb_a_pipeline_that_plays);
  tcase_add_loop_test (tc, a_child_starts_nothing_on_its_parents_accelerators, 0, 2);
  suite_add_tcase (suite, alone);
  tcase_add_loop_test (alone, a_child_has_none_of_its_parents_cores, 0, 2);
  tcase_add_loop_test (alone, a_closed_core_is_free_although_a_child_lives, 0, 2);
  tcase_add_loop_test (alone, the_core_of_a_killed_process_is_free_although_its_child_lives, 0, 2);
  tcase_add_test (alone, a_child_opens_the_device_while_a_thread_of_its_parent_is_opening_it);
  return suite;
}

GST_CHECK_MAIN (process_forks);
