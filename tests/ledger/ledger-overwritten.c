/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * ledger-overwritten.c: what a process writes down of its own blocks that it may not free, because something wrote past their
 * end or because they are somebody else's by now.
 */
#include <string.h>
#include <unistd.h>

#include "../check/board.h"
#include "../check/stranger.h"
#include "ledgercheck.h"

#define FORCE (XLNK_RECLAIM_EXPOSED | XLNK_RECLAIM_ARMED | XLNK_RECLAIM_COOKIE_LESS)

static const char other_bytes[XLNK_COOKIE_SIZE] = "sixteen too far";
static const char zeros[XLNK_COOKIE_SIZE];

/* As a core with too large a size would. */
static void
write_too_far (XlnkBlock * block, const char *bytes)
{
  memcpy ((char *) block->extent.cpu + block->extent.length - XLNK_COOKIE_LINE, bytes, XLNK_COOKIE_SIZE);
}

static guint
used_slots (const char *path)
{
  guint used = 0;

  for (guint n = 0; n < 8; n++)
    used += read_slot (path, n).state != XLNK_SLOT_FREE;
  return used;
}

static guint64
lost_blocks (XlnkDevice * device)
{
  XlnkDeviceStats stats;

  xlnk_device_get_stats (device, &stats);
  return stats.lost_blocks;
}

/* It is neither freed nor forgotten, by its owner or by who comes later. */
static void
test_overwritten (Fixture * fixture, gconstpointer bytes)
{
  XlnkDevice *device = open_device ();
  XlnkBlock *block = new_block (device, SIZE);
  g_autofree char *path = only_file (fixture);
  XlnkReclaimResult result;

  write_too_far (block, bytes);
  xlnk_block_unref (block);
  g_assert_cmpuint (board_live_buffers (), ==, 1);
  g_assert_cmpuint (lost_blocks (device), ==, 1);
  g_assert_cmpuint (count_warned (), ==, 1);
  g_assert_cmpuint (read_slot (path, 0).state, ==, XLNK_SLOT_WRONG_COOKIE);
  xlnk_device_unref (device);
  g_assert_cmpuint (count_ledgers (fixture), ==, 1);
  device = open_device ();
  result = reclaim (device, FORCE);
  g_assert_cmpuint (result.kept_wrong_cookie, ==, 1);
  g_assert_cmpuint (board_live_buffers (), ==, 1);
  g_assert_cmpuint (reclaim (device, XLNK_RECLAIM_WRONG_COOKIE).freed, ==, 1);
  xlnk_device_unref (device);
  g_assert_cmpuint (count_files (fixture), ==, 0);
}

/* If it was somebody else's, it goes from the ledger when he is gone. */
static void
test_strangers (Fixture * fixture, gconstpointer data G_GNUC_UNUSED)
{
  XlnkDevice *device = open_device ();
  XlnkBlock *block = new_block (device, SIZE);
  int fd = stranger_open ();
  StrangerBuffer theirs;

  stranger_reset ();
  theirs = stranger_alloc (fd, (guint) block->extent.length);
  g_assert_cmpuint (theirs.id, ==, block->extent.id);
  xlnk_block_unref (block);
  xlnk_device_unref (device);
  device = open_device ();
  g_assert_cmpuint (reclaim (device, FORCE).kept_wrong_cookie, ==, 1);
  g_assert_cmpuint (board_live_buffers (), ==, 1);
  stranger_free (fd, theirs.id);
  g_assert_cmpuint (reclaim (device, 0).dropped, ==, 1);
  xlnk_device_unref (device);
  close (fd);
  g_assert_cmpuint (count_files (fixture), ==, 0);
}

/* The driver gives us its id again: what the ledger says of the former one is replaced. */
static void
test_same_id_again (Fixture * fixture, gconstpointer data G_GNUC_UNUSED)
{
  XlnkDevice *device = open_device ();
  XlnkBlock *block = new_block (device, SIZE);
  g_autofree char *path = only_file (fixture);
  guint32 id = block->extent.id;
  int fd = stranger_open ();

  write_too_far (block, other_bytes);
  xlnk_block_unref (block);
  stranger_free (fd, id);
  block = new_block (device, 2 * SIZE);
  g_assert_cmpuint (block->extent.id, ==, id);
  g_assert_cmpuint (used_slots (path), ==, 1);
  xlnk_block_unref (block);
  xlnk_device_unref (device);
  close (fd);
  g_assert_cmpuint (count_files (fixture), ==, 0);
}

