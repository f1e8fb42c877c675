/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "stress.h"

#define DURATION (G_TIME_SPAN_SECOND * 3 / 2)
#define MAX_WORKERS 16

unsigned
stress_random (Worker * worker, unsigned limit)
{
  worker->random = worker->random * UINT64_C (6364136223846793005) + UINT64_C (1442695040888963407);
  return (unsigned) (worker->random >> 33) % limit;
}

static void *
run (void *data)
{
  Worker *worker = data;

  do {
    worker->step (worker);
    worker->steps++;
  } while (g_get_monotonic_time () < worker->until);
  return NULL;
}

void
stress_start (Worker * workers, unsigned count, const Step * steps, unsigned kinds, void *data)
{
  const gint64 until = g_get_monotonic_time () + DURATION;

  for (unsigned i = 0; i < count; i++) {
    workers[i] = (Worker) {.step = steps[i % kinds],.data = data,.number = i,.until = until,.random = i + 1 };
    g_assert_cmpint (pthread_create (&workers[i].thread, NULL, run, &workers[i]), ==, 0);
  }
}

void
stress_join (Worker * workers, unsigned count)
{
  for (unsigned i = 0; i < count; i++) {
    g_assert_cmpint (pthread_join (workers[i].thread, NULL), ==, 0);
    g_test_message ("thread %u: %lu steps", i, workers[i].steps);
  }
}

void
stress_run (unsigned count, const Step * steps, unsigned kinds, void *data)
{
  Worker workers[MAX_WORKERS];

  g_assert_cmpuint (count, <=, MAX_WORKERS);
  stress_start (workers, count, steps, kinds, data);
  stress_join (workers, count);
}
