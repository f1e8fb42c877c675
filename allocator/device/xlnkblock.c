/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "xlnkblock.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "xlnkcma.h"
#include "xlnkcookie.h"
#include "xlnkcopy.h"
#include "xlnkfork.h"
#include "xlnklog.h"
#include "xlnkmaintain.h"
#include "xlnkreclaim.h"

#define MIB (1024.0 * 1024.0)

/*** allocation ***/

static bool
check_size (XlnkDevice * device, size_t size, GError ** error)
{
  /* Room for rounding to lines, the cookie and the driver's rounding to pages. */
  size_t limit = device->klass->max_length - 2 * XLNK_COOKIE_LINE - 65536;

  if (size <= limit)
    return true;
  g_set_error (error, XLNK_ERROR, XLNK_ERROR_TOO_LARGE,
      "asked %zu bytes, and %s takes at most %zu at once: its lengths are 32 bits wide", size, device->path, limit);
  return false;
}

/* Says what was asked, what there was, who holds it and what to do. */
static void
set_exhausted_error (XlnkDevice * device, size_t size, GError ** error)
{
  g_autofree char *system = NULL;
  const char *advice = "raise cma= on the kernel command line or lower max-buffers";
  uint64_t total, free;

  if (xlnk_cma_read (&total, &free))
    system = g_strdup_printf ("%.1f of %.0f MiB CMA free", free / MIB, total / MIB);
  else
    system = g_strdup ("the kernel does not say how much CMA there is");
  if (free > size)
    advice = "the free memory is in pieces, or the driver's table of buffers is full: free buffers that other "
        "processes hold or left behind, lower max-buffers, or raise cma= on the kernel command line";
  g_clear_error (error);
  g_set_error (error, XLNK_ERROR, XLNK_ERROR_EXHAUSTED,
      "asked %zu bytes; %s; this process holds %.1f MiB in %" G_GUINT64_FORMAT " buffers; %s", size, system,
      device->counts.live_bytes / MIB, device->counts.live_blocks, advice);
}

static XlnkBlock *
find_holder (XlnkDevice * device, const XlnkLedgerSlot * slot)
{
  for (guint i = 0; i < device->blocks->len; i++) {
    XlnkBlock *block = g_ptr_array_index (device->blocks, i);

    if (block->slot == slot)
      return block;
  }
  return NULL;
}

/* The driver gives out an id that is free: whatever of ours had it before is gone. Two slots must not name one id for
 * longer than it takes, since the older one speaks of what it is not about. One that is still held goes with its block. */
static void
forget_former (XlnkDevice * device, const XlnkLedgerSlot * slot, uint32_t id)
{
  XlnkLedgerSlot *former = NULL;

  while ((former = xlnk_ledger_find_id (device, id, former))) {
    XlnkBlock *holder = find_holder (device, former);

    if (holder)
      holder->gone |= holder->extent.id == id;
    else if (former != slot)
      xlnk_ledger_clear (former);
  }
}

static void
log_doubt (const XlnkDevice * device, const XlnkExtent * extent)
{
  xlnk_log (XLNK_LOG_WARNING, "cannot tell whether buffer %" PRIu32 " of %s is still ours (%s): not freeing it, which is "
      "left to whoever opens the device when this process is gone", extent->id, device->path, g_strerror (errno));
}

/* Of an extent that could not be used: without a cookie, the driver's word has to do. If it does not take the block
 * back, or does not answer, the ledger goes on naming it. */
static void
give_back (XlnkDevice * device, XlnkLedgerSlot * slot, const XlnkExtent * extent)
{
  g_autoptr (GError) error = NULL;

  if (!device->klass->is_live (device, extent)) {
    if (errno == EINVAL)
      xlnk_ledger_clear (slot);
    else
      log_doubt (device, extent);
    return;
  }
  if (device->klass->free (device, extent, &error))
    xlnk_ledger_clear (slot);
  else
    xlnk_log (XLNK_LOG_ERROR, "%s", error->message);
}

