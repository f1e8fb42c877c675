/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * ledger-hostile.c: files that no ledger ever was, and files that lie. A stranger's live buffer is on the board all the
 * while: whatever they say, it stays.
 */
#include <fcntl.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../check/board.h"
#include "../check/stranger.h"
#include "ledgercheck.h"
#include "xlnkledgerdir.h"

#define BOOT "01234567-89ab-cdef-0123-456789abcdef"

static const XlnkReclaimFlags everything = XLNK_RECLAIM_EXPOSED | XLNK_RECLAIM_ARMED | XLNK_RECLAIM_COOKIE_LESS;

/*** the parser alone ***/

typedef struct
{
  union
  {
    XlnkLedgerHeader header;
    guint8 bytes[XLNK_LEDGER_HEADER_SIZE];
  } head;
  XlnkLedgerSlot slots[6];
} Image;

static void
make_image (Image * image, guint word_size)
{
  XlnkLedgerHeader *header = &image->head.header;

  memset (image, 0, sizeof *image);
  memcpy (header->magic, XLNK_LEDGER_MAGIC, sizeof header->magic);
  header->version = XLNK_LEDGER_VERSION;
  header->word_size = word_size;
  header->header_size = XLNK_LEDGER_HEADER_SIZE;
  header->slot_size = XLNK_LEDGER_SLOT_SIZE;
  header->pid = 77;
  header->core_count = 1;
  header->cores[0].base = 0x43c00000;
  strcpy (header->boot_id, BOOT);
  strcpy (header->command, "te\x1b[31mst");
  for (guint i = 0; i < G_N_ELEMENTS (image->slots); i++) {
    XlnkLedgerSlot *slot = &image->slots[i];
    guint32 len = 64 * (i + 1), id = i + 1, phys = 0x18000000 + 4096 * i;

    slot->state = i;
    slot->length = len;
    slot->cookie[3] = 1;
    memcpy (slot->arg.bytes, &len, 4);
    memcpy (slot->arg.bytes + 4, &id, 4);
    memcpy (slot->arg.bytes + 8, &phys, 4);
  }
}

static void
test_good_file (void)
{
  XlnkLedgerContents contents;
  Image image;

  for (guint word_size = 4; word_size <= 8; word_size += 4) {
    make_image (&image, word_size);
    image.slots[3].jobs[5] = 1;
    image.slots[3].jobs[7] = 2;
    g_assert_true (xlnk_ledger_parse (&image, sizeof image, BOOT, &contents));
    g_assert_cmpstr (contents.command, ==, "te?[31mst");
    g_assert_cmpint (contents.pid, ==, 77);
    g_assert_cmpuint (contents.slots, ==, 6);
    g_assert_cmpuint (contents.n_records, ==, 5);
    g_assert_cmpint (contents.records[0].state, ==, XLNK_SLOT_COOKIE_LESS);
    g_assert_cmpuint (contents.records[4].id, ==, 6);
    g_assert_cmpuint (contents.records[4].phys, ==, 0x18005000);
    g_assert_cmpuint (contents.records[4].length, ==, 64 * 6);
    g_assert_cmpuint (contents.records[2].n_jobs, ==, 2);
    g_assert_cmpuint (contents.records[2].jobs[0], ==, 0);
    g_assert_cmpuint (contents.records[2].jobs[1], ==, XLNK_LEDGER_ANY_CORE);
    xlnk_ledger_contents_clear (&contents);
  }
}

typedef void (*Spoil) (Image * image);

static void
spoil_magic (Image * image)
{
  image->head.header.magic[7] ^= 1;
}

static void
spoil_version (Image * image)
{
  image->head.header.version++;
}

static void
spoil_word_size (Image * image)
{
  image->head.header.word_size = 16;
}

static void
spoil_slot_size (Image * image)
{
  image->head.header.slot_size = 128;
}

static void
spoil_boot (Image * image)
{
  image->head.header.boot_id[35] = '0';
}

static void
test_other_files (void)
{
  static const Spoil spoils[] = { spoil_magic, spoil_version, spoil_word_size, spoil_slot_size, spoil_boot };
  XlnkLedgerContents contents;
  Image image;

  for (guint i = 0; i < G_N_ELEMENTS (spoils); i++) {
    make_image (&image, 8);
    spoils[i] (&image);
    g_assert_false (xlnk_ledger_parse (&image, sizeof image, BOOT, &contents));
    g_assert_null (contents.records);
  }
  make_image (&image, 8);
  g_assert_false (xlnk_ledger_parse (&image, XLNK_LEDGER_HEADER_SIZE - 1, BOOT, &contents));
  g_assert_false (xlnk_ledger_parse (&image, 0, BOOT, &contents));
  /* A slot that is not whole is none. */
  g_assert_true (xlnk_ledger_parse (&image, sizeof image - 1, BOOT, &contents));
  g_assert_cmpuint (contents.slots, ==, 5);
  xlnk_ledger_contents_clear (&contents);
}

