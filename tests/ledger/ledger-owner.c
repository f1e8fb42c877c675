/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * ledger-owner.c: the life of a process's own ledger: when there is one, whose it is, and what happens where there can be
 * none.
 */
#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <signal.h>
#include <sys/file.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../check/board.h"
#include "../check/stranger.h"
#include "ledgercheck.h"

static void
test_lazy_and_gone (Fixture * fixture, gconstpointer data G_GNUC_UNUSED)
{
  XlnkDevice *device = open_device ();
  XlnkBlock *block;

  g_assert_cmpuint (count_files (fixture), ==, 0);
  block = new_block (device, SIZE);
  g_assert_cmpuint (count_ledgers (fixture), ==, 1);
  xlnk_block_unref (block);
  xlnk_device_unref (device);
  g_assert_cmpuint (count_files (fixture), ==, 0);
  g_assert_cmpuint (count_warned (), ==, 0);
}

/* Word by word what a reader of another process finds. */
static void
test_slot (Fixture * fixture, gconstpointer data G_GNUC_UNUSED)
{
  XlnkDevice *device = open_device ();
  XlnkBlock *block = new_block (device, SIZE);
  g_autofree char *path = only_file (fixture);
  XlnkLedgerSlot slot = read_slot (path, 0);
  struct stat status;

  g_assert_cmpuint (slot.state, ==, XLNK_SLOT_LIVE);
  g_assert_cmpuint (slot.arg.alloc.id, ==, block->extent.id);
  g_assert_cmpuint (slot.arg.alloc.phyaddr, ==, block->extent.phys);
  g_assert_cmpuint (slot.length, ==, block->extent.length);
  g_assert_cmpuint (slot.flags, ==, 0);
  g_assert_cmpmem (slot.cookie, XLNK_COOKIE_SIZE, (char *) block->extent.cpu + block->extent.length - 64,
      XLNK_COOKIE_SIZE);
  g_assert_true (xlnk_block_expose (block, NULL));
  g_assert_cmpuint (read_slot (path, 0).flags, ==, XLNK_SLOT_EXPOSED);
  xlnk_block_arm (block, 0x1000, "core");
  g_assert_cmpuint (read_slot (path, 0).jobs[0], ==, 1);
  xlnk_block_disarm (block, 0x1000, "core");
  g_assert_cmpuint (read_slot (path, 0).jobs[0], ==, 0);
  g_assert_cmpint (g_stat (path, &status), ==, 0);
  g_assert_cmpint (status.st_mode & 0777, ==, 0600);
  xlnk_block_unref (block);
  g_assert_cmpuint (read_slot (path, 0).state, ==, XLNK_SLOT_FREE);
  xlnk_device_unref (device);
}

/* What members of the group make, other members can take away. */
static void
test_group_directory (Fixture * fixture, gconstpointer data G_GNUC_UNUSED)
{
  XlnkDevice *device = open_device ();
  g_autofree char *path = NULL;
  struct stat status;
  XlnkBlock *block;

  g_assert_cmpint (g_chmod (fixture->directory, 02770), ==, 0);
  block = new_block (device, SIZE);
  path = only_file (fixture);
  g_assert_cmpint (g_stat (path, &status), ==, 0);
  g_assert_cmpint (status.st_mode & 0777, ==, 0660);
  xlnk_block_unref (block);
  xlnk_device_unref (device);
}

static void
test_two_devices (Fixture * fixture, gconstpointer data G_GNUC_UNUSED)
{
  XlnkDevice *first = open_device (), *second = open_device ();
  XlnkBlock *one = new_block (first, SIZE), *two = new_block (second, SIZE);

  g_assert_cmpuint (count_ledgers (fixture), ==, 2);
  g_assert_cmpuint (reclaim (second, 0).files, ==, 0);
  g_assert_cmpuint (board_live_buffers (), ==, 2);
  xlnk_block_unref (one);
  xlnk_device_unref (first);
  g_assert_cmpuint (count_ledgers (fixture), ==, 1);
  xlnk_block_unref (two);
  xlnk_device_unref (second);
  g_assert_cmpuint (count_files (fixture), ==, 0);
}

/*** forks ***/

typedef struct
{
  const Fixture *fixture;
  XlnkDevice *device;
  XlnkBlock *block;
} Parent;

static void
allocate_on_parents_device (gconstpointer data)
{
  const Parent *parent = data;
  XlnkBlock *own = new_block (parent->device, SIZE);

  g_assert_cmpuint (count_ledgers (parent->fixture), ==, 2);
  xlnk_block_unref (parent->block);
  xlnk_block_expose (parent->block, NULL);
  xlnk_block_arm (parent->block, 1, "core");
  xlnk_block_arm (own, 1, "core");
  xlnk_block_disarm (own, 1, "core");
}

