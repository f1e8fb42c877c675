/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * test-rules.c: each row of the table in xlnkcoherence.h by name, with the ranges that are easy to get wrong: shared
 * lines, nested and equal maps, surplus unmaps, failed and widened maintenance.
 *
 * Ranges are written in bytes; a line has 64 of them.
 */
#include "xlnkcoherence.h"

#include <string.h>

#define CPU_READ XLNK_ACCESS_READ
#define CPU_WRITE XLNK_ACCESS_WRITE
#define DEVICE_READ (XLNK_ACCESS_DEVICE | XLNK_ACCESS_READ)
#define DEVICE_WRITE (XLNK_ACCESS_DEVICE | XLNK_ACCESS_WRITE)
#define NOTHING XLNK_MAINTAIN_NONE, 0, 0
#define CLEAN(start, end) XLNK_MAINTAIN_CLEAN, start, end
#define INVALIDATE(start, end) XLNK_MAINTAIN_INVALIDATE, start, end

static XlnkCoherence *
state_new (bool cached)
{
  XlnkCoherence *state = g_new (XlnkCoherence, 1);

  xlnk_coherence_init (state, 1000, 64, cached);
  return state;
}

static void
state_free (XlnkCoherence * state)
{
  xlnk_coherence_clear (state);
  g_free (state);
}

static void
check_lines (const XlnkPlan * plan, XlnkMaintenance maintenance, size_t start, size_t end)
{
  g_assert_nonnull (plan);
  g_assert_cmpint (plan->maintenance, ==, maintenance);
  g_assert_cmpuint (xlnk_ranges_length (&plan->lines), ==, start < end ? 1 : 0);
  if (start < end) {
    g_assert_cmpuint (xlnk_ranges_get (&plan->lines, 0).start, ==, start);
    g_assert_cmpuint (xlnk_ranges_get (&plan->lines, 0).end, ==, end);
  }
}

static void
map (XlnkCoherence * state, XlnkAccess access, size_t start, size_t end, XlnkMaintenance maintenance, size_t from,
    size_t to)
{
  check_lines (xlnk_coherence_plan_map (state, access, (XlnkRange) { start, end }), maintenance, from, to);
  xlnk_coherence_commit (state);
}

static void
unmap (XlnkCoherence * state, XlnkAccess access, size_t start, size_t end, XlnkMaintenance maintenance, size_t from,
    size_t to)
{
  check_lines (xlnk_coherence_plan_unmap (state, access, (XlnkRange) { start, end }), maintenance, from, to);
  xlnk_coherence_commit (state);
}

static void
expose (XlnkCoherence * state, XlnkMaintenance maintenance, size_t from, size_t to)
{
  check_lines (xlnk_coherence_plan_expose (state), maintenance, from, to);
  xlnk_coherence_commit (state);
  g_assert_true (state->exposed);
}

static void
check_conflict (XlnkCoherence * state, XlnkAccess access, size_t start, size_t end, bool conflict)
{
  g_assert_cmpint (xlnk_coherence_find_conflict (state, access, (XlnkRange) { start, end }) != NULL, ==, conflict);
  g_assert_cmpint (xlnk_coherence_plan_map (state, access, (XlnkRange) { start, end }) == NULL, ==, conflict);
}

/* Who has it open, who wants it. */
static void
test_exclusion (void)
{
  static const XlnkAccess access[] = { CPU_READ, CPU_WRITE, DEVICE_READ, DEVICE_WRITE };
  static const bool conflict[4][4] = {
    { false, false, false, true },
    { false, false, true, true },
    { false, true, false, true },
    { true, true, true, true },
  };

  for (int cached = 0; cached < 2; cached++)
    for (int open = 0; open < 4; open++)
      for (int wanted = 0; wanted < 4; wanted++) {
        XlnkCoherence *state = state_new (cached);

        map (state, access[open], 100, 101, NOTHING);
        check_conflict (state, access[wanted], 100, 101, conflict[open][wanted]);
        check_conflict (state, access[wanted], 64, 65, conflict[open][wanted]);         /* the same line */
        check_conflict (state, access[wanted], 0, 64, false);
        check_conflict (state, access[wanted], 128, 1000, false);
        check_conflict (state, access[wanted], 100, 100, false);
        unmap (state, access[open], 100, 101, NOTHING);
        check_conflict (state, access[wanted], 100, 101, false);
        state_free (state);
      }
}

