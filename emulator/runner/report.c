/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * report.c: what is said at the end, for people on stderr and as JSON for programs.
 */
#include "runner.h"
#include "json.h"
#include "versions.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define SHOWN_LEAKS 8

static const char *
arch_name (const Board * board)
{
  return board->state->arch == BOARD_ARM ? "arm" : "arm64";
}

static char *
size_text (guint64 bytes)
{
  return g_format_size_full (bytes, G_FORMAT_SIZE_IEC_UNITS);
}

static guint64
hazard_count (const Board * board)
{
  guint64 count = 0;

  for (unsigned i = 0; i < HAZARD_KINDS; i++)
    count += board->state->hazards[i].count;
  return count;
}

/* What a core that never finished may still write to, nobody may free: it is held, not leaked. */
static gboolean
is_leaked (const Machine * machine, unsigned id)
{
  return machine->board.state->buffers[id].phys && !cores_holder (&machine->cores, &machine->board, id);
}

static unsigned
count_leaks (const Machine * machine, guint64 * bytes)
{
  unsigned count = 0;

  *bytes = 0;
  for (unsigned id = 1; id < BOARD_SLOTS; id++) {
    if (!is_leaked (machine, id))
      continue;
    count++;
    *bytes += machine->board.state->buffers[id].length;
  }
  return count;
}

gboolean
report_is_bad (Machine * machine, Strict strict)
{
  const Board *board = &machine->board;
  guint64 bytes;

  if (strict == STRICT_NO)
    return FALSE;
  return count_leaks (machine, &bytes) > 0 || board->state->counters.lost_pages > 0
      || hazard_count (board) > 0 || (strict == STRICT_REDUNDANT && board->state->counters.redundant > 0);
}

static void
print_leaks (const Machine * machine)
{
  const Board *board = &machine->board;
  guint64 bytes;
  const unsigned count = count_leaks (machine, &bytes);
  char *size = size_text (bytes);
  unsigned shown = 0;

  if (count)
    fprintf (stderr, "  leaked       %u buffer%s, %s\n", count, count == 1 ? "" : "s", size);
  for (unsigned id = 1; id < BOARD_SLOTS && shown < SHOWN_LEAKS; id++) {
    const BoardBuffer *buffer = &board->state->buffers[id];

    if (!is_leaked (machine, id))
      continue;
    shown++;
    fprintf (stderr, "               id %u, %u bytes at %#llx, %s, by %s[%d]\n", id, buffer->length,
        (unsigned long long) buffer->phys, buffer->cacheable ? "cached" : "uncached", buffer->command, buffer->pid);
  }
  if (count > shown)
    fprintf (stderr, "               … and %u more\n", count - shown);
  if (board->state->counters.lost_pages)
    fprintf (stderr, "  lost         %llu KiB until reboot: allocated when the table of ids was full\n",
        (unsigned long long) board->state->counters.lost_pages * (BOARD_PAGE / 1024));
  g_free (size);
}

static void
print_held (const Machine * machine)
{
  for (unsigned id = 1; id < BOARD_SLOTS; id++) {
    const char *core = cores_holder (&machine->cores, &machine->board, id);

    if (core)
      fprintf (stderr, "  held         id %u, %u bytes, by core %s, which never finished\n", id,
          machine->board.state->buffers[id].length, core);
  }
}

static void
print_maintenance (const BoardCounters * counters)
{
  char *flushed, *invalidated;

  if (counters->needed + counters->redundant == 0)
    return;
  flushed = size_text (counters->flushed_bytes);
  invalidated = size_text (counters->invalidated_bytes);
  fprintf (stderr, "  maintenance  %llu needed, %llu redundant (%llu flushes, %s; %llu invalidates, %s)\n",
      (unsigned long long) counters->needed, (unsigned long long) counters->redundant,
      (unsigned long long) counters->flushes, flushed, (unsigned long long) counters->invalidates, invalidated);
  fprintf (stderr, "  lines        %llu asked, %llu written back, %llu fetched, %llu lost\n",
      (unsigned long long) counters->lines_asked, (unsigned long long) counters->lines_written,
      (unsigned long long) counters->lines_refreshed, (unsigned long long) counters->lines_lost);
  g_free (flushed);
  g_free (invalidated);
}

static void
print_hazards (const Board * board)
{
  for (unsigned i = 0; i < HAZARD_KINDS; i++) {
    const BoardHazard *hazard = &board->state->hazards[i];

    if (hazard->count)
      fprintf (stderr, "  hazard       %llu × %s\n               first: %s\n", (unsigned long long) hazard->count,
          board_hazard_title (i), hazard->first);
  }
}

