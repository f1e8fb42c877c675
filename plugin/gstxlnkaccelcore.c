/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gstxlnkaccelcore.h"

#include "gstxlnkaccelallocation.h"
#include "gstxlnkaccelbuffer.h"
#include "gstxlnkaccelcaps.h"
#include "gstxlnkaccellatency.h"
#include "gstxlnkaccelstats.h"
#include "gstxlnkjobs.h"
#include "gstxlnkquarantine.h"

GST_DEBUG_CATEGORY_EXTERN (gst_xlnk_accel_debug);
#define GST_CAT_DEFAULT gst_xlnk_accel_debug

/*** opening ***/

/* @description is of passthrough: no accelerator. */
static gboolean
is_passthrough (const gchar * description)
{
  gsize length = strlen (GST_XLNK_ACCEL_PASSTHROUGH);

  return !description || *description == '\0'
      || (g_str_has_prefix (description, GST_XLNK_ACCEL_PASSTHROUGH)
      && (description[length] == '\0' || description[length] == ';'));
}

static void
post_open_error (GstXlnkAccel * self, const GError * error)
{
  if (g_error_matches (error, GST_XLNK_ERROR, GST_XLNK_ERROR_DESCRIPTION))
    GST_ELEMENT_ERROR (self, RESOURCE, SETTINGS, ("%s; '%s', without fields, is none", error->message,
            GST_XLNK_ACCEL_PASSTHROUGH), (NULL));
  else if (g_error_matches (error, GST_XLNK_ERROR, GST_XLNK_ERROR_NO_DEVICE))
    GST_ELEMENT_ERROR (self, RESOURCE, NOT_FOUND, ("%s", error->message), (NULL));
  else if (g_error_matches (error, GST_XLNK_ERROR, GST_XLNK_ERROR_BUSY))
    GST_ELEMENT_ERROR (self, RESOURCE, BUSY, ("%s", error->message), (NULL));
  else
    GST_ELEMENT_ERROR (self, RESOURCE, OPEN_READ_WRITE, ("%s", error->message), (NULL));
}

static GstXlnkAccelerator *
open_accelerator (const gchar * description, GError ** error)
{
  GstXlnkAccelerator *accelerator = gst_xlnk_accelerator_make (description, error);

  if (!accelerator)
    return NULL;
  /* The core may be one that an earlier element had to leave running. */
  gst_xlnk_quarantine_sweep ();
  if (!gst_xlnk_accelerator_open (accelerator, error)) {
    gst_object_unref (accelerator);
    return NULL;
  }
  return accelerator;
}

/* A process that died while this core worked for it may have left buffers. What the core still runs is a job's matter: it
 * does not start then. */
static void
reclaim (GstXlnkAccel * self, GstXlnkAccelerator * accelerator)
{
  GError *error = NULL;

  if (gst_xlnk_accelerator_reclaim (accelerator, self->allocator, &error))
    return;
  GST_WARNING_OBJECT (self, "buffers that a dead process left to this core stay: %s", error->message);
  g_error_free (error);
}

gboolean
gst_xlnk_accel_core_open (GstXlnkAccel * self)
{
  g_autofree gchar *description = gst_xlnk_accel_get_accelerator (self);
  g_autoptr (GError) error = NULL;
  GstXlnkAccelerator *accelerator = NULL;

  if (!is_passthrough (description)) {
    accelerator = open_accelerator (description, &error);
    if (!accelerator) {
      post_open_error (self, error);
      return FALSE;
    }
  }
  if (!gst_xlnk_accel_check_output_caps (self, accelerator)) {
    if (accelerator)
      gst_xlnk_quarantine_close (accelerator);
    return FALSE;
  }
  if (accelerator)
    reclaim (self, accelerator);
  GST_OBJECT_LOCK (self);
  self->jobs = accelerator ? gst_xlnk_jobs_new (accelerator, self->settings.timeout) : NULL;
  self->core.latency = 0;
  GST_OBJECT_UNLOCK (self);
  return TRUE;
}

gboolean
gst_xlnk_accel_core_reopen (GstXlnkAccel * self)
{
  gst_xlnk_accel_core_close (self);
  return gst_xlnk_accel_core_open (self);
}

static void
forget_caps (GstXlnkAccel * self)
{
  gst_caps_replace (&self->core.known_in, NULL);
  gst_caps_replace (&self->core.known_out, NULL);
}

