/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gstxlnkhlscontrol.h"

/* xlnk-abi §11.2 */
#define AP_CTRL 0x00
#define AP_START (1u << 0)
#define AP_DONE (1u << 1)
#define AP_IDLE (1u << 2)
#define AP_READY (1u << 3)
#define AP_CONTINUE (1u << 4)
#define AUTO_RESTART (1u << 7)
#define GIE 0x04
#define IER 0x08
#define ISR 0x0c
#define INTERRUPT_DONE (1u << 0)
#define INTERRUPTS 0x3

/* µs. From done to idle is a matter of clock cycles. A core that is opened may be in the middle of a frame, which a process
 * that was killed has started, or an auto-restart. */
#define SETTLE_TIME 1000
#define SETTLE_TIME_OPEN 1000000

/* Pauses of polling, in µs. In between, an eighth of the time waited so far. */
#define PAUSE_MIN 20
#define PAUSE_MAX 2000
#define PAUSE_PART 8

static void
read_ap_ctrl (GstXlnkHlsControl * self)
{
  self->ap_ctrl = gst_xlnk_registers_read (self->registers, AP_CTRL);
}

static void
write_ap_ctrl (GstXlnkHlsControl * self, guint32 value)
{
  gst_xlnk_registers_write (self->registers, AP_CTRL, value);
}

static void
set_interrupt (GstXlnkHlsControl * self, gboolean enabled)
{
  if (gst_xlnk_registers_has_interrupt (self->registers))
    gst_xlnk_registers_write (self->registers, GIE, enabled);
}

/* The status toggles what is written (or clears when read): only bits that were read as set may be written. Reading
 * GIE, which has no side effect, makes sure that the write has arrived. */
static void
acknowledge (GstXlnkHlsControl * self)
{
  guint32 status;

  if (!gst_xlnk_registers_has_interrupt (self->registers))
    return;
  status = gst_xlnk_registers_read (self->registers, ISR) & INTERRUPTS;
  if (status)
    gst_xlnk_registers_write (self->registers, ISR, status);
  gst_xlnk_registers_read (self->registers, GIE);
}

static gboolean
is_idle (GstXlnkHlsControl * self)
{
  return (self->ap_ctrl & AP_IDLE) && !(self->ap_ctrl & AP_START);
}

/* A core of ap_ctrl_chain holds ap_done, and stays busy, until it is told to go on. */
static gboolean
settle (GstXlnkHlsControl * self, gint64 time)
{
  gint64 since = g_get_monotonic_time ();

  for (;;) {
    gint64 waited = g_get_monotonic_time () - since;

    read_ap_ctrl (self);
    if (self->chain && (self->ap_ctrl & AP_DONE))
      write_ap_ctrl (self, AP_CONTINUE);
    else if (is_idle (self))
      return TRUE;
    if (waited >= time)
      return FALSE;
    g_usleep ((gulong) CLAMP (waited / PAUSE_PART, PAUSE_MIN, PAUSE_MAX));
  }
}

gboolean
gst_xlnk_hls_control_require_idle (GstXlnkHlsControl * self, GError ** error)
{
  if (settle (self, SETTLE_TIME))
    return TRUE;
  g_set_error (error, GST_XLNK_ERROR, GST_XLNK_ERROR_NOT_IDLE, "%s still runs (ap_ctrl 0x%08x) and cannot be stopped "
      "by its registers: load the bitstream anew or pulse the core's reset line; until it is idle it is not started",
      gst_xlnk_registers_get_name (self->registers), self->ap_ctrl);
  return FALSE;
}

gboolean
gst_xlnk_hls_control_open (GstXlnkHlsControl * self, GstXlnkRegisters * registers, gboolean chain, GError ** error)
{
  self->registers = registers;
  self->chain = chain;
  set_interrupt (self, FALSE);
  if (settle (self, SETTLE_TIME))
    return TRUE;
  /* Somebody left it running in circles: 0 ends that after this round, and cannot take a start back. */
  if (self->ap_ctrl & AUTO_RESTART)
    write_ap_ctrl (self, 0);
  if (settle (self, SETTLE_TIME_OPEN))
    return TRUE;
  g_set_error (error, GST_XLNK_ERROR, GST_XLNK_ERROR_NOT_IDLE, "%s is still busy after %d ms (ap_ctrl 0x%08x) with what "
      "was started before, and cannot be stopped by its registers: if it does not become idle, load the bitstream anew or "
      "pulse the core's reset line", gst_xlnk_registers_get_name (registers), SETTLE_TIME_OPEN / 1000, self->ap_ctrl);
  return FALSE;
}

void
gst_xlnk_hls_control_close (GstXlnkHlsControl * self)
{
  set_interrupt (self, FALSE);
  self->registers = NULL;
}

void
gst_xlnk_hls_control_start (GstXlnkHlsControl * self)
{
  if (gst_xlnk_registers_has_interrupt (self->registers)) {
    set_interrupt (self, FALSE);
    acknowledge (self);
    gst_xlnk_registers_arm_interrupt (self->registers);
    gst_xlnk_registers_write (self->registers, IER, INTERRUPT_DONE);
    set_interrupt (self, TRUE);
  }
  gst_xlnk_registers_barrier ();
  write_ap_ctrl (self, AP_START);
}

/* Idle without a start pending is done too: somebody else's read may have taken ap_done. ap_continue comes before the
 * acknowledgement, because the ap_done that it takes back would set the interrupt status again. */
static GstXlnkProgress
look (GstXlnkRegisters * registers G_GNUC_UNUSED, gpointer user_data)
{
  GstXlnkHlsControl *self = user_data;
  gboolean done;

  read_ap_ctrl (self);
  done = (self->ap_ctrl & AP_DONE) || is_idle (self);
  if (done && self->chain)
    write_ap_ctrl (self, AP_CONTINUE);
  acknowledge (self);
  return done ? GST_XLNK_PROGRESS_DONE : GST_XLNK_PROGRESS_NONE;
}

GstXlnkWait
gst_xlnk_hls_control_wait (GstXlnkHlsControl * self, gint64 deadline)
{
  GstXlnkWait result = gst_xlnk_registers_wait_interrupt (self->registers, deadline, look, self);

  if (result == GST_XLNK_WAIT_DONE)
    gst_xlnk_registers_barrier ();
  return result;
}

gchar *
gst_xlnk_hls_control_describe (GstXlnkHlsControl * self)
{
  static const struct
  {
    guint32 bit;
    const gchar *name;
  } bits[] = {
    {AP_START, "start"}, {AP_DONE, "done"}, {AP_IDLE, "idle"}, {AP_READY, "ready"}, {AUTO_RESTART, "auto_restart"}
  };
  GString *text = g_string_new (NULL);

  g_string_append_printf (text, "ap_ctrl 0x%08x when last read (", self->ap_ctrl);
  for (guint i = 0; i < G_N_ELEMENTS (bits); i++) {
    if (self->ap_ctrl & bits[i].bit)
      g_string_append_printf (text, "%s%s", text->str[text->len - 1] == '(' ? "" : " ", bits[i].name);
  }
  g_string_append_printf (text, "%s), interrupts %s at the core", self->ap_ctrl & 0x8f ? "" : "busy",
      gst_xlnk_registers_read (self->registers, GIE) & 1 ? "on" : "off");
  return g_string_free (text, FALSE);
}
