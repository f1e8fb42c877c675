/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * registers.c: one thread waits for a core, as its element's does; another makes it stop waiting and go on, as a
 * pipeline that seeks does; others look on, and try to take the core.
 *
 * gstxlnkregisters.c is compiled into this, so that its mutex goes through glib-mutex.c.
 */
#include <sched.h>
#include <string.h>

#include "gstxlnkerror.h"
#include "gstxlnkregisters.h"
#include "stress.h"
#include "xlnkblock.h"

#define PATIENCE (30 * G_TIME_SPAN_SECOND)

enum
{
  CTRL = 0x00, GIE = 0x04, IER = 0x08, ISR = 0x0c, SRC = 0x10, DST = 0x1c, WIDTH = 0x28, HEIGHT = 0x30,
  SRC_STRIDE = 0x38, DST_STRIDE = 0x40, FORMAT = 0x48,
};

/* A picture of two bursts, so that a job has a middle. */
#define SIDE 72
#define GRAY8 25

enum
{
  START = 1 << 0, DONE = 1 << 1,
};

/* As the command line has them. The last is the one that comes and goes. */
static const char *const names[] = { "fast", "slow", "lost", "spurious" };

#define CORES G_N_ELEMENTS (names)
#define SPARE "spare"

typedef struct
{
  XlnkDevice *device;
  GstXlnkRegisters *cores[CORES];
  XlnkBlock *src[CORES], *dst[CORES];
  gint jobs, flushed, opened, busy;
} Scene;

static const XlnkRange all = { 0, SIDE * SIDE };

static XlnkBlock *
new_block (Scene * scene, XlnkAccess access)
{
  g_autoptr (GError) error = NULL;
  XlnkBlock *block = xlnk_block_new (scene->device, all.end, true, &error);

  g_assert_no_error (error);
  g_assert_true (xlnk_block_map (block, access | XLNK_ACCESS_DEVICE, all, &error));
  return block;
}

static void
free_block (XlnkBlock * block, XlnkAccess access)
{
  xlnk_block_unmap (block, access | XLNK_ACCESS_DEVICE, all);
  xlnk_block_unref (block);
}

static void
open_core (Scene * scene, unsigned number)
{
  g_autoptr (GError) error = NULL;
  GstXlnkRegisters *registers = gst_xlnk_registers_open_uio (names[number], &error);

  g_assert_no_error (error);
  g_assert_true (gst_xlnk_registers_has_interrupt (registers));
  scene->cores[number] = registers;
  scene->src[number] = new_block (scene, XLNK_ACCESS_READ);
  scene->dst[number] = new_block (scene, XLNK_ACCESS_WRITE);
  gst_xlnk_registers_write (registers, SRC, (guint32) scene->src[number]->extent.phys);
  gst_xlnk_registers_write (registers, DST, (guint32) scene->dst[number]->extent.phys);
  gst_xlnk_registers_write (registers, WIDTH, SIDE);
  gst_xlnk_registers_write (registers, HEIGHT, SIDE);
  gst_xlnk_registers_write (registers, SRC_STRIDE, SIDE);
  gst_xlnk_registers_write (registers, DST_STRIDE, SIDE);
  gst_xlnk_registers_write (registers, FORMAT, GRAY8);
  gst_xlnk_registers_write (registers, GIE, 1);
  gst_xlnk_registers_write (registers, IER, 1);
}

static void
close_core (Scene * scene, unsigned number)
{
  gst_xlnk_registers_close (scene->cores[number]);
  free_block (scene->src[number], XLNK_ACCESS_READ);
  free_block (scene->dst[number], XLNK_ACCESS_WRITE);
}

static GstXlnkProgress
look (GstXlnkRegisters * registers, gpointer user_data G_GNUC_UNUSED)
{
  const guint32 status = gst_xlnk_registers_read (registers, ISR);

  if (status)
    gst_xlnk_registers_write (registers, ISR, status);
  return gst_xlnk_registers_read (registers, CTRL) & DONE ? GST_XLNK_PROGRESS_DONE : GST_XLNK_PROGRESS_NONE;
}

