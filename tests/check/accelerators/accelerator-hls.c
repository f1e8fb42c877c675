/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * accelerator-hls.c: the accelerator `hls` against cores of all versions, and against ones that misbehave.
 */
#include <string.h>

#include "corecheck.h"
#include "fakehls.h"
#include "gstxlnkaccelerators.h"

#define DESCRIPTION "hls,uio=sobel,src=0x10,dst=0x1c,address-bits=64,width=0x28,height=0x30"

/* The order that loses no interrupt and takes none for another. */
static void
test_order (void)
{
  FakeHls core = {.latency = FOREVER,.core.script = "d" };
  GstXlnkJob job = core_check_make_job ();
  GstXlnkAccelerator *self;
  gchar *log;

  fake_hls_add (&core, "sobel");
  self = core_check_make_open (DESCRIPTION);
  core_check_configure (self, RGBA, GRAY);
  g_free (fake_core_take_log (&core.core));
  core_check_submit (self, &job);
  log = fake_core_take_log (&core.core);
  /* idle? arguments; mask, acknowledge, read back, drain, write 1, unmask, barrier, start */
  g_assert_cmpstr (log, ==, "r0 w10=10000000 w14=0 w28=280 w30=168 w1c=20000000 w20=0 w4=0 rc r4 t a w8=1 w4=1 b w0=1");
  g_free (log);
  core_check_assert_wait (self, 1000 * MS, GST_XLNK_WAIT_DONE);
  log = fake_core_take_log (&core.core);
  /* running; the interrupt; status, acknowledge what was read, read back; barrier, before the memory is read */
  g_assert_cmpstr (log, ==, "r0 rc r4 t r0 rc wc=1 r4 b");
  g_free (log);
  core_check_release (self);
  g_assert_cmpuint (core.mistakes, ==, 0);
  fake_core_remove (&core.core);
}

static void
run_jobs (FakeHls * core, const gchar * description, guint n)
{
  GstXlnkAccelerator *self = core_check_make_open (description);
  GstXlnkJob job = core_check_make_job ();

  core_check_configure (self, RGBA, GRAY);
  for (guint i = 0; i < n; i++) {
    core_check_submit (self, &job);
    core_check_assert_wait (self, 1000 * MS, GST_XLNK_WAIT_DONE);
    g_assert_true (core->idle);
    g_assert_cmphex (core->isr, ==, 0);         /* and its interrupt line is low */
  }
  g_assert_cmpuint (core->starts, ==, n);
  g_assert_cmpuint (core->mistakes, ==, 0);
  g_assert_cmpuint (core_check_get_interrupts (self).lost, ==, 0);
  g_assert_cmpuint (core_check_get_interrupts (self).spurious, ==, 0);
  core_check_release (self);
}

/* Versions differ in what clears the status, and by how long they take; nobody has to say which it is. */
static void
test_versions (void)
{
  for (guint i = 0; i < 12; i++) {
    FakeHls core = {.isr_clears = i % 2,.chain = i / 2 % 2,.latency = i / 4 == 0 ? 0 : i / 4 == 1 ? 50 : 3 * MS };

    fake_hls_add (&core, "sobel");
    run_jobs (&core, core.chain ? DESCRIPTION ",protocol=ap_ctrl_chain" : DESCRIPTION, 20);
    fake_core_remove (&core.core);
  }
}

static void
test_without_interrupt (void)
{
  FakeHls core = {.latency = 50 * MS };
  GstXlnkAccelerator *self;
  GstXlnkJob job = core_check_make_job ();
  g_autofree gchar *log = NULL;

  fake_hls_add (&core, "sobel");
  self = core_check_make_open ("hls,base=0x43c00000,size=256,src=0x10,dst=0x1c,address-bits=64,width=0x28,height=0x30");
  core_check_configure (self, RGBA, GRAY);
  g_free (fake_core_take_log (&core.core));
  core_check_submit (self, &job);
  core_check_assert_wait (self, 1000 * MS, GST_XLNK_WAIT_DONE);
  log = fake_core_take_log (&core.core);
  g_assert_null (strstr (log, "w4=1"));
  g_assert_cmpuint (core_check_get_interrupts (self).polls, >, 0);
  /* An eighth of what was waited, from 20 µs to 2 ms: some 70 looks; without growing it would be thousands. */
  g_assert_cmpuint (core_check_get_interrupts (self).polls, <, 200);
  g_assert_cmpuint (core_check_get_interrupts (self).lost, ==, 0);
  core_check_release (self);
  fake_core_remove (&core.core);
}