void
gst_xlnk_accel_core_close (GstXlnkAccel * self)
{
  GstXlnkJobs *jobs;

  GST_OBJECT_LOCK (self);
  jobs = g_steal_pointer (&self->jobs);
  GST_OBJECT_UNLOCK (self);
  forget_caps (self);
  if (jobs)
    gst_xlnk_jobs_free (jobs);
}

gboolean
gst_xlnk_accel_core_makes_buffers (GstXlnkAccel * self)
{
  return self->jobs && gst_xlnk_jobs_get_mode (self->jobs) == GST_XLNK_ACCELERATOR_TRANSFORM;
}

/*** caps ***/

static gboolean
upstream_is_live (GstXlnkAccel * self)
{
  GstQuery *query = gst_query_new_latency ();
  gboolean live = FALSE;

  if (gst_pad_peer_query (GST_BASE_TRANSFORM_SINK_PAD (self), query))
    gst_query_parse_latency (query, &live, NULL, NULL);
  gst_query_unref (query);
  return live;
}

/* Frames in flight are latency that can only be told if the frame rate is known. */
static guint
choose_depth_freely (GstXlnkAccel * self, guint wanted)
{
  gboolean rate_known = self->core.in_is_video && GST_VIDEO_INFO_FPS_N (&self->core.in) > 0;

  if (wanted > 0)
    return wanted;
  return rate_known && !upstream_is_live (self) ? 2 : 1;
}

/* No more than upstream can fill from a pool that is limited: one buffer is being filled while the others are in flight,
 * and if they are what goes downstream, a sink keeps the last. */
static guint
choose_depth (GstXlnkAccel * self)
{
  const GstXlnkAccelSettings settings = gst_xlnk_accel_get_settings (self);
  guint depth = choose_depth_freely (self, settings.queue_depth);
  guint kept = gst_xlnk_accel_core_makes_buffers (self) ? 0 : 1;

  if (settings.max_buffers == 0 || depth + kept <= settings.max_buffers)
    return depth;
  GST_INFO_OBJECT (self, "max-buffers=%u does not allow %u frames in flight", settings.max_buffers, depth);
  return MAX (settings.max_buffers, kept + 1) - kept;
}

static gboolean
caps_are (GstCaps * known, GstCaps * caps)
{
  return known == caps || (known && caps && gst_caps_is_equal (known, caps));
}

/* What comes out is our memory, and would be announced as somebody else's. */
static gboolean
refuse_foreign_memory (GstXlnkAccel * self, GstCaps * caps)
{
  if (!caps || !gst_xlnk_accel_has_foreign_memory (caps))
    return FALSE;
  GST_ELEMENT_ERROR (self, STREAM, FORMAT, ("An accelerator needs caps of system memory, which contiguous memory is too."),
      ("%" GST_PTR_FORMAT, caps));
  return TRUE;
}

static gboolean
tell_core (GstXlnkAccel * self, GstCaps * in_caps, GstCaps * out_caps)
{
  GError *error = NULL;

  forget_caps (self);
  if (refuse_foreign_memory (self, in_caps) || refuse_foreign_memory (self, out_caps)
      || gst_xlnk_accel_refuse_open_video (self, in_caps, out_caps))
    return FALSE;
  if (!gst_xlnk_jobs_configure (self->jobs, in_caps, out_caps, &error)) {
    GST_ELEMENT_ERROR (self, STREAM, FORMAT, ("%s", error->message),
        ("%" GST_PTR_FORMAT " to %" GST_PTR_FORMAT, in_caps, out_caps));
    g_error_free (error);
    return FALSE;
  }
  gst_caps_replace (&self->core.known_in, in_caps);
  gst_caps_replace (&self->core.known_out, out_caps);
  return TRUE;
}

void
gst_xlnk_accel_core_forget_stream (GstXlnkAccel * self)
{
  GST_OBJECT_LOCK (self);
  self->core.is_configured = FALSE;
  self->core.in_is_video = self->core.out_is_video = FALSE;
  self->core.depth = 0;
  GST_OBJECT_UNLOCK (self);
  self->core.answer = GST_FLOW_OK;
  self->core.is_behind_gap = FALSE;
}

static void
note_in_caps (GstXlnkAccel * self)
{
  gst_caps_replace (&self->core.in_caps, NULL);
  if (self->core.new_caps)
    self->core.in_caps = gst_caps_ref (self->core.new_caps);
  else
    self->core.in_caps = gst_pad_get_current_caps (GST_BASE_TRANSFORM_SINK_PAD (self));
}

