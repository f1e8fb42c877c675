/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gstxlnkjobs.h"

#include "gstxlnkaccelpool.h"
#include "gstxlnkquarantine.h"

#ifndef GST_VIDEO_INFO_FIELD_HEIGHT     /* before 1.16 no buffer is a single field */
#define GST_VIDEO_INFO_FIELD_HEIGHT GST_VIDEO_INFO_HEIGHT
#endif

GST_DEBUG_CATEGORY_EXTERN (gst_xlnk_accel_debug);
#define GST_CAT_DEFAULT gst_xlnk_accel_debug

typedef enum
{
  JOB_WAITING,                  /* for the core to be free */
  JOB_RUNNING,
  JOB_DONE,
} JobState;

typedef struct
{
  JobState state;
  GstXlnkJob job;
  GstXlnkDeviceBuffer in;
  GstXlnkDeviceBuffer out;      /* of mode TRANSFORM only */
  gint64 started;               /* monotonic µs */
} Entry;

struct _GstXlnkJobs
{
  GstXlnkAccelerator *accelerator;
  GstXlnkAcceleratorMode mode;
  gint64 timeout;               /* µs */
  GQueue entries;               /* at most one is running, and only waiting ones come after it */
  gboolean lost;                /* no reset stopped the core: nothing but closing it is left */
  GstClockTime last_core_time;
  gboolean waited;              /* for the last job, whose time is therefore the core's and nobody else's */
  GMutex mutex;                 /* over what follows, which any thread may ask for or set */
  GstClockTime core_time;
  gboolean flushing;
};

GstXlnkJobs *
gst_xlnk_jobs_new (GstXlnkAccelerator * accelerator, GstClockTime timeout)
{
  GstXlnkJobs *self = g_new0 (GstXlnkJobs, 1);

  self->accelerator = accelerator;
  self->mode = gst_xlnk_accelerator_get_mode (accelerator);
  self->timeout = GST_TIME_AS_USECONDS (timeout);
  g_queue_init (&self->entries);
  g_mutex_init (&self->mutex);
  return self;
}

void
gst_xlnk_jobs_free (GstXlnkJobs * self)
{
  g_assert (g_queue_is_empty (&self->entries));
  gst_xlnk_quarantine_close (self->accelerator);
  g_mutex_clear (&self->mutex);
  g_free (self);
}

GstXlnkAcceleratorMode
gst_xlnk_jobs_get_mode (GstXlnkJobs * self)
{
  return self->mode;
}

gboolean
gst_xlnk_jobs_need_default_layout (GstXlnkJobs * self, const GstVideoInfo * info)
{
  return gst_xlnk_accelerator_needs_default_layout (self->accelerator, info);
}

static gboolean
check_not_lost (GstXlnkJobs * self, GError ** error)
{
  if (!self->lost)
    return TRUE;
  g_set_error (error, GST_XLNK_ERROR, GST_XLNK_ERROR_NOT_IDLE, "the core did not end an earlier frame, and could not be "
      "stopped: it gets no other one until the element was in READY");
  return FALSE;
}

/* @out is nothing but another name of @in: the size covers the distances of planes, which interlacing changes too. */
static gboolean
is_same_layout (const GstVideoInfo * in, const GstVideoInfo * out)
{
  return GST_VIDEO_INFO_FORMAT (in) == GST_VIDEO_INFO_FORMAT (out)
      && GST_VIDEO_INFO_WIDTH (in) == GST_VIDEO_INFO_WIDTH (out)
      && GST_VIDEO_INFO_HEIGHT (in) == GST_VIDEO_INFO_HEIGHT (out)
      && GST_VIDEO_INFO_FIELD_HEIGHT (in) == GST_VIDEO_INFO_FIELD_HEIGHT (out)
      && GST_VIDEO_INFO_SIZE (in) == GST_VIDEO_INFO_SIZE (out);
}

/* Where the buffer that went in comes out, its frame is the one that it was made for. A core that is told of a larger one
 * would go past the end, and downstream would look for what is not there. */
static gboolean
check_same_frame (GstXlnkJobs * self, GstCaps * in_caps, GstCaps * out_caps, GError ** error)
{
  GstVideoInfo in, out;

  if (self->mode == GST_XLNK_ACCELERATOR_TRANSFORM || !gst_xlnk_accel_parse_video (in_caps, &in)
      || !gst_xlnk_accel_parse_video (out_caps, &out) || is_same_layout (&in, &out))
    return TRUE;
  g_set_error (error, GST_XLNK_ERROR, GST_XLNK_ERROR_CAPS, "the core works in the buffer that comes in, whose frame of "
      "%dx%d %s cannot come out as one of %dx%d %s: leave width, height, format and interlace-mode out of output-caps, or "
      "describe a core that reads one buffer and writes another", GST_VIDEO_INFO_WIDTH (&in),
      GST_VIDEO_INFO_HEIGHT (&in), GST_VIDEO_INFO_NAME (&in), GST_VIDEO_INFO_WIDTH (&out), GST_VIDEO_INFO_HEIGHT (&out),
      GST_VIDEO_INFO_NAME (&out));
  return FALSE;
}

