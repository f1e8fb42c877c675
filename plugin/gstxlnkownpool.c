/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * gstxlnkownpool.c: a pool that the element fills from itself.
 */
#include "gstxlnkownpool.h"

/* The driver gives whole pages, so a little growth is free. */
#define PAGE_SIZE 4096

struct _GstXlnkOwnPool
{
  GstXlnkAllocator *allocator;
  GstXlnkOwnPoolFunc before_waiting;
  gpointer user_data;

  GstXlnkAccelPoolConfig config;        /* holds a reference to its caps */

  GMutex lock;                  /* over what follows */
  GstBufferPool *pool;
  gsize pool_size;              /* of the pool's buffers */
  gboolean flushing;
  guint64 retired_allocations;  /* runtime allocations of pools that are gone */
};

GstXlnkOwnPool *
gst_xlnk_own_pool_new (GstXlnkAllocator * allocator, GstXlnkOwnPoolFunc before_waiting, gpointer user_data)
{
  GstXlnkOwnPool *self = g_new0 (GstXlnkOwnPool, 1);

  self->allocator = gst_object_ref (allocator);
  self->before_waiting = before_waiting;
  self->user_data = user_data;
  self->config.cacheable = TRUE;
  gst_allocation_params_init (&self->config.params);
  g_mutex_init (&self->lock);
  return self;
}

void
gst_xlnk_own_pool_free (GstXlnkOwnPool * self)
{
  gst_xlnk_own_pool_release (self);
  gst_caps_replace (&self->config.caps, NULL);
  gst_object_unref (self->allocator);
  g_mutex_clear (&self->lock);
  g_free (self);
}

static void
drop_pool (GstXlnkOwnPool * self)
{
  GstBufferPool *pool;

  g_mutex_lock (&self->lock);
  pool = g_steal_pointer (&self->pool);
  if (pool) {
    self->retired_allocations +=
        gst_xlnk_buffer_pool_get_runtime_allocations (GST_XLNK_BUFFER_POOL
        (pool));
  }
  g_mutex_unlock (&self->lock);

  if (pool) {
    gst_buffer_pool_set_active (pool, FALSE);
    gst_object_unref (pool);
  }
}

static void
take_pool (GstXlnkOwnPool * self, GstBufferPool * pool, gsize size)
{
  drop_pool (self);

  g_mutex_lock (&self->lock);
  self->pool = pool;
  self->pool_size = size;
  g_mutex_unlock (&self->lock);
}

void
gst_xlnk_own_pool_release (GstXlnkOwnPool * self)
{
  drop_pool (self);
}

GstBufferPool *
gst_xlnk_own_pool_configure (GstXlnkOwnPool * self, GstXlnkAccelPoolConfig * config, const GstVideoInfo * info)
{
  GstBufferPool *pool = NULL;

  config->is_video = info != NULL;
  if (info) {
    config->size = MAX (config->size, GST_VIDEO_INFO_SIZE (info));
    pool = gst_xlnk_accel_pool_new (self->allocator, config);
  }

  drop_pool (self);
  gst_caps_replace (&self->config.caps, NULL);
  self->config = *config;
  /* Bytes have no caps of interest, and those of a video that makes no sense would be refused. */
  self->config.caps = info ? gst_caps_ref (config->caps) : NULL;
  if (pool)
    take_pool (self, gst_object_ref (pool), config->size);
  return pool;
}

void
gst_xlnk_own_pool_set_flushing (GstXlnkOwnPool * self, gboolean flushing)
{
  GstBufferPool *pool = NULL;

  g_mutex_lock (&self->lock);
  self->flushing = flushing;
  if (self->pool && gst_buffer_pool_is_active (self->pool))
    pool = gst_object_ref (self->pool);
  g_mutex_unlock (&self->lock);

  if (pool) {
    gst_buffer_pool_set_flushing (pool, flushing);
    gst_object_unref (pool);
  }
}

/* A pool whose buffers hold @size bytes. */
static gboolean
provide_pool (GstXlnkOwnPool * self, gsize size)
{
  GstXlnkAccelPoolConfig config = self->config;
  GstBufferPool *pool;

  if (self->pool && self->pool_size >= size)
    return TRUE;

  config.size = MAX (size, config.size);
  if (!config.is_video)
    config.size = GST_ROUND_UP_N (config.size, PAGE_SIZE);
  pool = gst_xlnk_accel_pool_new (self->allocator, &config);
  if (pool == NULL)
    return FALSE;
  self->config.size = config.size;
  take_pool (self, pool, config.size);
  return TRUE;
}

/* Returns (transfer full) the pool, active; activation is under the lock lest a flush in between is forgotten. */
static GstFlowReturn
start_pool (GstXlnkOwnPool * self, GstBufferPool ** pool)
{
  GstFlowReturn ret = GST_FLOW_OK;

  g_mutex_lock (&self->lock);
  if (self->flushing)
    ret = GST_FLOW_FLUSHING;
  else if (!gst_buffer_pool_set_active (self->pool, TRUE))
    ret = GST_FLOW_ERROR;
  else
    *pool = gst_object_ref (self->pool);
  g_mutex_unlock (&self->lock);
  return ret;
}

/* From a pool that is empty and may not grow, DONTWAIT gives GST_FLOW_EOS. */
static GstFlowReturn
acquire (GstXlnkOwnPool * self, GstBufferPool * pool, GstBuffer ** buffer)
{
  GstBufferPoolAcquireParams impatient = {.flags = GST_BUFFER_POOL_ACQUIRE_FLAG_DONTWAIT };
  GstFlowReturn ret = gst_buffer_pool_acquire_buffer (pool, buffer, &impatient);

  if (ret != GST_FLOW_EOS)
    return ret;
  self->before_waiting (self->user_data);
  return gst_buffer_pool_acquire_buffer (pool, buffer, NULL);
}

GstFlowReturn
gst_xlnk_own_pool_acquire (GstXlnkOwnPool * self, gsize size, GstBuffer ** buffer, GError ** error)
{
  GstBufferPool *pool;
  GstFlowReturn ret = GST_FLOW_ERROR;

  if (provide_pool (self, size))
    ret = start_pool (self, &pool);
  if (ret == GST_FLOW_OK) {
    ret = acquire (self, pool, buffer);
    gst_object_unref (pool);
  }
  if (ret == GST_FLOW_ERROR)
    g_propagate_error (error, gst_xlnk_accel_pool_make_error (self->allocator, size));
  return ret;
}

guint64
gst_xlnk_own_pool_get_runtime_allocations (GstXlnkOwnPool * self)
{
  guint64 count;

  g_mutex_lock (&self->lock);
  count = self->retired_allocations;
  if (self->pool) {
    count +=
        gst_xlnk_buffer_pool_get_runtime_allocations (GST_XLNK_BUFFER_POOL
        (self->pool));
  }
  g_mutex_unlock (&self->lock);
  return count;
}
