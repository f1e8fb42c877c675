/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * test-heap.c: a heap file that was kept, after what may have happened to its last users. Runs outside the board, and
 * knows where in the file the lock is.
 */
#include "board.h"

#include <fcntl.h>
#include <glib.h>
#include <glib/gstdio.h>
#include <signal.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define WAITERS 0x80000000u

static const char *runner, *tool, *arch = "arm";

typedef struct
{
  char *directory, *heap;
} Fixture;

static void
set_up (Fixture * self, gconstpointer unused)
{
  (void) unused;
  self->directory = g_dir_make_tmp ("xlnk-heap-XXXXXX", NULL);
  self->heap = g_build_filename (self->directory, "heap", NULL);
}

static void
tear_down (Fixture * self, gconstpointer unused)
{
  char *ledger = g_strconcat (self->heap, ".ledger", NULL);

  (void) unused;
  g_unlink (self->heap);
  g_rmdir (ledger);
  g_assert_cmpint (g_rmdir (self->directory), ==, 0);
  g_free (ledger);
  g_free (self->heap);
  g_free (self->directory);
}

static GPid
start (const Fixture * self, const char *verb, int *out)
{
  /* on a small board whose lines move */
  const char *const words[] = { runner, "--seed", "1", "--cma", "4M", "--arch", arch, "--heap", self->heap, "--", tool,
    verb, "5000", NULL
  };
  GError *error = NULL;
  GPid pid;

  g_spawn_async_with_pipes (NULL, (char **) words, NULL, G_SPAWN_DO_NOT_REAP_CHILD | G_SPAWN_STDERR_TO_DEV_NULL, NULL,
      NULL, &pid, NULL, out, NULL, &error);
  g_assert_no_error (error);
  return pid;
}

/* The exit status; -1: none yet. One that hangs is ended with the test. */
static int
status_of (GPid pid)
{
  int status;

  for (int tick = 0; tick < 3000; tick++) {
    if (waitpid (pid, &status, WNOHANG) == pid)
      return WIFEXITED (status) ? WEXITSTATUS (status) : 256 + WTERMSIG (status);
    g_usleep (20 * 1000);
  }
  kill (pid, SIGKILL);
  waitpid (pid, &status, 0);
  return -1;
}

static BoardLock
edit_lock (const Fixture * self, uint32_t holder)
{
  const int fd = open (self->heap, O_RDWR | O_CLOEXEC);
  BoardLock lock;

  g_assert_cmpint (pread (fd, &lock, sizeof lock, offsetof (BoardState, lock)), ==, sizeof lock);
  if (holder != 0)
    g_assert_cmpint (pwrite (fd, &holder, sizeof holder, offsetof (BoardState, lock)), ==, sizeof holder);
  close (fd);
  return lock;
}

/* Killed inside, the whole of it; returns the program, which is an orphan for a moment. */
static void
leave_inside (const Fixture * self, bool both, GPid * program)
{
  int out, status;
  GPid pid = start (self, "stay-inside", &out);
  char byte = 0;

  while (byte != '\n' && read (out, &byte, 1) == 1);
  g_assert_cmpint (byte, ==, '\n');
  *program = (GPid) edit_lock (self, 0).word;
  g_assert_cmpint (*program, !=, 0);
  kill (pid, SIGKILL);
  waitpid (pid, &status, 0);
  if (both) {
    kill (*program, SIGKILL);
    while (read (out, &byte, 1) > 0);
  }
  close (out);
}

/* After a boot the number of the thread that died inside may be anybody's: here it is this test's. */
static void
test_ghost (Fixture * self, gconstpointer unused)
{
  GPid program;

  (void) unused;
  leave_inside (self, true, &program);
  edit_lock (self, (uint32_t) getpid ());
  g_assert_cmpint (status_of (start (self, "count", NULL)), ==, 0);
  g_assert_cmpint (edit_lock (self, 0).busy, ==, 0);
}