static void
test_cpu_to_device_cleans_once (void)
{
  XlnkCoherence *state = state_new (true);

  map (state, CPU_WRITE, 10, 500, NOTHING);
  unmap (state, CPU_WRITE, 10, 500, NOTHING);
  map (state, CPU_READ, 0, 1000, NOTHING);
  unmap (state, CPU_READ, 0, 1000, NOTHING);
  map (state, DEVICE_READ, 100, 300, CLEAN (64, 320));
  map (state, DEVICE_READ, 100, 310, NOTHING);
  unmap (state, DEVICE_READ, 100, 300, NOTHING);
  unmap (state, DEVICE_READ, 100, 310, NOTHING);
  map (state, DEVICE_WRITE, 0, 64, CLEAN (0, 64));
  unmap (state, DEVICE_WRITE, 0, 64, NOTHING);
  map (state, DEVICE_READ, 0, 1000, CLEAN (320, 512));
  state_free (state);
}

static void
test_device_to_cpu_invalidates_once (void)
{
  XlnkCoherence *state = state_new (true);

  map (state, DEVICE_WRITE, 10, 500, NOTHING);
  unmap (state, DEVICE_WRITE, 10, 500, NOTHING);
  map (state, CPU_READ, 0, 70, INVALIDATE (0, 128));
  map (state, CPU_READ, 0, 70, NOTHING);
  map (state, CPU_WRITE, 400, 401, INVALIDATE (384, 448));
  unmap (state, CPU_WRITE, 400, 401, NOTHING);
  map (state, CPU_READ, 128, 300, INVALIDATE (128, 320));
  map (state, CPU_READ, 350, 390, INVALIDATE (320, 384));
  map (state, CPU_READ, 0, 1000, INVALIDATE (448, 512));
  state_free (state);
}

static void
test_device_to_device_needs_nothing (void)
{
  XlnkCoherence *state = state_new (true);

  for (int i = 0; i < 3; i++) {
    map (state, DEVICE_WRITE, 0, 1000, NOTHING);
    unmap (state, DEVICE_WRITE, 0, 1000, NOTHING);
    map (state, DEVICE_READ, 0, 1000, NOTHING);
    unmap (state, DEVICE_READ, 0, 1000, NOTHING);
  }
  state_free (state);
}

static void
test_uncached_needs_nothing (void)
{
  XlnkCoherence *state = state_new (false);

  expose (state, NOTHING);
  map (state, CPU_WRITE, 0, 1000, NOTHING);
  expose (state, NOTHING);
  unmap (state, CPU_WRITE, 0, 1000, NOTHING);
  map (state, DEVICE_WRITE, 0, 1000, NOTHING);
  unmap (state, DEVICE_WRITE, 0, 1000, NOTHING);
  map (state, CPU_READ, 0, 1000, NOTHING);
  check_lines (xlnk_coherence_plan_flush (state, (XlnkRange) { 0, 1000 }), NOTHING);
  check_lines (xlnk_coherence_plan_invalidate (state, (XlnkRange) { 0, 1000 }), NOTHING);
  state_free (state);
}

static void
test_exposed_synchronises_every_map (void)
{
  XlnkCoherence *state = state_new (true);

  expose (state, NOTHING);
  map (state, CPU_WRITE, 100, 200, INVALIDATE (64, 256));
  unmap (state, CPU_WRITE, 100, 200, CLEAN (64, 256));
  map (state, CPU_READ, 100, 200, INVALIDATE (64, 256));
  map (state, CPU_READ, 100, 200, INVALIDATE (64, 256));
  unmap (state, CPU_READ, 100, 200, NOTHING);
  map (state, DEVICE_READ, 100, 200, NOTHING);
  state_free (state);
}

/* The holder of a WRITE map owns its lines; what it has stored there must not be disturbed, nor paid for twice. */
static void
test_exposed_spares_lines_being_written (void)
{
  XlnkCoherence *state = state_new (true);

  expose (state, NOTHING);
  map (state, CPU_WRITE, 0, 128, INVALIDATE (0, 128));
  map (state, CPU_READ, 100, 200, INVALIDATE (128, 256));
  map (state, CPU_WRITE, 0, 10, NOTHING);
  unmap (state, CPU_WRITE, 0, 10, CLEAN (0, 64));
  unmap (state, CPU_WRITE, 0, 128, CLEAN (0, 128));
  map (state, CPU_READ, 0, 128, INVALIDATE (0, 128));
  state_free (state);
}

