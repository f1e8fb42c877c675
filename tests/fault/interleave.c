/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * interleave.c: one of our processes goes through its life with one buffer and stops before and after each system
 * call in turn. While it stands there, the stranger takes over the buffer's id, or address, or both. Then it goes on,
 * and everything that is the stranger's must still be there.
 *
 * Between two system calls we only look at memory; what the stranger could change there it could as well have changed at
 * the call before. So stopping at the calls is enough.
 */
#include "interleave.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../check/stranger.h"
#include "points.h"
#include "truth.h"
#include "xlnkblock.h"

#define LENGTH 100000
#define MOST 12
#define PATIENCE (60 * G_USEC_PER_SEC)

typedef enum
{
  STEP_RUNNING, STEP_STOPPED, STEP_ENDED,
} Step;

/* Shared with the process that is stopped. */
typedef struct
{
  unsigned deed, stop, stop_at, passed;
  _Atomic Step step;
  bool unmade;                  /* from ALLOCBUF until the block has its cookie, and a little longer */
  PointCall call, next;         /* where it stands, and where it went from there */
  uint32_t id, length;          /* our buffer */
  uint64_t phys;
} Stage;

static Stage *stage;
static Interleavings counts;

/*** our side ***/

static void
stop_here (const PointCall * call)
{
  if (call->point == POINT_ALLOCBUF && call->returning && call->result == 0) {
    stage->id = call->id;
    stage->phys = call->phys;
    stage->length = call->length;
    stage->unmade = true;
  }
  /* Not of xlnk_block_new's: of a buffer that the driver's habits are tried with. */
  if (call->point == POINT_CLOSE)
    stage->unmade = false;
  if (stage->passed == stage->stop_at + 1)
    stage->next = *call;
  if (stage->passed++ != stage->stop_at)
    return;
  stage->call = *call;
  stage->step = STEP_STOPPED;
  while (stage->step == STEP_STOPPED)
    usleep (20);
}

static XlnkBlock *
allocate (XlnkDevice * device)
{
  XlnkBlock *block;

  block = xlnk_block_new (device, LENGTH, true, NULL);
  stage->unmade = false;
  return block;
}

/* Losing one's buffers to a stranger is no error here. */
static void
live_through (void)
{
  XlnkDevice *device = xlnk_device_open (NULL, NULL);
  XlnkBlock *block = device ? allocate (device) : NULL;
  PointCall pause = { .point = POINT_BETWEEN };

  stop_here (&pause);
  if (block)
    xlnk_block_unref (block);
  if (device)
    xlnk_device_unref (device);
}

/* Dies with its buffer, which somebody else cleans up. */
static void
leave_behind (void)
{
  XlnkDevice *device = xlnk_device_open (NULL, NULL);

  if (device)
    allocate (device);
  kill (getpid (), SIGKILL);
}

static void
clean_up (void)
{
  XlnkDevice *device = xlnk_device_open (NULL, NULL);

  if (device)
    xlnk_device_unref (device);
}

static pid_t
start (void (*function) (void))
{
  pid_t pid;

  fflush (stdout);
  pid = fork ();
  g_assert_cmpint (pid, >=, 0);
  if (pid > 0)
    return pid;
  prctl (PR_SET_PDEATHSIG, SIGKILL);
  points_hook = stop_here;
  function ();
  _exit (0);
}

/*** the stranger ***/

typedef struct
{
  guint id, length;
  guint64 phys;
} Held;

typedef struct
{
  int fd;
  unsigned count;
  Held held[MOST];
} Stranger;

static void
take (Stranger * stranger, unsigned length)
{
  StrangerBuffer buffer = stranger_alloc (stranger->fd, length);

  g_assert_cmpuint (buffer.id, !=, 0);
  stranger->held[stranger->count++] = (Held) { buffer.id, length, buffer.phys };
}

