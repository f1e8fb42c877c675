/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "fakedma.h"

#include <string.h>

#define HALTED 0x1
#define IDLE 0x2
#define SCATTER_GATHER 0x8
#define INTERNAL_ERROR 0x10
#define COMPLETE 0x1000
#define ERROR_INTERRUPT 0x4000

#define RUN 0x1
#define RESET 0x4

enum
{
  MM2S,
  S2MM
};

static guint32
dma_read (FakeCore * core, gsize offset)
{
  FakeDma *self = (FakeDma *) core;
  const FakeChannel *channel = &self->channel[offset >= 0x30];

  if (!channel->exists)
    return 0;
  switch (offset % 0x30) {
    case 0x00:
      return channel->cr;
    case 0x04:
      return channel->sr | (self->scatter_gather ? SCATTER_GATHER : 0);
    case 0x18:
      return channel->low;
    case 0x1c:
      return channel->high;
    case 0x28:
      return channel->length;
    default:
      return 0;
  }
}

static void
fail (FakeChannel * channel, guint32 error)
{
  channel->active = FALSE;
  channel->cr &= ~RUN;
  channel->sr |= error | ERROR_INTERRUPT | HALTED;
}

/* Whether this was one that ends with an error. */
static gboolean
complete (FakeChannel * channel, guint32 bytes)
{
  channel->active = FALSE;
  if (channel->error_at != 0 && channel->transfers == channel->error_at) {
    fail (channel, channel->error);
    return FALSE;
  }
  channel->bytes += bytes;
  channel->length = bytes;
  channel->sr |= IDLE | COMPLETE;
  return TRUE;
}

/* S2MM takes a packet as a whole; one that is longer than LENGTH is an error. */
static void
receive (FakeDma * self)
{
  FakeChannel *channel = &self->channel[S2MM];
  guint64 bytes;

  if (!channel->active || self->in_fifo == 0)
    return;
  bytes = self->fifo[0];
  memmove (self->fifo, self->fifo + 1, --self->in_fifo * sizeof self->fifo[0]);
  if (bytes > channel->asked)
    fail (channel, INTERNAL_ERROR);
  else
    complete (channel, (guint32) bytes);
}

static void
dma_advance (FakeCore * core, gint64 now)
{
  FakeDma *self = (FakeDma *) core;

  for (guint i = 0; i < 2; i++) {
    FakeChannel *channel = &self->channel[i];

    if (!channel->active || now < channel->finish)
      continue;
    if (i == S2MM) {
      complete (channel, channel->asked);
    } else if (complete (channel, channel->asked) && self->channel[S2MM].exists) {
      self->fifo[self->in_fifo++] = channel->asked - self->shorter;
      self->shorter = 0;
    }
  }
  receive (self);
}

static gint64
dma_next (FakeCore * core)
{
  FakeDma *self = (FakeDma *) core;
  gint64 next = G_MAXINT64;

  for (guint i = 0; i < 2; i++) {
    if (self->channel[i].active)
      next = MIN (next, self->channel[i].finish);
  }
  return next;
}

static void
reset (FakeDma * self)
{
  self->resets++;
  for (guint i = 0; i < 2; i++) {
    FakeChannel *channel = &self->channel[i];

    channel->active = FALSE;
    channel->cr = 0x10002 | (self->stuck ? RESET : 0);
    channel->sr = HALTED;
    channel->low = channel->high = channel->length = 0;
  }
  self->in_fifo = 0;
}

static void
start (FakeDma * self, guint i, guint32 length)
{
  FakeChannel *channel = &self->channel[i];
  guint32 mask = (1u << self->length_width) - 1;

  if (channel->active || (channel->sr & HALTED) || channel->low % self->alignment != 0 || length & ~mask)
    self->mistakes++;
  channel->asked = length & mask;
  channel->transfers++;
  channel->sr &= ~IDLE;
  if (channel->asked == 0) {
    fail (channel, INTERNAL_ERROR);
    return;
  }
  channel->active = TRUE;
  channel->finish = g_get_monotonic_time () + self->latency;
  if (self->hangs || (i == S2MM && self->channel[MM2S].exists))
    channel->finish = G_MAXINT64;
  receive (self);
}

static void
dma_write (FakeCore * core, gsize offset, guint32 value)
{
  FakeDma *self = (FakeDma *) core;
  FakeChannel *channel = &self->channel[offset >= 0x30];

  if (!channel->exists)
    return;
  switch (offset % 0x30) {
    case 0x00:
      if (value & RESET) {
        reset (self);
        break;
      }
      channel->cr = value | 2;
      channel->sr = (channel->sr & ~HALTED) | (value & RUN ? 0 : HALTED);
      break;
    case 0x04:
      channel->sr &= ~(value & 0x7000);
      break;
    case 0x18:
      channel->low = value;
      break;
    case 0x1c:
      channel->high = value;
      break;
    case 0x28:
      start (self, offset >= 0x30, value);
      break;
    default:
      self->mistakes++;
      break;
  }
}

static gboolean
dma_line (FakeCore * core)
{
  FakeDma *self = (FakeDma *) core;

  for (guint i = 0; i < (self->only_mm2s_interrupts ? 1 : 2); i++) {
    if (self->channel[i].cr & self->channel[i].sr & 0x7000)
      return TRUE;
  }
  return FALSE;
}

void
fake_dma_add (FakeDma * self, const gchar * name)
{
  self->core.name = name;
  self->core.base = 0x40400000;
  self->core.size = 0x1000;
  self->core.has_interrupt = TRUE;
  self->core.read = dma_read;
  self->core.write = dma_write;
  self->core.next = dma_next;
  self->core.advance = dma_advance;
  self->core.line = dma_line;
  if (!self->length_width)
    self->length_width = 14;
  if (!self->alignment)
    self->alignment = 4;
  fake_core_add (&self->core);
}
