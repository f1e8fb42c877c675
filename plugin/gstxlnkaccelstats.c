/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * gstxlnkaccelstats.c: what xlnkaccel counts, and how it tells.
 */
#include "gstxlnkaccelstats.h"

#include "gstxlnkquarantine.h"

/* The device's numbers cost a read of /proc/meminfo, so they are fetched when somebody asks, not for every frame.
 * When the device is closed the last ones stay. */
static void
refresh_device (GstXlnkAccel * self)
{
  GstXlnkAllocator *allocator;
  GstXlnkStats stats;

  GST_OBJECT_LOCK (self);
  allocator = self->allocator ? gst_object_ref (self->allocator) : NULL;
  GST_OBJECT_UNLOCK (self);
  if (allocator == NULL)
    return;

  gst_xlnk_allocator_get_stats (allocator, &stats);
  gst_object_unref (allocator);

  GST_OBJECT_LOCK (self);
  self->counters.device = stats;
  GST_OBJECT_UNLOCK (self);
}

static guint64
count_allocations (GstBufferPool * pool)
{
  return gst_xlnk_buffer_pool_get_runtime_allocations (GST_XLNK_BUFFER_POOL
      (pool));
}

/* Called with the object lock. */
static guint64
count_own_allocations (GstXlnkAccel * self)
{
  if (self->uploads == NULL)
    return 0;
  return gst_xlnk_own_pool_get_runtime_allocations (self->uploads)
      + gst_xlnk_own_pool_get_runtime_allocations (self->outputs);
}

/* Called with the object lock. */
static guint64
sum_allocations (GstXlnkAccel * self)
{
  guint64 sum = self->counters.lent_allocations;

  if (self->lent)
    sum += count_allocations (self->lent);
  return sum + count_own_allocations (self)
      - self->counters.earlier_allocations;
}

void
gst_xlnk_accel_stats_reset (GstXlnkAccel * self)
{
  refresh_device (self);

  GST_OBJECT_LOCK (self);
  self->counters.frames = 0;
  self->counters.copies = 0;
  self->counters.copied_bytes = 0;
  self->counters.lent_allocations = 0;
  self->counters.earlier_allocations = count_own_allocations (self);
  self->counters.baseline = self->counters.device;
  self->counters.earlier_core_time = self->jobs ? gst_xlnk_jobs_get_core_time (self->jobs) : 0;
  GST_OBJECT_UNLOCK (self);
}

void
gst_xlnk_accel_stats_count_frame (GstXlnkAccel * self, gsize copied)
{
  GST_OBJECT_LOCK (self);
  self->counters.frames++;
  if (copied > 0) {
    self->counters.copies++;
    self->counters.copied_bytes += copied;
  }
  GST_OBJECT_UNLOCK (self);
}

void
gst_xlnk_accel_stats_take_lent (GstXlnkAccel * self, GstBufferPool * pool)
{
  GstBufferPool *old;

  GST_OBJECT_LOCK (self);
  old = self->lent;
  self->lent = pool ? gst_object_ref (pool) : NULL;
  if (old)
    self->counters.lent_allocations += count_allocations (old);
  GST_OBJECT_UNLOCK (self);

  if (old)
    gst_object_unref (old);
}

/* Only a core has them. @quarantined is of the process. Called with the object lock. */
static void
add_core_numbers (GstXlnkAccel * self, GstStructure * stats, guint64 quarantined)
{
  GstXlnkInterrupts interrupts;

  if (self->jobs == NULL)
    return;
  gst_xlnk_jobs_get_interrupts (self->jobs, &interrupts);
  gst_structure_set (stats, "lost-interrupts", G_TYPE_UINT64, interrupts.lost,
      "spurious-interrupts", G_TYPE_UINT64, interrupts.spurious,
      "quarantined-buffers", G_TYPE_UINT64, quarantined, NULL);
}

/* Called with the object lock. */
static guint64
get_core_time (GstXlnkAccel * self)
{
  return self->jobs ? gst_xlnk_jobs_get_core_time (self->jobs) - self->counters.earlier_core_time : 0;
}

GstStructure *
gst_xlnk_accel_stats_to_structure (GstXlnkAccel * self)
{
  GstXlnkAccelCounters *c = &self->counters;
  guint64 quarantined = gst_xlnk_quarantine_count ();
  GstStructure *stats;

  refresh_device (self);

  GST_OBJECT_LOCK (self);
  stats = gst_structure_new (GST_XLNK_ACCEL_STATS_NAME,
      "frames", G_TYPE_UINT64, c->frames,
      "copies", G_TYPE_UINT64, c->copies,
      "copied-bytes", G_TYPE_UINT64, c->copied_bytes,
      "flushed-bytes", G_TYPE_UINT64,
      c->device.flushed_bytes - c->baseline.flushed_bytes,
      "invalidated-bytes", G_TYPE_UINT64,
      c->device.invalidated_bytes - c->baseline.invalidated_bytes,
      "memory-copies", G_TYPE_UINT64, c->device.copies - c->baseline.copies,
      "runtime-allocations", G_TYPE_UINT64, sum_allocations (self),
      "core-time", G_TYPE_UINT64, get_core_time (self),
      "live-buffers", G_TYPE_UINT64, c->device.buffer_count,
      "cma-free", G_TYPE_UINT64, c->device.cma_available,
      "cma-total", G_TYPE_UINT64, c->device.cma_total, NULL);
  add_core_numbers (self, stats, quarantined);
  GST_OBJECT_UNLOCK (self);
  return stats;
}