/* A page of other bytes at the end, where a cookie would be. */
static void
scribble (const Stranger * stranger, unsigned length)
{
  size_t page = (size_t) sysconf (_SC_PAGESIZE), size = (length + page - 1) & ~(page - 1);
  char *start = stranger_map (stranger->fd, stranger->held[0].id, truth_shift (), size);

  g_assert_nonnull (start);
  memset (start + size - page, 0xff, page);
  munmap (start, size);
}

static void
reset_take_same (Stranger * stranger)
{
  stranger_reset ();
  take (stranger, LENGTH + 96);
}

static void
reset_take_smaller (Stranger * stranger)
{
  stranger_reset ();
  take (stranger, 4096);
}

static void
reset_take_larger (Stranger * stranger)
{
  stranger_reset ();
  take (stranger, 4 * LENGTH);
}

static void
reset_take_and_scribble (Stranger * stranger)
{
  stranger_reset ();
  take (stranger, LENGTH + 96);
  scribble (stranger, LENGTH + 96);
}

/* Other ids at the same addresses, and the same ids at others. */
static void
reset_take_many (Stranger * stranger)
{
  stranger_reset ();
  for (unsigned i = 0; i < MOST; i++)
    take (stranger, i % 2 ? 4096 : 20000);
}

/* TRUE if there was something to free. */
static bool
free_ours (Stranger * stranger)
{
  TruthBuffer buffers[TRUTH_IDS];

  for (unsigned i = truth_buffers (buffers); i > 0; i--) {
    if (buffers[i - 1].id != stage->id)
      continue;
    stranger_free (stranger->fd, stage->id);
    return true;
  }
  return false;
}

static void
free_take_same (Stranger * stranger)
{
  if (free_ours (stranger))
    take (stranger, LENGTH + 96);
}

static void
free_take_larger (Stranger * stranger)
{
  if (free_ours (stranger))
    take (stranger, 4 * LENGTH);
}

static void
free_only (Stranger * stranger)
{
  free_ours (stranger);
}

/* No stranger: another one of ours opens the device, and cleans up what it thinks has no owner. */
static void
clean_up_beside (Stranger * stranger G_GNUC_UNUSED)
{
  pid_t pid;

  fflush (stdout);
  pid = fork ();
  g_assert_cmpint (pid, >=, 0);
  if (pid == 0) {
    clean_up ();
    _exit (0);
  }
  waitpid (pid, NULL, 0);
}

static void (*const deeds[]) (Stranger *) = {
  reset_take_same, reset_take_smaller, reset_take_larger, reset_take_and_scribble, reset_take_many, free_take_same,
  free_take_larger, free_only, clean_up_beside,
};

/*** the judgement ***/

static bool
lives (const Held * buffer)
{
  TruthBuffer buffers[TRUTH_IDS];

  for (unsigned i = truth_buffers (buffers); i > 0; i--) {
    if (buffers[i - 1].id == buffer->id)
      return buffers[i - 1].phys == buffer->phys && buffers[i - 1].pid == getpid ();
  }
  return false;
}

static void
report_loss (const Held * buffer, const PointCall * call)
{
  counts.lost++;
  printf ("# deed %u at stop %u: it took buffer %u at 0x%" G_GINT64_MODIFIER "x while we stood %s %s, and we freed it\n",
      stage->deed, stage->stop_at, buffer->id, buffer->phys, call->returning ? "after" : "before",
      points_name (call->point));
}

/* What has no new owner keeps the cookie: beyond the end of a smaller buffer, or all of it if the new one is elsewhere.
 * CACHECTRL would have told. */
static bool
covers_cookie (const Stranger * stranger)
{
  uint64_t cookie = stage->phys + stage->length - 64;

  for (unsigned i = 0; i < stranger->count; i++) {
    const Held *held = &stranger->held[i];

    if (cookie >= held->phys && cookie - held->phys < ((held->length + 4095u) & ~4095u))
      return true;
  }
  return false;
}

