/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * main.c: xlnk-emulate [options] -- COMMAND…
 */
#include "runner.h"

#include <fcntl.h>
#include <locale.h>
#include <stdio.h>
#include <unistd.h>

static int
fail (int status, GError * error)
{
  fprintf (stderr, "xlnk-emulate: %s\n", error->message);
  g_error_free (error);
  return status;
}

static int
report (Machine * machine, const Options * options, int status)
{
  Board *board = &machine->board;
  GError *error = NULL;
  int result = status;

  cores_stop (&machine->cores);
  board_lock (board);
  board_reclaim (board, machine->heap);
  report_print (machine, options, status);
  if (options->report && !report_write (machine, options, status, &error))
    result = fail (EXIT_RUNNER, error);
  if (result == 0 && report_is_bad (machine, options->strict))
    result = EXIT_STRICT;
  board_unlock (board);
  return result;
}

static int
run (const Options * options)
{
  Machine machine = {.lock = -1,.fd = -1 };
  GError *error = NULL;
  char **environment = NULL;
  int result;

  if (machine_start (&machine, options, &error))
    environment = machine_environment (&machine, &error);
  if (environment)
    result = report (&machine, options, child_run (options->command, environment));
  else
    result = fail (EXIT_RUNNER, error);
  g_strfreev (environment);
  machine_stop (&machine);
  return result;
}

/* A report must not be written into the heap because that is descriptor 2. What was closed fails as before. */
static void
fill_standard_streams (void)
{
  static const int modes[] = { O_WRONLY, O_RDONLY, O_RDONLY };

  for (int stream = STDIN_FILENO; stream <= STDERR_FILENO; stream++) {
    if (fcntl (stream, F_GETFD) == -1 && open ("/dev/null", modes[stream]) != stream)
      return;
  }
}

int
main (int argc, char **argv)
{
  Options options = { 0 };
  GError *error = NULL;
  int result;

  fill_standard_streams ();
  setlocale (LC_ALL, "");
  result = options_parse (&options, &argc, &argv, &error) ? run (&options) : fail (EXIT_USAGE, error);
  g_free (options.heap);
  g_free (options.report);
  g_free (options.trace);
  return result;
}
