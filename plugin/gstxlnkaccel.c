/* SPDX-License-Identifier: LGPL-2.1-or-later */
/**
 * SECTION:element-xlnkaccel
 * @title: xlnkaccel
 * @short_description: feeds an accelerator in the programmable logic with physically contiguous buffers
 *
 * Makes sure that what flows downstream is physically contiguous memory of `/dev/xlnk`, as hardware cores in the
 * programmable logic of a Zynq need it. It lends a pool of such buffers to the element upstream, which then writes
 * straight into them: no copy. Buffers that come in other memory are copied once; each copy is counted (#GstXlnkAccel:stats)
 * and logged in the debug category `GST_PERFORMANCE`.
 *
 * Raw video is handled with its #GstVideoMeta, all other caps, and none at all, as plain bytes. Caps with other kinds of
 * memory than the system's, such as DMABuf, pass untouched. A buffer is contiguous if it has exactly one memory, which
 * is of the same device; its rows must be where the format puts them by default if downstream does not know
 * #GstVideoMeta.
 *
 * `tee` keeps pools to itself: put xlnkaccel before it, not behind.
 *
 * At the end of the stream an element message `xlnkaccel-stats` is posted, with the structure of #GstXlnkAccel:stats.
 *
 * ## Example launch lines
 * |[
 * gst-launch-1.0 videotestsrc num-buffers=300 ! video/x-raw,format=RGBA,width=1920,height=1080 ! xlnkaccel require-zero-copy=true ! fakesink
 * ]| Test pictures are painted into contiguous memory, and it is an error should any be copied.
 * |[
 * xlnk-emulate -- gst-launch-1.0 -m filesrc location=clip.ogv ! oggdemux ! theoradec ! xlnkaccel ! videoconvert ! autovideosink
 * ]| A decoded clip through contiguous memory on a computer without a Zynq; `-m` shows the statistics at the end.
 *
 * Since: 0.1
 */
#include "gstxlnkaccel.h"

#include "gstxlnkaccelallocation.h"
#include "gstxlnkaccelbuffer.h"
#include "gstxlnkaccelcaps.h"
#include "gstxlnkaccelcore.h"
#include "gstxlnkaccellatency.h"
#include "gstxlnkaccelproperties.h"
#include "gstxlnkaccelstats.h"

GST_DEBUG_CATEGORY (gst_xlnk_accel_debug);
#define GST_CAT_DEFAULT gst_xlnk_accel_debug

static GstStaticPadTemplate sink_template = GST_STATIC_PAD_TEMPLATE ("sink",
    GST_PAD_SINK, GST_PAD_ALWAYS, GST_STATIC_CAPS_ANY);

static GstStaticPadTemplate src_template = GST_STATIC_PAD_TEMPLATE ("src",
    GST_PAD_SRC, GST_PAD_ALWAYS, GST_STATIC_CAPS_ANY);

#define parent_class gst_xlnk_accel_parent_class
G_DEFINE_TYPE_WITH_CODE (GstXlnkAccel, gst_xlnk_accel, GST_TYPE_BASE_TRANSFORM,
    GST_DEBUG_CATEGORY_INIT (gst_xlnk_accel_debug, "xlnkaccel", 0,
        "xlnk accelerator element"));

/*** settings ***/

GstXlnkAccelSettings
gst_xlnk_accel_get_settings (GstXlnkAccel * self)
{
  GstXlnkAccelSettings settings;

  GST_OBJECT_LOCK (self);
  settings = self->settings;
  GST_OBJECT_UNLOCK (self);
  return settings;
}

gchar *
gst_xlnk_accel_get_accelerator (GstXlnkAccel * self)
{
  gchar *accelerator;

  GST_OBJECT_LOCK (self);
  accelerator = g_strdup (self->accelerator);
  GST_OBJECT_UNLOCK (self);
  return accelerator;
}