static void
test_lost_interrupts (void)
{
  FakeHls core = {.latency = 3 * MS };
  GstXlnkAccelerator *self;
  GstXlnkJob job = core_check_make_job ();
  gint64 start;

  fake_hls_add (&core, "sobel");
  core.core.lose = 5;
  self = core_check_make_open (DESCRIPTION);
  core_check_configure (self, RGBA, GRAY);
  start = g_get_monotonic_time ();
  for (guint i = 0; i < 5; i++) {
    core_check_submit (self, &job);
    core_check_assert_wait (self, 1000 * MS, GST_XLNK_WAIT_DONE);
  }
  g_assert_cmpuint (core_check_get_interrupts (self).lost, ==, 5);
  g_assert_cmpuint (core_check_get_interrupts (self).received, ==, 0);
  g_assert_cmpint (g_get_monotonic_time () - start, <, 500 * MS);
  /* It has stopped to rely on them, but takes one that comes. */
  core_check_submit (self, &job);
  core_check_assert_wait (self, 1000 * MS, GST_XLNK_WAIT_DONE);
  core_check_submit (self, &job);
  core_check_assert_wait (self, 1000 * MS, GST_XLNK_WAIT_DONE);
  g_assert_cmpuint (core_check_get_interrupts (self).lost, ==, 5);
  core_check_release (self);
  fake_core_remove (&core.core);
}

/* It came for nothing, and UIO has masked the interrupt: one that comes later must be let through again. */
static void
test_spurious_interrupts (void)
{
  FakeHls core = {.latency = FOREVER,.core.script = "sssd" };
  GstXlnkAccelerator *self;
  GstXlnkJob job = core_check_make_job ();

  fake_hls_add (&core, "sobel");
  self = core_check_make_open (DESCRIPTION);
  core_check_configure (self, RGBA, GRAY);
  core_check_submit (self, &job);
  core_check_assert_wait (self, 1000 * MS, GST_XLNK_WAIT_DONE);
  g_assert_true (core.idle);
  g_assert_cmpuint (core_check_get_interrupts (self).spurious, ==, 3);
  g_assert_cmpuint (core_check_get_interrupts (self).received, ==, 4);
  g_assert_cmpuint (core_check_get_interrupts (self).lost, ==, 0);
  core_check_release (self);
  fake_core_remove (&core.core);
}

/* One of before the start is not taken for the job's. */
static void
test_stale_interrupt (void)
{
  FakeHls core = {.latency = FOREVER,.core.script = "d" };
  GstXlnkAccelerator *self;
  GstXlnkJob job = core_check_make_job ();

  fake_hls_add (&core, "sobel");
  self = core_check_make_open (DESCRIPTION);
  core_check_configure (self, RGBA, GRAY);
  fake_core_interrupt (&core.core);
  core_check_submit (self, &job);
  core_check_assert_wait (self, 1000 * MS, GST_XLNK_WAIT_DONE);
  g_assert_cmpuint (core_check_get_interrupts (self).spurious, ==, 0);
  g_assert_cmpuint (core_check_get_interrupts (self).received, ==, 1);
  core_check_release (self);
  fake_core_remove (&core.core);
}

/* Another program's read of ap_ctrl has cleared ap_done. */
static void
test_taken_done (void)
{
  FakeHls core = {.latency = 3 * MS,.done_is_taken = TRUE };

  fake_hls_add (&core, "sobel");
  run_jobs (&core, DESCRIPTION, 3);
  fake_core_remove (&core.core);
}

