/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * ledger-reclaimers.c: several processes that want what the dead left, at once.
 */
#include <fcntl.h>
#include <signal.h>
#include <sys/file.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../check/board.h"
#include "ledgercheck.h"
#include "xlnkledgerwalk.h"

#define MOST (20 << 20)         /* bytes, of a board of 32 MiB */

/* Each on another device object, as other processes have, and at once. */
static void
open_and_wait (gconstpointer data G_GNUC_UNUSED)
{
  open_device ();
}

static void
test_reclaimers_at_once (Fixture * fixture, gconstpointer data G_GNUC_UNUSED)
{
  guint64 frees = board_counter ("frees"), allocs = board_counter ("allocs");
  XlnkDevice *device;
  pid_t children[6];

  for (guint i = 0; i < 4; i++)
    die_after (allocate_some, GUINT_TO_POINTER (10));
  for (guint i = 0; i < G_N_ELEMENTS (children); i++) {
    children[i] = fork ();
    if (children[i] == 0) {
      open_and_wait (NULL);
      kill (getpid (), SIGKILL);
    }
  }
  for (guint i = 0; i < G_N_ELEMENTS (children); i++)
    waitpid (children[i], NULL, 0);
  device = open_device ();
  g_assert_cmpuint (board_live_buffers (), ==, 0);
  g_assert_cmpuint (board_counter ("frees") - frees, ==, board_counter ("allocs") - allocs);
  xlnk_device_unref (device);
  g_assert_cmpuint (count_files (fixture), ==, 0);
}

static void
take_most (gconstpointer data G_GNUC_UNUSED)
{
  new_block (open_device (), MOST);
}

/* A reclaimer that is slow: it has the lock of the directory, and of what the dead left. */
static void
lock_file (const XlnkLedgerWalk * files, const char *name, XlnkLedgerName kind, void *data G_GNUC_UNUSED)
{
  size_t size;

  if (kind == XLNK_LEDGER_NAME_OURS)
    xlnk_ledger_dir_lock_file (&files->dir, name, &size);
}

static void
begin_to_reclaim (gconstpointer data G_GNUC_UNUSED)
{
  XlnkLedgerWalk files;
  g_autoptr (GError) error = NULL;

  g_assert_true (xlnk_ledger_walk_begin (&files, open_to_look (), &error));
  xlnk_ledger_walk_take_turn (&files);
  xlnk_ledger_walk (&files, lock_file, NULL, &error);
  g_assert_no_error (error);
}

static gpointer
finish_soon (gpointer other)
{
  g_usleep (300000);
  finish_other (*(Other *) other);
  return NULL;
}

/* Who finds no memory while another one is about to free some does not fail for it. */
static void
test_reclaimer_is_waited_for (Fixture * fixture G_GNUC_UNUSED, gconstpointer data G_GNUC_UNUSED)
{
  XlnkDevice *device = open_device ();
  XlnkBlock *block;
  GThread *thread;
  Other other;

  die_after (take_most, NULL);
  other = start_other (begin_to_reclaim, NULL);
  thread = g_thread_new ("finish", finish_soon, &other);
  block = new_block (device, MOST);
  g_thread_join (thread);
  xlnk_block_unref (block);
  xlnk_device_unref (device);
}

/* And nobody waits for ever for who only has the lock. */
static void
test_lock_delays_nobody_for_long (Fixture * fixture, gconstpointer data G_GNUC_UNUSED)
{
  int fd;

  die_after (allocate_some, GUINT_TO_POINTER (2));
  fd = open (fixture->directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  g_assert_cmpint (flock (fd, LOCK_EX), ==, 0);
  xlnk_device_unref (open_device ());
  g_assert_cmpuint (board_live_buffers (), ==, 0);
  close (fd);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  ADD ("reclaimers-at-once", NULL, test_reclaimers_at_once);
  ADD ("reclaimer-is-waited-for", NULL, test_reclaimer_is_waited_for);
  ADD ("lock-delays-nobody-for-long", NULL, test_lock_delays_nobody_for_long);
  return g_test_run ();
}
