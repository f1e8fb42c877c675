/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "window.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "points.h"
#include "xlnkblock.h"

#define SAMPLES 4096
#define BLOCKS 8                /* that a dead process leaves */

typedef struct
{
  unsigned count;
  uint64_t ns[SAMPLES];
} Samples;

/* Shared, since the measured processes end. */
typedef struct
{
  Samples free_begins, free_done, reclaim_begins, reclaim_done, allocation;
} Record;

static Record *record;
static Samples *begins, *done;
static uint64_t looked, allocated;

static uint64_t
now (void)
{
  struct timespec time;

  clock_gettime (CLOCK_MONOTONIC, &time);
  return (uint64_t) time.tv_sec * 1000000000u + (uint64_t) time.tv_nsec;
}

static void
add (Samples * samples, uint64_t ns)
{
  if (samples->count < SAMPLES)
    samples->ns[samples->count++] = ns;
}

static void
take_time (const PointCall * call)
{
  if (call->point == POINT_CACHECTRL && call->returning)
    looked = now ();
  else if (call->point == POINT_FREEBUF)
    add (call->returning ? done : begins, now () - looked);
  else if (call->point == POINT_ALLOCBUF && call->returning)
    allocated = now ();
}

static XlnkDevice *
open_device (void)
{
  g_autoptr (GError) error = NULL;
  XlnkDevice *device = xlnk_device_open (NULL, &error);

  if (!device)
    g_error ("%s", error->message);
  return device;
}

static XlnkBlock *
allocate (XlnkDevice * device)
{
  g_autoptr (GError) error = NULL;
  XlnkBlock *block = xlnk_block_new (device, 100000, true, &error);

  if (!block)
    g_error ("%s", error->message);
  return block;
}

static void
allocate_and_free (unsigned rounds)
{
  XlnkDevice *device = open_device ();

  begins = &record->free_begins;
  done = &record->free_done;
  while (rounds-- > 0) {
    XlnkBlock *block = allocate (device);

    add (&record->allocation, now () - allocated);
    xlnk_block_unref (block);
  }
  xlnk_device_unref (device);
}

static void
leave_behind (unsigned count)
{
  XlnkDevice *device = open_device ();

  while (count-- > 0)
    allocate (device);
  kill (getpid (), SIGKILL);
}

static void
clean_up (unsigned unused G_GNUC_UNUSED)
{
  begins = &record->reclaim_begins;
  done = &record->reclaim_done;
  xlnk_device_unref (open_device ());
}

static void
run (void (*function) (unsigned), unsigned argument, bool timed)
{
  pid_t pid;

  fflush (stdout);
  pid = fork ();
  g_assert_cmpint (pid, >=, 0);
  if (pid == 0) {
    prctl (PR_SET_PDEATHSIG, SIGKILL);
    points_hook = timed ? take_time : NULL;
    function (argument);
    _exit (0);
  }
  waitpid (pid, NULL, 0);
}

static int
compare (const void *a, const void *b)
{
  const uint64_t *left = a, *right = b;

  return (*left > *right) - (*left < *right);
}

static WindowWidths
summarise (Samples * samples)
{
  WindowWidths widths = { .count = samples->count };

  if (samples->count == 0)
    return widths;
  qsort (samples->ns, samples->count, sizeof samples->ns[0], compare);
  widths.least = samples->ns[0];
  widths.median = samples->ns[samples->count / 2];
  widths.most_of_100 = samples->ns[samples->count * 99 / 100];
  widths.most = samples->ns[samples->count - 1];
  return widths;
}

Window
window_measure (unsigned rounds)
{
  Window window;

  record = mmap (NULL, sizeof *record, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  g_assert_true (record != MAP_FAILED);
  run (allocate_and_free, rounds, true);
  for (unsigned i = 0; i < rounds / BLOCKS; i++) {
    run (leave_behind, BLOCKS, false);
    run (clean_up, 0, true);
  }
  window.free_begins = summarise (&record->free_begins);
  window.free_done = summarise (&record->free_done);
  window.reclaim_begins = summarise (&record->reclaim_begins);
  window.reclaim_done = summarise (&record->reclaim_done);
  window.allocation = summarise (&record->allocation);
  munmap (record, sizeof *record);
  return window;
}
