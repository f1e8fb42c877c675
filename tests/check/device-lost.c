/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * device-lost.c: blocks that are not ours to free any more: taken away by somebody's reset, taken over by somebody
 * else's allocation, or a parent's.
 */
#include <signal.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "board.h"
#include "memcheck.h"
#include "stranger.h"
#include "xlnkblock.h"

#define SIZE 100000

typedef struct
{
  XlnkDevice *device;
  XlnkBlock *block;
  int fd;                       /* the stranger's */
} Fixture;

static void
set_up (Fixture * fixture, gconstpointer data G_GNUC_UNUSED)
{
  g_autoptr (GError) error = NULL;

  fixture->device = xlnk_device_open (NULL, &error);
  g_assert_no_error (error);
  fixture->block = xlnk_block_new (fixture->device, SIZE, true, &error);
  g_assert_no_error (error);
  fixture->fd = stranger_open ();
}

static void
tear_down (Fixture * fixture, gconstpointer data G_GNUC_UNUSED)
{
  close (fixture->fd);
  xlnk_device_unref (fixture->device);
  g_assert_cmpuint (board_live_buffers (), ==, 0);
}

static void
assert_lost_not_freed (Fixture * fixture)
{
  gpointer cpu = fixture->block->extent.cpu;
  guint64 frees = board_counter ("frees");
  XlnkDeviceStats stats;

  g_assert_true (address_is_mapped (cpu));
  xlnk_block_unref (fixture->block);
  g_assert_false (address_is_mapped (cpu));
  xlnk_device_get_stats (fixture->device, &stats);
  g_assert_cmpuint (stats.lost_blocks, ==, 1);
  g_assert_cmpuint (stats.frees, ==, 0);
  g_assert_cmpuint (stats.live_blocks, ==, 0);
  g_assert_cmpuint (stats.live_bytes, ==, 0);
  g_assert_cmpuint (board_counter ("frees"), ==, frees);
}

static void
test_freed_block_is_unmapped (Fixture * fixture, gconstpointer data G_GNUC_UNUSED)
{
  gpointer cpu = fixture->block->extent.cpu;

  xlnk_block_unref (fixture->block);
  g_assert_false (address_is_mapped (cpu));
}

static void
test_reset_by_a_stranger (Fixture * fixture, gconstpointer data G_GNUC_UNUSED)
{
  stranger_reset ();
  assert_lost_not_freed (fixture);
}

static void
test_freed_by_a_stranger (Fixture * fixture, gconstpointer data G_GNUC_UNUSED)
{
  stranger_free (fixture->fd, fixture->block->extent.id);
  assert_lost_not_freed (fixture);
}

/* Same id, same address, the length that is given: only the cookie, or the length, tells that it is another's. */
static void
assert_not_taken_back (Fixture * fixture, guint length)
{
  StrangerBuffer theirs;

  stranger_reset ();
  theirs = stranger_alloc (fixture->fd, length);
  g_assert_cmpuint (theirs.id, ==, fixture->block->extent.id);
  g_assert_cmpuint (theirs.phys, ==, fixture->block->extent.phys);
  assert_lost_not_freed (fixture);
  g_assert_cmpuint (board_live_buffers (), ==, 1);
  stranger_free (fixture->fd, theirs.id);
}

static void
test_taken_over_by_an_equal_buffer (Fixture * fixture, gconstpointer data G_GNUC_UNUSED)
{
  assert_not_taken_back (fixture, fixture->block->extent.length);
}

static void
test_taken_over_by_a_smaller_buffer (Fixture * fixture, gconstpointer data G_GNUC_UNUSED)
{
  assert_not_taken_back (fixture, 4096);
}

static void
test_taken_over_by_a_larger_buffer (Fixture * fixture, gconstpointer data G_GNUC_UNUSED)
{
  assert_not_taken_back (fixture, 200000);
}

/* Bytes that our user wrote are no cookie: the usable bytes end before it. */
static void
test_user_cannot_destroy_the_cookie (Fixture * fixture, gconstpointer data G_GNUC_UNUSED)
{
  XlnkDeviceStats stats;

  memset (fixture->block->extent.cpu, 0xff, SIZE);
  xlnk_block_unref (fixture->block);
  xlnk_device_get_stats (fixture->device, &stats);
  g_assert_cmpuint (stats.lost_blocks, ==, 0);
  g_assert_cmpuint (stats.frees, ==, 1);
}

