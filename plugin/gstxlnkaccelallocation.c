/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * gstxlnkaccelallocation.c: xlnkaccel's part in allocation queries.
 */
#include "gstxlnkaccelallocation.h"
#include "gstxlnkaccelbuffer.h"
#include "gstxlnkaccelcore.h"
#include "gstxlnkaccelpool.h"
#include "gstxlnkaccelstats.h"

GST_DEBUG_CATEGORY_EXTERN (gst_xlnk_accel_debug);
#define GST_CAT_DEFAULT gst_xlnk_accel_debug

#define MAX_DEPTH 64            /* of the property queue-depth */

/*** queries have no way to insert at the front ***/

static void
prepend_param (GstQuery * query, GstAllocator * allocator, const GstAllocationParams * params)
{
  guint n = gst_query_get_n_allocation_params (query);

  gst_query_add_allocation_param (query, allocator, params);
  for (; n > 0; n--) {
    GstAllocator *moved;
    GstAllocationParams moved_params;

    gst_query_parse_nth_allocation_param (query, n - 1, &moved, &moved_params);
    gst_query_set_nth_allocation_param (query, n, moved, &moved_params);
    if (moved)
      gst_object_unref (moved);
  }
  gst_query_set_nth_allocation_param (query, 0, allocator, params);
}

static void
prepend_pool (GstQuery * query, GstBufferPool * pool, guint size, guint min, guint max)
{
  guint n = gst_query_get_n_allocation_pools (query);

  gst_query_add_allocation_pool (query, pool, size, min, max);
  for (; n > 0; n--) {
    GstBufferPool *moved;
    guint moved_size, moved_min, moved_max;

    gst_query_parse_nth_allocation_pool (query, n - 1, &moved, &moved_size,
        &moved_min, &moved_max);
    gst_query_set_nth_allocation_pool (query, n, moved, moved_size, moved_min,
        moved_max);
    if (moved)
      gst_object_unref (moved);
  }
  gst_query_set_nth_allocation_pool (query, 0, pool, size, min, max);
}

/*** what the peer says ***/

/* The peer's first allocator, not to be unreferenced, and its parameters or the defaults. */
static GstAllocator *
get_peer_param (GstQuery * query, GstAllocationParams * params)
{
  GstAllocator *allocator = NULL;

  gst_allocation_params_init (params);
  if (gst_query_get_n_allocation_params (query) > 0)
    gst_query_parse_nth_allocation_param (query, 0, &allocator, params);
  if (allocator)
    gst_object_unref (allocator);       /* the query holds it */
  return allocator;
}

/* The peer's first pool, not to be unreferenced, with its size, minimum and maximum, or zeros. */
static GstBufferPool *
get_peer_pool (GstQuery * query, guint * size, guint * min, guint * max)
{
  GstBufferPool *pool = NULL;

  *size = *min = *max = 0;
  if (gst_query_get_n_allocation_pools (query) > 0)
    gst_query_parse_nth_allocation_pool (query, 0, &pool, size, min, max);
  if (pool)
    gst_object_unref (pool);
  return pool;
}

/* Devices are compared as objects: each has one allocator. */
static gboolean
is_our_pool (GstXlnkAccel * self, GstBufferPool * pool)
{
  return pool && GST_IS_XLNK_BUFFER_POOL (pool)
      && gst_xlnk_buffer_pool_get_allocator (GST_XLNK_BUFFER_POOL (pool))
      == self->allocator;
}

/* What the peer asked of its memory (alignment, padding) is asked of ours. */
static void
adapt_params (GstAllocationParams * params, gboolean cacheable)
{
  params->flags &= ~(guint) GST_MEMORY_FLAG_XLNK_UNCACHED;
  if (!cacheable)
    params->flags |= GST_MEMORY_FLAG_XLNK_UNCACHED;
}

/*** lending ***/

static void
offer_allocator (GstXlnkAccel * self, GstQuery * query, gboolean cacheable)
{
  GstAllocationParams params;
  GstAllocator *peers = get_peer_param (query, &params);

  if (peers == GST_ALLOCATOR (self->allocator))
    return;
  adapt_params (&params, cacheable);
  prepend_param (query, GST_ALLOCATOR (self->allocator), &params);
}

static void
offer_meta (GstQuery * query)
{
  if (!gst_query_find_allocation_meta (query, GST_XLNK_PHYS_META_API_TYPE,
          NULL))
    gst_query_add_allocation_meta (query, GST_XLNK_PHYS_META_API_TYPE, NULL);
}

static void
remove_meta (GstQuery * query, GType api)
{
  guint index;

  while (gst_query_find_allocation_meta (query, api, &index))
    gst_query_remove_nth_allocation_meta (query, index);
}

/* A core works on whole frames, whatever downstream could show a part of. One that is told no strides must not be offered
 * as one that can do with any, or upstream would choose its own. */
