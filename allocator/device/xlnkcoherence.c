/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * xlnkcoherence.c: the ownership state machine of one block. The rules stand in the header.
 *
 * Everything is kept in whole cache lines: a line is the smallest thing the hardware can clean or invalidate, so bytes
 * that share one share its fate. That the rules are right rests on three facts, which hold after every commit:
 *
 *   1. No line is in both sets. A line enters device_dirty when a device WRITE map closes; that map cleaned it when it
 *      opened and kept CPU writers out since. It enters cpu_dirty when a CPU WRITE map closes; that map invalidated it
 *      when it opened and kept the device out since.
 *   2. A line that is dirty in a cache is in cpu_dirty or under an open CPU WRITE map. So a line under an open device
 *      WRITE map is not dirty: opening the map took it out of cpu_dirty and failed if a CPU WRITE map was open on it.
 *      This is why a clean that covers more than it was asked, such as the driver's from the first byte on, cannot
 *      write a line over what the device is writing there, and why no clean has to look for device maps.
 *   3. A line that may be stale in a cache is in device_dirty or under an open device WRITE map. So an invalidate may
 *      take whatever it covered out of device_dirty: lines the device is still writing enter at their own unmap.
 *
 * An untracked device (exposed) is outside of 2 and 3; there the rules clean at once and invalidate at every map.
 */
#include "xlnkcoherence.h"

static bool
is_device (XlnkAccess access)
{
  return (access & XLNK_ACCESS_DEVICE) != 0;
}

static bool
is_write (XlnkAccess access)
{
  return (access & XLNK_ACCESS_WRITE) != 0;
}

static bool
is_cpu_write (XlnkAccess access)
{
  return is_write (access) && !is_device (access);
}

static bool
ranges_meet (XlnkRange a, XlnkRange b)
{
  return a.start < b.end && b.start < a.end;
}

static XlnkOpenMap *
map_at (const XlnkCoherence * state, size_t index)
{
  return &g_array_index (state->maps, XlnkOpenMap, index);
}

/* Two maps of the same lines go together if neither is the device's, or if neither writes. */
static bool
excludes (XlnkAccess a, XlnkAccess b)
{
  return (is_device (a) || is_device (b)) && (is_write (a) || is_write (b));
}

static XlnkOpenMap *
find_map (const XlnkCoherence * state, XlnkAccess access, XlnkRange range)
{
  size_t i;

  for (i = 0; i < state->maps->len; i++) {
    XlnkOpenMap *map = map_at (state, i);

    if (map->access == access && map->range.start == range.start && map->range.end == range.end)
      return map;
  }
  return NULL;
}

static void
open_map (XlnkCoherence * state, XlnkAccess access, XlnkRange range)
{
  XlnkOpenMap *map = find_map (state, access, range);

  if (map) {
    map->count++;
  } else {
    const XlnkOpenMap first = { range, access, 1 };
    g_array_append_val (state->maps, first);
  }
}

static void
close_map (XlnkCoherence * state, XlnkAccess access, XlnkRange range)
{
  XlnkOpenMap *map = find_map (state, access, range);

  g_assert (map != NULL);
  if (--map->count == 0)
    g_array_remove_index_fast (state->maps, map - map_at (state, 0));
}

/* The bytes of an unmapped range belong to who wrote them. The last of several equal maps must say so, since maintenance
 * may have come between two of their unmaps; that the others do costs nothing. */
static void
enter_written (XlnkCoherence * state, XlnkAccess access, XlnkRange range)
{
  if (state->cached && is_write (access))
    xlnk_ranges_add (is_device (access) ? &state->device_dirty : &state->cpu_dirty,
        xlnk_coherence_lines (state, range));
}

static XlnkPlan *
begin (XlnkCoherence * state, XlnkEvent event, XlnkAccess access, XlnkRange range)
{
  XlnkPlan *plan = &state->plan;

  plan->event = event;
  plan->access = access;
  plan->range = range;
  plan->maintenance = XLNK_MAINTAIN_NONE;
  xlnk_ranges_empty (&plan->lines);
  return plan;
}

/* The plan is complete: @maintenance of its lines, if there are any. */
static XlnkPlan *
finish (XlnkCoherence * state, XlnkMaintenance maintenance)
{
  XlnkPlan *plan = &state->plan;

  if (!state->cached)
    xlnk_ranges_empty (&plan->lines);
  if (!xlnk_ranges_is_empty (&plan->lines))
    plan->maintenance = maintenance;
  return plan;
}

static void
add_cpu_written (const XlnkCoherence * state, XlnkRanges * lines)
{
  size_t i;

  for (i = 0; i < state->maps->len; i++) {
    if (is_cpu_write (map_at (state, i)->access))
      xlnk_ranges_add (lines, xlnk_coherence_lines (state, map_at (state, i)->range));
  }
}

static void
remove_cpu_written (const XlnkCoherence * state, XlnkRanges * lines)
{
  size_t i;

  for (i = 0; i < state->maps->len; i++) {
    if (is_cpu_write (map_at (state, i)->access))
      xlnk_ranges_remove (lines, xlnk_coherence_lines (state, map_at (state, i)->range));
  }
}

void
xlnk_coherence_init (XlnkCoherence * state, size_t size, size_t line, bool cached)
{
  g_assert (line > 0 && (line & (line - 1)) == 0);
  *state = (XlnkCoherence) {
    .size = size,
    .line = line,
    .cached = cached,
    .maps = g_array_new (FALSE, FALSE, sizeof (XlnkOpenMap)),
  };
  xlnk_ranges_init (&state->cpu_dirty);
  xlnk_ranges_init (&state->device_dirty);
  xlnk_ranges_init (&state->plan.lines);
}

