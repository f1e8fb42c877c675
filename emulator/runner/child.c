/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * child.c: runs the command, hands signals on to it, and takes its status.
 */
#include "runner.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static volatile sig_atomic_t child;

static const int forwarded[] = { SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGUSR1, SIGUSR2, SIGWINCH, SIGCONT };

/* From the terminal the child has it too, from the same key. A second one does no harm to those who handle it. */
static void
forward (int number, siginfo_t * info, void *unused)
{
  const int saved = errno;

  (void) unused;
  if (child > 0 && info->si_code != SI_KERNEL)
    kill (child, number);
  errno = saved;
}

static void
catch_signals (void)
{
  struct sigaction action;

  memset (&action, 0, sizeof action);
  action.sa_sigaction = forward;
  action.sa_flags = SA_SIGINFO | SA_RESTART;
  for (gsize i = 0; i < G_N_ELEMENTS (forwarded); i++)
    sigaction (forwarded[i], &action, NULL);
}

static _Noreturn void
become (char **command, char **environment)
{
  execvpe (command[0], command, environment);
  fprintf (stderr, "xlnk-emulate: cannot run %s: %s\n", command[0], g_strerror (errno));
  _exit (errno == ENOENT ? EXIT_NOT_FOUND : EXIT_CANNOT_RUN);
}

static int
wait_for (pid_t pid)
{
  int status;

  while (waitpid (pid, &status, 0) < 0) {
    if (errno != EINTR)
      return EXIT_RUNNER;
  }
  return WIFSIGNALED (status) ? 128 + WTERMSIG (status) : WEXITSTATUS (status);
}

/* Signals are held back over the fork: none may be lost before the handler knows whom to tell. */
int
child_run (char **command, char **environment)
{
  sigset_t all, old;
  pid_t pid;

  sigfillset (&all);
  sigprocmask (SIG_BLOCK, &all, &old);
  pid = fork ();
  if (pid == 0) {
    sigprocmask (SIG_SETMASK, &old, NULL);
    become (command, environment);
  }
  if (pid > 0) {
    child = pid;
    catch_signals ();
  }
  sigprocmask (SIG_SETMASK, &old, NULL);
  if (pid < 0) {
    fprintf (stderr, "xlnk-emulate: cannot fork: %s\n", g_strerror (errno));
    return EXIT_RUNNER;
  }
  return wait_for (pid);
}
