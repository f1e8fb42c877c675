/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * core-faults.c: cores that hang, cores that are told wrong addresses, memory that is freed under them, programs that die
 * while they run. Each hazard is counted once and under its own name; the same job without the mistake counts none.
 */
#include "core-client.h"

#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#define WIDTH_PIXELS 256u
#define LINES 32u
#define SIZE (WIDTH_PIXELS * LINES * 4)

static int fd;
static gboolean in_time;        /* what happens in the middle of a job can be seen */

static void
set_job (const Unit * unit, uint64_t src, uint64_t dst)
{
  put_address (unit, SRC, src);
  put_address (unit, DST, dst);
  put (unit, WIDTH, WIDTH_PIXELS);
  put (unit, HEIGHT, LINES);
  put (unit, SRC_STRIDE, 0);
  put (unit, DST_STRIDE, 0);
  put (unit, FORMAT, RGBA);
}

static Buffer
take (uint32_t size, uint8_t value)
{
  Buffer buffer = client_take (fd, size, true);

  memset (buffer.data, value, size);
  flush (fd, &buffer);
  return buffer;
}

static unsigned
count_bytes (const Buffer * buffer, uint8_t value)
{
  unsigned count = 0;
  uint8_t *data = g_malloc (buffer->size);

  g_assert_cmpint (device_read (buffer->phys, data, buffer->size), ==, 0);
  for (uint32_t i = 0; i < buffer->size; i++)
    count += data[i] == value;
  g_free (data);
  return count;
}

static void
wait_for_bytes (const Buffer * buffer, unsigned count)
{
  for (unsigned i = 0; count_bytes (buffer, 1) < count; i++) {
    g_assert_cmpint (i, <, 5000);
    g_usleep (500);
  }
}

/* hang-at=2 */
static void
test_hang (void)
{
  const uint64_t before = client_counters ().hazards;
  Unit unit = unit_open ("hang");
  Buffer src = take (SIZE, 1), dst = take (SIZE, 0);
  unsigned copied;

  set_job (&unit, src.phys, dst.phys);
  unit_run (&unit);
  device_fill (dst.phys, 0, SIZE);
  unit_start (&unit);
  wait_for_bytes (&dst, SIZE / 2);
  g_assert_false (unit_wait (&unit, CTRL, DONE | IDLE, 50));
  unit_start (&unit);
  g_assert_false (unit_wait (&unit, CTRL, DONE | IDLE, 20));
  copied = count_bytes (&dst, 1);
  g_assert_cmpint (copied, >, 0);
  g_assert_cmpint (copied, <, SIZE);
  g_assert_cmpint (core_statistics ("hang").hangs, ==, 1);

  g_assert_cmpint (reset_core ("hang"), ==, 0);
  set_job (&unit, src.phys, dst.phys);
  unit_run (&unit);
  g_assert_cmpint (count_bytes (&dst, 1), ==, SIZE);
  g_assert_cmpint (client_counters ().hazards, ==, before);
  client_give (fd, &src);
  client_give (fd, &dst);
  unit_close (&unit);
}

/* error-at=1: no bit says so, half of the picture is not written */
static void
test_bus_error (void)
{
  Unit unit = unit_open ("error");
  Buffer src = take (SIZE, 1), dst = take (SIZE, 0);

  set_job (&unit, src.phys, dst.phys);
  unit_run (&unit);
  g_assert_cmpint (count_bytes (&dst, 1), ==, SIZE / 2);
  g_assert_cmpint (core_statistics ("error").errors, ==, 1);
  unit_run (&unit);
  g_assert_cmpint (count_bytes (&dst, 1), ==, SIZE);
  client_give (fd, &src);
  client_give (fd, &dst);
  unit_close (&unit);
}

