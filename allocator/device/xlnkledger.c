/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The file grows by chunks, each mapped for itself, so that a slot never moves: a block points to it, and the kernel
 * writes into it.
 */
#include "xlnkledger.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <unistd.h>

#include "xlnkcookie.h"
#include "xlnkledgerdir.h"
#include "xlnklog.h"
#include "xlnksyscall.h"

#define CHUNK 16384u            /* bytes; few enough for the pages that anybody may lock */
#define MAX_NAMES 1000          /* ledgers of one process id */

typedef struct
{
  uint8_t *start;
  size_t length;
  bool mapped;                  /* else plain memory */
  XlnkLedgerSlot *slots;
  unsigned n_slots;
} Chunk;

struct _XlnkLedger
{
  XlnkLedgerDir dir;
  int fd;                       /* of the file; -1: there is none, and slots are in plain memory */
  char *name;
  uint64_t size;                /* of the file */
  XlnkLedgerHeader *header;     /* in the first chunk */
  GArray *chunks;
};

/*** what is said once ***/

static void
warn_once (const char *what)
{
  static atomic_flag warned = ATOMIC_FLAG_INIT;

  if (!atomic_flag_test_and_set (&warned))
    xlnk_log (XLNK_LOG_WARNING, "%s. If this process is killed, its buffers stay allocated until a reset or a reboot. "
        "Make /run/gst-xlnk for the group xlnk, set GST_XLNK_LEDGER to a directory in memory that is yours, or to `off' "
        "to do without", what);
}

/*** chunks ***/

static size_t
round_to_pages (size_t size)
{
  size_t page_size = (size_t) sysconf (_SC_PAGESIZE);

  return (size + page_size - 1) & ~(page_size - 1);
}

/* New pages of the file are there before anybody needs them: the kernel's copy of an id must not fail. */
static void *
map_new_pages (XlnkLedger * self, size_t length)
{
  size_t page_size = (size_t) sysconf (_SC_PAGESIZE);
  volatile uint8_t *start;

  if (!xlnk_sys_allocate (self->fd, self->size, length))
    return NULL;
  start = xlnk_sys_map (self->fd, length, self->size, true);
  if (!start)
    return NULL;
  xlnk_sys_keep_from_children ((void *) start, length);
  xlnk_sys_lock_pages ((void *) start, length);
  for (size_t at = 0; at < length; at += page_size)
    start[at] = 0;
  self->size += length;
  return (void *) start;
}

/* The first chunk begins with the header. */
static void
add_chunk (XlnkLedger * self, void *start, size_t length, bool mapped)
{
  size_t skip = self->header ? 0 : XLNK_LEDGER_HEADER_SIZE;
  Chunk chunk = { start, length, mapped, (XlnkLedgerSlot *) ((uint8_t *) start + skip),
    (unsigned) ((length - skip) / XLNK_LEDGER_SLOT_SIZE)
  };

  if (!self->header)
    self->header = start;
  g_array_append_val (self->chunks, chunk);
}

static void
grow (XlnkLedger * self)
{
  size_t length = round_to_pages (CHUNK);
  void *start = NULL;

  if (self->fd >= 0 && self->size + length <= XLNK_LEDGER_MAX_SIZE) {
    start = map_new_pages (self, length);
    if (!start) {
      g_autofree char *what = g_strdup_printf ("%s/%s cannot grow: %s", self->dir.path, self->name, g_strerror (errno));

      warn_once (what);
    }
  }
  if (start)
    add_chunk (self, start, length, true);
  else
    add_chunk (self, g_malloc0 (length), length, false);
}

static void
drop_chunks (XlnkLedger * self, bool unmap)
{
  for (guint i = 0; i < self->chunks->len; i++) {
    const Chunk *chunk = &g_array_index (self->chunks, Chunk, i);

    if (!chunk->mapped)
      g_free (chunk->start);
    else if (unmap)
      xlnk_sys_unmap (chunk->start, chunk->length);
  }
  g_array_set_size (self->chunks, 0);
  self->header = NULL;
}

/*** the file ***/

