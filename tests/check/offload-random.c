/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * offload-random.c: 200 random sequences of what an application may do to a pipeline while jobs are in flight: flushing
 * seeks, changes of caps, pause and play, READY and NULL. Whatever the order, every frame that comes out is right, the
 * pipeline still runs to its end afterwards, and nothing is left behind. A watchdog says where it stood still.
 */
#include "offloadcheck.h"

#define SEQUENCES 200
#define STEPS 8
#define WATCHDOG_S 20
#define LINE \
  "videotestsrc name=src pattern=solid-color foreground-color=0xff204060 num-buffers=100000 ! " \
  "capsfilter name=caps caps=video/x-raw,format=RGBA,width=64,height=48,framerate=30/1 ! " \
  "xlnkaccel name=first queue-depth=%u accelerator=\"" OFFLOAD_HLS ("slow", "") "\" ! " \
  "xlnkaccel name=second accelerator=\"" OFFLOAD_HLS ("invert", "") "\" ! fakesink name=sink sync=false"

/* What the pipeline is at, for whoever finds that it does not go on. */
static gint step_of_now;
static const char *action_of_now = "";
static guint sequence_of_now;
static gint wrong_frames;

static gpointer
watch (gpointer data)
{
  gint *running = data;

  for (gint last = -1, idle = 0; g_atomic_int_get (running); idle++) {
    gint now = g_atomic_int_get (&step_of_now);

    if (now != last)
      idle = 0;
    last = now;
    if (idle > WATCHDOG_S * 10)
      g_error ("sequence %u stands still in step %d: %s", sequence_of_now, now % STEPS, action_of_now);
    g_usleep (100000);
  }
  return NULL;
}

/* Inverted twice: every pixel is the source's. */
static GstPadProbeReturn
check_frame (GstPad * pad, GstPadProbeInfo * info, gpointer user_data)
{
  static const guint8 pixel[] = { 0x20, 0x40, 0x60, 0xff };
  GstMapInfo map;

  (void) pad;
  (void) user_data;
  if (!gst_buffer_map (GST_PAD_PROBE_INFO_BUFFER (info), &map, GST_MAP_READ)) {
    g_atomic_int_inc (&wrong_frames);
    return GST_PAD_PROBE_OK;
  }
  for (gsize i = 0; i < map.size; i++) {
    if (map.data[i] != pixel[i % 4]) {
      g_atomic_int_inc (&wrong_frames);
      break;
    }
  }
  gst_buffer_unmap (GST_PAD_PROBE_INFO_BUFFER (info), &map);
  return GST_PAD_PROBE_OK;
}

/*** what may happen ***/

/* Two races of GStreamer 1.22's own are kept out, in which no element of ours has a part. A state that is set between the
 * last step of an asynchronous change and the thread that core starts to continue it is lost: core counts on that
 * thread, which finds a newer change and gives up. And a source whose caps meet a flush that is over when it looks takes
 * it for a failed negotiation. Jobs are in flight all the same: a pipeline that plays has them. */
static void
settle (GstElement * pipeline)
{
  gst_element_get_state (pipeline, NULL, NULL, 5 * GST_SECOND);
}

static void
seek (GstElement * pipeline, GRand * rand)
{
  settle (pipeline);
  gst_element_seek_simple (pipeline, GST_FORMAT_TIME, GST_SEEK_FLAG_FLUSH,
      g_rand_int_range (rand, 0, 1000) * GST_MSECOND);
}

/* In the thread that negotiates: a capsfilter that is set while it answers for its caps answers with none. */
static GstPadProbeReturn
set_filter (GstPad * pad, GstPadProbeInfo * info, gpointer caps)
{
  GstElement *pipeline = GST_ELEMENT (gst_object_get_parent (GST_OBJECT (GST_PAD_PARENT (pad))));
  GstElement *filter = gst_bin_get_by_name (GST_BIN (pipeline), "caps");

  (void) info;
  g_object_set (filter, "caps", caps, NULL);
  gst_object_unref (filter);
  gst_object_unref (pipeline);
  return GST_PAD_PROBE_REMOVE;
}

static void
drop_caps (gpointer caps)
{
  gst_caps_unref (caps);
}

static void
change_caps (GstElement * pipeline, GRand * rand)
{
  GstElement *source = gst_bin_get_by_name (GST_BIN (pipeline), "src");
  GstPad *pad = gst_element_get_static_pad (source, "src");
  GstCaps *caps = gst_caps_new_simple ("video/x-raw", "format", G_TYPE_STRING, "RGBA",
      "width", G_TYPE_INT, g_rand_int_range (rand, 1, 100), "height", G_TYPE_INT, g_rand_int_range (rand, 1, 100),
      "framerate", GST_TYPE_FRACTION, 30, 1, NULL);

  gst_pad_add_probe (pad, GST_PAD_PROBE_TYPE_BUFFER, set_filter, caps, drop_caps);
  gst_object_unref (pad);
  gst_object_unref (source);
}

static void
pause_it (GstElement * pipeline, GRand * rand)
{
  (void) rand;
  settle (pipeline);
  gst_element_set_state (pipeline, GST_STATE_PAUSED);
}

static void
play_it (GstElement * pipeline, GRand * rand)
{
  (void) rand;
  settle (pipeline);
  gst_element_set_state (pipeline, GST_STATE_PLAYING);
}