static uint64_t
free_memory (void)
{
  uint64_t total, free;

  return xlnk_cma_read (&total, &free) ? free : 0;
}

/* Of what dead processes left. Another one may have given it back just before we came to look. */
static bool
find_memory (XlnkDevice * device)
{
  uint64_t before = free_memory ();

  return xlnk_reclaim_for_memory (device) || free_memory () > before;
}

/* What dead processes left may be enough. */
static bool
allocate (XlnkDevice * device, XlnkLedgerSlot * slot, XlnkExtent * extent, size_t size, GError ** error)
{
  bool no_memory = false;

  if (device->klass->alloc (device, slot, extent, &no_memory, error))
    return true;
  if (no_memory && find_memory (device)) {
    g_clear_error (error);
    if (device->klass->alloc (device, slot, extent, &no_memory, error))
      return true;
  }
  if (no_memory)
    set_exhausted_error (device, size, error);
  return false;
}

/* Not known to be live, for the reason in errno. */
static void
refuse_mapped (XlnkDevice * device, XlnkLedgerSlot * slot, const XlnkExtent * extent, GError ** error)
{
  if (errno == EINVAL) {
    g_set_error (error, XLNK_ERROR, XLNK_ERROR_FAILED,
        "buffer %" PRIu32 " of %s was taken away while it was being mapped: some other process has reset the "
        "driver; try again", extent->id, device->path);
    xlnk_ledger_clear (slot);
    return;
  }
  g_set_error (error, XLNK_ERROR, XLNK_ERROR_FAILED,
      "%s does not say whether the buffer %" PRIu32 " that it has just handed out is there: %s", device->path, extent->id,
      g_strerror (errno));
  give_back (device, slot, extent);
}

/* After the mapping and before the first store the driver must confirm that the block lives: a mapping of a free id
 * is one of physical page 0 (xlnk-abi §5.3). */
static bool
obtain (XlnkDevice * device, XlnkLedgerSlot * slot, XlnkExtent * extent, size_t size, GError ** error)
{
  if (!allocate (device, slot, extent, size, error))
    return false;
  forget_former (device, slot, extent->id);
  if (!device->klass->map (device, extent, error)) {
    give_back (device, slot, extent);
    return false;
  }
  if (!device->klass->is_live (device, extent)) {
    refuse_mapped (device, slot, extent, error);
    device->klass->unmap (device, extent);
    return false;
  }
  xlnk_cookie_write (extent, slot->cookie);
  xlnk_ledger_set_state (slot, XLNK_SLOT_LIVE);
  return true;
}

static void
enter (XlnkDevice * device, XlnkBlock * block)
{
  XlnkDeviceStats *counts = &device->counts;

  g_ptr_array_add (device->blocks, block);
  counts->allocs++;
  counts->live_blocks++;
  counts->live_bytes += block->size;
  counts->peak_bytes = MAX (counts->peak_bytes, counts->live_bytes);
}

static XlnkBlock *
make_block (XlnkDevice * device, size_t size, XlnkLedgerSlot * slot, const XlnkExtent * extent)
{
  XlnkBlock *block = g_new0 (XlnkBlock, 1);

  block->device = xlnk_device_ref (device);
  block->references = 1;
  block->extent = *extent;
  block->size = size;
  block->generation = xlnk_fork_generation ();
  pthread_mutex_init (&block->mutex, NULL);
  xlnk_coherence_init (&block->coherence, size, device->line, extent->cached);
  block->slot = slot;
  memcpy (block->cookie, slot->cookie, sizeof block->cookie);
  return block;
}

