/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * truth.h: what lives on the board, from those who must know: the driver's own list, emulated or in a kernel, and the
 * memory itself. Nothing here asks the code under test.
 */
#ifndef FAULT_TRUTH_H
#define FAULT_TRUTH_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#define TRUTH_IDS 4096

typedef struct
{
  uint32_t id;
  uint32_t length;
  uint64_t phys;
  pid_t pid;                    /* who allocated it */
  bool cached;
} TruthBuffer;

/* The live buffers in @buffers, which has room for TRUTH_IDS; how many there are. */
unsigned truth_buffers (TruthBuffer * buffers);

typedef enum
{
  TRUTH_NO_COOKIE,              /* the last line is as the driver handed it out: zero */
  TRUTH_HALF_COOKIE,
  TRUTH_COOKIE,
} TruthCookie;

/* What is in the last 64 bytes of a buffer, through a mapping of our own. @fd is an open node. */
TruthCookie truth_cookie (int fd, const TruthBuffer * buffer);

/* By what the driver shifts ids in mmap offsets (xlnk-abi §5.3); 16 unless the environment says otherwise. */
unsigned truth_shift (void);

#endif /* FAULT_TRUTH_H */
