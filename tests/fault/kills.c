/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * kills.c: kill -9 does no harm. Three processes use one heap at random; they are killed at random moments, at chosen system
 * calls, between two instructions, and while they clean up after others who were killed. After each death and the next
 * open, the driver's own list must hold just what the living have, and of the dead only what may not be given back
 * without asking.
 *
 *   kills [KILLS [SEED [BITS [PAUSE]]]]
 *
 * A seed of 0 is a new one each time. Blocks are of up to 2^BITS bytes, some 16 times that; PAUSE is in microseconds,
 * after each operation.
 */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <glib.h>

#include "dice.h"
#include "judge.h"
#include "ledgerdir.h"
#include "worker.h"

#define PATIENCE (120 * G_USEC_PER_SEC)
#define ROUNDS_PER_REQUEST 8

static Notes *notes;
static NotesLife *workers[NOTES_WORKERS];
static Dice dice;
static Judge *judge;
static View *view;

static struct
{
  unsigned kills, rounds, doing[DOINGS], inside[POINTS], instructions, exhausted;
  unsigned exposed_by_flag, exposed_by_policy, armed_by_flag, armed_by_core, requests;
} counts;

static bool
is_alive (const NotesLife * life)
{
  for (unsigned i = 0; i < NOTES_WORKERS; i++) {
    if (workers[i] == life)
      return true;
  }
  return false;
}

/*** waiting ***/

static _Noreturn void
give_up (const char *what)
{
  printf ("Bail out! %s\n", what);
  for (unsigned i = 0; i < NOTES_WORKERS; i++) {
    if (workers[i])
      printf ("# process %d: stage %d, in %s, call %s\n", (int) workers[i]->pid, (int) workers[i]->stage,
          notes_doing_name (workers[i]->doing),
          workers[i]->inside >= 0 ? points_name ((Point) workers[i]->inside) : "none");
  }
  fflush (NULL);
  _exit (1);
}

static void
check_complaint (const NotesLife * life)
{
  if (life->stage != STAGE_COMPLAINING)
    return;
  printf ("# process %d: %s\n", (int) life->pid, life->complaint);
  give_up ("a process lost what is its own");
}

static void
count_death (const NotesLife * life)
{
  counts.kills++;
  counts.doing[life->doing]++;
  if (life->inside >= 0)
    counts.inside[life->inside]++;
}

/* TRUE if it has died, as it should: of SIGKILL. */
static bool
bury (unsigned i, bool wait)
{
  NotesLife *life = workers[i];
  int status;

  if (waitpid (life->pid, &status, wait ? 0 : WNOHANG) != life->pid)
    return false;
  if (!WIFSIGNALED (status) || WTERMSIG (status) != SIGKILL) {
    printf ("# process %d, in %s: wait status 0x%x\n", (int) life->pid, notes_doing_name (life->doing), status);
    give_up ("a process ended by itself");
  }
  count_death (life);
  workers[i] = NULL;
  return true;
}

/* Until the worker is in that stage, or dead: FALSE. */
static bool
await_stage (unsigned i, NotesStage stage)
{
  gint64 end = g_get_monotonic_time () + PATIENCE;

  while (workers[i]->stage != stage) {
    check_complaint (workers[i]);
    if (bury (i, false))
      return false;
    if (g_get_monotonic_time () > end)
      give_up ("a process does not come on");
    usleep (50);
  }
  return true;
}

static void
await_death (unsigned i)
{
  gint64 end = g_get_monotonic_time () + PATIENCE;

  while (!bury (i, false)) {
    check_complaint (workers[i]);
    if (g_get_monotonic_time () > end)
      give_up ("a process does not come to the place where it is to die");
    usleep (50);
  }
}

/*** lives and deaths ***/

