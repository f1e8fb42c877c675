/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * test-sequences.c: random sequences on the simulated board until one fails or the operations are done. A failing one
 * is shrunk and printed as a C program.
 *
 *   test-sequences [--primitives arm|arm64|arm64-driver] [--operations N] [--seed N] [--bytes-only]
 *                  [--print FILE]
 *
 * Exit status 1 and "caught after N operations" if a sequence failed.
 */
#include "sequence.h"

#include <inttypes.h>
#include <string.h>

#define SEQUENCE 400            /* operations */

static char *primitives_name = "arm";
static char *print_path;
static gint64 operations = 200000;
static gint64 seed = 1;
static gboolean bytes_only;

static const GOptionEntry entries[] = {
  {"primitives", 0, 0, G_OPTION_ARG_STRING, &primitives_name, "arm, arm64 or arm64-driver", "NAME"},
  {"operations", 0, 0, G_OPTION_ARG_INT64, &operations, "at most so many", "N"},
  {"seed", 0, 0, G_OPTION_ARG_INT64, &seed, "of the first sequence", "N"},
  {"bytes-only", 0, 0, G_OPTION_ARG_NONE, &bytes_only, "judge by the bytes read, not by the work done", NULL},
  {"print", 0, 0, G_OPTION_ARG_FILENAME, &print_path, "where the failing sequence goes as a C program", "FILE"},
  {NULL, 0, 0, 0, NULL, NULL, NULL}
};

static bool
parse_primitives (Primitives * primitives)
{
  static const char *const names[] = { "arm", "arm64", "arm64-driver" };

  for (size_t i = 0; i < G_N_ELEMENTS (names); i++) {
    if (strcmp (primitives_name, names[i]) == 0) {
      *primitives = i;
      return true;
    }
  }
  return false;
}

static Board *
make (void *user)
{
  Board *board = simulated_board_new (*(Primitives *) user);

  board->bytes_only = bytes_only;
  return board;
}

static void
report (Primitives primitives, Op * ops, size_t length)
{
  FILE *file = print_path ? fopen (print_path, "w") : stdout;
  Board *board;
  Outcome outcome;

  length = sequence_shrink (make, &primitives, ops, length);
  board = make (&primitives);
  outcome = sequence_run (board, ops, length);
  board->free (board);
  printf ("shrunk to %zu operations: %s\n", length, outcome.failure);
  g_assert_nonnull (file);
  sequence_print (ops, length, primitives, outcome.failure, file);
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
  const uint64_t *counts = (const uint64_t *) sum;
  bool all = true;

  printf ("%s: %" G_GINT64_FORMAT " operations, no stale byte, no lost byte, no line too many\n"
      "%" PRIu64 " maps, %" PRIu64 " conflicts, %" PRIu64 " failed maintenances, %" PRIu64 " untold device runs, "
      "%" PRIu64 " lines maintained; compared: %" PRIu64 " bytes loaded, %" PRIu64 " bytes read by the device\n",
      primitives_name, done, sum->maps, sum->conflicts, sum->failures, sum->untold_runs, sum->maintained_lines,
      sum->loaded_bytes, sum->device_read_bytes);
  for (size_t i = 0; i < sizeof *sum / sizeof *counts; i++)
    all = all && counts[i] > 0;
  if (!all)
    printf ("something never happened\n");
  return all;
}

/* Every other sequence hands out no address. */
static bool
run_all (Primitives primitives)
{
  Tally sum = { 0 };
  Op ops[SEQUENCE];
  gint64 done = 0;

  for (gint64 i = 0; done < operations; i++) {
    Board *board = make (&primitives);
    Outcome outcome;

    sequence_random (ops, SEQUENCE, board->line, i % 2, seed + i);
    outcome = sequence_run (board, ops, SEQUENCE);
    board->free (board);
    done += outcome.done;
    add_tally (&sum, &outcome.tally);
    if (outcome.failure[0]) {
      printf ("caught after %" G_GINT64_FORMAT " operations (seed %" G_GINT64_FORMAT "): %s\n", done, seed + i,
          outcome.failure);
      report (primitives, ops, outcome.done);
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
  Primitives primitives;

  g_option_context_add_main_entries (context, entries, NULL);
  if (!g_option_context_parse (context, &argc, &argv, &error) || !parse_primitives (&primitives)) {
    fprintf (stderr, "%s\n", error ? error->message : "unknown primitives");
    return 2;
  }
  g_option_context_free (context);
  return run_all (primitives) ? 0 : 1;
}