static bool
is_last_look (const PointCall * call)
{
  return call->point == POINT_CACHECTRL && call->returning && stage->next.point == POINT_FREEBUF;
}

static void
judge_buffer (const Held * buffer, const PointCall * call, bool unmade, bool is_covered)
{
  bool in_window = call->point == POINT_FREEBUF && !call->returning && call->id == buffer->id;
  bool lost = !lives (buffer);

  counts.taken_over += buffer->id == stage->id;
  if (in_window && lost)
    counts.lost_in_window++;
  else if (in_window)
    counts.spared_in_window++;
  else if (lost && unmade)
    counts.lost_in_allocation++;
  else if (lost && is_last_look (call) && !is_covered)
    counts.lost_in_look++;
  else if (lost)
    report_loss (buffer, call);
}

/* FALSE if it ended without coming there. */
static bool
await_stop (pid_t pid)
{
  gint64 end = g_get_monotonic_time () + PATIENCE;

  while (stage->step != STEP_STOPPED) {
    if (waitpid (pid, NULL, WNOHANG) == pid)
      return false;
    if (g_get_monotonic_time () > end)
      g_error ("a process came neither to its stop %u nor to its end", stage->stop_at);
    usleep (20);
  }
  return true;
}

static pid_t
start_with_dead (void (*ours) (void), bool with_dead, unsigned deed, unsigned stop_at)
{
  memset (stage, 0, sizeof *stage);
  stage->stop_at = UINT32_MAX - 1;
  if (with_dead)
    waitpid (start (leave_behind), NULL, 0);
  stage->passed = 0;
  stage->deed = deed;
  stage->stop_at = stop_at;
  stage->unmade = false;
  return start (ours);
}

/* The second one finds what the first could not be sure of. */
static void
look_for_leaks (const Stranger * stranger)
{
  TruthBuffer buffers[TRUTH_IDS];

  stage->stop_at = UINT32_MAX - 1;
  waitpid (start (clean_up), NULL, 0);
  for (unsigned i = truth_buffers (buffers); i > 0; i--) {
    if (buffers[i - 1].pid == getpid ())
      continue;
    counts.leaked++;
    printf ("# deed %u at stop %u, %s %s: our buffer %u at 0x%" G_GINT64_MODIFIER "x leaked, the stranger has %u\n",
        stage->deed, stage->stop, stage->call.returning ? "after" : "before", points_name (stage->call.point),
        buffers[i - 1].id, buffers[i - 1].phys, stranger->count);
  }
}

static bool
play (int fd, void (*ours) (void), bool with_dead, unsigned deed, unsigned stop_at)
{
  Stranger stranger = { .fd = fd };
  pid_t pid = start_with_dead (ours, with_dead, deed, stop_at);
  bool stopped = await_stop (pid), unmade = stage->unmade;

  counts.runs++;
  if (stopped) {
    stage->stop = stop_at;
    deeds[deed] (&stranger);
    stage->step = STEP_RUNNING;
    waitpid (pid, NULL, 0);
    counts.stops++;
  }
  for (unsigned i = 0; i < stranger.count; i++)
    judge_buffer (&stranger.held[i], &stage->call, unmade, covers_cookie (&stranger));
  look_for_leaks (&stranger);
  stranger_reset ();
  return stopped;
}

Interleavings
interleave_all (int fd, unsigned stride)
{
  stage = mmap (NULL, sizeof *stage, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  g_assert_true (stage != MAP_FAILED);
  for (unsigned deed = 0; deed < G_N_ELEMENTS (deeds); deed++) {
    for (unsigned stop = deed % stride; play (fd, live_through, false, deed, stop);)
      stop += stride;
    for (unsigned stop = deed % stride; play (fd, leave_behind, false, deed, stop);)
      stop += stride;
    for (unsigned stop = deed % stride; play (fd, clean_up, true, deed, stop);)
      stop += stride;
  }
  munmap (stage, sizeof *stage);
  return counts;
}
