/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * scenarios-pipelines.c: pipelines as gst-launch-1.0 would run them.
 *
 * The device is named, because the default one stays open for the life of the process: it is in GStreamer's registry.
 */
#include "scenarios.h"

#define SOURCE "videotestsrc num-buffers=6 ! video/x-raw,format=RGBA,width=64,height=48 ! "
#define ACCEL "xlnkaccel device=/dev/xlnk timeout=2000000000 "
#define SINK "! fakesink name=sink sync=false"
#define HLS(uio, more) ACCEL "accelerator=\"hls," uio ",src=0x10,dst=0x1c,address-bits=64,width=0x28,height=0x30" more "\" "

#define END_MS 30000

/*** what comes out ***/

static GstPadProbeReturn
on_buffer (GstPad * pad G_GNUC_UNUSED, GstPadProbeInfo * probe, gpointer data)
{
  GstMapInfo info;

  if (!gst_buffer_map (GST_PAD_PROBE_INFO_BUFFER (probe), &info, GST_MAP_READ)) {
    witness_refused ("frame");
    return GST_PAD_PROBE_OK;
  }
  witness_data (info.data, info.size);
  gst_buffer_unmap (GST_PAD_PROBE_INFO_BUFFER (probe), &info);
  g_atomic_int_inc ((gint *) data);
  return GST_PAD_PROBE_OK;
}

static void
add_probe (GstElement * pipeline, const char *name, GstPadProbeCallback callback, gpointer data)
{
  GstElement *element = gst_bin_get_by_name (GST_BIN (pipeline), name);
  GstPad *pad = gst_element_get_static_pad (element, "sink");

  gst_pad_add_probe (pad, GST_PAD_PROBE_TYPE_BUFFER, callback, data, NULL);
  gst_object_unref (pad);
  gst_object_unref (element);
}

/*** running ***/

static void
take_error_message (GstMessage * message)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *debug = NULL;

  gst_message_parse_error (message, &error, &debug);
  witness_error ("%s: %s", GST_MESSAGE_SRC_NAME (message), error->message);
}

/* TRUE at the end of the stream. All that went wrong is in the messages until then. */
gboolean
scenario_wait_for_end (GstElement * pipeline)
{
  GstBus *bus = gst_element_get_bus (pipeline);
  GstMessage *message = gst_bus_timed_pop_filtered (bus, END_MS * GST_MSECOND, GST_MESSAGE_EOS | GST_MESSAGE_ERROR);
  gboolean good = message && GST_MESSAGE_TYPE (message) == GST_MESSAGE_EOS;

  if (!message)
    witness_error ("the pipeline neither ends nor fails");
  gst_element_set_state (pipeline, GST_STATE_NULL);
  while (message) {
    if (GST_MESSAGE_TYPE (message) == GST_MESSAGE_ERROR)
      take_error_message (message);
    gst_message_unref (message);
    message = gst_bus_pop_filtered (bus, GST_MESSAGE_ERROR);
  }
  gst_object_unref (bus);
  return good;
}

GstElement *
scenario_make_pipeline (const char *line)
{
  g_autoptr (GError) error = NULL;
  GstElement *pipeline = gst_parse_launch (line, &error);

  if (!pipeline || error)
    g_error ("%s: %s", line, error ? error->message : "");
  return pipeline;
}

static void
play_to_end (GstElement * pipeline, gint expected)
{
  gint frames = 0;

  add_probe (pipeline, "sink", on_buffer, &frames);
  gst_element_set_state (pipeline, GST_STATE_PLAYING);
  if (scenario_wait_for_end (pipeline) && frames == expected)
    witness_done ();
  gst_object_unref (pipeline);
}

static void
pipeline (const char *line)
{
  play_to_end (scenario_make_pipeline (line), 6);
}

/*** with something in the middle ***/

static GstPadProbeReturn
change_caps (GstPad * pad, GstPadProbeInfo * probe G_GNUC_UNUSED, gpointer data)
{
  gint *seen = data;
  GstElement *filter;
  GstCaps *caps;

  if (++*seen != 3)
    return GST_PAD_PROBE_OK;
  filter = gst_pad_get_parent_element (pad);
  caps = gst_caps_from_string ("video/x-raw,format=RGBA,width=128,height=32");
  g_object_set (filter, "caps", caps, NULL);
  gst_caps_unref (caps);
  gst_object_unref (filter);
  return GST_PAD_PROBE_OK;
}

