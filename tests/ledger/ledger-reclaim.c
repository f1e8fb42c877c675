/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * ledger-reclaim.c: what is freed of the dead, and what is not: the steps of xlnkledger.h, one by one.
 */
#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../check/board.h"
#include "../check/stranger.h"
#include "ledgercheck.h"

/*** of the dead ***/

static void
test_dead_owner (Fixture * fixture, gconstpointer data)
{
  guint n = GPOINTER_TO_UINT (data);
  XlnkDevice *device;

  die_after (allocate_some, data);
  g_assert_cmpuint (board_live_buffers (), ==, n);
  g_assert_cmpuint (count_ledgers (fixture), ==, 1);
  device = open_device ();
  g_assert_cmpuint (board_live_buffers (), ==, 0);
  xlnk_device_unref (device);
  g_assert_cmpuint (count_files (fixture), ==, 0);
  g_assert_cmpuint (count_warned (), ==, 0);
}

static void
test_live_owner (Fixture * fixture, gconstpointer data G_GNUC_UNUSED)
{
  Other other = start_other (allocate_some, GUINT_TO_POINTER (3));
  XlnkDevice *device = open_device ();
  XlnkReclaimResult result = reclaim (device, ~XLNK_RECLAIM_DRY_RUN);

  g_assert_cmpuint (result.files + result.freed + result.dropped, ==, 0);
  g_assert_cmpuint (board_live_buffers (), ==, 3);
  g_assert_cmpuint (count_ledgers (fixture), ==, 1);
  finish_other (other);
  g_assert_cmpuint (reclaim (device, 0).freed, ==, 3);
  xlnk_device_unref (device);
}

static void
test_dry_run (Fixture * fixture, gconstpointer data G_GNUC_UNUSED)
{
  XlnkDevice *device;
  XlnkReclaimResult result;

  die_after (allocate_some, GUINT_TO_POINTER (2));
  device = open_to_look ();
  result = reclaim (device, XLNK_RECLAIM_DRY_RUN);
  g_assert_cmpuint (result.freed, ==, 2);
  g_assert_cmpuint (result.freed_bytes, >=, 2 * SIZE);
  g_assert_cmpuint (board_live_buffers (), ==, 2);
  result = reclaim (device, 0);
  g_assert_cmpuint (result.freed, ==, 2);
  g_assert_cmpuint (result.files, ==, 1);
  xlnk_device_unref (device);
  g_assert_cmpuint (count_files (fixture), ==, 0);
}

/* Of a board of 32 MiB. */
static void
take_most (gconstpointer data G_GNUC_UNUSED)
{
  new_block (open_device (), 20 << 20);
}

static void
test_no_memory (Fixture * fixture G_GNUC_UNUSED, gconstpointer data G_GNUC_UNUSED)
{
  XlnkDevice *device = open_device ();
  g_autoptr (GError) error = NULL;
  XlnkBlock *block;

  die_after (take_most, NULL);
  block = new_block (device, 24 << 20);
  g_assert_cmpuint (board_live_buffers (), ==, 1);
  g_assert_null (xlnk_block_new (device, 24 << 20, true, &error));
  g_assert_error (error, XLNK_ERROR, XLNK_ERROR_EXHAUSTED);
  xlnk_block_unref (block);
  xlnk_device_unref (device);
}

/* Then there is none for a trial either. */
static void
take_all (gconstpointer data G_GNUC_UNUSED)
{
  XlnkDevice *device = open_device ();

  for (gsize size = 16 << 20; size >= 64; size /= 2) {
    while (xlnk_block_new (device, size, true, NULL));
  }
}

/* Nor where the driver has no id left, of which most are too large to try its habits with. */
static void
take_all_ids (gconstpointer data G_GNUC_UNUSED)
{
  XlnkDevice *device = open_device ();

  while (xlnk_block_new (device, 64, true, NULL));
}

static void
test_no_memory_at_all (Fixture * fixture, gconstpointer data)
{
  XlnkDevice *device;

  die_after (data ? take_all_ids : take_all, NULL);
  g_assert_cmpuint (board_live_buffers (), >, 3);
  device = open_device ();
  g_assert_cmpuint (board_live_buffers (), ==, 0);
  xlnk_device_unref (device);
  g_assert_cmpuint (count_files (fixture), ==, 0);
  g_assert_cmpuint (count_warned (), ==, 0);
}

