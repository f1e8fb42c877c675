/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * accelerator-emulated.c: accelerators and memory together, on the emulated board: what comes out of the core is what
 * went in, through the core.
 *
 * The environment says what is there:
 *   XLNK_TEST_CASE         which test
 *   XLNK_TEST_ACCELERATOR  the description of a core that the board calls `core`
 *   XLNK_TEST_MODEL        what it does: copy, or invert
 */
#include <dlfcn.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <gst/xlnk/xlnk.h>

#define WIDTH 64
#define HEIGHT 32
#define SIZE (WIDTH * HEIGHT * 4)
#define CAPS "video/x-raw,format=RGBA,width=64,height=32,framerate=25/1"
#define JOBS 12

typedef struct
{
  GstXlnkAccelerator *accelerator;
  GstXlnkAllocator *allocator;
  GstMemory *in, *out;
  GstMapInfo in_map, out_map;
  GstXlnkJob job;
} Bench;

static GstXlnkAccelerator *
make (void)
{
  g_autoptr (GError) error = NULL;
  GstXlnkAccelerator *self = gst_xlnk_accelerator_make (g_getenv ("XLNK_TEST_ACCELERATOR"), &error);

  g_assert_no_error (error);
  return self;
}

static void
set_up (Bench * bench)
{
  g_autoptr (GstCaps) caps = gst_caps_from_string (CAPS);
  g_autoptr (GError) error = NULL;

  memset (bench, 0, sizeof *bench);
  bench->allocator = gst_xlnk_allocator_get (NULL, &error);
  g_assert_no_error (error);
  bench->accelerator = make ();
  gst_xlnk_accelerator_open (bench->accelerator, &error);
  g_assert_no_error (error);
  g_assert_true (gst_xlnk_accelerator_configure (bench->accelerator, caps, caps, NULL));
  bench->in = gst_xlnk_allocator_alloc (bench->allocator, SIZE, TRUE, NULL, NULL);
  bench->out = gst_xlnk_allocator_alloc (bench->allocator, SIZE, TRUE, NULL, NULL);
}

static void
tear_down (Bench * bench)
{
  gst_memory_unref (bench->in);
  gst_memory_unref (bench->out);
  gst_xlnk_accelerator_close (bench->accelerator);
  gst_object_unref (bench->accelerator);
  gst_object_unref (bench->allocator);
}

static void
fill (GstMemory * mem, guint8 seed)
{
  GstMapInfo map;

  g_assert_true (gst_memory_map (mem, &map, GST_MAP_WRITE));
  for (guint i = 0; i < SIZE; i++)
    map.data[i] = (guint8) (seed + i * 7 + i / 256);
  gst_memory_unmap (mem, &map);
}

static GstXlnkPlanes
planes_of (const GstMapInfo * map)
{
  GstXlnkPlanes planes = {.n_planes = 1,.phys_addr = {(guintptr) map->data},.stride = {4 * WIDTH},.size = {SIZE} };

  return planes;
}

/* As the element does it: device maps around the job. */
static void
start (Bench * bench)
{
  g_autoptr (GError) error = NULL;

  g_assert_true (gst_xlnk_memory_map_device (bench->in, &bench->in_map, GST_MAP_READ));
  g_assert_true (gst_xlnk_memory_map_device (bench->out, &bench->out_map, GST_MAP_WRITE));
  bench->job.in = planes_of (&bench->in_map);
  bench->job.out = planes_of (&bench->out_map);
  gst_xlnk_accelerator_submit (bench->accelerator, &bench->job, &error);
  g_assert_no_error (error);
}

static void
stop (Bench * bench)
{
  gst_xlnk_memory_unmap_device (bench->in, &bench->in_map);
  gst_xlnk_memory_unmap_device (bench->out, &bench->out_map);
}

static GstXlnkWait
wait_for (Bench * bench, gint64 time, GError ** error)
{
  return gst_xlnk_accelerator_wait (bench->accelerator, g_get_monotonic_time () + time, error);
}

static guint8
expect (guint8 byte)
{
  return g_strcmp0 (g_getenv ("XLNK_TEST_MODEL"), "invert") == 0 ? (guint8) ~byte : byte;
}

static void
check (Bench * bench)
{
  GstMapInfo in, out;

  g_assert_true (gst_memory_map (bench->in, &in, GST_MAP_READ));
  g_assert_true (gst_memory_map (bench->out, &out, GST_MAP_READ));
  for (guint i = 0; i < SIZE; i++)
    g_assert_cmphex (out.data[i], ==, expect (in.data[i]));
  gst_memory_unmap (bench->out, &out);
  gst_memory_unmap (bench->in, &in);
}

static GstXlnkInterrupts
run_jobs (Bench * bench)
{
  GstXlnkInterrupts interrupts;

  for (guint i = 0; i < JOBS; i++) {
    g_autoptr (GError) error = NULL;

    fill (bench->in, (guint8) i);
    fill (bench->out, (guint8) (i + 100));
    start (bench);
    g_assert_cmpint (wait_for (bench, 5 * G_USEC_PER_SEC, &error), ==, GST_XLNK_WAIT_DONE);
    g_assert_no_error (error);
    stop (bench);
    check (bench);
  }
  gst_xlnk_accelerator_get_interrupts (bench->accelerator, &interrupts);
  g_test_message ("interrupts: %" G_GUINT64_FORMAT " received, %" G_GUINT64_FORMAT " lost, %" G_GUINT64_FORMAT
      " spurious; %" G_GUINT64_FORMAT " polls", interrupts.received, interrupts.lost, interrupts.spurious,
      interrupts.polls);
  return interrupts;
}

