/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "xlnkreclaim.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <unistd.h>

#include "xlnkclaim.h"
#include "xlnkcookie.h"
#include "xlnkledgerwalk.h"
#include "xlnklog.h"
#include "xlnksyscall.h"

#define TRIAL_LENGTH 4096u      /* of the block that the driver's habits are tried with */

/* One walk through the directory. */
typedef struct
{
  XlnkLedgerWalk files;
  XlnkReclaimFlags flags;
  bool stopped;                 /* a core was: */
  uint64_t base;
  const char *name;
  bool patient;                 /* waits for somebody else who is at it */
  bool waited;                  /* and had to */
  bool tried, tried_again;      /* the driver's habits: a trial costs a block, and what cannot be had is not asked for again */
  XlnkReclaimResult *result;
} Walk;

/* One ledger of the dead, locked. */
typedef struct
{
  Walk *walk;
  int fd;
  const char *name;
  XlnkLedgerContents contents;
  size_t left;                  /* records that stay */
} File;

/*** files ***/

static bool
is_dry (const Walk * walk)
{
  return walk->flags & XLNK_RECLAIM_DRY_RUN;
}

static bool
write_slot (File * file, const XlnkLedgerRecord * record, size_t at, const void *data, size_t size)
{
  uint64_t offset = XLNK_LEDGER_HEADER_SIZE + (uint64_t) record->slot * XLNK_LEDGER_SLOT_SIZE + at;

  return xlnk_sys_pwrite_file (file->fd, data, size, offset);
}

/* So that nobody does it again, or takes it for something else if this process dies now. */
static bool
note_state (File * file, const XlnkLedgerRecord * record, XlnkSlotState state)
{
  uint32_t word = state;

  if (is_dry (file->walk) || record->state == state)
    return true;
  return write_slot (file, record, offsetof (XlnkLedgerSlot, state), &word, sizeof word);
}

/*** one block ***/

static void
keep (File * file, unsigned *counter)
{
  file->left++;
  (*counter)++;
}

static void
drop (File * file, const XlnkLedgerRecord * record)
{
  if (!note_state (file, record, XLNK_SLOT_FREE))
    file->left++;
  file->walk->result->dropped++;
}

static void
log_doubt (const XlnkDevice * device, const XlnkExtent * extent)
{
  xlnk_log (XLNK_LOG_WARNING, "%s does not say whether there is a buffer %" PRIu32 ": %s", device->path, extent->id,
      g_strerror (errno));
}

/* The last look is as close to FREEBUF as can be. */
static bool
free_as_seen (XlnkDevice * device, const XlnkExtent * extent, const uint8_t * cookie, XlnkLook expected)
{
  XlnkLook look = xlnk_cookie_look (device, extent, cookie);
  g_autoptr (GError) error = NULL;

  if (look == XLNK_LOOK_UNKNOWN)
    log_doubt (device, extent);
  else if (look != expected)
    xlnk_log (XLNK_LOG_WARNING, "buffer %" PRIu32 " of %s is not what it was a moment ago", extent->id, device->path);
  else if (device->klass->free (device, extent, &error))
    return true;
  else
    xlnk_log (XLNK_LOG_WARNING, "%s", error->message);
  return false;
}

/* As it was: the next one finds out. */
static void
restore_state (File * file, const XlnkLedgerRecord * record)
{
  write_slot (file, record, offsetof (XlnkLedgerSlot, state), &(uint32_t) { record->state }, sizeof (uint32_t));
}

/* FREEING says that what is found without the cookie is another's, which is true only of a block that had it. Of one that
 * is freed without, the entry stays as it is: who dies before FREEBUF must leave it to be listed, and freed, again. */
static void
free_block (File * file, XlnkLedgerRecord * record, const XlnkExtent * extent, XlnkLook expected)
{
  XlnkReclaimResult *result = file->walk->result;

  if (expected == XLNK_LOOK_MATCH && !note_state (file, record, XLNK_SLOT_FREEING)) {
    xlnk_ledger_walk_log (&file->walk->files, file->name, "cannot be written to", errno);
    keep (file, &result->failed);
    return;
  }
  if (!is_dry (file->walk)) {
    if (!free_as_seen (file->walk->files.device, extent, record->cookie, expected)) {
      if (expected == XLNK_LOOK_MATCH)
        restore_state (file, record);
      keep (file, &result->failed);
      return;
    }
    record->state = XLNK_SLOT_FREEING;
    if (!note_state (file, record, XLNK_SLOT_FREE))
      file->left++;
  }
  result->freed++;
  result->freed_bytes += record->length;
}