gboolean
gst_xlnk_jobs_configure (GstXlnkJobs * self, GstCaps * in_caps, GstCaps * out_caps, GError ** error)
{
  g_return_val_if_fail (g_queue_is_empty (&self->entries), FALSE);

  return check_not_lost (self, error) && check_same_frame (self, in_caps, out_caps, error)
      && gst_xlnk_accelerator_configure (self->accelerator, in_caps, out_caps, error);
}

guint
gst_xlnk_jobs_length (GstXlnkJobs * self)
{
  return g_queue_get_length (&self->entries);
}

void
gst_xlnk_jobs_set_flushing (GstXlnkJobs * self, gboolean flushing)
{
  g_mutex_lock (&self->mutex);
  self->flushing = flushing;
  gst_xlnk_accelerator_set_flushing (self->accelerator, flushing);
  g_mutex_unlock (&self->mutex);
}

GstClockTime
gst_xlnk_jobs_get_core_time (GstXlnkJobs * self)
{
  GstClockTime core_time;

  g_mutex_lock (&self->mutex);
  core_time = self->core_time;
  g_mutex_unlock (&self->mutex);
  return core_time;
}

GstClockTime
gst_xlnk_jobs_get_last_core_time (GstXlnkJobs * self, gboolean * waited)
{
  *waited = self->waited;
  return self->last_core_time;
}

void
gst_xlnk_jobs_get_interrupts (GstXlnkJobs * self, GstXlnkInterrupts * interrupts)
{
  gst_xlnk_accelerator_get_interrupts (self->accelerator, interrupts);
}

/*** one job ***/

static void
free_entry (Entry * entry)
{
  gst_xlnk_device_buffer_release (&entry->in);
  gst_xlnk_device_buffer_release (&entry->out);
  g_free (entry);
}

/* In the ledger, for when this process dies: the core works on these, or does not any more. */
static void
set_armed (GstXlnkJobs * self, const Entry * entry, gboolean armed)
{
  const GstXlnkDeviceBuffer *sides[] = { &entry->in, &entry->out };
  guint i;

  for (i = 0; i < G_N_ELEMENTS (sides); i++) {
    if (!sides[i]->buffer)
      continue;
    if (armed)
      gst_xlnk_accelerator_arm (self->accelerator, sides[i]->map.memory);
    else
      gst_xlnk_accelerator_disarm (self->accelerator, sides[i]->map.memory);
  }
}

/* The device's access is over: what goes downstream. */
static GstBuffer *
finish_entry (Entry * entry)
{
  GstXlnkDeviceBuffer *side = entry->out.buffer ? &entry->out : &entry->in;
  GstBuffer *result = g_steal_pointer (&side->buffer);

  gst_xlnk_buffer_unmap_device (result, &side->map);
  free_entry (entry);
  return result;
}

/* A core is told the size and the format in the caps, and would go past the end of a frame that has less. */
static gboolean
check_frame (GstBuffer * buffer, const GstVideoInfo * info, GError ** error)
{
  GstVideoMeta *meta = info ? gst_buffer_get_video_meta (buffer) : NULL;

  if (!meta || (meta->format == GST_VIDEO_INFO_FORMAT (info) && meta->width >= (guint) GST_VIDEO_INFO_WIDTH (info)
          && meta->height >= (guint) GST_VIDEO_INFO_FIELD_HEIGHT (info)))
    return TRUE;
  g_set_error (error, GST_XLNK_ERROR, GST_XLNK_ERROR_SIZE,
      "a frame is %ux%u %s by its GstVideoMeta, and %dx%d %s by the caps, which the core goes by", meta->width,
      meta->height, gst_video_format_to_string (meta->format), GST_VIDEO_INFO_WIDTH (info),
      (gint) GST_VIDEO_INFO_FIELD_HEIGHT (info), GST_VIDEO_INFO_NAME (info));
  return FALSE;
}

static gboolean
get_planes (GstXlnkDeviceBuffer * side, const GstVideoInfo * info, GstXlnkPlanes * planes, GError ** error)
{
  if (!check_frame (side->buffer, info, error))
    return FALSE;
  if (gst_xlnk_buffer_get_mapped_planes (side->buffer, &side->map, info, planes))
    return TRUE;
  g_set_error (error, GST_XLNK_ERROR, GST_XLNK_ERROR_SIZE,
      "the planes of a frame do not fit into its buffer of %" G_GSIZE_FORMAT " bytes", side->map.size);
  return FALSE;
}