static void
limit_metas (GstXlnkAccel * self, GstQuery * query, GstCaps * caps)
{
  GstVideoInfo info;

  if (!self->jobs)
    return;
  if (gst_xlnk_accel_core_makes_buffers (self))
    gst_query_add_allocation_meta (query, GST_VIDEO_META_API_TYPE, NULL);
  remove_meta (query, GST_VIDEO_CROP_META_API_TYPE);
  if (gst_xlnk_accel_parse_video (caps, &info) && gst_xlnk_jobs_need_default_layout (self->jobs, &info))
    remove_meta (query, GST_VIDEO_META_API_TYPE);
}

/* A pool of other memory, lent to upstream, would cost a copy of each buffer; its size and minimum stay. */
static void
remove_foreign_pools (GstXlnkAccel * self, GstQuery * query)
{
  guint i, size, min, max;

  for (i = 0; i < gst_query_get_n_allocation_pools (query); i++) {
    GstBufferPool *pool;

    gst_query_parse_nth_allocation_pool (query, i, &pool, &size, &min, &max);
    if (pool && !is_our_pool (self, pool))
      gst_query_set_nth_allocation_pool (query, i, NULL, size, min, max);
    if (pool)
      gst_object_unref (pool);
  }
}

static void
limit_minimum (GstXlnkAccel * self, GstXlnkAccelPoolConfig * config)
{
  if (config->max_buffers == 0 || config->min_buffers <= config->max_buffers)
    return;
  GST_WARNING_OBJECT (self, "downstream needs %u buffers, max-buffers allows "
      "%u: expect a stall", config->min_buffers, config->max_buffers);
  config->min_buffers = config->max_buffers;
}

/* It is upstream that fails, and all it could say is that it did. */
static void
report_failure (GstBufferPool * pool, guint size, GstXlnkAccel * self)
{
  GstXlnkAllocator *allocator = gst_xlnk_buffer_pool_get_allocator (GST_XLNK_BUFFER_POOL (pool));

  gst_xlnk_accel_post_no_buffer (self, gst_xlnk_accel_pool_make_error (allocator, size));
}

static guint
add_depth (guint min, guint depth)
{
  return MIN (min, G_MAXUINT - MAX_DEPTH) + depth;
}

/* A pool of ours that is the peer's. Our frames in flight are of it too: it has to have them on top of what downstream
 * keeps, or upstream would wait for ever for what only its next frame makes us pass on. */
static gboolean
pass_pool_on (GstXlnkAccel * self, GstQuery * query)
{
  guint depth = gst_xlnk_accel_core_depth (self);
  guint size, min, max;
  GstBufferPool *pool = get_peer_pool (query, &size, &min, &max);

  if (!is_our_pool (self, pool))
    return FALSE;
  if (depth == 0)
    return TRUE;
  /* A sink keeps one, even if it asks for none. */
  if (max != 0 && max < add_depth (MAX (min, 1), depth)) {
    GST_INFO_OBJECT (self, "downstream's pool has no more than %u buffers, too few for %u frames in flight: lending an "
        "own one", max, depth);
    return FALSE;
  }
  gst_query_set_nth_allocation_pool (query, 0, pool, size, add_depth (min, depth), max);
  return TRUE;
}

static void
offer_pool (GstXlnkAccel * self, GstQuery * query, GstCaps * caps, const GstVideoInfo * info, gboolean need_pool)
{
  GstXlnkAccelSettings settings = gst_xlnk_accel_get_settings (self);
  GstXlnkAccelPoolConfig config = { .caps = caps, .is_video = TRUE };
  GstBufferPool *pool = NULL;
  guint size, min, max;

  if (pass_pool_on (self, query))
    return;
  get_peer_pool (query, &size, &min, &max);

  get_peer_param (query, &config.params);       /* ours by now */
  config.size = MAX (size, GST_VIDEO_INFO_SIZE (info));
  config.min_buffers = add_depth (min, gst_xlnk_accel_core_depth (self));
  config.max_buffers = settings.max_buffers;
  config.cacheable = settings.cacheable;
  limit_minimum (self, &config);
  if (need_pool) {
    pool = gst_xlnk_accel_pool_new (self->allocator, &config);
    if (pool == NULL) {
      GST_WARNING_OBJECT (self, "no pool can be made for %" GST_PTR_FORMAT,
          caps);
      return;
    }
    g_signal_connect_object (pool, "allocation-failed", G_CALLBACK (report_failure), self, 0);
    gst_xlnk_accel_stats_take_lent (self, pool);
  }
  prepend_pool (query, pool, MIN (config.size, G_MAXUINT32),
      config.min_buffers, config.max_buffers);
  if (pool)
    gst_object_unref (pool);
}

