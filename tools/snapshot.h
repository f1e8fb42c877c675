/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * snapshot.h: who holds how much contiguous memory, at one moment, as the ledger of design §8 tells it. To look changes
 * nothing: neither does the device reclaim because we opened it, nor is any file written.
 */
#ifndef XLNK_CTL_SNAPSHOT_H
#define XLNK_CTL_SNAPSHOT_H

#include <glib.h>

#include "xlnkdevice.h"
#include "xlnkreclaim.h"

typedef struct
{
  XlnkEntry entry;              /* core is an interned string */
  gboolean gone;                /* the driver knows no such buffer any more: somebody has reset it, or freed it */
} SnapshotEntry;

/* One process, alive or dead. */
typedef struct
{
  XlnkHolder holder;            /* command is ours */
  GArray *entries;              /* of SnapshotEntry */
  guint64 bytes;                /* of CMA, of those that are not gone */
} SnapshotHolder;

typedef struct
{
  char *device;                 /* its path */
  guint64 cma_total;            /* bytes; 0: the kernel does not say */
  guint64 cma_free;
  guint64 bytes;                /* of all holders */
  gint64 now;                   /* µs since 1970 */
  GPtrArray *holders;           /* of SnapshotHolder, those with most bytes first */
  char *place;                  /* the directory of the ledgers, be there one or not; NULL: ledgers are off */
  char **elsewhere;             /* others that there are, and that nobody looked into; see elsewhere.h */
  GError *incomplete;           /* why this is not all; NULL: it is */
} Snapshot;

Snapshot *snapshot_take (XlnkDevice * device);
void snapshot_free (Snapshot * snapshot);

/* What is used and in no ledger that was read: processes without one or with one elsewhere, and the kernel's own. 0 if the kernel does not say. */
guint64 snapshot_get_others (const Snapshot * snapshot);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (Snapshot, snapshot_free)

#endif /* XLNK_CTL_SNAPSHOT_H */
