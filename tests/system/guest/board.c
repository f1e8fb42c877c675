/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * board.c: what xlnkemulator.h promises, on a kernel with the stand-in driver: preloaded, so that tests which ask the
 * emulated board how things look from the device's side can ask here too.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../../../emulator/xlnkemulator.h"

#define DIRECTORY "/sys/kernel/debug/xlnk/"

static uint64_t
counter (const char *name)
{
  char path[96];
  FILE *file;
  uint64_t value = 0;

  snprintf (path, sizeof path, DIRECTORY "%s", name);
  file = fopen (path, "re");
  if (!file || fscanf (file, "%" SCNu64, &value) != 1)
    abort ();
  fclose (file);
  return value;
}

static int
finish (int fd, ssize_t done, size_t size)
{
  int saved = errno;

  close (fd);
  errno = saved;
  return done == (ssize_t) size ? 0 : -1;
}

int
xlnk_emulator_device_read (uint64_t phys, void *data, size_t size)
{
  int fd = open (DIRECTORY "memory", O_RDONLY | O_CLOEXEC);

  return fd < 0 ? -1 : finish (fd, pread (fd, data, size, (off_t) phys), size);
}

int
xlnk_emulator_device_write (uint64_t phys, const void *data, size_t size)
{
  int fd = open (DIRECTORY "memory", O_WRONLY | O_CLOEXEC);

  return fd < 0 ? -1 : finish (fd, pwrite (fd, data, size, (off_t) phys), size);
}

/* All lines or none: the driver has no dice. */
int
xlnk_emulator_evict (uint64_t phys, size_t size, unsigned percent)
{
  char text[64];
  int length = snprintf (text, sizeof text, "%" PRIu64 " %zu", phys, size);
  int fd = open (DIRECTORY "evict", O_WRONLY | O_CLOEXEC);

  if (percent < 50)
    length = 0;
  return fd < 0 ? -1 : finish (fd, write (fd, text, (size_t) length), (size_t) length);
}

static void
read_meminfo (struct xlnk_emulator_counters *counters)
{
  FILE *file = fopen ("/proc/meminfo", "re");
  char line[128];
  uint64_t kib;

  while (file && fgets (line, sizeof line, file)) {
    if (sscanf (line, "CmaTotal: %" SCNu64, &kib) == 1)
      counters->cma_total = kib * 1024;
    else if (sscanf (line, "CmaFree: %" SCNu64, &kib) == 1)
      counters->cma_free = kib * 1024;
  }
  if (file)
    fclose (file);
}

int
xlnk_emulator_get_counters (struct xlnk_emulator_counters *counters)
{
  memset (counters, 0, sizeof *counters);
  read_meminfo (counters);
  counters->live_blocks = counter ("live_blocks");
  counters->live_bytes = counter ("live_bytes");
  counters->allocs = counter ("allocs");
  counters->frees = counter ("frees");
  counters->ioctls = counter ("ioctls");
  counters->maps = counter ("maps");
  counters->flushes = counter ("flushes");
  counters->flushed_bytes = counter ("flushed_bytes");
  counters->invalidates = counter ("invalidates");
  counters->invalidated_bytes = counter ("invalidated_bytes");
  counters->needed = counter ("needed");
  counters->redundant = counter ("redundant");
  counters->hazards = counter ("hazards");
  return 0;
}
