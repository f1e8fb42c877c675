/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * stress.h: threads that do something again and again for a while, each with random numbers of its own.
 *
 * Plain pthreads and atomics: GLib's locks are not instrumented, so ThreadSanitizer would see neither them nor the order
 * that they make.
 */
#ifndef THREADS_STRESS_H
#define THREADS_STRESS_H

#include <glib.h>
#include <pthread.h>
#include <stdint.h>

typedef struct _Worker Worker;

/* One step. */
typedef void (*Step) (Worker * worker);

struct _Worker
{
  Step step;
  void *data;                   /* shared by all */
  unsigned number;
  gint64 until;
  uint64_t random;
  unsigned long steps;          /* after the end */
  pthread_t thread;
};

/* Below @limit, which is not 0. */
unsigned stress_random (Worker * worker, unsigned limit);

/* @count threads, @steps[i % @kinds] each, until the time is over. Every one has done a step then. */
void stress_start (Worker * workers, unsigned count, const Step * steps, unsigned kinds, void *data);
void stress_join (Worker * workers, unsigned count);
void stress_run (unsigned count, const Step * steps, unsigned kinds, void *data);

#endif /* THREADS_STRESS_H */