/* However often the wait is ended, the job is there when it is taken up again. */
static void
run_job (Worker * worker)
{
  Scene *scene = worker->data;
  GstXlnkRegisters *registers = scene->cores[worker->number];
  const gint64 deadline = g_get_monotonic_time () + PATIENCE;
  GstXlnkWait result;

  gst_xlnk_registers_arm_interrupt (registers);
  gst_xlnk_registers_barrier ();
  gst_xlnk_registers_write (registers, CTRL, START);
  while ((result = gst_xlnk_registers_wait_interrupt (registers, deadline, look, NULL)) == GST_XLNK_WAIT_FLUSHING) {
    g_atomic_int_inc (&scene->flushed);
    sched_yield ();
  }
  if (result != GST_XLNK_WAIT_DONE)
    g_error ("%s: wait ended with %d", gst_xlnk_registers_get_name (registers), result);
  g_atomic_int_inc (&scene->jobs);
}

static void
flush (Worker * worker)
{
  Scene *scene = worker->data;
  GstXlnkRegisters *registers = scene->cores[stress_random (worker, CORES)];

  gst_xlnk_registers_set_flushing (registers, TRUE);
  if (stress_random (worker, 2))
    g_usleep (stress_random (worker, 500));
  gst_xlnk_registers_set_flushing (registers, FALSE);
  g_usleep (stress_random (worker, 2000));
}

static void
look_on (Worker * worker)
{
  Scene *scene = worker->data;
  const unsigned number = stress_random (worker, CORES);
  GstXlnkRegisters *registers = scene->cores[number];
  g_autoptr (GError) error = NULL;
  GstXlnkInterrupts interrupts;

  gst_xlnk_registers_get_interrupts (registers, &interrupts);
  g_assert_cmpuint (interrupts.received, >=, interrupts.spurious);
  g_assert_nonnull (strstr (gst_xlnk_registers_get_name (registers), names[number]));
  g_assert_cmpuint (gst_xlnk_registers_get_size (registers), ==, 0x10000);
  gst_xlnk_registers_read (registers, GIE);
  g_assert_null (gst_xlnk_registers_open_uio (names[number], &error));
  g_assert_error (error, GST_XLNK_ERROR, GST_XLNK_ERROR_BUSY);
}

/* Two that want the same core: one has it, or none. */
static void
come_and_go (Worker * worker)
{
  Scene *scene = worker->data;
  g_autoptr (GError) error = NULL;
  GstXlnkRegisters *registers = gst_xlnk_registers_open_uio (SPARE, &error);
  const guint32 mine = stress_random (worker, 1000) * 2 + worker->number % 2;

  if (!registers) {
    g_assert_error (error, GST_XLNK_ERROR, GST_XLNK_ERROR_BUSY);
    g_atomic_int_inc (&scene->busy);
    sched_yield ();
    return;
  }
  gst_xlnk_registers_write (registers, WIDTH, mine);
  sched_yield ();
  g_assert_cmpuint (gst_xlnk_registers_read (registers, WIDTH), ==, mine);
  gst_xlnk_registers_close (registers);
  g_atomic_int_inc (&scene->opened);
}

static void
test_wait_and_flush (void)
{
  const Step steps[] = { run_job, run_job, run_job, run_job, flush, flush, look_on, come_and_go, come_and_go };
  Scene scene = {.device = xlnk_device_open (NULL, NULL) };

  for (unsigned i = 0; i < CORES; i++)
    open_core (&scene, i);
  stress_run (G_N_ELEMENTS (steps), steps, G_N_ELEMENTS (steps), &scene);
  for (unsigned i = 0; i < CORES; i++)
    close_core (&scene, i);
  xlnk_device_unref (scene.device);
  g_test_message ("%d jobs, %d waits flushed; opened %d times, busy %d times", scene.jobs, scene.flushed, scene.opened,
      scene.busy);
  g_assert_cmpint (scene.jobs, >=, CORES);
  g_assert_cmpint (scene.flushed, >, 0);
  g_assert_cmpint (scene.opened, >, 0);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/threads/registers/wait-and-flush", test_wait_and_flush);
  return g_test_run ();
}