/* Nothing is there: the core reads rubbish, writes nowhere, and is done. */
static void
test_wrong_address (void)
{
  const struct xlnk_emulator_counters before = client_counters ();
  Unit unit = unit_open ("plain");
  Buffer buffer = take (SIZE, 1);

  set_job (&unit, 0, buffer.phys);
  unit_run (&unit);
  g_assert_cmpint (client_counters ().device_outside, ==, before.device_outside + LINES);
  g_assert_cmpint (count_bytes (&buffer, 1), ==, 0);
  set_job (&unit, buffer.phys, 0x123456780000);
  unit_run (&unit);
  g_assert_cmpint (client_counters ().device_outside, ==, before.device_outside + 2 * LINES);
  /* in CMA, but nobody's */
  set_job (&unit, buffer.phys, buffer.phys + 4 * SIZE);
  unit_run (&unit);
  g_assert_cmpint (client_counters ().device_outside, ==, before.device_outside + 3 * LINES);
  g_assert_cmpint (client_counters ().hazards, ==, before.hazards + 3 * LINES);
  client_give (fd, &buffer);
  unit_close (&unit);
}

/* Too small an output, and behind it another buffer. */
static void
test_overrun (void)
{
  const struct xlnk_emulator_counters before = client_counters ();
  Unit unit = unit_open ("plain");
  Buffer src = take (SIZE, 1), small = take (SIZE / 2, 0), victim = take (SIZE / 2, 0);

  g_assert_cmphex (victim.phys, ==, small.phys + SIZE / 2);
  set_job (&unit, src.phys, small.phys);
  unit_run (&unit);
  g_assert_cmpint (count_bytes (&victim, 1), ==, SIZE / 2);
  g_assert_cmpint (client_counters ().device_overrun, ==, before.device_overrun + LINES / 2);
  g_assert_cmpint (client_counters ().hazards, ==, before.hazards + LINES / 2);
  client_give (fd, &src);
  client_give (fd, &small);
  client_give (fd, &victim);
  unit_close (&unit);
}

/* The memory goes back while the core writes: it writes on, into whatever is there. */
static void
test_freed_under_the_core (void)
{
  const struct xlnk_emulator_counters before = client_counters ();
  Unit unit = unit_open ("slow");
  Buffer src = take (SIZE, 1), dst = take (SIZE, 0), next;
  const uint64_t phys = dst.phys;

  set_job (&unit, src.phys, dst.phys);
  unit_start (&unit);
  wait_for_bytes (&dst, 1);
  client_give (fd, &dst);
  next = take (SIZE, 0);
  g_assert_cmphex (next.phys, ==, phys);
  g_assert_true (unit_wait (&unit, CTRL, DONE, 5000));
  g_assert_cmpint (client_counters ().device_freed, >, before.device_freed);
  g_assert_cmpint (client_counters ().hazards - before.hazards, ==,
      client_counters ().device_freed - before.device_freed);
  g_assert_cmpint (count_bytes (&next, 1), >, 0);
  client_give (fd, &src);
  client_give (fd, &next);
  unit_close (&unit);
}

/* After a reset not one burst more, so that the memory can go back. Wide lines: many bursts between two looks. */
static void
test_reset_ends_the_bursts (void)
{
  const uint64_t before = client_counters ().hazards;
  const uint32_t width = 65535, lines = 3;
  Unit unit = unit_open ("plain");

  for (unsigned i = 0; i < 60; i++) {
    Buffer src = client_take (fd, width * 4 * lines, true), dst = client_take (fd, width * 4 * lines, true);

    set_job (&unit, src.phys, dst.phys);
    put (&unit, WIDTH, width);
    put (&unit, HEIGHT, lines);
    put (&unit, CTRL, START | RESTART);
    g_usleep (i * 7);
    g_assert_cmpint (reset_core ("plain"), ==, 0);
    client_free (fd, src.id);
    client_free (fd, dst.id);
    munmap (src.data, src.size);
    munmap (dst.data, dst.size);
  }
  g_usleep (5000);
  g_assert_cmpint (client_counters ().hazards, ==, before);
  unit_close (&unit);
}