static bool
is_stopped_core (const Walk * walk, const XlnkLedgerContents * contents, uint16_t core)
{
  const XlnkLedgerCore *entry = core < contents->n_cores ? &contents->cores[core] : NULL;

  if (!entry || !walk->stopped)
    return false;
  if (walk->base != 0 || entry->base != 0)
    return walk->base == entry->base;
  return strncmp (walk->name, entry->name, sizeof entry->name - 1) == 0;
}

static bool
is_armed (const File * file, const XlnkLedgerRecord * record)
{
  for (unsigned i = 0; i < record->n_jobs; i++) {
    if (!is_stopped_core (file->walk, &file->contents, record->jobs[i]))
      return true;
  }
  return false;
}

/* What the others know must not be lost if the block stays for another reason. */
static void
note_jobs (File * file, const XlnkLedgerRecord * record)
{
  uint16_t jobs[XLNK_LEDGER_JOBS] = { 0 };
  unsigned n = 0;

  for (unsigned i = 0; i < record->n_jobs; i++) {
    uint16_t core = record->jobs[i];

    if (!is_stopped_core (file->walk, &file->contents, core))
      jobs[n++] = core == XLNK_LEDGER_ANY_CORE ? core : (uint16_t) (core + 1);
  }
  if (n < record->n_jobs && !is_dry (file->walk))
    write_slot (file, record, offsetof (XlnkLedgerSlot, jobs), jobs, sizeof jobs);
}

/* It is the dead owner's: may it go? */
static void
settle_match (File * file, XlnkLedgerRecord * record, const XlnkExtent * extent)
{
  const Walk *walk = file->walk;

  note_jobs (file, record);
  if (is_armed (file, record) && !(walk->flags & XLNK_RECLAIM_ARMED))
    keep (file, &walk->result->kept_armed);
  else if (record->exposed && !(walk->flags & XLNK_RECLAIM_EXPOSED))
    keep (file, &walk->result->kept_exposed);
  else
    free_block (file, record, extent, XLNK_LOOK_MATCH);
}

/* The bytes prove nothing for this one, but may for another. Whoever asks for the block all the same does not get
 * what somebody living calls his own. */
static void
settle_doubtful (File * file, XlnkLedgerRecord * record, const XlnkExtent * extent, XlnkLook look)
{
  Walk *walk = file->walk;
  bool other = look == XLNK_LOOK_OTHER || record->state == XLNK_SLOT_LIVE || record->state == XLNK_SLOT_WRONG_COOKIE;
  XlnkReclaimFlags flag = other ? XLNK_RECLAIM_WRONG_COOKIE : XLNK_RECLAIM_COOKIE_LESS;
  XlnkClaim claim = xlnk_claim_find (&walk->files, file->name, record, extent);

  if (claim == XLNK_CLAIM_PROVED) {
    drop (file, record);
    return;
  }
  if ((walk->flags & flag) && claim == XLNK_CLAIM_NONE) {
    free_block (file, record, extent, look);
    return;
  }
  if ((walk->flags & flag) && claim == XLNK_CLAIM_UNKNOWN) {
    keep (file, &walk->result->failed);
    return;
  }
  if (other)
    note_state (file, record, XLNK_SLOT_WRONG_COOKIE);
  keep (file, other ? &walk->result->kept_wrong_cookie : &walk->result->kept_cookie_less);
}

static XlnkLifetime
try_lifetime (XlnkDevice * device)
{
  XlnkLedgerSlot *slot = xlnk_ledger_take (device, TRIAL_LENGTH, true);
  XlnkLifetime lifetime = device->klass->try_lifetime (device, slot, TRIAL_LENGTH);

  if (xlnk_ledger_get_state (slot) == XLNK_SLOT_ALLOCATING)
    xlnk_ledger_clear (slot);
  return lifetime;
}

/* Where nothing is free there is no block for a trial either, until the first one was freed. */
static bool
is_worth_a_trial (Walk * walk)
{
  bool worth = !walk->tried || (!walk->tried_again && walk->result->freed > 0);

  walk->tried_again |= walk->tried && worth;
  walk->tried = true;
  return worth;
}

/* Only when something depends on it, since it costs a block. A stranger who frees that one just then makes any driver
 * look like one that frees by open file; he will hardly do so twice. */
static bool
frees_by_file (Walk * walk)
{
  XlnkDevice *device = walk->files.device;

  if (device->lifetime == XLNK_LIFETIME_UNKNOWN && is_worth_a_trial (walk))
    device->lifetime = try_lifetime (device);
  if (device->lifetime == XLNK_LIFETIME_OF_FILE && !device->lifetime_confirmed) {
    device->lifetime = try_lifetime (device);
    device->lifetime_confirmed = device->lifetime == XLNK_LIFETIME_OF_FILE;
  }
  return device->lifetime == XLNK_LIFETIME_OF_FILE;
}

