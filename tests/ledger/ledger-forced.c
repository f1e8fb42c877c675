/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * ledger-forced.c: what of the dead has no cookie, or another one: it is kept, until a person asks for it, however often who
 * gives it back is killed meanwhile.
 */
#include <fcntl.h>
#include <dlfcn.h>
#include <signal.h>
#include <stdarg.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "../check/board.h"
#include "../check/stranger.h"
#include "ledgercheck.h"
#include "xlnkabi.h"

/* Maps id 1 as its owner's heir would. */
static guint8 *
map_first (int fd, gsize length)
{
  guint8 *start = stranger_map (fd, 1, (guint) g_ascii_strtoull (g_getenv ("XLNK_TEST_SHIFT"), NULL, 10), length);

  g_assert_nonnull (start);
  return start;
}

static void
overwrite_cookie (const void *bytes, gsize size)
{
  gsize length = (SIZE + 63) / 64 * 64 + 64;
  int fd = stranger_open ();
  guint8 *start = map_first (fd, length);

  memcpy (start + length - 64, bytes, size);
  munmap (start, length);
  close (fd);
}

static void
test_wrong_cookie (Fixture * fixture, gconstpointer data G_GNUC_UNUSED)
{
  g_autofree char *path = NULL;
  XlnkReclaimResult result;
  XlnkDevice *device;

  die_after (allocate_some, GUINT_TO_POINTER (1));
  overwrite_cookie ("something else!", 16);
  path = only_file (fixture);
  device = open_device ();
  g_assert_cmpuint (board_live_buffers (), ==, 1);
  g_assert_cmpuint (count_warned (), ==, 1);
  g_assert_cmpuint (read_slot (path, 0).state, ==, XLNK_SLOT_WRONG_COOKIE);
  result = reclaim (device, XLNK_RECLAIM_EXPOSED | XLNK_RECLAIM_ARMED | XLNK_RECLAIM_COOKIE_LESS);
  g_assert_cmpuint (result.kept_wrong_cookie, ==, 1);
  g_assert_cmpuint (result.freed, ==, 0);
  g_assert_cmpuint (reclaim (device, XLNK_RECLAIM_WRONG_COOKIE).freed, ==, 1);
  xlnk_device_unref (device);
  g_assert_cmpuint (count_files (fixture), ==, 0);
}

/* A cookie of zeros is none: any new block would match. */
static void
test_cookie_of_zeros (Fixture * fixture, gconstpointer data G_GNUC_UNUSED)
{
  static const guint8 none[XLNK_COOKIE_SIZE];
  g_autofree char *path = NULL;
  XlnkLedgerSlot slot;
  XlnkDevice *device;

  die_after (allocate_some, GUINT_TO_POINTER (1));
  overwrite_cookie (none, sizeof none);
  path = only_file (fixture);
  slot = read_slot (path, 0);
  memset (slot.cookie, 0, sizeof slot.cookie);
  write_slot (path, 0, &slot);
  device = open_device ();
  g_assert_cmpuint (board_live_buffers (), ==, 1);
  g_assert_cmpuint (reclaim (device, XLNK_RECLAIM_WRONG_COOKIE).freed, ==, 1);
  xlnk_device_unref (device);
}

/* As if it had died between ALLOCBUF and the cookie. */
static char *
make_cookie_less (const Fixture * fixture, gsize written)
{
  char *path;
  guint8 cookie[XLNK_COOKIE_SIZE] = { 0 };
  XlnkLedgerSlot slot;

  die_after (allocate_some, GUINT_TO_POINTER (1));
  path = only_file (fixture);
  slot = read_slot (path, 0);
  memcpy (cookie, slot.cookie, written);
  overwrite_cookie (cookie, sizeof cookie);
  slot.state = XLNK_SLOT_ALLOCATING;
  write_slot (path, 0, &slot);
  return path;
}