GstCaps *
gst_xlnk_accel_get_output_caps (GstXlnkAccel * self)
{
  GstCaps *caps;

  GST_OBJECT_LOCK (self);
  caps = self->is_started ? self->checked_output_caps : self->output_caps;
  if (caps)
    gst_caps_ref (caps);
  GST_OBJECT_UNLOCK (self);
  return caps;
}

static void
set_started (GstXlnkAccel * self, gboolean is_started)
{
  GST_OBJECT_LOCK (self);
  self->is_started = is_started;
  GST_OBJECT_UNLOCK (self);
}

/*** device and accelerator ***/

static GstXlnkAllocator *
get_allocator (GstXlnkAccel * self, GError ** error)
{
  GstXlnkAllocator *allocator;
  gchar *device;

  GST_OBJECT_LOCK (self);
  device = g_strdup (self->device);
  GST_OBJECT_UNLOCK (self);

  /* The default device also becomes known to the registry by name. */
  if (device == NULL && !gst_xlnk_allocator_init_once (error))
    return NULL;
  allocator = gst_xlnk_allocator_get (device, error);
  g_free (device);
  return allocator;
}

static gboolean
open_device (GstXlnkAccel * self)
{
  GError *error = NULL;
  GstXlnkAllocator *allocator = get_allocator (self, &error);

  if (allocator == NULL) {
    if (g_error_matches (error, GST_XLNK_ERROR, GST_XLNK_ERROR_NO_DEVICE))
      GST_ELEMENT_ERROR (self, RESOURCE, NOT_FOUND, ("%s", error->message),
          (NULL));
    else
      GST_ELEMENT_ERROR (self, RESOURCE, OPEN_READ_WRITE,
          ("%s", error->message), (NULL));
    g_error_free (error);
    return FALSE;
  }

  GST_OBJECT_LOCK (self);
  self->allocator = allocator;
  self->uploads = gst_xlnk_own_pool_new (allocator, gst_xlnk_accel_core_free_buffers, self);
  self->outputs = gst_xlnk_own_pool_new (allocator, gst_xlnk_accel_core_free_buffers, self);
  GST_OBJECT_UNLOCK (self);
  gst_xlnk_accel_stats_reset (self);
  return TRUE;
}

static void
close_device (GstXlnkAccel * self)
{
  GstXlnkAllocator *allocator;
  GstXlnkOwnPool *uploads, *outputs;

  GST_OBJECT_LOCK (self);
  allocator = g_steal_pointer (&self->allocator);
  uploads = g_steal_pointer (&self->uploads);
  outputs = g_steal_pointer (&self->outputs);
  GST_OBJECT_UNLOCK (self);

  gst_xlnk_accel_core_close (self);
  if (uploads)
    gst_xlnk_own_pool_free (uploads);
  if (outputs)
    gst_xlnk_own_pool_free (outputs);
  if (allocator)
    gst_object_unref (allocator);
}

/* Whoever waits in the streaming thread, for a buffer or for the core, goes home. Under the lock, because a flush may meet
 * the end of it all. */
static void
set_flushing (GstXlnkAccel * self, gboolean flushing)
{
  GST_OBJECT_LOCK (self);
  if (self->uploads) {
    gst_xlnk_own_pool_set_flushing (self->uploads, flushing);
    gst_xlnk_own_pool_set_flushing (self->outputs, flushing);
  }
  GST_OBJECT_UNLOCK (self);
  gst_xlnk_accel_core_set_flushing (self, flushing);
}

/* The core is opened last: it is the one thing that other processes may be waiting for. */
static gboolean
open_all (GstXlnkAccel * self)
{
  if (!open_device (self))
    return FALSE;
  if (gst_xlnk_accel_core_open (self))
    return TRUE;
  close_device (self);
  return FALSE;
}

