/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * xlnk-ctl.c: the table of subcommands.
 */
#include "xlnk-ctl.h"

#include <fcntl.h>
#include <glib.h>
#include <locale.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

typedef struct
{
  const char *name;
  const char *arguments;
  const char *summary;
  int (*run) (int argc, char **argv);
} Command;

static const Command commands[] = {
#if defined (HAVE_LIBXML2)
  {"describe", "DESIGN.hwh [CORE]", "print the xlnkaccel descriptions of a design's cores", xlnk_ctl_describe},
#endif
#if defined (HAVE_JSON_GLIB)
  {"status", "[--json]", "who holds how much contiguous memory", xlnk_ctl_status},
  {"watch", "[--interval S]", "the same, live", xlnk_ctl_watch},
  {"reclaim", "[--dry-run]", "give back what dead processes left", xlnk_ctl_reclaim},
  {"reset", "--yes", "free the buffers of everybody", xlnk_ctl_reset},
#endif
  {NULL, NULL, NULL, NULL}
};

static int
print_usage (gboolean asked)
{
  void (*print) (const char *, ...) = asked ? g_print : g_printerr;

  print ("Usage: xlnk-ctl COMMAND [ARGUMENT...]\n\n");
  for (const Command * command = commands; command->name; command++)
    print ("  %-8s %-19s %s\n", command->name, command->arguments, command->summary);
  return asked ? 0 : XLNK_CTL_USAGE;
}

static int
run (int argc, char **argv)
{
  if (argc < 2)
    return print_usage (FALSE);
  if (strcmp (argv[1], "--help") == 0 || strcmp (argv[1], "-h") == 0 || strcmp (argv[1], "help") == 0)
    return print_usage (TRUE);
  for (const Command * command = commands; command->name; command++) {
    if (strcmp (argv[1], command->name) == 0) {
      int status;

      argv[1] = g_strconcat ("xlnk-ctl ", command->name, NULL); /* for ever: it is what help and messages call us */
      g_set_prgname (argv[1]);
      status = command->run (argc - 1, argv + 1);
      if (status == XLNK_CTL_USAGE)
        g_printerr ("Usage: xlnk-ctl %s %s\n", command->name, command->arguments);
      return status;
    }
  }
  g_printerr ("xlnk-ctl: there is no command `%s'\n", argv[1]);
  return print_usage (FALSE);
}

/* A full disk must not pass for an answer. GLib, which prints, tells nobody. */
static int
check_output (int status)
{
  if (fflush (stdout) == 0 && !ferror (stdout))
    return status;
  g_printerr ("xlnk-ctl: not all of the output could be written\n");
  return status ? status : 1;
}

/* What was closed fails as before, but no descriptor that is opened later gets what is printed. */
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
  fill_standard_streams ();
  setlocale (LC_ALL, "");
  return check_output (run (argc, argv));
}