static void
test_exposing_cleans_dirty_and_open (void)
{
  XlnkCoherence *state = state_new (true);

  map (state, CPU_WRITE, 0, 10, NOTHING);
  unmap (state, CPU_WRITE, 0, 10, NOTHING);
  map (state, CPU_WRITE, 64, 65, NOTHING);
  map (state, CPU_READ, 256, 1000, NOTHING);
  expose (state, CLEAN (0, 128));
  expose (state, CLEAN (64, 128));      /* still open: whoever holds it may have stored since */
  unmap (state, CPU_WRITE, 64, 65, CLEAN (64, 128));
  expose (state, NOTHING);
  state_free (state);
}

static void
test_equal_maps_are_counted (void)
{
  XlnkCoherence *state = state_new (true);

  map (state, CPU_WRITE, 0, 64, NOTHING);
  map (state, CPU_WRITE, 0, 64, NOTHING);
  unmap (state, CPU_WRITE, 0, 64, NOTHING);
  check_conflict (state, DEVICE_READ, 0, 64, true);
  unmap (state, CPU_WRITE, 0, 64, NOTHING);
  check_conflict (state, DEVICE_READ, 0, 64, false);
  g_assert_false (xlnk_coherence_is_mapped (state));
  state_free (state);
}

static void
test_surplus_unmap_is_refused (void)
{
  XlnkCoherence *state = state_new (true);

  g_assert_null (xlnk_coherence_plan_unmap (state, CPU_WRITE, (XlnkRange) { 0, 64 }));
  map (state, CPU_WRITE, 0, 64, NOTHING);
  g_assert_null (xlnk_coherence_plan_unmap (state, CPU_READ, (XlnkRange) { 0, 64 }));
  g_assert_null (xlnk_coherence_plan_unmap (state, CPU_WRITE, (XlnkRange) { 0, 63 }));
  unmap (state, CPU_WRITE, 0, 64, NOTHING);
  g_assert_null (xlnk_coherence_plan_unmap (state, CPU_WRITE, (XlnkRange) { 0, 64 }));
  g_assert_true (xlnk_ranges_bytes (&state->cpu_dirty) == 64);
  state_free (state);
}

/* The second writer of a line stores after the clean that the first one's dirt caused: its unmap dirties it again. */
static void
test_clean_under_an_open_map_is_not_the_last (void)
{
  XlnkCoherence *state = state_new (true);

  map (state, CPU_WRITE, 0, 64, NOTHING);
  map (state, CPU_WRITE, 0, 64, NOTHING);
  unmap (state, CPU_WRITE, 0, 64, NOTHING);
  check_lines (xlnk_coherence_plan_flush (state, (XlnkRange) { 0, 1 }), CLEAN (0, 64));
  xlnk_coherence_commit (state);
  unmap (state, CPU_WRITE, 0, 64, NOTHING);
  map (state, DEVICE_READ, 0, 64, CLEAN (0, 64));
  state_free (state);
}

static void
write_by (XlnkCoherence * state, XlnkAccess access, size_t start, size_t end)
{
  map (state, access, start, end, NOTHING);
  unmap (state, access, start, end, NOTHING);
}

/* A back end that starts at the first byte has cleaned the prefix as well: it is not asked for it again. */
static void
test_what_was_covered_is_not_due_again (void)
{
  const XlnkRange all = { 0, 1024 };
  XlnkCoherence *state = state_new (true);

  write_by (state, CPU_WRITE, 0, 128);
  write_by (state, DEVICE_WRITE, 128, 256);
  write_by (state, CPU_WRITE, 256, 512);
  xlnk_ranges_add (&xlnk_coherence_plan_map (state, DEVICE_READ, (XlnkRange) { 256, 512 })->lines, all);
  xlnk_coherence_commit (state);
  map (state, DEVICE_READ, 0, 128, NOTHING);
  xlnk_ranges_add (&xlnk_coherence_plan_map (state, CPU_READ, (XlnkRange) { 200, 256 })->lines, all);
  xlnk_coherence_commit (state);
  map (state, CPU_READ, 0, 1000, NOTHING);
  state_free (state);
}