static gboolean
prepare_upward (GstXlnkAccel * self, GstStateChange transition)
{
  switch (transition) {
    case GST_STATE_CHANGE_NULL_TO_READY:
      return open_all (self);
    case GST_STATE_CHANGE_READY_TO_PAUSED:
      /* The description may have been changed in READY. */
      return gst_xlnk_accel_core_reopen (self);
    case GST_STATE_CHANGE_PAUSED_TO_READY:
      /* Chaining up waits for the streaming thread, which may be waiting for a buffer or the core. */
      set_flushing (self, TRUE);
      return TRUE;
    default:
      return TRUE;
  }
}

static GstStateChangeReturn
gst_xlnk_accel_change_state (GstElement * element, GstStateChange transition)
{
  GstXlnkAccel *self = GST_XLNK_ACCEL (element);
  GstStateChangeReturn ret;

  if (!prepare_upward (self, transition))
    return GST_STATE_CHANGE_FAILURE;

  ret = GST_ELEMENT_CLASS (parent_class)->change_state (element, transition);

  if (transition == GST_STATE_CHANGE_READY_TO_NULL)
    close_device (self);
  return ret;
}

static gboolean
gst_xlnk_accel_start (GstBaseTransform * trans)
{
  GstXlnkAccel *self = GST_XLNK_ACCEL (trans);

  set_started (self, TRUE);
  memset (&self->format, 0, sizeof (self->format));
  gst_xlnk_accel_core_forget_stream (self);
  self->said_why = FALSE;
  gst_xlnk_accel_stats_reset (self);
  set_flushing (self, FALSE);
  return TRUE;
}

static gboolean
gst_xlnk_accel_stop (GstBaseTransform * trans)
{
  GstXlnkAccel *self = GST_XLNK_ACCEL (trans);

  gst_xlnk_accel_core_abandon (self);
  gst_caps_replace (&self->core.in_caps, NULL);
  gst_xlnk_own_pool_release (self->uploads);
  gst_xlnk_own_pool_release (self->outputs);
  gst_xlnk_accel_stats_take_lent (self, NULL);
  set_started (self, FALSE);
  return TRUE;
}

/*** events and queries ***/

static void
post_stats (GstXlnkAccel * self)
{
  gst_element_post_message (GST_ELEMENT (self),
      gst_message_new_element (GST_OBJECT (self), gst_xlnk_accel_stats_to_structure (self)));
}

/* A caps event that is refused leaves the pad, and so the next negotiation, with the caps before it. */
static gboolean
handle_caps (GstXlnkAccel * self, GstEvent * event)
{
  GstCaps *caps;
  gboolean ret;

  gst_event_parse_caps (event, &caps);
  gst_caps_replace (&self->core.new_caps, caps);
  ret = GST_BASE_TRANSFORM_CLASS (parent_class)->sink_event (GST_BASE_TRANSFORM (self), event);
  gst_caps_replace (&self->core.new_caps, NULL);
  return ret;
}

/* No buffer comes after it that could tell upstream what downstream said to the last ones. Who said ERROR has said why. */
static gboolean
handle_eos (GstXlnkAccel * self, GstEvent * event)
{
  GstFlowReturn answer = gst_xlnk_accel_core_take_answer (self);

  post_stats (self);
  if (answer != GST_FLOW_NOT_LINKED && answer >= GST_FLOW_EOS)
    return GST_BASE_TRANSFORM_CLASS (parent_class)->sink_event (GST_BASE_TRANSFORM (self), event);
  if (answer != GST_FLOW_ERROR)
    GST_ELEMENT_FLOW_ERROR (self, answer);
  gst_event_unref (event);
  return FALSE;
}

static gboolean
gst_xlnk_accel_sink_event (GstBaseTransform * trans, GstEvent * event)
{
  GstXlnkAccel *self = GST_XLNK_ACCEL (trans);

  /* What is in flight comes before it. */
  if (GST_EVENT_IS_SERIALIZED (event) && GST_EVENT_TYPE (event) != GST_EVENT_FLUSH_STOP)
    gst_xlnk_accel_core_drain (self);

  switch (GST_EVENT_TYPE (event)) {
    case GST_EVENT_CAPS:
      return handle_caps (self, event);
    case GST_EVENT_SEGMENT:
      if (gst_xlnk_accel_announce_output_caps (self))
        break;
      gst_event_unref (event);
      return FALSE;
    case GST_EVENT_EOS:
      return handle_eos (self, event);
    case GST_EVENT_FLUSH_START:
      set_flushing (self, TRUE);
      break;
    case GST_EVENT_FLUSH_STOP:
      gst_xlnk_accel_core_abandon (self);
      set_flushing (self, FALSE);
      break;
    default:
      break;
  }
  return GST_BASE_TRANSFORM_CLASS (parent_class)->sink_event (trans, event);
}