/* A start right behind a reset is not overlooked. */
static void
test_start_after_reset (void)
{
  Unit unit = unit_open ("brief");
  Buffer src = take (SIZE, 1), dst = take (SIZE, 0);

  for (unsigned i = 0; i < 150; i++) {
    set_job (&unit, src.phys, dst.phys);
    put (&unit, CTRL, START | RESTART);
    g_usleep (i * 20);
    g_assert_cmpint (reset_core ("brief"), ==, 0);
    set_job (&unit, src.phys, dst.phys);
    unit_run (&unit);
  }
  client_give (fd, &src);
  client_give (fd, &dst);
  unit_close (&unit);
}

/* The same without the mistake. */
static void
test_freed_after_the_core (void)
{
  const struct xlnk_emulator_counters before = client_counters ();
  Unit unit = unit_open ("slow");
  Buffer src = take (SIZE, 1), dst = take (SIZE, 0), next;

  set_job (&unit, src.phys, dst.phys);
  unit_run (&unit);
  client_give (fd, &dst);
  next = take (SIZE, 0);
  g_assert_cmpint (client_counters ().hazards, ==, before.hazards);
  client_give (fd, &src);
  client_give (fd, &next);
  unit_close (&unit);
}

/* In a child: starts a job and is killed. What it needed lies in a pipe. */
static void
run_and_die (int to)
{
  Unit unit = unit_open ("slow");
  Buffer buffers[2] = { take (SIZE, 1), take (SIZE, 0) };

  set_job (&unit, buffers[0].phys, buffers[1].phys);
  unit_start (&unit);
  wait_for_bytes (&buffers[1], 1);
  if (write (to, buffers, sizeof buffers) == sizeof buffers)
    kill (getpid (), SIGKILL);
  _exit (1);
}

static void
kill_a_client (Buffer buffers[2])
{
  int ends[2], status;
  pid_t child;

  g_assert_cmpint (pipe (ends), ==, 0);
  child = fork ();
  if (child == 0)
    run_and_die (ends[1]);
  g_assert_cmpint (read (ends[0], buffers, 2 * sizeof *buffers), ==, 2 * sizeof *buffers);
  g_assert_cmpint (waitpid (child, &status, 0), ==, child);
  g_assert_true (WIFSIGNALED (status));
  close (ends[0]);
  close (ends[1]);
}

/* The core goes on; what it writes is there for whoever still has the buffer. */
static void
test_killed_client (void)
{
  const uint64_t before = client_counters ().hazards;
  Unit unit = unit_open ("slow");
  Buffer buffers[2];

  kill_a_client (buffers);
  if (in_time)
    g_assert_cmphex (get (&unit, CTRL), ==, START);
  g_assert_true (unit_wait (&unit, CTRL, DONE, 5000));
  g_assert_cmpint (count_bytes (&buffers[1], 1), ==, SIZE);
  g_assert_cmpint (client_counters ().hazards, ==, before);
  g_assert_cmpint (client_free (fd, buffers[0].id), ==, 0);
  g_assert_cmpint (client_free (fd, buffers[1].id), ==, 0);
  unit_close (&unit);
}

/* The heir gives the buffers back without looking whether the hardware still runs. */
static void
test_killed_client_whose_memory_is_freed (void)
{
  const uint64_t before = client_counters ().device_freed;
  Unit unit = unit_open ("slow");
  Buffer buffers[2];

  kill_a_client (buffers);
  g_assert_cmpint (client_free (fd, buffers[0].id), ==, 0);
  g_assert_cmpint (client_free (fd, buffers[1].id), ==, 0);
  g_assert_true (unit_wait (&unit, CTRL, DONE, 5000));
  if (in_time)
    g_assert_cmpint (client_counters ().device_freed, >, before);
  unit_close (&unit);
}

