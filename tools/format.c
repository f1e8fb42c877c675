/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "format.h"

char *
format_bytes (guint64 bytes)
{
  if (bytes < 1024)
    return g_strdup_printf ("%" G_GUINT64_FORMAT " B", bytes);
  if (bytes < 1024 * 1024)
    return g_strdup_printf ("%.1f KiB", bytes / 1024.0);
  return g_strdup_printf ("%.1f MiB", bytes / (1024.0 * 1024.0));
}

char *
format_age (gint64 start, gint64 now)
{
  gint64 seconds = (now - start) / G_USEC_PER_SEC;

  if (start <= 0 || now < start)
    return g_strdup ("?");
  if (seconds < 120)
    return g_strdup_printf ("%" G_GINT64_FORMAT " s", seconds);
  if (seconds < 120 * 60)
    return g_strdup_printf ("%" G_GINT64_FORMAT " min", seconds / 60);
  if (seconds < 48 * 3600)
    return g_strdup_printf ("%" G_GINT64_FORMAT " h", seconds / 3600);
  return g_strdup_printf ("%" G_GINT64_FORMAT " d", seconds / 86400);
}

char *
format_bar (guint64 part, guint64 whole, guint width)
{
  GString *bar = g_string_sized_new (width);
  guint full = whole > 0 ? (guint) ((double) MIN (part, whole) / whole * width + 0.5) : 0;

  /* What there is must be seen, however little. */
  if (part > 0 && full == 0 && width > 0)
    full = 1;
  for (guint i = 0; i < width; i++)
    g_string_append_c (bar, i < full ? '#' : '.');
  return g_string_free (bar, FALSE);
}

char *
format_safe (const char *text)
{
  char *valid = g_utf8_make_valid (text, -1);
  GString *safe = g_string_new (NULL);

  for (const char *p = valid; *p; p = g_utf8_next_char (p)) {
    gunichar c = g_utf8_get_char (p);

    g_string_append_unichar (safe, g_unichar_isprint (c) ? c : '?');
  }
  g_free (valid);
  return g_string_free (safe, FALSE);
}