static void
test_cookie_less (Fixture * fixture, gconstpointer data)
{
  g_autofree char *path G_GNUC_UNUSED = make_cookie_less (fixture, GPOINTER_TO_UINT (data));
  XlnkDevice *device = open_device ();
  XlnkReclaimResult result = reclaim (device, XLNK_RECLAIM_EXPOSED | XLNK_RECLAIM_ARMED | XLNK_RECLAIM_WRONG_COOKIE);

  g_assert_cmpuint (result.kept_cookie_less, ==, 1);
  g_assert_cmpuint (board_live_buffers (), ==, 1);
  result = reclaim (device, XLNK_RECLAIM_COOKIE_LESS);
  g_assert_cmpuint (result.freed, ==, 1);
  xlnk_device_unref (device);
  g_assert_cmpuint (count_files (fixture), ==, 0);
}

static void
look_and_allocate (gconstpointer data G_GNUC_UNUSED)
{
  new_block (open_to_look (), SIZE);
}

/* Somebody living has that buffer now, and his ledger says so: then a person's wish does not count. */
static void
test_force_spares_the_living (Fixture * fixture, gconstpointer data G_GNUC_UNUSED)
{
  g_autofree char *path G_GNUC_UNUSED = make_cookie_less (fixture, 0);
  XlnkReclaimResult result;
  XlnkDevice *device;
  Other other;

  stranger_reset ();
  device = open_to_look ();
  other = start_other (look_and_allocate, NULL);
  g_assert_cmpuint (count_ledgers (fixture), ==, 2);
  result = reclaim (device, XLNK_RECLAIM_COOKIE_LESS | XLNK_RECLAIM_WRONG_COOKIE);
  g_assert_cmpuint (result.freed, ==, 0);
  /* If his cookie is in it, the record has no meaning any more. */
  g_assert_cmpuint (result.kept_wrong_cookie + result.dropped, ==, 1);
  finish_other (other);
  result = reclaim (device, 0);
  g_assert_cmpuint (result.freed, ==, 1);
  reclaim (device, 0);
  xlnk_device_unref (device);
  g_assert_cmpuint (count_files (fixture), ==, 0);
}

static void
expose (gconstpointer size)
{
  g_assert_true (xlnk_block_expose (new_block (open_to_look (), GPOINTER_TO_UINT (size)), NULL));
}

/* Nor does it if the buffer is another dead process's, which has the better claim: its cookie is in it, though not where the
 * first one had its own. */
static void
test_force_spares_the_exposed (Fixture * fixture, gconstpointer data)
{
  Other other = start_other (look_and_allocate, NULL);
  XlnkReclaimResult result;
  XlnkDevice *device;

  stranger_reset ();
  die_after (expose, data);
  finish_other (other);
  g_assert_cmpuint (count_ledgers (fixture), ==, 2);
  device = open_to_look ();
  result = reclaim (device, XLNK_RECLAIM_COOKIE_LESS | XLNK_RECLAIM_WRONG_COOKIE | XLNK_RECLAIM_ARMED);
  g_assert_cmpuint (board_live_buffers (), ==, 1);
  g_assert_cmpuint (result.dropped, ==, 1);
  g_assert_cmpuint (result.kept_exposed, ==, 1);
  g_assert_cmpuint (reclaim (device, XLNK_RECLAIM_EXPOSED).freed, ==, 1);
  xlnk_device_unref (device);
  g_assert_cmpuint (count_files (fixture), ==, 0);
}

/*** killed while it is asked for ***/

typedef enum
{
  NOWHERE,
  BEFORE_FREEBUF,
  AFTER_FREEBUF,
} Place;

static Place dies;

int
ioctl (int fd, unsigned long request, ...)
{
  static typeof (&ioctl) next;
  va_list arguments;
  void *argument;
  int result;

  if (!next)
    *(void **) &next = dlsym (RTLD_NEXT, "ioctl");
  va_start (arguments, request);
  argument = va_arg (arguments, void *);
  va_end (arguments);
  if (request == XLNK_IOC_FREEBUF && dies == BEFORE_FREEBUF)
    kill (getpid (), SIGKILL);
  result = next (fd, request, argument);
  if (request == XLNK_IOC_FREEBUF && dies == AFTER_FREEBUF)
    kill (getpid (), SIGKILL);
  return result;
}

