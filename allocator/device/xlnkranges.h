/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * xlnkranges.h: a set of bytes, kept as sorted ranges that neither overlap nor touch.
 *
 * A block's state is two such sets. In a running pipeline each holds nothing or one frame, so a sorted array beats a
 * tree; it keeps its memory when emptied, so that steady state allocates nothing.
 */
#ifndef XLNK_RANGES_H
#define XLNK_RANGES_H

#include <glib.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

G_BEGIN_DECLS

/* The bytes [start, end), counted from the first byte of a block. Empty if start == end. */
typedef struct
{
  size_t start;
  size_t end;
} XlnkRange;

typedef struct
{
  GArray *array;                /* of XlnkRange */
} XlnkRanges;

void xlnk_ranges_init (XlnkRanges * set);
void xlnk_ranges_clear (XlnkRanges * set);      /* frees; init is needed before the next use */
void xlnk_ranges_empty (XlnkRanges * set);      /* keeps the memory */

void xlnk_ranges_add (XlnkRanges * set, XlnkRange range);
void xlnk_ranges_remove (XlnkRanges * set, XlnkRange range);
void xlnk_ranges_remove_set (XlnkRanges * set, const XlnkRanges * other);

/* Adds to @result what @set and @range have in common. */
void xlnk_ranges_add_common (XlnkRanges * result, const XlnkRanges * set, XlnkRange range);

bool xlnk_ranges_overlap (const XlnkRanges * set, XlnkRange range);
bool xlnk_ranges_is_empty (const XlnkRanges * set);
size_t xlnk_ranges_length (const XlnkRanges * set);     /* how many ranges */
XlnkRange xlnk_ranges_get (const XlnkRanges * set, size_t index);
size_t xlnk_ranges_bytes (const XlnkRanges * set);      /* the sum of their sizes */

G_END_DECLS

#endif /* XLNK_RANGES_H */
