/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * preload-windows.c: mapped registers. A program gets the core's window, which the engine keeps up to date while
 * somebody uses it by plain loads and stores. Whoever comes through the hooks is led past it to the registers.
 *
 * What is mapped and is no core is mapped behind the end of the file: an access is a SIGBUS, as where no AXI slave answers.
 */
#include "preload-cores.h"
#include "raw.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

#define WINDOWS 256u

typedef struct
{
  uintptr_t start, end;
  Core *core;
  uint32_t offset;              /* of start, in the core's window */
  bool plain;                   /* nobody has used the hooks here */
} Window;

static Window table[WINDOWS];
static unsigned used;
static int in_use;              /* since the first window; read without the lock, by every munmap() of the program */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_once_t once = PTHREAD_ONCE_INIT;

static void
take (void)
{
  pthread_mutex_lock (&lock);
}

static void
release (void)
{
  pthread_mutex_unlock (&lock);
}

static void
survive_fork (void)
{
  pthread_atfork (take, release, release);
}

static void
count_plain (Core * core, bool more)
{
  core_lock (core);
  if (more) {
    if (core->plain_users++ == 0)
      core_show (cores_get (), core);
    core_wake (core);
  } else if (core->plain_users > 0) {
    core->plain_users--;
  }
  core_unlock (core);
}

/* A table that is full leaves the window to plain loads and stores. */
static void
add (uintptr_t start, uintptr_t end, Core * core, uint32_t offset)
{
  __atomic_store_n (&in_use, 1, __ATOMIC_RELAXED);
  pthread_once (&once, survive_fork);
  count_plain (core, true);
  take ();
  if (used < WINDOWS)
    table[used++] = (Window) { start, end, core, offset, true };
  release ();
}

/* A mapping of part of a window goes as a whole: registers are not unmapped piecemeal. */
void
cores_unmapped (const void *start, size_t length)
{
  const uintptr_t from = (uintptr_t) start, to = from + length;

  if (!__atomic_load_n (&in_use, __ATOMIC_RELAXED))
    return;
  take ();
  for (unsigned i = 0; i < used;) {
    const Window old = table[i];

    if (old.end <= from || old.start >= to) {
      i++;
      continue;
    }
    table[i] = table[--used];
    if (old.plain)
      count_plain (old.core, false);
  }
  release ();
}

Core *
cores_find_register (const volatile void *reg, uint32_t * offset)
{
  const uintptr_t at = (uintptr_t) reg;
  Core *core = NULL;

  if (!__atomic_load_n (&in_use, __ATOMIC_RELAXED))
    return NULL;
  take ();
  for (unsigned i = 0; i < used && !core; i++) {
    Window *window = &table[i];

    if (at < window->start || at >= window->end)
      continue;
    core = window->core;
    *offset = window->offset + (uint32_t) (at - window->start);
    if (window->plain) {
      window->plain = false;
      count_plain (core, false);
    }
  }
  release ();
  return core;
}

static int
open_table (void)
{
  const Context *context = context_get ();
  char path[PATH_MAX];

  if (snprintf (path, sizeof path, "%s/cores", context->tree) >= (int) sizeof path)
    return -1;
  return raw_openat (AT_FDCWD, path, O_RDWR | O_CLOEXEC, 0);
}

/* The part of a core's window that lies in the mapping of physical addresses [from, from + length) at @start. */
static bool
map_core (int fd, unsigned number, uint8_t * start, uint64_t from, uint64_t length, int prot)
{
  CoreTable *cores = cores_get ();
  Core *core = &cores->cores[number];
  const uint64_t base = core->config.base, end = base + CORE_WINDOW;
  const uint64_t first = base > from ? base : from, last = end < from + length ? end : from + length;
  uint8_t *at;

  if (first >= last)
    return true;
  at = start + (first - from);
  if (raw_mmap (at, (size_t) (last - first), prot, MAP_SHARED | MAP_FIXED, fd,
          (int64_t) (core_window_offset (cores, number) + (first - base))) == MAP_FAILED)
    return false;
  add ((uintptr_t) at, (uintptr_t) at + (uintptr_t) (last - first), core, (uint32_t) (first - base));
  return true;
}

static void *
map_addresses (void *address, size_t length, int prot, int flags, uint64_t from)
{
  const CoreTable *cores = cores_get ();
  const int fd = open_table ();
  const int64_t nowhere = (int64_t) ((cores->end + BOARD_PAGE - 1) / BOARD_PAGE * BOARD_PAGE);
  uint8_t *start = MAP_FAILED;
  bool good;

  if (fd < 0)
    return MAP_FAILED;
  start = raw_mmap (address, length, prot, (flags & ~MAP_PRIVATE) | MAP_SHARED, fd, nowhere);
  good = start != MAP_FAILED;
  for (unsigned i = 0; i < cores->count && good; i++)
    good = map_core (fd, i, start, from, length, prot);
  if (!good && start != MAP_FAILED) {
    cores_unmapped (start, length);
    raw_munmap (start, length);
    start = MAP_FAILED;
  }
  raw_close (fd);
  return start;
}

/* UIO: the offset is the number of the map in pages, and there is one; /dev/mem: it is the address. */
void *
cores_mmap (CoreFd kind, Core * core, void *address, size_t length, int prot, int flags, int64_t offset)
{
  const bool memory = kind == CORE_FD_MEMORY;

  if (offset < 0 || offset % BOARD_PAGE != 0 || length == 0 || (!memory && (offset != 0 || length > CORE_WINDOW))) {
    errno = EINVAL;
    return MAP_FAILED;
  }
  return map_addresses (address, length, prot, flags, memory ? (uint64_t) offset : core->config.base);
}
