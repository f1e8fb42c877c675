/* SPDX-License-Identifier: LGPL-2.1-or-later */
/**
 * SECTION:gstxlnkbufferpool
 * @title: GstXlnkBufferPool
 * @short_description: a pool of physically contiguous buffers
 */
#include "gstxlnkbufferpool.h"

#include <gst/video/video.h>

#include "gstxlnk-private.h"
#include "gstxlnkmemory.h"
#include "gstxlnkphysmeta.h"

#define CACHEABLE_FIELD "xlnk-cacheable"

struct _GstXlnkBufferPool
{
  GstVideoBufferPool parent;

  GstXlnkAllocator *allocator;
  gboolean is_video;            /* as configured: the parent's paths are for raw video only */
  guint max_buffers;
  guint size;                   /* bytes of a buffer, as configured */
  gsize prefix;                 /* bytes, of the configured parameters */
  gint running;                 /* atomic: activated, so that an allocation is one at run time */
  gint starved;                 /* atomic: it has been said */
  guint64 runtime_allocations;  /* under the object lock */
};

enum
{
  ALLOCATION_FAILED,
  N_SIGNALS
};

static guint signals[N_SIGNALS];

GST_DEBUG_CATEGORY_STATIC (GST_CAT_PERFORMANCE);
GST_DEBUG_CATEGORY_STATIC (pool_debug);
#define GST_CAT_DEFAULT pool_debug

#define parent_class gst_xlnk_buffer_pool_parent_class
G_DEFINE_TYPE_WITH_CODE (GstXlnkBufferPool, gst_xlnk_buffer_pool, GST_TYPE_VIDEO_BUFFER_POOL,
    GST_DEBUG_CATEGORY_GET (GST_CAT_PERFORMANCE, "GST_PERFORMANCE");
    GST_DEBUG_CATEGORY_INIT (pool_debug, "xlnkpool", 0, "xlnk buffer pool"));

/* GstVideoBufferPool for raw video, GstBufferPool for everything else: the video pool refuses other caps. */
static GstBufferPoolClass *
class_for (GstXlnkBufferPool * self)
{
  GstBufferPoolClass *video_class = GST_BUFFER_POOL_CLASS (parent_class);

  return self->is_video ? video_class : GST_BUFFER_POOL_CLASS (g_type_class_peek_parent (video_class));
}

/*** configuration ***/

void
gst_buffer_pool_config_set_xlnk_cacheable (GstStructure * config, gboolean cacheable)
{
  g_return_if_fail (config != NULL);

  gst_structure_set (config, CACHEABLE_FIELD, G_TYPE_BOOLEAN, cacheable, NULL);
}

gboolean
gst_buffer_pool_config_get_xlnk_cacheable (GstStructure * config)
{
  gboolean cacheable = TRUE;

  g_return_val_if_fail (config != NULL, TRUE);

  gst_structure_get_boolean (config, CACHEABLE_FIELD, &cacheable);
  return cacheable;
}

static gboolean
is_raw_video (GstCaps * caps)
{
  return caps && !gst_caps_is_empty (caps) && !gst_caps_is_any (caps)
      && gst_structure_has_name (gst_caps_get_structure (caps, 0), "video/x-raw");
}

/* Our allocator whatever the configuration names; its parameters are kept. */
static void
substitute_allocator (GstXlnkBufferPool * self, GstStructure * config)
{
  GstAllocationParams params;

  gst_buffer_pool_config_get_allocator (config, NULL, &params);
  params.flags &= ~(guint) GST_MEMORY_FLAG_XLNK_UNCACHED;
  if (!gst_buffer_pool_config_get_xlnk_cacheable (config))
    params.flags |= GST_MEMORY_FLAG_XLNK_UNCACHED;
  gst_buffer_pool_config_set_allocator (config, GST_ALLOCATOR (self->allocator), &params);
}

static gboolean
gst_xlnk_buffer_pool_set_config (GstBufferPool * pool, GstStructure * config)
{
  GstXlnkBufferPool *self = GST_XLNK_BUFFER_POOL (pool);
  GstAllocationParams params;
  GstCaps *caps;

  if (!gst_buffer_pool_config_get_params (config, &caps, NULL, NULL, &self->max_buffers)) {
    GST_WARNING_OBJECT (self, "invalid configuration %" GST_PTR_FORMAT, config);
    return FALSE;
  }
  self->is_video = is_raw_video (caps);
  substitute_allocator (self, config);
  if (!class_for (self)->set_config (pool, config))
    return FALSE;
  /* GstVideoAlignment may have raised the size and the alignment. */
  gst_buffer_pool_config_get_params (config, NULL, &self->size, NULL, NULL);
  gst_buffer_pool_config_get_allocator (config, NULL, &params);
  self->prefix = params.prefix;
  return TRUE;
}