XlnkBlock *
xlnk_block_new (XlnkDevice * device, size_t size, bool cached, GError ** error)
{
  XlnkExtent extent = { .cached = cached };
  XlnkLedgerSlot *slot;
  XlnkBlock *block = NULL;

  if (!check_size (device, size, error))
    return NULL;
  extent.length = xlnk_cookie_length (size);
  pthread_mutex_lock (&device->mutex);
  xlnk_device_leave_parent (device);
  slot = xlnk_ledger_take (device, extent.length, cached);
  if (obtain (device, slot, &extent, size, error)) {
    block = make_block (device, size, slot, &extent);
    enter (device, block);
  } else {
    device->counts.failed_allocs++;
    /* No more than that can have become of it, or somebody else has cleared it. */
    if (xlnk_ledger_get_state (slot) == XLNK_SLOT_ALLOCATING)
      xlnk_ledger_clear (slot);
  }
  pthread_mutex_unlock (&device->mutex);
  return block;
}

/*** life ***/

XlnkBlock *
xlnk_block_ref (XlnkBlock * block)
{
  pthread_mutex_lock (&block->device->mutex);
  block->references++;
  pthread_mutex_unlock (&block->device->mutex);
  return block;
}

static void
free_own (XlnkDevice * device, XlnkBlock * block)
{
  g_autoptr (GError) error = NULL;

  xlnk_ledger_set_state (block->slot, XLNK_SLOT_FREEING);
  if (device->klass->free (device, &block->extent, &error)) {
    device->counts.frees++;
    xlnk_ledger_clear (block->slot);
  } else {
    /* The ledger goes on naming it, for when this process is gone. */
    xlnk_log (XLNK_LOG_ERROR, "%s", error->message);
    xlnk_ledger_set_state (block->slot, XLNK_SLOT_LIVE);
  }
}

/* Taken away: there is nothing to free, and nothing to write down. */
static void
lose (XlnkDevice * device, XlnkBlock * block)
{
  xlnk_log (XLNK_LOG_WARNING, "buffer %" PRIu32 " of %s is no longer ours: some other process has reset the driver "
      "or freed it; not freeing it", block->extent.id, device->path);
  device->counts.lost_blocks++;
  xlnk_ledger_clear (block->slot);
}

/* There is a buffer, ours with its end overwritten or somebody else's, and nobody can tell which: it must not be freed. Nor
 * must it be forgotten: in the first case nobody else knows of it. So the ledger goes on naming it, and what names it is
 * a claim of this process, for as long as it has the device open: nobody forces it away while our core may still be
 * writing there. */
static void
leave_in_ledger (XlnkDevice * device, XlnkBlock * block)
{
  xlnk_log (XLNK_LOG_WARNING, "the bytes behind the end of buffer %" PRIu32 " of %s are not ours any more: either something, "
      "a core perhaps, wrote more than %zu bytes to it, or another process has reset the driver; it is not freed, and "
      "`xlnk-ctl status' lists it", block->extent.id, device->path, block->size);
  device->counts.lost_blocks++;
  xlnk_ledger_set_state (block->slot, XLNK_SLOT_WRONG_COOKIE);
}

/* Looks before our own free too: after somebody's reset, our id is somebody else's (design §8). The free comes before the
 * unmap, so that the cookie is looked at as late as can be. */
static void
release (XlnkDevice * device, XlnkBlock * block)
{
  XlnkLook look = block->gone ? XLNK_LOOK_GONE : xlnk_cookie_look (device, &block->extent, block->cookie);

  if (look == XLNK_LOOK_MATCH)
    free_own (device, block);
  else if (look == XLNK_LOOK_UNKNOWN)
    log_doubt (device, &block->extent);
  else if (look == XLNK_LOOK_GONE)
    lose (device, block);
  else
    leave_in_ledger (device, block);
  device->klass->unmap (device, &block->extent);
}

/* Its parent's are not in the list of a forked child. */
static void
leave (XlnkDevice * device, XlnkBlock * block)
{
  if (!g_ptr_array_remove_fast (device->blocks, block))
    return;
  device->counts.live_blocks--;
  device->counts.live_bytes -= block->size;
}

void
xlnk_block_unref (XlnkBlock * block)
{
  XlnkDevice *device = block->device;
  bool last;

  pthread_mutex_lock (&device->mutex);
  last = --block->references == 0;
  if (last) {
    leave (device, block);
    if (block->generation == xlnk_fork_generation ())
      release (device, block);
  }
  pthread_mutex_unlock (&device->mutex);
  if (!last)
    return;
  xlnk_coherence_clear (&block->coherence);
  pthread_mutex_destroy (&block->mutex);
  g_free (block);
  xlnk_device_unref (device);
}

