/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * scenarios-library.c: programs that use the library without an element.
 */
#include "scenarios.h"

#include <errno.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <gst/allocators/gstphysmemory.h>
#include <gst/video/video.h>
#include <gst/xlnk/xlnk.h>

#define SIZE 10000

/* Without an allocator there is nothing to do, and what failed has been said. */
static GstXlnkAllocator *
open_allocator (void)
{
  GError *error = NULL;
  GstXlnkAllocator *allocator = gst_xlnk_allocator_get ("/dev/xlnk", &error);

  if (!allocator)
    witness_take_error (error);
  return allocator;
}

static GstMemory *
allocate (GstXlnkAllocator * allocator, gsize size, gboolean cached)
{
  GError *error = NULL;
  GstMemory *mem = gst_xlnk_allocator_alloc (allocator, size, cached, NULL, &error);

  if (!mem)
    witness_take_error (error);
  return mem;
}

static gboolean
fill (GstMemory * mem, guint8 value)
{
  GstMapInfo info;

  if (!gst_memory_map (mem, &info, GST_MAP_WRITE)) {
    witness_refused ("map for writing");
    return FALSE;
  }
  memset (info.data, value, info.size);
  gst_memory_unmap (mem, &info);
  return TRUE;
}

static gboolean
look_at (GstMemory * mem)
{
  GstMapInfo info;

  if (!gst_memory_map (mem, &info, GST_MAP_READ)) {
    witness_refused ("map for reading");
    return FALSE;
  }
  witness_data (info.data, info.size);
  gst_memory_unmap (mem, &info);
  return TRUE;
}

/*** one memory ***/

static gboolean
use_as_device (GstMemory * mem)
{
  GstMapInfo info;

  if (!gst_xlnk_memory_map_device (mem, &info, GST_MAP_READWRITE)) {
    witness_refused ("map for the device");
    return FALSE;
  }
  gst_xlnk_memory_unmap_device (mem, &info);
  return TRUE;
}

static gboolean
synchronise (GstMemory * mem)
{
  GError *error = NULL;

  if (gst_xlnk_memory_flush (mem, 100, 300, &error) && gst_xlnk_memory_invalidate (mem, 4096, -1, &error))
    return TRUE;
  witness_take_error (error);
  return FALSE;
}

static gboolean
use_memory (GstXlnkAllocator * allocator, GstMemory * mem)
{
  GstXlnkStats stats;
  GstMapInfo info;
  gboolean found = FALSE;

  if (!fill (mem, 1) || !use_as_device (mem) || !look_at (mem) || !synchronise (mem) || !fill (mem, 2))
    return FALSE;
  if (gst_xlnk_memory_get_phys_addr (mem) == 0) {
    witness_refused ("address");
    return FALSE;
  }
  /* Exposed now: each map and unmap has something to maintain. */
  if (!fill (mem, 3) || !look_at (mem))
    return FALSE;
  gst_xlnk_allocator_get_stats (allocator, &stats);
  witness_data (&stats.buffer_count, sizeof stats.buffer_count);
  if (gst_memory_map (mem, &info, GST_MAP_READ)) {
    found = gst_xlnk_allocator_lookup_phys_addr (allocator, info.data + 5) != 0;
    gst_memory_unmap (mem, &info);
  }
  if (!found)
    witness_refused ("look-up");
  return found;
}

static void
one_memory (const char *argument)
{
  GstXlnkAllocator *allocator = open_allocator ();
  GstMemory *mem = allocator ? allocate (allocator, SIZE, g_str_equal (argument, "cached")) : NULL;

  if (mem && use_memory (allocator, mem))
    witness_done ();
  if (mem)
    gst_memory_unref (mem);
  g_clear_pointer (&allocator, gst_object_unref);
}

/*** children and copies ***/

static gboolean
copy_all (GstMemory * mem, GstMemory * other)
{
  GError *error = NULL;
  GstMemory *copy = gst_memory_copy (mem, 10, 4000);
  gboolean good = copy && look_at (copy);

  if (!copy)
    witness_refused ("copy");
  if (good && !gst_xlnk_memory_copy_into (other, 100, mem, 0, 4000, &error)) {
    witness_take_error (error);
    good = FALSE;
  }
  if (copy)
    gst_memory_unref (copy);
  return good && look_at (other);
}

static gboolean
share_and_copy_of (GstMemory * mem, GstMemory * other)
{
  GstMemory *child;
  gboolean good;

  if (!fill (mem, 7) || !fill (other, 8))
    return FALSE;
  child = gst_memory_share (mem, 64, 5000);
  gst_memory_resize (mem, 64, SIZE - 200);
  good = use_as_device (mem) && look_at (child) && copy_all (child, other);
  gst_memory_unref (child);
  return good;
}

static void
share_and_copy (const char *argument G_GNUC_UNUSED)
{
  GstXlnkAllocator *allocator = open_allocator ();
  GstMemory *mem = allocator ? allocate (allocator, SIZE, TRUE) : NULL;
  GstMemory *other = mem ? allocate (allocator, SIZE, FALSE) : NULL;

  if (other && share_and_copy_of (mem, other))
    witness_done ();
  if (other)
    gst_memory_unref (other);
  if (mem)
    gst_memory_unref (mem);
  g_clear_pointer (&allocator, gst_object_unref);
}

/*** the whole device ***/

static void
reset (const char *argument G_GNUC_UNUSED)
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

