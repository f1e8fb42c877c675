/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * xlnkcoherence.h: who wrote which bytes of a block last, and so which cache maintenance is due.
 *
 * No GStreamer, no system call, no lock: the caller holds the block's mutex over plan, maintenance and commit, and
 * the state changes only in commit, so a failed maintenance leaves it as it was.
 *
 *   plan = xlnk_coherence_plan_… (state, …)      what is due, or a conflict
 *   …the maintenance back end does plan.lines, and may widen them to what its primitive really covers…
 *   xlnk_coherence_commit (state)                 the state after it
 *
 * The rules, for cached memory. R is the map's range rounded out to cache lines:
 *
 *   event on R              | maintenance                                | state after
 *   ------------------------+--------------------------------------------+---------------------------
 *   any map                 | a device WRITE map excludes every other map on its lines, a device READ map
 *                           | excludes CPU writers; CPU maps never exclude each other. Else: conflict
 *   CPU map                 | invalidate device_dirty ∩ R; when exposed, | device_dirty −= what was invalidated
 *                           | R minus the ranges under open CPU WRITE    |
 *                           | maps as well                               |
 *   CPU unmap after write   | when exposed: clean R                      | cpu_dirty ∪= R; when exposed: −= R
 *   device map, either way  | clean cpu_dirty ∩ R                        | cpu_dirty −= what was cleaned
 *   device unmap after write| none                                       | device_dirty ∪= R
 *   address handed out      | clean cpu_dirty and open CPU WRITE ranges  | cpu_dirty = ∅; exposed
 *   explicit flush          | clean R                                    | cpu_dirty −= R
 *   explicit invalidate     | clean and invalidate R                     | both sets −= R
 *
 * A device WRITE map cleans too: no dirty line may be evicted onto what the device writes. Device → device needs
 * nothing. On uncached memory only the first row applies.
 *
 * What commit removes from the sets is what the back end reports as covered, not only what was asked: the driver's
 * CACHECTRL starts at the block's first byte whatever the address says (xlnk-abi §6), so its prefix comes for free.
 * Bytes under an open CPU WRITE map are never taken out of the reach of a later clean by that: they enter cpu_dirty
 * at their own unmap.
 */
#ifndef XLNK_COHERENCE_H
#define XLNK_COHERENCE_H

#include "xlnkranges.h"

G_BEGIN_DECLS

/* READ and WRITE combine; without DEVICE it is the CPU that accesses. */
typedef enum
{
  XLNK_ACCESS_READ = 1 << 0,
  XLNK_ACCESS_WRITE = 1 << 1,
  XLNK_ACCESS_DEVICE = 1 << 2,
} XlnkAccess;

typedef enum
{
  XLNK_MAINTAIN_NONE,
  XLNK_MAINTAIN_CLEAN,          /* dirty lines reach memory; they may stay in the cache */
  XLNK_MAINTAIN_INVALIDATE,     /* dirty lines reach memory, and no line stays in the cache */
} XlnkMaintenance;

typedef enum
{
  XLNK_EVENT_NONE,
  XLNK_EVENT_MAP,
  XLNK_EVENT_UNMAP,
  XLNK_EVENT_EXPOSE,
  XLNK_EVENT_FLUSH,
  XLNK_EVENT_INVALIDATE,
} XlnkEvent;

/* What one event needs. The back end may add to @lines whatever its primitive covered besides; it never removes. */
typedef struct
{
  XlnkEvent event;
  XlnkAccess access;            /* of MAP and UNMAP */
  XlnkRange range;              /* as given, not rounded */
  XlnkMaintenance maintenance;
  XlnkRanges lines;             /* whole cache lines */
} XlnkPlan;

/* One open map; equal ones are counted. */
typedef struct
{
  XlnkRange range;              /* as given, not rounded */
  XlnkAccess access;
  unsigned count;
} XlnkOpenMap;

typedef struct
{
  size_t size;                  /* bytes of the block */
  size_t line;                  /* bytes of a cache line, a power of two */
  bool cached;
  bool exposed;
  XlnkRanges cpu_dirty;         /* written by the CPU, not yet seen by the device */
  XlnkRanges device_dirty;      /* written by the device, possibly stale in the CPU's cache */
  GArray *maps;                 /* of XlnkOpenMap */
  XlnkPlan plan;                /* the one between plan and commit; reused, so that maps allocate nothing */
} XlnkCoherence;

void xlnk_coherence_init (XlnkCoherence * state, size_t size, size_t line, bool cached);
void xlnk_coherence_clear (XlnkCoherence * state);

/* Each returns the plan (owned by @state, valid until the next call), or NULL: a conflict for plan_map (see
 * xlnk_coherence_find_conflict), no such map for plan_unmap (a surplus unmap: ignore it). Nothing has changed yet. */
XlnkPlan *xlnk_coherence_plan_map (XlnkCoherence * state, XlnkAccess access, XlnkRange range);
XlnkPlan *xlnk_coherence_plan_unmap (XlnkCoherence * state, XlnkAccess access, XlnkRange range);
XlnkPlan *xlnk_coherence_plan_expose (XlnkCoherence * state);
XlnkPlan *xlnk_coherence_plan_flush (XlnkCoherence * state, XlnkRange range);
XlnkPlan *xlnk_coherence_plan_invalidate (XlnkCoherence * state, XlnkRange range);

/* The event has happened and its plan's lines were maintained. Once per plan. */
void xlnk_coherence_commit (XlnkCoherence * state);

/* The maintenance failed, in whole or in part. A map is not opened and a flush has not happened, but an unmap and an
 * exposure cannot be taken back: the map is closed and its bytes stay dirty until the next clean that covers them, and
 * the block counts as exposed, whether or not the caller withholds the address. */
void xlnk_coherence_commit_failed (XlnkCoherence * state);

/* The open map that stands in the way of @access to @range, or NULL. */
const XlnkOpenMap *xlnk_coherence_find_conflict (const XlnkCoherence * state, XlnkAccess access, XlnkRange range);

/* TRUE if a CPU WRITE map touches a line of @range: a primitive that drops dirty lines must not cover it. */
bool xlnk_coherence_cpu_writes (const XlnkCoherence * state, XlnkRange range);

/* TRUE if a map of any kind is open. */
bool xlnk_coherence_is_mapped (const XlnkCoherence * state);

/* @range rounded out to lines, at most to the end of the block rounded up. */
XlnkRange xlnk_coherence_lines (const XlnkCoherence * state, XlnkRange range);

G_END_DECLS

#endif /* XLNK_COHERENCE_H */