static void
set_length (XlnkLedgerSlot * slot, guint32 length)
{
  slot->length = length;
  memcpy (slot->arg.bytes, &length, sizeof length);
}

/* The cookie's place comes from the length, so a wrong one would be looked at in the wrong place, or past the end. */
static void
test_lengths (void)
{
  static const guint32 bad[] = { 0, 1, 63, 65, 127, 0x80000000, 0xffffffc0, 0xffffffff };
  XlnkLedgerContents contents;
  Image image;

  for (guint i = 0; i < G_N_ELEMENTS (bad); i++) {
    make_image (&image, 8);
    set_length (&image.slots[3], bad[i]);
    g_assert_true (xlnk_ledger_parse (&image, sizeof image, BOOT, &contents));
    g_assert_cmpuint (contents.n_records, ==, 4);
    g_assert_cmpuint (contents.rejected, ==, 1);
    xlnk_ledger_contents_clear (&contents);
  }
  make_image (&image, 8);
  image.slots[3].length = 128;  /* the driver was asked for another one */
  g_assert_true (xlnk_ledger_parse (&image, sizeof image, BOOT, &contents));
  g_assert_cmpuint (contents.rejected, ==, 1);
  xlnk_ledger_contents_clear (&contents);
}

static void
assert_makes_sense (const XlnkLedgerRecord * record, guint slots)
{
  g_assert_cmpuint (record->slot, <, slots);
  g_assert_cmpint (record->state, >, XLNK_SLOT_FREE);
  g_assert_cmpint (record->state, <=, XLNK_SLOT_WRONG_COOKIE);
  g_assert_cmpuint (record->length, >=, 64);
  g_assert_cmpuint (record->length, <=, G_MAXINT32);
  g_assert_cmpuint (record->length % 64, ==, 0);
  g_assert_cmpuint (record->n_jobs, <=, XLNK_LEDGER_JOBS);
  if (record->state == XLNK_SLOT_ALLOCATING) {
    g_assert_cmpuint (record->id, ==, 0);
    return;
  }
  g_assert_cmpuint (record->id, >=, 1);
  g_assert_cmpuint (record->id, <=, 4095);
  g_assert_cmpuint (record->phys, >, 0);
  g_assert_cmpuint (record->phys % 4096, ==, 0);
  g_assert_cmpuint (record->phys, <=, UINTPTR_MAX - record->length);
}

/* Random bytes in random places, and everywhere. */
static void
test_random_files (void)
{
  XlnkLedgerContents contents;
  guint understood = 0;

  for (guint n = 0; n < 20000; n++) {
    gsize size = g_test_rand_int_range (0, sizeof (Image) + 1);
    Image image;

    make_image (&image, 8);
    for (gint k = g_test_rand_int_range (0, 40); k > 0; k--) {
      gboolean slot = g_test_rand_bit ();
      gint at = slot ? g_test_rand_int_range (4096, sizeof image) : g_test_rand_int_range (0, sizeof (XlnkLedgerHeader));

      if (slot || n % 8 == 0)
        ((guint8 *) & image)[at] = (guint8) g_test_rand_int ();
    }
    if (!xlnk_ledger_parse (&image, n % 2 ? sizeof image : size, BOOT, &contents))
      continue;
    understood++;
    for (gsize i = 0; i < contents.n_records; i++)
      assert_makes_sense (&contents.records[i], contents.slots);
    xlnk_ledger_contents_clear (&contents);
  }
  g_assert_cmpuint (understood, >, 5000);
}

/*** a directory of lies ***/

typedef struct
{
  int fd;
  StrangerBuffer buffer;
} Stranger;

static Stranger
come_as_stranger (guint length)
{
  Stranger stranger = {.fd = stranger_open () };

  stranger.buffer = stranger_alloc (stranger.fd, length);
  g_assert_cmpuint (stranger.buffer.id, >, 0);
  return stranger;
}

static void
leave_as_stranger (Stranger * stranger)
{
  stranger_free (stranger->fd, stranger->buffer.id);
  close (stranger->fd);
}

/* The path of a ledger of a dead process, with one block in it, which is gone. */
static char *
make_dead_file (const Fixture * fixture)
{
  die_after (allocate_some, GUINT_TO_POINTER (1));
  stranger_reset ();
  return only_file (fixture);
}