static void
start (unsigned i, NotesOrder order)
{
  NotesLife *life = notes_add (notes);
  pid_t pid;

  life->order = order;
  fflush (stdout);
  pid = fork ();
  g_assert_cmpint (pid, >=, 0);
  if (pid == 0) {
    prctl (PR_SET_PDEATHSIG, SIGKILL);
    close (judge->fd);
    life->pid = getpid ();
    worker_run (notes, life);
  }
  life->pid = pid;
  workers[i] = life;
}

static unsigned
choose_instructions (void)
{
  unsigned count = dice_below (&dice, 2) ? dice_any_size (&dice, 12) : 0;

  counts.instructions += count > 0;
  return count;
}

/* Any call, or one of those where most is at stake. */
static NotesOrder
choose_order (unsigned most)
{
  static const Point marked[] = {
    POINT_ALLOCBUF, POINT_ALLOCBUF, POINT_FREEBUF, POINT_FREEBUF, POINT_MMAP, POINT_MUNMAP, POINT_CACHECTRL,
    POINT_BETWEEN, POINT_BETWEEN, POINT_BETWEEN,
  };
  NotesOrder order = { .point = -1, .countdown = 1 + dice_below (&dice, most) };

  if (dice_below (&dice, 2)) {
    order.point = (int) marked[dice_below (&dice, G_N_ELEMENTS (marked))];
    order.countdown = 1 + dice_below (&dice, 3);
  }
  order.returning = order.point != POINT_BETWEEN && dice_below (&dice, 2);
  order.instructions = choose_instructions ();
  return order;
}

static void
kill_at_random (unsigned i)
{
  usleep (dice_any_size (&dice, 14));
  kill (workers[i]->pid, SIGKILL);
  bury (i, true);
}

static void
kill_at_order (unsigned i)
{
  NotesOrder order = choose_order (30), *to = &workers[i]->order;

  to->point = order.point;
  to->returning = order.returning;
  to->instructions = order.instructions;
  atomic_store (&to->countdown, order.countdown);
  await_death (i);
}

/* The heir cleans up, and some die of it: at a system call of theirs, or at a random moment. */
static void
start_heir (unsigned i)
{
  static const NotesOrder none;
  unsigned fate = dice_below (&dice, 6);

  start (i, fate == 0 ? choose_order (60) : none);
  if (fate == 1)
    kill_at_random (i);
  else if (await_stage (i, STAGE_RUNNING) && fate == 0 && atomic_exchange (&workers[i]->order.countdown, 0) == 0)
    await_death (i);            /* it is at it */
}

static void
start_missing (void)
{
  for (unsigned i = 0; i < NOTES_WORKERS; i++) {
    while (!workers[i])
      start_heir (i);
  }
}

static void
park_all (void)
{
  notes->park = true;
  for (unsigned i = 0; i < NOTES_WORKERS; i++) {
    if (workers[i] && !await_stage (i, STAGE_PARKED))
      give_up ("a process died unasked");
  }
}

static void
unpark_all (void)
{
  notes->park = false;
  for (unsigned i = 0; i < NOTES_WORKERS; i++) {
    if (workers[i])
      await_stage (i, STAGE_RUNNING);
  }
}

/* Nobody opens the device: another who finds no memory cleans up. */
static void
let_one_exhaust (void)
{
  for (unsigned i = 0; i < NOTES_WORKERS; i++) {
    gint64 end = g_get_monotonic_time () + PATIENCE;

    if (!workers[i])
      continue;
    workers[i]->exhaust = true;
    while (workers[i]->exhaust) {
      check_complaint (workers[i]);
      if (bury (i, false))
        give_up ("a process died unasked");
      if (g_get_monotonic_time () > end)
        give_up ("a process does not come to an end of the memory");
      usleep (50);
    }
    counts.exhausted++;
    return;
  }
}

/*** rounds ***/

static void
ask (bool good)
{
  if (!good) {
    printf ("# %s\n", view->error);
    give_up ("the ledger refuses");
  }
}