/* The former one is still held: then it is known to be gone, and which of the two was overwritten makes a difference. */
static void
test_same_id_while_held (Fixture * fixture, gconstpointer data G_GNUC_UNUSED)
{
  XlnkDevice *device = open_device ();
  XlnkBlock *former = new_block (device, SIZE), *block;
  g_autofree char *path = only_file (fixture);

  stranger_reset ();
  block = new_block (device, SIZE);
  g_assert_cmpuint (block->extent.id, ==, former->extent.id);
  write_too_far (block, other_bytes);
  xlnk_block_unref (block);
  g_assert_cmpuint (used_slots (path), ==, 2);
  xlnk_block_unref (former);
  g_assert_cmpuint (used_slots (path), ==, 1);
  g_assert_cmpuint (read_slot (path, 1).state, ==, XLNK_SLOT_WRONG_COOKIE);
  g_assert_cmpuint (lost_blocks (device), ==, 2);
  xlnk_device_unref (device);
  device = open_to_look ();
  g_assert_cmpuint (reclaim (device, XLNK_RECLAIM_WRONG_COOKIE).freed, ==, 1);
  xlnk_device_unref (device);
  g_assert_cmpuint (count_files (fixture), ==, 0);
}

/* Our own reset takes all that it may have been. */
static void
test_reset (Fixture * fixture, gconstpointer data G_GNUC_UNUSED)
{
  XlnkDevice *device = open_device ();
  XlnkBlock *block = new_block (device, SIZE);
  g_autofree char *path = only_file (fixture);

  write_too_far (block, other_bytes);
  xlnk_block_unref (block);
  g_assert_cmpuint (used_slots (path), ==, 1);
  g_assert_true (xlnk_device_reset (device, NULL));
  g_assert_cmpuint (used_slots (path), ==, 0);
  xlnk_device_unref (device);
  g_assert_cmpuint (count_files (fixture), ==, 0);
}

/* A core may still be writing to what a living process has let go of: nobody has it forced away by what a dead one says. */
static void
test_claim_of_the_living (Fixture * fixture, gconstpointer data G_GNUC_UNUSED)
{
  int fd = stranger_open ();
  g_autofree char *path = NULL;
  XlnkDevice *device, *another;
  XlnkLedgerSlot slot;
  XlnkBlock *block;

  die_after (allocate_some, GUINT_TO_POINTER (1));
  path = only_file (fixture);
  slot = read_slot (path, 0);
  slot.state = XLNK_SLOT_COOKIE_LESS;
  write_slot (path, 0, &slot);
  stranger_free (fd, slot.arg.alloc.id);
  device = open_to_look ();
  block = new_block (device, SIZE);
  g_assert_cmpuint (block->extent.id, ==, slot.arg.alloc.id);
  write_too_far (block, zeros);
  xlnk_block_unref (block);
  another = open_to_look ();
  g_assert_cmpuint (reclaim (another, FORCE).kept_cookie_less, ==, 1);
  g_assert_cmpuint (board_live_buffers (), ==, 1);
  xlnk_device_unref (device);
  g_assert_cmpuint (reclaim (another, FORCE).freed, ==, 1);
  reclaim (another, 0);
  xlnk_device_unref (another);
  close (fd);
  g_assert_cmpuint (count_files (fixture), ==, 0);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  ADD ("overwritten/bytes", other_bytes, test_overwritten);
  ADD ("overwritten/zeros", zeros, test_overwritten);
  ADD ("overwritten/strangers", NULL, test_strangers);
  ADD ("overwritten/same-id-again", NULL, test_same_id_again);
  ADD ("overwritten/same-id-while-held", NULL, test_same_id_while_held);
  ADD ("overwritten/reset", NULL, test_reset);
  ADD ("overwritten/claim-of-the-living", NULL, test_claim_of_the_living);
  return g_test_run ();
}
