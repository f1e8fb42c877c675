/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * soak.c: one pipeline for very many frames, which is renegotiated, sought in, stopped and started at random, beside a
 * process on the same heap that is killed at random. Between rounds nothing may have grown (footprint.h).
 *
 *   soak FRAMES SEED [SIBLING [XLNK-CTL]]
 *
 * What a killed sibling leaves, the next one's open gives back; what it had no time to sign, xlnk-ctl at the end.
 *
 * Runs on an emulated board with the cores `copy` and `dma`. Exit status 0 if all is well; what is not, and when, is on
 * stderr.
 */
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <gst/xlnk/xlnk.h>

#include "footprint.h"

#define ROUND_FRAMES 1000
#define SLOWER 20               /* under a checker of memory, so so much less of everything */
#define PATIENCE_S 120          /* without a frame: something hangs */
#define KEPT 3                  /* frames that a consumer keeps */

extern char **environ;

static GRand *dice;
static GstElement *pipeline, *source, *filter, *accel;
static GMutex mutex;            /* over the next three */
static GCond came;
static guint64 frames;          /* that came out */
static GstBuffer *kept[KEPT];
static const gchar *doing = "nothing";
static gchar *sibling_program;  /* NULL: none */
static pid_t sibling;
static guint kills;
static guint round_frames = ROUND_FRAMES;

static void G_GNUC_PRINTF (1, 2) G_GNUC_NORETURN
fail (const gchar * format, ...)
{
  va_list args;

  va_start (args, format);
  fprintf (stderr, "soak: ");
  vfprintf (stderr, format, args);
  fprintf (stderr, " (frame %" G_GUINT64_FORMAT ", after %s)\n", frames, doing);
  va_end (args);
  if (sibling > 0)
    kill (sibling, SIGKILL);
  exit (1);
}

/*** frames ***/

/* White is all ones in RGBA, in, through any core that copies, and out. */
static void
check_white (GstBuffer * buffer)
{
  GstMapInfo map;

  if (!gst_buffer_map (buffer, &map, GST_MAP_READ))
    fail ("a frame cannot be mapped");
  if (map.size == 0 || map.data[0] != 0xff || map.data[map.size - 1] != 0xff)
    fail ("a frame of %" G_GSIZE_FORMAT " bytes is not white", map.size);
  gst_buffer_unmap (buffer, &map);
}

static void
take_frame (GstElement * sink G_GNUC_UNUSED, GstBuffer * buffer, GstPad * pad G_GNUC_UNUSED,
    gpointer unused G_GNUC_UNUSED)
{
  check_white (buffer);
  g_mutex_lock (&mutex);
  frames++;
  if (frames % 7 == 0)
    gst_buffer_replace (&kept[frames % KEPT], buffer);
  g_cond_signal (&came);
  g_mutex_unlock (&mutex);
}

static void
drop_kept (void)
{
  g_mutex_lock (&mutex);
  for (guint i = 0; i < KEPT; i++)
    gst_buffer_replace (&kept[i], NULL);
  g_mutex_unlock (&mutex);
}

static void
check_bus (void)
{
  GstBus *bus = gst_element_get_bus (pipeline);
  GstMessage *message;

  while ((message = gst_bus_pop_filtered (bus, GST_MESSAGE_ERROR | GST_MESSAGE_EOS | GST_MESSAGE_LATENCY))) {
    GError *error = NULL;
    gchar *more = NULL;

    if (GST_MESSAGE_TYPE (message) == GST_MESSAGE_ERROR)
      gst_message_parse_error (message, &error, &more);
    if (GST_MESSAGE_TYPE (message) != GST_MESSAGE_LATENCY)
      fail ("%s: %s, %s", GST_MESSAGE_TYPE_NAME (message), error ? error->message : "", more ? more : "");
    gst_message_unref (message);
  }
  gst_object_unref (bus);
}

/* Until @n more have come out. */
static void
await_frames (guint n)
{
  gint64 deadline;
  guint64 until;

  g_mutex_lock (&mutex);
  until = frames + n;
  while (frames < until) {
    guint64 before = frames;

    deadline = g_get_monotonic_time () + G_TIME_SPAN_SECOND;
    for (guint s = 0; frames == before && s < PATIENCE_S; s++) {
      g_cond_wait_until (&came, &mutex, deadline);
      deadline += G_TIME_SPAN_SECOND;
      if (frames == before && s % 2) {
        g_mutex_unlock (&mutex);
        check_bus ();
        g_mutex_lock (&mutex);
      }
    }
    if (frames == before)
      fail ("no frame for %d s", PATIENCE_S);
  }
  g_mutex_unlock (&mutex);
  check_bus ();
}

/*** the pipeline ***/

static const gchar *const cores[] = {
  NULL,
  "passthrough",
  "hls,uio=copy,src=0x10,dst=0x1c,address-bits=64,width=0x28,height=0x30",
  "hls,uio=copy,src=0x10,dst=0x1c,address-bits=64,width=0x28,height=0x30,mode=in-place",
  "axidma,uio=dma,length-width=26",
};

