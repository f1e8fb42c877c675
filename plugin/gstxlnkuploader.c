/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * gstxlnkuploader.c: copies buffers of other memory into contiguous ones.
 */
#include "gstxlnkuploader.h"
#include "gstxlnkcopy.h"

/* The driver gives whole pages, so a little growth is free. */
#define PAGE_SIZE 4096

struct _GstXlnkUploader
{
  GstXlnkAllocator *allocator;

  GstXlnkAccelPoolConfig config;        /* holds a reference to its caps */
  GstVideoInfo info;

  GMutex lock;                  /* over what follows */
  GstBufferPool *pool;
  gsize pool_size;              /* of the pool's buffers */
  gboolean flushing;
  guint64 retired_allocations;  /* runtime allocations of pools that are gone */
};

GstXlnkUploader *
gst_xlnk_uploader_new (GstXlnkAllocator * allocator)
{
  GstXlnkUploader *self = g_new0 (GstXlnkUploader, 1);

  self->allocator = gst_object_ref (allocator);
  self->config.cacheable = TRUE;
  gst_allocation_params_init (&self->config.params);
  g_mutex_init (&self->lock);
  return self;
}

void
gst_xlnk_uploader_free (GstXlnkUploader * self)
{
  gst_xlnk_uploader_release (self);
  gst_caps_replace (&self->config.caps, NULL);
  gst_object_unref (self->allocator);
  g_mutex_clear (&self->lock);
  g_free (self);
}

static void
drop_pool (GstXlnkUploader * self)
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
take_pool (GstXlnkUploader * self, GstBufferPool * pool, gsize size)
{
  drop_pool (self);

  g_mutex_lock (&self->lock);
  self->pool = pool;
  self->pool_size = size;
  g_mutex_unlock (&self->lock);
}

void
gst_xlnk_uploader_release (GstXlnkUploader * self)
{
  drop_pool (self);
}

GstBufferPool *
gst_xlnk_uploader_configure (GstXlnkUploader * self, GstXlnkAccelPoolConfig * config, const GstVideoInfo * info)
{
  GstBufferPool *pool = NULL;

  config->is_video = info != NULL;
  if (info) {
    self->info = *info;
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
gst_xlnk_uploader_set_flushing (GstXlnkUploader * self, gboolean flushing)
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
provide_pool (GstXlnkUploader * self, gsize size)
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
start_pool (GstXlnkUploader * self, GstBufferPool ** pool)
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

static GstFlowReturn
acquire (GstXlnkUploader * self, gsize size, GstBuffer ** buffer)
{
  GstBufferPool *pool;
  GstFlowReturn ret;

  if (!provide_pool (self, size))
    return GST_FLOW_ERROR;

  ret = start_pool (self, &pool);
  if (ret != GST_FLOW_OK)
    return ret;
  ret = gst_buffer_pool_acquire_buffer (pool, buffer, NULL);
  gst_object_unref (pool);
  return ret;
}

static void
set_exhausted (GstXlnkUploader * self, gsize size, GError ** error)
{
  GstXlnkStats stats;

  gst_xlnk_allocator_get_stats (self->allocator, &stats);
  g_set_error (error, GST_XLNK_ERROR, GST_XLNK_ERROR_EXHAUSTED,
      "no contiguous buffer of %" G_GSIZE_FORMAT " bytes from %s: %"
      G_GUINT64_FORMAT " of %" G_GUINT64_FORMAT " bytes are free, perhaps in "
      "pieces, and this process holds %" G_GUINT64_FORMAT " buffers. Lower "
      "max-buffers or the frame size, or raise the kernel's cma= size.", size,
      gst_xlnk_allocator_get_device (self->allocator), stats.cma_available,
      stats.cma_total, stats.buffer_count);
}

static gboolean
fill (GstXlnkUploader * self, GstBuffer * copy, GstBuffer * src, gboolean repack)
{
  gboolean ok;

  if (repack)
    ok = gst_xlnk_copy_frame (copy, src, &self->info);
  else
    ok = gst_xlnk_copy_bytes (copy, src);
  if (!ok)
    return FALSE;

  if (!repack)
    gst_buffer_resize (copy, 0, gst_buffer_get_size (src));
  return gst_buffer_copy_into (copy, src, GST_BUFFER_COPY_METADATA, 0, -1);
}

GstFlowReturn
gst_xlnk_uploader_copy (GstXlnkUploader * self, GstBuffer * src, gboolean repack, GstBuffer ** copy, GError ** error)
{
  gsize size = repack ? GST_VIDEO_INFO_SIZE (&self->info)
      : gst_buffer_get_size (src);
  GstFlowReturn ret = acquire (self, size, copy);

  if (ret == GST_FLOW_ERROR)
    set_exhausted (self, size, error);
  if (ret != GST_FLOW_OK)
    return ret;

  if (fill (self, *copy, src, repack))
    return GST_FLOW_OK;

  g_set_error (error, GST_XLNK_ERROR, GST_XLNK_ERROR_FAILED,
      "cannot map a buffer of %" G_GSIZE_FORMAT " bytes for copying", size);
  gst_buffer_replace (copy, NULL);
  return GST_FLOW_ERROR;
}

guint64
gst_xlnk_uploader_get_runtime_allocations (GstXlnkUploader * self)
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
