/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * throughput.c: what queue-depth is for. A producer that takes T for a frame and a core that takes T: one after the other
 * they make 0.5 frames in T, side by side nearly 1. Prints frames per T for both depths, and their ratio.
 *
 *   throughput UIO-NAME T-IN-MS FRAMES
 */
#include <stdlib.h>

#include <gst/gst.h>

typedef struct
{
  gint64 frame_time;            /* µs that the producer takes */
  gint64 first, last;           /* when frames came out */
  guint frames;
} Run;

/* What the producer does takes this long. */
static GstPadProbeReturn
produce (GstPad * pad, GstPadProbeInfo * info, gpointer user_data)
{
  Run *run = user_data;

  (void) pad;
  (void) info;
  g_usleep (run->frame_time);
  return GST_PAD_PROBE_OK;
}

static GstPadProbeReturn
consume (GstPad * pad, GstPadProbeInfo * info, gpointer user_data)
{
  Run *run = user_data;

  (void) pad;
  (void) info;
  run->last = g_get_monotonic_time ();
  if (run->frames++ == 0)
    run->first = run->last;
  return GST_PAD_PROBE_OK;
}

static void
watch (GstElement * pipeline, const char *name, const char *pad_name, GstPadProbeCallback callback, Run * run)
{
  GstElement *element = gst_bin_get_by_name (GST_BIN (pipeline), name);
  GstPad *pad = gst_element_get_static_pad (element, pad_name);

  gst_pad_add_probe (pad, GST_PAD_PROBE_TYPE_BUFFER, callback, run, NULL);
  gst_object_unref (pad);
  gst_object_unref (element);
}

static void
wait_for_end (GstElement * pipeline)
{
  GstBus *bus = gst_element_get_bus (pipeline);
  GstMessage *message = gst_bus_timed_pop_filtered (bus, 300 * GST_SECOND, GST_MESSAGE_EOS | GST_MESSAGE_ERROR);

  if (!message || GST_MESSAGE_TYPE (message) == GST_MESSAGE_ERROR) {
    gst_printerrln ("the pipeline did not end well");
    exit (1);
  }
  gst_message_unref (message);
  gst_object_unref (bus);
}

/* Frames that come out in the time of one. */
static double
measure (const char *core, guint depth, gint64 frame_time, guint frames)
{
  g_autofree char *line = g_strdup_printf ("videotestsrc pattern=black num-buffers=%u name=src ! "
      "video/x-raw,format=RGBA,width=320,height=180,framerate=30/1 ! xlnkaccel name=accel queue-depth=%u "
      "accelerator=\"hls,uio=%s,src=0x10,dst=0x1c,address-bits=64,width=0x28,height=0x30\" ! "
      "fakesink name=sink sync=false", frames, depth, core);
  GstElement *pipeline = gst_parse_launch (line, NULL);
  Run run = { .frame_time = frame_time };

  watch (pipeline, "src", "src", produce, &run);
  watch (pipeline, "sink", "sink", consume, &run);
  gst_element_set_state (pipeline, GST_STATE_PLAYING);
  wait_for_end (pipeline);
  gst_element_set_state (pipeline, GST_STATE_NULL);
  gst_object_unref (pipeline);
  return (double) (run.frames - 1) * frame_time / (run.last - run.first);
}

int
main (int argc, char **argv)
{
  double one, two;
  gint64 frame_time;
  guint frames;

  gst_init (&argc, &argv);
  if (argc != 4) {
    gst_printerrln ("usage: %s UIO-NAME T-IN-MS FRAMES", argv[0]);
    return 2;
  }
  frame_time = 1000 * g_ascii_strtoll (argv[2], NULL, 10);
  frames = g_ascii_strtoull (argv[3], NULL, 10);
  one = measure (argv[1], 1, frame_time, frames);
  two = measure (argv[1], 2, frame_time, frames);
  gst_print ("producer and core take %s ms each, %u frames\n", argv[2], frames);
  gst_print ("queue-depth=1: %.3f / T\n", one);
  gst_print ("queue-depth=2: %.3f / T, %.2f times as fast\n", two, two / one);
  return 0;
}
