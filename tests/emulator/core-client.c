/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * core-client.c: see core-client.h.
 */
#include "core-client.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

static uint32_t (*read32) (const volatile void *);
static void (*write32) (volatile void *, uint32_t);
static int (*get_core) (const char *, struct xlnk_emulator_core *);
int (*reset_core) (const char *);

static void __attribute__ ((constructor))
find_hooks (void)
{
  *(void **) &read32 = dlsym (RTLD_DEFAULT, "xlnk_hw_read32");
  *(void **) &write32 = dlsym (RTLD_DEFAULT, "xlnk_hw_write32");
  *(void **) &reset_core = dlsym (RTLD_DEFAULT, "xlnk_emulator_reset_core");
  *(void **) &get_core = dlsym (RTLD_DEFAULT, "xlnk_emulator_get_core");
}

static int
find_number (const char *name)
{
  for (int i = 0; i < 16; i++) {
    char *path = g_strdup_printf ("/sys/class/uio/uio%d/name", i), *text = NULL;
    const bool found = g_file_get_contents (path, &text, NULL, NULL) && g_str_equal (g_strchomp (text), name);

    g_free (text);
    g_free (path);
    if (found)
      return i;
  }
  g_error ("no core %s", name);
}

static volatile uint8_t *
map (int fd, off_t offset)
{
  void *regs = mmap (NULL, CORE_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, offset);

  g_assert_true (regs != MAP_FAILED);
  return regs;
}

Unit
unit_open (const char *name)
{
  char *path = g_strdup_printf ("/dev/uio%d", find_number (name));
  Unit unit = {.fd = open (path, O_RDWR | O_CLOEXEC) };

  g_assert_cmpint (unit.fd, >=, 0);
  unit.regs = map (unit.fd, 0);
  g_free (path);
  return unit;
}

Unit
unit_open_memory (uint64_t base)
{
  Unit unit = {.fd = open ("/dev/mem", O_RDWR | O_SYNC | O_CLOEXEC) };

  g_assert_cmpint (unit.fd, >=, 0);
  unit.regs = map (unit.fd, (off_t) base);
  return unit;
}

void
unit_close (Unit * unit)
{
  munmap ((void *) unit->regs, CORE_SIZE);
  close (unit->fd);
}

uint32_t
get (const Unit * unit, uint32_t offset)
{
  return read32 (unit->regs + offset);
}

void
put (const Unit * unit, uint32_t offset, uint32_t value)
{
  write32 (unit->regs + offset, value);
}

void
put_address (const Unit * unit, uint32_t offset, uint64_t address)
{
  put (unit, offset, (uint32_t) address);
  put (unit, offset + 4, (uint32_t) (address >> 32));
}

bool
unit_wait (const Unit * unit, uint32_t offset, uint32_t bits, unsigned ms)
{
  const gint64 until = g_get_monotonic_time () + ms * 1000;

  while (!(get (unit, offset) & bits)) {
    if (g_get_monotonic_time () > until)
      return false;
    g_usleep (50);
  }
  return true;
}

void
unit_start (const Unit * unit)
{
  put (unit, CTRL, START);
}

void
unit_run (const Unit * unit)
{
  unit_start (unit);
  g_assert_true (unit_wait (unit, CTRL, DONE, 5000));
}

int
unit_poll (const Unit * unit, unsigned ms)
{
  struct pollfd fd = {.fd = unit->fd,.events = POLLIN };

  return poll (&fd, 1, (int) ms);
}

int32_t
unit_count (const Unit * unit)
{
  int32_t count;
  const ssize_t got = read (unit->fd, &count, sizeof count);

  return got == sizeof count ? count : -errno;
}

int
unit_unmask (const Unit * unit, int32_t value)
{
  return write (unit->fd, &value, sizeof value) == sizeof value ? 0 : -errno;
}

void
flush (int fd, const Buffer * buffer)
{
  g_assert_cmpint (client_cache (fd, buffer->phys, buffer->size, 0), ==, 0);
}

void
invalidate (int fd, const Buffer * buffer)
{
  g_assert_cmpint (client_cache (fd, buffer->phys, buffer->size, 1), ==, 0);
}

void
fill_random (Buffer * buffer, uint32_t seed)
{
  GRand *random = g_rand_new_with_seed (seed);

  for (uint32_t i = 0; i < buffer->size; i++)
    buffer->data[i] = (uint8_t) g_rand_int (random);
  g_rand_free (random);
}

struct xlnk_emulator_core
core_statistics (const char *name)
{
  struct xlnk_emulator_core core;

  g_assert_cmpint (get_core (name, &core), ==, 0);
  return core;
}

void
wait_for_jobs (const char *name, const struct xlnk_emulator_core *before, unsigned jobs)
{
  for (unsigned i = 0; core_statistics (name).finished < before->finished + jobs; i++) {
    g_assert_cmpint (i, <, 5000);
    g_usleep (1000);
  }
}
