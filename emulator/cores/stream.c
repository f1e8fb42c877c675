/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * stream.c: what runs behind an AXI DMA: MM2S reads memory into a stream, a core changes it, S2MM writes it to memory.
 * The stream goes through a FIFO, so MM2S can be ahead of S2MM by as much and no more. Each transfer of MM2S ends a
 * packet; S2MM ends with its packet, and stalls when its LENGTH does before.
 */
#include "axidma.h"
#include "engine.h"

#include <glib.h>
#include <string.h>

#define BURST 4096u
#define PACKETS 64u             /* ends in the FIFO */

struct _Stream
{
  uint32_t generation;
  uint64_t pushed, popped;      /* bytes since the reset */
  uint64_t ends[PACKETS];       /* positions behind the last byte of a packet */
  unsigned first_end, end_count;
  bool open[2];                 /* the channel's transfer is under way here */
  Job jobs[2];
  Pointer pointers[2];
  uint64_t busy_since;
  uint8_t data[];               /* the FIFO */
};

void
stream_invert (uint8_t * data, uint64_t size)
{
  for (uint64_t i = 0; i < size; i++)
    data[i] ^= 0xff;
}

static uint32_t
room (const Engine * engine)
{
  return engine->core->config.fifo;
}

static uint32_t
used (const Stream * self)
{
  return (uint32_t) (self->pushed - self->popped);
}

static void
push (Engine * engine, const uint8_t * data, uint64_t size)
{
  Stream *self = engine->stream;
  const uint64_t at = self->pushed % room (engine), first = MIN (size, room (engine) - at);

  memcpy (self->data + at, data, first);
  memcpy (self->data, data + first, size - first);
  self->pushed += size;
}

static void
pop (Engine * engine, uint8_t * data, uint64_t size)
{
  const Stream *self = engine->stream;
  const uint64_t at = self->popped % room (engine), first = MIN (size, room (engine) - at);

  memcpy (data, self->data + at, first);
  memcpy (data + first, self->data, size - first);
}

static void
end_packet (Stream * self)
{
  self->ends[(self->first_end + self->end_count) % PACKETS] = self->pushed;
  self->end_count++;
}

static void
count_busy (Engine * engine)
{
  Stream *self = engine->stream;
  const bool busy = self->open[MM2S] || self->open[S2MM];

  if (busy && !self->busy_since) {
    self->busy_since = core_now ();
  } else if (!busy && self->busy_since) {
    engine->core->statistics.busy += core_now () - self->busy_since;
    self->busy_since = 0;
  }
}

/* A reset empties the stream. */
static void
prepare (Engine * engine)
{
  const uint32_t generation = __atomic_load_n (&engine->core->generation, __ATOMIC_SEQ_CST);

  if (engine->stream && engine->stream->generation == generation)
    return;
  if (engine->stream) {
    engine->stream->open[MM2S] = engine->stream->open[S2MM] = false;
    count_busy (engine);
  }
  g_free (engine->stream);
  engine->stream = g_malloc0 (sizeof *engine->stream + room (engine));
  engine->stream->generation = generation;
}

/* Jobs are counted where data comes in: at MM2S, or at S2MM where that is all there is. */
static bool
is_first (const Engine * engine, unsigned channel)
{
  return channel == MM2S || !(engine->core->config.channels & (1u << MM2S));
}

static void
open_transfer (Engine * engine, unsigned channel)
{
  Stream *self = engine->stream;
  const DmaChannel *registers = &engine->core->dma[channel];

  if (self->open[channel] || !registers->active)
    return;
  if (!self->open[1 - channel])
    engine->held_count = 0;
  self->pointers[channel] = pointer_open (engine, registers->address);
  if (is_first (engine, channel))
    job_begin (&self->jobs[channel], engine, registers->length);
  else
    job_init (&self->jobs[channel], engine, registers->length);
  self->open[channel] = true;
  count_busy (engine);
}

/* After a reset nothing of this is the channel's business any more. */
static void
close_transfer (Engine * engine, unsigned channel, uint32_t error)
{
  Stream *self = engine->stream;
  Core *core = engine->core;

  core_lock (core);
  if (job_goes_on (&self->jobs[channel])) {
    if (error)
      dma_fail (core, channel, error);
    else
      dma_finish (core, channel);
    core->statistics.finished += is_first (engine, channel);
    interrupt_update (core);
  }
  self->open[channel] = false;
  count_busy (engine);
  core_unlock (core);
}

