/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * context.c: finds the board through the environment, on first use of one of its paths. Until then, and without the
 * runner, the library does nothing.
 */
#include "context.h"
#include "raw.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sched.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

typedef enum
{
  UNKNOWN, BUSY, INERT, KNOWN, MAPPED,
} Stage;

static int stage = UNKNOWN;
static Context context;
static char heap_path[PATH_MAX], tree_path[PATH_MAX];
static dev_t heap_device;
static ino64_t heap_inode;

static bool
copy_variable (char *to, const char *name)
{
  const char *value = getenv (name);

  if (!value || !*value || strlen (value) >= PATH_MAX)
    return false;
  strcpy (to, value);
  return true;
}

/*
 * Started by a sanitizer, from within the process that it reports on, to name addresses. The heap is among the files it
 * opens for that; as a device it would wait for a lock that whoever waits for the report may hold.
 */
static bool
is_symbolizer (void)
{
  static const char *const names[] = { "llvm-symbolizer", "addr2line" };

  for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
    if (strncmp (program_invocation_short_name, names[i], strlen (names[i])) == 0)
      return true;
  }
  return false;
}

static Stage
look (void)
{
  struct stat64 st;

  if (is_symbolizer ())
    return INERT;
  if (!copy_variable (heap_path, ENV_HEAP) || raw_fstatat (AT_FDCWD, heap_path, &st, AT_SYMLINK_NOFOLLOW) < 0)
    return INERT;
  if (copy_variable (tree_path, ENV_TREE))
    context.tree = tree_path;
  context.heap = heap_path;
  heap_device = st.st_dev;
  heap_inode = st.st_ino;
  return KNOWN;
}

static Stage
map (void)
{
  const int fd = raw_openat (AT_FDCWD, heap_path, O_RDWR | O_CLOEXEC | O_NOFOLLOW, 0);
  const char *why = fd < 0 ? strerror (errno) : board_distrust (fd);

  if (!why && board_attach (&context.board, fd) < 0)
    why = strerror (errno);
  if (fd >= 0)
    raw_close (fd);
  if (why) {
    context_say ("cannot use %s: %s", heap_path, why);
    return INERT;
  }
  context.version = &board_versions[context.board.state->driver];
  return MAPPED;
}

/* One thread at a time moves the stage on; the others wait for it. */
static Stage
advance (Stage from, Stage (*step) (void))
{
  int expected = (int) from;
  const int saved = errno;

  if (__atomic_compare_exchange_n (&stage, &expected, BUSY, false, __ATOMIC_ACQUIRE, __ATOMIC_ACQUIRE)) {
    __atomic_store_n (&stage, (int) step (), __ATOMIC_RELEASE);
  } else {
    while (__atomic_load_n (&stage, __ATOMIC_ACQUIRE) == BUSY)
      sched_yield ();
  }
  errno = saved;
  return (Stage) __atomic_load_n (&stage, __ATOMIC_ACQUIRE);
}

static Stage
current_stage (void)
{
  Stage now = (Stage) __atomic_load_n (&stage, __ATOMIC_ACQUIRE);

  return now == UNKNOWN || now == BUSY ? advance (UNKNOWN, look) : now;
}

bool
context_active (void)
{
  return current_stage () >= KNOWN;
}

Context *
context_get (void)
{
  Stage now = current_stage ();

  if (now == KNOWN || now == BUSY)
    now = advance (KNOWN, map);
  return now == MAPPED ? &context : NULL;
}

bool
context_owns (int fd)
{
  const int saved = errno;
  struct stat64 st;
  bool owns;

  if (fd < 0 || !context_active ())
    return false;
  owns = raw_fstat (fd, &st) == 0 && st.st_dev == heap_device && st.st_ino == heap_inode;
  errno = saved;
  return owns && context_get () != NULL;
}

void
context_lock (Context * self)
{
  board_lock (&self->board);
  board_reclaim (&self->board, self->heap);
}

void
context_unlock (Context * self)
{
  board_unlock (&self->board);
}

void
context_obey (int fault)
{
  if (fault == BOARD_FAULT_KILL)
    syscall (SYS_kill, raw_process_id (), SIGKILL);
}

static void __attribute__ ((format (printf, 2, 0)))
say (const char *what, const char *format, va_list args)
{
  char text[512];
  int at = snprintf (text, sizeof text, "xlnk-emulate: %s[%d]: %s", program_invocation_short_name,
      raw_process_id (), what);

  if (at > 0 && (size_t) at < sizeof text)
    at += vsnprintf (text + at, sizeof text - (size_t) at, format, args);
  if (at < 0)
    return;
  if ((size_t) at > sizeof text - 2)
    at = sizeof text - 2;
  text[at] = '\n';
  raw_write (2, text, (size_t) at + 1);
}

void
context_say (const char *format, ...)
{
  va_list args;

  va_start (args, format);
  say ("", format, args);
  va_end (args);
}

_Noreturn void
context_oops (Context * self, const char *format, ...)
{
  char text[BOARD_EXAMPLE];
  va_list args;

  va_start (args, format);
  vsnprintf (text, sizeof text, format, args);
  va_end (args);
  board_hazard (&self->board, HAZARD_OOPS, "%s", text);
  context_unlock (self);
  context_say ("Oops: %s; the real kernel would have crashed here", text);
  abort ();
}
