/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * gstxlnkaccelbuffer.c: which buffers xlnkaccel lets through, which it copies, and which it refuses.
 */
#include "gstxlnkaccelbuffer.h"
#include "gstxlnkaccelcore.h"
#include "gstxlnkaccelstats.h"
#include "gstxlnkcopy.h"
#include "gstxlnkuploader.h"

GST_DEBUG_CATEGORY_STATIC (GST_CAT_PERFORMANCE);

void
gst_xlnk_accel_init_buffer_log (void)
{
  GST_DEBUG_CATEGORY_GET (GST_CAT_PERFORMANCE, "GST_PERFORMANCE");
}

static gboolean
has_default_layout (GstVideoMeta * meta, const GstVideoInfo * info)
{
  guint i;

  for (i = 0; i < meta->n_planes; i++) {
    if (meta->stride[i] != GST_VIDEO_INFO_PLANE_STRIDE (info, i)
        || meta->offset[i] != GST_VIDEO_INFO_PLANE_OFFSET (info, i))
      return FALSE;
  }
  return TRUE;
}

static gboolean
is_repacked_by_copy (GstXlnkAccel * self, GstBuffer * buffer)
{
  GstVideoMeta *meta;

  if (!self->format.is_video)
    return FALSE;
  meta = gst_buffer_get_video_meta (buffer);
  return meta && (!has_default_layout (meta, &self->format.info) || gst_xlnk_is_cropped (buffer, &self->format.info));
}

/* A core is told the size in the caps, and starts at the first pixel. */
static gboolean
needs_cropping (GstXlnkAccel * self, GstBuffer * buffer)
{
  return self->jobs && self->format.is_video && gst_xlnk_is_cropped (buffer, &self->format.info);
}

static gboolean
core_writes_in_place (GstXlnkAccel * self)
{
  GstXlnkAcceleratorMode mode;

  if (!self->jobs)
    return FALSE;
  mode = gst_xlnk_jobs_get_mode (self->jobs);
  return mode == GST_XLNK_ACCELERATOR_IN_PLACE || mode == GST_XLNK_ACCELERATOR_WRITE;
}

/* What comes in must lie where a core looks for it that is told no strides. */
static gboolean
needs_default_layout (GstXlnkAccel * self, GstBuffer * buffer)
{
  GstVideoMeta *meta;

  if (!self->jobs || !self->format.is_video || !gst_xlnk_jobs_need_default_layout (self->jobs, &self->format.info))
    return FALSE;
  meta = gst_buffer_get_video_meta (buffer);
  return meta && !has_default_layout (meta, &self->format.info);
}

/* What goes downstream must have its rows where downstream looks for them. */
static gboolean
needs_repacking (GstXlnkAccel * self, GstBuffer * buffer)
{
  return !self->format.downstream_video_meta && !gst_xlnk_accel_core_makes_buffers (self)
      && is_repacked_by_copy (self, buffer);
}

/* Why @buffer cannot go on as it is, or NULL if it can. */
static const gchar *
get_reason_for_copy (GstXlnkAccel * self, GstBuffer * buffer)
{
  GstMemory *mem;

  if (!self->jobs && (self->format.foreign_memory || gst_buffer_get_size (buffer) == 0))
    return NULL;
  if (gst_buffer_n_memory (buffer) != 1)
    return "it has several memories";

  mem = gst_buffer_peek_memory (buffer, 0);
  if (!gst_is_xlnk_memory (mem))
    return "its memory is not contiguous";
  if (mem->allocator != GST_ALLOCATOR (self->allocator))
    return "its memory is of another device";
  if (core_writes_in_place (self) && !(gst_buffer_is_writable (buffer) && gst_memory_is_writable (mem)))
    return "somebody else holds it too, and the core writes in place";
  if (needs_cropping (self, buffer))
    return "it is cropped by GstVideoCropMeta, which the core does not know";
  if (needs_default_layout (self, buffer))
    return "its rows or planes are not where its format has them by default, and the core is not told where they are";
  if (needs_repacking (self, buffer))
    return "its rows are padded and downstream does not know GstVideoMeta";
  return NULL;
}

static gchar *
get_upstream_name (GstXlnkAccel * self)
{
  GstPad *peer = gst_pad_get_peer (GST_BASE_TRANSFORM_SINK_PAD (self));
  GstObject *parent = peer ? gst_pad_get_parent (peer) : NULL;
  gchar *name;

  if (parent && GST_IS_PAD (parent))    /* behind a ghost pad */
    name = gst_object_get_path_string (parent);
  else
    name = parent ? gst_object_get_name (parent) : g_strdup ("upstream");
  if (parent)
    gst_object_unref (parent);
  if (peer)
    gst_object_unref (peer);
  return name;
}

/* With nothing in it there is nothing to do for a core, and nothing to copy. */
static GstFlowReturn
refuse_empty (GstXlnkAccel * self, GstBuffer * buffer)
{
  gchar *upstream = get_upstream_name (self);

  GST_ELEMENT_ERROR (self, STREAM, FAILED, ("A buffer from %s is empty, and the accelerator is to work on it.", upstream),
      ("%" GST_PTR_FORMAT, buffer));
  g_free (upstream);
  return GST_FLOW_ERROR;
}

