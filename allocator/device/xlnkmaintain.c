/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "xlnkmaintain.h"

#include "xlnkhw.h"

static void
maintain_by_address (const XlnkExtent * extent, const XlnkPlan * plan)
{
  const char *base = extent->cpu;

  for (size_t i = 0; i < xlnk_ranges_length (&plan->lines); i++) {
    XlnkRange range = xlnk_ranges_get (&plan->lines, i);

    if (plan->maintenance == XLNK_MAINTAIN_CLEAN)
      xlnk_hw_clean (base + range.start, range.end - range.start);
    else
      xlnk_hw_clean_invalidate (base + range.start, range.end - range.start);
  }
  xlnk_hw_barrier ();
}

/* The driver's maintenance begins at the block's first byte, so one call up to the last line serves all ranges. */
static bool
maintain_by_driver (XlnkDevice * device, const XlnkExtent * extent, XlnkPlan * plan, GError ** error)
{
  size_t last = xlnk_ranges_length (&plan->lines) - 1;
  XlnkRange all, covered;

  all.start = xlnk_ranges_get (&plan->lines, 0).start;
  all.end = xlnk_ranges_get (&plan->lines, last).end;
  if (!device->klass->sync (device, extent, plan->maintenance, all, &covered, error))
    return false;
  xlnk_ranges_add (&plan->lines, covered);
  return true;
}

static void
count (XlnkDevice * device, XlnkMaintenance maintenance, size_t bytes)
{
  bool clean = maintenance == XLNK_MAINTAIN_CLEAN;

  atomic_fetch_add_explicit (clean ? &device->flushes : &device->invalidates, 1, memory_order_relaxed);
  atomic_fetch_add_explicit (clean ? &device->flushed_bytes : &device->invalidated_bytes, bytes,
      memory_order_relaxed);
}

bool
xlnk_maintain (XlnkDevice * device, const XlnkExtent * extent, XlnkPlan * plan, GError ** error)
{
  size_t due;

  if (plan->maintenance == XLNK_MAINTAIN_NONE || xlnk_ranges_is_empty (&plan->lines))
    return true;
  due = xlnk_ranges_bytes (&plan->lines);
  if (xlnk_hw_maintains_by_address ())
    maintain_by_address (extent, plan);
  else if (!maintain_by_driver (device, extent, plan, error))
    return false;
  count (device, plan->maintenance, due);
  return true;
}