static gboolean
gst_xlnk_accel_query (GstBaseTransform * trans, GstPadDirection direction, GstQuery * query)
{
  GstXlnkAccel *self = GST_XLNK_ACCEL (trans);
  GstQueryType type = GST_QUERY_TYPE (query);

  if (direction == GST_PAD_SINK && (type == GST_QUERY_DRAIN || type == GST_QUERY_ALLOCATION))
    gst_xlnk_accel_core_drain (self);
  if (direction == GST_PAD_SRC && type == GST_QUERY_SCHEDULING && gst_xlnk_accel_core_answer_scheduling (self, query))
    return TRUE;
  if (!GST_BASE_TRANSFORM_CLASS (parent_class)->query (trans, direction, query))
    return FALSE;
  if (direction == GST_PAD_SRC && type == GST_QUERY_LATENCY)
    gst_xlnk_accel_add_latency (self, query);
  return TRUE;
}

/*** buffers ***/

/* What has to be done before the base class sees a buffer. What is in flight comes before a discontinuity, and before the
 * base class negotiates anew: it has the old caps. */
static GstFlowReturn
prepare_for_buffer (GstXlnkAccel * self, GstBuffer * buffer)
{
  GstFlowReturn answer;

  if (GST_BUFFER_IS_DISCONT (buffer) || gst_pad_needs_reconfigure (GST_BASE_TRANSFORM_SRC_PAD (self)))
    gst_xlnk_accel_core_drain (self);
  answer = gst_xlnk_accel_core_take_answer (self);
  if (answer == GST_FLOW_OK && !gst_xlnk_accel_core_configure_without_caps (self))
    answer = GST_FLOW_NOT_NEGOTIATED;
  return answer;
}

/* @is_discont stays TRUE until the base class itself has pushed a buffer, and so says nothing about @buffer. */
static GstFlowReturn
gst_xlnk_accel_submit_input_buffer (GstBaseTransform * trans, gboolean is_discont, GstBuffer * buffer)
{
  GstXlnkAccel *self = GST_XLNK_ACCEL (trans);
  GstFlowReturn ret = prepare_for_buffer (self, buffer);

  if (ret != GST_FLOW_OK) {
    gst_buffer_unref (buffer);
    return ret;
  }
  ret = GST_BASE_TRANSFORM_CLASS (parent_class)->submit_input_buffer (trans, is_discont, buffer);
  gst_xlnk_accel_core_mark_gap (self, ret);
  return ret;
}

static GstFlowReturn
gst_xlnk_accel_generate_output (GstBaseTransform * trans, GstBuffer ** outbuf)
{
  if (GST_XLNK_ACCEL (trans)->jobs)
    return gst_xlnk_accel_core_generate (trans, outbuf);
  return GST_BASE_TRANSFORM_CLASS (parent_class)->generate_output (trans, outbuf);
}

/* Everything is done by now. Without this function the base class would take the element for one that works in place. */
static GstFlowReturn
gst_xlnk_accel_transform (GstBaseTransform * trans, GstBuffer * inbuf, GstBuffer * outbuf)
{
  (void) trans;
  (void) inbuf;
  (void) outbuf;
  return GST_FLOW_OK;
}