static bool
holds (const XlnkBlock * block, const void *pointer, size_t size)
{
  size_t offset = (uintptr_t) pointer - (uintptr_t) block->extent.cpu;

  return block->generation == xlnk_fork_generation () && offset <= block->size && size <= block->size - offset;
}

XlnkBlock *
xlnk_device_find_block (XlnkDevice * device, const void *pointer, size_t size)
{
  XlnkBlock *found = NULL;

  pthread_mutex_lock (&device->mutex);
  for (guint i = 0; i < device->blocks->len && !found; i++) {
    XlnkBlock *block = g_ptr_array_index (device->blocks, i);

    if (holds (block, pointer, size))
      found = block;
  }
  if (found)
    found->references++;
  pthread_mutex_unlock (&device->mutex);
  return found;
}

/*** maps ***/

static bool
check_usable (const XlnkBlock * block, XlnkRange range, GError ** error)
{
  if (block->generation != xlnk_fork_generation ()) {
    g_set_error (error, XLNK_ERROR, XLNK_ERROR_NOT_OURS,
        "buffer %" PRIu32 " belongs to the parent of this process: a forked child allocates its own",
        block->extent.id);
    return false;
  }
  if (range.start > range.end || range.end > block->size) {
    g_set_error (error, XLNK_ERROR, XLNK_ERROR_NOT_OURS,
        "bytes %zu to %zu are not all inside buffer %" PRIu32 " of %zu bytes", range.start, range.end,
        block->extent.id, block->size);
    return false;
  }
  return true;
}

static const char *
describe (XlnkAccess access)
{
  bool device = access & XLNK_ACCESS_DEVICE;

  if (access & XLNK_ACCESS_WRITE)
    return device ? "written by the device" : "written by the CPU";
  return device ? "read by the device" : "read by the CPU";
}

static void
set_conflict_error (const XlnkBlock * block, XlnkAccess access, XlnkRange range, GError ** error)
{
  const XlnkOpenMap *map = xlnk_coherence_find_conflict (&block->coherence, access, range);

  g_set_error (error, XLNK_ERROR, XLNK_ERROR_CONFLICT,
      "bytes %zu to %zu of buffer %" PRIu32 " cannot be %s while bytes %zu to %zu are mapped to be %s: unmap those "
      "first", range.start, range.end, block->extent.id, describe (access), map->range.start, map->range.end,
      describe (map->access));
}

/* Maintenance and commit of what was just planned, under the block's mutex. */
static bool
carry_out (XlnkBlock * block, XlnkPlan * plan, GError ** error)
{
  if (!xlnk_maintain (block, plan, error)) {
    xlnk_coherence_commit_failed (&block->coherence);
    return false;
  }
  xlnk_coherence_commit (&block->coherence);
  return true;
}

bool
xlnk_block_map (XlnkBlock * block, XlnkAccess access, XlnkRange range, GError ** error)
{
  XlnkPlan *plan;
  bool mapped = false;

  if (!check_usable (block, range, error))
    return false;
  pthread_mutex_lock (&block->mutex);
  plan = xlnk_coherence_plan_map (&block->coherence, access, range);
  if (plan)
    mapped = carry_out (block, plan, error);
  else
    set_conflict_error (block, access, range, error);
  pthread_mutex_unlock (&block->mutex);
  return mapped;
}

void
xlnk_block_unmap (XlnkBlock * block, XlnkAccess access, XlnkRange range)
{
  g_autoptr (GError) error = NULL;
  XlnkPlan *plan;

  if (!check_usable (block, range, NULL))
    return;
  pthread_mutex_lock (&block->mutex);
  plan = xlnk_coherence_plan_unmap (&block->coherence, access, range);
  if (plan && !carry_out (block, plan, &error))
    xlnk_log (XLNK_LOG_ERROR, "what was written cannot reach the device: %s", error->message);
  pthread_mutex_unlock (&block->mutex);
}

