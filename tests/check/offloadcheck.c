/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "offloadcheck.h"

/*** frames ***/

static void
free_frame (gpointer data)
{
  OffloadFrame *frame = data;

  g_free (frame->data);
  g_free (frame);
}

/* Bytes of pixels in a row of a plane. */
static gsize
row_bytes (const GstVideoFrame * frame, guint component)
{
  return GST_VIDEO_FRAME_COMP_WIDTH (frame, component) * GST_VIDEO_FRAME_COMP_PSTRIDE (frame, component);
}

static void
append_plane (GByteArray * bytes, GstVideoFrame * frame, guint component)
{
  guint plane = GST_VIDEO_FRAME_COMP_PLANE (frame, component);
  const guint8 *row = GST_VIDEO_FRAME_PLANE_DATA (frame, plane);

  for (gint y = 0; y < GST_VIDEO_FRAME_COMP_HEIGHT (frame, component); y++)
    g_byte_array_append (bytes, row + y * GST_VIDEO_FRAME_PLANE_STRIDE (frame, plane), row_bytes (frame, component));
}

static OffloadFrame *
take_frame (GstBuffer * buffer, GstCaps * caps)
{
  OffloadFrame *frame = g_new0 (OffloadFrame, 1);
  GByteArray *bytes = g_byte_array_new ();
  GstVideoFrame mapped;
  gint seen = -1;

  fail_unless (gst_video_info_from_caps (&frame->info, caps));
  fail_unless (gst_video_frame_map (&mapped, &frame->info, buffer, GST_MAP_READ));
  for (guint i = 0; i < GST_VIDEO_FRAME_N_COMPONENTS (&mapped); i++) {
    if ((gint) GST_VIDEO_FRAME_COMP_PLANE (&mapped, i) > seen) {
      seen = GST_VIDEO_FRAME_COMP_PLANE (&mapped, i);
      append_plane (bytes, &mapped, i);
    }
  }
  gst_video_frame_unmap (&mapped);
  frame->size = bytes->len;
  frame->data = g_byte_array_free (bytes, FALSE);
  return frame;
}

/*** pipelines ***/

static GstPadProbeReturn
on_buffer (GstPad * pad, GstPadProbeInfo * info, gpointer user_data)
{
  GstCaps *caps = gst_pad_get_current_caps (pad);

  g_ptr_array_add (user_data, take_frame (GST_PAD_PROBE_INFO_BUFFER (info), caps));
  gst_caps_unref (caps);
  return GST_PAD_PROBE_OK;
}

static void
watch_sink (GstElement * pipeline, GPtrArray * frames)
{
  GstElement *sink = gst_bin_get_by_name (GST_BIN (pipeline), "sink");
  GstPad *pad = gst_element_get_static_pad (sink, "sink");

  gst_pad_add_probe (pad, GST_PAD_PROBE_TYPE_BUFFER, on_buffer, frames, NULL);
  gst_object_unref (pad);
  gst_object_unref (sink);
}

static GstStructure *
read_stats (GstElement * pipeline)
{
  GstElement *accel = gst_bin_get_by_name (GST_BIN (pipeline), "accel");
  GstStructure *stats = NULL;

  if (accel) {
    g_object_get (accel, "stats", &stats, NULL);
    gst_object_unref (accel);
  }
  return stats;
}

static void
wait_for_end (GstElement * pipeline)
{
  GstBus *bus = gst_element_get_bus (pipeline);
  GstMessage *message = gst_bus_timed_pop_filtered (bus, 60 * GST_SECOND, GST_MESSAGE_EOS | GST_MESSAGE_ERROR);

  fail_unless (message != NULL, "the pipeline does not end");
  if (GST_MESSAGE_TYPE (message) == GST_MESSAGE_ERROR) {
    g_autoptr (GError) error = NULL;

    gst_message_parse_error (message, &error, NULL);
    fail ("%s", error->message);
  }
  gst_message_unref (message);
  gst_object_unref (bus);
}

