/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ledgerdir.h"

#include <stdio.h>
#include <unistd.h>

#include <glib.h>

#define VARIABLE "GST_XLNK_LEDGER"

static char *own;

void
ledgerdir_use (void)
{
  if (g_getenv (VARIABLE))
    return;
  own = g_strdup ("/dev/shm/xlnk-fault-XXXXXX");
  g_assert_nonnull (g_mkdtemp (own));
  g_setenv (VARIABLE, own, TRUE);
}

unsigned
ledgerdir_files (void)
{
  GDir *directory = g_dir_open (g_getenv (VARIABLE), 0, NULL);
  unsigned count = 0;
  const char *name;

  while (directory && (name = g_dir_read_name (directory))) {
    printf ("# left behind: %s\n", name);
    count++;
  }
  if (directory)
    g_dir_close (directory);
  return count;
}

void
ledgerdir_done (void)
{
  if (own)
    rmdir (own);
  g_clear_pointer (&own, g_free);
}
