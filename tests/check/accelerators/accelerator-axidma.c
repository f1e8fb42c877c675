/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * accelerator-axidma.c: the accelerator `axidma` against an AXI DMA that takes nothing amiss, and ones that fail.
 */
#include <string.h>

#include "corecheck.h"
#include "fakedma.h"
#include "gstxlnkaccelerators.h"

#define DESCRIPTION "axidma,uio=dma,length-width=26"

static const gchar *const table[][4] = {
  {"axidma,uio=dma"},
  {"axidma,base=0x40400000"},
  {"axidma,base=0x40400000,size=0x10000"},
  {"axidma", "where is the core"},
  {"axidma,uio=dma,length-width=27", "length-width=27", "8 to 26"},
  {"axidma,uio=dma,length-width=7", "length-width=7"},
  {"axidma,uio=dma,data-width=48", "data-width=48", "power of two"},
  {"axidma,uio=dma,address-bits=16", "address-bits=16"},
  {"axidma,uio=dma,mm2s=false,s2mm=false", "nothing is left"},
  {"axidma,uio=dma,mm2s=on", "mm2s", "true or false"},
  {"axidma,uio=dma,dre=2", "dre", "true or false"},
  {"axidma,uio=dma,src=0x10", "no field `src'", "length-width"},
};

static void
test_description (void)
{
  for (guint i = 0; i < G_N_ELEMENTS (table); i++) {
    g_autoptr (GError) error = NULL;
    g_autoptr (GstXlnkAccelerator) accelerator = gst_xlnk_accelerator_make (table[i][0], &error);

    g_test_message ("%s: %s", table[i][0], error ? error->message : "accepted");
    g_assert_cmpint (accelerator != NULL, ==, table[i][1] == NULL);
    for (guint j = 1; j < G_N_ELEMENTS (table[i]) && table[i][j]; j++)
      g_assert_nonnull (strstr (error->message, table[i][j]));
  }
}

static void
add_both (FakeDma * dma)
{
  dma->channel[0].exists = dma->channel[1].exists = TRUE;
  if (!dma->length_width)
    dma->length_width = 26;
  fake_dma_add (dma, "dma");
}

/* Video bytes on both sides. */
static GstXlnkJob
make_bytes (gsize size)
{
  GstXlnkJob job = {
    {.n_planes = 1,.phys_addr = {0x10000000},.size = {size}},
    {.n_planes = 1,.phys_addr = {0x20000000},.size = {size}},
    {NULL}
  };

  return job;
}

static void
test_order (void)
{
  FakeDma dma = {.latency = FOREVER,.core.script = "dd" };
  GstXlnkJob job = make_bytes (4096);
  GstXlnkAccelerator *self;
  gchar *log;

  add_both (&dma);
  self = core_check_make_open (DESCRIPTION);
  g_assert_cmpint (gst_xlnk_accelerator_get_mode (self), ==, GST_XLNK_ACCELERATOR_TRANSFORM);
  core_check_submit (self, &job);
  core_check_assert_wait (self, 1000 * MS, GST_XLNK_WAIT_DONE);
  g_free (fake_core_take_log (&dma.core));
  core_check_submit (self, &job);
  log = fake_core_take_log (&dma.core);
  /* mask, status; drain, write 1; unmask; barrier; S2MM, then MM2S */
  g_assert_cmpstr (log, ==, "w0=10001 r4 w30=10001 r34 t a w0=15001 w30=15001 b w48=20000000 w58=1000 w18=10000000 "
      "w28=1000");
  g_free (log);
  core_check_assert_wait (self, 1000 * MS, GST_XLNK_WAIT_DONE);
  log = fake_core_take_log (&dma.core);
  g_assert_cmpstr (log, ==, "r4 r34 t r4 w4=1000 r0 r34 w34=1000 r30 r58 b");
  g_free (log);
  core_check_release (self);
  g_assert_cmpuint (dma.mistakes, ==, 0);
  fake_core_remove (&dma.core);
}