static uint32_t
error_of (const Job * job)
{
  return job->outside ? SR_DECODE : job->failed ? SR_SLAVE : 0;
}

/* MM2S. False: there is nothing it can do now. */
static bool
feed (Engine * engine, StreamModel model)
{
  Stream *self = engine->stream;
  Job *job = &self->jobs[MM2S];
  const bool drops = !(engine->core->config.channels & (1u << S2MM));
  uint64_t part = MIN (job->size - job->done, BURST);
  uint8_t data[BURST];

  if (!drops)
    part = MIN (part, room (engine) - used (self));
  if (!self->open[MM2S] || job->hung || part == 0 || self->end_count == PACKETS)
    return false;
  if (!memory_read (job, &self->pointers[MM2S], job->done, data, part) || !job_advance (job, part))
    return true;
  if (error_of (job)) {
    close_transfer (engine, MM2S, error_of (job));
    return true;
  }
  if (model)
    model (data, part);
  if (!drops)
    push (engine, data, part);
  if (job->done < job->size)
    return true;
  if (!drops)
    end_packet (self);
  close_transfer (engine, MM2S, 0);
  return true;
}

static void
write_received (Engine * engine)
{
  Core *core = engine->core;

  core_lock (core);
  if (job_goes_on (&engine->stream->jobs[S2MM]))
    core->dma[S2MM].received = (uint32_t) engine->stream->jobs[S2MM].done;
  core_unlock (core);
}

/* S2MM behind a stream. */
static bool
drain (Engine * engine)
{
  Stream *self = engine->stream;
  Job *job = &self->jobs[S2MM];
  const uint64_t end = self->end_count ? self->ends[self->first_end] : self->pushed;
  const uint64_t part = MIN (MIN (job->size - job->done, end - self->popped), BURST);
  uint8_t data[BURST];

  if (!self->open[S2MM] || part == 0)
    return false;
  pop (engine, data, part);
  if (!memory_write (job, &self->pointers[S2MM], job->done, data, part))
    return true;
  self->popped += part;
  job->done += part;
  write_received (engine);
  if (job->outside) {
    close_transfer (engine, S2MM, SR_DECODE);
  } else if (self->end_count && self->popped == end) {
    self->first_end = (self->first_end + 1) % PACKETS;
    self->end_count--;
    close_transfer (engine, S2MM, 0);
  }
  return true;
}

/* S2MM alone: bytes that count up, from 0 in each packet. */
static bool
generate (Engine * engine)
{
  Stream *self = engine->stream;
  Job *job = &self->jobs[S2MM];
  const uint32_t packet = engine->core->config.packet;
  const uint64_t size = packet ? MIN (packet, job->size) : job->size;
  const uint64_t at = job->done, part = MIN (size - at, BURST);
  uint8_t data[BURST];

  if (!self->open[S2MM] || job->hung || part == 0)
    return false;
  for (uint64_t i = 0; i < part; i++)
    data[i] = (uint8_t) (at + i);
  if (!memory_write (job, &self->pointers[S2MM], at, data, part) || !job_advance (job, part))
    return true;
  write_received (engine);
  if (error_of (job))
    close_transfer (engine, S2MM, error_of (job));
  else if (job->done == size && (!packet || packet <= job->size))
    close_transfer (engine, S2MM, 0);
  return true;
}

bool
stream_run (Engine * engine, StreamModel model)
{
  const uint32_t channels = engine->core->config.channels;
  bool busy = false;

  core_lock (engine->core);
  prepare (engine);
  for (unsigned i = 0; i < 2; i++)
    open_transfer (engine, i);
  core_unlock (engine->core);
  if (channels & (1u << MM2S))
    busy = feed (engine, model);
  if (channels == 1u << S2MM)
    busy = generate (engine);
  else if (channels & (1u << S2MM))
    busy = drain (engine) || busy;
  return busy;
}

void
stream_free (Engine * engine)
{
  g_free (engine->stream);
  engine->stream = NULL;
}
