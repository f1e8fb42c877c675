/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * fields.h: how inputs are mutated that are lines of NAME,FIELD=VALUE,…: whole fields and values are moved, exchanged and
 * made up, besides what libFuzzer does to bytes.
 */
#ifndef FIELDS_H
#define FIELDS_H

#include <stddef.h>
#include <stdint.h>

/* A target's words; each list ends with NULL. */
extern const char *const fields_names[];
extern const char *const fields_values[];
extern const char *const fields_lines[];

size_t LLVMFuzzerCustomMutator (uint8_t * data, size_t size, size_t max_size, unsigned seed);

#endif /* FIELDS_H */
