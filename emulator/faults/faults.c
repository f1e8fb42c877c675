/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * faults.c: finds what is due in a call, and writes calls down for --trace. Whatever this library needs itself are raw
 * system calls.
 */
#include "faults.h"
#include "callers.h"
#include "raw.h"
#include "xlnkemulator.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#define BOARD_LIBRARY "libxlnkemulator.so"

static Plan *plan;

/* Before this, a program that is just being loaded makes its calls undisturbed. */
static void __attribute__ ((constructor))
attach (void)
{
  const char *path = getenv (ENV_PLAN);
  const int fd = path && *path ? raw_openat (AT_FDCWD, path, O_RDWR | O_CLOEXEC, 0) : -1;

  if (fd < 0)
    return;
  plan = plan_attach (fd);
  raw_close (fd);
}

static bool
is_called_by (const PlanPoint * point, const Caller * callers, unsigned count)
{
  for (unsigned i = 0; i < count; i++) {
    if (strcmp (callers[i].object, point->object) == 0 && (point->anywhere || callers[i].offset == point->offset))
      return true;
  }
  return false;
}

static int
find_point (PlanCall call, const Caller * callers, unsigned count)
{
  const unsigned points = __atomic_load_n (&plan->count, __ATOMIC_ACQUIRE);
  int result = 0;

  for (unsigned i = 0; i < points; i++) {
    PlanPoint *point = &plan->points[i];
    uint64_t use;

    if (point->call != call || !is_called_by (point, callers, count))
      continue;
    use = __atomic_add_fetch (&point->seen, 1, __ATOMIC_RELAXED);
    if (use == point->use || (point->onwards && use > point->use))
      result = point->result;
  }
  if (result)
    __atomic_add_fetch (&plan->hits, 1, __ATOMIC_RELAXED);
  return result;
}

static int
print_result (char *to, size_t room, int result)
{
  if (result == 0)
    return snprintf (to, room, " -");
  if (result == PLAN_KILL)
    return snprintf (to, room, " SIGKILL");
  return result > 0 ? snprintf (to, room, " +%d", result) : snprintf (to, room, " %s", plan_errno_name (result));
}

/* One line, written at once, so that those of several threads do not mix. */
static void
trace (PlanCall call, int result, const Caller * callers, unsigned count)
{
  char line[CALLERS * (PLAN_NAME + 24)];
  size_t at = (size_t) snprintf (line, sizeof line, "%d %s", raw_process_id (), plan_call_name (call));
  int fd;

  at += (size_t) print_result (line + at, sizeof line - at, result);
  for (unsigned i = 0; i < count && at < sizeof line - 2; i++) {
    const int more = snprintf (line + at, sizeof line - 1 - at, " %.*s+0x%llx", (int) PLAN_NAME, callers[i].object,
        (unsigned long long) callers[i].offset);

    at += (size_t) more < sizeof line - 1 - at ? (size_t) more : sizeof line - 2 - at;
  }
  line[at++] = '\n';
  fd = raw_openat (AT_FDCWD, plan->trace, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0666);
  if (fd < 0)
    return;
  raw_write (fd, line, at);
  raw_close (fd);
}

int
faults_due (PlanCall call)
{
  Caller callers[CALLERS];
  const int saved = errno;
  unsigned count;
  int result = 0;

  if (!plan || (__atomic_load_n (&plan->count, __ATOMIC_ACQUIRE) == 0 && !plan->trace[0]))
    return 0;
  count = callers_find (callers);
  /* What the board's side does for a call is not the program's doing. */
  if (count > 0 && strcmp (callers[0].object, BOARD_LIBRARY) != 0) {
    result = find_point (call, callers, count);
    if (plan->trace[0])
      trace (call, result, callers, count);
  }
  errno = saved;
  return result;
}

void
faults_obey (int fault)
{
  if (fault == PLAN_KILL)
    syscall (SYS_kill, raw_process_id (), SIGKILL);
}

void *
faults_next (void **cache, const char *name)
{
  const int saved = errno;
  void *next = __atomic_load_n (cache, __ATOMIC_ACQUIRE);

  if (next)
    return next;
  next = dlsym (RTLD_NEXT, name);
  if (!next)
    abort ();
  __atomic_store_n (cache, next, __ATOMIC_RELEASE);
  errno = saved;
  return next;
}

EXPORT int
xlnk_emulator_set_faults (const char *list)
{
  if (!plan) {
    errno = ENODEV;
    return -1;
  }
  __atomic_store_n (&plan->count, 0, __ATOMIC_RELEASE);
  __atomic_store_n (&plan->hits, 0, __ATOMIC_RELAXED);
  if (list && *list && !plan_add (plan, list)) {
    errno = EINVAL;
    return -1;
  }
  return 0;
}

EXPORT int
xlnk_emulator_faults_hit (void)
{
  if (!plan) {
    errno = ENODEV;
    return -1;
  }
  return (int) __atomic_load_n (&plan->hits, __ATOMIC_RELAXED);
}

EXPORT int
xlnk_emulator_set_trace (const char *path)
{
  if (!plan || (path && strlen (path) >= sizeof plan->trace)) {
    errno = plan ? ENAMETOOLONG : ENODEV;
    return -1;
  }
  memset (plan->trace, 0, sizeof plan->trace);
  strcpy (plan->trace, path ? path : "");
  return 0;
}
