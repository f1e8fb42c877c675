/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * xlnkhw.h: the only functions that touch hardware without a system call.
 *
 * They are exported, though private and undocumented, so that an emulated board can stand in for each of them and be
 * exact about it: a register that clears when read, cache maintenance that takes effect at the barrier. So they are
 * never inlined, and nothing else in the library reads a register or issues a cache instruction.
 */
#ifndef XLNK_HW_H
#define XLNK_HW_H

#include <stddef.h>
#include <stdint.h>

#define XLNK_HW_API extern __attribute__ ((visibility ("default"), noinline))

/* Bytes of a data cache line that maintenance works on: CTR_EL0 on aarch64; on 32-bit ARM 32 for a Cortex-A9
 * (Zynq-7000), else 64. Elsewhere 64. */
XLNK_HW_API unsigned xlnk_hw_line_size (void);

/* 1 on aarch64, whose driver cleans with action 0 and drops dirty lines with action 1; 0 where action 0 cleans and
 * invalidates (32-bit ARM, xlnk-abi §6). */
XLNK_HW_API int xlnk_hw_is_arm64 (void);

/* 1 if the CPU maintains its caches by virtual address from user space (aarch64: Linux lets EL0 use DC CVAC and DC
 * CIVAC, xlnk-abi §6), else 0: then only the driver can. */
XLNK_HW_API int xlnk_hw_maintains_by_address (void);

/* Clean, or clean and invalidate, each line that [start, start + size) touches, to the point of coherency. Complete
 * only after xlnk_hw_barrier. Nothing where xlnk_hw_maintains_by_address is 0. */
XLNK_HW_API void xlnk_hw_clean (const void *start, size_t size);
XLNK_HW_API void xlnk_hw_clean_invalidate (const void *start, size_t size);

/* Everything before it, maintenance and stores to normal memory, is complete as far as a device can see before
 * anything after it starts: `dsb sy`. A compiler's full fence is only `dmb`, which a doorbell can overtake. */
XLNK_HW_API void xlnk_hw_barrier (void);

/* One aligned 32-bit access to a device register. */
XLNK_HW_API uint32_t xlnk_hw_read32 (const volatile void *reg);
XLNK_HW_API void xlnk_hw_write32 (volatile void *reg, uint32_t value);

#endif /* XLNK_HW_H */
