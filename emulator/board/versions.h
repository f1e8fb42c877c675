/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * versions.h: what differs between the driver's revisions, one row each (xlnk-abi §8.2).
 */
#ifndef BOARD_VERSIONS_H
#define BOARD_VERSIONS_H

#include <stdbool.h>

typedef struct
{
  const char *name;             /* of --driver */
  const char *what;             /* one line for --help */
  bool pointers;                /* ALLOCBUF returns through two user pointers (xlnk-abi §4.2) */
  unsigned slots;               /* ids are 1 to slots - 1 */
  unsigned shift;               /* mmap offset of an id */
  bool slot_first;              /* looks for the slot before the memory, so a full table loses none */
  bool flag_survives;           /* FREEBUF leaves the cacheable flag of the id behind */
  bool any_address;             /* CACHECTRL takes any address, and honours it */
  bool dmabuf;                  /* ADDDMABUF and CLEARDMABUF */
  bool dmabuf_checks_fd;        /* a bad descriptor is EINVAL, not an oops */
  bool dmabuf_at_add;           /* attached when added, so a bad descriptor oopses there; else at MEMOP */
  bool memop;
  bool memop_keeps_dmabuf;      /* for a dma-buf it forgets to copy the result back */
  bool config;                  /* CONFIG, and with it the standard mode */
  bool mcdma;                   /* MCDMAREGISTER has a handler */
  bool irq;
  bool unknown_ok;              /* an unknown number returns 0 */
  bool reclaim;                 /* frees an open file's buffers when it goes */
  unsigned devices;             /* how many platform devices it keeps */
  int dmaregister;              /* result when APF DMA is not built in */
  bool lp64;                    /* runs on 64-bit kernels */
} BoardVersion;

extern const BoardVersion board_versions[];
extern const unsigned board_version_count;

int board_version_by_name (const char *name);   /* -1: none */

#endif /* BOARD_VERSIONS_H */
