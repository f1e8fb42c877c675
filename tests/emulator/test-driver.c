/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * test-driver.c: what a client sees of each driver version (xlnk-abi §3 to §5, §8.2). Run once per version.
 */
#include "client.h"

#include <errno.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

static Driver driver;
static int fd;

static bool
is (const char *names)
{
  char **all = g_strsplit (names, " ", -1);
  const bool found = g_strv_contains ((const char *const *) all, driver.name);

  g_strfreev (all);
  return found;
}

static void
test_ids_are_lowest_free_first (void)
{
  Buffer a, b, c, d;

  g_assert_cmpint (client_alloc (fd, 4096, true, &a), ==, 0);
  g_assert_cmpint (client_alloc (fd, 4096, true, &b), ==, 0);
  g_assert_cmpint (client_alloc (fd, 4096, true, &c), ==, 0);
  g_assert_cmpint (a.id, ==, 1);
  g_assert_cmpint (c.id, ==, 3);
  g_assert_cmpint (client_free (fd, b.id), ==, 0);
  g_assert_cmpint (client_alloc (fd, 8192, true, &d), ==, 0);
  g_assert_cmpint (d.id, ==, 2);
  client_reset (fd);
}

/* From S2 on the memory is taken before the slot is looked for, and lost. S1 looks first. */
static void
test_full_table (void)
{
  const uint64_t before = client_counters ().cma_free;
  Buffer buffer;
  int last = 0;

  for (unsigned i = 1; i <= driver.last_id; i++) {
    g_assert_cmpint (client_alloc (fd, 100, true, &buffer), ==, 0);
    last = buffer.id;
  }
  g_assert_cmpint (last, ==, driver.last_id);
  g_assert_cmpint (client_alloc (fd, 100, true, &buffer), ==, -ENOMEM);
  g_assert_cmpint (buffer.id, ==, 0);
  g_assert_cmpint (buffer.phys, ==, 0);
  client_reset (fd);
  g_assert_cmpint (before - client_counters ().cma_free, ==, driver.pointers ? 0 : 4096);
}

static void
test_alloc_errors (void)
{
  Buffer buffer;

  g_assert_cmpint (client_alloc (fd, 0, true, &buffer), ==, -ENOMEM);
  g_assert_cmpint (client_alloc (fd, 0xffffffffu, true, &buffer), ==, -ENOMEM);
  g_assert_cmpint (client_alloc (fd, 1u << 30, true, &buffer), ==, -ENOMEM);
  g_assert_cmpint (client_request (fd, ALLOCBUF, (void *) 8), ==, -ENOMEM);
  g_assert_cmpint (client_counters ().live_blocks, ==, 0);
}

static void
test_free_errors (void)
{
  g_assert_cmpint (client_free (fd, 0), ==, -ENOMEM);
  g_assert_cmpint (client_free (fd, -1), ==, -ENOMEM);
  g_assert_cmpint (client_free (fd, 7), ==, -ENOMEM);
  g_assert_cmpint (client_free (fd, (int) driver.last_id + 1), ==, -ENOMEM);
  g_assert_cmpint (client_request (fd, FREEBUF, NULL), ==, -ENOMEM);
}

