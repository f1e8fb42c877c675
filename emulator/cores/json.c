/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * json.c: names that people gave to programs and cores, as any reader of JSON takes them.
 */
#include "json.h"

#include <glib.h>

void
json_string (FILE * out, const char *text)
{
  char *valid = g_utf8_make_valid (text, -1);

  fputc ('"', out);
  for (const char *p = valid; *p; p++) {
    if (*p == '"' || *p == '\\')
      fprintf (out, "\\%c", *p);
    else if ((unsigned char) *p < 0x20)
      fprintf (out, "\\u%04x", (unsigned char) *p);
    else
      fputc (*p, out);
  }
  fputc ('"', out);
  g_free (valid);
}