static void
test_jobs (void)
{
  Bench bench;

  set_up (&bench);
  run_jobs (&bench);
  tear_down (&bench);
}

static void
test_lost (void)
{
  Bench bench;

  set_up (&bench);
  g_assert_cmpuint (run_jobs (&bench).lost, >, 0);
  tear_down (&bench);
}

static void
test_spurious (void)
{
  Bench bench;

  set_up (&bench);
  g_assert_cmpuint (run_jobs (&bench).spurious, >, 0);
  tear_down (&bench);
}

static int
open_in_child (void)
{
  pid_t child = fork ();
  int status;

  if (child == 0) {
    GError *error = NULL;
    GstXlnkAccelerator *self = make ();
    int code = gst_xlnk_accelerator_open (self, &error) ? 0 : error->code + 1;

    /* Memcheck asks the child for everything it took. */
    gst_object_unref (self);
    g_clear_error (&error);
    _exit (code);
  }
  g_assert_cmpint (waitpid (child, &status, 0), ==, child);
  g_assert_true (WIFEXITED (status));
  return WEXITSTATUS (status);
}

static void
test_busy (void)
{
  GstXlnkAccelerator *self = make (), *other = make ();
  g_autoptr (GError) error = NULL;

  g_assert_true (gst_xlnk_accelerator_open (self, &error));
  g_assert_cmpint (open_in_child (), ==, GST_XLNK_ERROR_BUSY + 1);
  g_assert_false (gst_xlnk_accelerator_open (other, &error));
  g_assert_error (error, GST_XLNK_ERROR, GST_XLNK_ERROR_BUSY);
  gst_xlnk_accelerator_close (self);
  g_assert_cmpint (open_in_child (), ==, 0);
  gst_object_unref (self);
  gst_object_unref (other);
}

static void
pulse_reset_line (void)
{
  int (*reset_core) (const char *) = NULL;

  *(void **) &reset_core = dlsym (RTLD_DEFAULT, "xlnk_emulator_reset_core");
  g_assert_nonnull (reset_core);
  g_assert_cmpint (reset_core ("core"), ==, 0);
}

/* Of an HLS core: nothing but its reset line helps. An AXI DMA resets by itself. */
static void
test_hang (void)
{
  Bench bench;
  g_autoptr (GError) error = NULL;
  g_autofree gchar *state = NULL;

  set_up (&bench);
  fill (bench.in, 1);
  start (&bench);
  g_assert_cmpint (wait_for (&bench, G_USEC_PER_SEC / 10, NULL), ==, GST_XLNK_WAIT_TIMEOUT);
  state = gst_xlnk_accelerator_describe_state (bench.accelerator);
  g_test_message ("%s", state);
  if (g_str_has_prefix (g_getenv ("XLNK_TEST_ACCELERATOR"), "hls")) {
    g_assert_false (gst_xlnk_accelerator_reset (bench.accelerator, &error));
    g_assert_error (error, GST_XLNK_ERROR, GST_XLNK_ERROR_NOT_IDLE);
    g_clear_error (&error);
    pulse_reset_line ();
  }
  gst_xlnk_accelerator_reset (bench.accelerator, &error);
  g_assert_no_error (error);
  stop (&bench);
  run_jobs (&bench);
  tear_down (&bench);
}

static void
test_error (void)
{
  Bench bench;
  g_autoptr (GError) error = NULL;

  set_up (&bench);
  fill (bench.in, 1);
  start (&bench);
  g_assert_cmpint (wait_for (&bench, G_USEC_PER_SEC, &error), ==, GST_XLNK_WAIT_ERROR);
  g_test_message ("%s", error->message);
  g_assert_error (error, GST_XLNK_ERROR, GST_XLNK_ERROR_CORE);
  g_assert_true (gst_xlnk_accelerator_reset (bench.accelerator, NULL));
  stop (&bench);
  run_jobs (&bench);
  tear_down (&bench);
}

int
main (int argc, char **argv)
{
  static const struct
  {
    const gchar *name;
    GTestFunc function;
  } tests[] = {
    {"jobs", test_jobs}, {"lost", test_lost}, {"spurious", test_spurious}, {"busy", test_busy}, {"hang", test_hang},
    {"error", test_error}
  };
  GstElement *element;

  g_test_init (&argc, &argv, NULL);
  gst_init (&argc, &argv);
  /* Loads the plugin, which registers its accelerators. */
  element = gst_element_factory_make ("xlnkaccel", NULL);
  g_assert_nonnull (element);
  gst_object_unref (element);
  for (guint i = 0; i < G_N_ELEMENTS (tests); i++) {
    g_autofree gchar *path = g_strdup_printf ("/accelerator-emulated/%s", tests[i].name);

    if (g_strcmp0 (tests[i].name, g_getenv ("XLNK_TEST_CASE")) == 0)
      g_test_add_func (path, tests[i].function);
  }
  return g_test_run ();
}