GPtrArray *
offload_run (const char *line, GstStructure ** stats)
{
  GPtrArray *frames = g_ptr_array_new_with_free_func (free_frame);
  g_autoptr (GError) error = NULL;
  GstElement *pipeline = gst_parse_launch (line, &error);

  fail_unless (pipeline != NULL && error == NULL, "%s", error ? error->message : line);
  watch_sink (pipeline, frames);
  fail_if (gst_element_set_state (pipeline, GST_STATE_PLAYING) == GST_STATE_CHANGE_FAILURE);
  wait_for_end (pipeline);
  if (stats)
    *stats = read_stats (pipeline);
  gst_element_set_state (pipeline, GST_STATE_NULL);
  gst_object_unref (pipeline);
  return frames;
}

guint64
offload_number (const GstStructure * stats, const char *name)
{
  guint64 number;

  fail_unless (gst_structure_get_uint64 (stats, name, &number), "no number %s", name);
  return number;
}

static gsize
first_difference (const OffloadFrame * frame, const OffloadFrame * other)
{
  gsize at = 0;

  while (frame->data[at] == other->data[at])
    at++;
  return at;
}

void
offload_compare (GPtrArray * frames, GPtrArray * expected)
{
  fail_unless_equals_int (frames->len, expected->len);
  for (guint i = 0; i < frames->len; i++) {
    const OffloadFrame *frame = g_ptr_array_index (frames, i);
    const OffloadFrame *other = g_ptr_array_index (expected, i);

    fail_unless (frame->size > 0);
    fail_unless_equals_uint64 (frame->size, other->size);
    fail_unless (memcmp (frame->data, other->data, frame->size) == 0, "frame %u differs at byte %" G_GSIZE_FORMAT, i,
        first_difference (frame, other));
  }
}

/*** the cores' results ***/

void
offload_invert (OffloadFrame * frame)
{
  for (gsize i = 0; i < frame->size; i++)
    frame->data[i] ^= 0xff;
}

static gint
luma (const OffloadFrame * frame, gint x, gint y)
{
  const gint width = GST_VIDEO_INFO_WIDTH (&frame->info);
  const guint8 *pixel;

  x = CLAMP (x, 0, width - 1);
  y = CLAMP (y, 0, GST_VIDEO_INFO_HEIGHT (&frame->info) - 1);
  if (GST_VIDEO_INFO_FORMAT (&frame->info) == GST_VIDEO_FORMAT_GRAY8)
    return frame->data[y * width + x];
  pixel = frame->data + 4 * (y * width + x);
  return (77 * pixel[0] + 150 * pixel[1] + 29 * pixel[2]) >> 8;
}

static guint8
gradient (const OffloadFrame * frame, gint x, gint y)
{
  static const gint weight[] = { 1, 2, 1 };
  gint gx = 0, gy = 0;

  for (gint i = -1; i <= 1; i++) {
    gx += weight[i + 1] * (luma (frame, x + 1, y + i) - luma (frame, x - 1, y + i));
    gy += weight[i + 1] * (luma (frame, x + i, y + 1) - luma (frame, x + i, y - 1));
  }
  return MIN (ABS (gx) + ABS (gy), 255);
}

void
offload_sobel (OffloadFrame * frame)
{
  const gint width = GST_VIDEO_INFO_WIDTH (&frame->info);
  const gint height = GST_VIDEO_INFO_HEIGHT (&frame->info);
  guint8 *result = g_malloc (width * height);

  for (gint y = 0; y < height; y++) {
    for (gint x = 0; x < width; x++)
      result[y * width + x] = gradient (frame, x, y);
  }
  g_free (frame->data);
  frame->data = result;
  frame->size = width * height;
  gst_video_info_set_format (&frame->info, GST_VIDEO_FORMAT_GRAY8, width, height);
}