static void
keep_in_doubt (File * file, const XlnkExtent * extent)
{
  log_doubt (file->walk->files.device, extent);
  keep (file, &file->walk->result->failed);
}

static void
settle_mapped (File * file, XlnkLedgerRecord * record, const XlnkExtent * extent)
{
  XlnkLook look = xlnk_cookie_look (file->walk->files.device, extent, record->cookie);

  if (look == XLNK_LOOK_MATCH)
    settle_match (file, record, extent);
  else if (look == XLNK_LOOK_UNKNOWN)
    keep_in_doubt (file, extent);
  /* If it was to be freed, it was: this is somebody else's. */
  else if (look == XLNK_LOOK_GONE || record->state == XLNK_SLOT_FREEING)
    drop (file, record);
  else
    settle_doubtful (file, record, extent, look);
}

static void
settle (File * file, XlnkLedgerRecord * record)
{
  XlnkDevice *device = file->walk->files.device;
  XlnkExtent extent = xlnk_ledger_extent (record);
  g_autoptr (GError) error = NULL;

  if (record->id == 0 || device->lifetime_confirmed) {
    drop (file, record);
    return;
  }
  if (!device->klass->is_live (device, &extent)) {
    if (errno == EINVAL)
      drop (file, record);
    else
      keep_in_doubt (file, &extent);
    return;
  }
  /* There, a buffer that lives is another's under any id, and a mapping of this id could be one of anything. */
  if (frees_by_file (file->walk)) {
    drop (file, record);
    return;
  }
  if (!device->klass->map_to_look (device, &extent, &error)) {
    xlnk_log (XLNK_LOG_WARNING, "%s", error->message);
    keep (file, &file->walk->result->failed);
    return;
  }
  settle_mapped (file, record, &extent);
  device->klass->unmap (device, &extent);
}

/*** the directory ***/

static void
log_rejected (const File * file)
{
  if (file->contents.rejected > 0)
    xlnk_log (XLNK_LOG_WARNING, "%s/%s: %u entries make no sense, and are passed over", file->walk->files.dir.path, file->name,
        file->contents.rejected);
}

static void
pass_over (const Walk * walk, const char *name)
{
  xlnk_ledger_walk_log (&walk->files, name, "is not a ledger that can be read, and stays", errno);
  walk->result->unreadable++;
}

static void
settle_file (Walk * walk, const char *name)
{
  File file = {.walk = walk,.name = name };
  size_t size;

  file.fd = xlnk_ledger_dir_lock_file (&walk->files.dir, name, &size);
  if (file.fd < 0) {
    if (errno != 0 && errno != ENOENT)
      pass_over (walk, name);
    return;
  }
  if (xlnk_ledger_walk_read (&walk->files, file.fd, size, &file.contents)) {
    walk->result->files++;
    log_rejected (&file);
    for (size_t i = 0; i < file.contents.n_records; i++)
      settle (&file, &file.contents.records[i]);
    if (file.left == 0 && !is_dry (walk))
      xlnk_sys_unlink_at (walk->files.dir.fd, name);
    xlnk_ledger_contents_clear (&file.contents);
  } else {
    pass_over (walk, name);
  }
  xlnk_ledger_dir_unlock_file (file.fd);
}

/* Of another boot, or never finished: what it speaks of is gone, or was never there. */
static void
remove_leftover (const Walk * walk, const char *name)
{
  size_t size;
  int fd = is_dry (walk) ? -1 : xlnk_ledger_dir_lock_file (&walk->files.dir, name, &size);

  if (fd < 0)
    return;
  xlnk_sys_unlink_at (walk->files.dir.fd, name);
  xlnk_ledger_dir_unlock_file (fd);
}

/*** the whole ***/

static void
settle_name (const XlnkLedgerWalk * files G_GNUC_UNUSED, const char *name, XlnkLedgerName kind, void *walk)
{
  if (kind == XLNK_LEDGER_NAME_OURS)
    settle_file (walk, name);
  else if (kind != XLNK_LEDGER_NAME_FOREIGN)
    remove_leftover (walk, name);
}

/* Under the device's mutex. */
static bool
reclaim (Walk * walk, XlnkDevice * device, XlnkReclaimResult * result, GError ** error)
{
  GError *reason = NULL;
  bool done = true;

  memset (result, 0, sizeof *result);
  walk->result = result;
  if (xlnk_ledger_walk_begin (&walk->files, device, &reason)) {
    walk->waited = xlnk_ledger_walk_take_turn (&walk->files, walk->patient);
    done = xlnk_ledger_walk (&walk->files, settle_name, walk, &reason);
  }
  xlnk_ledger_walk_end (&walk->files);
  if (!reason)
    return done;
  g_propagate_error (error, reason);
  return false;
}