/* Held, and by no thread: nobody will ever let go. */
static void
test_no_holder (Fixture * self, gconstpointer unused)
{
  (void) unused;
  g_assert_cmpint (status_of (start (self, "count", NULL)), ==, 0);
  edit_lock (self, WAITERS);
  g_assert_cmpint (status_of (start (self, "count", NULL)), ==, 0);
  g_assert_cmpint (edit_lock (self, 0).word, ==, 0);
}

/* A program that lives on without its runner is no ghost: whoever comes waits for it. */
static void
test_orphan (Fixture * self, gconstpointer unused)
{
  GPid program, other;

  (void) unused;
  leave_inside (self, false, &program);
  other = start (self, "count", NULL);
  while (!(edit_lock (self, 0).word & WAITERS)) {
    g_assert_cmpint (waitpid (other, NULL, WNOHANG), ==, 0);
    g_usleep (10 * 1000);
  }
  g_assert_cmpint (edit_lock (self, 0).word & ~WAITERS, ==, program);
  kill (program, SIGKILL);
  g_assert_cmpint (status_of (other), ==, 0);
}

/* All at once, and none of them may find half a heap. */
static void
test_together (Fixture * self, gconstpointer unused)
{
  GPid pids[8];

  (void) unused;
  for (int round = 0; round < 20; round++) {
    for (gsize i = 0; i < G_N_ELEMENTS (pids); i++)
      pids[i] = start (self, "count", NULL);
    for (gsize i = 0; i < G_N_ELEMENTS (pids); i++)
      g_assert_cmpint (status_of (pids[i]), ==, 0);
    g_assert_cmpint (g_unlink (self->heap), ==, 0);
  }
}

