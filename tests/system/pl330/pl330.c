/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * pl330.c: see pl330.h. Registers and instructions are those of ARM's manual of the controller (DDI 0424): channel 0
 * copies and raises event 0 when all data has arrived.
 */
#include "pl330.h"

#include <string.h>

#define FAULT_MANAGER 0x030
#define FAULT_CHANNELS 0x034
#define FAULT_TYPE_0 0x040
#define INTERRUPT_ENABLE 0x020
#define EVENT_STATUS 0x024
#define INTERRUPT_CLEAR 0x02c
#define CHANNEL_STATUS_0 0x100
#define CHANNEL_PC_0 0x104
#define DEBUG_STATUS 0xd00
#define DEBUG_COMMAND 0xd04
#define DEBUG_INSTRUCTION_0 0xd08
#define DEBUG_INSTRUCTION_1 0xd0c

#define EVENT_0 1u
#define CHANNEL_0 1u
#define STOPPED 0u              /* of the status's low four bits */

#define GO_CHANNEL_0 0x00a00000u        /* DMAGO, by the manager thread */
#define KILL_CHANNEL_0 0x00010001u      /* DMAKILL, by channel 0's */

#define KILL_TIMEOUT 100000     /* µs */

typedef enum
{
  SOURCE = 0,
  CONTROL = 1,
  DESTINATION = 2,
} Register;

#define PROGRAM_MAX 1024

typedef struct
{
  union
  {
    guint8 bytes[PROGRAM_MAX];
    guint32 words[PROGRAM_MAX / 4];
  };
  gsize length;
} Program;

static void
put (Program * program, guint8 byte)
{
  g_assert (program->length < PROGRAM_MAX);
  program->bytes[program->length++] = byte;
}

static void
put_move (Program * program, Register which, guint32 value)
{
  put (program, 0xbc);          /* DMAMOV */
  put (program, (guint8) which);
  for (int shift = 0; shift < 32; shift += 8)
    put (program, (guint8) (value >> shift));
}

static void
put_loop_start (Program * program, guint counter, guint count)
{
  put (program, (guint8) (0x20 | counter << 1));        /* DMALP */
  put (program, (guint8) (count - 1));
}

static void
put_loop_end (Program * program, guint counter, gsize body)
{
  gsize back = program->length - body;

  put (program, (guint8) (0x38 | counter << 2));        /* DMALPEND */
  put (program, (guint8) back);
}

/* Loads and stores one burst, @count times; at most 256. */
static void
put_bursts (Program * program, guint count)
{
  gsize body;

  put_loop_start (program, 0, count);
  body = program->length;
  put (program, 0x04);          /* DMALD */
  put (program, 0x08);          /* DMAST */
  put_loop_end (program, 0, body);
}

static void
put_many_bursts (Program * program, gsize count)
{
  while (count >= 256) {
    guint rounds = (guint) MIN (count / 256, 256);
    gsize body;

    put_loop_start (program, 1, rounds);
    body = program->length;
    put_bursts (program, 256);
    put_loop_end (program, 1, body);
    count -= (gsize) rounds *256;
  }
  if (count > 0)
    put_bursts (program, (guint) count);
}

/* Both sides count up; bursts of @beats beats of 2^@width bytes. */
static void
put_control (Program * program, guint width, guint beats)
{
  guint32 side = 1 | width << 1 | (beats - 1) << 4;

  put_move (program, CONTROL, side | side << 14);
}

static void
put_copy (Program * program, guint32 from, guint32 to, gsize size)
{
  guint width = ((from | to) & 7) == 0 ? 3 : 0;
  gsize burst = (gsize) 16 << width;

  put_move (program, SOURCE, from);
  put_move (program, DESTINATION, to);
  put_control (program, width, 16);
  put_many_bursts (program, size / burst);
  if (size % burst > 0) {
    put_control (program, 0, 1);
    put_bursts (program, (guint) (size % burst));
  }
}

static void
put_end (Program * program)
{
  put (program, 0x13);          /* DMAWMB: all data has arrived */
  put (program, 0x34);          /* DMASEV */
  put (program, 0);             /* event 0 */
  put (program, 0x00);          /* DMAEND */
}

static gboolean
is_stopped (Pl330 * self)
{
  return (gst_xlnk_registers_read (self->registers, CHANNEL_STATUS_0) & 0xf) == STOPPED;
}

static void
debug (Pl330 * self, guint32 instruction, guint32 argument)
{
  gst_xlnk_registers_write (self->registers, DEBUG_INSTRUCTION_0, instruction);
  gst_xlnk_registers_write (self->registers, DEBUG_INSTRUCTION_1, argument);
  gst_xlnk_registers_write (self->registers, DEBUG_COMMAND, 0);
}

gboolean
pl330_open (Pl330 * self, guint64 base, GstXlnkAllocator * allocator, GError ** error)
{
  memset (self, 0, sizeof *self);
  self->program = gst_xlnk_allocator_alloc (allocator, PROGRAM_MAX, FALSE, NULL, error);
  if (!self->program)
    return FALSE;
  self->registers = gst_xlnk_registers_open_mem (base, PL330_REGISTERS, error);
  if (self->registers && is_stopped (self))
    return TRUE;
  if (self->registers)
    g_set_error (error, GST_XLNK_ERROR, GST_XLNK_ERROR_NOT_IDLE,
        "channel 0 of the PL330 at 0x%" G_GINT64_MODIFIER "x is at work: unbind the kernel's driver, dma-pl330", base);
  pl330_close (self);
  return FALSE;
}

