/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * report-cores.c: what each core did.
 */
#include "engines.h"
#include "json.h"

static void
print_core (const Core * core, unsigned number)
{
  const CoreStatistics *s = &core->statistics;
  char *read = g_format_size_full (s->bytes_read, G_FORMAT_SIZE_IEC_UNITS);
  char *written = g_format_size_full (s->bytes_written, G_FORMAT_SIZE_IEC_UNITS);

  fprintf (stderr, "  core         %s (uio%u, %s): %llu job%s, %llu finished, busy for %.1f ms; read %s, wrote %s\n",
      core->config.name, number, core_model (core->config.model)->name, (unsigned long long) s->jobs,
      s->jobs == 1 ? "" : "s", (unsigned long long) s->finished, (double) s->busy / 1e6, read, written);
  if (s->hangs + s->errors + s->lost + s->spurious)
    fprintf (stderr, "               %llu hung, %llu errors; of %llu interrupts %llu were spurious, %llu more got lost\n",
        (unsigned long long) s->hangs, (unsigned long long) s->errors, (unsigned long long) s->interrupts,
        (unsigned long long) s->spurious, (unsigned long long) s->lost);
  g_free (read);
  g_free (written);
}

void
cores_print (const Cores * cores)
{
  for (unsigned i = 0; cores->table && i < cores->table->count; i++)
    print_core (&cores->table->cores[i], i);
}

static gboolean
holds (const Engine * engine, const Board * board, unsigned id)
{
  const BoardBuffer *buffer = &board->state->buffers[id];

  for (unsigned i = 0; i < engine->held_count && engine_has_work (engine); i++) {
    if (engine->held[i].id == id && buffer->phys && buffer->serial == engine->held[i].serial)
      return TRUE;
  }
  return FALSE;
}

const char *
cores_holder (const Cores * cores, const Board * board, unsigned id)
{
  for (unsigned i = 0; cores->table && i < cores->table->count; i++) {
    if (holds (&cores->engines[i], board, id))
      return cores->engines[i].core->config.name;
  }
  return NULL;
}

static void
write_held (const Engine * engine, const Board * board, FILE * out)
{
  const char *separator = "";

  fputs ("\"holds\": [", out);
  for (unsigned id = 1; id < BOARD_SLOTS; id++) {
    if (!holds (engine, board, id))
      continue;
    fprintf (out, "%s%u", separator, id);
    separator = ", ";
  }
  fputs ("] }", out);
}

static void
write_core (const Core * core, unsigned number, FILE * out)
{
  const CoreStatistics *s = &core->statistics;

  fputs ("    { \"name\": ", out);
  json_string (out, core->config.name);
  fprintf (out, ", \"model\": \"%s\", \"uio\": %u, \"base\": %llu,\n",
      core_model (core->config.model)->name, number, (unsigned long long) core->config.base);
  fprintf (out, "      \"jobs\": %llu, \"finished\": %llu, \"busy-ns\": %llu, \"bytes-read\": %llu,"
      " \"bytes-written\": %llu,\n", (unsigned long long) s->jobs, (unsigned long long) s->finished,
      (unsigned long long) s->busy, (unsigned long long) s->bytes_read, (unsigned long long) s->bytes_written);
  fprintf (out, "      \"interrupts\": %llu, \"lost\": %llu, \"spurious\": %llu, \"hangs\": %llu, \"errors\": %llu,\n      ",
      (unsigned long long) s->interrupts, (unsigned long long) s->lost, (unsigned long long) s->spurious,
      (unsigned long long) s->hangs, (unsigned long long) s->errors);
}

/* A member of the report's object, with the comma behind it. */
void
cores_write_json (const Cores * cores, const Board * board, FILE * out)
{
  fputs ("  \"cores\": [", out);
  for (unsigned i = 0; cores->table && i < cores->table->count; i++) {
    fputs (i ? ",\n" : "\n", out);
    write_core (&cores->table->cores[i], i, out);
    write_held (&cores->engines[i], board, out);
  }
  fputs ("\n  ],\n", out);
}
