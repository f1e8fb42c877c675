/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "snapshot.h"

#include <errno.h>
#include <unistd.h>

#include "elsewhere.h"
#include "xlnkcma.h"

static void
holder_free (SnapshotHolder * holder)
{
  g_free ((char *) holder->holder.command);
  g_array_unref (holder->entries);
  g_free (holder);
}

typedef struct
{
  Snapshot *snapshot;
  XlnkDevice *device;
} Collector;

/* Asking flushes one line of a buffer that lives, and does nothing to one that does not. */
static gboolean
is_gone (const Collector * collector, const XlnkEntry * entry)
{
  Snapshot *snapshot = collector->snapshot;
  XlnkDevice *device = collector->device;
  const XlnkExtent extent = {.id = entry->id,.phys = entry->phys,.length = entry->length,.cached = entry->cached };

  if (entry->id == 0 || device->klass->is_live (device, &extent))
    return FALSE;
  if (errno != EINVAL && !snapshot->incomplete)
    snapshot->incomplete = g_error_new (XLNK_ERROR, XLNK_ERROR_FAILED, "%s does not say whether there is a buffer %u: %s",
        device->path, entry->id, g_strerror (errno));
  return errno == EINVAL;
}

/* Of CMA, which goes in pages. */
static guint64
page_round (guint64 length)
{
  guint64 page = (guint64) sysconf (_SC_PAGESIZE);

  return (length + page - 1) / page * page;
}

static void
add_holder (const XlnkHolder * holder, const XlnkEntry * entries, size_t n, void *data)
{
  const Collector *collector = data;
  SnapshotHolder *added = g_new0 (SnapshotHolder, 1);

  added->holder = *holder;
  added->holder.command = g_strdup (holder->command);
  added->entries = g_array_sized_new (FALSE, FALSE, sizeof (SnapshotEntry), (guint) n);
  for (size_t i = 0; i < n; i++) {
    SnapshotEntry entry = { entries[i], is_gone (collector, &entries[i]) };

    entry.entry.core = g_intern_string (entry.entry.core);
    if (!entry.gone)
      added->bytes += page_round (entry.entry.length);
    g_array_append_val (added->entries, entry);
  }
  collector->snapshot->bytes += added->bytes;
  g_ptr_array_add (collector->snapshot->holders, added);
}

static gint
compare_holders (gconstpointer a, gconstpointer b)
{
  const SnapshotHolder *first = *(SnapshotHolder * const *) a;
  const SnapshotHolder *second = *(SnapshotHolder * const *) b;

  if (first->bytes != second->bytes)
    return first->bytes > second->bytes ? -1 : 1;
  return (first->holder.pid > second->holder.pid) - (first->holder.pid < second->holder.pid);
}

Snapshot *
snapshot_take (XlnkDevice * device)
{
  Snapshot *snapshot = g_new0 (Snapshot, 1);
  Collector collector = { snapshot, device };
  GError *error = NULL;

  snapshot->device = g_strdup (device->path);
  snapshot->now = g_get_real_time ();
  snapshot->holders = g_ptr_array_new_with_free_func ((GDestroyNotify) holder_free);
  xlnk_cma_read (&snapshot->cma_total, &snapshot->cma_free);
  if (!xlnk_ledger_list (device, add_holder, &collector, &snapshot->place, &error)) {
    g_clear_error (&snapshot->incomplete);
    snapshot->incomplete = error;
  }
  snapshot->elsewhere = elsewhere_find (snapshot->place);
  g_ptr_array_sort (snapshot->holders, compare_holders);
  return snapshot;
}

void
snapshot_free (Snapshot * snapshot)
{
  g_ptr_array_unref (snapshot->holders);
  g_clear_error (&snapshot->incomplete);
  g_strfreev (snapshot->elsewhere);
  g_free (snapshot->place);
  g_free (snapshot->device);
  g_free (snapshot);
}

guint64
snapshot_get_others (const Snapshot * snapshot)
{
  guint64 used = snapshot->cma_total - MIN (snapshot->cma_free, snapshot->cma_total);

  return used > snapshot->bytes ? used - snapshot->bytes : 0;
}
