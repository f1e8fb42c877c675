/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * xlnkcopy.h: copies that are safe on uncached blocks.
 *
 * The driver maps those as Device memory (ZynqMP) or Strongly-ordered (Zynq-7000): an unaligned access, as
 * a C library's memcpy makes, raises SIGBUS there (xlnk-abi §5.3). So on that side only naturally aligned bytes
 * and words are read and written; cached memory gets a plain memcpy. There is no memset: the driver zeroes what it
 * hands out.
 */
#ifndef XLNK_COPY_H
#define XLNK_COPY_H

#include <stdbool.h>
#include <stddef.h>

/* The areas must not overlap. */
void xlnk_copy (void *dest, bool dest_cached, const void *src, bool src_cached, size_t size);

#endif /* XLNK_COPY_H */