/* Takes the reference. */
static gboolean
map_side (GstXlnkDeviceBuffer * side, GstBuffer * buffer, GstMapFlags flags, const GstVideoInfo * info,
    GstXlnkPlanes * planes, GError ** error)
{
  if (!gst_xlnk_buffer_map_device (buffer, &side->map, flags | GST_MAP_XLNK_ARMED)) {
    const GError *reason = gst_xlnk_peek_last_error ();

    g_set_error (error, GST_XLNK_ERROR, reason ? reason->code : GST_XLNK_ERROR_CONFLICT,
        "a buffer cannot be mapped for the core: %s", reason ? reason->message
        : "somebody else has it mapped, or holds a reference to it");
    gst_buffer_unref (buffer);
    return FALSE;
  }
  side->buffer = buffer;
  return get_planes (side, info, planes, error);
}

/* One buffer on both sides. Bytes that come out as video must hold a frame of it; video that comes out as bytes is laid
 * out as it came. */
static gboolean
map_in_place (Entry * entry, GstBuffer * buffer, const GstXlnkJobFormat * format, GError ** error)
{
  GstXlnkJob *job = &entry->job;

  if (!map_side (&entry->in, buffer, GST_MAP_READWRITE, format->in, &job->in, error))
    return FALSE;
  job->out = job->in;
  return format->in || !format->out || get_planes (&entry->in, format->out, &job->out, error);
}

static gboolean
map_entry (GstXlnkJobs * self, Entry * entry, GstBuffer * in, GstBuffer * out, const GstXlnkJobFormat * format,
    GError ** error)
{
  GstXlnkJob *job = &entry->job;

  switch (self->mode) {
    case GST_XLNK_ACCELERATOR_READ:
      return map_side (&entry->in, in, GST_MAP_READ, format->in, &job->in, error);
    case GST_XLNK_ACCELERATOR_WRITE:
      return map_side (&entry->in, in, GST_MAP_WRITE, format->in ? format->in : format->out, &job->out, error);
    case GST_XLNK_ACCELERATOR_IN_PLACE:
      return map_in_place (entry, in, format, error);
    case GST_XLNK_ACCELERATOR_TRANSFORM:
    default:
      break;
  }
  if (!map_side (&entry->in, in, GST_MAP_READ, format->in, &job->in, error)) {
    gst_buffer_unref (out);
    return FALSE;
  }
  return map_side (&entry->out, out, GST_MAP_WRITE, format->out, &job->out, error);
}

/*** the queue ***/

/* The job that the core has, or will have next. */
static Entry *
first_unfinished (GstXlnkJobs * self)
{
  GList *link;

  for (link = self->entries.head; link; link = link->next) {
    Entry *entry = link->data;

    if (entry->state != JOB_DONE)
      return entry;
  }
  return NULL;
}

static void
drop_entry (GstXlnkJobs * self, Entry * entry)
{
  g_queue_remove (&self->entries, entry);
  free_entry (entry);
}

/* Gives the core its next job if it has none. A job that cannot be started is dropped. */
static gboolean
start_next (GstXlnkJobs * self, GError ** error)
{
  Entry *entry = first_unfinished (self);

  if (!entry || entry->state == JOB_RUNNING)
    return TRUE;
  set_armed (self, entry, TRUE);
  if (!check_not_lost (self, error) || !gst_xlnk_accelerator_submit (self->accelerator, &entry->job, error)) {
    set_armed (self, entry, FALSE);
    drop_entry (self, entry);
    return FALSE;
  }
  entry->started = g_get_monotonic_time ();
  entry->state = JOB_RUNNING;
  return TRUE;
}

gboolean
gst_xlnk_jobs_push (GstXlnkJobs * self, GstBuffer * in, GstBuffer * out, const GstXlnkJobFormat * format,
    GError ** error)
{
  Entry *entry = g_new0 (Entry, 1);

  if (!map_entry (self, entry, in, out, format, error)) {
    free_entry (entry);
    return FALSE;
  }
  g_queue_push_tail (&self->entries, entry);
  return start_next (self, error);
}

/* The core does not answer, or has failed. If a reset stops it, the buffers are free; else they stay in its hands. */
static void
give_up (GstXlnkJobs * self, Entry * entry)
{
  GError *error = NULL;

  g_queue_remove (&self->entries, entry);
  if (gst_xlnk_accelerator_reset (self->accelerator, &error)) {
    set_armed (self, entry, FALSE);
    free_entry (entry);
    return;
  }
  self->lost = TRUE;
  GST_WARNING ("%s", error->message);
  g_error_free (error);
  gst_xlnk_quarantine_take (self->accelerator, &entry->in, &entry->out);
  g_free (entry);
}