/* By no name: the board is looked for. */
static void
find_device (const char *argument)
{
  GError *error = NULL;
  GstXlnkAllocator *allocator = gst_xlnk_allocator_get (argument, &error);
  GstMemory *mem = NULL;

  if (!allocator) {
    witness_take_error (error);
    return;
  }
  witness_data (gst_xlnk_allocator_get_device (allocator), 9);
  mem = allocate (allocator, 1, TRUE);
  if (mem) {
    gst_memory_unref (mem);
    witness_done ();
  }
  gst_object_unref (allocator);
}

/* Until there is none left, and then one more after something was freed. */
static void
exhaust (const char *argument G_GNUC_UNUSED)
{
  GstXlnkAllocator *allocator = open_allocator ();
  GPtrArray *taken = g_ptr_array_new_with_free_func ((GDestroyNotify) gst_memory_unref);
  GError *error = NULL;
  GstMemory *mem = NULL;

  while (allocator && (mem = gst_xlnk_allocator_alloc (allocator, 8 << 20, TRUE, NULL, &error)))
    g_ptr_array_add (taken, mem);
  if (error)
    witness_take_error (error);
  if (taken->len > 0)
    g_ptr_array_set_size (taken, taken->len - 1);
  mem = allocator ? allocate (allocator, 8 << 20, TRUE) : NULL;
  if (mem) {
    gst_memory_unref (mem);
    witness_done ();
  }
  g_ptr_array_unref (taken);
  g_clear_pointer (&allocator, gst_object_unref);
}

/*** pools ***/

static gboolean
use_pool (GstBufferPool * pool)
{
  GstBuffer *buffers[5] = { NULL };
  gboolean good = TRUE;

  /* One more than are there to begin with. */
  for (gsize i = 0; i < G_N_ELEMENTS (buffers) && good; i++) {
    GstFlowReturn flow = gst_buffer_pool_acquire_buffer (pool, &buffers[i], NULL);
    GstXlnkPlanes planes;
    GstVideoInfo info;

    good = flow == GST_FLOW_OK;
    if (!good)
      witness_refused ("buffer of the pool");
    gst_video_info_set_format (&info, GST_VIDEO_FORMAT_NV12, 64, 48);
    if (good && !gst_xlnk_buffer_get_planes (buffers[i], &info, &planes)) {
      witness_refused ("planes");
      good = FALSE;
    }
  }
  for (gsize i = 0; i < G_N_ELEMENTS (buffers); i++)
    gst_clear_buffer (&buffers[i]);
  return good;
}

static void
pool (const char *argument G_GNUC_UNUSED)
{
  GstXlnkAllocator *allocator = open_allocator ();
  GstCaps *caps = gst_caps_from_string ("video/x-raw,format=NV12,width=64,height=48");
  GstBufferPool *buffers = allocator ? gst_xlnk_buffer_pool_new_with_config (allocator, caps, 0, 4, 0) : NULL;

  if (buffers && !gst_buffer_pool_set_active (buffers, TRUE))
    witness_refused ("activation");
  else if (buffers && use_pool (buffers))
    witness_done ();
  if (buffers) {
    gst_buffer_pool_set_active (buffers, FALSE);
    gst_object_unref (buffers);
  }
  gst_caps_unref (caps);
  g_clear_pointer (&allocator, gst_object_unref);
}

/*** registers ***/

/* The window of a core through /dev/mem, beside its UIO node or without one. */
static GstXlnkRegisters *
open_registers (const char *argument)
{
  GError *error = NULL;
  GstXlnkRegisters *window = g_str_has_prefix (argument, "0x")
      ? gst_xlnk_registers_open_mem (g_ascii_strtoull (argument, NULL, 16), 4096, &error)
      : gst_xlnk_registers_open_uio (argument, &error);

  if (!window)
    witness_take_error (error);
  return window;
}

static void
registers (const char *argument)
{
  GstXlnkRegisters *window = open_registers (argument);
  guint32 status;

  if (!window)
    return;
  status = gst_xlnk_registers_read (window, 0);
  witness_data (&status, sizeof status);
  gst_xlnk_registers_arm_interrupt (window);
  gst_xlnk_registers_set_flushing (window, TRUE);
  gst_xlnk_registers_set_flushing (window, FALSE);
  gst_xlnk_registers_close (window);
  witness_done ();
}

/* The child closes its copies of the descriptors first thing, and lets go of the rest like anybody. */
static void
registers_and_fork (const char *argument)
{
  GstXlnkRegisters *window = open_registers (argument);
  int status = 1;
  pid_t pid;

  if (!window)
    return;
  pid = fork ();
  if (pid == 0) {
    gst_xlnk_registers_close (window);
    _exit (0);
  }
  while (waitpid (pid, &status, 0) < 0 && errno == EINTR);
  gst_xlnk_registers_close (window);
  if (status == 0)
    witness_done ();
}

const Scenario library_scenarios[] = {
  {"memory", one_memory, "cached", NULL, COMPANION_NONE},
  {"memory-uncached", one_memory, "uncached", NULL, COMPANION_NONE},
  {"share-and-copy", share_and_copy, NULL, NULL, COMPANION_NONE},
  {"reset", reset, NULL, NULL, COMPANION_NONE},
  {"find-device", find_device, NULL, NULL, COMPANION_NONE},
  {"exhaust", exhaust, NULL, NULL, COMPANION_NONE},
  {"pool", pool, NULL, NULL, COMPANION_NONE},
  {"registers-uio", registers, "copy", NULL, COMPANION_NONE},
  {"registers-mem", registers, "0x43c80000", NULL, COMPANION_NONE},
  {"registers-and-fork", registers_and_fork, "0x43c80000", NULL, COMPANION_NONE},
  {NULL, NULL, NULL, NULL, COMPANION_NONE}
};