gboolean
gst_xlnk_accel_propose_allocation (GstBaseTransform * trans, GstQuery * decide_query, GstQuery * query)
{
  GstXlnkAccel *self = GST_XLNK_ACCEL (trans);
  gboolean need_pool, peer_answered;
  GstVideoInfo info;
  GstCaps *caps;

  (void) decide_query;          /* has lost downstream's metas on memory, which upstream is to know */

  gst_query_parse_allocation (query, &caps, &need_pool);
  /* Behind a core that writes elsewhere, what downstream wants is of other caps and other buffers. */
  peer_answered = !gst_xlnk_accel_core_makes_buffers (self) && gst_pad_peer_query (trans->srcpad, query);
  limit_metas (self, query, caps);
  if (caps && gst_xlnk_accel_has_foreign_memory (caps))
    return peer_answered;

  offer_allocator (self, query,
      gst_xlnk_accel_get_settings (self).cacheable);
  offer_meta (query);
  if (gst_xlnk_accel_parse_video (caps, &info))
    offer_pool (self, query, caps, &info, need_pool);
  else
    remove_foreign_pools (self, query);

  GST_DEBUG_OBJECT (self, "lending %" GST_PTR_FORMAT, query);
  return TRUE;
}

/*** taking ***/

static void
note_format (GstXlnkAccel * self, GstCaps * caps, GstQuery * query)
{
  GstXlnkAccelFormat *format = &self->format;

  format->is_video = gst_xlnk_accel_parse_video (caps, &format->info);
  format->foreign_memory = gst_xlnk_accel_has_foreign_memory (caps);
  format->downstream_video_meta =
      gst_query_find_allocation_meta (query, GST_VIDEO_META_API_TYPE, NULL);
  self->said_why = FALSE;
}

static void
remove_offers (GstQuery * query)
{
  guint n;

  for (n = gst_query_get_n_allocation_pools (query); n > 0; n--)
    gst_query_remove_nth_allocation_pool (query, n - 1);
  for (n = gst_query_get_n_allocation_params (query); n > 0; n--)
    gst_query_remove_nth_allocation_param (query, n - 1);
}

/* One is being filled while downstream keeps its minimum, and a sink its last sample even if it asks for nothing. */
static guint
add_one (guint min)
{
  return MAX (min, 1) + (min < G_MAXUINT);
}

/* For copies of what comes in; without a core of its own output also what goes out. */
static GstBufferPool *
configure_uploads (GstXlnkAccel * self, GstXlnkAccelPoolConfig * config)
{
  return gst_xlnk_own_pool_configure (self->uploads, config, self->format.is_video ? &self->format.info : NULL);
}

/* What comes in is ours to choose, what goes out is as downstream wants it: the base class needs no pool. */
static void
configure_core_pools (GstXlnkAccel * self, GstXlnkAccelPoolConfig * config, guint size)
{
  GstXlnkAccelPoolConfig uploads = *config;
  guint depth = gst_xlnk_accel_core_depth (self);
  GstBufferPool *pool;

  gst_allocation_params_init (&uploads.params);
  adapt_params (&uploads.params, config->cacheable);
  uploads.caps = self->core.in_caps;
  uploads.size = 0;
  uploads.min_buffers = depth + 1;
  pool = configure_uploads (self, &uploads);
  if (pool)
    gst_object_unref (pool);

  config->size = self->core.out_is_video ? size : 0;
  config->min_buffers = add_depth (config->min_buffers, depth);
  /* A sink keeps its last one until it gets the next. */
  if (config->max_buffers == 1)
    config->max_buffers = 2;
  pool = gst_xlnk_own_pool_configure (self->outputs, config, self->core.out_is_video ? &self->core.out : NULL);
  if (pool)
    gst_object_unref (pool);
}

void
gst_xlnk_accel_take_allocation (GstXlnkAccel * self, GstQuery * query)
{
  GstXlnkAccelSettings settings = gst_xlnk_accel_get_settings (self);
  GstXlnkAccelPoolConfig config = { .caps = NULL };
  GstBufferPool *pool = NULL;
  guint size, min, max;
  GstCaps *in_caps;

  gst_query_parse_allocation (query, &config.caps, NULL);
  /* A core gets what comes in, by whatever name it goes out. */
  in_caps = self->jobs ? self->core.in_caps : config.caps;
  note_format (self, in_caps, query);
  get_peer_pool (query, &size, &min, &max);
  get_peer_param (query, &config.params);
  remove_offers (query);
  if (self->format.foreign_memory) {
    gst_xlnk_own_pool_release (self->uploads);
    return;
  }

  adapt_params (&config.params, settings.cacheable);
  config.min_buffers = add_one (min);
  config.max_buffers = settings.max_buffers;
  config.cacheable = settings.cacheable;
  if (gst_xlnk_accel_core_makes_buffers (self)) {
    configure_core_pools (self, &config, size);
  } else {
    config.caps = in_caps;
    config.size = self->format.is_video ? size : 0;
    pool = configure_uploads (self, &config);
  }

  gst_query_add_allocation_param (query, GST_ALLOCATOR (self->allocator),
      &config.params);
  /* The base class would give it the caps of what goes out. */
  if (pool && !self->jobs)
    gst_query_add_allocation_pool (query, pool, config.size,
        config.min_buffers, config.max_buffers);
  g_clear_object (&pool);
}
