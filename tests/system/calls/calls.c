/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * calls.c: makes the calls of all tables, in their order, on a board that nobody else uses. Each row leaves the board as it
 * found it. Prints one line for each: "call NAME = OUTCOME", and "# REASON" where the two boards must differ.
 */
#include "calls.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

int device;

static bool first;

void
outcome (const char *format, ...)
{
  va_list arguments;

  if (!first)
    fputs (", ", stdout);
  first = false;
  va_start (arguments, format);
  vprintf (format, arguments);
  va_end (arguments);
}

static const char *
error_name (long error)
{
  static const struct { int code; const char *name; } names[] = {
    {EPERM, "EPERM"}, {ENOENT, "ENOENT"}, {EINTR, "EINTR"}, {EIO, "EIO"}, {ENXIO, "ENXIO"}, {EBADF, "EBADF"},
    {EAGAIN, "EAGAIN"}, {ENOMEM, "ENOMEM"}, {EACCES, "EACCES"}, {EFAULT, "EFAULT"}, {EBUSY, "EBUSY"},
    {EEXIST, "EEXIST"}, {ENODEV, "ENODEV"}, {ENOTDIR, "ENOTDIR"}, {EISDIR, "EISDIR"}, {EINVAL, "EINVAL"},
    {ENOTTY, "ENOTTY"}, {EFBIG, "EFBIG"}, {ENOSPC, "ENOSPC"}, {ESPIPE, "ESPIPE"}, {EROFS, "EROFS"},
    {ENOSYS, "ENOSYS"}, {EOPNOTSUPP, "EOPNOTSUPP"}, {EOVERFLOW, "EOVERFLOW"},
  };

  for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
    if (names[i].code == -error)
      return names[i].name;
  }
  return strerror ((int) -error);
}

/* The size of the driver's union depends on the machine, the meaning of "all of it" does not. */
void
outcome_result (const char *what, long result)
{
  if (result < 0)
    outcome ("%s%s", what, error_name (result));
  else if (result == (long) UNION_SIZE)
    outcome ("%sthe whole union", what);
  else
    outcome ("%s%ld", what, result);
}

long
request (unsigned nr, void *block)
{
  int result = ioctl (device, (unsigned long) REQUEST (nr), block);

  return result < 0 ? -errno : result;
}

long
allocate (Buffer * buffer, uint32_t length, bool cacheable)
{
  Block block = {.alloc = {.length = length,.cacheable = cacheable} };
  long result = request (ALLOCBUF, &block);

  *buffer = (Buffer) { block.alloc.id, block.alloc.phys, length };
  return result;
}

long
release (unsigned id)
{
  Block block = {.free = {.id = id} };

  return request (FREEBUF, &block);
}

long
cache_control (unsigned long phys, uint32_t size, int action)
{
  Block block = {.cache = {phys, size, action} };

  return request (CACHECTRL, &block);
}

void *
map_at (uint64_t offset, size_t length, int protection, int flags)
{
  return mmap (NULL, length, protection, flags, device, (off_t) offset);
}

void *
map (const Buffer * buffer, size_t length, int protection)
{
  return map_at ((uint64_t) buffer->id << 16, length, protection, MAP_SHARED);
}

long
failed (void *mapping)
{
  return mapping == MAP_FAILED ? -errno : 0;
}

uint64_t
counter (const char *name)
{
  char path[96];
  unsigned long long value = 0;
  FILE *file;

  snprintf (path, sizeof path, "/sys/kernel/debug/xlnk/%s", name);
  file = fopen (path, "re");
  if (!file || fscanf (file, "%llu", &value) != 1) {
    fprintf (stderr, "no counter %s\n", path);
    exit (1);
  }
  fclose (file);
  return value;
}

static void
run (const Row * rows)
{
  for (; rows->name; rows++) {
    uint64_t live = counter ("live_blocks");

    printf ("call %s = ", rows->name);
    first = true;
    rows->run (rows->a, rows->b);
    if (counter ("live_blocks") != live)
      outcome ("and left buffers behind");
    printf ("%s%s\n", rows->differs ? " # " : "", rows->differs ? rows->differs : "");
    fflush (stdout);
  }
}

int
main (void)
{
  device = open ("/dev/xlnk", O_RDWR | O_CLOEXEC);
  if (device < 0 || !dlsym (RTLD_DEFAULT, "xlnk_emulator_device_read")) {
    fprintf (stderr, "wants an emulated board, or a kernel with the stand-in driver and libkernelboard.so\n");
    return 1;
  }
  run (request_rows);
  run (buffer_rows);
  run (map_rows);
  run (cache_rows);
  run (memop_rows);
  run (file_rows);
  run (full_rows);
  return 0;
}
