/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * engine.c: a core's thread: waits for a start, keeps the pace, tells the UIO node of interrupts, and looks for stores
 * of programs that do not come through the hooks.
 */
#include "engine.h"
#include "engines.h"
#include "formats.h"
#include "hls.h"

#include <errno.h>
#include <linux/futex.h>
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#define LOOK_EVERY 50000u       /* ns; at a page that somebody may have stored to */
#define LOOK_RARELY 1000000u    /* after a while without: he may be dead */
#define WHILE 100000000u
#define WORTH_SLEEPING 200000u  /* ns ahead of the pace */

static bool
quits (const Engine * engine, uint32_t how)
{
  return __atomic_load_n (&engine->quit, __ATOMIC_ACQUIRE) >= how;
}

/* The byte only wakes who polls; what read() returns is the number of events. */
static void
announce (Engine * engine)
{
  char text[16];
  const int length = snprintf (text, sizeof text, "%u\n", engine->core->events);

  engine->core->pending = 0;
  if (pwrite (engine->event_file, text, (size_t) length, 0) < 0 || write (engine->node, text, 1) < 0)
    return;                     /* full: whoever reads has enough to read */
}

/* When to look again: 0 for never. */
static uint64_t
serve (Engine * engine)
{
  Core *core = engine->core;
  const uint64_t now = core_now ();

  if (core->plain_users && core_take_stores (engine->table, core))
    engine->stored_at = now;
  if (core->pending && core->announce_at <= now)
    announce (engine);
  if (core->plain_users)
    return now + (now - engine->stored_at < WHILE ? LOOK_EVERY : LOOK_RARELY);
  return core->pending ? core->announce_at : 0;
}

static void
sleep_until (Engine * engine, uint64_t until)
{
  const uint64_t now = core_now ();
  struct timespec left;

  if (until <= now)
    return;
  left.tv_sec = (time_t) ((until - now) / 1000000000u);
  left.tv_nsec = (long) ((until - now) % 1000000000u);
  syscall (SYS_futex, &engine->core->wake, FUTEX_WAIT, engine->seen, until == UINT64_MAX ? NULL : &left, NULL, 0);
}

/*
 * Sleeps once; the caller then looks whether what it waits for has come. The word to sleep on is read before that look,
 * so that nothing that comes after it is missed.
 */
bool
engine_wait (Engine * engine, uint64_t until)
{
  Core *core = engine->core;
  uint64_t again;

  core_lock (core);
  again = serve (engine);
  core_unlock (core);
  if (quits (engine, 2))
    return false;
  sleep_until (engine, again && again < until ? again : until);
  engine->seen = __atomic_load_n (&core->wake, __ATOMIC_ACQUIRE);
  return !quits (engine, 2);
}

bool
job_goes_on (const Job * job)
{
  return __atomic_load_n (&job->engine->core->generation, __ATOMIC_SEQ_CST) == job->generation
      && !quits (job->engine, 2);
}

static bool
wait_for_pace (Job * job)
{
  const uint64_t due = job->started
      + (uint64_t) ((double) job->duration * (double) job->done / (double) (job->size ? job->size : 1));

  while (job_goes_on (job) && core_now () + (job->done < job->size ? WORTH_SLEEPING : 0) < due) {
    if (!engine_wait (job->engine, due))
      return false;
  }
  return job_goes_on (job);
}

/* Under the lock, under which others read: only the engine counts, so it may look at its own numbers without. */
void
engine_count (Engine * engine, board_u64 * counter, uint64_t more)
{
  core_lock (engine->core);
  *counter += more;
  core_unlock (engine->core);
}

static bool
hang (Job * job)
{
  job->hung = true;
  engine_count (job->engine, &job->engine->core->statistics.hangs, 1);
  while (job_goes_on (job) && !quits (job->engine, 1)) {
    if (!engine_wait (job->engine, UINT64_MAX))
      break;
  }
  return false;
}

/* In the middle of a job: an interrupt that means nothing. */
static void
disturb (Job * job, uint64_t before)
{
  Core *core = job->engine->core;

  if (core->config.irq != IRQ_SPURIOUS || core->statistics.jobs % core->config.irq_every != 0)
    return;
  if (before >= job->size / 2 || job->done < job->size / 2)
    return;
  core_lock (core);
  interrupt_raise (core);
  core_unlock (core);
}

