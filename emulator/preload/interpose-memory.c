/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * interpose-memory.c: mmap() and munmap().
 */
#include "context.h"
#include "driver.h"
#include "mappings.h"
#include "preload-cores.h"
#include "raw.h"

#include <errno.h>
#include <sys/mman.h>
#include <unistd.h>

static void *
map_any (void *address, size_t length, int prot, int flags, int fd, off64_t offset)
{
  void *result;
  CoreFd kind;
  Core *core;

  if (fd >= 0 && !(flags & MAP_ANONYMOUS)) {
    if (context_owns (fd))
      return driver_mmap (context_get (), address, length, prot, flags, fd, offset);
    kind = cores_owns (fd, &core);
    if (kind != CORE_FD_NONE)
      return cores_mmap (kind, core, address, length, prot, flags, offset);
  }
  result = raw_mmap (address, length, prot, flags, fd, offset);
  if (result != MAP_FAILED) {
    mappings_remove (result, length);
    cores_unmapped (result, length);
  }
  return result;
}

EXPORT void *
mmap64 (void *address, size_t length, int prot, int flags, int fd, off64_t offset)
{
  return map_any (address, length, prot, flags, fd, offset);
}

EXPORT void *
mmap (void *address, size_t length, int prot, int flags, int fd, off_t offset)
{
  /* a 32-bit program without large files passes offsets from 2 GiB as negative numbers */
  return map_any (address, length, prot, flags, fd, sizeof offset == 4 ? (off64_t) (uint32_t) offset : offset);
}

static int
unmap_fault (void)
{
  Context *context = context_get ();
  int fault;

  context_lock (context);
  fault = board_fault (&context->board, REQUEST_MUNMAP);
  context_unlock (context);
  return fault;
}

EXPORT int
munmap (void *address, size_t length)
{
  uint64_t phys;
  size_t skipped, found;
  int fault = 0, result;

  if (mappings_find (address, length, &phys, &skipped, &found)) {
    fault = unmap_fault ();
    if (fault < 0) {
      errno = -fault;
      return -1;
    }
    mappings_remove (address, length);
  }
  cores_unmapped (address, length);
  result = raw_munmap (address, length);
  context_obey (fault);
  return result;
}