static void
set_timeout_error (GstXlnkJobs * self, const Entry * entry, GError ** error)
{
  gchar *state = gst_xlnk_accelerator_describe_state (self->accelerator);
  const GstBuffer *out = entry->out.buffer ? entry->out.buffer : entry->in.buffer;

  g_set_error (error, GST_XLNK_ERROR, GST_XLNK_ERROR_TIMEOUT,
      "the core did not answer within %" G_GINT64_FORMAT " ms: %s; it was working from 0x%" G_GINT64_MODIFIER "x to 0x%"
      G_GINT64_MODIFIER "x (buffer %p)", self->timeout / 1000, state, entry->job.in.phys_addr[0],
      entry->job.out.phys_addr[0], (gpointer) out);
  g_free (state);
}

static void
note_done (GstXlnkJobs * self, Entry * entry, gboolean waited)
{
  set_armed (self, entry, FALSE);
  self->waited = waited;
  self->last_core_time = (g_get_monotonic_time () - entry->started) * GST_USECOND;
  g_mutex_lock (&self->mutex);
  self->core_time += self->last_core_time;
  g_mutex_unlock (&self->mutex);
  entry->state = JOB_DONE;
}

/* Looks after the running job, until @deadline. A job that is found done at once may have been so for long. */
static GstXlnkWait
attend (GstXlnkJobs * self, Entry * entry, gint64 deadline, GError ** error)
{
  GstXlnkWait result = gst_xlnk_accelerator_wait (self->accelerator, 0, error);
  gboolean waited = FALSE;

  if (result == GST_XLNK_WAIT_TIMEOUT && deadline > 0) {
    waited = TRUE;
    result = gst_xlnk_accelerator_wait (self->accelerator, deadline, error);
  }
  switch (result) {
    case GST_XLNK_WAIT_DONE:
      note_done (self, entry, waited);
      break;
    case GST_XLNK_WAIT_ERROR:
      give_up (self, entry);
      break;
    case GST_XLNK_WAIT_TIMEOUT:
      if (g_get_monotonic_time () < entry->started + self->timeout)
        break;
      set_timeout_error (self, entry, error);
      give_up (self, entry);
      result = GST_XLNK_WAIT_ERROR;
      break;
    case GST_XLNK_WAIT_FLUSHING:
    default:
      break;
  }
  return result;
}

static GstBuffer *
take_finished (GstXlnkJobs * self)
{
  Entry *entry = g_queue_peek_head (&self->entries);

  if (!entry || entry->state != JOB_DONE)
    return NULL;
  return finish_entry (g_queue_pop_head (&self->entries));
}

GstFlowReturn
gst_xlnk_jobs_pop (GstXlnkJobs * self, gboolean wait, GstBuffer ** out, GError ** error)
{
  Entry *entry = g_queue_peek_head (&self->entries);
  GstXlnkWait result = GST_XLNK_WAIT_DONE;

  *out = NULL;
  if (entry && entry->state == JOB_RUNNING)
    result = attend (self, entry, wait ? entry->started + self->timeout : 0, error);
  if (result == GST_XLNK_WAIT_FLUSHING)
    return GST_FLOW_FLUSHING;
  if (result == GST_XLNK_WAIT_ERROR || !start_next (self, error))
    return GST_FLOW_ERROR;
  *out = take_finished (self);
  return GST_FLOW_OK;
}

/* Whatever called the waits off, or ended one early, this one is needed: the core still has the buffers. */
static void
wait_for_idle (GstXlnkJobs * self, Entry * entry)
{
  GError *error = NULL;
  GstXlnkWait result;

  do {
    gst_xlnk_accelerator_set_flushing (self->accelerator, FALSE);
    result = attend (self, entry, entry->started + self->timeout, &error);
  } while (result == GST_XLNK_WAIT_FLUSHING || result == GST_XLNK_WAIT_TIMEOUT);
  g_mutex_lock (&self->mutex);
  gst_xlnk_accelerator_set_flushing (self->accelerator, self->flushing);
  g_mutex_unlock (&self->mutex);
  if (result == GST_XLNK_WAIT_ERROR) {
    GST_WARNING ("%s", error->message);
    g_error_free (error);
  }
}

void
gst_xlnk_jobs_abandon (GstXlnkJobs * self)
{
  Entry *entry = first_unfinished (self);

  if (entry && entry->state == JOB_RUNNING)
    wait_for_idle (self, entry);
  while ((entry = g_queue_pop_head (&self->entries)))
    free_entry (entry);
}