static void
set_state (GstState state)
{
  if (gst_element_set_state (pipeline, state) == GST_STATE_CHANGE_FAILURE
      || gst_element_get_state (pipeline, NULL, NULL, PATIENCE_S * GST_SECOND) != GST_STATE_CHANGE_SUCCESS) {
    check_bus ();
    fail ("the pipeline does not come to %s", gst_element_state_get_name (state));
  }
}

static GstCaps *
make_caps (void)
{
  return gst_caps_new_simple ("video/x-raw", "format", G_TYPE_STRING, "RGBA",
      "width", G_TYPE_INT, 8 * g_rand_int_range (dice, 1, 9), "height", G_TYPE_INT, g_rand_int_range (dice, 1, 33),
      "framerate", GST_TYPE_FRACTION, 30, 1, NULL);
}

static void
choose_core (void)
{
  g_object_set (accel, "accelerator", cores[g_rand_int_range (dice, 0, G_N_ELEMENTS (cores))], "queue-depth",
      g_rand_int_range (dice, 0, 4), "cacheable", g_rand_boolean (dice), NULL);
}

/* Half of the time upstream does not take the lent pool, so that each frame is copied. */
static void
build (void)
{
  const gchar *between = g_rand_boolean (dice) ? "identity drop-allocation=true ! " : "";
  g_autofree gchar *line = g_strdup_printf ("videotestsrc name=source pattern=white ! capsfilter name=filter ! %s"
      "xlnkaccel name=accel ! fakesink name=sink sync=false signal-handoffs=true", between);
  GstCaps *caps = make_caps ();
  GstElement *sink;

  pipeline = gst_parse_launch (line, NULL);
  source = gst_bin_get_by_name (GST_BIN (pipeline), "source");
  filter = gst_bin_get_by_name (GST_BIN (pipeline), "filter");
  accel = gst_bin_get_by_name (GST_BIN (pipeline), "accel");
  sink = gst_bin_get_by_name (GST_BIN (pipeline), "sink");
  g_signal_connect (sink, "handoff", G_CALLBACK (take_frame), NULL);
  gst_object_unref (sink);
  g_object_set (filter, "caps", caps, NULL);
  gst_caps_unref (caps);
  choose_core ();
  set_state (GST_STATE_PLAYING);
}

static void
take_down (void)
{
  set_state (GST_STATE_NULL);
  drop_kept ();
  gst_object_unref (source);
  gst_object_unref (filter);
  gst_object_unref (accel);
  gst_object_unref (pipeline);
}

/*** what happens to it ***/

static GstPadProbeReturn
set_filter (GstPad * pad G_GNUC_UNUSED, GstPadProbeInfo * info G_GNUC_UNUSED, gpointer caps)
{
  g_object_set (filter, "caps", caps, NULL);
  return GST_PAD_PROBE_REMOVE;
}

static gboolean
pad_has_caps (GstPad * pad, GstCaps * caps)
{
  GstCaps *now = gst_pad_get_current_caps (pad);
  gboolean same = now && gst_caps_can_intersect (now, caps);

  gst_caps_replace (&now, NULL);
  return same;
}

/* In the thread that negotiates, and nothing else happens until it has: of GStreamer 1.22, a capsfilter that is set while
 * it answers for its caps answers with none, and a source that negotiates during a flush gives up. */
static void
renegotiate (void)
{
  GstPad *start = gst_element_get_static_pad (source, "src"), *end = gst_element_get_static_pad (accel, "src");
  GstCaps *caps = make_caps ();

  gst_pad_add_probe (start, GST_PAD_PROBE_TYPE_BUFFER, set_filter, gst_caps_ref (caps), (GDestroyNotify) gst_caps_unref);
  do
    await_frames (2);
  while (!pad_has_caps (end, caps));
  gst_caps_unref (caps);
  gst_object_unref (end);
  gst_object_unref (start);
}

static void
seek (void)
{
  GstSeekFlags flags = g_rand_boolean (dice) ? GST_SEEK_FLAG_FLUSH : GST_SEEK_FLAG_NONE;

  if (!gst_element_seek_simple (pipeline, GST_FORMAT_TIME, flags, g_rand_int_range (dice, 0, 3600) * GST_SECOND))
    fail ("a seek is refused");
}

static void
stop_and_go (void)
{
  set_state (g_rand_boolean (dice) ? GST_STATE_PAUSED : GST_STATE_READY);
  drop_kept ();
  set_state (GST_STATE_PLAYING);
}

static void
change_core (void)
{
  set_state (g_rand_boolean (dice) ? GST_STATE_READY : GST_STATE_NULL);
  choose_core ();
  set_state (GST_STATE_PLAYING);
}

/* By hand, beside the pipeline. */
static void
allocate (void)
{
  GstXlnkAllocator *allocator = gst_xlnk_allocator_get (NULL, NULL);
  GstMemory *mem, *part, *copy;

  if (!allocator)
    fail ("there is no allocator");
  mem = gst_xlnk_allocator_alloc (allocator, g_rand_int_range (dice, 100, 50000), g_rand_boolean (dice), NULL, NULL);
  if (!mem)
    fail ("there is no memory");
  part = gst_memory_share (mem, 10, 50);
  copy = gst_memory_copy (mem, 0, -1);
  if (!copy || gst_xlnk_memory_get_phys_addr (part) != gst_xlnk_memory_get_phys_addr (mem) + 10)
    fail ("a memory cannot be copied, or a part of it is elsewhere");
  gst_memory_unref (mem);
  gst_memory_unref (copy);
  gst_memory_unref (part);
  gst_object_unref (allocator);
}

