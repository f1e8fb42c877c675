/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * ledger-by-file.c: on a driver that frees by open file (5.10), nothing is left of the dead, and a ledger that names what
 * is somebody else's by now is dropped.
 */
#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../check/board.h"
#include "../check/stranger.h"
#include "ledgercheck.h"

static void
test_nothing_is_left (Fixture * fixture, gconstpointer data G_GNUC_UNUSED)
{
  guint64 frees = board_counter ("frees");
  XlnkDevice *device;

  die_after (allocate_some, GUINT_TO_POINTER (3));
  g_assert_cmpuint (count_ledgers (fixture), ==, 1);
  device = open_device ();
  g_assert_cmpuint (board_live_buffers (), ==, 0);
  g_assert_cmpuint (board_counter ("frees") - frees, ==, 3);
  xlnk_device_unref (device);
  g_assert_cmpuint (count_files (fixture), ==, 0);
}

/* Not kept for ever either, as where there might be something to do. */
static void
test_taken_over (Fixture * fixture, gconstpointer data G_GNUC_UNUSED)
{
  StrangerBuffer theirs;
  XlnkDevice *device;
  int fd;

  die_after (allocate_some, GUINT_TO_POINTER (3));
  fd = stranger_open ();
  theirs = stranger_alloc (fd, 4 * SIZE);
  g_assert_cmpuint (theirs.id, ==, 1);
  device = open_device ();
  g_assert_cmpint (device->lifetime, ==, XLNK_LIFETIME_OF_FILE);
  g_assert_cmpuint (board_live_buffers (), ==, 1);
  xlnk_device_unref (device);
  g_assert_cmpuint (count_files (fixture), ==, 0);
  stranger_free (fd, theirs.id);
  close (fd);
}

static void
test_live_owner (Fixture * fixture G_GNUC_UNUSED, gconstpointer data G_GNUC_UNUSED)
{
  Other other = start_other (allocate_some, GUINT_TO_POINTER (3));
  XlnkDevice *device = open_device ();

  g_assert_cmpuint (board_live_buffers (), ==, 3);
  finish_other (other);
  g_assert_cmpuint (board_live_buffers (), ==, 0);
  xlnk_device_unref (device);
}

/* A child uses what its parent has opened, and yet what it leaves does not wait for the parent's end. */
static void
test_child (Fixture * fixture, gconstpointer data G_GNUC_UNUSED)
{
  XlnkDevice *device = open_device ();
  pid_t child = fork ();
  int status;

  if (child == 0) {
    new_block (device, SIZE);
    raise (SIGKILL);
  }
  g_assert_cmpint (waitpid (child, &status, 0), ==, child);
  g_assert_cmpuint (count_ledgers (fixture), ==, 1);
  g_assert_cmpuint (board_live_buffers (), ==, 0);
  xlnk_device_unref (device);
  xlnk_device_unref (open_device ());
  g_assert_cmpuint (count_files (fixture), ==, 0);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  ADD ("by-file/nothing-is-left", NULL, test_nothing_is_left);
  ADD ("by-file/taken-over", NULL, test_taken_over);
  ADD ("by-file/live-owner", NULL, test_live_owner);
  ADD ("by-file/child", NULL, test_child);
  return g_test_run ();
}
