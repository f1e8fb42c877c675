/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * stranger.c: a process that knows nothing of ours allocates, frees and resets among ours, and takes over ids and
 * addresses. None of its live buffers is freed by us, but in the window that cannot be closed (design §8): between the
 * look at the cookie and FREEBUF. Three parts:
 *
 *   every interleaving    of one life of ours with one deed of the stranger's (interleave.h)
 *   at random             the stranger is this process; the order of all requests is known (order.h), so each loss is
 *                         proved to fall into the window, not believed
 *   the window's width    (window.h)
 *
 *   stranger [REQUESTS [SEED [STRIDE]]]     of the interleavings only every STRIDE-th
 */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../check/stranger.h"
#include "dice.h"
#include "interleave.h"
#include "ledgerdir.h"
#include "order.h"
#include "truth.h"
#include "window.h"
#include "xlnkblock.h"

#define OURS (ORDER_PROCESSES - 1)
#define HELD 12
#define BLOCKS 4

static Dice dice;
static unsigned test_number, failures;

static void G_GNUC_PRINTF (2, 3)
say (bool good, const char *format, ...)
{
  va_list list;

  printf ("%s %u - ", good ? "ok" : "not ok", ++test_number);
  va_start (list, format);
  vprintf (format, list);
  va_end (list);
  printf ("\n");
  failures += !good;
}

/*** our side, at random ***/

static bool holds_open;         /* the window is held open on purpose */

static void
die_or_pause (bool before_free)
{
  if (dice_below (&dice, 2000) == 0)
    kill (getpid (), SIGKILL);
  if (holds_open && before_free && dice_below (&dice, 2))
    usleep (dice_any_size (&dice, 8));
  else if (dice_below (&dice, 16) == 0)
    usleep (dice_any_size (&dice, 7));
}

/* Losing a buffer is no error, and neither is having none. */
static _Noreturn void
use_and_die (Order * order, unsigned process)
{
  XlnkBlock *blocks[BLOCKS] = { NULL };
  XlnkDevice *device;

  order_follow (order, process, die_or_pause);
  device = xlnk_device_open (NULL, NULL);
  while (device) {
    unsigned i = dice_below (&dice, BLOCKS);

    if (blocks[i]) {
      xlnk_block_unref (blocks[i]);
      blocks[i] = NULL;
    } else {
      blocks[i] = xlnk_block_new (device, dice_any_size (&dice, 17), true, NULL);
      order_claim_ends (order, process);
    }
    die_or_pause (false);
  }
  _exit (1);
}

static pid_t ours[ORDER_PROCESSES];
static unsigned deaths;

static void
start (Order * order, unsigned process)
{
  uint64_t seed = dice_roll (&dice);

  fflush (stdout);
  ours[process] = fork ();
  g_assert_cmpint (ours[process], >=, 0);
  if (ours[process] > 0)
    return;
  prctl (PR_SET_PDEATHSIG, SIGKILL);
  dice = dice_new (seed, process);
  use_and_die (order, process);
}

static void
replace_dead (Order * order)
{
  for (unsigned i = 1; i <= OURS; i++) {
    int status;

    if (waitpid (ours[i], &status, WNOHANG) != ours[i])
      continue;
    if (!WIFSIGNALED (status) || WTERMSIG (status) != SIGKILL)
      g_error ("a process of ours ended by itself, with wait status 0x%x", status);
    deaths++;
    order_claim_ends (order, i);
    start (order, i);
  }
}

/*** the stranger, at random ***/

typedef struct
{
  Order *order;
  int fd;
  unsigned count;
  StrangerBuffer held[HELD];
  unsigned allocs, frees, foreign, resets, noticed, checks, unknown;
} Stranger;

static void
forget (Stranger * stranger, unsigned i)
{
  stranger->held[i] = stranger->held[--stranger->count];
}

