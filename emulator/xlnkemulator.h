/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * xlnkemulator.h: what the emulator's preload library offers to the programs that run on it.
 *
 * A test is not linked against it. It finds these functions with dlsym (RTLD_DEFAULT, "xlnk_emulator_…") and gets NULL
 * where there is no emulated board. The functions return 0, or -1 with errno set; ENODEV without a board.
 */
#ifndef XLNK_EMULATOR_H
#define XLNK_EMULATOR_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/*
 * The device reads or writes memory: never through the CPU's cache. A dirty line in the range is a hazard, and is
 * counted; the data is what the memory holds. Outside live buffers: a hazard, and EFAULT.
 */
int xlnk_emulator_device_read (uint64_t phys, void *data, size_t size);
int xlnk_emulator_device_write (uint64_t phys, const void *data, size_t size);

/*
 * Lines of the range leave the CPU's cache, each with a chance of @percent: dirty ones are written back, others will be
 * fetched anew. Returns how many changed. With --seed the same happens to random lines at every cache operation and
 * device access.
 */
int xlnk_emulator_evict (uint64_t phys, size_t size, unsigned percent);

struct xlnk_emulator_counters
{
  uint64_t live_blocks, live_bytes, cma_total, cma_free;
  uint64_t allocs, frees, reclaimed;    /* reclaimed: among the frees, by the driver when an open file went */
  uint64_t ioctls, maps;
  uint64_t flushes, flushed_bytes;
  uint64_t invalidates, invalidated_bytes;
  uint64_t needed, redundant;   /* maintenance operations that moved a line, and that did not */
  uint64_t liveness_queries;    /* CACHECTRL of a byte or none: not counted above */
  uint64_t lines_asked, lines_written, lines_refreshed, lines_lost;
  uint64_t evictions;
  uint64_t recoveries;          /* a process died inside the board */
  uint64_t hazards;             /* the sum of these: */
  uint64_t device_read_dirty, device_write_dirty, device_outside, lost_line, map_free_id, map_too_long, oops;
  uint64_t device_freed, device_overrun;
};

int xlnk_emulator_get_counters (struct xlnk_emulator_counters *counters);

struct xlnk_emulator_core
{
  uint64_t base;                /* physical address of the registers */
  uint64_t jobs, finished, busy_ns;
  uint64_t bytes_read, bytes_written;
  uint64_t interrupts, lost, spurious;
  uint64_t hangs, errors;
};

/* By the name that --core gave it; ENOENT if there is none. */
int xlnk_emulator_get_core (const char *name, struct xlnk_emulator_core *core);

/* Pulses the core's reset line, as loading the fabric anew does: what it was doing stops, its registers are cleared. */
int xlnk_emulator_reset_core (const char *name);

/* Starts an allocation and stays inside, with the board's lock: for a test that then dies of SIGKILL. */
int xlnk_emulator_hold_lock (void);

/*
 * Only with --trace, or a --fault that says who calls. set_faults: from now on these faults of callers and no others are
 * due, in all processes of this board, counted anew; EINVAL, and fewer or none, if a part of the list is not one. NULL:
 * none. faults_hit: how many of them have happened. set_trace: from now on calls are written to this file; NULL: nowhere.
 */
int xlnk_emulator_set_faults (const char *list);
int xlnk_emulator_faults_hit (void);
int xlnk_emulator_set_trace (const char *path);

/*
 * The functions of the library under test that touch hardware without a system call; the preload library puts these in
 * their place. On a plain host they do what a plain host does: a line of 64 bytes, and nothing to maintain.
 */
unsigned xlnk_hw_line_size (void);
int xlnk_hw_maintains_by_address (void);
void xlnk_hw_clean (const void *start, size_t size);
void xlnk_hw_clean_invalidate (const void *start, size_t size);
void xlnk_hw_barrier (void);    /* lines queued by the two above move only here */
uint32_t xlnk_hw_read32 (const volatile void *reg);
void xlnk_hw_write32 (volatile void *reg, uint32_t value);

#ifdef __cplusplus
}
#endif

#endif /* XLNK_EMULATOR_H */