bool
job_advance (Job * job, uint64_t bytes)
{
  const uint64_t before = job->done;
  Core *core = job->engine->core;

  job->done += bytes;
  if (job->done >= job->hang_at)
    return hang (job);
  if (job->done >= job->fail_at && !job->failed) {
    job->failed = true;
    if (core->config.kind == CORE_HLS)  /* a DMA says so itself */
      engine_count (job->engine, &core->statistics.errors, 1);
  }
  disturb (job, before);
  core_lock (core);
  serve (job->engine);
  core_unlock (core);
  return wait_for_pace (job);
}

void
job_init (Job * job, Engine * engine, uint64_t bytes)
{
  memset (job, 0, sizeof *job);
  job->engine = engine;
  job->generation = __atomic_load_n (&engine->core->generation, __ATOMIC_SEQ_CST);
  job->started = core_now ();
  job->size = bytes;
  job->hang_at = job->fail_at = UINT64_MAX;
}

void
job_begin (Job * job, Engine * engine, uint64_t bytes)
{
  Core *core = engine->core;
  const CoreConfig *config = &core->config;

  job_init (job, engine, bytes);
  job->duration = config->latency;
  if (config->rate)
    job->duration += (uint64_t) ((double) bytes * 1e9 / (double) config->rate);
  core->statistics.jobs++;
  if (config->hang_at && core->statistics.jobs == config->hang_at)
    job->hang_at = bytes / 2;
  if (config->error_at && core->statistics.jobs == config->error_at)
    job->fail_at = bytes / 2;
}

static void
finish_hls (Job * job)
{
  Core *core = job->engine->core;

  core_lock (core);
  core->statistics.busy += core_now () - job->started;
  if (job_goes_on (job)) {
    core->statistics.finished++;
    if (quits (job->engine, 1))
      core->hls.restart = 0;
    hls_finish (core);
    interrupt_update (core);
  }
  serve (job->engine);
  core_unlock (core);
}

static bool
wait_for_end (Job * job)
{
  job->done = job->size;
  return wait_for_pace (job);
}

/* A job that a reset stopped may have a successor already. */
static bool
run_hls (Engine * engine, const CoreModel * model)
{
  Core *core = engine->core;
  uint32_t arguments[CORE_WORDS];
  Job job;

  core_lock (core);
  if (!core->hls.running) {
    core_unlock (core);
    return true;
  }
  memcpy (arguments, core->hls.job, sizeof arguments);
  engine->held_count = 0;
  job_begin (&job, engine, model->input_size (&core->config, arguments));
  core_unlock (core);
  if (model->run (&job, arguments) && wait_for_end (&job))
    finish_hls (&job);
  else
    engine_count (engine, &core->statistics.busy, core_now () - job.started);
  return !job.hung || !quits (engine, 1);
}

bool
engine_has_work (const Engine * engine)
{
  const Core *core = engine->core;

  if (core->config.kind == CORE_HLS)
    return core->hls.running;
  return core->dma[MM2S].active || core->dma[S2MM].active;
}

static bool
work (Engine * engine, const CoreModel * model)
{
  bool any;

  core_lock (engine->core);
  any = engine_has_work (engine);
  core_unlock (engine->core);
  if (!any)
    return false;
  return model->kind == CORE_HLS ? run_hls (engine, model) : stream_run (engine, model->stream);
}

static void
run (Engine * engine)
{
  const CoreModel *model = core_model (engine->core->config.model);

  while (!quits (engine, 2)) {
    if (work (engine, model))
      continue;
    if (quits (engine, 1))
      break;
    engine_wait (engine, UINT64_MAX);
  }
}

/*
 * Hardware does not wait until programs leave it the CPU: a core with a pace, which sleeps most of the time, comes first.
 * Where that is not allowed, jobs end late on a busy machine.
 */
static void
become_urgent (const CoreConfig * config)
{
  const struct sched_param first = {.sched_priority = 1 };

  prctl (PR_SET_TIMERSLACK, 1000ul, 0ul, 0ul, 0ul);
  if (config->latency || config->rate)
    pthread_setschedparam (pthread_self (), SCHED_RR, &first);
}

void *
engine_thread (void *data)
{
  Engine *engine = data;

  become_urgent (&engine->core->config);
  run (engine);
  stream_free (engine);
  __atomic_store_n (&engine->ended, 1, __ATOMIC_RELEASE);
  return NULL;
}