/* A block whose end cannot be written: a positive result, and the buffer is there all the same. */
static void
test_positive_return (void)
{
  uint8_t *pages = mmap (NULL, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  uint8_t *block = pages + 4096 - 40;
  const uint32_t size = 4096;

  if (driver.pointers) {
    g_test_skip ("S1 does not copy the block back");
    return;
  }
  client_put (block, 0, &size, 4);
  mprotect (pages + 4096, 4096, PROT_READ);
  g_assert_cmpint (client_request (fd, ALLOCBUF, block), ==, UNION_SIZE - 40);
  g_assert_cmpint (client_counters ().live_blocks, ==, 1);
  munmap (pages, 8192);
  client_reset (fd);
}

static int
plain_request (unsigned long code)
{
  uint8_t block[96] = { 0 };
  const int result = ioctl (fd, code, block);

  return result < 0 ? -errno : result;
}

static void
test_unknown_requests (void)
{
  const int unknown = driver.pointers ? 0 : -EINVAL;

  g_assert_cmpint (plain_request (0x5800), ==, unknown);
  g_assert_cmpint (plain_request (REQUEST (1)), ==, unknown);
  g_assert_cmpint (plain_request (REQUEST (99)), ==, unknown);
  g_assert_cmpint (plain_request (REQUEST (RECRES + 1)), ==, -ENOTTY);
  g_assert_cmpint (plain_request (0xc0085902ul), ==, -ENOTTY);
  g_assert_cmpint (plain_request (0x5401), ==, -ENOTTY);
  /* the whole number counts, size and direction included */
  g_assert_cmpint (plain_request ((REQUEST (RECRES) & ~0x3fff0000u) | 16u << 16), ==, unknown);
  g_assert_cmpint (plain_request (REQUEST (SHUTDOWN) & 0x3fffffffu), ==, unknown);
}

/* 0: handled, with this block of zeroes; else the errno. What a version does not have is an unknown number. */
static void
test_requests_by_version (void)
{
  const int unknown = driver.pointers ? 0 : -EINVAL;

  g_assert_cmpint (plain_request (REQUEST (SHUTDOWN)), ==, 0);
  g_assert_cmpint (plain_request (REQUEST (CLEARDMABUF)), ==, driver.pointers ? 0 : 1);
  g_assert_cmpint (plain_request (REQUEST (CONFIG)), ==, is ("2016.4 4.9a 4.9") ? 0 : unknown);
  g_assert_cmpint (plain_request (REQUEST (MCDMAREGISTER)), ==, is ("3.13 2016.4 4.9a 4.9") ? -EPERM : unknown);
  g_assert_cmpint (plain_request (REQUEST (MEMOP)), ==, driver.pointers ? 0 : -EINVAL);
  g_assert_cmpint (plain_request (REQUEST (DMAREQUEST)), ==, -EPERM);
  g_assert_cmpint (plain_request (REQUEST (DMASUBMIT)), ==, -ENOMEM);
  g_assert_cmpint (plain_request (REQUEST (DMAWAIT)), ==, -EPERM);
  g_assert_cmpint (plain_request (REQUEST (DMARELEASE)), ==, -EPERM);
  g_assert_cmpint (plain_request (REQUEST (DMAREGISTER)), ==, driver.pointers ? -EPERM : 0);
  g_assert_cmpint (plain_request (REQUEST (DEVREGISTER)), ==, 0);
  g_assert_cmpint (plain_request (REQUEST (DEVUNREGISTER)), ==, 0);
}

static void
test_interrupts (void)
{
  uint8_t block[96] = { 0 };
  uint32_t type = 1;
  int32_t number = 61, polling = 1, success = 7, id = -1;
  const size_t id_at = sizeof (long) == 4 ? 32 : 40;

  if (!is ("2018.3 5.10")) {
    g_assert_cmpint (plain_request (REQUEST (IRQREGISTER)), ==, driver.pointers ? 0 : -EINVAL);
    return;
  }
  client_put (block, 0, &number, 4);
  client_put (block, 8, &type, 4);
  g_assert_cmpint (client_request (fd, IRQREGISTER, block), ==, -EINVAL);
  type = 5;
  client_put (block, 8, &type, 4);
  g_assert_cmpint (client_request (fd, IRQREGISTER, block), ==, 0);
  client_get (block, id_at, &id, 4);
  g_assert_cmpint (id, ==, 0);

  memset (block, 0, sizeof block);
  client_put (block, 4, &polling, 4);
  client_put (block, 8, &success, 4);
  g_assert_cmpint (client_request (fd, IRQWAIT, block), ==, 0);
  client_get (block, 8, &success, 4);
  g_assert_cmpint (success, ==, 0);
  g_assert_cmpint (client_request (fd, IRQUNREGISTER, block), ==, 0);
  g_assert_cmpint (client_request (fd, IRQUNREGISTER, block), ==, -EINVAL);
}

/* Five bytes of their own, not the union. */
static void
test_standard_mode (void)
{
  uint8_t config[5] = { 1, 1, 0, 0, 0 }, back[5] = { 0 };
  Buffer buffer;

  if (!is ("2016.4 4.9a 4.9")) {
    g_test_skip ("no CONFIG");
    return;
  }
  g_assert_cmpint (client_alloc (fd, 4096, true, &buffer), ==, 0);
  g_assert_cmpint (client_cache (fd, buffer.phys, 4096, 0), ==, 0);
  g_assert_cmpint (client_request (fd, CONFIG, config), ==, 0);
  g_assert_cmpint (client_cache (fd, buffer.phys, 4096, 0), ==, -EPERM);
  g_assert_cmpint (client_request (fd, CONFIG, back), ==, 0);
  g_assert_cmpint (back[1], ==, 1);
  config[1] = 0;
  g_assert_cmpint (client_request (fd, CONFIG, config), ==, 0);
  g_assert_cmpint (client_cache (fd, buffer.phys, 4096, 0), ==, 0);
  client_reset (fd);
}

/* The offset's upper bits pick the buffer; the lower ones are dropped. */
static void
test_mmap_offset (void)
{
  Buffer buffer = client_take (fd, 16384, true);
  const off_t base = (off_t) buffer.id << driver.shift;
  uint8_t *low = mmap (NULL, 4096, PROT_READ, MAP_SHARED, fd, base + 8192);

  buffer.data[0] = 1;
  buffer.data[8192] = 2;
  g_assert_true (low != MAP_FAILED);
  g_assert_cmpint (low[0], ==, 1);
  g_assert_true (mmap (NULL, 4096, PROT_READ, MAP_SHARED, fd, base + 1) == MAP_FAILED);
  g_assert_cmpint (errno, ==, EINVAL);
  munmap (low, 4096);
  client_give (fd, &buffer);
}

/* The other shift is the mistake that clients make: from 16 they get the scratch page, from 24 physical address 0. */
static void
test_wrong_shift (void)
{
  const uint64_t hazards = client_counters ().map_free_id;
  Buffer buffer = client_take (fd, 4096, true);
  const unsigned wrong = driver.shift == 16 ? 24 : 16;
  uint8_t *data;

  g_assert_cmpint (pwrite (fd, "marker", 6, 0), ==, 6);
  data = mmap (NULL, 4096, PROT_READ, MAP_SHARED, fd, (off_t) buffer.id << wrong);
  g_assert_true (data != MAP_FAILED);
  g_assert_cmpint (memcmp (data, "marker", 6) == 0, ==, wrong == 16);
  g_assert_cmpint (client_counters ().map_free_id - hazards, ==, wrong == 24);
  munmap (data, 4096);
  client_give (fd, &buffer);
}

static void
test_recover_frees_everything (void)
{
  Buffer buffer;

  for (int i = 0; i < 5; i++)
    g_assert_cmpint (client_alloc (fd, 5000, i % 2, &buffer), ==, 0);
  g_assert_cmpint (client_counters ().live_blocks, ==, 5);
  client_reset (fd);
  g_assert_cmpint (client_counters ().live_blocks, ==, 0);
  g_assert_cmpint (client_counters ().live_bytes, ==, 0);
}

/* Only S8 frees what an open file allocated; the others keep it for ever. */
static void
test_close (void)
{
  const int other = client_open (), twin = dup (other);
  Buffer buffer;

  g_assert_cmpint (client_alloc (other, 4096, true, &buffer), ==, 0);
  buffer.data = client_map (other, buffer.id, 4096);
  close (other);
  g_assert_cmpint (client_counters ().live_blocks, ==, 1);
  close (twin);
  g_assert_cmpint (client_counters ().live_blocks, ==, 1);
  munmap (buffer.data, 4096);
  g_assert_cmpint (client_counters ().live_blocks, ==, is ("5.10") ? 0 : 1);
  client_reset (fd);
}

static void
test_mmap_error_needs_length (void)
{
  g_assert_true (mmap (NULL, 0, PROT_READ, MAP_SHARED, fd, 1l << driver.shift) == MAP_FAILED);
  g_assert_cmpint (errno, ==, EINVAL);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  driver = client_driver ();
  fd = client_open ();
  g_assert_cmpint (fd, >=, 0);
  g_test_add_func ("/driver/ids-are-lowest-free-first", test_ids_are_lowest_free_first);
  g_test_add_func ("/driver/full-table", test_full_table);
  g_test_add_func ("/driver/alloc-errors", test_alloc_errors);
  g_test_add_func ("/driver/free-errors", test_free_errors);
  g_test_add_func ("/driver/positive-return", test_positive_return);
  g_test_add_func ("/driver/unknown-requests", test_unknown_requests);
  g_test_add_func ("/driver/requests-by-version", test_requests_by_version);
  g_test_add_func ("/driver/interrupts", test_interrupts);
  g_test_add_func ("/driver/standard-mode", test_standard_mode);
  g_test_add_func ("/driver/mmap-offset", test_mmap_offset);
  g_test_add_func ("/driver/wrong-shift", test_wrong_shift);
  g_test_add_func ("/driver/mmap-error", test_mmap_error_needs_length);
  g_test_add_func ("/driver/recover-frees-everything", test_recover_frees_everything);
  g_test_add_func ("/driver/close", test_close);
  return g_test_run ();
}