/* Dead between the cookie and LIVE: what counts is the cookie. */
static void
test_cookie_before_its_state (Fixture * fixture, gconstpointer data)
{
  g_autofree char *path = NULL;
  XlnkLedgerSlot slot;
  XlnkDevice *device;

  die_after (allocate_some, GUINT_TO_POINTER (1));
  path = only_file (fixture);
  slot = read_slot (path, 0);
  slot.state = GPOINTER_TO_UINT (data);
  write_slot (path, 0, &slot);
  device = open_device ();
  g_assert_cmpuint (board_live_buffers (), ==, 0);
  xlnk_device_unref (device);
}

/*** exposed and armed ***/

static void
expose_one (gconstpointer data G_GNUC_UNUSED)
{
  XlnkDevice *device = open_device ();

  g_assert_true (xlnk_block_expose (new_block (device, SIZE), NULL));
  new_block (device, SIZE);
}

static void
test_exposed (Fixture * fixture, gconstpointer data G_GNUC_UNUSED)
{
  XlnkReclaimResult result;
  XlnkDevice *device;

  die_after (expose_one, NULL);
  device = open_device ();
  g_assert_cmpuint (board_live_buffers (), ==, 1);
  result = reclaim (device, XLNK_RECLAIM_COOKIE_LESS | XLNK_RECLAIM_WRONG_COOKIE | XLNK_RECLAIM_ARMED);
  g_assert_cmpuint (result.kept_exposed, ==, 1);
  g_assert_cmpuint (reclaim (device, XLNK_RECLAIM_EXPOSED).freed, ==, 1);
  xlnk_device_unref (device);
  g_assert_cmpuint (count_files (fixture), ==, 0);
}

static void
map_for_device (gconstpointer data)
{
  XlnkBlock *block = new_block (open_device (), SIZE);

  xlnk_block_count_device_map (block, 1);
  if (data)
    xlnk_block_count_device_map (block, -1);
}

/* While it was mapped for a device, without a word of which core that was; or not any more. */
static void
test_mapped_for_device (Fixture * fixture, gconstpointer data)
{
  XlnkReclaimResult result;
  XlnkDevice *device;

  die_after (map_for_device, data);
  device = open_to_look ();
  result = reclaim (device, 0);
  g_assert_cmpuint (result.kept_exposed, ==, !data);
  g_assert_cmpuint (result.freed, ==, !!data);
  reclaim (device, XLNK_RECLAIM_EXPOSED);
  g_assert_cmpuint (board_live_buffers (), ==, 0);
  xlnk_device_unref (device);
  g_assert_cmpuint (count_files (fixture), ==, 0);
}

static void
test_exposed_by_policy (Fixture * fixture, gconstpointer data G_GNUC_UNUSED)
{
  XlnkDevice *device;

  die_after (expose_one, NULL);
  g_setenv ("GST_XLNK_RECLAIM", "exposed", TRUE);
  device = open_device ();
  g_assert_cmpuint (board_live_buffers (), ==, 0);
  xlnk_device_unref (device);
  g_assert_cmpuint (count_files (fixture), ==, 0);
}

static void
arm_some (gconstpointer data)
{
  XlnkDevice *device = open_device ();
  XlnkBlock *block = new_block (device, SIZE), *other = new_block (device, SIZE), *over = new_block (device, SIZE);

  xlnk_block_arm (block, 0x43c00000, "one");
  xlnk_block_arm (other, 0x43c00000, "one by another name");
  xlnk_block_arm (other, 0, "nameless");
  xlnk_block_arm (over, 0x43c00000, "one");
  xlnk_block_disarm (over, 0x43c00000, "one");
  if (data)
    xlnk_block_expose (other, NULL);
}

static void
test_armed (Fixture * fixture, gconstpointer data)
{
  XlnkDevice *device;
  XlnkReclaimResult result;

  die_after (arm_some, data);
  device = open_device ();
  g_assert_cmpuint (board_live_buffers (), ==, 2);
  g_assert_cmpuint (reclaim (device, 0).kept_armed, ==, 2);
  g_assert_cmpuint (xlnk_reclaim_waits_for_core (device, 0x43c00000, "x"), ==, 2);
  g_assert_cmpuint (xlnk_reclaim_waits_for_core (device, 0x43c10000, "one"), ==, 0);
  g_assert_true (xlnk_reclaim_core (device, 0x43c10000, "one", &result, NULL));
  g_assert_cmpuint (result.kept_armed, ==, 2);
  g_assert_true (xlnk_reclaim_core (device, 0x43c00000, "x", &result, NULL));
  g_assert_cmpuint (result.freed, ==, 1);
  g_assert_cmpuint (result.kept_armed, ==, 1);
  /* That the one was stopped is not forgotten. */
  g_assert_true (xlnk_reclaim_core (device, 0, "nameless", &result, NULL));
  g_assert_cmpuint (result.freed, ==, data ? 0 : 1);
  g_assert_cmpuint (result.kept_exposed, ==, data ? 1 : 0);
  g_assert_cmpuint (reclaim (device, XLNK_RECLAIM_EXPOSED).freed, ==, data ? 1 : 0);
  xlnk_device_unref (device);
  g_assert_cmpuint (count_files (fixture), ==, 0);
}

