/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * callers.h: who makes the call that was interposed? The return addresses on its stack, as file and offset, which are the
 * same in every run.
 */
#ifndef FAULTS_CALLERS_H
#define FAULTS_CALLERS_H

#include <stddef.h>
#include <stdint.h>

#define CALLERS 8u              /* a wrapper or two, a sanitizer's, and whoever wanted something */

typedef struct
{
  const char *object;           /* file name without directories */
  uint64_t offset;              /* of the instruction after the call: the address that objdump prints */
} Caller;

/* From the innermost outwards, without this library itself; how many. */
unsigned callers_find (Caller * callers);

#endif /* FAULTS_CALLERS_H */