/* Drained before, unless it is flushing, or somebody has asked for new caps after we looked and before the base class did:
 * downstream has the new ones by now. */
static void
drop_frames_of_old_caps (GstXlnkAccel * self)
{
  guint n = gst_xlnk_jobs_length (self->jobs);

  if (n > 0)
    GST_WARNING_OBJECT (self, "dropping %u frames in flight, which have the caps before these", n);
  gst_xlnk_jobs_abandon (self->jobs);
}

gboolean
gst_xlnk_accel_core_configure (GstXlnkAccel * self, GstCaps * out_caps)
{
  GstXlnkAccelCore *core = &self->core;
  GstClockTime latency;
  GstCaps *in_caps;
  guint depth;

  note_in_caps (self);
  in_caps = core->in_caps;
  /* A new allocation alone is nothing to a core at work. */
  if (!self->jobs || (core->known_out && caps_are (core->known_in, in_caps) && caps_are (core->known_out, out_caps)))
    return TRUE;
  drop_frames_of_old_caps (self);
  if (!tell_core (self, in_caps, out_caps))
    return FALSE;
  latency = gst_xlnk_accel_get_latency (self);
  GST_OBJECT_LOCK (self);
  core->in_is_video = gst_xlnk_accel_parse_video (in_caps, &core->in);
  core->out_is_video = gst_xlnk_accel_parse_video (out_caps, &core->out);
  GST_OBJECT_UNLOCK (self);
  depth = choose_depth (self);
  GST_OBJECT_LOCK (self);
  core->depth = depth;
  GST_OBJECT_UNLOCK (self);
  GST_DEBUG_OBJECT (self, "up to %u frames in flight", depth);
  if (gst_xlnk_accel_get_latency (self) != latency)
    gst_xlnk_accel_announce_latency (self);
  return TRUE;
}

/* @out_caps nullable. */
static gboolean
negotiate_bytes (GstXlnkAccel * self, GstCaps * out_caps)
{
  GstQuery *query;

  if (!gst_xlnk_accel_core_configure (self, out_caps))
    return FALSE;
  query = gst_query_new_allocation (out_caps, out_caps != NULL);
  if (out_caps && !gst_pad_peer_query (GST_BASE_TRANSFORM_SRC_PAD (self), query))
    GST_DEBUG_OBJECT (self, "downstream asks for no memory of its own");
  gst_xlnk_accel_take_allocation (self, query);
  gst_query_unref (query);
  return TRUE;
}

/* Without caps the base class negotiates nothing: the core and the pools learn here that what comes is bytes. What comes out
 * is what output-caps says. */
gboolean
gst_xlnk_accel_core_configure_without_caps (GstXlnkAccel * self)
{
  GstCaps *out_caps;

  if (self->core.is_configured || gst_pad_has_current_caps (GST_BASE_TRANSFORM_SINK_PAD (self)))
    return TRUE;
  if (!gst_xlnk_accel_announce_output_caps (self))
    return FALSE;
  out_caps = gst_pad_get_current_caps (GST_BASE_TRANSFORM_SRC_PAD (self));
  self->core.is_configured = negotiate_bytes (self, out_caps);
  gst_caps_replace (&out_caps, NULL);
  return self->core.is_configured;
}

guint
gst_xlnk_accel_core_depth (GstXlnkAccel * self)
{
  return self->jobs ? MAX (self->core.depth, 1) : 0;
}

/*** frames ***/

static GstFlowReturn
post_job_error (GstXlnkAccel * self, GError * error)
{
  if (g_error_matches (error, GST_XLNK_ERROR, GST_XLNK_ERROR_TIMEOUT))
    GST_ELEMENT_ERROR (self, RESOURCE, BUSY, ("%s", error->message), (NULL));
  else
    GST_ELEMENT_ERROR (self, RESOURCE, FAILED, ("%s", error->message), (NULL));
  g_error_free (error);
  return GST_FLOW_ERROR;
}

static gboolean
keeps_tag (const GstXlnkAccelCore * core, const gchar * tag)
{
  if (strcmp (tag, GST_META_TAG_VIDEO_SIZE_STR) == 0)
    return GST_VIDEO_INFO_WIDTH (&core->in) == GST_VIDEO_INFO_WIDTH (&core->out)
        && GST_VIDEO_INFO_HEIGHT (&core->in) == GST_VIDEO_INFO_HEIGHT (&core->out);
  return strcmp (tag, GST_META_TAG_VIDEO_STR) == 0 || strcmp (tag, GST_META_TAG_VIDEO_ORIENTATION_STR) == 0;
}