static void
test_jobs (void)
{
  for (guint i = 0; i < 4; i++) {
    FakeDma dma = {.latency = i / 2 ? 2 * MS : 0,.only_mm2s_interrupts = i % 2 };
    GstXlnkJob job = make_bytes (640 * 360 * 4);
    GstXlnkAccelerator *self;

    add_both (&dma);
    self = core_check_make_open (DESCRIPTION);
    for (guint n = 0; n < 10; n++) {
      core_check_submit (self, &job);
      core_check_assert_wait (self, 1000 * MS, GST_XLNK_WAIT_DONE);
    }
    g_assert_cmpuint (dma.channel[1].bytes, ==, 10 * 640 * 360 * 4);
    g_assert_cmpuint (core_check_get_interrupts (self).lost, ==, 0);
    g_assert_cmpuint (core_check_get_interrupts (self).spurious, ==, 0);
    g_assert_cmpuint (dma.mistakes, ==, 0);
    core_check_release (self);
    fake_core_remove (&dma.core);
  }
}

static void
test_channels (void)
{
  for (guint i = 0; i < 3; i++) {
    FakeDma dma = {.length_width = 26 };
    GstXlnkJob job = make_bytes (10000);
    GstXlnkAccelerator *self;

    dma.channel[0].exists = i != 1;
    dma.channel[1].exists = i != 0;
    fake_dma_add (&dma, "dma");
    self = core_check_make_open (i == 2 ? DESCRIPTION ",s2mm=false" : DESCRIPTION);
    g_assert_cmpint (gst_xlnk_accelerator_get_mode (self), ==, i == 1 ? GST_XLNK_ACCELERATOR_WRITE
        : GST_XLNK_ACCELERATOR_READ);
    core_check_submit (self, &job);
    core_check_assert_wait (self, 1000 * MS, GST_XLNK_WAIT_DONE);
    g_assert_cmpuint (dma.channel[0].transfers, ==, i != 1);
    g_assert_cmpuint (dma.channel[1].transfers, ==, i == 1);
    core_check_release (self);
    fake_core_remove (&dma.core);
  }
}

static void
assert_open_fails (const gchar * description, const gchar * words)
{
  g_autoptr (GstXlnkAccelerator) self = core_check_make (description);
  g_autoptr (GError) error = NULL;

  g_assert_false (gst_xlnk_accelerator_open (self, &error));
  g_test_message ("%s", error->message);
  g_assert_nonnull (strstr (error->message, words));
}

static void
test_refused_open (void)
{
  FakeDma dma = { 0 };

  dma.channel[0].exists = TRUE;
  fake_dma_add (&dma, "dma");
  assert_open_fails (DESCRIPTION ",s2mm=true", "no S2MM channel");
  dma.scatter_gather = TRUE;
  assert_open_fails (DESCRIPTION, "scatter-gather");
  dma.scatter_gather = FALSE;
  dma.stuck = TRUE;
  assert_open_fails (DESCRIPTION, "reset");
  dma.channel[0].exists = FALSE;
  assert_open_fails (DESCRIPTION, "not an AXI DMA");
  fake_core_remove (&dma.core);
}

/* 2^14 - 1 bytes at most, and the next one at an aligned address: 16380, or 16320 for 64 bytes. */
static void
test_split (void)
{
  static const struct
  {
    gsize size;
    guint data_width, transfers;
  } cases[] = {
    {16380, 32, 1}, {16381, 32, 2}, {16383, 32, 2}, {16384, 32, 2}, {32760, 32, 2}, {32761, 32, 3},
    {16320, 512, 1}, {16321, 512, 2}, {16383, 8, 1}, {16384, 8, 2}, {1, 512, 1}, {640 * 360 * 4, 64, 57}
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++) {
    FakeDma dma = {.length_width = 14,.alignment = cases[i].data_width / 8,.latency = 100 };
    g_autofree gchar *description = g_strdup_printf ("axidma,uio=dma,data-width=%u", cases[i].data_width);
    GstXlnkJob job = make_bytes (cases[i].size);
    GstXlnkAccelerator *self;

    add_both (&dma);
    self = core_check_make_open (description);
    core_check_submit (self, &job);
    core_check_assert_wait (self, 1000 * MS, GST_XLNK_WAIT_DONE);
    for (guint channel = 0; channel < 2; channel++) {
      g_assert_cmpuint (dma.channel[channel].transfers, ==, cases[i].transfers);
      g_assert_cmpuint (dma.channel[channel].bytes, ==, cases[i].size);
    }
    g_assert_cmpuint (dma.mistakes, ==, 0);
    g_assert_cmpuint (core_check_get_interrupts (self).spurious, ==, 0);
    core_check_release (self);
    fake_core_remove (&dma.core);
  }
}