static void
test_hang (void)
{
  FakeHls core = {.hangs = TRUE };
  GstXlnkAccelerator *self;
  GstXlnkJob job = core_check_make_job ();
  g_autoptr (GError) error = NULL;
  g_autofree gchar *state = NULL;

  fake_hls_add (&core, "sobel");
  self = core_check_make_open (DESCRIPTION);
  core_check_configure (self, RGBA, GRAY);
  core_check_submit (self, &job);
  core_check_assert_wait (self, 30 * MS, GST_XLNK_WAIT_TIMEOUT);
  state = gst_xlnk_accelerator_describe_state (self);
  g_test_message ("%s", state);
  g_assert_nonnull (strstr (state, "sobel"));
  g_assert_nonnull (strstr (state, "ap_ctrl 0x00000001"));
  g_assert_nonnull (strstr (state, "src 0x10000000, dst 0x20000000"));

  g_assert_false (gst_xlnk_accelerator_reset (self, &error));
  g_assert_error (error, GST_XLNK_ERROR, GST_XLNK_ERROR_NOT_IDLE);
  g_assert_nonnull (strstr (error->message, "reset line"));
  g_clear_error (&error);
  core_check_assert_refused (self, &job, GST_XLNK_ERROR_NOT_IDLE, "still runs");

  /* Nor does it open again. */
  gst_xlnk_accelerator_close (self);
  g_assert_false (gst_xlnk_accelerator_open (self, &error));
  g_assert_error (error, GST_XLNK_ERROR, GST_XLNK_ERROR_NOT_IDLE);
  g_assert_nonnull (strstr (error->message, "is still busy after 1000 ms"));
  g_clear_error (&error);
  g_assert_cmpuint (core.starts, ==, 1);

  fake_hls_reset_line (&core);
  g_assert_true (gst_xlnk_accelerator_open (self, &error));
  core_check_submit (self, &job);
  core_check_assert_wait (self, 1000 * MS, GST_XLNK_WAIT_DONE);
  core_check_release (self);
  g_assert_cmpuint (core.mistakes, ==, 0);
  fake_core_remove (&core.core);
}

/* Too late for the timeout, but done: the memory is free. */
static void
test_late (void)
{
  FakeHls core = {.latency = 300 * MS };
  GstXlnkAccelerator *self;
  GstXlnkJob job = core_check_make_job ();

  fake_hls_add (&core, "sobel");
  self = core_check_make_open (DESCRIPTION);
  core_check_configure (self, RGBA, GRAY);
  core_check_submit (self, &job);
  core_check_assert_wait (self, 10 * MS, GST_XLNK_WAIT_TIMEOUT);
  g_assert_false (gst_xlnk_accelerator_reset (self, NULL));
  g_usleep (300 * MS);
  g_assert_true (gst_xlnk_accelerator_reset (self, NULL));
  core_check_submit (self, &job);
  core_check_assert_wait (self, 1000 * MS, GST_XLNK_WAIT_DONE);
  core_check_release (self);
  fake_core_remove (&core.core);
}

static gpointer
flush_soon (gpointer self)
{
  g_usleep (10 * MS);
  gst_xlnk_accelerator_set_flushing (self, TRUE);
  return NULL;
}

static void
test_flush (void)
{
  FakeHls core = {.latency = 1000 * MS };
  GstXlnkAccelerator *self;
  GstXlnkJob job = core_check_make_job ();
  GThread *thread;
  gint64 start;

  fake_hls_add (&core, "sobel");
  self = core_check_make_open (DESCRIPTION);
  core_check_configure (self, RGBA, GRAY);
  core_check_submit (self, &job);
  start = g_get_monotonic_time ();
  thread = g_thread_new ("flush", flush_soon, self);
  core_check_assert_wait (self, 1000 * MS, GST_XLNK_WAIT_FLUSHING);
  g_assert_cmpint (g_get_monotonic_time () - start, <, 500 * MS);
  g_thread_join (thread);
  core_check_assert_wait (self, 1000 * MS, GST_XLNK_WAIT_FLUSHING);
  gst_xlnk_accelerator_set_flushing (self, FALSE);
  core_check_assert_wait (self, 5000 * MS, GST_XLNK_WAIT_DONE);
  g_assert_true (core.idle);
  core_check_release (self);
  fake_core_remove (&core.core);
}

/* A deadline in the past only looks. */
static void
test_look (void)
{
  FakeHls core = {.latency = 300 * MS };
  GstXlnkAccelerator *self;
  GstXlnkJob job = core_check_make_job ();
  gint64 start;

  fake_hls_add (&core, "sobel");
  self = core_check_make_open (DESCRIPTION);
  core_check_configure (self, RGBA, GRAY);
  core_check_submit (self, &job);
  start = g_get_monotonic_time ();
  g_assert_cmpint (gst_xlnk_accelerator_wait (self, 0, NULL), ==, GST_XLNK_WAIT_TIMEOUT);
  g_assert_cmpint (g_get_monotonic_time () - start, <, 200 * MS);
  g_usleep (300 * MS);
  g_assert_cmpint (gst_xlnk_accelerator_wait (self, 0, NULL), ==, GST_XLNK_WAIT_DONE);
  core_check_release (self);
  fake_core_remove (&core.core);
}

