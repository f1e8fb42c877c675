/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * test-hooks.c: maintenance by address, as 64-bit programs do it themselves (xlnk-abi §6, last lines).
 */
#include "client.h"

#include <dlfcn.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#define SIZE 65536u

static int fd;
static unsigned (*line_size) (void);
static int (*maintains) (void);
static void (*clean) (const void *, size_t);
static void (*clean_invalidate) (const void *, size_t);
static void (*barrier) (void);

static void
find_hooks (void)
{
  *(void **) &line_size = dlsym (RTLD_DEFAULT, "xlnk_hw_line_size");
  *(void **) &maintains = dlsym (RTLD_DEFAULT, "xlnk_hw_maintains_by_address");
  *(void **) &clean = dlsym (RTLD_DEFAULT, "xlnk_hw_clean");
  *(void **) &clean_invalidate = dlsym (RTLD_DEFAULT, "xlnk_hw_clean_invalidate");
  *(void **) &barrier = dlsym (RTLD_DEFAULT, "xlnk_hw_barrier");
}

static void
test_exactly_the_lines_of_the_range (void)
{
  Buffer buffer = client_take (fd, SIZE, true);

  memset (buffer.data, 1, SIZE);
  clean (buffer.data + 4096 + 10, 64);
  barrier ();
  g_assert_cmpint (device_byte (buffer.phys + 4095), ==, 0);
  g_assert_cmpint (device_byte (buffer.phys + 4096), ==, 1);
  g_assert_cmpint (device_byte (buffer.phys + 4096 + 127), ==, 1);
  g_assert_cmpint (device_byte (buffer.phys + 4096 + 128), ==, 0);
  client_give (fd, &buffer);
}

/* The instruction starts it, the barrier waits for it. */
static void
test_missing_barrier (void)
{
  const uint64_t hazards = client_counters ().device_read_dirty;
  Buffer buffer = client_take (fd, SIZE, true);

  buffer.data[0] = 1;
  buffer.data[4096] = 2;
  clean (buffer.data, 64);
  clean (buffer.data + 4096, 64);
  g_assert_cmpint (device_byte (buffer.phys), ==, 0);
  g_assert_cmpint (client_counters ().device_read_dirty, ==, hazards + 1);
  barrier ();
  g_assert_cmpint (device_byte (buffer.phys), ==, 1);
  g_assert_cmpint (device_byte (buffer.phys + 4096), ==, 2);
  g_assert_cmpint (client_counters ().device_read_dirty, ==, hazards + 1);
  client_give (fd, &buffer);
}

static gpointer
bar (gpointer data)
{
  barrier ();
  return data;
}

static void
test_barrier_of_another_thread_is_no_help (void)
{
  Buffer buffer = client_take (fd, SIZE, true);

  buffer.data[0] = 1;
  clean (buffer.data, 1);
  g_thread_join (g_thread_new ("bar", bar, NULL));
  g_assert_cmpint (device_byte (buffer.phys), ==, 0);
  barrier ();
  client_give (fd, &buffer);
}

static void
test_invalidate (void)
{
  const struct xlnk_emulator_counters before = client_counters ();
  Buffer buffer = client_take (fd, SIZE, true);
  struct xlnk_emulator_counters after;

  device_fill (buffer.phys, 9, SIZE);
  clean (buffer.data, SIZE);
  barrier ();
  g_assert_cmpint (buffer.data[0], ==, 0);
  clean_invalidate (buffer.data, 128);
  barrier ();
  g_assert_cmpint (buffer.data[127], ==, 9);
  g_assert_cmpint (buffer.data[128], ==, 0);
  after = client_counters ();
  g_assert_cmpint (after.flushes, ==, before.flushes + 1);
  g_assert_cmpint (after.invalidates, ==, before.invalidates + 1);
  g_assert_cmpint (after.invalidated_bytes, ==, before.invalidated_bytes + 128);
  g_assert_cmpint (after.needed, ==, before.needed + 1);
  g_assert_cmpint (after.redundant, ==, before.redundant + 1);
  client_give (fd, &buffer);
}

/* Clean and invalidate: what the CPU wrote is kept. */
static void
test_invalidate_keeps_dirty_lines (void)
{
  Buffer buffer = client_take (fd, SIZE, true);

  buffer.data[0] = 1;
  clean_invalidate (buffer.data, 64);
  barrier ();
  g_assert_cmpint (buffer.data[0], ==, 1);
  g_assert_cmpint (device_byte (buffer.phys), ==, 1);
  client_give (fd, &buffer);
}

static void
test_foreign_and_unmapped_addresses (void)
{
  const struct xlnk_emulator_counters before = client_counters ();
  Buffer buffer = client_take (fd, 8192, true), uncached = client_take (fd, 4096, false);
  uint8_t local[256];

  clean (local, sizeof local);
  clean (uncached.data, 4096);
  munmap (buffer.data, 4096);
  clean (buffer.data, 4096);
  barrier ();
  g_assert_cmpint (client_counters ().lines_asked, ==, before.lines_asked);
  /* the second page is still there, and still the second */
  buffer.data[4096] = 1;
  clean (buffer.data, 8192);
  barrier ();
  g_assert_cmpint (device_byte (buffer.phys + 4096), ==, 1);
  munmap (buffer.data + 4096, 4096);
  client_give (fd, &uncached);
  g_assert_cmpint (client_free (fd, buffer.id), ==, 0);
}

static void
test_after_fork (void)
{
  Buffer buffer = client_take (fd, SIZE, true);
  const pid_t pid = fork ();
  int status;

  if (pid == 0) {
    buffer.data[7] = 3;
    clean (buffer.data, 64);
    barrier ();
    _exit (0);
  }
  waitpid (pid, &status, 0);
  g_assert_cmpint (device_byte (buffer.phys + 7), ==, 3);
  client_give (fd, &buffer);
}

/* 32-bit machines have no such instructions. */
static void
test_not_on_arm (void)
{
  Buffer buffer = client_take (fd, SIZE, true);

  g_assert_cmpint (line_size (), ==, 32);
  g_assert_false (maintains ());
  buffer.data[0] = 1;
  clean (buffer.data, SIZE);
  barrier ();
  g_assert_cmpint (device_byte (buffer.phys), ==, 0);
  client_give (fd, &buffer);
}

#define ADD(name, test) g_test_add_func ("/hooks/" name, test)

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  find_hooks ();
  fd = client_open ();
  g_assert_cmpint (fd, >=, 0);
  if (!client_driver ().arm64) {
    ADD ("not-on-arm", test_not_on_arm);
    return g_test_run ();
  }
  g_assert_cmpint (line_size (), ==, 64);
  g_assert_true (maintains ());
  ADD ("exactly-the-lines-of-the-range", test_exactly_the_lines_of_the_range);
  ADD ("missing-barrier", test_missing_barrier);
  ADD ("barrier-of-another-thread", test_barrier_of_another_thread_is_no_help);
  ADD ("invalidate", test_invalidate);
  ADD ("invalidate-keeps-dirty-lines", test_invalidate_keeps_dirty_lines);
  ADD ("foreign-and-unmapped-addresses", test_foreign_and_unmapped_addresses);
  ADD ("after-fork", test_after_fork);
  return g_test_run ();
}
