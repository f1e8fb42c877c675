/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * fill-buffers: an application that makes its own frames in contiguous memory.
 *
 *   fill-buffers [N-FRAMES]
 *
 * It takes buffers from a pool, paints them as one paints any video frame and pushes them into a pipeline, in which
 * `require-zero-copy=true` makes it an error if a single one had to be copied. Builds with nothing but
 * `pkg-config --cflags --libs gstreamer-xlnk-1.0 gstreamer-app-1.0`.
 */
#include <gst/app/gstappsrc.h>
#include <gst/gst.h>
#include <gst/video/video.h>
#include <gst/xlnk/xlnk.h>

#include <stdlib.h>

#define LAUNCH "appsrc name=source ! xlnkaccel require-zero-copy=true ! fakesink"
#define WIDTH 1280
#define HEIGHT 720
#define FPS 30
#define POOL_BUFFERS 4

/* A pool that is ready to be used. The allocator lives as long as the pool and its buffers need it. */
static GstBufferPool *
start_pool (GstCaps * caps, GError ** error)
{
  GstXlnkAllocator *allocator = gst_xlnk_allocator_get (NULL, error);
  GstBufferPool *pool;

  if (!allocator)
    return NULL;
  pool = gst_xlnk_buffer_pool_new_with_config (allocator, caps, 0, POOL_BUFFERS, POOL_BUFFERS);
  gst_object_unref (allocator);

  /* All the memory is allocated here, and zeroed; from now on buffers only go round. */
  if (!pool || !gst_buffer_pool_set_active (pool, TRUE)) {
    g_set_error (error, GST_XLNK_ERROR, GST_XLNK_ERROR_EXHAUSTED, "no contiguous memory for %d frames", POOL_BUFFERS);
    g_clear_object (&pool);
  }
  return pool;
}

/* A grey ramp that moves. The frame is mapped as any other: unmapping it is what writes the cache back in time. */
static gboolean
paint (GstBuffer * buffer, GstVideoInfo * info, guint n)
{
  GstVideoFrame frame;
  guint8 *row;
  gint x, y;

  if (!gst_video_frame_map (&frame, info, buffer, GST_MAP_WRITE))
    return FALSE;

  for (y = 0; y < GST_VIDEO_FRAME_HEIGHT (&frame); y++) {
    row = (guint8 *) GST_VIDEO_FRAME_PLANE_DATA (&frame, 0) + y * GST_VIDEO_FRAME_PLANE_STRIDE (&frame, 0);
    for (x = 0; x < GST_VIDEO_FRAME_WIDTH (&frame); x++)
      row[x] = (guint8) (x + y + 4 * n);
  }
  gst_video_frame_unmap (&frame);
  return TRUE;
}

/* The number of frames that went in. */
static guint
push_frames (GstAppSrc * source, GstBufferPool * pool, GstVideoInfo * info, guint n_frames)
{
  GstBuffer *buffer;
  guint n;

  for (n = 0; n < n_frames; n++) {
    /* Waits while all buffers are on their way through the pipeline, so appsrc needs no limit of its own. */
    if (gst_buffer_pool_acquire_buffer (pool, &buffer, NULL) != GST_FLOW_OK)
      break;
    if (!paint (buffer, info, n)) {
      gst_buffer_unref (buffer);
      break;
    }
    GST_BUFFER_PTS (buffer) = gst_util_uint64_scale (n, GST_SECOND, FPS);
    GST_BUFFER_DURATION (buffer) = GST_SECOND / FPS;
    /* Takes the buffer, also when it fails. */
    if (gst_app_src_push_buffer (source, buffer) != GST_FLOW_OK)
      break;
  }
  gst_app_src_end_of_stream (source);
  return n;
}