/* A program of before has left it running in circles. */
static void
test_auto_restart (void)
{
  FakeHls core = {.latency = 5 * MS };
  GstXlnkAccelerator *self;

  fake_hls_add (&core, "sobel");
  fake_core_lock ();
  core.start = core.auto_restart = TRUE;
  core.idle = FALSE;
  core.finish = core_check_from_now (5 * MS);
  fake_core_unlock ();
  self = core_check_make_open (DESCRIPTION);
  g_assert_true (core.idle);
  core_check_release (self);
  fake_core_remove (&core.core);
}

/* A program of before was killed in the middle of a frame. */
static void
test_busy_at_open (void)
{
  FakeHls core = {.latency = 300 * MS };
  GstXlnkAccelerator *self;

  fake_hls_add (&core, "sobel");
  fake_core_lock ();
  core.start = TRUE;
  core.idle = FALSE;
  core.finish = core_check_from_now (300 * MS);
  fake_core_unlock ();
  self = core_check_make_open (DESCRIPTION);
  g_assert_true (core.idle);
  g_assert_cmpuint (core.mistakes, ==, 0);
  core_check_release (self);
  fake_core_remove (&core.core);
}

/* What every kind of argument register gets. */
static void
test_arguments (void)
{
  static const gchar *nv12 = "video/x-raw,format=NV12,width=64,height=32";
  static const gchar *rgba = "video/x-raw,format=RGBA,width=32,height=16";
  FakeHls core = { 0 };
  GstXlnkAccelerator *self;
  GstXlnkJob job = { core_check_lay_out (nv12, 0x812345000), core_check_lay_out (rgba, 0xfffff000), {NULL} };

  fake_hls_add (&core, "sobel");
  self = core_check_make_open ("hls,uio=sobel,address-bits=64,src=<0x10,0x18>,dst=0x20,src-stride=<0x28,0x2c>,"
      "dst-stride=0x30,src-size=<0x34,0x38>,dst-size=0x3c,width=0x40,height=0x44,format=0x48,dst-width=0x4c,"
      "dst-height=0x50,dst-format=0x54,set=<0x58,0xA0000000,0x5c,-1>");
  core_check_configure (self, nv12, rgba);
  core_check_submit (self, &job);
  core_check_assert_wait (self, 1000 * MS, GST_XLNK_WAIT_DONE);
  {
    const guint32 expected[] = { 0x12345000, 8, 0x12345800, 8, 0xfffff000, 0, 64, 64, 128, 2048, 1024, 2048, 64, 32,
      GST_VIDEO_FORMAT_NV12, 32, 16, GST_VIDEO_FORMAT_RGBA, 0xa0000000, 0xffffffff
    };

    for (guint i = 0; i < G_N_ELEMENTS (expected); i++)
      g_assert_cmphex (core.started[4 + i], ==, expected[i]);
  }
  core_check_release (self);
  fake_core_remove (&core.core);
}

/* One register for all planes: the core takes them to follow each other. */
static void
test_one_address (void)
{
  static const gchar *nv12 = "video/x-raw,format=NV12,width=64,height=33";
  FakeHls core = { 0 };
  GstXlnkAccelerator *self;
  GstXlnkJob job = { core_check_lay_out (nv12, 0x10000000), core_check_lay_out (RGBA, 0x20000000), {NULL} };

  fake_hls_add (&core, "sobel");
  self = core_check_make_open ("hls,uio=sobel,src=0x10,dst=0x18,src-size=0x20,width=0x28");
  core_check_configure (self, nv12, RGBA);
  core_check_submit (self, &job);
  core_check_assert_wait (self, 1000 * MS, GST_XLNK_WAIT_DONE);
  g_assert_cmpuint (core.started[8], ==, 64 * 34 + 64 * 17);
  job.in.phys_addr[1] += 64;
  core_check_assert_refused (self, &job, GST_XLNK_ERROR_CAPS, "does not follow");
  core_check_release (self);
  fake_core_remove (&core.core);
}

