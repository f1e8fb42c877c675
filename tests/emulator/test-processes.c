/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * test-processes.c: one board, several processes: fork, exec, dup, kill -9, and a death inside the emulator.
 */
#include "client.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

static int fd;
static bool reclaims;
static const char *self;

typedef void (*Child) (int pipe);

/* Runs @child in a process of its own; it says through the pipe when it is where the test wants it. */
static pid_t
start (Child child)
{
  int ends[2];
  pid_t pid;
  char byte;

  g_assert_cmpint (pipe (ends), ==, 0);
  pid = fork ();
  if (pid == 0) {
    close (ends[0]);
    child (ends[1]);
    _exit (0);
  }
  close (ends[1]);
  read (ends[0], &byte, 1);
  close (ends[0]);
  return pid;
}

static void
ready (int pipe)
{
  write (pipe, "", 1);
}

static int
finish (pid_t pid)
{
  int status;

  g_assert_cmpint (waitpid (pid, &status, 0), ==, pid);
  return status;
}

static void
allocate_and_wait (int pipe)
{
  const int own = client_open ();

  client_take (own, 10000, true);
  ready (pipe);
  pause ();
}

/* What a crash leaves behind: everything, unless the driver frees per open file. */
static void
test_kill_9 (void)
{
  const pid_t pid = start (allocate_and_wait);

  g_assert_cmpint (client_counters ().live_blocks, ==, 1);
  kill (pid, SIGKILL);
  finish (pid);
  g_assert_cmpint (client_counters ().live_blocks, ==, reclaims ? 0 : 1);
  g_assert_cmpint (client_counters ().live_bytes, ==, reclaims ? 0 : 10000);
  client_reset (fd);
}

static void
allocate_twice (int pipe)
{
  const int own = client_open ();

  client_take (own, 4096, true);
  client_take (own, 4096, false);
  ready (pipe);
}

static void
test_exit (void)
{
  finish (start (allocate_twice));
  g_assert_cmpint (client_counters ().live_blocks, ==, reclaims ? 0 : 2);
  client_reset (fd);
}

/* Ids are global: a stranger's buffer can be mapped, and freed. */
static void
test_two_processes_share_ids (void)
{
  const pid_t pid = start (allocate_and_wait);
  uint8_t *data = client_map (fd, 1, 10000);

  g_assert_nonnull (data);
  data[0] = 1;
  g_assert_cmpint (client_free (fd, 1), ==, 0);
  munmap (data, 10000);
  kill (pid, SIGKILL);
  finish (pid);
  g_assert_cmpint (client_counters ().live_blocks, ==, 0);
}

static Buffer shared;

static void
write_through_the_inherited_mapping (int pipe)
{
  shared.data[3] = 42;
  g_assert_cmpint (client_cache (fd, shared.phys, 4096, 0), ==, 0);
  ready (pipe);
}

static void
test_fork_shares_descriptor_and_mapping (void)
{
  shared = client_take (fd, 4096, true);
  finish (start (write_through_the_inherited_mapping));
  g_assert_cmpint (shared.data[3], ==, 42);
  g_assert_cmpint (device_byte (shared.phys + 3), ==, 42);
  g_assert_cmpint (client_counters ().live_blocks, ==, 1);
  client_give (fd, &shared);
}

/* A descriptor that crosses exec is still the device; nothing but its inode tells. */
static void
test_exec (void)
{
  const int inherited = open ("/dev/xlnk", O_RDWR);
  char number[16];
  pid_t pid;

  g_snprintf (number, sizeof number, "%d", inherited);
  pid = fork ();
  if (pid == 0) {
    execl (self, self, "--use", number, NULL);
    _exit (1);
  }
  g_assert_cmpint (finish (pid), ==, 0);
  g_assert_cmpint (client_counters ().live_blocks, ==, 1);
  close (inherited);
  g_assert_cmpint (client_counters ().live_blocks, ==, reclaims ? 0 : 1);
  client_reset (fd);
}

static void
use (const char *number)
{
  Buffer buffer;

  _exit (client_alloc (atoi (number), 4096, true, &buffer));
}

static int other;

static void
keep_descriptor_and_wait (int pipe)
{
  ready (pipe);
  pause ();
}