static void
arm_often (gconstpointer data G_GNUC_UNUSED)
{
  XlnkBlock *block = new_block (open_device (), SIZE);

  for (guint i = 0; i < XLNK_LEDGER_JOBS + 1; i++)
    xlnk_block_arm (block, 0x1000, "one");
  for (guint i = 0; i < XLNK_LEDGER_JOBS + 1; i++)
    xlnk_block_disarm (block, 0x1000, "one");
}

/* More jobs than a slot can count: nobody knows any more whether one still runs. */
static void
test_too_many_jobs (Fixture * fixture G_GNUC_UNUSED, gconstpointer data G_GNUC_UNUSED)
{
  XlnkDevice *device;

  die_after (arm_often, NULL);
  device = open_device ();
  g_assert_cmpuint (reclaim (device, 0).kept_armed, ==, 1);
  g_assert_cmpuint (reclaim (device, XLNK_RECLAIM_ARMED).freed, ==, 1);
  xlnk_device_unref (device);
}

static void
arm_many_cores (gconstpointer data G_GNUC_UNUSED)
{
  XlnkBlock *block = new_block (open_device (), SIZE);

  for (guint i = 0; i < XLNK_LEDGER_CORES + 2; i++) {
    xlnk_block_arm (block, 0x1000 * (i + 1), "core");
    if (i != XLNK_LEDGER_CORES)
      xlnk_block_disarm (block, 0x1000 * (i + 1), "core");
  }
  xlnk_block_arm (block, 0x1000, "core");
}

/* One that the table has no room for: no core that is found idle is that one. */
static void
test_too_many_cores (Fixture * fixture G_GNUC_UNUSED, gconstpointer data G_GNUC_UNUSED)
{
  XlnkReclaimResult result;
  XlnkDevice *device;

  die_after (arm_many_cores, NULL);
  device = open_device ();
  g_assert_true (xlnk_reclaim_core (device, 0x1000, "core", &result, NULL));
  g_assert_true (xlnk_reclaim_core (device, 0x1000 * (XLNK_LEDGER_CORES + 1), "core", &result, NULL));
  g_assert_cmpuint (result.kept_armed, ==, 1);
  g_assert_cmpuint (reclaim (device, XLNK_RECLAIM_ARMED).freed, ==, 1);
  xlnk_device_unref (device);
}

/*** strangers ***/

/* They take over id and address with a buffer that is as large, smaller or larger. */
static void
test_taken_over (Fixture * fixture, gconstpointer data)
{
  StrangerBuffer theirs;
  XlnkReclaimResult result;
  XlnkDevice *device;
  int fd = stranger_open ();

  die_after (allocate_some, GUINT_TO_POINTER (1));
  stranger_reset ();
  theirs = stranger_alloc (fd, GPOINTER_TO_UINT (data));
  g_assert_cmpuint (theirs.id, ==, 1);
  device = open_device ();
  result = reclaim (device, XLNK_RECLAIM_EXPOSED | XLNK_RECLAIM_COOKIE_LESS | XLNK_RECLAIM_ARMED);
  g_assert_cmpuint (result.freed, ==, 0);
  g_assert_cmpuint (board_live_buffers (), ==, 1);
  stranger_free (fd, theirs.id);
  reclaim (device, 0);
  close (fd);
  xlnk_device_unref (device);
  g_assert_cmpuint (count_files (fixture), ==, 0);
}

/* Dead between FREEBUF and the end: it is gone, and who has the id now is none of our business. */
static void
test_dead_while_freeing (Fixture * fixture, gconstpointer data G_GNUC_UNUSED)
{
  g_autofree char *path = NULL;
  StrangerBuffer theirs;
  XlnkLedgerSlot slot;
  XlnkDevice *device;
  int fd = stranger_open ();

  die_after (allocate_some, GUINT_TO_POINTER (1));
  path = only_file (fixture);
  slot = read_slot (path, 0);
  slot.state = XLNK_SLOT_FREEING;
  write_slot (path, 0, &slot);
  stranger_free (fd, 1);
  theirs = stranger_alloc (fd, slot.length);
  g_assert_cmpuint (theirs.id, ==, 1);
  device = open_device ();
  g_assert_cmpuint (board_live_buffers (), ==, 1);
  xlnk_device_unref (device);
  /* And it is not listed for ever. */
  g_assert_cmpuint (count_files (fixture), ==, 0);
  g_assert_cmpuint (count_warned (), ==, 0);
  stranger_free (fd, theirs.id);
  close (fd);
}