static void
fill_header (XlnkLedger * self)
{
  XlnkLedgerHeader *header = self->header;

  memcpy (header->magic, XLNK_LEDGER_MAGIC, sizeof header->magic);
  header->version = XLNK_LEDGER_VERSION;
  header->word_size = sizeof (uintptr_t);
  header->header_size = XLNK_LEDGER_HEADER_SIZE;
  header->slot_size = XLNK_LEDGER_SLOT_SIZE;
  header->pid = (uint32_t) getpid ();
  header->started_us = g_get_real_time ();
  g_strlcpy (header->boot_id, self->dir.boot_id, sizeof header->boot_id);
  g_strlcpy (header->command, program_invocation_short_name, sizeof header->command);
}

static bool
create_new (XlnkLedger * self)
{
  uint64_t number;

  if (!xlnk_sys_random (&number, sizeof number))
    number = (uint64_t) g_random_int () << 32 | g_random_int ();
  g_free (self->name);
  self->name = g_strdup_printf (".new-%d-%016" PRIx64, (int) getpid (), number);
  self->fd = xlnk_sys_open_at (self->dir.fd, self->name, O_RDWR | O_CREAT | O_EXCL, 0600);
  return self->fd >= 0;
}

/* False, and errno is EAGAIN if somebody else was faster. */
static bool
lock_new (XlnkLedger * self)
{
  struct stat status;

  if (!xlnk_sys_lock (self->fd) || !xlnk_sys_stat (self->fd, &status))
    return false;
  errno = EAGAIN;
  return status.st_nlink == 1;
}

/* A sweep of leftovers takes what is not locked, and may take this one between its birth and our lock: then another. */
static bool
create_locked (XlnkLedger * self)
{
  for (unsigned n = 0; n < MAX_NAMES && create_new (self); n++) {
    if (lock_new (self))
      return self->dir.file_mode == 0600 || xlnk_sys_set_mode (self->fd, self->dir.file_mode);
    if (errno != EAGAIN)
      return false;
    xlnk_sys_close (self->fd);
    self->fd = -1;
    errno = EAGAIN;
  }
  return false;
}

/* Whoever sees the name sees a whole ledger that is locked. */
static bool
publish (XlnkLedger * self, XlnkDevice * device)
{
  g_autofree char *prefix = xlnk_ledger_dir_prefix (&self->dir, device);

  for (unsigned n = 0; n < MAX_NAMES; n++) {
    g_autofree char *name = n == 0 ? g_strdup_printf ("%s%d", prefix, (int) getpid ())
        : g_strdup_printf ("%s%d.%u", prefix, (int) getpid (), n);

    if (xlnk_sys_rename_at (self->dir.fd, self->name, name)) {
      g_free (self->name);
      self->name = g_steal_pointer (&name);
      return true;
    }
    if (errno != EEXIST)
      return false;
  }
  return false;
}

static bool
begin_file (XlnkLedger * self, XlnkDevice * device)
{
  size_t length = round_to_pages (CHUNK);
  void *start;

  if (!create_locked (self))
    return false;
  start = map_new_pages (self, length);
  if (!start)
    return false;
  add_chunk (self, start, length, true);
  fill_header (self);
  return publish (self, device);
}

static void
abandon_file (XlnkLedger * self)
{
  drop_chunks (self, true);
  if (self->fd >= 0) {
    xlnk_sys_unlink_at (self->dir.fd, self->name);
    xlnk_sys_close (self->fd);
  }
  self->fd = -1;
  self->size = 0;
}

static void
open_file (XlnkLedger * self, XlnkDevice * device)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *what = NULL;

  if (xlnk_ledger_dir_open (&self->dir, true, &error) != XLNK_LEDGER_DIR_OPEN) {
    if (error)
      warn_once (error->message);
    return;
  }
  if (!begin_file (self, device)) {
    what = g_strdup_printf ("%s takes no ledger: %s", self->dir.path, g_strerror (errno));
    warn_once (what);
    abandon_file (self);
    return;
  }
  if (!xlnk_sys_is_in_memory (self->fd))
    xlnk_log (XLNK_LOG_WARNING, "%s is not in memory: its ledgers are written to a disk", self->dir.path);
  xlnk_log (XLNK_LOG_DEBUG, "%s/%s", self->dir.path, self->name);
}

