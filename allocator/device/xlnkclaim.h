/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * xlnkclaim.h: whether a block that a dead process's record names is rather another ledger's. The bytes in a block may
 * prove nothing for the one and all for the other.
 */
#ifndef XLNK_CLAIM_H
#define XLNK_CLAIM_H

#include "xlnkledgerwalk.h"

G_BEGIN_DECLS

typedef enum
{
  XLNK_CLAIM_NONE,
  XLNK_CLAIM_MADE,              /* one of a living process has the id */
  XLNK_CLAIM_UNKNOWN,           /* that cannot be found out; it is logged why */
  XLNK_CLAIM_PROVED,            /* one, of whomever, has the cookie that is in the block */
} XlnkClaim;

/* Looks through all ledgers but the one called @name, which @record is from. @extent is that record's, mapped. */
XlnkClaim xlnk_claim_find (const XlnkLedgerWalk * files, const char *name, const XlnkLedgerRecord * record,
    const XlnkExtent * extent);

G_END_DECLS

#endif /* XLNK_CLAIM_H */