static void
test_child_has_its_own (Fixture * fixture, gconstpointer data G_GNUC_UNUSED)
{
  XlnkDevice *device = open_device ();
  Parent parent = { fixture, device, xlnk_block_ref (new_block (device, SIZE)) };
  XlnkDevice *another;

  die_after (allocate_on_parents_device, &parent);
  g_assert_cmpuint (board_live_buffers (), ==, 2);
  another = open_device ();
  g_assert_cmpuint (board_live_buffers (), ==, 1);
  xlnk_device_unref (another);
  xlnk_block_unref (parent.block);
  xlnk_block_unref (parent.block);
  xlnk_device_unref (device);
}

/* Until the test closes its end. */
static int lifeline[2];

/* The child outlives its parent, and has all that a child inherits. */
static void
allocate_and_fork (gconstpointer data G_GNUC_UNUSED)
{
  char byte;

  new_block (open_device (), SIZE);
  if (fork () == 0) {
    close (lifeline[1]);
    while (read (lifeline[0], &byte, 1) < 0);
    kill (getpid (), SIGKILL);
  }
}

/* Lets go of the lock as soon as it runs, which may be after its parent has died. */
static bool
gets_lock (int fd)
{
  for (unsigned i = 0; i < 1000; i++) {
    if (flock (fd, LOCK_EX | LOCK_NB) == 0)
      return true;
    g_usleep (10000);
  }
  return false;
}

/* A child does not have the lock: else its parent would seem alive for as long as it lives. */
static void
test_child_has_no_lock (Fixture * fixture, gconstpointer data G_GNUC_UNUSED)
{
  g_autofree char *path = NULL;
  XlnkDevice *device;
  Other parent;
  int fd;

  g_assert_cmpint (pipe2 (lifeline, O_CLOEXEC), ==, 0);
  parent = start_other (allocate_and_fork, NULL);
  path = only_file (fixture);
  fd = open (path, O_RDONLY | O_CLOEXEC);
  g_assert_cmpint (flock (fd, LOCK_EX | LOCK_NB), ==, -1);
  finish_other (parent);
  g_assert_true (gets_lock (fd));
  close (fd);
  device = open_device ();
  g_assert_cmpuint (board_live_buffers (), ==, 0);
  xlnk_device_unref (device);
  close (lifeline[0]);
  close (lifeline[1]);
}

/*** where there can be none ***/

static void
assert_works_without (XlnkDevice * device)
{
  XlnkBlock *blocks[100];

  for (guint i = 0; i < G_N_ELEMENTS (blocks); i++) {
    blocks[i] = new_block (device, 100);
    g_assert_true (xlnk_block_expose (blocks[i], NULL));
    xlnk_block_arm (blocks[i], 0x1000, "core");
  }
  for (guint i = 0; i < G_N_ELEMENTS (blocks); i++)
    xlnk_block_unref (blocks[i]);
}

/* How often a process says so: never, if it was asked for, else once, however many devices and allocations there are. */
static void
assert_warns_once (guint expected)
{
  for (guint i = 0; i < 3; i++) {
    XlnkDevice *device = open_device ();

    assert_works_without (device);
    reclaim (device, XLNK_RECLAIM_DRY_RUN);
    xlnk_device_unref (device);
  }
  g_assert_cmpuint (count_warned (), ==, expected);
}

static void
test_off (Fixture * fixture, gconstpointer data G_GNUC_UNUSED)
{
  g_setenv ("GST_XLNK_LEDGER", "off", TRUE);
  assert_warns_once (0);
  die_after (allocate_some, GUINT_TO_POINTER (2));
  xlnk_device_unref (open_device ());
  g_assert_cmpuint (board_live_buffers (), ==, 2);
  g_assert_cmpuint (count_files (fixture), ==, 0);
  stranger_reset ();
}

/* In a process of its own, since it is said once in a process. */
static void
live_without (gconstpointer data)
{
  XlnkDevice *device;

  g_setenv ("GST_XLNK_LEDGER", data, TRUE);
  for (guint i = 0; i < 3; i++) {
    device = open_device ();
    assert_works_without (device);
    xlnk_device_unref (device);
  }
  g_assert_cmpuint (count_warned (), ==, 1);
}

static void
test_missing (Fixture * fixture, gconstpointer data G_GNUC_UNUSED)
{
  g_autofree char *path = g_build_filename (fixture->directory, "missing", NULL);

  die_after (live_without, path);
  g_assert_cmpuint (count_files (fixture), ==, 0);
}