/*** lists ***/

typedef struct
{
  guint holders, alive, entries, exposed, armed;
} Listed;

static void
add_holder (const XlnkHolder * holder, const XlnkEntry * entries, size_t n, void *data)
{
  Listed *listed = data;

  g_assert_cmpstr (holder->command, ==, program_invocation_short_name);
  g_assert_cmpint (holder->pid, >, 0);
  g_assert_cmpint (holder->started_us, >, 0);
  listed->holders++;
  listed->alive += holder->alive;
  listed->entries += n;
  for (size_t i = 0; i < n; i++) {
    g_assert_cmpint (entries[i].state, ==, XLNK_ENTRY_LIVE);
    g_assert_cmpuint (entries[i].length, >=, SIZE);
    g_assert_true (entries[i].cached);
    listed->exposed += entries[i].exposed;
    listed->armed += entries[i].armed;
    if (entries[i].armed)
      g_assert_cmpstr (entries[i].core, ==, "one");
  }
}

static void
test_list (Fixture * fixture G_GNUC_UNUSED, gconstpointer data G_GNUC_UNUSED)
{
  XlnkDevice *device = open_device ();
  XlnkBlock *block = new_block (device, SIZE);
  Listed listed = { 0 };
  Other other;

  die_after (expose_one, NULL);
  other = start_other (arm_some, NULL);
  /* Which has freed one of the two. */
  g_assert_true (xlnk_ledger_list (device, add_holder, &listed, NULL, NULL));
  g_assert_cmpuint (listed.holders, ==, 3);
  g_assert_cmpuint (listed.alive, ==, 2);
  g_assert_cmpuint (listed.entries, ==, 1 + 1 + 3);
  g_assert_cmpuint (listed.exposed, ==, 1);
  g_assert_cmpuint (listed.armed, ==, 2);
  g_assert_cmpuint (board_live_buffers (), ==, 5);
  finish_other (other);
  g_assert_cmpuint (reclaim (device, XLNK_RECLAIM_EXPOSED | XLNK_RECLAIM_ARMED).freed, ==, 4);
  xlnk_block_unref (block);
  xlnk_device_unref (device);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  ADD ("dead-owner", GUINT_TO_POINTER (1), test_dead_owner);
  ADD ("dead-owner-of-many", GUINT_TO_POINTER (200), test_dead_owner);
  ADD ("live-owner", NULL, test_live_owner);
  ADD ("dry-run", NULL, test_dry_run);
  ADD ("no-memory", NULL, test_no_memory);
  ADD ("no-memory-at-all", NULL, test_no_memory_at_all);
  ADD ("no-id-at-all", GUINT_TO_POINTER (1), test_no_memory_at_all);
  ADD ("cookie-while-allocating", GUINT_TO_POINTER (XLNK_SLOT_ALLOCATING), test_cookie_before_its_state);
  ADD ("cookie-while-cookie-less", GUINT_TO_POINTER (XLNK_SLOT_COOKIE_LESS), test_cookie_before_its_state);
  ADD ("cookie-while-freeing", GUINT_TO_POINTER (XLNK_SLOT_FREEING), test_cookie_before_its_state);
  ADD ("exposed", NULL, test_exposed);
  ADD ("mapped-for-a-device", NULL, test_mapped_for_device);
  ADD ("mapped-for-a-device-before", GUINT_TO_POINTER (1), test_mapped_for_device);
  ADD ("exposed-by-policy", NULL, test_exposed_by_policy);
  ADD ("armed", NULL, test_armed);
  ADD ("armed-and-exposed", GUINT_TO_POINTER (1), test_armed);
  ADD ("too-many-jobs", NULL, test_too_many_jobs);
  ADD ("too-many-cores", NULL, test_too_many_cores);
  ADD ("taken-over-by-an-equal-buffer", GUINT_TO_POINTER ((SIZE + 63) / 64 * 64 + 64), test_taken_over);
  ADD ("taken-over-by-a-smaller-buffer", GUINT_TO_POINTER (4096), test_taken_over);
  ADD ("taken-over-by-a-larger-buffer", GUINT_TO_POINTER (2 * SIZE), test_taken_over);
  ADD ("dead-while-freeing", NULL, test_dead_while_freeing);
  ADD ("list", NULL, test_list);
  return g_test_run ();
}