bool
xlnk_block_expose (XlnkBlock * block, GError ** error)
{
  XlnkRange all = { 0, block->size };
  bool exposed;

  if (!check_usable (block, all, error))
    return false;
  /* Before the address can be anywhere. */
  xlnk_ledger_set_exposed (block->slot);
  pthread_mutex_lock (&block->mutex);
  /* Again each time: what an open CPU WRITE map has written since, or a clean that failed, is due with this one. */
  exposed = carry_out (block, xlnk_coherence_plan_expose (&block->coherence), error);
  pthread_mutex_unlock (&block->mutex);
  return exposed;
}

void
xlnk_block_arm (XlnkBlock * block, uint64_t base, const char *name)
{
  if (block->generation == xlnk_fork_generation ())
    xlnk_ledger_arm (block->slot, xlnk_ledger_core (block->device, base, name));
}

void
xlnk_block_disarm (XlnkBlock * block, uint64_t base, const char *name)
{
  if (block->generation == xlnk_fork_generation ())
    xlnk_ledger_disarm (block->slot, xlnk_ledger_core (block->device, base, name));
}

void
xlnk_block_count_device_map (XlnkBlock * block, int change)
{
  if (block->generation == xlnk_fork_generation ())
    xlnk_ledger_count_device_map (block->slot, change);
}

typedef XlnkPlan *(*PlanRange) (XlnkCoherence * state, XlnkRange range);

static bool
maintain_range (XlnkBlock * block, PlanRange plan_range, XlnkRange range, GError ** error)
{
  bool done;

  if (!check_usable (block, range, error))
    return false;
  pthread_mutex_lock (&block->mutex);
  done = carry_out (block, plan_range (&block->coherence, range), error);
  pthread_mutex_unlock (&block->mutex);
  return done;
}

bool
xlnk_block_flush (XlnkBlock * block, XlnkRange range, GError ** error)
{
  return maintain_range (block, xlnk_coherence_plan_flush, range, error);
}

bool
xlnk_block_invalidate (XlnkBlock * block, XlnkRange range, GError ** error)
{
  return maintain_range (block, xlnk_coherence_plan_invalidate, range, error);
}

/*** copies ***/

static XlnkRange
range_at (size_t offset, size_t size)
{
  /* A sum that overflows gives an inverted range, which check_usable refuses. */
  XlnkRange range = { offset, offset + size };

  return range;
}

static void *
address (XlnkBlock * block, size_t offset)
{
  return (char *) block->extent.cpu + offset;
}

bool
xlnk_block_read (XlnkBlock * src, size_t src_offset, void *dest, size_t size, GError ** error)
{
  XlnkRange range = range_at (src_offset, size);

  if (!xlnk_block_map (src, XLNK_ACCESS_READ, range, error))
    return false;
  xlnk_copy (dest, true, address (src, src_offset), src->extent.cached, size);
  xlnk_block_unmap (src, XLNK_ACCESS_READ, range);
  return true;
}

bool
xlnk_block_copy (XlnkBlock * dest, size_t dest_offset, XlnkBlock * src, size_t src_offset, size_t size,
    GError ** error)
{
  XlnkRange to = range_at (dest_offset, size);
  XlnkRange from = range_at (src_offset, size);

  if (!xlnk_block_map (src, XLNK_ACCESS_READ, from, error))
    return false;
  if (!xlnk_block_map (dest, XLNK_ACCESS_WRITE, to, error)) {
    xlnk_block_unmap (src, XLNK_ACCESS_READ, from);
    return false;
  }
  xlnk_copy (address (dest, dest_offset), dest->extent.cached, address (src, src_offset), src->extent.cached, size);
  xlnk_block_unmap (dest, XLNK_ACCESS_WRITE, to);
  xlnk_block_unmap (src, XLNK_ACCESS_READ, from);
  return true;
}