static void
test_everybodys (Fixture * fixture, gconstpointer data G_GNUC_UNUSED)
{
  g_assert_cmpint (g_chmod (fixture->directory, 01777), ==, 0);
  die_after (live_without, fixture->directory);
  g_assert_cmpuint (count_files (fixture), ==, 0);
}

static void
test_somebody_elses (Fixture * fixture, gconstpointer data G_GNUC_UNUSED)
{
  if (chown (fixture->directory, 12345, 12345) != 0) {
    g_test_skip ("only root can make one");
    return;
  }
  die_after (live_without, fixture->directory);
  g_assert_cmpuint (count_files (fixture), ==, 0);
}

static void
test_link (Fixture * fixture, gconstpointer data G_GNUC_UNUSED)
{
  g_autofree char *path = g_strconcat (fixture->directory, ".link", NULL);
  g_autofree char *followed = g_strconcat (path, "//", NULL);

  g_assert_cmpint (symlink (fixture->directory, path), ==, 0);
  die_after (live_without, path);
  die_after (live_without, followed);
  g_assert_cmpuint (count_files (fixture), ==, 0);
  g_unlink (path);
}

static void
test_not_a_directory (Fixture * fixture G_GNUC_UNUSED, gconstpointer data G_GNUC_UNUSED)
{
  die_after (live_without, "/dev/null");
}

/* As /proc is, which nobody writes to, not even root. */
static void
test_read_only (Fixture * fixture G_GNUC_UNUSED, gconstpointer data G_GNUC_UNUSED)
{
  die_after (live_without, "/proc/sys");
}

/* Beyond it, writing is a signal that ends the process. */
static void
live_with_short_files (gconstpointer data)
{
  const struct rlimit limit = { GPOINTER_TO_UINT (data), GPOINTER_TO_UINT (data) };
  XlnkDevice *device = open_device ();
  XlnkBlock *blocks[200];

  g_assert_cmpint (setrlimit (RLIMIT_FSIZE, &limit), ==, 0);
  for (guint i = 0; i < G_N_ELEMENTS (blocks); i++)
    blocks[i] = new_block (device, 100);
  g_assert_cmpuint (count_warned (), ==, 1);
  for (guint i = 0; i < G_N_ELEMENTS (blocks); i++)
    xlnk_block_unref (blocks[i]);
  g_assert_cmpuint (board_live_buffers (), ==, 0);
  xlnk_device_unref (device);
}

static void
test_short_files (Fixture * fixture, gconstpointer data)
{
  die_after (live_with_short_files, data);
  g_assert_cmpuint (count_files (fixture), ==, 0);
}

static void
reclaim_with_short_files (gconstpointer data G_GNUC_UNUSED)
{
  static const struct rlimit limit = { 1, 1 };
  XlnkReclaimResult result;

  g_assert_cmpint (setrlimit (RLIMIT_FSIZE, &limit), ==, 0);
  result = reclaim (open_to_look (), 0);
  g_assert_cmpuint (result.failed, ==, 2);
}

/* Nobody frees what he cannot write down. */
static void
test_reclaim_with_short_files (Fixture * fixture G_GNUC_UNUSED, gconstpointer data G_GNUC_UNUSED)
{
  die_after (allocate_some, GUINT_TO_POINTER (2));
  die_after (reclaim_with_short_files, NULL);
  g_assert_cmpuint (board_live_buffers (), ==, 2);
  xlnk_device_unref (open_device ());
  g_assert_cmpuint (board_live_buffers (), ==, 0);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  ADD ("lazy-and-gone", NULL, test_lazy_and_gone);
  ADD ("slot", NULL, test_slot);
  ADD ("group-directory", NULL, test_group_directory);
  ADD ("two-devices", NULL, test_two_devices);
  ADD ("child-has-its-own", NULL, test_child_has_its_own);
  ADD ("child-has-no-lock", NULL, test_child_has_no_lock);
  ADD ("off", NULL, test_off);
  ADD ("missing", NULL, test_missing);
  ADD ("everybodys", NULL, test_everybodys);
  ADD ("somebody-elses", NULL, test_somebody_elses);
  ADD ("link", NULL, test_link);
  ADD ("not-a-directory", NULL, test_not_a_directory);
  ADD ("read-only", NULL, test_read_only);
  ADD ("short-files", GUINT_TO_POINTER (1), test_short_files);
  ADD ("short-files-of-some-slots", GUINT_TO_POINTER (20000), test_short_files);
  ADD ("reclaim-with-short-files", NULL, test_reclaim_with_short_files);
  return g_test_run ();
}
