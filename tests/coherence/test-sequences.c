/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * test-sequences.c: random sequences on one kind of board until one fails or the operations are done. A failing one is
 * shrunk and printed as a C program.
 *
 *   test-sequences [--board NAME] [--operations N] [--seed N] [--bytes-only] [--print FILE]
 *
 * Exit status 1 and "caught after N operations" if a sequence failed.
 */
#include "sequence.h"

#include <inttypes.h>
#include <string.h>

#define SEQUENCE 400            /* operations */

static char *board_name = "arm";
static char *print_path;
static gint64 operations = 200000;
static gint64 seed = 1;
static gboolean bytes_only;

static const GOptionEntry entries[] = {
  {"board", 0, 0, G_OPTION_ARG_STRING, &board_name, "arm, arm64 or arm64-driver", "NAME"},
  {"operations", 0, 0, G_OPTION_ARG_INT64, &operations, "at most so many", "N"},
  {"seed", 0, 0, G_OPTION_ARG_INT64, &seed, "of the first sequence", "N"},
  {"bytes-only", 0, 0, G_OPTION_ARG_NONE, &bytes_only, "judge by the bytes read, not by the work done", NULL},
  {"print", 0, 0, G_OPTION_ARG_FILENAME, &print_path, "where the failing sequence goes as a C program", "FILE"},
  {NULL, 0, 0, 0, NULL, NULL, NULL}
};

static Outcome
run (Op * ops, size_t length, bool random, bool tracked, uint64_t sequence_seed)
{
  Board *board = board_new (board_name);
  Outcome outcome;

  board->bytes_only = bytes_only;
  if (random)
    sequence_random (ops, length, board->line, tracked, sequence_seed);
  outcome = sequence_run (board, ops, length);
  board->free (board);
  return outcome;
}

static void
report (Op * ops, size_t length)
{
  FILE *file = print_path ? fopen (print_path, "w") : stdout;
  Outcome outcome;

  length = sequence_shrink (board_name, bytes_only, ops, length);
  outcome = run (ops, length, false, false, 0);
  printf ("shrunk to %zu operations: %s\n", length, outcome.failure);
  g_assert_nonnull (file);
  sequence_print (ops, length, board_name, outcome.failure, file);
  if (print_path)
    fclose (file);
}

static void
add_tally (Tally * sum, const Tally * tally)
{
  uint64_t *to = (uint64_t *) sum;
  const uint64_t *from = (const uint64_t *) tally;

  for (size_t i = 0; i < sizeof *sum / sizeof *to; i++)
    to[i] += from[i];
}

/* A run in which something never happened is no proof. */
static bool
print_tally (const Tally * sum, gint64 done)
{
  printf ("%s: %" G_GINT64_FORMAT " operations, no stale byte, no lost byte, no line too many\n"
      "%" PRIu64 " maps, %" PRIu64 " conflicts, %" PRIu64 " failed maintenances, %" PRIu64 " untold device runs, "
      "%" PRIu64 " lines maintained; compared: %" PRIu64 " bytes loaded, %" PRIu64 " bytes read by the device\n",
      board_name, done, sum->maps, sum->conflicts, sum->failures, sum->untold_runs, sum->maintained_lines,
      sum->loaded_bytes, sum->device_read_bytes);
  if (sum->maps && sum->conflicts && sum->untold_runs && sum->maintained_lines && sum->loaded_bytes
      && sum->device_read_bytes)
    return true;
  printf ("something never happened\n");
  return false;
}

/* Every other sequence hands out no address. */
static bool
run_all (void)
{
  Op ops[SEQUENCE];
  Tally sum = { 0 };
  gint64 done = 0;

  for (gint64 i = 0; done < operations; i++) {
    const Outcome outcome = run (ops, SEQUENCE, true, i % 2, seed + i);

    done += outcome.done;
    add_tally (&sum, &outcome.tally);
    if (outcome.failure[0]) {
      printf ("caught after %" G_GINT64_FORMAT " operations (seed %" G_GINT64_FORMAT "): %s\n", done, seed + i,
          outcome.failure);
      report (ops, outcome.done);
      return false;
    }
  }
  return print_tally (&sum, done);
}

int
main (int argc, char **argv)
{
  GOptionContext *context = g_option_context_new (NULL);
  GError *error = NULL;
  Board *board;

  g_option_context_add_main_entries (context, entries, NULL);
  if (!g_option_context_parse (context, &argc, &argv, &error)) {
    fprintf (stderr, "%s\n", error->message);
    return 2;
  }
  g_option_context_free (context);
  board = board_new (board_name);
  if (!board) {
    fprintf (stderr, "no board “%s”\n", board_name);
    return 2;
  }
  board->free (board);
  if (g_getenv ("XLNK_TEST_VALGRIND"))
    operations = MIN (operations, 20000);
  return run_all () ? 0 : 1;
}
