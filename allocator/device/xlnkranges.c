/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * xlnkranges.c: a set of bytes as a sorted array of ranges.
 *
 * Ranges that would touch are merged, so equal sets have equal arrays and the number of ranges is the number of
 * separate pieces of maintenance.
 */
#include "xlnkranges.h"

static XlnkRange *
range_at (const XlnkRanges * set, size_t index)
{
  return &g_array_index (set->array, XlnkRange, index);
}

/* The first range that ends at or after @offset: the first one that could touch something that starts there. */
static size_t
first_ending_from (const XlnkRanges * set, size_t offset)
{
  size_t low = 0, high = set->array->len;

  while (low < high) {
    size_t middle = low + (high - low) / 2;

    if (range_at (set, middle)->end < offset)
      low = middle + 1;
    else
      high = middle;
  }
  return low;
}

void
xlnk_ranges_init (XlnkRanges * set)
{
  set->array = g_array_new (FALSE, FALSE, sizeof (XlnkRange));
}

void
xlnk_ranges_clear (XlnkRanges * set)
{
  g_array_free (set->array, TRUE);
  set->array = NULL;
}

void
xlnk_ranges_empty (XlnkRanges * set)
{
  g_array_set_size (set->array, 0);
}

void
xlnk_ranges_add (XlnkRanges * set, XlnkRange range)
{
  size_t first, after;

  if (range.start >= range.end)
    return;
  first = first_ending_from (set, range.start);
  for (after = first; after < set->array->len; after++) {
    const XlnkRange *old = range_at (set, after);

    if (old->start > range.end)
      break;
    range.start = MIN (range.start, old->start);
    range.end = MAX (range.end, old->end);
  }
  if (after > first)
    g_array_remove_range (set->array, first, after - first);
  g_array_insert_val (set->array, first, range);
}

void
xlnk_ranges_remove (XlnkRanges * set, XlnkRange range)
{
  size_t i;

  if (range.start >= range.end)
    return;
  i = first_ending_from (set, range.start);
  while (i < set->array->len && range_at (set, i)->start < range.end) {
    const XlnkRange old = *range_at (set, i);
    const XlnkRange left = { old.start, MIN (old.end, range.start) };
    const XlnkRange right = { MAX (old.start, range.end), old.end };

    g_array_remove_index (set->array, i);
    if (left.start < left.end)
      g_array_insert_val (set->array, i++, left);
    if (right.start < right.end)
      g_array_insert_val (set->array, i++, right);
  }
}

void
xlnk_ranges_remove_set (XlnkRanges * set, const XlnkRanges * other)
{
  size_t i;

  for (i = 0; i < other->array->len; i++)
    xlnk_ranges_remove (set, *range_at (other, i));
}

void
xlnk_ranges_add_common (XlnkRanges * result, const XlnkRanges * set, XlnkRange range)
{
  size_t i;

  for (i = first_ending_from (set, range.start); i < set->array->len; i++) {
    const XlnkRange *old = range_at (set, i);

    if (old->start >= range.end)
      break;
    xlnk_ranges_add (result, (XlnkRange) { MAX (old->start, range.start), MIN (old->end, range.end) });
  }
}

bool
xlnk_ranges_overlap (const XlnkRanges * set, XlnkRange range)
{
  size_t i;

  if (range.start >= range.end)
    return false;
  i = first_ending_from (set, range.start);
  if (i < set->array->len && range_at (set, i)->end == range.start)
    i++;                        /* touches, no more */
  return i < set->array->len && range_at (set, i)->start < range.end;
}

bool
xlnk_ranges_is_empty (const XlnkRanges * set)
{
  return set->array->len == 0;
}

size_t
xlnk_ranges_length (const XlnkRanges * set)
{
  return set->array->len;
}

XlnkRange
xlnk_ranges_get (const XlnkRanges * set, size_t index)
{
  return *range_at (set, index);
}

size_t
xlnk_ranges_bytes (const XlnkRanges * set)
{
  size_t bytes = 0, i;

  for (i = 0; i < set->array->len; i++)
    bytes += range_at (set, i)->end - range_at (set, i)->start;
  return bytes;
}
