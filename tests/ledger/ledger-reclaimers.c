/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * ledger-reclaimers.c: several processes that want what the dead left, at once.
 */
#include <dlfcn.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/file.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../check/board.h"
#include "ledgercheck.h"
#include "xlnkledgerwalk.h"

#define MOST (20 << 20)         /* bytes, of a board of 32 MiB */

/* What happens when the next file or directory is locked, before or after. */
static void (*before_lock) (mode_t type);
static void (*after_lock) (mode_t type);

int
flock (int fd, int operation)
{
  static typeof (&flock) next;
  struct stat status;
  int result;

  if (!next)
    *(void **) &next = dlsym (RTLD_NEXT, "flock");
  if (operation & LOCK_UN || fstat (fd, &status) != 0)
    return next (fd, operation);
  if (before_lock)
    before_lock (status.st_mode & S_IFMT);
  result = next (fd, operation);
  if (result == 0 && after_lock)
    after_lock (status.st_mode & S_IFMT);
  return result;
}

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
  xlnk_ledger_walk_take_turn (&files, true);
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

static gpointer
take_most_here (gpointer device)
{
  return new_block (device, MOST);
}

/* A reset finds no block of this process's, but one that waits for memory has a slot: that stays its own. */
static void
test_reset_while_one_waits (Fixture * fixture G_GNUC_UNUSED, gconstpointer data G_GNUC_UNUSED)
{
  XlnkDevice *device = open_device ();
  XlnkBlock *waiting, *block;
  GThread *thread;
  Other other;

  xlnk_block_unref (new_block (device, 100));
  die_after (take_most, NULL);
  other = start_other (begin_to_reclaim, NULL);
  thread = g_thread_new ("wait", take_most_here, device);
  g_usleep (300000);
  g_assert_true (xlnk_device_reset (device, NULL));
  block = new_block (device, 100);
  finish_other (other);
  waiting = g_thread_join (thread);
  g_assert_true (waiting->slot != block->slot);
  xlnk_block_unref (waiting);
  g_assert_cmpint (xlnk_ledger_get_state (block->slot), ==, XLNK_SLOT_LIVE);
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

static void
reclaim_all (gconstpointer data G_GNUC_UNUSED)
{
  xlnk_device_unref (open_device ());
}

static void
reclaim_elsewhere (mode_t type)
{
  if (type != S_IFDIR)
    return;
  before_lock = NULL;
  die_after (reclaim_all, NULL);
}

/* It has just given back all there was, when we have found no memory and begin to look for some. */
static void
test_late_for_reclaim (Fixture * fixture G_GNUC_UNUSED, gconstpointer data G_GNUC_UNUSED)
{
  XlnkDevice *device = open_device ();

  die_after (take_most, NULL);
  before_lock = reclaim_elsewhere;
  xlnk_block_unref (new_block (device, MOST));
  xlnk_device_unref (device);
}

/*** forks meanwhile ***/

static pid_t bystander;

/* What another thread may do at any moment. */
static void
fork_bystander (mode_t type)
{
  if (type != S_IFREG || bystander)
    return;
  bystander = fork ();
  if (bystander != 0)
    return;
  prctl (PR_SET_PDEATHSIG, SIGKILL);
  for (;;)
    pause ();
}

static void
expose_one (gconstpointer data G_GNUC_UNUSED)
{
  g_assert_true (xlnk_block_expose (new_block (open_device (), SIZE), NULL));
}

/* It has copies of the reclaimer's descriptors, but the dead must not seem to live for that. */
static void
test_fork_keeps_no_lock (Fixture * fixture, gconstpointer data G_GNUC_UNUSED)
{
  XlnkDevice *device;

  die_after (expose_one, NULL);
  after_lock = fork_bystander;
  device = open_device ();
  after_lock = NULL;
  g_assert_cmpint (bystander, >, 0);
  g_assert_cmpuint (reclaim (device, XLNK_RECLAIM_EXPOSED).freed, ==, 1);
  kill (bystander, SIGKILL);
  waitpid (bystander, NULL, 0);
  xlnk_device_unref (device);
  g_assert_cmpuint (count_files (fixture), ==, 0);
}

/*** threads meanwhile ***/

static gint waits, has_waited;  /* atomic */

static void
note_waiting (mode_t type)
{
  if (type == S_IFDIR)
    g_atomic_int_set (&waits, 1);
}

static gpointer
ask_for_too_much (gpointer device)
{
  g_assert_null (xlnk_block_new (device, 2 * MOST, true, NULL));
  g_atomic_int_set (&has_waited, 1);
  return NULL;
}

/* Whoever waits for another process's reclaim does not stop those who want no memory. */
static void
test_waiting_stops_nobody_else (Fixture * fixture, gconstpointer data G_GNUC_UNUSED)
{
  XlnkDevice *device = open_device ();
  XlnkBlock *block = new_block (device, SIZE);
  GThread *waiting;
  guint n = 0;
  int fd;

  fd = open (fixture->directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  g_assert_cmpint (flock (fd, LOCK_EX), ==, 0);
  before_lock = note_waiting;
  waiting = g_thread_new ("waiting", ask_for_too_much, device);
  while (!g_atomic_int_get (&waits))
    g_usleep (1000);
  for (; !g_atomic_int_get (&has_waited); n++) {
    xlnk_block_unref (xlnk_block_ref (block));
    g_usleep (1000);
  }
  g_thread_join (waiting);
  before_lock = NULL;
  close (fd);
  /* Else the first would have waited as well. */
  g_assert_cmpuint (n, >, 10);
  xlnk_block_unref (block);
  xlnk_device_unref (device);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  ADD ("reclaimers-at-once", NULL, test_reclaimers_at_once);
  ADD ("reclaimer-is-waited-for", NULL, test_reclaimer_is_waited_for);
  ADD ("late-for-reclaim", NULL, test_late_for_reclaim);
  ADD ("fork-keeps-no-lock", NULL, test_fork_keeps_no_lock);
  ADD ("waiting-stops-nobody-else", NULL, test_waiting_stops_nobody_else);
  ADD ("reset-while-one-waits", NULL, test_reset_while_one_waits);
  ADD ("lock-delays-nobody-for-long", NULL, test_lock_delays_nobody_for_long);
  return g_test_run ();
}