/*** the sibling ***/

static void
start_sibling (void)
{
  g_autofree gchar *seed = g_strdup_printf ("%u", g_rand_int (dice));
  gchar *command[] = { sibling_program, seed, NULL };

  if (posix_spawn (&sibling, sibling_program, NULL, NULL, command, environ) != 0)
    fail ("cannot start %s", sibling_program);
}

static void
end_sibling (void)
{
  int status;

  kill (sibling, SIGKILL);
  if (waitpid (sibling, &status, 0) != sibling || !WIFSIGNALED (status) || WTERMSIG (status) != SIGKILL)
    fail ("the sibling ended by itself, with status 0x%x", (guint) status);
}

static void
kill_sibling (void)
{
  if (!sibling_program)
    return;
  end_sibling ();
  kills++;
  start_sibling ();
}

/* A sibling that was killed between its allocation and its signature leaves a buffer that only a person may free: at most
 * one for each kill. */
static void
give_back (gchar * xlnk_ctl)
{
  gchar *command[] = { xlnk_ctl, "reclaim", "--force", NULL };
  int status = -1;
  Footprint now;
  pid_t child;

  if (posix_spawn (&child, xlnk_ctl, NULL, NULL, command, environ) != 0 || waitpid (child, &status, 0) != child || status)
    fail ("%s reclaim: status 0x%x", xlnk_ctl, (guint) status);
  footprint_take (&now);
  if (now.highest_id > 0)
    fail ("buffer %u is still there", now.highest_id);
}

/*** rounds ***/

static const struct
{
  const gchar *name;
  void (*run) (void);
  guint weight;
} events[] = {
  {"new caps", renegotiate, 6},
  {"a seek", seek, 6},
  {"a stop", stop_and_go, 3},
  {"another core", change_core, 2},
  {"an allocation", allocate, 6},
  {"a kill", kill_sibling, 2},
};

static void
let_something_happen (void)
{
  guint sum = 0, choice;

  for (gsize i = 0; i < G_N_ELEMENTS (events); i++)
    sum += events[i].weight;
  choice = (guint) g_rand_int_range (dice, 0, (gint) sum);
  for (gsize i = 0; i < G_N_ELEMENTS (events); i++) {
    if (choice < events[i].weight) {
      doing = events[i].name;
      events[i].run ();
      return;
    }
    choice -= events[i].weight;
  }
}

static void
run_round (void)
{
  guint64 end = frames + round_frames;

  doing = "a start";
  build ();
  while (frames < end) {
    await_frames ((guint) g_rand_int_range (dice, 1, 100));
    let_something_happen ();
  }
  await_frames (1);
  doing = "an end";
  take_down ();
}

/* What grew must still be there after a while: a thread of GStreamer may hold something for a moment longer than we do. */
static void
check_footprint (const Footprint * first)
{
  g_autofree gchar *more = NULL;
  Footprint now;

  for (guint i = 0; i < 10; i++) {
    footprint_take (&now);
    g_free (more);
    more = footprint_compare (first, &now);
    if (!more)
      break;
    g_usleep (G_USEC_PER_SEC / 2);
  }
  footprint_print ("", &now);
  if (more)
    fail ("it grows: %s", more);
}

/* Until everything has happened a few times: plugins are loaded, tables have their size, malloc its arenas. */
static void
soak (guint64 wanted)
{
  guint64 warm = MAX (wanted / 5, 4 * round_frames), step = wanted / 10, next;
  Footprint first;

  while (frames < warm)
    run_round ();
  footprint_take (&first);
  footprint_print ("warm", &first);
  for (next = frames + step; frames < wanted; next += step) {
    while (frames < MIN (next, wanted))
      run_round ();
    check_footprint (&first);
  }
}

int
main (int argc, char **argv)
{
  guint64 wanted;

  if (argc < 3 || argc > 5) {
    fprintf (stderr, "usage: %s FRAMES SEED [SIBLING [XLNK-CTL]]\n", argv[0]);
    return 2;
  }
  gst_init (NULL, NULL);
  wanted = g_ascii_strtoull (argv[1], NULL, 10);
  if (!footprint_judges_memory ()) {
    wanted /= SLOWER;
    round_frames /= SLOWER;
  }
  dice = g_rand_new_with_seed ((guint32) g_ascii_strtoull (argv[2], NULL, 10));
  sibling_program = argv[3];    /* or NULL */
  if (sibling_program)
    start_sibling ();
  soak (wanted);
  if (sibling_program)
    end_sibling ();
  if (sibling_program && argv[4])
    give_back (argv[4]);
  printf ("%" G_GUINT64_FORMAT " frames, %u kills\n", frames, kills);
  g_rand_free (dice);
  return 0;
}