/* The open file lives in the child as long as the child does, although the parent closed it. */
static void
test_open_file_outlives_its_opener (void)
{
  Buffer buffer;
  pid_t pid;

  other = client_open ();
  g_assert_cmpint (client_alloc (other, 4096, true, &buffer), ==, 0);
  pid = start (keep_descriptor_and_wait);
  close (other);
  g_assert_cmpint (client_counters ().live_blocks, ==, 1);
  kill (pid, SIGKILL);
  finish (pid);
  g_assert_cmpint (client_counters ().live_blocks, ==, reclaims ? 0 : 1);
  client_reset (fd);
}

static void
die_inside (int pipe)
{
  Buffer buffer;

  client_alloc (fd, 4096, true, &buffer);
  hold_lock ();
  ready (pipe);
  pause ();
}

/* The next one gets the lock, and a table of pages that fits the buffers. */
static void
test_death_inside_the_emulator (void)
{
  const uint64_t before = client_counters ().recoveries;
  pid_t pid = start (die_inside);

  kill (pid, SIGKILL);
  /* not yet waited for: a zombie must not count as alive */
  g_assert_cmpint (client_counters ().recoveries, ==, before + 1);
  finish (pid);
  pid = start (die_inside);
  kill (pid, SIGKILL);
  finish (pid);
  g_assert_cmpint (client_counters ().recoveries, ==, before + 2);
  g_assert_cmpint (client_counters ().live_blocks, ==, 2);
  g_assert_cmpint (client_counters ().cma_total - client_counters ().cma_free, ==, 8192);
  client_reset (fd);
}

static void
churn (int pipe)
{
  const int own = client_open ();

  ready (pipe);
  for (;;) {
    Buffer buffer;

    if (client_alloc (own, 70000, true, &buffer) == 0)
      client_free (own, buffer.id);
  }
}

/* Killed at any moment, a process leaves one buffer at most, and a board that works. */
static void
test_kill_at_any_moment (void)
{
  Buffer buffer;

  for (int i = 0; i < 60; i++) {
    const pid_t pid = start (churn);

    g_usleep (200 + (gulong) i * 37 % 1000);
    kill (pid, SIGKILL);
    finish (pid);
    g_assert_cmpint (client_counters ().live_blocks, <=, 1);
    client_reset (fd);
    g_assert_cmpint (client_counters ().cma_free, ==, client_counters ().cma_total);
  }
  g_assert_cmpint (client_alloc (fd, 70000, true, &buffer), ==, 0);
  client_reset (fd);
}

static gpointer
hammer (gpointer data)
{
  for (int i = 0; i < 2000; i++) {
    Buffer buffer;

    g_assert_cmpint (client_alloc (fd, 4096, true, &buffer), ==, 0);
    g_assert_cmpint (client_cache (fd, buffer.phys, 4096, 0), ==, 0);
    g_assert_cmpint (client_free (fd, buffer.id), ==, 0);
  }
  return data;
}

static void
test_threads (void)
{
  GThread *threads[4];

  for (int i = 0; i < 4; i++)
    threads[i] = g_thread_new ("hammer", hammer, NULL);
  for (int i = 0; i < 4; i++)
    g_thread_join (threads[i]);
  g_assert_cmpint (client_counters ().live_blocks, ==, 0);
  g_assert_cmpint (client_counters ().cma_free, ==, client_counters ().cma_total);
}

#define ADD(name, test) g_test_add_func ("/processes/" name, test)

int
main (int argc, char **argv)
{
  self = argv[0];
  if (argc == 3 && g_str_equal (argv[1], "--use"))
    use (argv[2]);
  g_test_init (&argc, &argv, NULL);
  reclaims = g_str_equal (client_driver ().name, "5.10");
  fd = client_open ();
  g_assert_cmpint (fd, >=, 0);
  ADD ("kill-9", test_kill_9);
  ADD ("exit", test_exit);
  ADD ("two-processes-share-ids", test_two_processes_share_ids);
  ADD ("fork-shares-descriptor-and-mapping", test_fork_shares_descriptor_and_mapping);
  ADD ("exec", test_exec);
  ADD ("open-file-outlives-its-opener", test_open_file_outlives_its_opener);
  ADD ("death-inside-the-emulator", test_death_inside_the_emulator);
  ADD ("kill-at-any-moment", test_kill_at_any_moment);
  ADD ("threads", test_threads);
  return g_test_run ();
}