static unsigned
count_remains (bool armed)
{
  unsigned count = 0;

  for (unsigned i = 0; i < judge->count; i++) {
    const JudgeRemains *remains = &judge->remains[i];

    count += !remains->cookie_less && (armed ? remains->armed != NOT : remains->exposed != NOT
        && remains->armed == NOT);
  }
  return count;
}

/* By a person who knows that they stand still, or by an accelerator that found each of them idle. */
static void
stop_cores (XlnkReclaimFlags flags)
{
  bool by_core = dice_below (&dice, 2);

  *(by_core ? &counts.armed_by_core : &counts.armed_by_flag) += count_remains (true);
  for (unsigned i = 0; by_core && i < NOTES_CORES; i++)
    ask (view_reclaim_core (view, notes_cores[i].base, notes_cores[i].name));
  ask (view_reclaim (view, by_core ? flags : flags | XLNK_RECLAIM_ARMED));
  judge_request (judge, flags | XLNK_RECLAIM_ARMED, is_alive);
}

/* What a person asks for is complete only if nobody kills him, and then can be asked for again. */
static void
request (XlnkReclaimFlags flags)
{
  for (unsigned n = dice_below (&dice, 3); n > 0; n--)
    counts.requests += !view_reclaim_dying (view, flags, 1 + dice_below (&dice, 2), dice_below (&dice, 2));
  ask (view_reclaim (view, flags));
}

/* Everything there is to ask for, one after the other, so that what was not asked for must stay. */
static void
make_requests (void)
{
  XlnkReclaimFlags flags = XLNK_RECLAIM_EXPOSED;
  bool by_policy = dice_below (&dice, 2);

  ask (view_list (view));
  judge_listing (judge, view, is_alive);
  ask (view_reclaim (view, XLNK_RECLAIM_DRY_RUN | XLNK_RECLAIM_EXPOSED | XLNK_RECLAIM_COOKIE_LESS
          | XLNK_RECLAIM_ARMED));
  judge_look (judge, is_alive);
  *(by_policy ? &counts.exposed_by_policy : &counts.exposed_by_flag) += count_remains (false);
  if (by_policy)
    ask (view_open (view, "exposed"));
  else
    request (flags);
  judge_request (judge, flags, is_alive);
  flags |= XLNK_RECLAIM_COOKIE_LESS;
  request (flags);
  judge_request (judge, flags, is_alive);
  stop_cores (flags);
}

static void
kill_some (void)
{
  for (unsigned i = dice_below (&dice, NOTES_WORKERS), n = dice_below (&dice, 8) ? 1 : 2; n > 0; n--) {
    if (dice_below (&dice, 2))
      kill_at_random (i);
    else
      kill_at_order (i);
    i = (i + 1) % NOTES_WORKERS;
  }
}

static void
play_round (void)
{
  usleep (dice_any_size (&dice, 13));
  kill_some ();
  if (dice_below (&dice, 16) == 0)
    let_one_exhaust ();
  else
    start_missing ();
  park_all ();
  judge_look (judge, is_alive);
  if (++counts.rounds % ROUNDS_PER_REQUEST == 0)
    make_requests ();
  unpark_all ();
  start_missing ();
}

static void
end_all (void)
{
  for (unsigned i = 0; i < NOTES_WORKERS; i++) {
    kill (workers[i]->pid, SIGKILL);
    bury (i, true);
  }
  ask (view_open (view, NULL));
  judge_look (judge, is_alive);
  make_requests ();
}

/*** the report ***/

static void
print_places (void)
{
  printf ("# killed in:");
  for (unsigned i = 0; i < DOINGS; i++)
    printf (" %s %u", notes_doing_name ((NotesDoing) i), counts.doing[i]);
  printf ("\n# of these inside:");
  for (unsigned i = 0; i < POINTS; i++) {
    if (counts.inside[i] > 0)
      printf (" %s %u", points_name ((Point) i), counts.inside[i]);
  }
  printf ("; some instructions after a call: %u\n", counts.instructions);
}

