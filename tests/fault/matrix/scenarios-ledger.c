/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * scenarios-ledger.c: programs that start where another one has died, or find a directory for ledgers that is not as it
 * should be.
 */
#include "others.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <glib/gstdio.h>
#include <gst/xlnk/xlnk.h>

#define SLOW_CORE "xlnkaccel device=/dev/xlnk accelerator=\"hls,uio=slow,src=0x10,dst=0x1c,address-bits=64,width=0x28," \
  "height=0x30\" "
#define SOURCE "video/x-raw,format=RGBA,width=64,height=48 ! "

#define JOB_US 100000           /* more than the core takes for a frame */

static _Noreturn void
die (void)
{
  for (;;)
    kill (getpid (), SIGKILL);
}

/*** the dead ***/

static void
die_with_buffers (const char *argument)
{
  GstXlnkAllocator *allocator = gst_xlnk_allocator_get ("/dev/xlnk", NULL);
  GstMemory *mem = NULL;

  for (guint i = 0; i < 3; i++)
    mem = gst_xlnk_allocator_alloc (allocator, 5000 * (i + 1), TRUE, NULL, NULL);
  if (g_strcmp0 (argument, "exposed") == 0)
    gst_xlnk_memory_get_phys_addr (mem);
  die ();
}

/* The cookie is behind what the user sees, in a line of its own. */
static void
die_with_a_wrong_cookie (const char *argument G_GNUC_UNUSED)
{
  GstXlnkAllocator *allocator = gst_xlnk_allocator_get ("/dev/xlnk", NULL);
  GstMemory *mem = gst_xlnk_allocator_alloc (allocator, 4096, TRUE, NULL, NULL);
  GstMapInfo info;

  gst_memory_map (mem, &info, GST_MAP_WRITE);
  memset (info.data + 4096, 7, 16);
  die ();
}

/* The core takes a while for each frame, so there always is one in it. */
static void
die_in_a_job (const char *argument G_GNUC_UNUSED)
{
  GstElement *pipeline = scenario_make_pipeline ("videotestsrc ! " SOURCE SLOW_CORE "! fakesink");

  gst_element_set_state (pipeline, GST_STATE_PLAYING);
  gst_element_get_state (pipeline, NULL, NULL, GST_SECOND);
  g_usleep (20000);
  die ();
}

/*** those who come after them ***/

static GstXlnkAllocator *
open_allocator (void)
{
  GError *error = NULL;
  GstXlnkAllocator *allocator = gst_xlnk_allocator_get ("/dev/xlnk", &error);

  if (!allocator)
    witness_take_error (error);
  return allocator;
}

static gboolean
allocate (GstXlnkAllocator * allocator, guint count)
{
  GPtrArray *taken = g_ptr_array_new_with_free_func ((GDestroyNotify) gst_memory_unref);
  GError *error = NULL;

  while (taken->len < count && !error) {
    GstMemory *mem = gst_xlnk_allocator_alloc (allocator, 1, TRUE, NULL, &error);

    if (mem)
      g_ptr_array_add (taken, mem);
  }
  g_ptr_array_unref (taken);
  if (!error)
    return TRUE;
  witness_take_error (error);
  return FALSE;
}

static void
use_device (guint count)
{
  GstXlnkAllocator *allocator = open_allocator ();

  if (!allocator)
    return;
  if (allocate (allocator, count))
    witness_done ();
  gst_object_unref (allocator);
}

static void
after_a_death (const char *argument)
{
  if (g_strcmp0 (argument, "exposed") == 0)
    g_setenv ("GST_XLNK_RECLAIM", "exposed", TRUE);
  use_device (2);
}

/* Nobody can tell whose such a buffer is, so it stays; here nobody else is on the board. */
static void
after_a_wrong_cookie (const char *argument G_GNUC_UNUSED)
{
  GstXlnkAllocator *allocator = open_allocator ();
  GError *error = NULL;

  if (!allocator)
    return;
  if (gst_xlnk_allocator_reset (allocator, &error))
    witness_done ();
  else
    witness_take_error (error);
  gst_object_unref (allocator);
}

/* When the core is idle again, what it was working on can go. */
static void
after_a_job (const char *argument G_GNUC_UNUSED)
{
  GstElement *pipeline = scenario_make_pipeline ("videotestsrc num-buffers=2 ! " SOURCE SLOW_CORE "! fakesink");

  g_usleep (JOB_US);
  gst_element_set_state (pipeline, GST_STATE_PLAYING);
  if (scenario_wait_for_end (pipeline))
    witness_done ();
  gst_object_unref (pipeline);
}

static void
many (const char *argument G_GNUC_UNUSED)
{
  use_device (300);
}

/*** the directory ***/

/* Of a group, as /run/gst-xlnk is. */
static void
group_ledger (const char *argument G_GNUC_UNUSED)
{
  g_chmod (g_getenv ("GST_XLNK_LEDGER"), 02770);
  use_device (2);
  g_chmod (g_getenv ("GST_XLNK_LEDGER"), 0700);
}

static void
remove_default (const char *argument G_GNUC_UNUSED)
{
  g_autofree char *path = g_strdup_printf ("/dev/shm/gst-xlnk-%u", (guint) geteuid ());

  g_rmdir (path);
}

/* Nobody said where. */
static void
default_ledger (const char *argument G_GNUC_UNUSED)
{
  g_unsetenv ("GST_XLNK_LEDGER");
  use_device (2);
  remove_default (NULL);
}

/*** fork ***/

/* The child has none of its parent's buffers, and may have its own. */
static void
forked_child (const char *argument G_GNUC_UNUSED)
{
  GstXlnkAllocator *allocator = open_allocator ();
  GError *error = NULL;
  GstMemory *mem = allocator ? gst_xlnk_allocator_alloc (allocator, 1, TRUE, NULL, &error) : NULL;
  int status = 1;
  pid_t pid;

  if (error)
    witness_take_error (error);
  if (mem) {
    pid = fork ();
    if (pid == 0) {
      status = !allocate (allocator, 2);
      gst_memory_unref (mem);
      gst_object_unref (allocator);
      _exit (status);
    }
    while (waitpid (pid, &status, 0) < 0 && errno == EINTR);
    gst_memory_unref (mem);
  }
  if (status == 0)
    witness_done ();
  g_clear_pointer (&allocator, gst_object_unref);
}

const Scenario ledger_scenarios[] = {
  {"after-a-death", after_a_death, NULL, die_with_buffers, COMPANION_NONE},
  {"after-a-death-exposed", after_a_death, "exposed", die_with_buffers, COMPANION_NONE},
  {"after-a-reset", after_a_death, NULL, others_die_after_a_reset, COMPANION_NONE},
  {"after-a-wrong-cookie", after_a_wrong_cookie, NULL, die_with_a_wrong_cookie, COMPANION_NONE},
  {"after-a-job", after_a_job, NULL, die_in_a_job, COMPANION_NONE},
  {"beside-the-living", after_a_death, NULL, others_die_without_cookie, COMPANION_KEEPS},
  {"old-files", after_a_death, NULL, others_leave_files, COMPANION_NONE},
  {"many", many, NULL, NULL, COMPANION_NONE},
  {"group-ledger", group_ledger, NULL, NULL, COMPANION_NONE},
  {"default-ledger", default_ledger, NULL, remove_default, COMPANION_NONE},
  {"forked-child", forked_child, NULL, NULL, COMPANION_NONE},
  {NULL, NULL, NULL, NULL, COMPANION_NONE}
};
