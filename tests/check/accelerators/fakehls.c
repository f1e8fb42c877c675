/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "fakehls.h"

#include <string.h>

static void
set_status (FakeHls * self)
{
  self->isr |= self->ier & (self->done ? 1 : 0);
}

static guint32
read_ap_ctrl (FakeHls * self)
{
  guint32 value = self->start | self->done << 1 | self->idle << 2 | self->auto_restart << 7;

  if (!self->chain)
    self->done = FALSE;
  return value;
}

static guint32
hls_read (FakeCore * core, gsize offset)
{
  FakeHls *self = (FakeHls *) core;
  guint32 value;

  switch (offset) {
    case 0x00:
      return read_ap_ctrl (self);
    case 0x04:
      return self->gie;
    case 0x08:
      return self->ier;
    case 0x0c:
      value = self->isr;
      if (self->isr_clears)
        self->isr = 0;
      return value;
    default:
      return self->argument[offset / 4];
  }
}

static void
start (FakeHls * self)
{
  if (!self->idle || self->start)
    self->mistakes++;
  self->start = TRUE;
  self->idle = FALSE;
  self->starts++;
  self->finish = self->hangs ? G_MAXINT64 : g_get_monotonic_time () + self->latency;
  memcpy (self->started, self->argument, sizeof self->started);
}

static void
write_ap_ctrl (FakeHls * self, guint32 value)
{
  self->auto_restart = (value >> 7) & 1;
  if (value & 1)
    start (self);
  if (self->chain && (value & 0x10) && self->done) {
    self->done = FALSE;
    self->idle = TRUE;
  }
}

static void
hls_write (FakeCore * core, gsize offset, guint32 value)
{
  FakeHls *self = (FakeHls *) core;

  switch (offset) {
    case 0x00:
      write_ap_ctrl (self, value);
      break;
    case 0x04:
      self->gie = value & 1;
      break;
    case 0x08:
      self->ier = value & 3;
      break;
    case 0x0c:
      if (self->isr_clears)
        break;
      if (value & ~self->isr)
        self->mistakes++;
      self->isr ^= value & 3;
      break;
    default:
      if (!self->idle)
        self->mistakes++;
      self->argument[offset / 4] = value;
      break;
  }
  /* A held ap_done sets the status again, whatever was acknowledged. */
  if (self->chain)
    set_status (self);
}

static gint64
hls_next (FakeCore * core)
{
  FakeHls *self = (FakeHls *) core;

  return self->idle || self->done ? G_MAXINT64 : self->finish;
}

static void
hls_advance (FakeCore * core, gint64 now)
{
  FakeHls *self = (FakeHls *) core;

  if (self->auto_restart) {
    self->finish = now + self->latency;
    return;
  }
  self->start = FALSE;
  self->done = TRUE;
  self->idle = !self->chain;
  set_status (self);
  if (self->done_is_taken)
    self->done = FALSE;
}

static gboolean
hls_line (FakeCore * core)
{
  FakeHls *self = (FakeHls *) core;

  return self->gie && self->isr;
}

void
fake_hls_reset_line (FakeHls * self)
{
  fake_core_lock ();
  self->start = self->done = self->auto_restart = FALSE;
  self->idle = TRUE;
  self->hangs = FALSE;
  self->gie = self->ier = self->isr = 0;
  memset (self->argument, 0, sizeof self->argument);
  fake_core_unlock ();
}

void
fake_hls_add (FakeHls * self, const gchar * name)
{
  self->core.name = name;
  self->core.base = 0x43c00000;
  self->core.size = sizeof self->argument;
  self->core.has_interrupt = TRUE;
  self->core.read = hls_read;
  self->core.write = hls_write;
  self->core.next = hls_next;
  self->core.advance = hls_advance;
  self->core.line = hls_line;
  self->idle = TRUE;
  fake_core_add (&self->core);
}
