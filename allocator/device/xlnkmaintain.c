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
static XlnkRange
enclose (const XlnkRanges * lines)
{
  size_t last = xlnk_ranges_length (lines) - 1;

  return (XlnkRange) { xlnk_ranges_get (lines, 0).start, xlnk_ranges_get (lines, last).end };
}

/* What the CPU is writing in the prefix would be lost between the clean and the drop. */
static bool
may_drop (const XlnkBlock * block, const XlnkPlan * plan, GError ** error)
{
  XlnkRange prefix = { 0, enclose (&plan->lines).end };

  if (block->device->maintainer != XLNK_BY_DRIVER_ARM64 || plan->maintenance != XLNK_MAINTAIN_INVALIDATE
      || !xlnk_coherence_cpu_writes (&block->coherence, prefix))
    return true;
  g_set_error (error, XLNK_ERROR, XLNK_ERROR_CONFLICT,
      "the driver of this board cannot invalidate up to byte %zu of a buffer while the CPU has a part of it mapped "
      "for writing: unmap that first", prefix.end);
  return false;
}

static bool
maintain_by_driver (XlnkBlock * block, XlnkPlan * plan, GError ** error)
{
  XlnkDevice *device = block->device;
  XlnkRange covered;

  if (!may_drop (block, plan, error)
      || !device->klass->sync (device, &block->extent, plan->maintenance, enclose (&plan->lines), &covered, error))
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
xlnk_maintain (XlnkBlock * block, XlnkPlan * plan, GError ** error)
{
  size_t due;

  if (plan->maintenance == XLNK_MAINTAIN_NONE)
    return true;
  due = xlnk_ranges_bytes (&plan->lines);
  if (block->device->maintainer == XLNK_BY_ADDRESS)
    maintain_by_address (&block->extent, plan);
  else if (!maintain_by_driver (block, plan, error))
    return false;
  count (block->device, plan->maintenance, due);
  return true;
}
