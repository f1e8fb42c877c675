/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * engines.h: the cores as the runner handles them: from the command line to the report.
 */
#ifndef CORES_ENGINES_H
#define CORES_ENGINES_H

#include "cores.h"
#include "engine.h"

#include <glib.h>
#include <pthread.h>
#include <stdio.h>

/* options.c: one --core; false if it cannot be. */
gboolean cores_parse (CoreConfig * configs, unsigned *count, const char *text, GError ** error);
/* Once all are known, and the architecture: gives base addresses to those without, and looks for overlaps. */
gboolean cores_place (CoreConfig * configs, unsigned count, BoardArch arch, GError ** error);
extern const char cores_help[];

typedef struct
{
  CoreTable *table;
  Engine engines[CORES_MAX];
  pthread_t threads[CORES_MAX];
  unsigned started;
} Cores;

/* tree.c: the nodes and sysfs files under @tree, and the file of the cores. */
gboolean cores_make_tree (Cores * cores, const char *tree, const CoreConfig * configs, unsigned count,
    GError ** error);
void cores_close_tree (Cores * cores);

/* engines.c */
gboolean cores_start (Cores * cores, Board * board, const char *heap, const char *tree, const CoreConfig * configs,
    unsigned count, GError ** error);
void cores_stop (Cores * cores);        /* jobs that run are let through; hung ones are not waited for */
void cores_free (Cores * cores);

/* report.c */
void cores_print (const Cores * cores);
void cores_write_json (const Cores * cores, const Board * board, FILE * out);
/* The name of a core that started with this buffer and has not finished; NULL: none. */
const char *cores_holder (const Cores * cores, const Board * board, unsigned id);

void *engine_thread (void *engine);

#endif /* CORES_ENGINES_H */