/* A clean leaves what the device wrote stale; an invalidate also cleans. */
static void
test_clean_and_invalidate_differ (void)
{
  const XlnkRange all = { 0, 1000 };
  XlnkCoherence *state = state_new (true);

  write_by (state, DEVICE_WRITE, 128, 256);
  write_by (state, CPU_WRITE, 512, 576);
  check_lines (xlnk_coherence_plan_flush (state, all), CLEAN (0, 1024));
  xlnk_coherence_commit (state);
  g_assert_true (xlnk_ranges_is_empty (&state->cpu_dirty));
  g_assert_cmpuint (xlnk_ranges_bytes (&state->device_dirty), ==, 128);
  write_by (state, CPU_WRITE, 512, 576);
  check_lines (xlnk_coherence_plan_invalidate (state, all), INVALIDATE (0, 1024));
  xlnk_coherence_commit (state);
  g_assert_true (xlnk_ranges_is_empty (&state->cpu_dirty));
  g_assert_true (xlnk_ranges_is_empty (&state->device_dirty));
  state_free (state);
}

/* An invalidate that covers lines the device is still writing says nothing about what it writes next. */
static void
test_invalidate_under_an_open_device_map_is_not_the_last (void)
{
  XlnkCoherence *state = state_new (true);

  map (state, DEVICE_WRITE, 0, 64, NOTHING);
  check_lines (xlnk_coherence_plan_invalidate (state, (XlnkRange) { 0, 128 }), INVALIDATE (0, 128));
  xlnk_coherence_commit (state);
  unmap (state, DEVICE_WRITE, 0, 64, NOTHING);
  map (state, CPU_READ, 0, 64, INVALIDATE (0, 64));
  state_free (state);
}

static void
test_failed_map_changes_nothing (void)
{
  const XlnkRange range = { 0, 64 };
  XlnkCoherence *state = state_new (true);

  write_by (state, CPU_WRITE, 0, 64);
  check_lines (xlnk_coherence_plan_map (state, DEVICE_READ, range), CLEAN (0, 64));
  xlnk_coherence_commit_failed (state);
  g_assert_false (xlnk_coherence_is_mapped (state));
  map (state, DEVICE_READ, 0, 64, CLEAN (0, 64));
  state_free (state);
}

static void
test_failed_unmap_closes_and_stays_dirty (void)
{
  const XlnkRange range = { 0, 64 };
  XlnkCoherence *state = state_new (true);

  expose (state, NOTHING);
  map (state, CPU_WRITE, 0, 64, INVALIDATE (0, 64));
  check_lines (xlnk_coherence_plan_unmap (state, CPU_WRITE, range), CLEAN (0, 64));
  xlnk_coherence_commit_failed (state);
  g_assert_false (xlnk_coherence_is_mapped (state));
  expose (state, CLEAN (0, 64));
  state_free (state);
}

static void
test_failed_exposure_stays_dirty (void)
{
  XlnkCoherence *state = state_new (true);

  write_by (state, CPU_WRITE, 0, 64);
  check_lines (xlnk_coherence_plan_expose (state), CLEAN (0, 64));
  xlnk_coherence_commit_failed (state);
  g_assert_true (state->exposed);
  map (state, DEVICE_READ, 0, 64, CLEAN (0, 64));
  state_free (state);
}

static void
check_rounding (const XlnkCoherence * state, size_t start, size_t end, size_t from, size_t to)
{
  const XlnkRange lines = xlnk_coherence_lines (state, (XlnkRange) { start, end });

  g_assert_cmpuint (lines.end - lines.start, ==, to - from);
  if (to > from)
    g_assert_cmpuint (lines.start, ==, from);
}

