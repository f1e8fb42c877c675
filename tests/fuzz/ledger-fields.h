/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * ledger-fields.h: mutates a ledger by its fields: most of its bytes mean nothing.
 */
#ifndef LEDGER_FIELDS_H
#define LEDGER_FIELDS_H

#include <stddef.h>
#include <stdint.h>

/* What the dead one wrote into its block, without the 0 behind it, and the core that it may have used. */
#define LEDGER_FIELDS_COOKIE "cookie of a dead"
#define LEDGER_FIELDS_CORE_BASE 0x43c00000

size_t LLVMFuzzerCustomMutator (uint8_t * data, size_t size, size_t max_size, unsigned seed);

#endif /* LEDGER_FIELDS_H */
