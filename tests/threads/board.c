/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * board.c: bare clients of the emulated board, several threads in several processes, on its buffers, its caches, its
 * files and its cores. Each has buffers of its own, so whatever one finds in them that it did not put there is a mistake
 * of the emulator.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core-client.h"
#include "stress.h"

#define PROCESSES 3
#define THREADS 4
#define MAX_SIZE 20000
#define SIDE 80                 /* of a core's picture, which is two bursts */

static const char *const cores[] = { "first", "second" };

static unsigned process;

static uint8_t
content (const Worker * worker, unsigned long step, size_t at)
{
  return (uint8_t) (at * 3 + step * 5 + worker->number * 64 + process * 16);
}

static void
check (const Worker * worker, unsigned long step, const uint8_t * bytes, size_t size)
{
  for (size_t at = 0; at < size; at++) {
    if (bytes[at] != content (worker, step, at))
      g_error ("process %u, thread %u, step %lu: byte %zu of %zu is %u and not %u", process, worker->number, step, at,
          size, bytes[at], content (worker, step, at));
  }
}

static void
fill (const Worker * worker, unsigned long step, uint8_t * bytes, size_t size)
{
  for (size_t at = 0; at < size; at++)
    bytes[at] = content (worker, step, at);
}

/* The device sees what the CPU wrote, then the CPU what the device wrote. */
static void
use_buffer (Worker * worker)
{
  const int fd = client_open ();
  const uint32_t size = 1 + stress_random (worker, MAX_SIZE);
  Buffer buffer = client_take (fd, size, stress_random (worker, 2));
  uint8_t bytes[MAX_SIZE];

  for (uint32_t at = 0; at < size; at++)
    g_assert_cmpuint (buffer.data[at], ==, 0);
  fill (worker, worker->steps, buffer.data, size);
  flush (fd, &buffer);
  g_assert_cmpint (device_read (buffer.phys, bytes, size), ==, 0);
  check (worker, worker->steps, bytes, size);
  fill (worker, worker->steps + 1, bytes, size);
  g_assert_cmpint (device_write (buffer.phys, bytes, size), ==, 0);
  invalidate (fd, &buffer);
  check (worker, worker->steps + 1, buffer.data, size);
  client_give (fd, &buffer);
  close (fd);
}

static void
read_directory (const char *path, unsigned expected)
{
  DIR *directory = opendir (path);
  unsigned count = 0;

  g_assert_nonnull (directory);
  while (readdir (directory))
    count++;
  closedir (directory);
  g_assert_cmpuint (count, >=, expected);
}

/* All that the preload library answers without the driver. */
static void
look_on (Worker * worker)
{
  static const char *const files[] = {
    "/proc/meminfo", "/proc/vmstat", "/sys/kernel/debug/xlnk/allocs", "/sys/class/uio/uio0/name"
  };
  const struct xlnk_emulator_counters counters = client_counters ();
  g_autofree char *text = NULL;
  struct stat status;

  g_assert_cmpuint (counters.allocs, >=, counters.frees);
  g_assert_true (g_file_get_contents (files[stress_random (worker, G_N_ELEMENTS (files))], &text, NULL, NULL));
  g_assert_cmpint (stat ("/dev/xlnk", &status), ==, 0);
  g_assert_true (S_ISCHR (status.st_mode));
  read_directory ("/sys/kernel/debug/xlnk", 8);
  g_assert_cmpint (core_statistics (cores[0]).hangs, ==, 0);
}

static void
run_core (const Unit * unit, const Buffer * src, const Buffer * dst)
{
  put_address (unit, SRC, src->phys);
  put_address (unit, DST, dst->phys);
  put (unit, WIDTH, SIDE);
  put (unit, HEIGHT, SIDE);
  put (unit, SRC_STRIDE, SIDE);
  put (unit, DST_STRIDE, SIDE);
  put (unit, FORMAT, GRAY8);
  unit_start (unit);
  g_assert_true (unit_wait (unit, CTRL, DONE, 30000));
}

/* One at a time has a core, whichever process it is in: the lock of its node tells. */
static void
use_core (Worker * worker)
{
  const int fd = client_open ();
  Buffer src = client_take (fd, SIDE * SIDE, true), dst = client_take (fd, SIDE * SIDE, true);
  Unit unit = unit_open (cores[stress_random (worker, G_N_ELEMENTS (cores))]);

  fill (worker, worker->steps, src.data, src.size);
  flush (fd, &src);
  flush (fd, &dst);
  while (flock (unit.fd, LOCK_EX) != 0)
    g_assert_cmpint (errno, ==, EINTR);
  run_core (&unit, &src, &dst);
  unit_close (&unit);           /* and with it the lock */
  invalidate (fd, &dst);
  check (worker, worker->steps, dst.data, dst.size);
  client_give (fd, &src);
  client_give (fd, &dst);
  close (fd);
}

static const Step steps[THREADS] = { use_buffer, use_core, look_on, use_buffer };

/* The processes before the threads: ThreadSanitizer does not look into the child of a process with threads. */
static void
test_clients (void)
{
  pid_t children[PROCESSES - 1];
  int status;

  for (unsigned i = 0; i < G_N_ELEMENTS (children); i++) {
    children[i] = fork ();
    if (children[i] == 0) {
      alarm (150);
      process = i + 1;
      stress_run (THREADS, steps, THREADS, NULL);
      exit (0);                 /* not _exit(): what ThreadSanitizer found is told by the status that it sets there */
    }
  }
  stress_run (THREADS, steps, THREADS, NULL);
  for (unsigned i = 0; i < G_N_ELEMENTS (children); i++) {
    g_assert_cmpint (waitpid (children[i], &status, 0), ==, children[i]);
    g_assert_cmpint (status, ==, 0);
  }
  g_assert_cmpuint (client_counters ().live_blocks, ==, 0);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/threads/board/clients", test_clients);
  return g_test_run ();
}
