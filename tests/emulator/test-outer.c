/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * test-outer.c: what goes wrong between the two cache levels of a 32-bit machine. Runs with --seed: see outer.c.
 */
#include "client.h"

#include <string.h>

#define SIZE (256u << 10)

static int fd;

static unsigned
stale_bytes (const Buffer * buffer, uint8_t fresh)
{
  unsigned count = 0;

  for (uint32_t i = 0; i < buffer->size; i++)
    count += buffer->data[i] != fresh;
  return count;
}

/* The CPU loads lines again while the operation is half-way: some stay stale. Two passes take them all. */
static void
check_passes (int action)
{
  Buffer buffer = client_take (fd, SIZE, true);

  memset (buffer.data, 1, SIZE);
  g_assert_cmpint (client_cache (fd, buffer.phys, SIZE, 0), ==, 0);
  for (uint8_t round = 10; round < 20; round++) {
    device_fill (buffer.phys, round, SIZE);
    g_assert_cmpint (client_cache (fd, buffer.phys, SIZE, action), ==, 0);
    g_assert_cmpint (stale_bytes (&buffer, round), >, 0);
    g_assert_cmpint (client_cache (fd, buffer.phys, SIZE, action), ==, 0);
    g_assert_cmpint (stale_bytes (&buffer, round), ==, 0);
  }
  client_give (fd, &buffer);
}

static void
test_one_pass_of_action_0_leaves_stale_lines (void)
{
  check_passes (0);
}

static void
test_one_pass_of_action_1_leaves_stale_lines (void)
{
  check_passes (1);
}

/* The second pass is no redundancy, whatever the dice said; a third one is. */
static void
test_second_pass_is_needed (void)
{
  Buffer buffer = client_take (fd, 4096, true);
  struct xlnk_emulator_counters before, after;

  device_fill (buffer.phys, 7, 64);
  before = client_counters ();
  client_cache (fd, buffer.phys, 4096, 0);
  client_cache (fd, buffer.phys, 4096, 0);
  after = client_counters ();
  g_assert_cmpint (after.needed, ==, before.needed + 2);
  g_assert_cmpint (after.redundant, ==, before.redundant);
  client_cache (fd, buffer.phys, 4096, 0);
  g_assert_cmpint (client_counters ().redundant, ==, before.redundant + 1);
  client_give (fd, &buffer);
}

typedef struct
{
  volatile uint32_t *where;
  int stop, lost;
} Writer;

/* Does memory keep what this thread stores? */
static gpointer
write_and_look (gpointer data)
{
  Writer *writer = data;
  uint32_t value = 0;

  while (!g_atomic_int_get (&writer->stop)) {
    *writer->where = ++value;
    for (volatile int i = 0; i < 50; i++);
    if (*writer->where != value)
      writer->lost++;
  }
  return NULL;
}

static int
losses (int action, int rounds)
{
  Buffer buffer = client_take (fd, SIZE, true);
  Writer writer = { (volatile uint32_t *) (buffer.data + 4096), 0, 0 };
  GThread *thread = g_thread_new ("writer", write_and_look, &writer);

  for (int i = 0; i < rounds && !(action == 1 && writer.lost); i++)
    g_assert_cmpint (client_cache (fd, buffer.phys, SIZE, action), ==, 0);
  g_atomic_int_set (&writer.stop, 1);
  g_thread_join (thread);
  client_give (fd, &buffer);
  return writer.lost;
}

/* Action 1 ends by throwing away second-level lines, among them one that a writer's first level just evicted. */
static void
test_action_1_loses_a_concurrent_store (void)
{
  const uint64_t hazards = client_counters ().lost_line;

  g_assert_cmpint (losses (1, 20000), >, 0);
  g_assert_cmpint (client_counters ().lost_line, >, hazards);
}

static void
test_action_0_loses_nothing (void)
{
  const uint64_t hazards = client_counters ().lost_line;

  g_assert_cmpint (losses (0, 400), ==, 0);
  g_assert_cmpint (client_counters ().lost_line, ==, hazards);
}

/* With an offset the two levels work on different lines: what the first gave up is still in the second. */
static void
test_ranges_that_differ (void)
{
  const uint64_t hazards = client_counters ().device_read_dirty;
  Buffer buffer = client_take (fd, 65536, true);

  memset (buffer.data, 1, 4096);
  g_assert_cmpint (client_cache (fd, buffer.phys + 32768, 4096, 0), ==, 0);
  g_assert_cmpint (device_byte (buffer.phys + 64), ==, 0);
  g_assert_cmpint (client_counters ().device_read_dirty, ==, hazards + 1);
  g_assert_cmpint (client_cache (fd, buffer.phys, 4096, 0), ==, 0);
  g_assert_cmpint (device_byte (buffer.phys + 64), ==, 1);
  g_assert_cmpint (client_counters ().device_read_dirty, ==, hazards + 1);
  client_give (fd, &buffer);
}

#define ADD(name, test) g_test_add_func ("/outer/" name, test)

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  fd = client_open ();
  g_assert_cmpint (fd, >=, 0);
  ADD ("one-pass-of-action-0", test_one_pass_of_action_0_leaves_stale_lines);
  ADD ("one-pass-of-action-1", test_one_pass_of_action_1_leaves_stale_lines);
  ADD ("second-pass-is-needed", test_second_pass_is_needed);
  ADD ("action-1-loses-a-concurrent-store", test_action_1_loses_a_concurrent_store);
  ADD ("action-0-loses-nothing", test_action_0_loses_nothing);
  ADD ("ranges-that-differ", test_ranges_that_differ);
  return g_test_run ();
}