static XlnkLedger *
ledger_new (XlnkDevice * device)
{
  XlnkLedger *self = g_new0 (XlnkLedger, 1);

  self->fd = self->dir.fd = -1;
  self->chunks = g_array_new (FALSE, FALSE, sizeof (Chunk));
  /* From here on a child of fork() finds the descriptors to close. */
  device->ledger = self;
  open_file (self, device);
  return self;
}

/*** slots ***/

static XlnkLedgerSlot *
find_slot (XlnkLedger * self, bool used)
{
  for (guint i = 0; i < self->chunks->len; i++) {
    const Chunk *chunk = &g_array_index (self->chunks, Chunk, i);

    for (unsigned n = 0; n < chunk->n_slots; n++) {
      if ((xlnk_ledger_get_state (&chunk->slots[n]) != XLNK_SLOT_FREE) == used)
        return &chunk->slots[n];
    }
  }
  return NULL;
}

void
xlnk_ledger_set_state (XlnkLedgerSlot * slot, XlnkSlotState state)
{
  __atomic_store_n (&slot->state, state, __ATOMIC_RELEASE);
}

XlnkSlotState
xlnk_ledger_get_state (const XlnkLedgerSlot * slot)
{
  return (XlnkSlotState) __atomic_load_n (&slot->state, __ATOMIC_ACQUIRE);
}

XlnkLedgerSlot *
xlnk_ledger_take (XlnkDevice * device, size_t length, bool cached)
{
  XlnkLedger *self = device->ledger ? device->ledger : ledger_new (device);
  XlnkLedgerSlot *slot = find_slot (self, false);

  if (!slot) {
    grow (self);
    slot = find_slot (self, false);
  }
  memset (slot, 0, sizeof *slot);
  slot->length = (uint32_t) length;
  slot->cached = cached;
  slot->arg.alloc.len = (uint32_t) length;
  slot->arg.alloc.cacheable = cached;
  xlnk_cookie_make (slot->cookie);
  xlnk_ledger_set_state (slot, XLNK_SLOT_ALLOCATING);
  return slot;
}

void
xlnk_ledger_clear (XlnkLedgerSlot * slot)
{
  xlnk_ledger_set_state (slot, XLNK_SLOT_FREE);
}

XlnkLedgerSlot *
xlnk_ledger_find_id (XlnkDevice * device, uint32_t id, const XlnkLedgerSlot * after)
{
  bool passed = after == NULL;

  for (guint i = 0; i < device->ledger->chunks->len; i++) {
    const Chunk *chunk = &g_array_index (device->ledger->chunks, Chunk, i);

    for (unsigned n = 0; n < chunk->n_slots; n++) {
      XlnkLedgerSlot *slot = &chunk->slots[n];

      if (passed && xlnk_ledger_get_state (slot) != XLNK_SLOT_FREE && (uint32_t) slot->arg.alloc.id == id)
        return slot;
      passed |= slot == after;
    }
  }
  return NULL;
}

static void
clear_chunk (const Chunk * chunk)
{
  for (unsigned n = 0; n < chunk->n_slots; n++) {
    if (xlnk_ledger_get_state (&chunk->slots[n]) != XLNK_SLOT_ALLOCATING)
      xlnk_ledger_clear (&chunk->slots[n]);
  }
}

void
xlnk_ledger_clear_all (XlnkDevice * device)
{
  for (guint i = 0; device->ledger && i < device->ledger->chunks->len; i++)
    clear_chunk (&g_array_index (device->ledger->chunks, Chunk, i));
}

void
xlnk_ledger_set_exposed (XlnkLedgerSlot * slot)
{
  __atomic_fetch_or (&slot->flags, XLNK_SLOT_EXPOSED, __ATOMIC_SEQ_CST);
}

void
xlnk_ledger_count_device_map (XlnkLedgerSlot * slot, int change)
{
  __atomic_fetch_add (&slot->device_maps, (uint32_t) change, __ATOMIC_SEQ_CST);
}

/*** cores ***/

static bool
is_core (const XlnkLedgerCore * core, uint64_t base, const char *name)
{
  if (base != 0 || core->base != 0)
    return core->base == base;
  return strncmp (core->name, name, sizeof core->name - 1) == 0;
}

