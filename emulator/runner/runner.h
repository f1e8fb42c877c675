/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * runner.h: xlnk-emulate, in four parts: options, machine (heap and environment), child, report.
 */
#ifndef RUNNER_H
#define RUNNER_H

#include "board.h"
#include "engines.h"
#include "plan.h"

#include <glib.h>

#define EXIT_STRICT 70          /* leak or hazard, under --strict */
#define EXIT_USAGE 64
#define EXIT_RUNNER 125         /* the runner itself failed; as env(1) and timeout(1) */
#define EXIT_CANNOT_RUN 126
#define EXIT_NOT_FOUND 127

typedef enum
{
  STRICT_NO,
  STRICT_LEAKS,
  STRICT_REDUNDANT,
} Strict;

typedef struct
{
  BoardConfig config;
  BoardFault faults[BOARD_MAX_FAULTS];
  unsigned fault_count;
  Plan plan;                    /* faults of certain callers */
  char *trace;
  CoreConfig cores[CORES_MAX];
  unsigned core_count;
  char *heap;                   /* NULL: a fresh one */
  char *report;
  Strict strict;
  char **command;
} Options;

gboolean options_parse (Options * options, int *argc, char ***argv, GError ** error);
gboolean options_parse_faults (Options * options, const char *text, GError ** error);

typedef struct
{
  char *directory;              /* temporary; holds the tree, and the heap unless --heap */
  char *tree;
  char *heap;
  char *ledger;                 /* a directory that lives as long as the heap: beside a heap that was given */
  char *plan;                   /* file of the faults of certain callers; NULL: none */
  int lock;                     /* says that the directory is in use */
  int fd;                       /* of the heap; open as long as this runner counts */
  Board board;
  Cores cores;
} Machine;

gboolean machine_start (Machine * machine, const Options * options, GError ** error);
void machine_stop (Machine * machine);
char **machine_environment (const Machine * machine, GError ** error);

/* "@what @path: " and the words for errno @number, as an error of GFileError; returns FALSE. */
gboolean failure_of_file (GError ** error, int number, const char *what, const char *path);

gboolean heap_open (Machine * machine, const Options * options, GError ** error);

int leftovers_lock (const char *directory);
void leftovers_sweep (const char *parent, const char *template);        /* as mkdtemp() takes it */
void leftovers_remove_all (const char *path);

int child_run (char **command, char **environment);     /* its exit status, or 128 + signal */

void report_print (Machine * machine, const Options * options, int status);
gboolean report_write (Machine * machine, const Options * options, int status, GError ** error);
gboolean report_is_bad (Machine * machine, Strict strict);

#endif /* RUNNER_H */
