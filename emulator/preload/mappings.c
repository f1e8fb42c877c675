/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * mappings.c: a table of address ranges. A fork copies it with the memory; a range that MADV_DONTFORK kept from the
 * child stays in its table, where only an access that would crash anyway could meet it.
 */
#include "mappings.h"
#include "raw.h"

#include <pthread.h>
#include <string.h>
#include <sys/mman.h>

typedef struct
{
  uintptr_t start, end;
  uint64_t phys;
} Mapping;

static Mapping *table;
static size_t used, room;
static int in_use;              /* since the first mapping; read without the lock, by every munmap() of the program */
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

/* Not malloc(): we may be inside the caller's. */
static bool
grow (void)
{
  const size_t more = room ? room * 2 : 256;
  Mapping *bigger = raw_mmap (NULL, more * sizeof *bigger, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

  if (bigger == MAP_FAILED)
    return false;
  if (table) {
    memcpy (bigger, table, used * sizeof *table);
    raw_munmap (table, room * sizeof *table);
  }
  table = bigger;
  room = more;
  return true;
}

static void
append (uintptr_t start, uintptr_t end, uint64_t phys)
{
  if (start >= end || (used == room && !grow ()))
    return;
  table[used++] = (Mapping) { start, end, phys };
}

/* What sticks out of the removed range on either side stays mapped. */
static void
cut (uintptr_t start, uintptr_t end)
{
  for (size_t i = 0; i < used;) {
    const Mapping old = table[i];

    if (old.end <= start || old.start >= end) {
      i++;
      continue;
    }
    table[i] = table[--used];
    append (old.start, start < old.start ? old.start : start, old.phys);
    append (end > old.end ? old.end : end, old.end, old.phys + (end - old.start));
  }
}

void
mappings_add (const void *start, size_t length, uint64_t phys)
{
  const uintptr_t at = (uintptr_t) start;

  __atomic_store_n (&in_use, 1, __ATOMIC_RELAXED);
  pthread_once (&once, survive_fork);
  take ();
  cut (at, at + length);
  append (at, at + length, phys);
  release ();
}

void
mappings_remove (const void *start, size_t length)
{
  if (!__atomic_load_n (&in_use, __ATOMIC_RELAXED))
    return;
  take ();
  cut ((uintptr_t) start, (uintptr_t) start + length);
  release ();
}

bool
mappings_find (const void *start, size_t length, uint64_t * phys, size_t * skipped, size_t * found)
{
  const uintptr_t from = (uintptr_t) start, to = from + length;
  uintptr_t best = UINTPTR_MAX;

  take ();
  for (size_t i = 0; i < used; i++) {
    const uintptr_t first = table[i].start > from ? table[i].start : from;
    const uintptr_t last = table[i].end < to ? table[i].end : to;

    if (first >= last || first >= best)
      continue;
    best = first;
    *phys = table[i].phys + (first - table[i].start);
    *skipped = first - from;
    *found = last - first;
  }
  release ();
  return best != UINTPTR_MAX;
}