static void
renegotiation (const char *line)
{
  GstElement *element = scenario_make_pipeline (line);
  gint seen = 0;

  add_probe (element, "caps", change_caps, &seen);
  play_to_end (element, 6);
}

/* Up, down, and up again, on the same elements. */
static void
again (const char *line)
{
  GstElement *element = scenario_make_pipeline (line);
  gint frames = 0;

  add_probe (element, "sink", on_buffer, &frames);
  gst_element_set_state (element, GST_STATE_PLAYING);
  if (scenario_wait_for_end (element)) {
    gst_element_set_state (element, GST_STATE_PLAYING);
    if (scenario_wait_for_end (element) && frames == 12)
      witness_done ();
  }
  gst_object_unref (element);
}

/* Stopped while the core is at work and somebody waits for it. */
static void
stop_in_the_middle (const char *line)
{
  GstElement *element = scenario_make_pipeline (line);
  GstStateChangeReturn change = gst_element_set_state (element, GST_STATE_PLAYING);
  GstBus *bus = gst_element_get_bus (element);
  GstMessage *message;

  message = gst_bus_timed_pop_filtered (bus, change == GST_STATE_CHANGE_FAILURE ? 0 : 50 * GST_MSECOND,
      GST_MESSAGE_ERROR);
  gst_element_set_state (element, GST_STATE_NULL);
  if (message) {
    take_error_message (message);
    gst_message_unref (message);
  } else {
    witness_done ();
  }
  gst_object_unref (bus);
  gst_object_unref (element);
}

const Scenario pipeline_scenarios[] = {
  {"passthrough", pipeline, SOURCE ACCEL SINK, NULL, COMPANION_NONE},
  {"upload", pipeline, SOURCE "tee ! " ACCEL SINK, NULL, COMPANION_NONE},
  {"uncached", pipeline, SOURCE ACCEL "cacheable=false " SINK, NULL, COMPANION_NONE},
  {"two-in-a-row", pipeline, SOURCE ACCEL "! xlnkaccel device=/dev/xlnk " SINK, NULL, COMPANION_NONE},
  {"bytes", pipeline, "fakesrc num-buffers=6 sizetype=fixed sizemax=5000 filltype=pattern-span ! " ACCEL SINK, NULL,
        COMPANION_NONE},
  {"hls", pipeline, SOURCE HLS ("uio=copy", "") SINK, NULL, COMPANION_NONE},
  {"hls-from-tee", pipeline, SOURCE "tee ! " HLS ("uio=copy", "") SINK, NULL, COMPANION_NONE},
  {"hls-by-address", pipeline, SOURCE HLS ("base=0x43c80000,size=0x1000", "") SINK, NULL, COMPANION_NONE},
  {"hls-lost-interrupts", pipeline, SOURCE HLS ("uio=lost", "") SINK, NULL, COMPANION_NONE},
  {"hls-without-interrupt", pipeline, SOURCE HLS ("uio=silent", "") SINK, NULL, COMPANION_NONE},
  {"hls-two-in-a-row", pipeline, SOURCE HLS ("uio=copy", "") "! " HLS ("uio=other", "") SINK, NULL, COMPANION_NONE},
  {"axidma", pipeline, SOURCE ACCEL "accelerator=\"axidma,uio=dma,length-width=26\" " SINK, NULL, COMPANION_NONE},
  {"renegotiation", renegotiation, "videotestsrc num-buffers=6 ! capsfilter name=caps "
        "caps=video/x-raw,format=RGBA,width=64,height=48 ! " ACCEL SINK, NULL, COMPANION_NONE},
  {"hls-renegotiation", renegotiation, "videotestsrc num-buffers=6 ! capsfilter name=caps "
        "caps=video/x-raw,format=RGBA,width=64,height=48 ! " HLS ("uio=copy", "") SINK, NULL, COMPANION_NONE},
  {"again", again, SOURCE HLS ("uio=copy", "") SINK, NULL, COMPANION_NONE},
  {"stop-in-the-middle", stop_in_the_middle, "videotestsrc ! video/x-raw,format=RGBA,width=64,height=48 ! "
        HLS ("uio=slow", "") SINK, NULL, COMPANION_NONE},
  {NULL, NULL, NULL, NULL, COMPANION_NONE}
};