/* Planes that follow each other are one transfer; others are one each. */
static void
test_planes (void)
{
  static const gchar *i420 = "video/x-raw,format=I420,width=64,height=32";
  FakeDma dma = { 0 };
  GstXlnkJob job = { core_check_lay_out (i420, 0x10000000), core_check_lay_out (i420, 0x20000000), {NULL} };
  GstXlnkAccelerator *self;

  add_both (&dma);
  self = core_check_make_open (DESCRIPTION);
  core_check_submit (self, &job);
  core_check_assert_wait (self, 1000 * MS, GST_XLNK_WAIT_DONE);
  g_assert_cmpuint (dma.channel[0].transfers, ==, 1);
  g_assert_cmpuint (dma.channel[0].bytes, ==, 64 * 32 * 3 / 2);
  job.in.phys_addr[2] += 64;
  job.out.phys_addr[2] += 64;
  core_check_submit (self, &job);
  core_check_assert_wait (self, 1000 * MS, GST_XLNK_WAIT_DONE);
  g_assert_cmpuint (dma.channel[0].transfers, ==, 3);
  g_assert_cmphex (dma.channel[1].low, ==, 0x20000000 + 64 * 32 * 5 / 4 + 64);
  core_check_release (self);
  fake_core_remove (&dma.core);
}

static void
test_refused_jobs (void)
{
  FakeDma dma = { 0 };
  GstXlnkAccelerator *self;
  GstXlnkJob job = make_bytes (1000);

  add_both (&dma);
  self = core_check_make_open (DESCRIPTION ",data-width=64");
  job.in.phys_addr[0] += 4;
  core_check_assert_refused (self, &job, GST_XLNK_ERROR_ADDRESS, "multiple of 8");
  job = make_bytes (1000);
  job.out.phys_addr[0] = 0xffffff00;
  core_check_assert_refused (self, &job, GST_XLNK_ERROR_ADDRESS, "32 bits");
  g_assert_cmpuint (dma.channel[0].transfers + dma.channel[1].transfers, ==, 0);
  core_check_release (self);

  dma.alignment = 1;
  self = core_check_make_open (DESCRIPTION ",dre=true,address-bits=40");
  job.in.phys_addr[0] = 0x800000003;
  core_check_submit (self, &job);
  core_check_assert_wait (self, 1000 * MS, GST_XLNK_WAIT_DONE);
  g_assert_cmphex (dma.channel[0].high, ==, 8);
  job.in.phys_addr[0] = G_GUINT64_CONSTANT (1) << 40;
  core_check_assert_refused (self, &job, GST_XLNK_ERROR_ADDRESS, "40 bits");
  core_check_release (self);
  g_assert_cmpuint (dma.mistakes, ==, 0);
  fake_core_remove (&dma.core);
}

/* After an error: a reset, and on it goes. */
static void
check_error (FakeDma * dma, const GstXlnkJob * job, GstXlnkError code, const gchar * words)
{
  GstXlnkAccelerator *self;
  g_autoptr (GError) error = NULL;
  guint resets;

  add_both (dma);
  self = core_check_make_open (DESCRIPTION);
  core_check_submit (self, job);
  g_assert_cmpint (gst_xlnk_accelerator_wait (self, core_check_from_now (1000 * MS), &error), ==, GST_XLNK_WAIT_ERROR);
  g_test_message ("%s", error->message);
  g_assert_error (error, GST_XLNK_ERROR, (gint) code);
  g_assert_nonnull (strstr (error->message, words));
  resets = dma->resets;
  g_assert_true (gst_xlnk_accelerator_reset (self, NULL));
  g_assert_cmpuint (dma->resets, >, resets);
  core_check_submit (self, job);
  core_check_assert_wait (self, 1000 * MS, GST_XLNK_WAIT_DONE);
  core_check_release (self);
  g_assert_cmpuint (dma->mistakes, ==, 0);
  fake_core_remove (&dma->core);
}