/* What hangs on nothing that the core changes. It may change memory and colours; of bytes nobody knows. */
gboolean
gst_xlnk_accel_core_transform_meta (GstBaseTransform * trans, GstBuffer * out, GstMeta * meta, GstBuffer * in)
{
  const GstXlnkAccelCore *core = &GST_XLNK_ACCEL (trans)->core;
  const gchar *const *tag = gst_meta_api_type_get_tags (meta->info->api);

  (void) out;
  (void) in;
  if (!tag || !*tag)
    return TRUE;
  if (!core->in_is_video || !core->out_is_video)
    return FALSE;
  while (*tag && keeps_tag (core, *tag))
    tag++;
  return *tag == NULL;
}

/* Where a core of mode TRANSFORM writes: with the timestamps and flags of what it reads, and the metas that hold for what
 * it writes too. Bytes stay as many as they are. */
static GstFlowReturn
get_output (GstXlnkAccel * self, GstBuffer * in, GstBuffer ** out)
{
  gsize in_size = gst_buffer_get_size (in);
  gsize size = self->core.out_is_video ? GST_VIDEO_INFO_SIZE (&self->core.out) : in_size;
  GError *error = NULL;
  GstFlowReturn ret;

  *out = NULL;
  if (!gst_xlnk_accel_core_makes_buffers (self))
    return GST_FLOW_OK;
  ret = gst_xlnk_own_pool_acquire (self->outputs, size, out, &error);
  if (ret == GST_FLOW_ERROR)
    gst_xlnk_accel_post_no_buffer (self, error);
  if (ret != GST_FLOW_OK)
    return ret;
  if (!self->core.out_is_video)
    gst_buffer_set_size (*out, size);
  GST_BASE_TRANSFORM_GET_CLASS (self)->copy_metadata (GST_BASE_TRANSFORM (self), in, *out);
  return GST_FLOW_OK;
}

/* *@out is where the core writes what it makes of @contiguous, or NULL. To get buffers back may have taken a drain: if
 * downstream did not want what came, it does not want this frame. */
static GstFlowReturn
prepare_output (GstXlnkAccel * self, GstBuffer * contiguous, GstBuffer ** out)
{
  GstFlowReturn ret = get_output (self, contiguous, out);

  if (ret == GST_FLOW_OK)
    ret = gst_xlnk_accel_core_take_answer (self);
  if (ret != GST_FLOW_OK)
    gst_buffer_replace (out, NULL);
  return ret;
}

/* Takes the reference. */
static GstFlowReturn
push_frame (GstXlnkAccel * self, GstBuffer * in)
{
  GstXlnkJobFormat format = { NULL, NULL };
  GstBuffer *contiguous, *out;
  GError *error = NULL;
  GstFlowReturn ret;

  /* The reference goes on to the contiguous one. */
  ret = gst_xlnk_accel_make_contiguous (self, in, &contiguous);
  if (ret != GST_FLOW_OK)
    return ret;
  ret = prepare_output (self, contiguous, &out);
  if (ret != GST_FLOW_OK) {
    gst_buffer_unref (contiguous);
    return ret;
  }
  format.in = self->core.in_is_video ? &self->core.in : NULL;
  format.out = self->core.out_is_video ? &self->core.out : NULL;
  if (!gst_xlnk_jobs_push (self->jobs, contiguous, out, &format, &error))
    return post_job_error (self, error);
  return GST_FLOW_OK;
}

static GstFlowReturn
pop_frame (GstXlnkAccel * self, gboolean wait, GstBuffer ** out)
{
  GError *error = NULL;
  GstFlowReturn ret = gst_xlnk_jobs_pop (self->jobs, wait, out, &error);

  if (ret == GST_FLOW_ERROR)
    return post_job_error (self, error);
  if (*out)
    gst_xlnk_accel_note_core_time (self);
  return ret;
}

