/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * scenarios.h: what programs do with the library, each from nothing to nothing: afterwards no descriptor, no mapping and
 * no buffer may be left that was not there before.
 */
#ifndef FAULT_SCENARIOS_H
#define FAULT_SCENARIOS_H

#include <gst/gst.h>

#include "witness.h"

/* A process that lives on the board meanwhile. */
typedef enum
{
  COMPANION_NONE,
  COMPANION_KEEPS,              /* whatever fails, its buffers stay */
  COMPANION_LOSES,              /* they are to go */
} Companion;

typedef struct
{
  const char *name;
  void (*run) (const char *argument);
  const char *argument;
  void (*before) (const char *argument);        /* in a process of its own, without faults and unwatched; NULL: nothing */
  Companion companion;
} Scenario;

/* All end with one without a name. */
extern const Scenario library_scenarios[];
extern const Scenario ledger_scenarios[];
extern const Scenario pipeline_scenarios[];
extern const Scenario ctl_scenarios[];          /* begin with "ctl-": what the dead left may stay */

/* For those above to share. */
GstElement *scenario_make_pipeline (const char *line);
gboolean scenario_wait_for_end (GstElement * pipeline);

/* The module that ctl_scenarios run; FALSE if it has no tool in it. */
gboolean scenario_load_ctl (const char *module);

#endif /* FAULT_SCENARIOS_H */