/* Elements stop from the last to the first. An event that one sends to the next, which has stopped already, fails like
 * any other, and the source, which has not, takes that for an error. What our own elements say is one. */
static void
drop_errors_of_source (GstElement * pipeline)
{
  GstBus *bus = gst_element_get_bus (pipeline);
  GstMessage *message;

  while ((message = gst_bus_pop_filtered (bus, GST_MESSAGE_ERROR))) {
    fail_unless_equals_string (GST_MESSAGE_SRC_NAME (message), "src");
    gst_message_unref (message);
  }
  gst_object_unref (bus);
}

static void
stop_it (GstElement * pipeline, GRand * rand)
{
  gst_element_set_state (pipeline, g_rand_boolean (rand) ? GST_STATE_READY : GST_STATE_NULL);
  drop_errors_of_source (pipeline);
  gst_element_set_state (pipeline, GST_STATE_PLAYING);
}

static void
wait_a_little (GstElement * pipeline, GRand * rand)
{
  (void) pipeline;
  g_usleep (g_rand_int_range (rand, 0, 8000));
}

static const struct
{
  const char *name;
  void (*act) (GstElement * pipeline, GRand * rand);
} actions[] = {
  {"seek", seek},
  {"change caps", change_caps},
  {"pause", pause_it},
  {"play", play_it},
  {"stop", stop_it},
  {"wait", wait_a_little},
  {"wait", wait_a_little},
};

/*** a sequence ***/

static GstElement *
make_pipeline (guint depth)
{
  g_autofree char *line = g_strdup_printf (LINE, depth);
  GstElement *pipeline = gst_parse_launch (line, NULL);
  GstElement *sink = gst_bin_get_by_name (GST_BIN (pipeline), "sink");
  GstPad *pad = gst_element_get_static_pad (sink, "sink");

  gst_pad_add_probe (pad, GST_PAD_PROBE_TYPE_BUFFER, check_frame, NULL, NULL);
  gst_object_unref (pad);
  gst_object_unref (sink);
  return pipeline;
}

static const char *
find_error (GstBus * bus)
{
  GstMessage *message = gst_bus_pop_filtered (bus, GST_MESSAGE_ERROR);
  GError *error = NULL;

  if (!message)
    return "without an error";
  gst_message_parse_error (message, &error, NULL);
  return error->message;
}

/* After all that: to the end. */
static void
run_to_the_end (GstElement * pipeline)
{
  GstBus *bus = gst_element_get_bus (pipeline);
  GstStateChangeReturn change;
  GstMessage *message;

  action_of_now = "the end";
  settle (pipeline);
  /* A source that is asked to end while a state change is under way waits for it, and it for the source. */
  gst_element_set_state (pipeline, GST_STATE_PLAYING);
  change = gst_element_get_state (pipeline, NULL, NULL, 15 * GST_SECOND);
  fail_unless (change == GST_STATE_CHANGE_SUCCESS, "sequence %u does not play: %s, %s", sequence_of_now,
      gst_element_state_change_return_get_name (change), find_error (bus));
  gst_element_send_event (pipeline, gst_event_new_eos ());
  message = gst_bus_timed_pop_filtered (bus, 15 * GST_SECOND, GST_MESSAGE_EOS | GST_MESSAGE_ERROR);
  if (message && GST_MESSAGE_TYPE (message) == GST_MESSAGE_ERROR) {
    GError *error;
    gst_message_parse_error (message, &error, NULL);
    fail ("sequence %u: %s", sequence_of_now, error->message);
  }
  fail_unless (message != NULL, "sequence %u does not end", sequence_of_now);
  gst_message_unref (message);
  gst_object_unref (bus);
  gst_element_set_state (pipeline, GST_STATE_NULL);
  gst_object_unref (pipeline);
}

static void
run_sequence (guint seed)
{
  GRand *rand = g_rand_new_with_seed (seed);
  GstElement *pipeline = make_pipeline (g_rand_int_range (rand, 0, 4));

  sequence_of_now = seed;
  gst_element_set_state (pipeline, GST_STATE_PLAYING);
  for (guint step = 0; step < STEPS; step++) {
    guint action = g_rand_int_range (rand, 0, G_N_ELEMENTS (actions));

    action_of_now = actions[action].name;
    actions[action].act (pipeline, rand);
    g_atomic_int_inc (&step_of_now);
  }
  run_to_the_end (pipeline);
  g_rand_free (rand);
  fail_unless_equals_int (g_atomic_int_get (&wrong_frames), 0);
  fail_unless_equals_uint64 (board_live_buffers (), 0);
  fail_unless_equals_uint64 (board_hazards (), 0);
}

GST_START_TEST (test_random_sequences_with_jobs_in_flight)
{
  gint running = TRUE;
  GThread *watchdog = g_thread_new ("watchdog", watch, &running);

  for (guint i = 0; i < SEQUENCES; i++)
    run_sequence (i);
  g_atomic_int_set (&running, FALSE);
  g_thread_join (watchdog);
}

GST_END_TEST;

static Suite *
offload_random_suite (void)
{
  Suite *suite = suite_create ("offload-random");
  TCase *tcase = xlnk_check_add_case (suite, "random");

  tcase_add_test (tcase, test_random_sequences_with_jobs_in_flight);
  return suite;
}

GST_CHECK_MAIN (offload_random);
