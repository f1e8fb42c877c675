/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * test-memory.c: CMA and mmap (xlnk-abi §5.1, §5.3): alignment, fragmentation, windows that overlap and pages that do not.
 */
#include "client.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define MIB (1u << 20)

static int fd;

static void
test_alignment (void)
{
  const uint32_t sizes[] = { 1, 4096, 4097, 12288, 65536, 100000, MIB - 1, MIB, 3 * MIB };
  Buffer buffer;

  for (gsize i = 0; i < G_N_ELEMENTS (sizes); i++) {
    uint64_t align = 4096;

    while (align < sizes[i] && align < MIB)
      align *= 2;
    g_assert_cmpint (client_alloc (fd, 4096, true, &buffer), ==, 0);
    g_assert_cmpint (client_alloc (fd, sizes[i], true, &buffer), ==, 0);
    g_assert_cmpint (buffer.phys % align, ==, 0);
    g_assert_cmpint (buffer.phys + sizes[i], <, G_GUINT64_CONSTANT (1) << 32);
  }
  client_reset (fd);
}

/* Half of the memory is free, and not two pages of it together. */
static void
test_fragmentation (void)
{
  const uint64_t pages = client_counters ().cma_free / 4096;
  int *ids;
  Buffer buffer;

  if (pages > client_driver ().last_id) {
    g_test_skip ("more pages than ids");
    return;
  }
  ids = g_new (int, pages);
  for (uint64_t i = 0; i < pages; i++) {
    g_assert_cmpint (client_alloc (fd, 4096, true, &buffer), ==, 0);
    ids[i] = buffer.id;
  }
  g_assert_cmpint (client_alloc (fd, 1, true, &buffer), ==, -ENOMEM);
  for (uint64_t i = 0; i < pages; i += 2)
    g_assert_cmpint (client_free (fd, ids[i]), ==, 0);
  g_assert_cmpint (client_counters ().cma_free, ==, (pages + 1) / 2 * 4096);
  g_assert_cmpint (client_alloc (fd, 8192, true, &buffer), ==, -ENOMEM);
  g_assert_cmpint (client_alloc (fd, 4096, true, &buffer), ==, 0);
  client_reset (fd);
  g_free (ids);
}

static void
test_memory_is_zeroed (void)
{
  const uint32_t sizes[] = { 5000, 300000 };

  for (gsize i = 0; i < G_N_ELEMENTS (sizes); i++) {
    const uint32_t rounded = (sizes[i] + 4095) / 4096 * 4096;
    Buffer buffer = client_take (fd, sizes[i], true), again;
    uint64_t first = buffer.phys;

    memset (buffer.data, 7, rounded);
    g_assert_cmpint (client_cache (fd, buffer.phys, rounded, 0), ==, 0);
    client_give (fd, &buffer);
    again = client_take (fd, sizes[i], true);
    g_assert_cmpint (again.phys, ==, first);
    for (uint32_t k = 0; k < rounded; k++)
      g_assert_cmpint (again.data[k], ==, 0);
    g_assert_cmpint (device_byte (again.phys + rounded - 1), ==, 0);
    client_give (fd, &again);
  }
}

/* FREEBUF asks nobody: a mapping that was kept shows the next owner's memory. */
static void
test_dangling_mapping (void)
{
  Buffer old = client_take (fd, 4096, true), new;

  g_assert_cmpint (client_free (fd, old.id), ==, 0);
  new = client_take (fd, 4096, true);
  new.data[0] = 5;
  g_assert_cmpint (old.data[0], ==, 5);
  munmap (old.data, 4096);
  client_give (fd, &new);
}

static void
test_long_mapping_shows_the_neighbour (void)
{
  const uint64_t hazards = client_counters ().map_too_long;
  Buffer first = client_take (fd, 4096, true), second = client_take (fd, 4096, true);
  uint8_t *both = client_map (fd, first.id, 8192);

  g_assert_nonnull (both);
  second.data[1] = 3;
  g_assert_cmpint (both[4097], ==, 3);
  g_assert_cmpint (client_counters ().map_too_long, ==, hazards + 1);
  munmap (both, 8192);
  client_give (fd, &first);
  client_give (fd, &second);
}

