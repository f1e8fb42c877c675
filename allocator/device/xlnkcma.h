/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * xlnkcma.h: how much contiguous memory the kernel has, for statistics and for error messages.
 */
#ifndef XLNK_CMA_H
#define XLNK_CMA_H

#include <stdbool.h>
#include <stdint.h>

/* Bytes, of the whole system, from the lines CmaTotal and CmaFree of /proc/meminfo; the free part may be in pieces.
 * Returns false and sets both to 0 if the kernel does not say (no CMA in it). */
bool xlnk_cma_read (uint64_t * total, uint64_t * free);

#endif /* XLNK_CMA_H */