void
xlnk_coherence_clear (XlnkCoherence * state)
{
  xlnk_ranges_clear (&state->cpu_dirty);
  xlnk_ranges_clear (&state->device_dirty);
  xlnk_ranges_clear (&state->plan.lines);
  g_array_free (state->maps, TRUE);
  state->maps = NULL;
}

XlnkPlan *
xlnk_coherence_plan_map (XlnkCoherence * state, XlnkAccess access, XlnkRange range)
{
  const XlnkRange lines = xlnk_coherence_lines (state, range);
  XlnkPlan *plan;

  if (xlnk_coherence_find_conflict (state, access, range))
    return NULL;
  plan = begin (state, XLNK_EVENT_MAP, access, range);
  if (is_device (access)) {
    xlnk_ranges_add_common (&plan->lines, &state->cpu_dirty, lines);
    return finish (state, XLNK_MAINTAIN_CLEAN);
  }
  if (state->exposed) {
    xlnk_ranges_add (&plan->lines, lines);
    remove_cpu_written (state, &plan->lines);
  } else {
    xlnk_ranges_add_common (&plan->lines, &state->device_dirty, lines);
  }
  return finish (state, XLNK_MAINTAIN_INVALIDATE);
}

XlnkPlan *
xlnk_coherence_plan_unmap (XlnkCoherence * state, XlnkAccess access, XlnkRange range)
{
  XlnkPlan *plan;

  if (!find_map (state, access, range))
    return NULL;
  plan = begin (state, XLNK_EVENT_UNMAP, access, range);
  if (state->exposed && is_cpu_write (access))
    xlnk_ranges_add (&plan->lines, xlnk_coherence_lines (state, range));
  return finish (state, XLNK_MAINTAIN_CLEAN);
}

XlnkPlan *
xlnk_coherence_plan_expose (XlnkCoherence * state)
{
  const XlnkRange all = { 0, state->size };
  XlnkPlan *plan = begin (state, XLNK_EVENT_EXPOSE, 0, all);

  xlnk_ranges_add_common (&plan->lines, &state->cpu_dirty, xlnk_coherence_lines (state, all));
  add_cpu_written (state, &plan->lines);
  return finish (state, XLNK_MAINTAIN_CLEAN);
}

XlnkPlan *
xlnk_coherence_plan_flush (XlnkCoherence * state, XlnkRange range)
{
  XlnkPlan *plan = begin (state, XLNK_EVENT_FLUSH, 0, range);

  xlnk_ranges_add (&plan->lines, xlnk_coherence_lines (state, range));
  return finish (state, XLNK_MAINTAIN_CLEAN);
}

XlnkPlan *
xlnk_coherence_plan_invalidate (XlnkCoherence * state, XlnkRange range)
{
  XlnkPlan *plan = begin (state, XLNK_EVENT_INVALIDATE, 0, range);

  xlnk_ranges_add (&plan->lines, xlnk_coherence_lines (state, range));
  return finish (state, XLNK_MAINTAIN_INVALIDATE);
}

void
xlnk_coherence_commit (XlnkCoherence * state)
{
  XlnkPlan *plan = &state->plan;

  if (plan->event == XLNK_EVENT_MAP)
    open_map (state, plan->access, plan->range);
  else
    xlnk_coherence_commit_failed (state);
  /* After the unmap has entered its range, which an exposed block's clean has just covered. */
  if (plan->maintenance != XLNK_MAINTAIN_NONE)
    xlnk_ranges_remove_set (&state->cpu_dirty, &plan->lines);
  if (plan->maintenance == XLNK_MAINTAIN_INVALIDATE)
    xlnk_ranges_remove_set (&state->device_dirty, &plan->lines);
  plan->event = XLNK_EVENT_NONE;
}

void
xlnk_coherence_commit_failed (XlnkCoherence * state)
{
  XlnkPlan *plan = &state->plan;

  if (plan->event == XLNK_EVENT_UNMAP) {
    close_map (state, plan->access, plan->range);
    enter_written (state, plan->access, plan->range);
  } else if (plan->event == XLNK_EVENT_EXPOSE) {
    state->exposed = true;
  }
  plan->event = XLNK_EVENT_NONE;
}

const XlnkOpenMap *
xlnk_coherence_find_conflict (const XlnkCoherence * state, XlnkAccess access, XlnkRange range)
{
  const XlnkRange lines = xlnk_coherence_lines (state, range);
  size_t i;

  for (i = 0; i < state->maps->len; i++) {
    const XlnkOpenMap *map = map_at (state, i);

    if (excludes (access, map->access) && ranges_meet (lines, xlnk_coherence_lines (state, map->range)))
      return map;
  }
  return NULL;
}

bool
xlnk_coherence_cpu_writes (const XlnkCoherence * state, XlnkRange range)
{
  const XlnkRange lines = xlnk_coherence_lines (state, range);
  size_t i;

  for (i = 0; i < state->maps->len; i++) {
    const XlnkOpenMap *map = map_at (state, i);

    if (is_cpu_write (map->access) && ranges_meet (lines, xlnk_coherence_lines (state, map->range)))
      return true;
  }
  return false;
}

bool
xlnk_coherence_is_mapped (const XlnkCoherence * state)
{
  return state->maps->len > 0;
}

XlnkRange
xlnk_coherence_lines (const XlnkCoherence * state, XlnkRange range)
{
  const size_t mask = state->line - 1;
  const size_t end = MIN (range.end, state->size);

  if (range.start >= end)
    return (XlnkRange) { 0, 0 };
  /* A block that ends within a line of SIZE_MAX would wrap; no such block can be mapped, but a set must stay a set. */
  if (end > SIZE_MAX - mask)
    return (XlnkRange) { range.start & ~mask, SIZE_MAX };
  return (XlnkRange) { range.start & ~mask, (end + mask) & ~mask };
}