static void
test_mapping_beyond_the_end (void)
{
  const uint64_t total = client_counters ().cma_total;
  Buffer buffer = client_take (fd, 4096, true);
  uint8_t *all = client_map (fd, buffer.id, total + MIB);

  g_assert_nonnull (all);
  all[total + MIB - 1] = 1;
  all[0] = 2;
  g_assert_cmpint (buffer.data[0], ==, 2);
  munmap (all, total + MIB);
  client_give (fd, &buffer);
}

static void
test_free_id_maps_physical_0 (void)
{
  const uint64_t hazards = client_counters ().map_free_id;
  uint8_t *one = client_map (fd, 77, 4096), *other = client_map (fd, 78, 1 << 20);

  g_assert_nonnull (one);
  g_assert_nonnull (other);
  one[0] = 4;
  g_assert_cmpint (other[0], ==, 4);
  g_assert_cmpint (client_counters ().map_free_id, ==, hazards + 2);
  munmap (one, 4096);
  munmap (other, 1 << 20);
}

/* Do the windows of consecutive ids show different pages over their whole length? */
static bool
windows_are_distinct (int file, unsigned shift, int first, size_t size)
{
  uint8_t *a = mmap (NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, file, (off_t) first << shift);
  uint8_t *b = mmap (NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, file, (off_t) (first + 1) << shift);
  bool distinct;

  g_assert_true (a != MAP_FAILED && b != MAP_FAILED);
  memset (a, 1, size);
  memset (b, 2, size);
  distinct = memchr (a, 2, size) == NULL;
  munmap (a, size);
  munmap (b, size);
  return distinct;
}

/* Negative control: a plain file cannot do it, because the window of an id reaches into that of the next. */
static void
test_windows_do_not_alias (void)
{
  const unsigned shift = client_driver ().shift;
  const size_t size = ((size_t) 1 << shift) + 65536;
  char name[] = "/tmp/linear-XXXXXX";
  const int linear = mkstemp (name);
  Buffer first, second;

  g_assert_cmpint (linear, >=, 0);
  unlink (name);
  g_assert_cmpint (client_alloc (fd, (uint32_t) size, true, &first), ==, 0);
  g_assert_cmpint (client_alloc (fd, (uint32_t) size, true, &second), ==, 0);
  g_assert_cmpint (second.id, ==, first.id + 1);
  g_assert_true (windows_are_distinct (fd, shift, first.id, size));

  g_assert_cmpint (ftruncate (linear, (off_t) (second.id + 2) << shift), ==, 0);
  g_assert_false (windows_are_distinct (linear, shift, first.id, size));
  close (linear);
  client_reset (fd);
}

/* Run with --first-id: at shift 24 the offset of 200 does not fit in 31 bits, that of 4095 not in 32. */
static void
test_first_id (void)
{
  const char *first = g_getenv ("TEST_FIRST_ID");
  Buffer buffer = client_take (fd, 4096, true);

  g_assert_cmpint (buffer.id, ==, first ? atoi (first) : 1);
  buffer.data[0] = 6;
  g_assert_cmpint (client_cache (fd, buffer.phys, 4096, 0), ==, 0);
  g_assert_cmpint (device_byte (buffer.phys), ==, 6);
  client_give (fd, &buffer);
}

#define ADD(name, test) g_test_add_func ("/memory/" name, test)

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  fd = client_open ();
  g_assert_cmpint (fd, >=, 0);
  ADD ("first-id", test_first_id);
  if (g_getenv ("TEST_FIRST_ID"))
    return g_test_run ();
  ADD ("alignment", test_alignment);
  ADD ("fragmentation", test_fragmentation);
  ADD ("zeroed", test_memory_is_zeroed);
  ADD ("dangling-mapping", test_dangling_mapping);
  ADD ("long-mapping-shows-the-neighbour", test_long_mapping_shows_the_neighbour);
  ADD ("mapping-beyond-the-end", test_mapping_beyond_the_end);
  ADD ("free-id-maps-physical-0", test_free_id_maps_physical_0);
  ADD ("windows-do-not-alias", test_windows_do_not_alias);
  return g_test_run ();
}