/* Two blocks have two cookies: the one at the other's place is not enough. */
static void
test_our_own_other_block_is_kept (Fixture * fixture, gconstpointer data G_GNUC_UNUSED)
{
  XlnkBlock *second;
  g_autoptr (GError) error = NULL;

  stranger_reset ();
  second = xlnk_block_new (fixture->device, SIZE, true, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (second->extent.id, ==, fixture->block->extent.id);
  xlnk_block_unref (fixture->block);
  g_assert_cmpuint (board_live_buffers (), ==, 1);
  xlnk_block_unref (second);
  g_assert_cmpuint (board_live_buffers (), ==, 0);
}

/*** forks ***/

static void
assert_child_succeeds (pid_t child)
{
  int status;

  g_assert_cmpint (child, >, 0);
  g_assert_cmpint (waitpid (child, &status, 0), ==, child);
  g_assert_true (WIFEXITED (status));
  g_assert_cmpint (WEXITSTATUS (status), ==, 0);
}

/* The number of the first check that failed, for the exit status. */
static int
use_parents_block (Fixture * fixture)
{
  XlnkRange all = { 0, SIZE };
  g_autoptr (GError) error = NULL;

  if (xlnk_block_map (fixture->block, XLNK_ACCESS_READ, all, &error))
    return 1;
  if (!g_error_matches (error, XLNK_ERROR, XLNK_ERROR_NOT_OURS))
    return 2;
  if (xlnk_block_flush (fixture->block, all, NULL) || xlnk_block_expose (fixture->block, NULL))
    return 3;
  if (xlnk_device_find_block (fixture->device, fixture->block->extent.cpu, 1))
    return 4;
  if (address_is_mapped (fixture->block->extent.cpu))
    return 5;
  xlnk_block_unref (fixture->block);
  return board_live_buffers () == 1 ? 0 : 6;
}

static void
test_child_frees_nothing (Fixture * fixture, gconstpointer data G_GNUC_UNUSED)
{
  pid_t child;

  memset (fixture->block->extent.cpu, 7, SIZE);
  child = fork ();
  if (child == 0)
    _exit (use_parents_block (fixture));
  assert_child_succeeds (child);
  g_assert_cmpuint (board_live_buffers (), ==, 1);
  g_assert_cmpuint (((guint8 *) fixture->block->extent.cpu)[SIZE - 1], ==, 7);
  xlnk_block_unref (fixture->block);
}

static int
use_own_block (Fixture * fixture)
{
  XlnkDeviceStats stats;
  XlnkRange all = { 0, SIZE };
  XlnkBlock *own = xlnk_block_new (fixture->device, SIZE, true, NULL);

  if (!own)
    return 1;
  xlnk_device_get_stats (fixture->device, &stats);
  if (stats.live_blocks != 1 || stats.live_bytes != SIZE)
    return 2;
  if (own->extent.id == fixture->block->extent.id)
    return 3;
  if (!xlnk_block_map (own, XLNK_ACCESS_WRITE, all, NULL))
    return 4;
  memset (own->extent.cpu, 9, SIZE);
  xlnk_block_unmap (own, XLNK_ACCESS_WRITE, all);
  xlnk_block_unref (own);
  return board_live_buffers () == 1 ? 0 : 5;
}

static void
test_child_allocates_its_own (Fixture * fixture, gconstpointer data G_GNUC_UNUSED)
{
  pid_t child = fork ();

  if (child == 0)
    _exit (use_own_block (fixture));
  assert_child_succeeds (child);
  xlnk_block_unref (fixture->block);
}

/* The child of a child is a child. */
static void
test_grandchild_frees_nothing (Fixture * fixture, gconstpointer data G_GNUC_UNUSED)
{
  pid_t child = fork ();

  if (child == 0) {
    pid_t grandchild = fork ();

    if (grandchild == 0)
      _exit (use_parents_block (fixture));
    assert_child_succeeds (grandchild);
    _exit (0);
  }
  assert_child_succeeds (child);
  xlnk_block_unref (fixture->block);
}

static gint busy;

static void *
allocate_while_busy (void *data)
{
  while (g_atomic_int_get (&busy)) {
    XlnkBlock *block = xlnk_block_new (data, 5000, true, NULL);

    if (block)
      xlnk_block_unref (block);
  }
  return NULL;
}

/* Not by an exit: a leak checker would look for what the parent's other threads had in hand. */
static void
end_child (void)
{
  memcheck_ignore_leaks ();
  kill (getpid (), SIGKILL);
}

static void
assert_child_came_to_its_end (pid_t child)
{
  int status;

  g_assert_cmpint (child, >, 0);
  g_assert_cmpint (waitpid (child, &status, 0), ==, child);
  g_assert_true (WIFSIGNALED (status));
  g_assert_cmpint (WTERMSIG (status), ==, SIGKILL);
}

/*** a driver that maintains nothing ***/

/* Type 0 is `manual', 1 `standard' (xlnk-abi §4). False: this driver has no such modes. */
static gboolean
set_dma_type (int fd, guint8 type)
{
  guint8 config[128] = { 1, type };

  return ioctl (fd, _IOWR ('X', 30, gulong), config) == 0;
}

/* Then it would not say either that a buffer is still there, and none could ever be freed. */
static void
test_standard_mode_is_refused (Fixture * fixture, gconstpointer data G_GNUC_UNUSED)
{
  guint64 allocs = board_counter ("allocs");
  g_autoptr (GError) error = NULL;
  XlnkDevice *device;

  if (!set_dma_type (fixture->fd, 1)) {
    g_test_skip ("this driver has no DMA modes");
    xlnk_block_unref (fixture->block);
    return;
  }
  device = xlnk_device_open (NULL, &error);
  g_assert_no_error (error);
  g_assert_null (xlnk_block_new (device, SIZE, true, &error));
  g_assert_error (error, XLNK_ERROR, XLNK_ERROR_FAILED);
  g_assert_nonnull (strstr (error->message, "config-dma-type"));
  g_assert_cmpuint (board_counter ("allocs"), ==, allocs);
  g_assert_true (set_dma_type (fixture->fd, 0));
  xlnk_block_unref (xlnk_block_new (device, SIZE, true, NULL));
  xlnk_device_unref (device);
  xlnk_block_unref (fixture->block);
}

/* A child has one thread. The others of its parent may have been anywhere, also inside the allocator. */
static void
test_child_of_busy_threads_does_not_hang (Fixture * fixture, gconstpointer data G_GNUC_UNUSED)
{
  int children = g_getenv ("XLNK_TEST_VALGRIND") ? 3 : 100;
  pthread_t threads[2];

  g_atomic_int_set (&busy, TRUE);
  for (gsize i = 0; i < G_N_ELEMENTS (threads); i++)
    g_assert_cmpint (pthread_create (&threads[i], NULL, allocate_while_busy, fixture->device), ==, 0);
  for (int i = 0; i < children; i++) {
    pid_t child = fork ();

    if (child == 0) {
      alarm (30);
      xlnk_block_unref (fixture->block);
      end_child ();
    }
    assert_child_came_to_its_end (child);
  }
  g_atomic_int_set (&busy, FALSE);
  for (gsize i = 0; i < G_N_ELEMENTS (threads); i++)
    pthread_join (threads[i], NULL);
  xlnk_block_unref (fixture->block);
}

#define ADD(name, function) \
  g_test_add ("/device-lost/" name, Fixture, NULL, set_up, function, tear_down)

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  ADD ("freed-block-is-unmapped", test_freed_block_is_unmapped);
  ADD ("reset-by-a-stranger", test_reset_by_a_stranger);
  ADD ("freed-by-a-stranger", test_freed_by_a_stranger);
  ADD ("taken-over-by-an-equal-buffer", test_taken_over_by_an_equal_buffer);
  ADD ("taken-over-by-a-smaller-buffer", test_taken_over_by_a_smaller_buffer);
  ADD ("taken-over-by-a-larger-buffer", test_taken_over_by_a_larger_buffer);
  ADD ("user-cannot-destroy-the-cookie", test_user_cannot_destroy_the_cookie);
  ADD ("our-own-other-block-is-kept", test_our_own_other_block_is_kept);
  ADD ("child-frees-nothing", test_child_frees_nothing);
  ADD ("child-allocates-its-own", test_child_allocates_its_own);
  ADD ("grandchild-frees-nothing", test_grandchild_frees_nothing);
  ADD ("standard-mode-is-refused", test_standard_mode_is_refused);
  ADD ("child-of-busy-threads-does-not-hang", test_child_of_busy_threads_does_not_hang);
  return g_test_run ();
}