void
pl330_close (Pl330 * self)
{
  g_clear_pointer (&self->registers, gst_xlnk_registers_close);
  g_clear_pointer (&self->program, gst_memory_unref);
}

static gboolean
check_planes (const GstXlnkPlanes * in, const GstXlnkPlanes * out, GError ** error)
{
  for (guint i = 0; i < in->n_planes; i++) {
    if (i >= out->n_planes || in->size[i] != out->size[i] || in->stride[i] != out->stride[i]) {
      g_set_error (error, GST_XLNK_ERROR, GST_XLNK_ERROR_SIZE,
          "plane %u has other rows at the output: a PL330 copies bytes as they lie", i);
      return FALSE;
    }
    if (MAX (in->phys_addr[i], out->phys_addr[i]) > G_MAXUINT32 - in->size[i]) {
      g_set_error (error, GST_XLNK_ERROR, GST_XLNK_ERROR_ADDRESS, "plane %u is beyond 32 bits of address", i);
      return FALSE;
    }
  }
  return TRUE;
}

/* Into uncached memory: no maintenance for a few bytes, and aligned words only. */
static gboolean
write_program (Pl330 * self, const Program * program)
{
  volatile guint32 *words;
  GstMapInfo map;

  if (!gst_memory_map (self->program, &map, GST_MAP_WRITE))
    return FALSE;
  words = (volatile guint32 *) map.data;
  for (gsize i = 0; i < (program->length + 3) / 4; i++)
    words[i] = program->words[i];
  gst_memory_unmap (self->program, &map);
  return gst_xlnk_memory_map_device (self->program, &self->map, GST_MAP_READ);
}

gboolean
pl330_start (Pl330 * self, const GstXlnkPlanes * in, const GstXlnkPlanes * out, GError ** error)
{
  Program program = {.length = 0 };

  if (!check_planes (in, out, error))
    return FALSE;
  for (guint i = 0; i < in->n_planes; i++)
    put_copy (&program, (guint32) in->phys_addr[i], (guint32) out->phys_addr[i], in->size[i]);
  put_end (&program);
  if (!write_program (self, &program)) {
    g_set_error (error, GST_XLNK_ERROR, GST_XLNK_ERROR_FAILED, "the PL330's program could not be written");
    return FALSE;
  }
  self->running = TRUE;
  gst_xlnk_registers_write (self->registers, INTERRUPT_CLEAR, EVENT_0);
  gst_xlnk_registers_write (self->registers, INTERRUPT_ENABLE, EVENT_0);
  gst_xlnk_registers_read (self->registers, EVENT_STATUS);
  gst_xlnk_registers_barrier ();
  debug (self, GO_CHANNEL_0, (guint32) GPOINTER_TO_SIZE (self->map.data));
  return TRUE;
}

static void
finish (Pl330 * self)
{
  if (self->running)
    gst_xlnk_memory_unmap_device (self->program, &self->map);
  self->running = FALSE;
}

static GstXlnkProgress
look (GstXlnkRegisters * registers, gpointer data G_GNUC_UNUSED)
{
  if (gst_xlnk_registers_read (registers, FAULT_MANAGER)
      || (gst_xlnk_registers_read (registers, FAULT_CHANNELS) & CHANNEL_0))
    return GST_XLNK_PROGRESS_FAILED;
  if (!(gst_xlnk_registers_read (registers, EVENT_STATUS) & EVENT_0))
    return GST_XLNK_PROGRESS_NONE;
  gst_xlnk_registers_write (registers, INTERRUPT_CLEAR, EVENT_0);
  gst_xlnk_registers_read (registers, EVENT_STATUS);
  return GST_XLNK_PROGRESS_DONE;
}

GstXlnkWait
pl330_wait (Pl330 * self, gint64 deadline, GError ** error)
{
  GstXlnkWait result = gst_xlnk_registers_wait_interrupt (self->registers, deadline, look, self);

  if (result == GST_XLNK_WAIT_ERROR) {
    g_set_error (error, GST_XLNK_ERROR, GST_XLNK_ERROR_CORE, "the PL330 gave up (fault 0x%08x at 0x%08x)",
        gst_xlnk_registers_read (self->registers, FAULT_TYPE_0),
        gst_xlnk_registers_read (self->registers, CHANNEL_PC_0));
  } else if (result == GST_XLNK_WAIT_DONE) {
    gst_xlnk_registers_barrier ();
    finish (self);
  }
  return result;
}

gboolean
pl330_stop (Pl330 * self, GError ** error)
{
  gint64 deadline = g_get_monotonic_time () + KILL_TIMEOUT;

  if (!is_stopped (self))
    debug (self, KILL_CHANNEL_0, 0);
  while (!is_stopped (self)) {
    if (g_get_monotonic_time () > deadline) {
      g_set_error (error, GST_XLNK_ERROR, GST_XLNK_ERROR_NOT_IDLE, "channel 0 of the PL330 does not stop");
      return FALSE;
    }
    g_usleep (100);
  }
  gst_xlnk_registers_write (self->registers, INTERRUPT_CLEAR, EVENT_0);
  finish (self);
  return TRUE;
}

gchar *
pl330_describe (Pl330 * self)
{
  return g_strdup_printf ("channel 0: status 0x%08x, pc 0x%08x, fault 0x%08x; events 0x%08x",
      gst_xlnk_registers_read (self->registers, CHANNEL_STATUS_0),
      gst_xlnk_registers_read (self->registers, CHANNEL_PC_0),
      gst_xlnk_registers_read (self->registers, FAULT_TYPE_0),
      gst_xlnk_registers_read (self->registers, EVENT_STATUS));
}