static void
print_counts (void)
{
  uint64_t operations = 0, allocations = 0, refused = 0;

  for (unsigned i = 0; i < notes->count; i++) {
    operations += notes->lives[i].operations;
    allocations += notes->lives[i].allocations;
    refused += notes->lives[i].refused;
  }
  printf ("# seed %" G_GUINT64_FORMAT ": %u kills of %u processes, %" G_GUINT64_FORMAT " operations, %"
      G_GUINT64_FORMAT " allocations, %" G_GUINT64_FORMAT " refused, %u looks at everything\n", notes->seed,
      counts.kills, notes->count, operations, allocations, refused, judge->looks);
  print_places ();
  printf ("# cleaned up by one who found no memory: %u times\n", counts.exhausted);
  printf ("# killed while they freed what a person had asked for: %u\n", counts.requests);
  printf ("# without a cookie: %u, all freed on request; exposed: %u freed on request, %u by policy; armed: %u freed "
      "on request, %u when the core was idle\n", judge->cookie_less, counts.exposed_by_flag, counts.exposed_by_policy,
      counts.armed_by_flag, counts.armed_by_core);
}

static unsigned test_number;

static void
say (bool good, const char *what, unsigned count)
{
  printf ("%s %u - %s: %u\n", good ? "ok" : "not ok", ++test_number, what, count);
}

static int
conclude (void)
{
  unsigned files = ledgerdir_files ();

  print_counts ();
  say (judge->leaked == 0, "leaked, though with a cookie and never exposed", judge->leaked);
  say (judge->taken == 0, "taken away from the living", judge->taken);
  say (judge->unasked == 0, "exposed, armed or without a cookie, and freed unasked", judge->unasked);
  say (judge->most_cookie_less <= 1, "without a cookie, at most of one process", judge->most_cookie_less);
  say (judge->misreported == 0, "differences between the listing and the board", judge->misreported);
  say (judge->unheeded == 0, "still there after the request", judge->unheeded);
  say (judge->strays == 0, "buffers that nobody knows", judge->strays);
  say (judge->count == 0, "buffers left in the end", judge->count);
  say (files == 0, "files left in the end", files);
  printf ("1..%u\n", test_number);
  return judge_is_content (judge) && judge->count == 0 && files == 0 ? 0 : 1;
}

/* A watchdog may wait for a line. */
static void
say_progress (void)
{
  static gint64 last;
  gint64 now = g_get_monotonic_time ();

  if (now - last > 10 * G_USEC_PER_SEC)
    printf ("# %u kills so far\n", counts.kills);
  last = now - last > 10 * G_USEC_PER_SEC ? now : last;
}

int
main (int argc, char **argv)
{
  unsigned kills = argc > 1 ? (unsigned) atoi (argv[1]) : 150;
  uint64_t seed = argc > 2 ? g_ascii_strtoull (argv[2], NULL, 10) : 1;
  int result;

  if (g_getenv ("XLNK_TEST_VALGRIND"))
    kills = MIN (kills, 10);
  if (seed == 0)
    seed = (uint64_t) g_get_real_time ();
  setvbuf (stdout, NULL, _IOLBF, 0);
  ledgerdir_use ();
  notes = notes_new (seed, 4 * kills + 64);
  notes->bits = argc > 3 ? (unsigned) atoi (argv[3]) : 18;
  notes->pause = argc > 4 ? (unsigned) atoi (argv[4]) : 0;
  dice = dice_new (seed, 1u << 31);
  judge = judge_new (notes, open ("/dev/xlnk", O_RDWR | O_CLOEXEC));
  g_assert_cmpint (judge->fd, >=, 0);
  view = view_new ();
  start_missing ();
  while (counts.kills < kills && judge_is_content (judge)) {
    play_round ();
    say_progress ();
  }
  end_all ();
  result = conclude ();
  ledgerdir_done ();
  return result;
}
