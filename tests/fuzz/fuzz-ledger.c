/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * fuzz-ledger.c: the bytes of a ledger that somebody left (allocator/device/xlnkledger.h): the parser alone, and what
 * reclaiming does with such a file. Runs on an emulated board.
 *
 * The first byte has the flags of the reclaim, the second says what kind of file it is; the rest is the file. Zeros where
 * the boot's id belongs stand for that of this boot, so that inputs are good on every machine. On the board are
 *   the dead one's block, id 1, with its cookie        a stranger's, id 2, which was never written to
 *   a stranger's, id 3, with other bytes at its end    one of this process, which lives
 * and what is freed must be named in the file, with the cookie that is in it, or have been asked for by a flag; ours never
 * is. Nothing that the driver is told may crash it, no file that a link leads to may change.
 */
#include <dlfcn.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../../emulator/xlnkemulator.h"
#include "../check/stranger.h"
#include "fuzz.h"
#include "ledger-fields.h"
#include "xlnkblock.h"
#include "xlnkledgerdir.h"
#include "xlnkreclaim.h"

#define LENGTH 8192
#define PAGE 4096u
#define PROCESS "999999"        /* whose ledger it is */
#define CORE_STOPPED 0x80       /* in the place of the flags */

enum
{
  DEAD,
  UNTOUCHED,
  OTHER,
  BLOCKS
};

/* What stands in the directory. */
enum
{
  PLAIN,
  LINK,
  SECOND_NAME,
  PIPE,
  DIRECTORY,
  UNFINISHED,
  KINDS
};

static XlnkDevice *device;
static XlnkLedgerDir dir;
static char *name, *outside;
static int board;
static StrangerBuffer blocks[BLOCKS];
static guint8 own_bytes[100];   /* of the block that this process holds */

/* What is at the end of each, where a cookie would be; nobody wrote to the one. */
static const char *const ends[BLOCKS] = { LEDGER_FIELDS_COOKIE, NULL, "somebody else's." };

/*** the board ***/

static uint64_t
count_crashes (void)
{
  struct xlnk_emulator_counters counters;
  int (*get) (struct xlnk_emulator_counters *) = dlsym (RTLD_DEFAULT, "xlnk_emulator_get_counters");

  FUZZ_CHECK (get && get (&counters) == 0, "this target needs an emulated board");
  return counters.oops + counters.device_outside + counters.lost_line + counters.device_read_dirty
      + counters.device_write_dirty;
}

static uint64_t
count_blocks (void)
{
  struct xlnk_emulator_counters counters;
  int (*get) (struct xlnk_emulator_counters *) = dlsym (RTLD_DEFAULT, "xlnk_emulator_get_counters");

  get (&counters);
  return counters.live_blocks;
}

static gboolean
is_live (guint i)
{
  XlnkExtent extent = {.id = blocks[i].id,.phys = blocks[i].phys,.length = LENGTH };

  return device->klass->is_live (device, &extent);
}

static void
write_end (guint i)
{
  guint8 *start = stranger_map (board, blocks[i].id, (guint) device->shift, LENGTH);

  FUZZ_CHECK (start, "no mapping");
  memcpy (start + LENGTH - XLNK_COOKIE_LINE, ends[i], XLNK_COOKIE_SIZE);
  munmap (start, LENGTH);
}

/* In the order of their ids. */
static void
set_up_blocks (void)
{
  for (guint i = 0; i < BLOCKS; i++) {
    if (blocks[i].id == 0)
      blocks[i] = stranger_alloc (board, LENGTH);
    FUZZ_CHECK (blocks[i].id == i + 1, "block %u has id %u", i, blocks[i].id);
  }
  write_end (DEAD);
  write_end (OTHER);
}

/*** the file ***/

static void
put_boot_id (uint8_t * bytes, size_t size)
{
  static const char none[XLNK_LEDGER_BOOT_ID];
  const size_t at = offsetof (XlnkLedgerHeader, boot_id);

  if (size >= at + sizeof none && memcmp (bytes + at, none, sizeof none) == 0)
    memcpy (bytes + at, dir.boot_id, sizeof none);
}

