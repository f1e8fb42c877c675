/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * xlnkmaintain.h: the maintenance back ends: how a plan of xlnkcoherence.h becomes instructions or system calls.
 */
#ifndef XLNK_MAINTAIN_H
#define XLNK_MAINTAIN_H

#include "xlnkblock.h"

G_BEGIN_DECLS

/* Does what @plan asks for, counts it, and widens plan->lines to what was covered. On a CPU that maintains by address
 * (aarch64) that is exactly the lines; elsewhere the driver does it, from the block's first byte. Under the block's
 * mutex. */
bool xlnk_maintain (XlnkBlock * block, XlnkPlan * plan, GError ** error);

G_END_DECLS

#endif /* XLNK_MAINTAIN_H */
