/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * xlnkledgerlist.c: xlnk_ledger_list() of xlnkreclaim.h: what the ledgers say, for people.
 */
#include <errno.h>

#include "xlnkledgerwalk.h"
#include "xlnklog.h"
#include "xlnkreclaim.h"

typedef struct
{
  XlnkHolderFunc func;
  void *data;
  GError *error;                /* why not all is listed */
} Listing;

static_assert (XLNK_ENTRY_WRONG_COOKIE == XLNK_SLOT_WRONG_COOKIE - XLNK_SLOT_ALLOCATING, "in the same order");

static XlnkEntry
entry_of (const XlnkLedgerRecord * record, const XlnkLedgerContents * contents)
{
  XlnkEntry entry = {.id = record->id,.phys = record->phys,.length = record->length,.cached = record->cached,
    .state = (XlnkEntryState) (record->state - XLNK_SLOT_ALLOCATING),.exposed = record->exposed,
    .armed = record->n_jobs > 0
  };
  unsigned core = record->n_jobs > 0 ? record->jobs[0] : 0;

  if (entry.armed && core < contents->n_cores) {
    entry.core = contents->cores[core].name;
    entry.core_base = contents->cores[core].base;
  } else if (entry.armed) {
    entry.core = "unknown";
  }
  return entry;
}

/* Not that a process has ended meanwhile. */
static void
note_unreadable (Listing * listing, const XlnkLedgerWalk * walk, const char *name)
{
  const char *why = xlnk_ledger_walk_explain (errno);

  if (errno == ENOENT)
    return;
  if (listing->error)
    xlnk_log (XLNK_LOG_WARNING, "%s/%s cannot be read as a ledger: %s", walk->dir.path, name, why);
  else
    g_set_error (&listing->error, XLNK_ERROR, errno == EACCES ? XLNK_ERROR_PERMISSION : XLNK_ERROR_FAILED,
        "%s/%s cannot be read as a ledger: %s", walk->dir.path, name, why);
}

static void
list_file (const XlnkLedgerWalk * walk, const char *name, XlnkLedgerName kind, void *data)
{
  Listing *listing = data;
  XlnkLedgerContents contents;
  XlnkHolder holder = { 0 };
  XlnkEntry *entries;

  if (kind != XLNK_LEDGER_NAME_OURS)
    return;
  if (!xlnk_ledger_walk_read_any (walk, name, &holder.alive, &contents)) {
    note_unreadable (listing, walk, name);
    return;
  }
  holder.pid = contents.pid;
  holder.command = contents.command;
  holder.started_us = contents.started_us;
  holder.slots = contents.slots;
  entries = g_new0 (XlnkEntry, contents.n_records + 1);
  for (size_t i = 0; i < contents.n_records; i++)
    entries[i] = entry_of (&contents.records[i], &contents);
  listing->func (&holder, entries, contents.n_records, listing->data);
  g_free (entries);
  xlnk_ledger_contents_clear (&contents);
}

bool
xlnk_ledger_list (XlnkDevice * device, XlnkHolderFunc func, void *data, char **place, GError ** error)
{
  Listing listing = { func, data, NULL };
  GError *reason = NULL;
  XlnkLedgerWalk walk;

  if (xlnk_ledger_walk_begin (&walk, device, &reason))
    xlnk_ledger_walk (&walk, list_file, &listing, &reason);
  if (place)
    *place = g_strdup (walk.dir.path);
  xlnk_ledger_walk_end (&walk);
  if (!reason)
    reason = listing.error;
  if (!reason)
    return true;
  g_propagate_error (error, reason);
  return false;
}