static void
test_in_place (void)
{
  FakeHls core = { 0 };
  GstXlnkAccelerator *self;
  GstXlnkJob job = { core_check_lay_out (RGBA, 0x10000000), core_check_lay_out (RGBA, 0x10000000), {NULL} };

  fake_hls_add (&core, "sobel");
  self = core_check_make_open ("hls,uio=sobel,dst=0x18,mode=in-place,dst-stride=0x20");
  core_check_configure (self, RGBA, RGBA);
  core_check_submit (self, &job);
  core_check_assert_wait (self, 1000 * MS, GST_XLNK_WAIT_DONE);
  g_assert_cmphex (core.started[6], ==, 0x10000000);
  g_assert_cmpuint (core.started[8], ==, 640 * 4);
  core_check_release (self);
  fake_core_remove (&core.core);
}

/* Bytes that are not video. */
static void
test_bytes (void)
{
  FakeHls core = { 0 };
  GstXlnkAccelerator *self;
  GstXlnkJob job = {
    {.n_planes = 1,.phys_addr = {0x10000000},.size = {1001}},
    {.n_planes = 1,.phys_addr = {0x20000000},.size = {2002}},
    {NULL}
  };
  g_autoptr (GError) error = NULL;

  fake_hls_add (&core, "sobel");
  self = core_check_make_open ("hls,uio=sobel,src=0x10,dst=0x18,src-size=0x20,dst-size=0x28");
  core_check_configure (self, NULL, NULL);
  core_check_submit (self, &job);
  core_check_assert_wait (self, 1000 * MS, GST_XLNK_WAIT_DONE);
  g_assert_cmpuint (core.started[8], ==, 1001);
  g_assert_cmpuint (core.started[10], ==, 2002);
  core_check_release (self);

  self = core_check_make_open (DESCRIPTION);
  g_assert_false (gst_xlnk_accelerator_configure (self, NULL, NULL, &error));
  g_assert_error (error, GST_XLNK_ERROR, GST_XLNK_ERROR_CAPS);
  core_check_release (self);
  fake_core_remove (&core.core);
}

/* GStreamer takes a frame without a pixel for video; its rows are 0 bytes apart. */
static void
test_no_pixels (void)
{
  static const gchar *nothing = "video/x-raw,format=I420,width=0,height=8", *i420 = "video/x-raw,format=I420,width=64,height=8";
  FakeHls core = { 0 };
  GstXlnkAccelerator *self;
  GstXlnkJob job = { core_check_lay_out (i420, 0x10000000), core_check_lay_out (i420, 0x20000000), {NULL} };

  fake_hls_add (&core, "sobel");
  self = core_check_make_open ("hls,uio=sobel,src=0x10,dst=0x18");
  core_check_configure (self, nothing, nothing);
  core_check_submit (self, &job);
  core_check_assert_wait (self, 1000 * MS, GST_XLNK_WAIT_DONE);
  core_check_release (self);
  fake_core_remove (&core.core);
}

/* What is refused before the core is started. */
static void
test_refused_jobs (void)
{
  FakeHls core = { 0 };
  GstXlnkAccelerator *self;
  GstXlnkJob job;

  fake_hls_add (&core, "sobel");
  self = core_check_make_open ("hls,uio=sobel,src=0x10,dst=0x18,width=0x28,height=0x30,alignment=64");
  core_check_configure (self, RGBA, GRAY);

  job = core_check_make_job ();
  job.in.phys_addr[0] = 0x100000000;
  core_check_assert_refused (self, &job, GST_XLNK_ERROR_ADDRESS, "32 bits");
  job = core_check_make_job ();
  job.out.phys_addr[0] = 0xffffffc0;    /* only its end is beyond */
  core_check_assert_refused (self, &job, GST_XLNK_ERROR_ADDRESS, "32 bits");
  job = core_check_make_job ();
  job.out.phys_addr[0] += 32;
  core_check_assert_refused (self, &job, GST_XLNK_ERROR_ADDRESS, "multiple of 64");
  job = core_check_make_job ();
  job.in.phys_addr[0] = 0;
  core_check_assert_refused (self, &job, GST_XLNK_ERROR_ADDRESS, "nowhere");
  job = core_check_make_job ();
  job.in.phys_addr[0] = G_MAXUINT64 - 63;
  core_check_assert_refused (self, &job, GST_XLNK_ERROR_ADDRESS, "nowhere");
  job = core_check_make_job ();
  job.out.n_planes = 0;
  core_check_assert_refused (self, &job, GST_XLNK_ERROR_ADDRESS, "no output");
  job = core_check_make_job ();
  job.in.stride[0] += 64;
  core_check_assert_refused (self, &job, GST_XLNK_ERROR_CAPS, "src-stride, or frames that are not padded");
  job = core_check_make_job ();
  job.in.stride[0] = -job.in.stride[0];
  core_check_assert_refused (self, &job, GST_XLNK_ERROR_CAPS, "upwards");
  g_assert_cmpuint (core.starts, ==, 0);
  job = core_check_make_job ();
  core_check_submit (self, &job);
  core_check_assert_wait (self, 1000 * MS, GST_XLNK_WAIT_DONE);
  core_check_release (self);
  fake_core_remove (&core.core);
}

