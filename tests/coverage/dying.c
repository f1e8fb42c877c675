/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * dying.c: preloaded by scripts/coverage.sh: a process that ends itself by _exit() or SIGKILL, as many children of tests
 * do, writes down first which lines it has executed. gcc's counters are written by exit() alone.
 *
 * Reaches what shares the program's counters: its own files and shared libraries without a version script, so the device
 * ring in its tests. `-u __gcov_dump` puts the function there.
 */
#include <dlfcn.h>
#include <signal.h>
#include <sys/syscall.h>
#include <unistd.h>

static void
write_counters (void)
{
  void (*dump) (void) = (void (*)(void)) dlsym (RTLD_DEFAULT, "__gcov_dump");

  if (dump)
    dump ();
}

void
_exit (int status)
{
  write_counters ();
  for (;;)
    syscall (SYS_exit_group, status);
}

int
kill (pid_t pid, int number)
{
  if (pid == getpid () && number == SIGKILL)
    write_counters ();
  return (int) syscall (SYS_kill, pid, number);
}