static void
take (Stranger * stranger)
{
  StrangerBuffer buffer = stranger_alloc (stranger->fd, 1 + dice_any_size (&dice, 18));

  if (buffer.id == 0)
    return;
  order_took (stranger->order, buffer.id);
  stranger->held[stranger->count++] = buffer;
  stranger->allocs++;
}

/* One that we freed is not there to be freed again. */
static void
give (Stranger * stranger)
{
  unsigned i = dice_below (&dice, stranger->count);
  guint id = stranger->held[i].id;

  if (order_is_strangers (stranger->order, id)) {
    stranger_free (stranger->fd, id);
    order_freed (stranger->order, id);
    stranger->frees++;
  } else {
    stranger->noticed++;
  }
  forget (stranger, i);
}

static void
free_foreign (Stranger * stranger)
{
  for (unsigned id = 1 + dice_below (&dice, 16); id < 32; id++) {
    const OrderId *entry = &stranger->order->ids[id];

    if (!entry->live || entry->strangers)
      continue;
    stranger_free (stranger->fd, id);
    order_freed (stranger->order, id);
    stranger->foreign++;
    return;
  }
}

static void
reset (Stranger * stranger)
{
  for (unsigned i = 0; i < stranger->count; i++)
    stranger->noticed += !order_is_strangers (stranger->order, stranger->held[i].id);
  stranger_reset ();
  order_reset (stranger->order);
  stranger->count = 0;
  stranger->resets++;
}

/* What is written down is what the driver knows: else this would prove nothing. */
static void
check_truth (Stranger * stranger)
{
  TruthBuffer buffers[TRUTH_IDS];
  unsigned count = truth_buffers (buffers), live = 0;

  for (unsigned i = 0; i < count; i++) {
    const OrderId *entry = &stranger->order->ids[buffers[i].id];

    stranger->unknown += !entry->live || entry->strangers != (buffers[i].pid == getpid ());
  }
  for (unsigned id = 0; id < ORDER_IDS; id++)
    live += stranger->order->ids[id].live;
  stranger->unknown += live != count;
  stranger->checks++;
}

static void
act (Stranger * stranger)
{
  unsigned what = dice_below (&dice, 32);

  order_enter (stranger->order);
  if (what == 0)
    reset (stranger);
  else if (what == 1)
    check_truth (stranger);
  else if (what < 10)
    free_foreign (stranger);
  else if (stranger->count == HELD || (what < 18 && stranger->count > 0))
    give (stranger);
  else
    take (stranger);
  order_leave (stranger->order);
  if (dice_below (&dice, 4) == 0)
    usleep (dice_any_size (&dice, 8));
}

static void
end (Stranger * stranger)
{
  for (unsigned i = 1; i <= OURS; i++) {
    kill (ours[i], SIGKILL);
    waitpid (ours[i], NULL, 0);
  }
  /* One of ours may have died inside. */
  stranger->order->lock = 0;
  order_enter (stranger->order);
  reset (stranger);
  order_leave (stranger->order);
}

static void
print_numbers (const Stranger * stranger)
{
  const Order *order = stranger->order;

  printf ("# window %s: the stranger took %u buffers, freed %u of its own and %u of ours, and reset %u times; we took %"
      G_GUINT64_FORMAT ", freed %" G_GUINT64_FORMAT ", died %u times; it lost %" G_GUINT64_FORMAT
      " in the window, %" G_GUINT64_FORMAT " taken over during our allocation\n", holds_open ? "held open" : "as it is",
      stranger->allocs, stranger->frees, stranger->foreign, stranger->resets, order->allocs, order->frees, deaths,
      order->losses[LOSS_IN_WINDOW], order->losses[LOSS_IN_ALLOCATION]);
}