void
report_print (Machine * machine, const Options * options, int status)
{
  Board *board = &machine->board;
  const BoardState *state = board->state;
  char *cma = size_text (state->cma);
  uint64_t bytes;
  const gboolean clean = board_live_buffers (board, &bytes) == 0 && state->counters.lost_pages == 0
      && hazard_count (board) == 0;

  fprintf (stderr, "xlnk-emulate: driver %s on %s, CMA %s: %llu allocated, %llu freed%s\n",
      board_versions[state->driver].name, arch_name (board), cma, (unsigned long long) state->counters.allocs,
      (unsigned long long) state->counters.frees, clean ? "; no leak, no hazard" : "");
  print_leaks (machine);
  print_held (machine);
  print_maintenance (&state->counters);
  cores_print (&machine->cores);
  print_hazards (board);
  if (status == 0 && report_is_bad (machine, options->strict))
    fprintf (stderr, "  strict       exit status %d\n", EXIT_STRICT);
  g_free (cma);
}

static void
json_number (FILE * out, const char *name, guint64 value, const char *end)
{
  fprintf (out, "    \"%s\": %llu%s\n", name, (unsigned long long) value, end);
}

static void
json_leaks (FILE * out, const Machine * machine)
{
  const Board *board = &machine->board;
  const char *separator = "\n";

  fputs ("  \"leaked\": [", out);
  for (unsigned id = 1; id < BOARD_SLOTS; id++) {
    const BoardBuffer *buffer = &board->state->buffers[id];

    if (!is_leaked (machine, id))
      continue;
    fprintf (out, "%s    { \"id\": %u, \"size\": %u, \"address\": %llu, \"cacheable\": %s, \"pid\": %d, \"command\": ",
        separator, id, buffer->length, (unsigned long long) buffer->phys, buffer->cacheable ? "true" : "false",
        buffer->pid);
    json_string (out, buffer->command);
    fputs (" }", out);
    separator = ",\n";
  }
  fputs ("\n  ],\n", out);
}

static void
json_counters (FILE * out, Board * board)
{
  const BoardCounters *c = &board->state->counters;

  fputs ("  \"counters\": {\n", out);
  json_number (out, "allocs", c->allocs, ",");
  json_number (out, "frees", c->frees, ",");
  json_number (out, "reclaimed", c->reclaimed, ",");
  json_number (out, "ioctls", c->ioctls, ",");
  json_number (out, "maps", c->maps, ",");
  json_number (out, "flushes", c->flushes, ",");
  json_number (out, "flushed-bytes", c->flushed_bytes, ",");
  json_number (out, "invalidates", c->invalidates, ",");
  json_number (out, "invalidated-bytes", c->invalidated_bytes, ",");
  json_number (out, "needed", c->needed, ",");
  json_number (out, "redundant", c->redundant, ",");
  json_number (out, "liveness-queries", c->liveness_queries, ",");
  json_number (out, "lines-asked", c->lines_asked, ",");
  json_number (out, "lines-written", c->lines_written, ",");
  json_number (out, "lines-refreshed", c->lines_refreshed, ",");
  json_number (out, "lines-lost", c->lines_lost, ",");
  json_number (out, "evictions", c->evictions, ",");
  json_number (out, "recoveries", c->recoveries, "");
  fputs ("  },\n", out);
}

static void
json_hazards (FILE * out, const Board * board)
{
  const char *separator = "\n";

  fputs ("  \"hazards\": {", out);
  for (unsigned i = 0; i < HAZARD_KINDS; i++) {
    const BoardHazard *hazard = &board->state->hazards[i];

    if (!hazard->count)
      continue;
    fprintf (out, "%s    \"%s\": { \"count\": %llu, \"first\": ", separator, board_hazard_name (i),
        (unsigned long long) hazard->count);
    json_string (out, hazard->first);
    fputs (" }", out);
    separator = ",\n";
  }
  fputs ("\n  }\n", out);
}

/* What went wrong before the last of it nobody remembers. */
static gboolean
finish (FILE * out, const char *path, GError ** error)
{
  int number = ferror (out) ? EIO : 0;

  if (fclose (out) != 0)
    number = errno;
  return number == 0 || failure_of_file (error, number, "cannot write", path);
}

gboolean
report_write (Machine * machine, const Options * options, int status, GError ** error)
{
  Board *board = &machine->board;
  const BoardState *state = board->state;
  FILE *out = fopen (options->report, "we");
  uint64_t bytes, count;

  if (!out)
    return failure_of_file (error, errno, "cannot write", options->report);
  count = board_live_buffers (board, &bytes);
  fprintf (out, "{\n  \"driver\": \"%s\",\n  \"arch\": \"%s\",\n  \"line\": %u,\n  \"cma\": %llu,\n"
      "  \"cma-free\": %llu,\n  \"cma-lost\": %llu,\n  \"exit-status\": %d,\n  \"strict\": %s,\n",
      board_versions[state->driver].name, arch_name (board), state->line, (unsigned long long) state->cma,
      (unsigned long long) board_cma_free_pages (board) * BOARD_PAGE,
      (unsigned long long) state->counters.lost_pages * BOARD_PAGE, status,
      options->strict == STRICT_NO ? "false" : "true");
  fprintf (out, "  \"live-blocks\": %llu,\n  \"live-bytes\": %llu,\n", (unsigned long long) count,
      (unsigned long long) bytes);
  json_leaks (out, machine);
  cores_write_json (&machine->cores, board, out);
  json_counters (out, board);
  json_hazards (out, board);
  fputs ("}\n", out);
  return finish (out, options->report, error);
}
