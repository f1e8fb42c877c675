/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * failure.c: what a system call that failed on a file is to its reader.
 */
#include "runner.h"

#include <glib/gstdio.h>

gboolean
failure_of_file (GError ** error, int number, const char *what, const char *path)
{
  g_set_error (error, G_FILE_ERROR, (gint) g_file_error_from_errno (number), "%s %s: %s", what, path,
      g_strerror (number));
  return FALSE;
}