static void
write_file (const char *path, const uint8_t * bytes, size_t size)
{
  int fd = openat (dir.fd, path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

  FUZZ_CHECK (fd >= 0 && write (fd, bytes, size) == (ssize_t) size, "%s cannot be written", path);
  close (fd);
}

static void
make_file (guint kind, const uint8_t * bytes, size_t size)
{
  write_file (kind == PLAIN ? name : kind == UNFINISHED ? ".new-" PROCESS : outside, bytes, size);
  if (kind == LINK)
    FUZZ_CHECK (symlinkat (outside, dir.fd, name) == 0, "no link");
  else if (kind == SECOND_NAME)
    FUZZ_CHECK (linkat (dir.fd, outside, dir.fd, name, 0) == 0, "no second name");
  else if (kind == PIPE)
    FUZZ_CHECK (mkfifoat (dir.fd, name, 0600) == 0, "no pipe");
  else if (kind == DIRECTORY)
    FUZZ_CHECK (mkdirat (dir.fd, name, 0700) == 0, "no directory");
}

static void
check_outside (const uint8_t * bytes, size_t size)
{
  g_autofree uint8_t *now = g_malloc (size + 1);
  int fd = openat (dir.fd, outside, O_RDONLY | O_CLOEXEC);

  FUZZ_CHECK (fd >= 0, "a file that is no ledger is gone");
  FUZZ_CHECK (read (fd, now, size + 1) == (ssize_t) size && memcmp (now, bytes, size) == 0, "or is another one now");
  close (fd);
}

static void
remove_files (void)
{
  unlinkat (dir.fd, outside, 0);
  unlinkat (dir.fd, ".new-" PROCESS, 0);
  if (unlinkat (dir.fd, name, 0) != 0)
    unlinkat (dir.fd, name, AT_REMOVEDIR);
}

/*** the parser ***/

static void
check_text (const char *text, size_t size)
{
  size_t length = strnlen (text, size);

  FUZZ_CHECK (length < size, "a text does not end");
  for (size_t i = 0; i < length; i++)
    FUZZ_CHECK (g_ascii_isprint (text[i]), "0x%02x goes to a terminal", text[i]);
}

static void
check_record (const XlnkLedgerContents * contents, const XlnkLedgerRecord * record)
{
  FUZZ_CHECK (record->slot < contents->slots, "slot %u", record->slot);
  FUZZ_CHECK (record->state > XLNK_SLOT_FREE && record->state <= XLNK_SLOT_WRONG_COOKIE, "state %d", record->state);
  FUZZ_CHECK (record->length >= XLNK_COOKIE_LINE && record->length <= INT32_MAX
      && record->length % XLNK_COOKIE_LINE == 0, "length %u", record->length);
  FUZZ_CHECK (record->n_jobs <= XLNK_LEDGER_JOBS, "%u jobs", record->n_jobs);
  for (unsigned i = 0; i < record->n_jobs; i++)
    FUZZ_CHECK (record->jobs[i] < contents->n_cores || record->jobs[i] == XLNK_LEDGER_ANY_CORE, "job %u", i);
  if (record->id == 0) {
    FUZZ_CHECK (record->state == XLNK_SLOT_ALLOCATING && record->phys == 0, "no id");
    return;
  }
  FUZZ_CHECK (record->id <= XLNK_MAX_ID && record->state != XLNK_SLOT_ALLOCATING, "id %u", record->id);
  FUZZ_CHECK (record->phys != 0 && record->phys % 4096 == 0, "address 0x%" G_GINT64_MODIFIER "x", record->phys);
  FUZZ_CHECK (record->phys + record->length > record->phys, "the end wraps");
}

/* From a copy of exactly as many bytes: what reads further is seen. */
static gboolean
check_parser (const uint8_t * bytes, size_t size)
{
  g_autofree uint8_t *copy = g_memdup2 (bytes, size);
  XlnkLedgerContents contents;

  if (!xlnk_ledger_parse (copy ? copy : (const uint8_t *) "", size, dir.boot_id, &contents)) {
    FUZZ_CHECK (!contents.records && contents.n_records == 0, "contents of what is no ledger");
    return FALSE;
  }
  FUZZ_CHECK (contents.n_cores <= XLNK_LEDGER_CORES && contents.n_records + contents.rejected <= contents.slots,
      "too many");
  check_text (contents.command, sizeof contents.command);
  for (unsigned i = 0; i < contents.n_cores; i++)
    check_text (contents.cores[i].name, sizeof contents.cores[i].name);
  for (size_t i = 0; i < contents.n_records; i++)
    check_record (&contents, &contents.records[i]);
  xlnk_ledger_contents_clear (&contents);
  return TRUE;
}

/*** reclaiming ***/

/* Whether a slot names the block, read here without the parser: its id, and, if it is given, the cookie. */
static gboolean
is_named (const uint8_t * bytes, size_t size, guint i, const char *cookie)
{
  for (size_t at = XLNK_LEDGER_HEADER_SIZE; at + XLNK_LEDGER_SLOT_SIZE <= size; at += XLNK_LEDGER_SLOT_SIZE) {
    uint32_t id;

    memcpy (&id, bytes + at + 4, sizeof id);
    if (id == blocks[i].id
        && (!cookie || memcmp (bytes + at + offsetof (XlnkLedgerSlot, cookie), cookie, XLNK_COOKIE_SIZE) == 0))
      return TRUE;
  }
  return FALSE;
}

/* Who may be freed, and so is. */
static void
check_blocks (const uint8_t * bytes, size_t size, guint flags, guint64 before)
{
  guint freed = 0;

  for (guint i = 0; i < BLOCKS; i++) {
    if (blocks[i].id == 0 || is_live (i))
      continue;
    FUZZ_CHECK (!(flags & XLNK_RECLAIM_DRY_RUN), "freed in a dry run");
    FUZZ_CHECK (is_named (bytes, size, i, NULL), "block %u is in no slot, and is freed", i);
    FUZZ_CHECK ((ends[i] && is_named (bytes, size, i, ends[i]))
        || flags & (XLNK_RECLAIM_COOKIE_LESS | XLNK_RECLAIM_WRONG_COOKIE), "block %u is freed without its cookie", i);
    blocks[i].id = 0;
    freed++;
  }
  FUZZ_CHECK (count_blocks () + freed == before, "%u blocks of ours are gone, and more", freed);
}

static void
check_holder (const XlnkHolder * holder, const XlnkEntry * entries, size_t n, void *unused)
{
  (void) unused;
  check_text (holder->command, 64);
  for (size_t i = 0; i < n; i++) {
    FUZZ_CHECK (!entries[i].armed || entries[i].core, "a job on no core");
    if (entries[i].core)
      check_text (entries[i].core, 56);
  }
}

static void
ask (void)
{
  GError *error = NULL;

  fuzz_check_result (xlnk_ledger_list (device, check_holder, NULL, NULL, &error), error, XLNK_ERROR);
  xlnk_reclaim_waits_for_core (device, LEDGER_FIELDS_CORE_BASE, "core");
  xlnk_reclaim_waits_for_core (device, 0, "core");
}

static void
reclaim (guint flags, XlnkReclaimResult * result)
{
  GError *error = NULL;

  fuzz_check_result (xlnk_reclaim (device, flags, result, &error), error, XLNK_ERROR);
}

static void
reclaim_core (XlnkReclaimResult * result)
{
  GError *error = NULL;

  fuzz_check_result (xlnk_reclaim_core (device, LEDGER_FIELDS_CORE_BASE, "core", result, &error), error, XLNK_ERROR);
}

static void
check_reclaim (guint flags, guint kind, const uint8_t * bytes, size_t size)
{
  guint64 before = count_blocks (), crashes = count_crashes ();
  XlnkReclaimResult first, second;

  ask ();
  if (flags & CORE_STOPPED)
    reclaim_core (&first);
  else
    reclaim (flags, &first);
  check_blocks (bytes, size, flags, before);
  FUZZ_CHECK (kind == PLAIN || first.freed == 0, "freed because of what is no ledger");
  ask ();
  before = count_blocks ();
  reclaim (0, &second);
  FUZZ_CHECK (flags & (XLNK_RECLAIM_DRY_RUN | CORE_STOPPED) || second.freed == 0, "freed only the second time");
  check_blocks (bytes, size, flags & ~XLNK_RECLAIM_DRY_RUN, before);
  FUZZ_CHECK (count_crashes () == crashes, "the driver was told what it must not be");
  if (kind != PLAIN && kind != UNFINISHED)
    check_outside (bytes, size);
}

/* A new one each time, with other bytes: nothing may learn its cookie, nor what would be the cookie of a shorter block. */
static XlnkBlock *
make_own (void)
{
  GError *error = NULL;
  XlnkBlock *own = xlnk_block_new (device, sizeof own_bytes, true, &error);

  FUZZ_CHECK (own, "%s", error->message);
  for (guint i = 0; i < sizeof own_bytes; i++)
    own_bytes[i] = (guint8) g_random_int_range (0, 256);
  memcpy (own->extent.cpu, own_bytes, sizeof own_bytes);
  return own;
}

/* The page behind it was that of a trial of the driver, with a cookie: a file that says that ours is longer has that
 * looked at, and libFuzzer learns what is compared. */
static void
wipe_behind_own (const XlnkBlock * own)
{
  StrangerBuffer behind = stranger_alloc (board, PAGE);

  FUZZ_CHECK (behind.id != 0 && behind.phys == own->extent.phys + PAGE, "what is behind our own is not wiped");
  stranger_free (board, behind.id);
}

static void
check_own (XlnkBlock * own)
{
  XlnkDeviceStats stats;

  for (guint i = 0; i < sizeof own_bytes; i++)
    FUZZ_CHECK (((guint8 *) own->extent.cpu)[i] == own_bytes[i], "our own bytes are others");
  xlnk_block_unref (own);
  xlnk_device_get_stats (device, &stats);
  FUZZ_CHECK (stats.live_blocks == 0 && stats.lost_blocks == 0, "our own block was taken away");
}

int
LLVMFuzzerInitialize (int *argc, char ***argv)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *prefix = NULL;

  (void) argc;
  (void) argv;
  fuzz_init ();
  device = xlnk_device_open (NULL, &error);
  FUZZ_CHECK (device, "%s", error->message);
  /* Finds out what has to be known of the driver. */
  xlnk_block_unref (make_own ());
  FUZZ_CHECK (xlnk_ledger_dir_open (&dir, true, &error) == XLNK_LEDGER_DIR_OPEN, "no directory for ledgers");
  prefix = xlnk_ledger_dir_prefix (&dir, device);
  name = g_strconcat (prefix, PROCESS, NULL);
  outside = g_strdup ("outside");
  board = stranger_open ();
  return 0;
}

int
LLVMFuzzerTestOneInput (const uint8_t * data, size_t size)
{
  g_autofree uint8_t *bytes = NULL;
  guint flags, kind;
  XlnkBlock *own;

  if (size < 2 || size - 2 > XLNK_LEDGER_MAX_SIZE + 1)
    return 0;
  /* What a core's end frees is not asked for by flags. */
  flags = data[0] & CORE_STOPPED ? CORE_STOPPED : data[0];
  kind = data[1] < 0xf0 ? PLAIN : data[1] % KINDS;
  size -= 2;
  bytes = g_malloc (size + 1);
  memcpy (bytes, data + 2, size);
  put_boot_id (bytes, size);
  check_parser (bytes, size);
  set_up_blocks ();
  own = make_own ();
  wipe_behind_own (own);
  make_file (kind, bytes, size);
  check_reclaim (flags, kind, bytes, size);
  remove_files ();
  check_own (own);
  return 0;
}