static void
die_of_forcing (gconstpointer place)
{
  XlnkDevice *device = open_device ();

  dies = GPOINTER_TO_UINT (place);
  reclaim (device, XLNK_RECLAIM_COOKIE_LESS | XLNK_RECLAIM_WRONG_COOKIE);
  g_assert_not_reached ();
}

/* It was not given back: the ledger must go on naming it. */
static void
test_dead_before_freebuf (Fixture * fixture, gconstpointer with_cookie)
{
  g_autofree char *path G_GNUC_UNUSED = with_cookie ? NULL : make_cookie_less (fixture, 0);
  XlnkReclaimResult result;
  XlnkDevice *device;

  if (with_cookie) {
    die_after (allocate_some, GUINT_TO_POINTER (1));
    overwrite_cookie ("something else!", 16);
  }
  for (guint i = 0; i < 2; i++)
    die_after (die_of_forcing, GUINT_TO_POINTER (BEFORE_FREEBUF));
  g_assert_cmpuint (board_live_buffers (), ==, 1);
  device = open_device ();
  result = reclaim (device, 0);
  g_assert_cmpuint (with_cookie ? result.kept_wrong_cookie : result.kept_cookie_less, ==, 1);
  result = reclaim (device, XLNK_RECLAIM_COOKIE_LESS | XLNK_RECLAIM_WRONG_COOKIE);
  g_assert_cmpuint (result.freed, ==, 1);
  g_assert_cmpuint (board_live_buffers (), ==, 0);
  xlnk_device_unref (device);
  g_assert_cmpuint (count_files (fixture), ==, 0);
}

/* It was given back: nothing is left to name, and who has the id now keeps it. */
static void
test_dead_after_freebuf (Fixture * fixture, gconstpointer taken)
{
  g_autofree char *path G_GNUC_UNUSED = make_cookie_less (fixture, 0);
  int fd = stranger_open ();
  StrangerBuffer theirs = { 0 };
  XlnkDevice *device;

  die_after (die_of_forcing, GUINT_TO_POINTER (AFTER_FREEBUF));
  g_assert_cmpuint (board_live_buffers (), ==, 0);
  if (taken)
    theirs = stranger_alloc (fd, 2 * SIZE);
  device = open_device ();
  g_assert_cmpuint (board_live_buffers (), ==, taken ? 1 : 0);
  g_assert_cmpuint (reclaim (device, 0).kept_cookie_less, ==, taken ? 1 : 0);
  if (taken)
    stranger_free (fd, theirs.id);
  reclaim (device, 0);
  close (fd);
  xlnk_device_unref (device);
  g_assert_cmpuint (count_files (fixture), ==, 0);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  ADD ("wrong-cookie", NULL, test_wrong_cookie);
  ADD ("cookie-of-zeros", NULL, test_cookie_of_zeros);
  ADD ("cookie-less", NULL, test_cookie_less);
  ADD ("cookie-less-torn", GUINT_TO_POINTER (8), test_cookie_less);
  ADD ("force-spares-the-living", NULL, test_force_spares_the_living);
  ADD ("force-spares-the-exposed", GUINT_TO_POINTER (SIZE), test_force_spares_the_exposed);
  ADD ("force-spares-the-exposed-and-larger", GUINT_TO_POINTER (2 * SIZE), test_force_spares_the_exposed);
  ADD ("force-spares-the-exposed-and-smaller", GUINT_TO_POINTER (SIZE / 2), test_force_spares_the_exposed);
  ADD ("dead-before-freebuf", NULL, test_dead_before_freebuf);
  ADD ("dead-before-freebuf-wrong-cookie", GUINT_TO_POINTER (1), test_dead_before_freebuf);
  ADD ("dead-after-freebuf", NULL, test_dead_after_freebuf);
  ADD ("dead-after-freebuf-taken", GUINT_TO_POINTER (1), test_dead_after_freebuf);
  return g_test_run ();
}