/* Waits for the end. At the end of a stream xlnkaccel posts what it has counted. */
static gboolean
wait_for_end (GstElement * pipeline, guint64 * frames, guint64 * copies)
{
  GstBus *bus = gst_element_get_bus (pipeline);
  GstMessage *message;
  GError *error = NULL;
  gboolean ended = FALSE, failed = FALSE;

  while (!ended && !failed) {
    message = gst_bus_timed_pop_filtered (bus, GST_CLOCK_TIME_NONE,
        GST_MESSAGE_ELEMENT | GST_MESSAGE_EOS | GST_MESSAGE_ERROR);
    if (gst_message_has_name (message, "xlnkaccel-stats")) {
      gst_structure_get (gst_message_get_structure (message), "frames", G_TYPE_UINT64, frames,
          "copies", G_TYPE_UINT64, copies, NULL);
    } else if (GST_MESSAGE_TYPE (message) == GST_MESSAGE_EOS) {
      ended = TRUE;
    } else if (GST_MESSAGE_TYPE (message) == GST_MESSAGE_ERROR) {
      gst_message_parse_error (message, &error, NULL);
      g_printerr ("%s\n", error->message);
      g_clear_error (&error);
      failed = TRUE;
    }
    gst_message_unref (message);
  }
  gst_object_unref (bus);
  return ended;
}

/* After an error nothing comes back to the pool any more: wake whoever waits for a buffer. */
static GstBusSyncReply
on_message (GstBus * bus, GstMessage * message, gpointer pool)
{
  (void) bus;
  if (GST_MESSAGE_TYPE (message) == GST_MESSAGE_ERROR)
    gst_buffer_pool_set_flushing (pool, TRUE);
  return GST_BUS_PASS;
}

static void
watch_errors (GstElement * pipeline, GstBufferPool * pool)
{
  GstBus *bus = gst_element_get_bus (pipeline);

  gst_bus_set_sync_handler (bus, on_message, gst_object_ref (pool), gst_object_unref);
  gst_object_unref (bus);
}

static gboolean
run (GstElement * pipeline, GstBufferPool * pool, GstCaps * caps, guint n_frames)
{
  GstElement *source = gst_bin_get_by_name (GST_BIN (pipeline), "source");
  guint64 frames = 0, copies = 0;
  GstVideoInfo info;
  gboolean ok;
  guint pushed;

  if (!gst_video_info_from_caps (&info, caps))
    g_assert_not_reached ();
  g_object_set (source, "caps", caps, "format", GST_FORMAT_TIME, NULL);
  watch_errors (pipeline, pool);
  gst_element_set_state (pipeline, GST_STATE_PLAYING);
  pushed = push_frames (GST_APP_SRC (source), pool, &info, n_frames);
  ok = wait_for_end (pipeline, &frames, &copies);
  gst_element_set_state (pipeline, GST_STATE_NULL);
  gst_object_unref (source);

  g_print ("pushed %u frames %" G_GUINT64_FORMAT " copies %" G_GUINT64_FORMAT "\n", pushed, frames, copies);
  return ok && pushed == n_frames && frames == n_frames && copies == 0;
}

int
main (int argc, char **argv)
{
  GstElement *pipeline;
  GstBufferPool *pool;
  GstCaps *caps;
  GError *error = NULL;
  gboolean ok = FALSE;

  gst_init (&argc, &argv);

  caps = gst_caps_new_simple ("video/x-raw", "format", G_TYPE_STRING, "GRAY8", "width", G_TYPE_INT, WIDTH,
      "height", G_TYPE_INT, HEIGHT, "framerate", GST_TYPE_FRACTION, FPS, 1, NULL);
  pool = start_pool (caps, &error);
  pipeline = pool ? gst_parse_launch (LAUNCH, &error) : NULL;
  if (pipeline && !error)
    ok = run (pipeline, pool, caps, argc > 1 ? (guint) strtoul (argv[1], NULL, 10) : 90);
  else
    g_printerr ("%s\n", error->message);

  g_clear_error (&error);
  if (pool)
    gst_buffer_pool_set_active (pool, FALSE);
  g_clear_object (&pool);
  g_clear_object (&pipeline);
  gst_caps_unref (caps);
  return ok ? EXIT_SUCCESS : EXIT_FAILURE;
}