static const gchar *
get_memory_name (GstBuffer * buffer)
{
  const gchar *name = NULL;
  GstMemory *mem = gst_buffer_peek_memory (buffer, 0);

  if (mem->allocator)
    name = mem->allocator->mem_type;
  return name ? name : "unnamed";
}

static GstFlowReturn
refuse_copy (GstXlnkAccel * self, GstBuffer * buffer, const gchar * reason)
{
  gchar *upstream = get_upstream_name (self);

  GST_ELEMENT_ERROR (self, STREAM, FAILED,
      ("A buffer from %s would have to be copied: %s (%u of type %s), and "
          "require-zero-copy is set. Let that element write into the pool that "
          "xlnkaccel lends: put nothing between that keeps pools to itself, "
          "such as tee; or set require-zero-copy=false.", upstream, reason,
          gst_buffer_n_memory (buffer), get_memory_name (buffer)),
      ("%" GST_PTR_FORMAT, buffer));
  g_free (upstream);
  return GST_FLOW_ERROR;
}

/* Once for each format where the reader may learn of it, for each buffer where he asked to see them. */
static void
log_copy (GstXlnkAccel * self, GstBuffer * buffer, const gchar * reason)
{
  GST_CAT_LOG_OBJECT (GST_CAT_PERFORMANCE, self, "copied %" GST_PTR_FORMAT
      ": %s", buffer, reason);
  if (self->said_why)
    return;
  self->said_why = TRUE;
  GST_CAT_INFO_OBJECT (GST_CAT_PERFORMANCE, self, "copying buffers: %s", reason);
}

void
gst_xlnk_accel_post_no_buffer (GstXlnkAccel * self, GError * error)
{
  if (g_error_matches (error, GST_XLNK_ERROR, GST_XLNK_ERROR_EXHAUSTED)
      || g_error_matches (error, GST_XLNK_ERROR, GST_XLNK_ERROR_TOO_LARGE))
    GST_ELEMENT_ERROR (self, RESOURCE, NO_SPACE_LEFT, ("%s", error->message), (NULL));
  else if (g_error_matches (error, GST_XLNK_ERROR, GST_XLNK_ERROR_SIZE))
    GST_ELEMENT_ERROR (self, STREAM, FORMAT, ("%s", error->message), (NULL));
  else
    GST_ELEMENT_ERROR (self, RESOURCE, FAILED, ("%s", error->message), (NULL));
  g_error_free (error);
}

static GstFlowReturn
copy_buffer (GstXlnkAccel * self, GstBuffer * inbuf, GstBuffer ** outbuf)
{
  GError *error = NULL;
  GstFlowReturn ret = gst_xlnk_upload (self->uploads, inbuf,
      is_repacked_by_copy (self, inbuf) ? &self->format.info : NULL, outbuf, &error);

  if (ret == GST_FLOW_ERROR)
    gst_xlnk_accel_post_no_buffer (self, error);
  return ret;
}

/* *@result is @inbuf itself, without a reference of its own, or a copy. */
static GstFlowReturn
copy_if_needed (GstXlnkAccel * self, GstBuffer * inbuf, GstBuffer ** result)
{
  const gchar *reason = get_reason_for_copy (self, inbuf);
  GstFlowReturn ret;

  if (reason == NULL) {
    *result = inbuf;
    gst_xlnk_accel_stats_count_frame (self, 0);
    return GST_FLOW_OK;
  }

  if (gst_xlnk_accel_get_settings (self).require_zero_copy)
    return refuse_copy (self, inbuf, reason);
  ret = copy_buffer (self, inbuf, result);
  if (ret != GST_FLOW_OK)
    return ret;
  log_copy (self, inbuf, reason);
  gst_xlnk_accel_stats_count_frame (self, gst_buffer_get_size (*result));
  return GST_FLOW_OK;
}

GstFlowReturn
gst_xlnk_accel_prepare_output_buffer (GstBaseTransform * trans, GstBuffer * inbuf, GstBuffer ** outbuf)
{
  return copy_if_needed (GST_XLNK_ACCEL (trans), inbuf, outbuf);
}

GstFlowReturn
gst_xlnk_accel_make_contiguous (GstXlnkAccel * self, GstBuffer * buffer, GstBuffer ** contiguous)
{
  GstFlowReturn ret;

  *contiguous = NULL;
  if (gst_buffer_get_size (buffer) == 0)
    ret = refuse_empty (self, buffer);
  else
    ret = copy_if_needed (self, buffer, contiguous);
  if (ret != GST_FLOW_OK || *contiguous != buffer)
    gst_buffer_unref (buffer);
  /* A gap says that nothing is in it. */
  if (ret == GST_FLOW_OK && core_writes_in_place (self))
    GST_BUFFER_FLAG_UNSET (*contiguous, GST_BUFFER_FLAG_GAP);
  return ret;
}
