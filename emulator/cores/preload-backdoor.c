/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * preload-backdoor.c: the functions of xlnkemulator.h about cores.
 */
#include "xlnkemulator.h"
#include "preload-cores.h"

#include <errno.h>
#include <string.h>

static Core *
find (const char *name)
{
  CoreTable *table = cores_get ();

  for (unsigned i = 0; table && i < table->count; i++) {
    if (strcmp (table->cores[i].config.name, name) == 0)
      return &table->cores[i];
  }
  errno = table ? ENOENT : ENODEV;
  return NULL;
}

EXPORT int
xlnk_emulator_reset_core (const char *name)
{
  Core *core = find (name);

  if (!core)
    return -1;
  core_lock (core);
  core_reset (core);
  core_unlock (core);
  return 0;
}

EXPORT int
xlnk_emulator_get_core (const char *name, struct xlnk_emulator_core *to)
{
  Core *core = find (name);
  const CoreStatistics *from;

  if (!core)
    return -1;
  core_lock (core);
  from = &core->statistics;
  *to = (struct xlnk_emulator_core) {
    .base = core->config.base,.jobs = from->jobs,.finished = from->finished,.busy_ns = from->busy,
    .bytes_read = from->bytes_read,.bytes_written = from->bytes_written,.interrupts = from->interrupts,
    .lost = from->lost,.spurious = from->spurious,.hangs = from->hangs,.errors = from->errors,
  };
  core_unlock (core);
  return 0;
}