static void
write_file (const Fixture * self, uint64_t first, size_t size, off_t length)
{
  const int fd = open (self->heap, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

  g_assert_cmpint (write (fd, &first, size), ==, size);
  g_assert_cmpint (ftruncate (fd, length), ==, 0);
  close (fd);
}

static int
run (const Fixture * self, const char *verb)
{
  return status_of (start (self, verb, NULL));
}

/* What a runner leaves that is killed while it makes the heap is as good as nothing. */
static void
test_half_made (Fixture * self, gconstpointer unused)
{
  const off_t lengths[] = { 0, sizeof (uint64_t), sizeof (BoardState), 600 << 20 };

  (void) unused;
  for (gsize i = 0; i < G_N_ELEMENTS (lengths); i++) {
    write_file (self, BOARD_UNFINISHED, lengths[i] ? sizeof (uint64_t) : 0, lengths[i]);
    g_assert_cmpint (run (self, "pingpong"), ==, 0);
    g_assert_cmpint (run (self, "pingpong"), ==, 0);
  }
}

/* Not ours, and left alone. */
static void
test_foreign_file (Fixture * self, gconstpointer unused)
{
  const uint64_t firsts[] = { 0, 0x64636261, BOARD_MAGIC };
  struct stat st;

  (void) unused;
  for (gsize i = 0; i < G_N_ELEMENTS (firsts); i++) {
    write_file (self, firsts[i], sizeof firsts[i], 1 << 20);
    g_assert_cmpint (run (self, "count"), ==, 125);
    g_assert_cmpint (stat (self->heap, &st), ==, 0);
    g_assert_cmpint (st.st_size, ==, 1 << 20);
  }
}

/* Refused, and neither made nor grown where the link leads to. */
static void
refuse_name (const Fixture * self, const char *target)
{
  struct stat st;

  g_assert_cmpint (run (self, "count"), ==, 125);
  if (stat (target, &st) == 0)
    g_assert_cmpint (st.st_size, ==, 0);
  g_assert_cmpint (g_unlink (self->heap), ==, 0);
}

static void
test_links (Fixture * self, gconstpointer unused)
{
  char *target = g_build_filename (self->directory, "target", NULL);

  (void) unused;
  g_assert_cmpint (symlink (target, self->heap), ==, 0);
  refuse_name (self, target);
  g_assert_false (g_file_test (target, G_FILE_TEST_EXISTS));

  g_assert_true (g_file_set_contents (target, "", 0, NULL));
  g_assert_cmpint (symlink (target, self->heap), ==, 0);
  refuse_name (self, target);
  g_assert_cmpint (link (target, self->heap), ==, 0);
  refuse_name (self, target);
  g_assert_cmpint (g_unlink (target), ==, 0);
  g_free (target);
}

static void
test_no_file (Fixture * self, gconstpointer unused)
{
  (void) unused;
  g_assert_cmpint (mkfifo (self->heap, 0600), ==, 0);
  g_assert_cmpint (run (self, "count"), ==, 125);
}

/* Only root can give a file away. */
static void
test_foreign_owner (Fixture * self, gconstpointer unused)
{
  (void) unused;
  write_file (self, 0, 0, 0);
  if (chown (self->heap, 65534, (gid_t) -1) != 0) {
    g_test_skip ("not root");
    return;
  }
  g_assert_cmpint (run (self, "count"), ==, 125);
}

/* Put in the heap's place under a running program's eyes: it does not follow, and is on no board. */
static void
test_link_later (Fixture * self, gconstpointer unused)
{
  char *moved = g_strconcat (self->heap, ".moved", NULL);
  char *command = g_strdup_printf ("mv %s %s && ln -s %s %s && exec %s count", self->heap, moved, moved, self->heap,
      tool);
  const char *const words[] = { runner, "--heap", self->heap, "--", "sh", "-c", command, NULL };
  int status = 0;

  (void) unused;
  g_assert_true (g_spawn_sync (NULL, (char **) words, NULL, G_SPAWN_SEARCH_PATH | G_SPAWN_STDERR_TO_DEV_NULL, NULL, NULL,
          NULL, NULL, &status, NULL));
  g_assert_true (WIFEXITED (status));
  g_assert_cmpint (WEXITSTATUS (status), !=, 0);
  g_assert_cmpint (g_unlink (moved), ==, 0);
  g_free (command);
  g_free (moved);
}

static void
overwrite (const Fixture * self, uint64_t at, const void *data, size_t size)
{
  const int fd = open (self->heap, O_WRONLY | O_CLOEXEC);

  g_assert_cmpint (pwrite (fd, data, size, (off_t) at), ==, size);
  close (fd);
}

/* With a buffer of 5000 bytes that its program left. */
static BoardState *
make_good (const Fixture * self)
{
  BoardState *state = g_new (BoardState, 1);
  int fd;

  g_assert_cmpint (run (self, "leak"), ==, 0);
  fd = open (self->heap, O_RDONLY | O_CLOEXEC);
  g_assert_cmpint (read (fd, state, sizeof *state), ==, sizeof *state);
  close (fd);
  return state;
}

/* Whatever stands there, nobody crashes over it or hangs: it is refused, or does no harm. */
static int
run_damaged (const Fixture * self, const BoardState * good, size_t at, uint64_t value, size_t size)
{
  int status;

  overwrite (self, at, &value, size);
  status = run (self, "pingpong");
  if (status != 0 && status != 125)
    g_error ("%zu bytes at %zu are %#llx: %d", size, at, (unsigned long long) value, status);
  overwrite (self, 0, good, sizeof *good);
  return status;
}

/* Under valgrind a run takes seconds. */
static gboolean
is_slow (void)
{
  return g_getenv ("XLNK_TEST_VALGRIND") != NULL;
}

static void
damage (const Fixture * self, const BoardState * good, size_t from, size_t to)
{
  for (size_t at = from; at < to; at += is_slow () ? 100 : 4) {
    const uint64_t word = *(const uint64_t *) ((const char *) good + at / 8 * 8);
    const uint64_t values[] = { UINT64_MAX, 0, 1, word + 1, word - 1, word + 4096, word - 4096, word ^ 1ull << 63,
      1u << 31
    };

    for (gsize i = 0; i < (is_slow () ? 1 : G_N_ELEMENTS (values)); i++)
      run_damaged (self, good, at, values[i], at % 8 == 0 && i % 2 ? 8 : 4);
  }
}

static void
test_damaged_head (Fixture * self, gconstpointer unused)
{
  BoardState *good = make_good (self);

  (void) unused;
  damage (self, good, 0, offsetof (BoardState, faults));
  for (size_t at = offsetof (BoardState, places); at < offsetof (BoardState, lock); at += is_slow () ? 32 : 8)
    g_assert_cmpint (run_damaged (self, good, at, 1 << 20, 8), ==, 125);
  g_assert_cmpint (run (self, "pingpong"), ==, 0);
  g_free (good);
}

static void
test_damaged_tables (Fixture * self, gconstpointer unused)
{
  BoardState *good = make_good (self);
  const size_t row = offsetof (BoardState, buffers), size = sizeof good->buffers[0];

  (void) unused;
  g_assert_cmpint (good->buffers[1].phys, !=, 0);
  damage (self, good, row + size, row + size + offsetof (BoardBuffer, command));
  g_assert_cmpint (run_damaged (self, good, row + size, good->base + good->cma - BOARD_PAGE, 8), ==, 125);
  g_assert_cmpint (run_damaged (self, good, row + size, good->base + 1, 8), ==, 125);
  g_assert_cmpint (run_damaged (self, good, row + size + offsetof (BoardBuffer, pages), 1 << 20, 4), ==, 125);
  g_assert_cmpint (run_damaged (self, good, row, good->base, 8), ==, 125);
  g_assert_cmpint (run_damaged (self, good, row + 4095 * size, good->base, 8), ==, 125);
  g_assert_cmpint (run_damaged (self, good, offsetof (BoardState, scratch_size), 8193, 8), ==, 125);
  /* somebody died inside, so that the first thing to be done is to go through the table */
  overwrite (self, row + size, &good->magic, 8);
  g_assert_cmpint (run_damaged (self, good, offsetof (BoardState, lock) + 4, 1, 4), ==, 125);
  g_free (good);
}

/* What is kept for pages and for lines: numbers that mean nothing, and what this board's caches do not have. */
static void
test_damaged_planes (Fixture * self, gconstpointer unused)
{
  const char *const arches[] = { "arm", "arm64" };

  (void) unused;
  for (gsize i = 0; i < G_N_ELEMENTS (arches); i++) {
    BoardState *good;
    const uint64_t pages = 0xfffefffe1388efffull;
    char *lines;

    arch = arches[i];
    g_setenv ("TEST_ARCH", arch, TRUE);
    good = make_good (self);
    lines = g_malloc (good->cma / good->line);
    memset (lines, 0xff, good->cma / good->line);
    overwrite (self, good->places.pages, &pages, sizeof pages);
    overwrite (self, good->places.lines, lines, good->cma / good->line);
    for (int round = is_slow () ? 3 : 0; round < 4; round++)
      g_assert_cmpint (run (self, "pingpong"), ==, 0);
    g_assert_cmpint (g_unlink (self->heap), ==, 0);
    g_free (lines);
    g_free (good);
  }
  arch = "arm";
  g_unsetenv ("TEST_ARCH");
}

#define ADD(name, test) g_test_add ("/heap/" name, Fixture, NULL, set_up, test, tear_down)

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  runner = g_getenv ("TEST_RUNNER");
  tool = g_getenv ("TEST_TOOL");
  g_assert_true (runner && tool);
  ADD ("ghost", test_ghost);
  ADD ("no-holder", test_no_holder);
  ADD ("orphan", test_orphan);
  ADD ("together", test_together);
  ADD ("half-made", test_half_made);
  ADD ("foreign-file", test_foreign_file);
  ADD ("damaged-head", test_damaged_head);
  ADD ("damaged-tables", test_damaged_tables);
  ADD ("damaged-planes", test_damaged_planes);
  ADD ("links", test_links);
  ADD ("no-file", test_no_file);
  ADD ("foreign-owner", test_foreign_owner);
  ADD ("link-later", test_link_later);
  return g_test_run ();
}