static void
test_errors (void)
{
  static const struct
  {
    guint32 bit;
    const gchar *words;
  } errors[] = { {0x10, "DMAIntErr"}, {0x20, "DMASlvErr"}, {0x40, "DMADecErr"} };
  GstXlnkJob job = make_bytes (10000);

  for (guint i = 0; i < 2 * G_N_ELEMENTS (errors); i++) {
    FakeDma dma = {.latency = 1 * MS };

    dma.channel[i % 2].error_at = 1;
    dma.channel[i % 2].error = errors[i / 2].bit;
    check_error (&dma, &job, GST_XLNK_ERROR_CORE, errors[i / 2].words);
  }
}

/* The core gives back less, or more. */
static void
test_wrong_length (void)
{
  FakeDma less = {.latency = 1 * MS,.shorter = 16 };
  FakeDma more = {.latency = 1 * MS };
  GstXlnkJob job = make_bytes (10000);

  check_error (&less, &job, GST_XLNK_ERROR_SIZE, "9984 of 10000 bytes");
  more.shorter = (guint) - 16;
  check_error (&more, &job, GST_XLNK_ERROR_CORE, "DMAIntErr");
}

static void
test_hang (void)
{
  FakeDma dma = {.hangs = TRUE };
  GstXlnkAccelerator *self;
  GstXlnkJob job = make_bytes (10000);
  g_autofree gchar *state = NULL;

  add_both (&dma);
  self = core_check_make_open (DESCRIPTION);
  core_check_submit (self, &job);
  core_check_assert_wait (self, 20 * MS, GST_XLNK_WAIT_TIMEOUT);
  state = gst_xlnk_accelerator_describe_state (self);
  g_test_message ("%s", state);
  g_assert_nonnull (strstr (state, "MM2S"));
  g_assert_nonnull (strstr (state, "0x10000000"));
  fake_core_lock ();
  dma.stuck = TRUE;
  fake_core_unlock ();
  g_assert_false (gst_xlnk_accelerator_reset (self, NULL));
  fake_core_lock ();
  dma.stuck = dma.hangs = FALSE;
  fake_core_unlock ();
  g_assert_true (gst_xlnk_accelerator_reset (self, NULL));
  core_check_submit (self, &job);
  core_check_assert_wait (self, 1000 * MS, GST_XLNK_WAIT_DONE);
  core_check_release (self);
  g_assert_cmpuint (dma.mistakes, ==, 0);
  fake_core_remove (&dma.core);
}

static void
test_lost_interrupts (void)
{
  FakeDma dma = {.latency = 2 * MS };
  GstXlnkAccelerator *self;
  GstXlnkJob job = make_bytes (10000);

  add_both (&dma);
  dma.core.lose = 1;
  self = core_check_make_open (DESCRIPTION);
  for (guint i = 0; i < 3; i++) {
    core_check_submit (self, &job);
    core_check_assert_wait (self, 1000 * MS, GST_XLNK_WAIT_DONE);
  }
  g_assert_cmpuint (core_check_get_interrupts (self).lost, ==, 1);
  core_check_release (self);
  fake_core_remove (&dma.core);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  gst_init (&argc, &argv);
  g_assert_true (gst_xlnk_accelerators_register ());

  g_test_add_func ("/accelerator-axidma/description", test_description);
  g_test_add_func ("/accelerator-axidma/order", test_order);
  g_test_add_func ("/accelerator-axidma/jobs", test_jobs);
  g_test_add_func ("/accelerator-axidma/channels", test_channels);
  g_test_add_func ("/accelerator-axidma/refused-open", test_refused_open);
  g_test_add_func ("/accelerator-axidma/split", test_split);
  g_test_add_func ("/accelerator-axidma/planes", test_planes);
  g_test_add_func ("/accelerator-axidma/refused-jobs", test_refused_jobs);
  g_test_add_func ("/accelerator-axidma/errors", test_errors);
  g_test_add_func ("/accelerator-axidma/wrong-length", test_wrong_length);
  g_test_add_func ("/accelerator-axidma/hang", test_hang);
  g_test_add_func ("/accelerator-axidma/lost-interrupts", test_lost_interrupts);
  return g_test_run ();
}
