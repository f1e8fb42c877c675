/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "xlnkreclaim.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <unistd.h>

#include "xlnkcookie.h"
#include "xlnkledgerdir.h"
#include "xlnklog.h"
#include "xlnksyscall.h"

#define TRIAL_LENGTH 4096u      /* of the block that the driver's habits are tried with */

/* One walk through the directory. */
typedef struct
{
  XlnkDevice *device;
  XlnkReclaimFlags flags;
  bool stopped;                 /* a core was: */
  uint64_t base;
  const char *name;
  XlnkReclaimResult *result;
  XlnkLedgerDir dir;
  char *prefix;
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

/* The copy that is parsed: a mapping would be a SIGBUS when somebody shortens the file. */
static bool
read_contents (const XlnkLedgerDir * dir, int fd, size_t size, XlnkLedgerContents * contents)
{
  g_autofree uint8_t *bytes = NULL;

  memset (contents, 0, sizeof *contents);
  if (size < XLNK_LEDGER_HEADER_SIZE || size > XLNK_LEDGER_MAX_SIZE)
    return false;
  bytes = g_malloc (size);
  return xlnk_sys_pread (fd, bytes, size, 0) && xlnk_ledger_parse (bytes, size, dir->boot_id, contents);
}

static bool
is_dry (const Walk * walk)
{
  return walk->flags & XLNK_RECLAIM_DRY_RUN;
}

static uint64_t
slot_offset (const XlnkLedgerRecord * record)
{
  return XLNK_LEDGER_HEADER_SIZE + (uint64_t) record->slot * XLNK_LEDGER_SLOT_SIZE;
}

/* So that nobody does it again, or takes it for something else if this process dies now. */
static bool
note_state (File * file, const XlnkLedgerRecord * record, XlnkSlotState state)
{
  uint32_t word = state;

  if (is_dry (file->walk) || record->state == state)
    return true;
  return xlnk_sys_pwrite (file->fd, &word, sizeof word, slot_offset (record) + offsetof (XlnkLedgerSlot, state));
}

/*** one block ***/

static XlnkExtent
extent_of (const XlnkLedgerRecord * record)
{
  XlnkExtent extent = {.id = record->id,.phys = record->phys,.length = record->length,.cached = record->cached };

  return extent;
}

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

/* The last look is as close to FREEBUF as can be. */
static void
free_block (File * file, XlnkLedgerRecord * record, const XlnkExtent * extent, XlnkLook expected)
{
  XlnkReclaimResult *result = file->walk->result;
  XlnkDevice *device = file->walk->device;
  g_autoptr (GError) error = NULL;

  if (!note_state (file, record, XLNK_SLOT_FREEING)) {
    keep (file, &result->failed);
    return;
  }
  if (!is_dry (file->walk)) {
    if (xlnk_cookie_look (device, extent, record->cookie) != expected || !device->klass->free (device, extent, &error)) {
      if (error)
        xlnk_log (XLNK_LOG_WARNING, "%s", error->message);
      /* As it was: the next one finds out. */
      xlnk_sys_pwrite (file->fd, &(uint32_t) { record->state }, sizeof (uint32_t),
          slot_offset (record) + offsetof (XlnkLedgerSlot, state));
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
    xlnk_sys_pwrite (file->fd, jobs, sizeof jobs, slot_offset (record) + offsetof (XlnkLedgerSlot, jobs));
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

/* Does another ledger call it its own? */
typedef enum
{
  CLAIM_NONE,
  CLAIM_MADE,                   /* one of a living process has the id; or that cannot be found out */
  CLAIM_PROVED,                 /* one, of whomever, has the cookie that is in the block */
} Claim;

static Claim find_claim (File * file, const XlnkLedgerRecord * record, const XlnkExtent * extent);

/* The bytes prove nothing for this one, but may for another. Whoever asks for the block all the same does not get
 * what somebody living calls his own. */
static void
settle_doubtful (File * file, XlnkLedgerRecord * record, const XlnkExtent * extent, XlnkLook look)
{
  Walk *walk = file->walk;
  bool other = look == XLNK_LOOK_OTHER || record->state == XLNK_SLOT_LIVE || record->state == XLNK_SLOT_WRONG_COOKIE;
  XlnkReclaimFlags flag = other ? XLNK_RECLAIM_WRONG_COOKIE : XLNK_RECLAIM_COOKIE_LESS;
  Claim claim = find_claim (file, record, extent);

  if (claim == CLAIM_PROVED) {
    drop (file, record);
    return;
  }
  if ((walk->flags & flag) && claim == CLAIM_NONE) {
    free_block (file, record, extent, look);
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

/* Only when something depends on it, since it costs a block. A stranger who frees that one just then makes any driver
 * look like one that frees by open file; he will hardly do so twice. */
static bool
frees_by_file (XlnkDevice * device)
{
  if (device->lifetime == XLNK_LIFETIME_UNKNOWN)
    device->lifetime = try_lifetime (device);
  if (device->lifetime == XLNK_LIFETIME_OF_FILE && !device->lifetime_confirmed) {
    device->lifetime = try_lifetime (device);
    device->lifetime_confirmed = device->lifetime == XLNK_LIFETIME_OF_FILE;
  }
  return device->lifetime == XLNK_LIFETIME_OF_FILE;
}

/* A block that matches needs no trial: whatever the driver does, it has not freed this one. */
static void
settle_mapped (File * file, XlnkLedgerRecord * record, const XlnkExtent * extent)
{
  XlnkLook look = xlnk_cookie_look (file->walk->device, extent, record->cookie);

  if (look == XLNK_LOOK_MATCH)
    settle_match (file, record, extent);
  else if (look == XLNK_LOOK_UNKNOWN)
    keep (file, &file->walk->result->failed);
  /* If it was to be freed, it was: this is somebody else's. */
  else if (look == XLNK_LOOK_GONE || record->state == XLNK_SLOT_FREEING || frees_by_file (file->walk->device))
    drop (file, record);
  else
    settle_doubtful (file, record, extent, look);
}

/* Not known to be live, for the reason in errno. */
static void
settle_unmapped (File * file, const XlnkLedgerRecord * record)
{
  const XlnkDevice *device = file->walk->device;

  if (errno == EINVAL) {
    drop (file, record);
    return;
  }
  xlnk_log (XLNK_LOG_WARNING, "%s does not say whether there is a buffer %" PRIu32 ": %s", device->path, record->id,
      g_strerror (errno));
  keep (file, &file->walk->result->failed);
}

static void
settle (File * file, XlnkLedgerRecord * record)
{
  XlnkDevice *device = file->walk->device;
  XlnkExtent extent = extent_of (record);
  g_autoptr (GError) error = NULL;

  if (record->id == 0 || device->lifetime_confirmed) {
    drop (file, record);
    return;
  }
  if (!device->klass->is_live (device, &extent)) {
    settle_unmapped (file, record);
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
    xlnk_log (XLNK_LOG_WARNING, "%s/%s: %u entries make no sense, and are passed over", file->walk->dir.path, file->name,
        file->contents.rejected);
}

static void
settle_file (Walk * walk, const char *name)
{
  File file = {.walk = walk,.name = name };
  size_t size;

  file.fd = xlnk_ledger_dir_lock_file (&walk->dir, name, &size);
  if (file.fd < 0)
    return;
  if (read_contents (&walk->dir, file.fd, size, &file.contents)) {
    walk->result->files++;
    log_rejected (&file);
    for (size_t i = 0; i < file.contents.n_records; i++)
      settle (&file, &file.contents.records[i]);
    if (file.left == 0 && !is_dry (walk))
      xlnk_sys_unlink_at (walk->dir.fd, name);
    xlnk_ledger_contents_clear (&file.contents);
  } else {
    xlnk_log (XLNK_LOG_WARNING, "%s/%s is not a ledger that can be read, and stays", walk->dir.path, name);
    walk->result->failed++;
  }
  xlnk_sys_close (file.fd);
}

/* Of another boot, or never finished: what it speaks of is gone, or was never there. */
static void
remove_leftover (const Walk * walk, const char *name)
{
  size_t size;
  int fd = is_dry (walk) ? -1 : xlnk_ledger_dir_lock_file (&walk->dir, name, &size);

  if (fd < 0)
    return;
  xlnk_sys_unlink_at (walk->dir.fd, name);
  xlnk_sys_close (fd);
}

static GPtrArray *
read_names (const XlnkLedgerDir * dir, GError ** error)
{
  GPtrArray *names = g_ptr_array_new_with_free_func (g_free);
  XlnkNames position = { NULL };
  const char *name;

  while ((name = xlnk_sys_read_name (dir->fd, &position)))
    g_ptr_array_add (names, g_strdup (name));
  xlnk_sys_read_names_end (&position);
  if (errno == 0)
    return names;
  g_set_error (error, XLNK_ERROR, errno == EACCES ? XLNK_ERROR_PERMISSION : XLNK_ERROR_FAILED, "%s cannot be read: %s",
      dir->path, g_strerror (errno));
  g_ptr_array_unref (names);
  return NULL;
}

typedef void (*VisitFunc) (Walk * walk, const char *name, XlnkLedgerName kind, void *data);

static bool
visit (Walk * walk, VisitFunc func, void *data, GError ** error)
{
  GPtrArray *names = read_names (&walk->dir, error);

  if (!names)
    return false;
  for (guint i = 0; i < names->len; i++) {
    const char *name = g_ptr_array_index (names, i);

    func (walk, name, xlnk_ledger_name_kind (&walk->dir, walk->prefix, name), data);
  }
  g_ptr_array_unref (names);
  return true;
}

static bool
begin_walk (Walk * walk, XlnkDevice * device, GError ** error)
{
  bool open = xlnk_ledger_dir_open (&walk->dir, false, error) == XLNK_LEDGER_DIR_OPEN;

  walk->device = device;
  walk->prefix = open ? xlnk_ledger_dir_prefix (&walk->dir, device) : NULL;
  return open;
}

static void
end_walk (Walk * walk)
{
  xlnk_ledger_dir_close (&walk->dir);
  g_free (walk->prefix);
}

/*** who lives ***/

static bool
read_any (const Walk * walk, const char *name, bool *alive, XlnkLedgerContents * contents)
{
  int fd = xlnk_sys_open_at (walk->dir.fd, name, O_RDONLY, 0);
  struct stat status;
  bool good;

  if (fd < 0)
    return false;
  *alive = xlnk_sys_is_locked (fd);
  good = xlnk_sys_stat (fd, &status) && S_ISREG (status.st_mode) && status.st_nlink == 1
      && status.st_size <= XLNK_LEDGER_MAX_SIZE && read_contents (&walk->dir, fd, (size_t) status.st_size, contents);
  xlnk_sys_close (fd);
  return good;
}

typedef struct
{
  const char *except;           /* the file that the record is in: we have its lock, so it seems alive */
  const XlnkLedgerRecord *record;
  const XlnkExtent *extent;     /* mapped */
  Claim claim;
} ClaimSearch;

static void
compare_claim (const Walk * walk, ClaimSearch * search, const XlnkLedgerRecord * other, bool alive)
{
  if (other->id != search->record->id)
    return;
  if (alive)
    search->claim = MAX (search->claim, CLAIM_MADE);
  if (xlnk_cookie_look (walk->device, search->extent, other->cookie) == XLNK_LOOK_MATCH)
    search->claim = CLAIM_PROVED;
}

static void
look_for_claim (Walk * walk, const char *name, XlnkLedgerName kind, void *data)
{
  XlnkLedgerContents contents;
  ClaimSearch *search = data;
  bool alive;

  if (kind != XLNK_LEDGER_NAME_OURS || strcmp (name, search->except) == 0 || !read_any (walk, name, &alive, &contents))
    return;
  for (size_t i = 0; i < contents.n_records; i++)
    compare_claim (walk, search, &contents.records[i], alive);
  xlnk_ledger_contents_clear (&contents);
}

static Claim
find_claim (File * file, const XlnkLedgerRecord * record, const XlnkExtent * extent)
{
  ClaimSearch search = { file->name, record, extent, CLAIM_NONE };

  return visit (file->walk, look_for_claim, &search, NULL) ? search.claim : CLAIM_MADE;
}

/*** the whole ***/

static void
settle_name (Walk * walk, const char *name, XlnkLedgerName kind, void *data G_GNUC_UNUSED)
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
  if (begin_walk (walk, device, &reason))
    done = visit (walk, settle_name, NULL, &reason);
  end_walk (walk);
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
  Walk walk = {.flags = flags };

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
  Walk walk = {.flags = flags_of_policy (),.stopped = true,.base = base,.name = name };

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
}

static bool
reclaim_by_policy (XlnkDevice * device)
{
  Walk walk = {.flags = flags_of_policy () };
  g_autoptr (GError) error = NULL;
  XlnkReclaimResult result;

  /* The directory's own trouble is told when a ledger is to be made there. */
  if (!reclaim (&walk, device, &result, &error))
    xlnk_log (XLNK_LOG_INFO, "%s", error->message);
  log_result (device, &result);
  return result.freed > 0;
}

void
xlnk_reclaim_quietly (XlnkDevice * device)
{
  pthread_mutex_lock (&device->mutex);
  reclaim_by_policy (device);
  pthread_mutex_unlock (&device->mutex);
}

bool
xlnk_reclaim_for_memory (XlnkDevice * device)
{
  return reclaim_by_policy (device);
}

/*** asking ***/

static void
count_waiting (Walk * walk, const char *name, XlnkLedgerName kind, void *data)
{
  XlnkLedgerContents contents;
  unsigned *n = data;
  bool alive;

  if (kind != XLNK_LEDGER_NAME_OURS || !read_any (walk, name, &alive, &contents))
    return;
  for (size_t i = 0; i < contents.n_records && !alive; i++) {
    const XlnkLedgerRecord *record = &contents.records[i];
    bool waits = false;

    for (unsigned job = 0; job < record->n_jobs; job++)
      waits |= is_stopped_core (walk, &contents, record->jobs[job]);
    *n += waits;
  }
  xlnk_ledger_contents_clear (&contents);
}

unsigned
xlnk_reclaim_waits_for_core (XlnkDevice * device, uint64_t base, const char *name)
{
  Walk walk = {.stopped = true,.base = base,.name = name };
  unsigned n = 0;

  if (begin_walk (&walk, device, NULL))
    visit (&walk, count_waiting, &n, NULL);
  end_walk (&walk);
  return n;
}

/*** listing ***/

typedef struct
{
  XlnkHolderFunc func;
  void *data;
} Listing;

static_assert (XLNK_ENTRY_WRONG_COOKIE == XLNK_SLOT_WRONG_COOKIE - XLNK_SLOT_ALLOCATING, "in the same order");

static XlnkEntry
entry_of (const XlnkLedgerRecord * record, const XlnkLedgerContents * contents)
{
  XlnkEntry entry = {.id = record->id,.phys = record->phys,.length = record->length,.cached = record->cached,
    .state = (XlnkEntryState) (record->state - XLNK_SLOT_ALLOCATING),.exposed = record->exposed,
    .armed = record->n_jobs > 0
  };
  unsigned core = record->n_jobs > 0 ? record->jobs[0] : 0;

  if (entry.armed && core < contents->n_cores) {
    entry.core = contents->cores[core].name;
    entry.core_base = contents->cores[core].base;
  } else if (entry.armed) {
    entry.core = "unknown";
  }
  return entry;
}

static void
list_file (Walk * walk, const char *name, XlnkLedgerName kind, void *data)
{
  const Listing *listing = data;
  XlnkLedgerContents contents;
  XlnkHolder holder = { 0 };
  XlnkEntry *entries;

  if (kind != XLNK_LEDGER_NAME_OURS)
    return;
  if (!read_any (walk, name, &holder.alive, &contents)) {
    xlnk_log (XLNK_LOG_WARNING, "%s/%s cannot be read as a ledger", walk->dir.path, name);
    return;
  }
  holder.pid = contents.pid;
  holder.command = contents.command;
  holder.started_us = contents.started_us;
  holder.slots = contents.slots;
  entries = g_new0 (XlnkEntry, contents.n_records + 1);
  for (size_t i = 0; i < contents.n_records; i++)
    entries[i] = entry_of (&contents.records[i], &contents);
  listing->func (&holder, entries, contents.n_records, listing->data);
  g_free (entries);
  xlnk_ledger_contents_clear (&contents);
}

bool
xlnk_ledger_list (XlnkDevice * device, XlnkHolderFunc func, void *data, GError ** error)
{
  Listing listing = { func, data };
  GError *reason = NULL;
  Walk walk = { 0 };

  if (begin_walk (&walk, device, &reason))
    visit (&walk, list_file, &listing, &reason);
  end_walk (&walk);
  if (!reason)
    return true;
  g_propagate_error (error, reason);
  return false;
}
