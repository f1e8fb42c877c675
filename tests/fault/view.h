/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * view.h: what the ledger says, and what it does on request, each time asked by a process of its own that opens the
 * device, asks, and ends.
 */
#ifndef FAULT_VIEW_H
#define FAULT_VIEW_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "xlnkreclaim.h"

#define VIEW_ENTRIES 1024

typedef struct
{
  pid_t pid;
  bool alive;
  XlnkEntryState state;
  bool exposed, armed;
  uint32_t id;
  uint64_t phys, length;
} ViewEntry;

typedef struct
{
  unsigned count;
  XlnkReclaimResult result;
  char error[200];              /* empty: none */
  ViewEntry entries[VIEW_ENTRIES];
} View;

View *view_new (void);

/* Every entry of every file. false, and why in @view, if that failed. */
bool view_list (View * view);

bool view_reclaim (View * view, XlnkReclaimFlags flags);

/* The same, but its process is killed at the @frees-th FREEBUF: before it, or when it returns. False if it was. */
bool view_reclaim_dying (View * view, XlnkReclaimFlags flags, unsigned frees, bool returning);

/* The core was found idle. */
bool view_reclaim_core (View * view, uint64_t base, const char *name);

/* Opens the device and no more, under GST_XLNK_RECLAIM=@policy, or without if that is NULL. */
bool view_open (View * view, const char *policy);

#endif /* FAULT_VIEW_H */
