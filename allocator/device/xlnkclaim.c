/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "xlnkclaim.h"

#include <errno.h>
#include <string.h>

#include "xlnkcookie.h"
#include "xlnklog.h"

typedef struct
{
  const char *except;           /* the file that the record is in: we have its lock, so it seems alive */
  const XlnkLedgerRecord *record;
  const XlnkExtent *extent;     /* mapped */
  XlnkClaim claim;
} ClaimSearch;

/* Its cookie is in its own last line, wherever ours is. */
static XlnkLook
look_for_other (XlnkDevice * device, const ClaimSearch * search, const XlnkLedgerRecord * other)
{
  XlnkExtent extent = xlnk_ledger_extent (other);
  XlnkLook look;

  if (other->phys == search->record->phys && other->length == search->record->length)
    return xlnk_cookie_look (device, search->extent, other->cookie);
  if (!device->klass->is_live (device, &extent))
    return errno == EINVAL ? XLNK_LOOK_GONE : XLNK_LOOK_UNKNOWN;
  if (!device->klass->map_to_look (device, &extent, NULL))
    return XLNK_LOOK_UNKNOWN;
  look = xlnk_cookie_look (device, &extent, other->cookie);
  device->klass->unmap (device, &extent);
  return look;
}

static void
compare_claim (XlnkDevice * device, ClaimSearch * search, const XlnkLedgerRecord * other, bool alive)
{
  XlnkLook look;

  if (other->id != search->record->id)
    return;
  if (alive)
    search->claim = MAX (search->claim, XLNK_CLAIM_MADE);
  look = look_for_other (device, search, other);
  if (look == XLNK_LOOK_MATCH)
    search->claim = XLNK_CLAIM_PROVED;
  else if (look == XLNK_LOOK_UNKNOWN)
    search->claim = MAX (search->claim, XLNK_CLAIM_UNKNOWN);
}

static void
look_for_claim (const XlnkLedgerWalk * files, const char *name, XlnkLedgerName kind, void *data)
{
  XlnkLedgerContents contents;
  ClaimSearch *search = data;
  bool alive;

  if (kind != XLNK_LEDGER_NAME_OURS || strcmp (name, search->except) == 0)
    return;
  if (!xlnk_ledger_walk_read_any (files, name, &alive, &contents)) {
    if (alive && errno != ENOENT) {
      xlnk_ledger_walk_log (files, name, "cannot be read", errno);
      search->claim = MAX (search->claim, XLNK_CLAIM_UNKNOWN);
    }
    return;
  }
  for (size_t i = 0; i < contents.n_records; i++)
    compare_claim (files->device, search, &contents.records[i], alive);
  xlnk_ledger_contents_clear (&contents);
}

XlnkClaim
xlnk_claim_find (const XlnkLedgerWalk * files, const char *name, const XlnkLedgerRecord * record, const XlnkExtent * extent)
{
  ClaimSearch search = { name, record, extent, XLNK_CLAIM_NONE };
  g_autoptr (GError) error = NULL;

  if (xlnk_ledger_walk (files, look_for_claim, &search, &error))
    return search.claim;
  xlnk_log (XLNK_LOG_WARNING, "%s", error->message);
  return XLNK_CLAIM_UNKNOWN;
}
