/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * mappings.h: this process's cached mappings, for maintenance by virtual address.
 */
#ifndef PRELOAD_MAPPINGS_H
#define PRELOAD_MAPPINGS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

void mappings_add (const void *start, size_t length, uint64_t phys);
void mappings_remove (const void *start, size_t length);
/* The first part of [start, start + length) that is mapped. False: none. */
bool mappings_find (const void *start, size_t length, uint64_t * phys, size_t * skipped, size_t * found);

#endif /* PRELOAD_MAPPINGS_H */
