/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "instructions.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static void
die (void)
{
  kill (getpid (), SIGKILL);
}

/* As good as it goes where no processor counts: so many nanoseconds. */
static void
start_timer (unsigned count)
{
  struct sigevent event = { .sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGKILL };
  struct itimerspec at = { .it_value = { 0, (long) count } };
  timer_t timer;

  if (timer_create (CLOCK_MONOTONIC, &event, &timer) != 0 || timer_settime (timer, 0, &at, NULL) != 0)
    die ();
}

#ifdef __x86_64__

#define TRAP_FLAG 0x100ul

static volatile unsigned left;

/* After each instruction while the trap flag is set; the kernel keeps the flag over the handler. */
static void
count_down (int number)
{
  (void) number;
  if (--left == 0)
    die ();
}

static void
start_steps (unsigned count)
{
  struct sigaction action;

  memset (&action, 0, sizeof action);
  action.sa_handler = count_down;
  sigaction (SIGTRAP, &action, NULL);
  left = count;
  __asm__ volatile ("lea -128(%%rsp), %%rsp\n\tpushfq\n\torq %0, (%%rsp)\n\tpopfq\n\tlea 128(%%rsp), %%rsp"
      : : "i" (TRAP_FLAG) : "memory", "cc");
}

/* Valgrind's processor has no such flag. */
static void
start (unsigned count)
{
  if (getenv ("XLNK_TEST_VALGRIND"))
    start_timer (count);
  else
    start_steps (count);
}

#else

static void
start (unsigned count)
{
  start_timer (count);
}

#endif

void
instructions_kill_after (unsigned count)
{
  if (count == 0)
    die ();
  else
    start (count);
}