static void
test_refused_caps (void)
{
  FakeHls core = { 0 };
  GstXlnkAccelerator *self;
  g_autoptr (GstCaps) nv12 = gst_caps_from_string ("video/x-raw,format=NV12,width=64,height=32");
  g_autoptr (GstCaps) i420 = gst_caps_from_string ("video/x-raw,format=I420,width=64,height=32");
  g_autoptr (GError) error = NULL;

  fake_hls_add (&core, "sobel");
  self = core_check_make_open ("hls,uio=sobel,src=<0x10,0x18>,dst=0x20");
  g_assert_true (gst_xlnk_accelerator_configure (self, nv12, i420, &error));
  g_assert_false (gst_xlnk_accelerator_configure (self, i420, i420, &error));
  g_assert_error (error, GST_XLNK_ERROR, GST_XLNK_ERROR_CAPS);
  g_assert_nonnull (strstr (error->message, "2 planes"));
  core_check_release (self);
  fake_core_remove (&core.core);
}

/* A register beyond the window, and two who want one core. */
static void
test_refused_open (void)
{
  FakeHls core = { 0 };
  GstXlnkAccelerator *self, *other;
  g_autoptr (GError) error = NULL;

  fake_hls_add (&core, "sobel");
  self = core_check_make ("hls,uio=sobel,src=0x10,dst=0xfc,address-bits=64");
  g_assert_false (gst_xlnk_accelerator_open (self, &error));
  g_assert_error (error, GST_XLNK_ERROR, GST_XLNK_ERROR_DESCRIPTION);
  g_clear_error (&error);
  core_check_release (self);

  self = core_check_make_open (DESCRIPTION);
  other = core_check_make (DESCRIPTION);
  g_assert_false (gst_xlnk_accelerator_open (other, &error));
  core_check_release (self);
  g_clear_error (&error);
  g_assert_true (gst_xlnk_accelerator_open (other, &error));
  core_check_release (other);
  fake_core_remove (&core.core);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  gst_init (&argc, &argv);
  g_assert_true (gst_xlnk_accelerators_register ());

  g_test_add_func ("/accelerator-hls/order", test_order);
  g_test_add_func ("/accelerator-hls/versions", test_versions);
  g_test_add_func ("/accelerator-hls/without-interrupt", test_without_interrupt);
  g_test_add_func ("/accelerator-hls/lost-interrupts", test_lost_interrupts);
  g_test_add_func ("/accelerator-hls/spurious-interrupts", test_spurious_interrupts);
  g_test_add_func ("/accelerator-hls/stale-interrupt", test_stale_interrupt);
  g_test_add_func ("/accelerator-hls/taken-done", test_taken_done);
  g_test_add_func ("/accelerator-hls/hang", test_hang);
  g_test_add_func ("/accelerator-hls/late", test_late);
  g_test_add_func ("/accelerator-hls/flush", test_flush);
  g_test_add_func ("/accelerator-hls/look", test_look);
  g_test_add_func ("/accelerator-hls/auto-restart", test_auto_restart);
  g_test_add_func ("/accelerator-hls/busy-at-open", test_busy_at_open);
  g_test_add_func ("/accelerator-hls/arguments", test_arguments);
  g_test_add_func ("/accelerator-hls/one-address", test_one_address);
  g_test_add_func ("/accelerator-hls/in-place", test_in_place);
  g_test_add_func ("/accelerator-hls/bytes", test_bytes);
  g_test_add_func ("/accelerator-hls/no-pixels", test_no_pixels);
  g_test_add_func ("/accelerator-hls/refused-jobs", test_refused_jobs);
  g_test_add_func ("/accelerator-hls/refused-caps", test_refused_caps);
  g_test_add_func ("/accelerator-hls/refused-open", test_refused_open);
  return g_test_run ();
}