/* It names the stranger's buffer, as somebody's who never had a cookie, who had one, and in all other states. */
static void
test_names_a_foreign_buffer (Fixture * fixture, gconstpointer data G_GNUC_UNUSED)
{
  g_autofree char *path = make_dead_file (fixture);
  XlnkLedgerSlot slot = read_slot (path, 0);
  Stranger stranger = come_as_stranger (8192);
  XlnkDevice *device = open_to_look ();

  slot.arg.alloc.id = (gint32) stranger.buffer.id;
  slot.arg.alloc.phyaddr = stranger.buffer.phys;
  slot.arg.alloc.len = slot.length = 8192;
  for (guint state = XLNK_SLOT_LIVE; state <= XLNK_SLOT_WRONG_COOKIE; state++) {
    for (guint zeros = 0; zeros < 2; zeros++) {
      slot.state = state;
      if (zeros)
        memset (slot.cookie, 0, sizeof slot.cookie);
      if (g_access (path, F_OK) == 0)
        write_slot (path, 0, &slot);
      g_assert_cmpuint (reclaim (device, everything).freed, ==, 0);
      g_assert_cmpuint (board_live_buffers (), ==, 1);
    }
  }
  leave_as_stranger (&stranger);
  reclaim (device, 0);
  xlnk_device_unref (device);
}

static void
test_random_slots (Fixture * fixture, gconstpointer data G_GNUC_UNUSED)
{
  guint rounds = g_getenv ("XLNK_TEST_VALGRIND") ? 20 : 300;
  g_autofree char *path = make_dead_file (fixture);
  Stranger stranger = come_as_stranger (SIZE);
  XlnkLedgerSlot good = read_slot (path, 0);
  g_autofree char *contents = NULL;
  XlnkDevice *device = open_to_look ();
  gsize length;

  good.arg.alloc.id = (gint32) stranger.buffer.id;
  good.arg.alloc.phyaddr = stranger.buffer.phys;
  g_assert_true (g_file_get_contents (path, &contents, &length, NULL));
  for (guint n = 0; n < rounds; n++) {
    g_assert_true (g_file_set_contents (path, contents, (gssize) length, NULL));
    for (guint i = 0; i < 20; i++) {
      XlnkLedgerSlot slot = good;

      slot.state = 2 + i % 4;
      /* What decides must not be guessed: 128 bits. The rest may be anything. */
      for (guint k = 0; k < i; k++)
        ((guint8 *) & slot)[g_test_rand_int_range (0, 144)] = (guint8) g_test_rand_int ();
      write_slot (path, i, &slot);
    }
    g_assert_cmpuint (reclaim (device, XLNK_RECLAIM_EXPOSED | XLNK_RECLAIM_ARMED).freed, ==, 0);
    g_assert_cmpuint (board_live_buffers (), ==, 1);
  }
  leave_as_stranger (&stranger);
  xlnk_device_unref (device);
}

/* Nothing here is a ledger, and all of it is still there afterwards. */
static void
test_other_things (Fixture * fixture, gconstpointer data G_GNUC_UNUSED)
{
  g_autofree char *path = make_dead_file (fixture);
  g_autofree char *target = g_strconcat (fixture->directory, ".target", NULL);
  g_autofree char *fifo = g_strconcat (path, "1", NULL), *link_name = g_strconcat (path, "2", NULL);
  g_autofree char *short_name = g_strconcat (path, "3", NULL), *empty = g_strconcat (path, "4", NULL);
  g_autofree char *directory = g_strconcat (path, "5", NULL), *hard = g_strconcat (path, "6", NULL);
  XlnkReclaimResult result;
  XlnkDevice *device;
  struct stat status;

  g_assert_cmpint (g_rename (path, target), ==, 0);
  g_assert_cmpint (mkfifo (fifo, 0600), ==, 0);
  g_assert_cmpint (symlink (target, link_name), ==, 0);
  g_assert_cmpint (link (target, hard), ==, 0);
  g_assert_true (g_file_set_contents (short_name, "xlnkledg", -1, NULL));
  g_assert_true (g_file_set_contents (empty, "", 0, NULL));
  g_assert_cmpint (g_mkdir (directory, 0700), ==, 0);
  device = open_device ();
  g_assert_cmpuint (count_files (fixture), ==, 6);
  /* Files are no buffers. */
  g_assert_true (g_str_has_prefix (last_warned (), "6 files "));
  result = reclaim (device, 0);
  g_assert_cmpuint (result.unreadable, ==, 6);
  g_assert_cmpuint (result.failed, ==, 0);
  /* Two links: it is not a ledger's only name, so what it names is somebody else's too. */
  g_assert_cmpint (g_stat (target, &status), ==, 0);
  g_assert_cmpint (status.st_nlink, ==, 2);
  xlnk_device_unref (device);
  g_rmdir (directory);
  g_unlink (target);
}

