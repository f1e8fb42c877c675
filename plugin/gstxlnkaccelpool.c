/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * gstxlnkaccelpool.c: how the pools of xlnkaccel are configured, those that it lends and those that it fills itself.
 */
#include "gstxlnkaccelpool.h"

gboolean
gst_xlnk_accel_parse_video (GstCaps * caps, GstVideoInfo * info)
{
  /* Caps from strangers: what is not fixed would be a critical in gst_video_info_from_caps(). */
  return caps != NULL && gst_caps_is_fixed (caps)
      && gst_structure_has_name (gst_caps_get_structure (caps, 0),
      "video/x-raw")
      && gst_video_info_from_caps (info, caps)
      && GST_VIDEO_INFO_WIDTH (info) > 0 && GST_VIDEO_INFO_HEIGHT (info) > 0 && GST_VIDEO_INFO_SIZE (info) > 0
      && GST_VIDEO_INFO_FORMAT (info) != GST_VIDEO_FORMAT_ENCODED;
}

gboolean
gst_xlnk_accel_are_foreign_features (const GstCapsFeatures * features)
{
  guint i;

  for (i = 0; features && i < gst_caps_features_get_size (features); i++) {
    const gchar *feature = gst_caps_features_get_nth (features, i);

    if (g_str_has_prefix (feature, "memory:")
        && g_strcmp0 (feature, GST_CAPS_FEATURE_MEMORY_SYSTEM_MEMORY) != 0)
      return TRUE;
  }
  return FALSE;
}

gboolean
gst_xlnk_accel_has_foreign_memory (GstCaps * caps)
{
  if (!caps || gst_caps_is_any (caps) || gst_caps_is_empty (caps))
    return FALSE;
  return gst_xlnk_accel_are_foreign_features (gst_caps_get_features (caps, 0));
}

GstBufferPool *
gst_xlnk_accel_pool_new (GstXlnkAllocator * allocator, GstXlnkAccelPoolConfig * config)
{
  GstBufferPool *pool;
  GstStructure *s;
  guint size;

  if (config->size > G_MAXUINT32)       /* neither the query nor the driver can say it */
    return NULL;
  if (config->max_buffers != 0)
    config->min_buffers = MIN (config->min_buffers, config->max_buffers);

  pool = gst_xlnk_buffer_pool_new (allocator);
  s = gst_buffer_pool_get_config (pool);
  gst_buffer_pool_config_set_params (s, config->caps, config->size,
      config->min_buffers, config->max_buffers);
  gst_buffer_pool_config_set_allocator (s, GST_ALLOCATOR (allocator),
      &config->params);
  gst_buffer_pool_config_set_xlnk_cacheable (s, config->cacheable);
  if (config->is_video)
    gst_buffer_pool_config_add_option (s, GST_BUFFER_POOL_OPTION_VIDEO_META);

  if (!gst_buffer_pool_set_config (pool, s)) {
    gst_object_unref (pool);
    return NULL;
  }

  s = gst_buffer_pool_get_config (pool);
  gst_buffer_pool_config_get_params (s, NULL, &size, NULL, NULL);
  gst_structure_free (s);
  config->size = size;
  return pool;
}

GError *
gst_xlnk_accel_pool_make_error (GstXlnkAllocator * allocator, gsize size)
{
  const GError *reason = gst_xlnk_peek_last_error ();
  GstXlnkStats stats;

  if (reason && !g_error_matches (reason, GST_XLNK_ERROR, GST_XLNK_ERROR_EXHAUSTED))
    return g_error_new (reason->domain, reason->code, "no contiguous buffer of %" G_GSIZE_FORMAT " bytes: %s", size,
        reason->message);
  gst_xlnk_allocator_get_stats (allocator, &stats);
  return g_error_new (GST_XLNK_ERROR, GST_XLNK_ERROR_EXHAUSTED, "no contiguous buffer of %" G_GSIZE_FORMAT " bytes from %s: %" G_GUINT64_FORMAT " of %"
      G_GUINT64_FORMAT " bytes are free, perhaps in pieces, and this process holds %" G_GUINT64_FORMAT " buffers. Lower "
      "max-buffers or the frame size, or raise the kernel's cma= size.", size,
      gst_xlnk_allocator_get_device (allocator), stats.cma_available, stats.cma_total, stats.buffer_count);
}
