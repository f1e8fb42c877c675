/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * table.c: makes and maps the file of the cores.
 */
#include "cores.h"
#include "raw.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

static uint64_t
table_size (void)
{
  return (sizeof (CoreTable) + BOARD_PAGE - 1) / BOARD_PAGE * BOARD_PAGE;
}

static void
fill (CoreTable * table, const CoreConfig * configs, unsigned count)
{
  table->layout = CORES_LAYOUT;
  table->count = count;
  table->windows_at = table_size ();
  table->end = table_size () + (uint64_t) count * CORE_WINDOW;
  for (unsigned i = 0; i < count; i++) {
    Core *core = &table->cores[i];

    core->config = configs[i];
    core->enabled = 1;          /* as requested by the UIO driver when it found the core */
    dma_reset (core);
  }
  table->magic = CORES_MAGIC;
}

int
cores_create (int fd, const CoreConfig * configs, unsigned count)
{
  const uint64_t size = table_size () + (uint64_t) count * CORE_WINDOW;
  CoreTable *table;

  if (ftruncate (fd, (off_t) size) < 0)
    return -errno;
  table = mmap (NULL, (size_t) table_size (), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  if (table == MAP_FAILED)
    return -errno;
  fill (table, configs, count);
  munmap (table, (size_t) table_size ());
  return 0;
}

static bool
is_table (const CoreTable * table, uint64_t size)
{
  return table->magic == CORES_MAGIC && table->layout == CORES_LAYOUT && table->count <= CORES_MAX
      && table->end == size;
}

CoreTable *
cores_attach (int fd)
{
  struct stat64 st;
  CoreTable *table;

  if (raw_fstat (fd, &st) < 0)
    return NULL;
  if (st.st_size < (off64_t) sizeof *table) {
    errno = EINVAL;
    return NULL;
  }
  table = raw_mmap (NULL, (size_t) st.st_size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  if (table == MAP_FAILED)
    return NULL;
  if (!is_table (table, (uint64_t) st.st_size)) {
    raw_munmap (table, (size_t) st.st_size);
    errno = EINVAL;
    return NULL;
  }
  return table;
}

void
cores_detach (CoreTable * table)
{
  raw_munmap (table, (size_t) table->end);
}

uint64_t
core_window_offset (const CoreTable * table, unsigned number)
{
  return table->windows_at + (uint64_t) number * CORE_WINDOW;
}

volatile uint32_t *
core_window (CoreTable * table, const Core * core)
{
  return (volatile uint32_t *) ((uint8_t *) table + core_window_offset (table, (unsigned) (core - table->cores)));
}