static const gchar **
gst_xlnk_buffer_pool_get_options (GstBufferPool * pool)
{
  static const gchar *options[] = {
    GST_BUFFER_POOL_OPTION_VIDEO_META, GST_BUFFER_POOL_OPTION_VIDEO_ALIGNMENT, NULL
  };

  (void) pool;
  return options;
}

/*** activation ***/

/* Before GStreamer 1.29.2 a start that fails half-way keeps what it had allocated. */
static gboolean
gst_xlnk_buffer_pool_start (GstBufferPool * pool)
{
  GstXlnkBufferPool *self = GST_XLNK_BUFFER_POOL (pool);

  if (!class_for (self)->start (pool)) {
    GST_ERROR_OBJECT (self, "cannot allocate the buffers to start with: the log of xlnkallocator says why");
    class_for (self)->stop (pool);
    return FALSE;
  }
  g_atomic_int_set (&self->starved, FALSE);
  g_atomic_int_set (&self->running, TRUE);
  return TRUE;
}

static gboolean
gst_xlnk_buffer_pool_stop (GstBufferPool * pool)
{
  GstXlnkBufferPool *self = GST_XLNK_BUFFER_POOL (pool);

  g_atomic_int_set (&self->running, FALSE);
  return class_for (self)->stop (pool);
}

/*** buffers ***/

static void
mark (GstBuffer * buffer)
{
  GstXlnkPhysMeta *meta = gst_buffer_add_xlnk_phys_meta (buffer);

  if (meta)
    GST_META_FLAG_SET (&meta->meta, GST_META_FLAG_POOLED | GST_META_FLAG_LOCKED);
}

static void
count_runtime_allocation (GstXlnkBufferPool * self)
{
  GST_OBJECT_LOCK (self);
  self->runtime_allocations++;
  GST_OBJECT_UNLOCK (self);
  GST_CAT_INFO_OBJECT (GST_CAT_PERFORMANCE, self, "allocated a buffer while running: raise min-buffers");
}

static GstFlowReturn
gst_xlnk_buffer_pool_alloc_buffer (GstBufferPool * pool, GstBuffer ** buffer, GstBufferPoolAcquireParams * params)
{
  GstXlnkBufferPool *self = GST_XLNK_BUFFER_POOL (pool);
  GstFlowReturn result;

  gst_xlnk_forget_error ();
  result = class_for (self)->alloc_buffer (pool, buffer, params);
  if (result != GST_FLOW_OK) {
    g_signal_emit (self, signals[ALLOCATION_FAILED], 0, self->size);
    return result;
  }
  mark (*buffer);
  if (g_atomic_int_get (&self->running))
    count_runtime_allocation (self);
  return GST_FLOW_OK;
}

static void
report_starvation (GstXlnkBufferPool * self)
{
  if (!g_atomic_int_compare_and_exchange (&self->starved, FALSE, TRUE))
    return;
  GST_WARNING_OBJECT (self, "thread %p waits: all %u buffers are out. If it stays so, somebody downstream holds them: "
      "raise max-buffers, or lower what queues may hold", g_thread_self (), self->max_buffers);
}

/* Asks without waiting first, so that a wait can be told from a pool that has buffers. */
static GstFlowReturn
gst_xlnk_buffer_pool_acquire_buffer (GstBufferPool * pool, GstBuffer ** buffer, GstBufferPoolAcquireParams * params)
{
  GstXlnkBufferPool *self = GST_XLNK_BUFFER_POOL (pool);
  GstBufferPoolAcquireParams impatient = { 0, };
  GstFlowReturn result;

  if (params)
    impatient = *params;
  impatient.flags |= GST_BUFFER_POOL_ACQUIRE_FLAG_DONTWAIT;
  result = class_for (self)->acquire_buffer (pool, buffer, &impatient);
  if (result != GST_FLOW_EOS || (params && params->flags & GST_BUFFER_POOL_ACQUIRE_FLAG_DONTWAIT))
    return result;
  report_starvation (self);
  return class_for (self)->acquire_buffer (pool, buffer, params);
}

/* Cores from 1.16 on move the memory back to offset 0, into its prefix. Those before leave it as it is, and drop a buffer
 * that somebody made smaller. */
static void
restore_extent (GstXlnkBufferPool * self, GstBuffer * buffer)
{
  GstMemory *mem;

  if (GST_BUFFER_FLAG_IS_SET (buffer, GST_BUFFER_FLAG_TAG_MEMORY) || gst_buffer_n_memory (buffer) != 1)
    return;
  mem = gst_buffer_peek_memory (buffer, 0);
  if ((mem->offset != self->prefix || mem->size != self->size) && self->prefix + self->size <= mem->maxsize
      && gst_memory_is_writable (mem))
    gst_memory_resize (mem, (gssize) self->prefix - (gssize) mem->offset, self->size);
}