/* Chains up last, because the default removes the metas on memory, of which we need to know, and configures pool 0. */
static gboolean
gst_xlnk_accel_decide_allocation (GstBaseTransform * trans, GstQuery * query)
{
  GstXlnkAccel *self = GST_XLNK_ACCEL (trans);
  GstCaps *out_caps;

  gst_query_parse_allocation (query, &out_caps, NULL);
  if (!gst_xlnk_accel_core_configure (self, out_caps))
    return FALSE;
  gst_xlnk_accel_take_allocation (self, query);
  self->core.is_configured = TRUE;

  return GST_BASE_TRANSFORM_CLASS (parent_class)->decide_allocation (trans,
      query);
}

/*** the type ***/

static void
gst_xlnk_accel_finalize (GObject * object)
{
  GstXlnkAccel *self = GST_XLNK_ACCEL (object);

  close_device (self);
  g_free (self->device);
  g_free (self->accelerator);
  gst_caps_replace (&self->output_caps, NULL);
  gst_caps_replace (&self->checked_output_caps, NULL);
  gst_caps_replace (&self->core.in_caps, NULL);
  G_OBJECT_CLASS (parent_class)->finalize (object);
}

static void
gst_xlnk_accel_class_init (GstXlnkAccelClass * klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  GstElementClass *element_class = GST_ELEMENT_CLASS (klass);
  GstBaseTransformClass *transform_class = GST_BASE_TRANSFORM_CLASS (klass);

  object_class->finalize = gst_xlnk_accel_finalize;
  gst_xlnk_accel_install_properties (object_class);
  gst_xlnk_accel_init_buffer_log ();

  gst_element_class_add_static_pad_template (element_class, &sink_template);
  gst_element_class_add_static_pad_template (element_class, &src_template);
  gst_element_class_set_static_metadata (element_class,
      "Xilinx Zynq accelerator", "Filter/Hardware",
      "Brings buffers into physically contiguous memory (/dev/xlnk) for "
      "accelerators in programmable logic, without a copy where upstream takes "
      "the pool that it lends", "The gst-xlnk authors");
  element_class->change_state = GST_DEBUG_FUNCPTR (gst_xlnk_accel_change_state);

  /* No set_caps: with one, the base class would refuse streams without caps, which are fine as bytes. */
  transform_class->passthrough_on_same_caps = FALSE;
  transform_class->start = GST_DEBUG_FUNCPTR (gst_xlnk_accel_start);
  transform_class->stop = GST_DEBUG_FUNCPTR (gst_xlnk_accel_stop);
  transform_class->transform_caps = GST_DEBUG_FUNCPTR (gst_xlnk_accel_transform_caps);
  transform_class->fixate_caps = GST_DEBUG_FUNCPTR (gst_xlnk_accel_fixate_caps);
  transform_class->query = GST_DEBUG_FUNCPTR (gst_xlnk_accel_query);
  transform_class->submit_input_buffer = GST_DEBUG_FUNCPTR (gst_xlnk_accel_submit_input_buffer);
  transform_class->generate_output = GST_DEBUG_FUNCPTR (gst_xlnk_accel_generate_output);
  transform_class->sink_event = GST_DEBUG_FUNCPTR (gst_xlnk_accel_sink_event);
  transform_class->src_event = GST_DEBUG_FUNCPTR (gst_xlnk_accel_src_event);
  transform_class->propose_allocation =
      GST_DEBUG_FUNCPTR (gst_xlnk_accel_propose_allocation);
  transform_class->decide_allocation =
      GST_DEBUG_FUNCPTR (gst_xlnk_accel_decide_allocation);
  transform_class->prepare_output_buffer =
      GST_DEBUG_FUNCPTR (gst_xlnk_accel_prepare_output_buffer);
  transform_class->transform_meta = GST_DEBUG_FUNCPTR (gst_xlnk_accel_core_transform_meta);
  transform_class->transform = GST_DEBUG_FUNCPTR (gst_xlnk_accel_transform);
}

static void
gst_xlnk_accel_init (GstXlnkAccel * self)
{
  gst_xlnk_accel_core_refuse_pull_mode (self);
  gst_xlnk_accel_init_properties (self);
}
