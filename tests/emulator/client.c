/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * client.c: see client.h.
 */
#include "client.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#define WORD sizeof (long)

int (*device_read) (uint64_t, void *, size_t);
int (*device_write) (uint64_t, const void *, size_t);
int (*evict) (uint64_t, size_t, unsigned);
int (*hold_lock) (void);
static int (*get_counters) (struct xlnk_emulator_counters *);

static void __attribute__ ((constructor))
find_back_door (void)
{
  *(void **) &device_read = dlsym (RTLD_DEFAULT, "xlnk_emulator_device_read");
  *(void **) &device_write = dlsym (RTLD_DEFAULT, "xlnk_emulator_device_write");
  *(void **) &evict = dlsym (RTLD_DEFAULT, "xlnk_emulator_evict");
  *(void **) &hold_lock = dlsym (RTLD_DEFAULT, "xlnk_emulator_hold_lock");
  *(void **) &get_counters = dlsym (RTLD_DEFAULT, "xlnk_emulator_get_counters");
}

bool
client_has_board (void)
{
  return get_counters != NULL;
}

Driver
client_driver (void)
{
  const char *name = g_getenv ("TEST_DRIVER"), *arch = g_getenv ("TEST_ARCH");
  Driver driver = {.name = name ? name : "2018.3",.shift = 16,.last_id = 4095 };

  driver.arm64 = g_strcmp0 (arch, "arm64") == 0;
  driver.line = driver.arm64 ? 64 : 32;
  driver.pointers = g_str_equal (driver.name, "3.13");
  if (driver.pointers || g_str_equal (driver.name, "2016.4"))
    driver.last_id = 255;
  if (driver.last_id == 255 || g_str_equal (driver.name, "4.9a"))
    driver.shift = 24;
  return driver;
}

int
client_open (void)
{
  return open ("/dev/xlnk", O_RDWR | O_CLOEXEC);
}

int
client_request (int fd, unsigned nr, void *block)
{
  const int result = ioctl (fd, (unsigned long) REQUEST (nr), block);

  return result < 0 ? -errno : result;
}

void
client_put (void *block, size_t offset, const void *value, size_t size)
{
  memcpy ((char *) block + offset, value, size);
}

void
client_get (const void *block, size_t offset, void *value, size_t size)
{
  memcpy (value, (const char *) block + offset, size);
}

static int
alloc_packed (int fd, uint32_t size, uint8_t cached, Buffer * buffer)
{
  uint8_t block[UNION_SIZE];
  unsigned long phys = 0;
  int result;

  memset (block, 0, sizeof block);
  client_put (block, 0, &size, 4);
  client_put (block, 8 + WORD, &cached, 1);
  result = client_request (fd, ALLOCBUF, block);
  client_get (block, 4, &buffer->id, 4);
  client_get (block, 8, &phys, WORD);
  buffer->phys = phys;
  return result;
}

/* length, pointer, pointer, cacheable; naturally aligned (xlnk-abi §4.2) */
static int
alloc_pointers (int fd, uint32_t size, uint32_t cached, Buffer * buffer)
{
  uint8_t block[96];
  uint32_t id = 0, phys = 0, *pointer = &id;
  int result;

  memset (block, 0, sizeof block);
  client_put (block, 0, &size, 4);
  client_put (block, WORD, &pointer, WORD);
  pointer = &phys;
  client_put (block, 2 * WORD, &pointer, WORD);
  client_put (block, 3 * WORD, &cached, 4);
  result = client_request (fd, ALLOCBUF, block);
  buffer->id = (int) id;
  buffer->phys = phys;
  return result;
}

int
client_alloc (int fd, uint32_t size, bool cached, Buffer * buffer)
{
  memset (buffer, 0, sizeof *buffer);
  buffer->size = size;
  return client_driver ().pointers ? alloc_pointers (fd, size, cached, buffer)
      : alloc_packed (fd, size, cached, buffer);
}

int
client_free (int fd, int id)
{
  uint8_t block[96] = { 0 };

  client_put (block, 0, &id, 4);
  return client_request (fd, FREEBUF, block);
}

/* Both forms lie alike: address, size, action. */
int
client_cache (int fd, uint64_t phys, uint32_t size, int action)
{
  uint8_t block[96] = { 0 };
  const unsigned long address = (unsigned long) phys;

  client_put (block, 0, &address, WORD);
  client_put (block, WORD, &size, 4);
  client_put (block, WORD + 4, &action, 4);
  return client_request (fd, CACHECTRL, block);
}

uint8_t *
client_map (int fd, int id, size_t size)
{
  void *data = mmap (NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, (off_t) id << client_driver ().shift);

  return data == MAP_FAILED ? NULL : data;
}

Buffer
client_take (int fd, uint32_t size, bool cached)
{
  Buffer buffer;

  g_assert_cmpint (client_alloc (fd, size, cached, &buffer), ==, 0);
  buffer.data = client_map (fd, buffer.id, size);
  g_assert_nonnull (buffer.data);
  return buffer;
}

void
client_give (int fd, Buffer * buffer)
{
  munmap (buffer->data, buffer->size);
  g_assert_cmpint (client_free (fd, buffer->id), ==, 0);
}

void
client_reset (int fd)
{
  g_assert_cmpint (client_request (fd, RECRES, NULL), ==, 0);
}

struct xlnk_emulator_counters
client_counters (void)
{
  struct xlnk_emulator_counters counters;

  g_assert_cmpint (get_counters (&counters), ==, 0);
  return counters;
}

uint8_t
device_byte (uint64_t phys)
{
  uint8_t value;

  g_assert_cmpint (device_read (phys, &value, 1), ==, 0);
  return value;
}

void
device_fill (uint64_t phys, uint8_t value, size_t size)
{
  uint8_t *data = g_malloc (size);

  memset (data, value, size);
  g_assert_cmpint (device_write (phys, data, size), ==, 0);
  g_free (data);
}
