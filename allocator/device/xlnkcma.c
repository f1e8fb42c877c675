/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "xlnkcma.h"

#include <glib.h>
#include <string.h>

#include "xlnksyscall.h"

static bool
find_kib (const char *meminfo, const char *key, uint64_t * bytes)
{
  const char *line = strstr (meminfo, key);

  if (!line)
    return false;
  *bytes = g_ascii_strtoull (line + strlen (key), NULL, 10) * 1024;
  return true;
}

bool
xlnk_cma_read (uint64_t * total, uint64_t * free)
{
  g_autofree char *meminfo = NULL;

  *total = *free = 0;
  meminfo = xlnk_sys_read_file ("/proc/meminfo");
  if (!meminfo)
    return false;
  return find_kib (meminfo, "CmaTotal:", total) && find_kib (meminfo, "CmaFree:", free);
}