static void
gst_xlnk_buffer_pool_reset_buffer (GstBufferPool * pool, GstBuffer * buffer)
{
  GstXlnkBufferPool *self = GST_XLNK_BUFFER_POOL (pool);

  class_for (self)->reset_buffer (pool, buffer);
  restore_extent (self, buffer);
}

/*** the object ***/

GstXlnkAllocator *
gst_xlnk_buffer_pool_get_allocator (GstXlnkBufferPool * self)
{
  g_return_val_if_fail (GST_IS_XLNK_BUFFER_POOL (self), NULL);

  return self->allocator;
}

guint64
gst_xlnk_buffer_pool_get_runtime_allocations (GstXlnkBufferPool * self)
{
  guint64 result;

  g_return_val_if_fail (GST_IS_XLNK_BUFFER_POOL (self), 0);

  GST_OBJECT_LOCK (self);
  result = self->runtime_allocations;
  GST_OBJECT_UNLOCK (self);
  return result;
}

GstBufferPool *
gst_xlnk_buffer_pool_new (GstXlnkAllocator * allocator)
{
  GstXlnkBufferPool *self;

  g_return_val_if_fail (GST_IS_XLNK_ALLOCATOR (allocator), NULL);

  self = g_object_new (GST_TYPE_XLNK_BUFFER_POOL, NULL);
  gst_object_ref_sink (self);
  self->allocator = gst_object_ref (allocator);
  return GST_BUFFER_POOL (self);
}

static gsize
video_size (GstCaps * caps)
{
  GstVideoInfo info;

  return gst_video_info_from_caps (&info, caps) ? GST_VIDEO_INFO_SIZE (&info) : 0;
}

GstBufferPool *
gst_xlnk_buffer_pool_new_with_config (GstXlnkAllocator * allocator, GstCaps * caps, guint size, guint min_buffers,
    guint max_buffers)
{
  GstBufferPool *pool;
  GstStructure *config;

  g_return_val_if_fail (GST_IS_XLNK_ALLOCATOR (allocator), NULL);

  pool = gst_xlnk_buffer_pool_new (allocator);
  config = gst_buffer_pool_get_config (pool);
  if (is_raw_video (caps)) {
    size = MAX (size, video_size (caps));
    gst_buffer_pool_config_add_option (config, GST_BUFFER_POOL_OPTION_VIDEO_META);
  }
  gst_buffer_pool_config_set_params (config, caps, size, min_buffers, max_buffers);
  if (!gst_buffer_pool_set_config (pool, config)) {
    gst_object_unref (pool);
    return NULL;
  }
  return pool;
}

static void
gst_xlnk_buffer_pool_finalize (GObject * object)
{
  GstXlnkBufferPool *self = GST_XLNK_BUFFER_POOL (object);

  G_OBJECT_CLASS (parent_class)->finalize (object);
  gst_object_unref (self->allocator);
}

static void
gst_xlnk_buffer_pool_class_init (GstXlnkBufferPoolClass * klass)
{
  GstBufferPoolClass *pool_class = GST_BUFFER_POOL_CLASS (klass);

  G_OBJECT_CLASS (klass)->finalize = gst_xlnk_buffer_pool_finalize;

  /**
   * GstXlnkBufferPool::allocation-failed:
   * @self: the pool
   * @size: how many bytes there was no contiguous memory for
   *
   * For who lends a pool and so is not the one that the failure reaches: gst_xlnk_peek_last_error() has the reason, and
   * gst_xlnk_allocator_get_stats() the numbers. Emitted from the thread that asked, which holds locks of the pool: do
   * not call it from the handler.
   *
   * Since: 0.1
   */
  signals[ALLOCATION_FAILED] = g_signal_new ("allocation-failed", G_TYPE_FROM_CLASS (klass), G_SIGNAL_RUN_LAST, 0, NULL,
      NULL, NULL, G_TYPE_NONE, 1, G_TYPE_UINT);

  pool_class->get_options = gst_xlnk_buffer_pool_get_options;
  pool_class->set_config = gst_xlnk_buffer_pool_set_config;
  pool_class->start = gst_xlnk_buffer_pool_start;
  pool_class->stop = gst_xlnk_buffer_pool_stop;
  pool_class->alloc_buffer = gst_xlnk_buffer_pool_alloc_buffer;
  pool_class->acquire_buffer = gst_xlnk_buffer_pool_acquire_buffer;
  pool_class->reset_buffer = gst_xlnk_buffer_pool_reset_buffer;
}

static void
gst_xlnk_buffer_pool_init (GstXlnkBufferPool * self)
{
  (void) self;
}
