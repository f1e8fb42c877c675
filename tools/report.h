/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * report.h: a snapshot as text, and as JSON.
 */
#ifndef XLNK_CTL_REPORT_H
#define XLNK_CTL_REPORT_H

#include <json-glib/json-glib.h>

#include "snapshot.h"

/* The table of who holds what, with a bar for each that is @bar characters long (0: no bars). */
void report_append_text (GString * text, const Snapshot * snapshot, guint bar);

/* The members of `xlnk-ctl status --json` go into the object that @builder is in. */
void report_build_json (JsonBuilder * builder, const Snapshot * snapshot);

/* Prints the object that @builder holds, and a line feed. */
void report_print_json (JsonBuilder * builder);

#endif /* XLNK_CTL_REPORT_H */