static void
test_rounding_stops_at_the_block (void)
{
  XlnkCoherence *state = state_new (true);

  check_rounding (state, 0, 1, 0, 64);
  check_rounding (state, 63, 65, 0, 128);
  check_rounding (state, 999, 1000, 960, 1024);
  check_rounding (state, 0, SIZE_MAX, 0, 1024);
  check_rounding (state, 1000, SIZE_MAX, 0, 0);
  check_rounding (state, 5, 5, 0, 0);
  check_rounding (state, 9, 3, 0, 0);
  state->size = SIZE_MAX;
  check_rounding (state, SIZE_MAX - 1, SIZE_MAX, SIZE_MAX & ~(size_t) 63, SIZE_MAX);
  state_free (state);
}

static void
test_writers_are_found_per_line (void)
{
  XlnkCoherence *state = state_new (true);

  map (state, CPU_READ, 0, 64, NOTHING);
  map (state, CPU_WRITE, 130, 140, NOTHING);
  g_assert_false (xlnk_coherence_cpu_writes (state, (XlnkRange) { 0, 128 }));
  g_assert_true (xlnk_coherence_cpu_writes (state, (XlnkRange) { 0, 129 }));
  g_assert_true (xlnk_coherence_cpu_writes (state, (XlnkRange) { 191, 1000 }));
  g_assert_false (xlnk_coherence_cpu_writes (state, (XlnkRange) { 192, 1000 }));
  state_free (state);
}

/* Producer, device, consumer, for ever: nothing grows. */
static void
test_steady_state_allocates_nothing (void)
{
  XlnkCoherence *state = state_new (true);
  gpointer before[4] = { NULL };

  for (int i = 0; i < 100; i++) {
    const gpointer now[] = { state->maps->data, state->cpu_dirty.array->data, state->device_dirty.array->data,
      state->plan.lines.array->data
    };

    if (i > 1)
      g_assert_cmpmem (now, sizeof now, before, sizeof before);
    memcpy (before, now, sizeof before);
    map (state, CPU_WRITE, 0, 1000, i ? XLNK_MAINTAIN_INVALIDATE : XLNK_MAINTAIN_NONE, 0, i ? 1024 : 0);
    unmap (state, CPU_WRITE, 0, 1000, NOTHING);
    map (state, XLNK_ACCESS_DEVICE | XLNK_ACCESS_READ | XLNK_ACCESS_WRITE, 0, 1000, CLEAN (0, 1024));
    unmap (state, XLNK_ACCESS_DEVICE | XLNK_ACCESS_READ | XLNK_ACCESS_WRITE, 0, 1000, NOTHING);
  }
  state_free (state);
}

#define ADD(name, function) g_test_add_func ("/rules/" name, function)

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  ADD ("exclusion", test_exclusion);
  ADD ("cpu-to-device-cleans-once", test_cpu_to_device_cleans_once);
  ADD ("device-to-cpu-invalidates-once", test_device_to_cpu_invalidates_once);
  ADD ("device-to-device-needs-nothing", test_device_to_device_needs_nothing);
  ADD ("uncached-needs-nothing", test_uncached_needs_nothing);
  ADD ("exposed-synchronises-every-map", test_exposed_synchronises_every_map);
  ADD ("exposed-spares-lines-being-written", test_exposed_spares_lines_being_written);
  ADD ("exposing-cleans-dirty-and-open", test_exposing_cleans_dirty_and_open);
  ADD ("equal-maps-are-counted", test_equal_maps_are_counted);
  ADD ("surplus-unmap-is-refused", test_surplus_unmap_is_refused);
  ADD ("clean-under-an-open-map-is-not-the-last", test_clean_under_an_open_map_is_not_the_last);
  ADD ("what-was-covered-is-not-due-again", test_what_was_covered_is_not_due_again);
  ADD ("clean-and-invalidate-differ", test_clean_and_invalidate_differ);
  ADD ("invalidate-under-an-open-device-map-is-not-the-last",
      test_invalidate_under_an_open_device_map_is_not_the_last);
  ADD ("failed-map-changes-nothing", test_failed_map_changes_nothing);
  ADD ("failed-unmap-closes-and-stays-dirty", test_failed_unmap_closes_and_stays_dirty);
  ADD ("failed-exposure-stays-dirty", test_failed_exposure_stays_dirty);
  ADD ("rounding-stops-at-the-block", test_rounding_stops_at_the_block);
  ADD ("writers-are-found-per-line", test_writers_are_found_per_line);
  ADD ("steady-state-allocates-nothing", test_steady_state_allocates_nothing);
  return g_test_run ();
}