static int
find_core (const XlnkLedgerHeader * header, uint64_t base, const char *name)
{
  uint32_t n = MIN (__atomic_load_n (&header->core_count, __ATOMIC_ACQUIRE), XLNK_LEDGER_CORES);

  for (uint32_t i = 0; i < n; i++) {
    if (is_core (&header->cores[i], base, name))
      return (int) i;
  }
  return -1;
}

static uint16_t
enter_core (XlnkLedgerHeader * header, uint64_t base, const char *name)
{
  uint32_t n = header->core_count;

  if (n >= XLNK_LEDGER_CORES)
    return XLNK_LEDGER_ANY_CORE;
  header->cores[n].base = base;
  g_strlcpy (header->cores[n].name, name, sizeof header->cores[n].name);
  __atomic_store_n (&header->core_count, n + 1, __ATOMIC_RELEASE);
  return (uint16_t) n;
}

uint16_t
xlnk_ledger_core (XlnkDevice * device, uint64_t base, const char *name)
{
  XlnkLedgerHeader *header = device->ledger->header;
  int found = find_core (header, base, name);

  if (found >= 0)
    return (uint16_t) found;
  pthread_mutex_lock (&device->mutex);
  found = find_core (header, base, name);
  if (found < 0)
    found = enter_core (header, base, name);
  pthread_mutex_unlock (&device->mutex);
  return (uint16_t) found;
}

static uint16_t
job_of (uint16_t core)
{
  return core == XLNK_LEDGER_ANY_CORE ? core : (uint16_t) (core + 1);
}

void
xlnk_ledger_arm (XlnkLedgerSlot * slot, uint16_t core)
{
  for (size_t i = 0; i < XLNK_LEDGER_JOBS; i++) {
    uint16_t none = 0;

    if (__atomic_compare_exchange_n (&slot->jobs[i], &none, job_of (core), false, __ATOMIC_SEQ_CST, __ATOMIC_RELAXED))
      return;
  }
  /* More jobs at once than it can tell apart: it stays so for as long as the block lives. */
  __atomic_store_n (&slot->jobs[0], XLNK_LEDGER_ANY_CORE, __ATOMIC_SEQ_CST);
}

void
xlnk_ledger_disarm (XlnkLedgerSlot * slot, uint16_t core)
{
  for (size_t i = XLNK_LEDGER_JOBS; i > 0; i--) {
    uint16_t job = job_of (core);

    if (__atomic_compare_exchange_n (&slot->jobs[i - 1], &job, 0, false, __ATOMIC_SEQ_CST, __ATOMIC_RELAXED))
      return;
  }
}

/*** the end ***/

/* Its files are closed. */
static void
ledger_free (XlnkLedger * self)
{
  g_array_unref (self->chunks);
  g_free (self->dir.path);
  g_free (self->name);
  g_free (self);
}

void
xlnk_ledger_close (XlnkDevice * device)
{
  XlnkLedger *self = device->ledger;

  if (!self)
    return;
  if (self->fd >= 0 && !find_slot (self, true))
    xlnk_sys_unlink_at (self->dir.fd, self->name);
  /* A child that another thread makes from here on finds nothing half-freed. What it may have instead, copies of the
   * descriptors, holds no lock any more. */
  device->ledger = NULL;
  atomic_thread_fence (memory_order_seq_cst);
  if (self->fd >= 0)
    xlnk_sys_unlock (self->fd);
  drop_chunks (self, true);
  xlnk_sys_close (self->fd);
  xlnk_ledger_dir_close (&self->dir);
  ledger_free (self);
}

/* Its mapped pages are not there. The rest is not ours to change if another thread of the parent may have been at it; and
 * the parent's blocks still point to it, which nobody follows here. */
void
xlnk_ledger_leave_parent (XlnkDevice * device, bool whole)
{
  XlnkLedger *self = device->ledger;

  if (!self)
    return;
  device->ledger = NULL;
  xlnk_sys_close (self->fd);
  xlnk_sys_close (self->dir.fd);
  self->fd = self->dir.fd = -1;
  if (!whole) {
    device->parents_ledger = self;
    return;
  }
  drop_chunks (self, false);
  ledger_free (self);
}
