/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * format.h: sizes, times and bars for people.
 */
#ifndef XLNK_CTL_FORMAT_H
#define XLNK_CTL_FORMAT_H

#include <glib.h>

/* "110.0 MiB", to be freed. */
char *format_bytes (guint64 bytes);

/* How long ago @start was, both in µs since 1970: "12 s", "3 min", "5 h", "2 d"; "?" if it is not known (0) or lies in the
 * future, as after the clock was set. To be freed. */
char *format_age (gint64 start, gint64 now);

/* @width characters, of which @part of @whole are drawn as full. To be freed. */
char *format_bar (guint64 part, guint64 whole, guint width);

/* @text for a terminal: what is not printable UTF-8 is replaced, so that the name of a process cannot move the cursor. To be
 * freed. */
char *format_safe (const char *text);

#endif /* XLNK_CTL_FORMAT_H */