static void
play_at_random (int fd, unsigned requests, bool open)
{
  Stranger stranger = { .order = order_new (), .fd = fd };
  Order *order = stranger.order;

  holds_open = open;
  deaths = 0;
  for (unsigned i = 1; i <= OURS; i++)
    start (order, i);
  for (unsigned i = 0; i < requests; i++) {
    act (&stranger);
    replace_dead (order);
  }
  end (&stranger);
  print_numbers (&stranger);
  say (order->losses[LOSS_ELSEWHERE] == 0, "the stranger's buffers freed outside the window: %" G_GUINT64_FORMAT,
      order->losses[LOSS_ELSEWHERE]);
  say (order->blind == 0, "freed without a look just before: %" G_GUINT64_FORMAT, order->blind);
  say (stranger.unknown == 0 && stranger.checks > 0, "differences from the driver's list: %u, looked %u times",
      stranger.unknown, stranger.checks);
  if (open && requests >= 1000)
    say (order->losses[LOSS_IN_WINDOW] > 0, "this test sees losses: %" G_GUINT64_FORMAT,
        order->losses[LOSS_IN_WINDOW]);
}

/*** the other two parts ***/

static void
play_all (int fd, unsigned stride)
{
  Interleavings all = interleave_all (fd, stride);

  printf ("# every interleaving: %u runs, %u stops, %u ids taken over; lost in the window %u, within "
      "the last look %u, taken over during our allocation %u\n", all.runs, all.stops, all.taken_over, all.lost_in_window,
      all.lost_in_look, all.lost_in_allocation);
  say (all.lost == 0, "freed in other interleavings: %u", all.lost);
  say (all.leaked == 0, "leaked in any interleaving: %u", all.leaked);
  say ((all.lost_in_window > 0 || stride > 1) && all.spared_in_window == 0, "in the window, as must be: %u, spared %u",
      all.lost_in_window, all.spared_in_window);
}

static void
print_widths (const char *what, const WindowWidths * widths)
{
  printf ("# %s: least %" G_GUINT64_FORMAT ", median %" G_GUINT64_FORMAT ", 99 of 100 below %" G_GUINT64_FORMAT
      ", most %" G_GUINT64_FORMAT " ns (%u times)\n", what, widths->least, widths->median, widths->most_of_100,
      widths->most, widths->count);
}

static void
measure (unsigned rounds)
{
  Window window = window_measure (rounds);

  print_widths ("free, from the look until FREEBUF begins", &window.free_begins);
  print_widths ("free, from the look until FREEBUF is done", &window.free_done);
  print_widths ("reclaim, from the look until FREEBUF begins", &window.reclaim_begins);
  print_widths ("reclaim, from the look until FREEBUF is done", &window.reclaim_done);
  print_widths ("from ALLOCBUF until the block is made", &window.allocation);
  say (window.free_begins.count > 0 && window.reclaim_begins.count > 0, "the window was measured");
}

/* The last one of ours finds all that the others left. */
static void
check_files (void)
{
  XlnkDevice *device = xlnk_device_open (NULL, NULL);
  unsigned files;

  if (device)
    xlnk_device_unref (device);
  files = ledgerdir_files ();
  say (device && files == 0, "files left in the end: %u", files);
}

int
main (int argc, char **argv)
{
  unsigned requests = argc > 1 ? (unsigned) atoi (argv[1]) : 10000;
  unsigned stride = argc > 3 ? (unsigned) atoi (argv[3]) : 1;
  int fd;

  setvbuf (stdout, NULL, _IOLBF, 0);
  dice = dice_new (argc > 2 ? g_ascii_strtoull (argv[2], NULL, 10) : 1, 0);
  if (g_getenv ("XLNK_TEST_VALGRIND")) {
    requests = MIN (requests, 100);
    stride = MAX (stride, 200);
  }
  ledgerdir_use ();
  fd = stranger_open ();
  play_all (fd, stride);
  play_at_random (fd, requests, true);
  play_at_random (fd, requests, false);
  measure (MIN (requests / 10, 2000));
  check_files ();
  printf ("1..%u\n", test_number);
  close (fd);
  ledgerdir_done ();
  return failures > 0;
}