static void
touch (const Fixture * fixture, const char *name)
{
  g_autofree char *path = g_build_filename (fixture->directory, name, NULL);

  g_assert_true (g_file_set_contents (path, "", 0, NULL));
}

static gboolean
is_there (const Fixture * fixture, const char *name)
{
  g_autofree char *path = g_build_filename (fixture->directory, name, NULL);

  return g_file_test (path, G_FILE_TEST_EXISTS);
}

/* Ledgers of another boot go, whatever is in them, and so do those that never got a name; nothing else does. */
static void
test_old_names (Fixture * fixture, gconstpointer data G_GNUC_UNUSED)
{
  static const char *const stay[] = { "README", BOOT, BOOT "-1:2", BOOT "-1:2-3x", BOOT "-1:2-3.", BOOT "x1:2-3",
    "xlnk-" BOOT "-1:2-3", ".new-notes.txt", ".new-17", ".new-17-0123456789abcde", ".new-17-0123456789abcdef0"
  };
  static const char *const go[] = { BOOT "-1b:2-3", BOOT "-1:fe-3.17", ".new-17-0123456789abcdef" };

  for (guint i = 0; i < G_N_ELEMENTS (stay); i++)
    touch (fixture, stay[i]);
  for (guint i = 0; i < G_N_ELEMENTS (go); i++)
    touch (fixture, go[i]);
  xlnk_device_unref (open_device ());
  for (guint i = 0; i < G_N_ELEMENTS (stay); i++)
    g_assert_true (is_there (fixture, stay[i]));
  for (guint i = 0; i < G_N_ELEMENTS (go); i++)
    g_assert_false (is_there (fixture, go[i]));
}

/* Of another board, or of the real one: it says nothing about ours. */
static void
test_other_device (Fixture * fixture, gconstpointer data G_GNUC_UNUSED)
{
  g_autofree char *path = NULL, *name = NULL, *renamed = NULL;

  die_after (allocate_some, GUINT_TO_POINTER (1));
  path = only_file (fixture);
  name = g_path_get_basename (path);
  name[XLNK_LEDGER_BOOT_ID + 1] = name[XLNK_LEDGER_BOOT_ID + 1] == 'f' ? '1' : 'f';
  renamed = g_build_filename (fixture->directory, name, NULL);
  g_assert_cmpint (g_rename (path, renamed), ==, 0);
  xlnk_device_unref (open_device ());
  g_assert_cmpuint (board_live_buffers (), ==, 1);
  g_assert_cmpint (g_rename (renamed, path), ==, 0);
  xlnk_device_unref (open_device ());
  g_assert_cmpuint (board_live_buffers (), ==, 0);
}

/* Cut where its slots are, and made longer than any ledger can be. */
static void
test_other_sizes (Fixture * fixture, gconstpointer data G_GNUC_UNUSED)
{
  g_autofree char *path = NULL;
  XlnkDevice *device;

  die_after (allocate_some, GUINT_TO_POINTER (2));
  path = only_file (fixture);
  g_assert_cmpint (truncate (path, XLNK_LEDGER_MAX_SIZE + 1), ==, 0);
  device = open_device ();
  g_assert_cmpuint (board_live_buffers (), ==, 2);
  g_assert_cmpint (truncate (path, XLNK_LEDGER_HEADER_SIZE + XLNK_LEDGER_SLOT_SIZE + 1), ==, 0);
  g_assert_cmpuint (reclaim (device, 0).freed, ==, 1);
  xlnk_device_unref (device);
  g_assert_cmpuint (board_live_buffers (), ==, 1);
  stranger_reset ();
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/ledger/good-file", test_good_file);
  g_test_add_func ("/ledger/other-files", test_other_files);
  g_test_add_func ("/ledger/lengths", test_lengths);
  g_test_add_func ("/ledger/random-files", test_random_files);
  ADD ("names-a-foreign-buffer", NULL, test_names_a_foreign_buffer);
  ADD ("random-slots", NULL, test_random_slots);
  ADD ("other-things", NULL, test_other_things);
  ADD ("old-names", NULL, test_old_names);
  ADD ("other-device", NULL, test_other_device);
  ADD ("other-sizes", NULL, test_other_sizes);
  return g_test_run ();
}
