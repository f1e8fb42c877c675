/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * lock.c: one lock for the whole board, shared by all processes, that survives the death of its holder.
 *
 * Not a robust pthread mutex: its layout differs between word sizes, and under qemu-user there is no robust list, so a
 * killed holder would lock the board for good. Instead the word names the holder's thread, and a waiter that gets no
 * turn looks whether that thread still lives. What an owner that died left half-done is put right by the next one.
 */
#include "board.h"
#include "raw.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/futex.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define WAITERS 0x80000000u
#define THREAD 0x3fffffffu

/* The kernel wants its own timespec: two longs in the 32-bit call. */
typedef struct
{
  long seconds;
  long nanoseconds;
} KernelTimespec;

static bool
wait_word (uint32_t * word, uint32_t value)
{
  const KernelTimespec tick = { 0, 20 * 1000 * 1000 };

  return syscall (SYS_futex, word, FUTEX_WAIT, value, &tick, NULL, 0) < 0 && errno == ETIMEDOUT;
}

/* A killed process stays as a zombie until its parent looks: kill() cannot tell. */
static bool
is_zombie (int thread)
{
  char path[48], text[512], *state;
  ssize_t got;
  int fd;

  snprintf (path, sizeof path, "/proc/%d/stat", thread);
  fd = raw_openat (AT_FDCWD, path, O_RDONLY | O_CLOEXEC, 0);
  if (fd < 0)
    return false;
  got = raw_read (fd, text, sizeof text - 1);
  raw_close (fd);
  if (got <= 0)
    return false;
  text[got] = '\0';
  state = strrchr (text, ')');
  return state && state[1] && (state[2] == 'Z' || state[2] == 'X');
}

static bool
is_dead (uint32_t value)
{
  const int thread = (int) (value & THREAD);

  return (syscall (SYS_kill, thread, 0) < 0 && errno == ESRCH) || is_zombie (thread);
}

static bool
swap (uint32_t * word, uint32_t from, uint32_t to)
{
  return __atomic_compare_exchange_n (word, &from, to, false, __ATOMIC_ACQUIRE, __ATOMIC_RELAXED);
}

static void
refuse_recursion (uint32_t value, uint32_t self)
{
  static const char message[] = "xlnk-emulate: a signal handler entered the board while its thread was inside it\n";

  if ((value & THREAD) != self)
    return;
  raw_write (2, message, sizeof message - 1);
  abort ();
}

static void
wait_turn (uint32_t * word, uint32_t self)
{
  for (;;) {
    uint32_t value = __atomic_load_n (word, __ATOMIC_RELAXED);

    if (value == 0) {
      if (swap (word, 0, self | WAITERS))
        return;
      continue;
    }
    refuse_recursion (value, self);
    if (!(value & WAITERS) && !swap (word, value, value | WAITERS))
      continue;
    value |= WAITERS;
    if (wait_word (word, value) && is_dead (value) && swap (word, value, self | WAITERS))
      return;
  }
}

bool
board_lock_take (BoardLock * lock)
{
  const uint32_t self = (uint32_t) raw_thread_id ();
  bool died;

  if (!swap (&lock->word, 0, self))
    wait_turn (&lock->word, self);
  died = lock->busy != 0;
  lock->busy = 1;
  return died;
}

void
board_lock_release (BoardLock * lock)
{
  lock->busy = 0;
  if (__atomic_exchange_n (&lock->word, 0, __ATOMIC_RELEASE) & WAITERS)
    syscall (SYS_futex, &lock->word, FUTEX_WAKE, 1, NULL, NULL, 0);
}

int
board_lock_holder (const BoardLock * lock)
{
  return (int) (__atomic_load_n (&lock->word, __ATOMIC_RELAXED) & THREAD);
}

/* Who waits comes back by itself. */
void
board_lock_break (BoardLock * lock, int holder)
{
  const uint32_t value = __atomic_load_n (&lock->word, __ATOMIC_RELAXED);

  if (value == 0 || (value & THREAD) != (uint32_t) holder)
    return;
  lock->busy = 1;
  swap (&lock->word, value, 0);
}

void
board_lock (Board * board)
{
  if (board_lock_take (&board->state->lock)) {
    board->state->counters.recoveries++;
    board_rebuild_pages (board);
  }
}

void
board_unlock (Board * board)
{
  board_lock_release (&board->state->lock);
}