static bool
reclaim_with_lock (Walk * walk, XlnkDevice * device, XlnkReclaimResult * result, GError ** error)
{
  XlnkReclaimResult unwanted;
  bool done;

  pthread_mutex_lock (&device->mutex);
  done = reclaim (walk, device, result ? result : &unwanted, error);
  pthread_mutex_unlock (&device->mutex);
  return done;
}

bool
xlnk_reclaim (XlnkDevice * device, XlnkReclaimFlags flags, XlnkReclaimResult * result, GError ** error)
{
  Walk walk = {.flags = flags,.patient = true };

  return reclaim_with_lock (&walk, device, result, error);
}

static XlnkReclaimFlags
flags_of_policy (void)
{
  return g_strcmp0 (g_getenv ("GST_XLNK_RECLAIM"), "exposed") == 0 ? XLNK_RECLAIM_EXPOSED : 0;
}

bool
xlnk_reclaim_core (XlnkDevice * device, uint64_t base, const char *name, XlnkReclaimResult * result, GError ** error)
{
  Walk walk = {.flags = flags_of_policy (),.patient = true,.stopped = true,.base = base,.name = name };

  return reclaim_with_lock (&walk, device, result, error);
}

static void
log_result (const XlnkDevice * device, const XlnkReclaimResult * result)
{
  unsigned kept = result->kept_exposed + result->kept_cookie_less + result->kept_wrong_cookie + result->kept_armed;

  if (result->freed > 0)
    xlnk_log (XLNK_LOG_INFO, "freed %u buffers of %s, %" PRIu64 " bytes, that dead processes had left", result->freed,
        device->path, result->freed_bytes);
  if (kept + result->failed > 0)
    xlnk_log (XLNK_LOG_WARNING, "dead processes have left %u buffers of %s that are not freed just so: of %u the address "
        "was handed out, %u wait for a core, %u have no cookie, %u another one, %u failed; `xlnk-ctl status' lists them",
        kept + result->failed, device->path, result->kept_exposed, result->kept_armed, result->kept_cookie_less,
        result->kept_wrong_cookie, result->failed);
  if (result->unreadable > 0)
    xlnk_log (XLNK_LOG_WARNING, "%u files beside the ledgers of %s could not be read or are none, and stay: what dead "
        "processes may have written there is not looked at", result->unreadable, device->path);
}

/* True if there may be more memory now. */
static bool
reclaim_by_policy (XlnkDevice * device, bool patient)
{
  Walk walk = {.flags = flags_of_policy (),.patient = patient };
  g_autoptr (GError) error = NULL;
  XlnkReclaimResult result;

  /* The directory's own trouble is told when a ledger is to be made there. */
  if (!reclaim (&walk, device, &result, &error))
    xlnk_log (XLNK_LOG_INFO, "%s", error->message);
  log_result (device, &result);
  return result.freed > 0 || walk.waited;
}

void
xlnk_reclaim_quietly (XlnkDevice * device)
{
  pthread_mutex_lock (&device->mutex);
  /* Who opens the device wants no memory yet. */
  reclaim_by_policy (device, false);
  pthread_mutex_unlock (&device->mutex);
}

bool
xlnk_reclaim_for_memory (XlnkDevice * device)
{
  return reclaim_by_policy (device, true);
}

/*** asking ***/

typedef struct
{
  const Walk *walk;
  unsigned n;
} Waiting;

static void
count_waiting (const XlnkLedgerWalk * files, const char *name, XlnkLedgerName kind, void *data)
{
  XlnkLedgerContents contents;
  Waiting *waiting = data;
  bool alive;

  if (kind != XLNK_LEDGER_NAME_OURS || !xlnk_ledger_walk_read_any (files, name, &alive, &contents))
    return;
  for (size_t i = 0; i < contents.n_records && !alive; i++) {
    const XlnkLedgerRecord *record = &contents.records[i];
    bool waits = false;

    for (unsigned job = 0; job < record->n_jobs; job++)
      waits |= is_stopped_core (waiting->walk, &contents, record->jobs[job]);
    waiting->n += waits;
  }
  xlnk_ledger_contents_clear (&contents);
}

unsigned
xlnk_reclaim_waits_for_core (XlnkDevice * device, uint64_t base, const char *name)
{
  Walk walk = {.stopped = true,.base = base,.name = name };
  Waiting waiting = { &walk, 0 };

  if (xlnk_ledger_walk_begin (&walk.files, device, NULL))
    xlnk_ledger_walk (&walk.files, count_waiting, &waiting, NULL);
  xlnk_ledger_walk_end (&walk.files);
  return waiting.n;
}