/* One has not finished when the other has begun. */
static void
test_two_cores_at_once (void)
{
  Unit one = unit_open ("slow"), two = unit_open ("slow2");
  Buffer src = take (SIZE, 1), first = take (SIZE, 0), second = take (SIZE, 0);

  set_job (&one, src.phys, first.phys);
  set_job (&two, src.phys, second.phys);
  unit_start (&one);
  unit_start (&two);
  wait_for_bytes (&first, 1);
  wait_for_bytes (&second, 1);
  if (in_time)
    g_assert_cmpint (count_bytes (&first, 1), <, SIZE);
  g_assert_true (unit_wait (&one, CTRL, DONE, 5000));
  g_assert_true (unit_wait (&two, CTRL, DONE, 5000));
  g_assert_cmpint (count_bytes (&first, 1), ==, SIZE);
  g_assert_cmpint (count_bytes (&second, 1), ==, SIZE);
  client_give (fd, &src);
  client_give (fd, &first);
  client_give (fd, &second);
  unit_close (&one);
  unit_close (&two);
}

/* rate=256K: 32 KiB take 125 ms */
static void
test_rate (void)
{
  const uint64_t before = core_statistics ("rated").busy_ns;
  Unit unit = unit_open ("rated");
  Buffer src = take (SIZE, 1), dst = take (SIZE, 0);
  const gint64 start = g_get_monotonic_time ();

  set_job (&unit, src.phys, dst.phys);
  unit_start (&unit);
  /* it writes as it goes */
  wait_for_bytes (&dst, SIZE / 8);
  g_assert_cmpint (count_bytes (&dst, 1), <, SIZE);
  g_assert_true (unit_wait (&unit, CTRL, DONE, 5000));
  g_assert_cmpint (g_get_monotonic_time () - start, >=, 125000);
  g_assert_cmpint (core_statistics ("rated").busy_ns - before, >=, 125000000);
  client_give (fd, &src);
  client_give (fd, &dst);
  unit_close (&unit);
}

/* A line that the cache gives up in the middle of the job reaches the second half of it. */
static void
test_eviction_in_the_middle (void)
{
  const uint64_t before = client_counters ().device_read_dirty;
  Unit unit = unit_open ("slow");
  Buffer src = take (SIZE, 1), dst = take (SIZE, 0);

  memset (src.data + SIZE - 1024, 2, 1024);
  set_job (&unit, src.phys, dst.phys);
  unit_start (&unit);
  wait_for_bytes (&dst, 1);
  g_assert_cmpint (evict (src.phys, SIZE, 100), ==, 1024 / client_driver ().line);
  g_assert_true (unit_wait (&unit, CTRL, DONE, 5000));
  g_assert_cmpint (count_bytes (&dst, 2), ==, 1024);
  g_assert_cmpint (client_counters ().device_read_dirty, ==, before);
  client_give (fd, &src);
  client_give (fd, &dst);
  unit_close (&unit);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  fd = client_open ();
  in_time = g_getenv ("XLNK_TEST_VALGRIND") == NULL;
  g_test_add_func ("/core/faults/hang", test_hang);
  g_test_add_func ("/core/faults/bus-error", test_bus_error);
  g_test_add_func ("/core/faults/wrong-address", test_wrong_address);
  g_test_add_func ("/core/faults/overrun", test_overrun);
  g_test_add_func ("/core/faults/freed-under-the-core", test_freed_under_the_core);
  g_test_add_func ("/core/faults/reset-ends-the-bursts", test_reset_ends_the_bursts);
  g_test_add_func ("/core/faults/start-after-reset", test_start_after_reset);
  g_test_add_func ("/core/faults/freed-after-the-core", test_freed_after_the_core);
  g_test_add_func ("/core/faults/killed-client", test_killed_client);
  g_test_add_func ("/core/faults/killed-client-whose-memory-is-freed", test_killed_client_whose_memory_is_freed);
  g_test_add_func ("/core/faults/two-cores-at-once", test_two_cores_at_once);
  g_test_add_func ("/core/faults/rate", test_rate);
  g_test_add_func ("/core/faults/eviction-in-the-middle", test_eviction_in_the_middle);
  return g_test_run ();
}