GstFlowReturn
gst_xlnk_accel_core_generate (GstBaseTransform * trans, GstBuffer ** out)
{
  GstXlnkAccel *self = GST_XLNK_ACCEL (trans);
  GstBuffer *in = g_steal_pointer (&trans->queued_buf);
  gboolean full;

  *out = NULL;
  if (in) {
    GstFlowReturn ret = push_frame (self, in);

    if (ret != GST_FLOW_OK)
      return ret;
  }
  full = in && gst_xlnk_jobs_length (self->jobs) >= gst_xlnk_accel_core_depth (self);
  return pop_frame (self, full, out);
}

static GstFlowReturn
push_all (GstXlnkAccel * self)
{
  GstFlowReturn ret = GST_FLOW_OK;

  while (ret == GST_FLOW_OK && self->jobs && gst_xlnk_jobs_length (self->jobs) > 0) {
    GstBuffer *out;

    ret = pop_frame (self, TRUE, &out);
    if (ret == GST_FLOW_OK && out)
      ret = gst_pad_push (GST_BASE_TRANSFORM_SRC_PAD (self), out);
  }
  return ret;
}

void
gst_xlnk_accel_core_drain (GstXlnkAccel * self)
{
  GstFlowReturn ret = push_all (self);

  if (self->core.answer == GST_FLOW_OK)
    self->core.answer = ret;
  /* What nobody took must not come after what it is drained before. A flush drops it later, without waiting here. */
  if (ret != GST_FLOW_OK && ret != GST_FLOW_FLUSHING)
    gst_xlnk_jobs_abandon (self->jobs);
}

GstFlowReturn
gst_xlnk_accel_core_take_answer (GstXlnkAccel * self)
{
  GstFlowReturn answer = self->core.answer;

  self->core.answer = GST_FLOW_OK;
  return answer;
}

/* The base class marks the next buffer that it pushes, which was before the gap if others were in flight. */
void
gst_xlnk_accel_core_mark_gap (GstXlnkAccel * self, GstFlowReturn ret)
{
  GstBaseTransform *trans = GST_BASE_TRANSFORM (self);

  if (ret == GST_BASE_TRANSFORM_FLOW_DROPPED) {
    self->core.is_behind_gap = TRUE;
  } else if (self->core.is_behind_gap && trans->queued_buf) {
    trans->queued_buf = gst_buffer_make_writable (trans->queued_buf);
    GST_BUFFER_FLAG_SET (trans->queued_buf, GST_BUFFER_FLAG_DISCONT);
    self->core.is_behind_gap = FALSE;
  }
}

void
gst_xlnk_accel_core_free_buffers (gpointer self)
{
  gst_xlnk_accel_core_drain (self);
}

void
gst_xlnk_accel_core_abandon (GstXlnkAccel * self)
{
  if (self->jobs)
    gst_xlnk_jobs_abandon (self->jobs);
  self->core.answer = GST_FLOW_OK;
}

void
gst_xlnk_accel_core_set_flushing (GstXlnkAccel * self, gboolean flushing)
{
  GST_OBJECT_LOCK (self);
  if (self->jobs)
    gst_xlnk_jobs_set_flushing (self->jobs, flushing);
  GST_OBJECT_UNLOCK (self);
}

/*** what goes with a queue ***/

static gboolean
has_core (GstXlnkAccel * self)
{
  gboolean result;

  GST_OBJECT_LOCK (self);
  result = self->jobs != NULL;
  GST_OBJECT_UNLOCK (self);
  return result;
}

/* The base class gives one buffer for each that is asked for, which a queue has not. */
static gboolean
activate_src (GstPad * pad, GstObject * parent, GstPadMode mode, gboolean active)
{
  GstXlnkAccel *self = GST_XLNK_ACCEL (parent);

  if (mode == GST_PAD_MODE_PULL && active && has_core (self))
    return FALSE;
  return self->base_activate_src (pad, parent, mode, active);
}

void
gst_xlnk_accel_core_refuse_pull_mode (GstXlnkAccel * self)
{
  GstPad *pad = GST_BASE_TRANSFORM_SRC_PAD (self);

  self->base_activate_src = GST_PAD_ACTIVATEMODEFUNC (pad);
  gst_pad_set_activatemode_function (pad, activate_src);
}

gboolean
gst_xlnk_accel_core_answer_scheduling (GstXlnkAccel * self, GstQuery * query)
{
  if (!has_core (self))
    return FALSE;
  gst_query_set_scheduling (query, GST_SCHEDULING_FLAG_SEQUENTIAL, 1, -1, 0);
  gst_query_add_scheduling_mode (query, GST_PAD_MODE_PUSH);
  return TRUE;
}
