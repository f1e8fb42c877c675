/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * print-planes: where every frame of a pipeline lies in physical memory.
 *
 *   print-planes [LAUNCH-LINE]
 *
 * The launch line ends in an appsink named "sink". Each frame that reaches it gives one line per plane:
 *
 *   frame 0 plane 1 address 0x10200000 offset 2073600 stride 960 size 518400
 *
 * These addresses are what one writes into the registers of an FPGA core. Builds with nothing but
 * `pkg-config --cflags --libs gstreamer-xlnk-1.0 gstreamer-app-1.0`.
 */
#include <gst/app/gstappsink.h>
#include <gst/gst.h>
#include <gst/xlnk/xlnk.h>

#include <stdlib.h>

#define DEFAULT_LAUNCH "videotestsrc num-buffers=3 ! video/x-raw,format=I420,width=1920,height=1080" \
    " ! xlnkaccel ! appsink name=sink sync=false"

/* FALSE if the frame is not in contiguous memory: then something between xlnkaccel and us has copied it. */
static gboolean
print_planes (GstSample * sample, guint frame)
{
  GstVideoInfo info;
  GstXlnkPlanes planes;
  GstCaps *caps = gst_sample_get_caps (sample);
  gboolean is_video = gst_video_info_from_caps (&info, caps);
  guint i;

  /* A GstVideoMeta on the buffer takes precedence over the caps: it knows how this very buffer is laid out. */
  if (!gst_xlnk_buffer_get_planes (gst_sample_get_buffer (sample), is_video ? &info : NULL, &planes)) {
    g_printerr ("frame %u is not in contiguous memory\n", frame);
    return FALSE;
  }

  for (i = 0; i < planes.n_planes; i++) {
    g_print ("frame %u plane %u address 0x%08" G_GINT64_MODIFIER "x offset %" G_GUINT64_FORMAT " stride %d size %"
        G_GSIZE_FORMAT "\n", frame, i, planes.phys_addr[i], planes.phys_addr[i] - planes.phys_addr[0],
        planes.stride[i], planes.size[i]);
  }
  return TRUE;
}

/* The first error on the bus, or NULL. */
static GError *
take_error (GstElement * pipeline)
{
  GstBus *bus = gst_element_get_bus (pipeline);
  GstMessage *message = gst_bus_pop_filtered (bus, GST_MESSAGE_ERROR);
  GError *error = NULL;

  if (message) {
    gst_message_parse_error (message, &error, NULL);
    gst_message_unref (message);
  }
  gst_object_unref (bus);
  return error;
}

static GstElement *
make_pipeline (const gchar * launch_line, GError ** error)
{
  GstElement *pipeline = gst_parse_launch (launch_line, error);

  /* gst_parse_launch() may return a pipeline and an error at once: it made the best of a bad line. */
  if (pipeline && *error)
    g_clear_object (&pipeline);
  return pipeline;
}

static gboolean
print_all_frames (GstAppSink * sink)
{
  GstSample *sample;
  gboolean all_contiguous = TRUE;
  guint frame;

  /* NULL at the end of the stream and also after an error, which is on the bus then. */
  for (frame = 0; (sample = gst_app_sink_pull_sample (sink)); frame++) {
    all_contiguous &= print_planes (sample, frame);
    gst_sample_unref (sample);
  }
  return all_contiguous && frame > 0;
}

int
main (int argc, char **argv)
{
  GstElement *pipeline, *sink;
  GError *error = NULL;
  gboolean ok = FALSE;

  gst_init (&argc, &argv);

  pipeline = make_pipeline (argc > 1 ? argv[1] : DEFAULT_LAUNCH, &error);
  if (!pipeline)
    goto no_pipeline;
  sink = gst_bin_get_by_name (GST_BIN (pipeline), "sink");
  if (!sink || !GST_IS_APP_SINK (sink))
    goto no_sink;

  /* An element that fails says why on the bus. */
  if (gst_element_set_state (pipeline, GST_STATE_PLAYING) != GST_STATE_CHANGE_FAILURE)
    ok = print_all_frames (GST_APP_SINK (sink));
  if ((error = take_error (pipeline)))
    goto stream_error;

done:
  gst_element_set_state (pipeline, GST_STATE_NULL);
  g_clear_object (&sink);
  gst_object_unref (pipeline);
  return ok ? EXIT_SUCCESS : EXIT_FAILURE;

  /* ERRORS */
no_pipeline:
  {
    g_printerr ("cannot make the pipeline: %s\n", error->message);
    g_error_free (error);
    return EXIT_FAILURE;
  }
no_sink:
  {
    g_printerr ("the launch line has no appsink named \"sink\"\n");
    goto done;
  }
stream_error:
  {
    g_printerr ("%s\n", error->message);
    g_error_free (error);
    ok = FALSE;
    goto done;
  }
}
