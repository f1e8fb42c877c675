/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * scenarios.h: what programs do with the library, each from nothing to nothing: afterwards no descriptor, no mapping and
 * no buffer may be left that was not there before.
 */
#ifndef FAULT_SCENARIOS_H
#define FAULT_SCENARIOS_H

#include <gst/gst.h>

#include "witness.h"

typedef struct
{
  const char *name;
  void (*run) (const char *argument);
  const char *argument;
  void (*before) (const char *argument);        /* in a process of its own, without faults and unwatched; NULL: nothing */
} Scenario;

/* All end with one without a name. */
extern const Scenario library_scenarios[];
extern const Scenario ledger_scenarios[];
extern const Scenario pipeline_scenarios[];

/* For those above to share. */
GstElement *scenario_make_pipeline (const char *line);
gboolean scenario_wait_for_end (GstElement * pipeline);

#endif /* FAULT_SCENARIOS_H */
