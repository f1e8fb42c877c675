/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * xlnkabi.h: the packed ABI of /dev/xlnk, as far as we use it (xlnk-abi §3 and §4.1). Only xlnkchardev.c and
 * xlnkshift.c speak it.
 */
#ifndef XLNK_ABI_H
#define XLNK_ABI_H

#include <assert.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/ioctl.h>

#define XLNK_REQUEST(number) _IOWR ('X', number, unsigned long)

#define XLNK_IOC_UNUSED XLNK_REQUEST (1)        /* no revision handles it: tells the drivers apart */
#define XLNK_IOC_ALLOCBUF XLNK_REQUEST (2)
#define XLNK_IOC_FREEBUF XLNK_REQUEST (3)
#define XLNK_IOC_CACHECTRL XLNK_REQUEST (24)
#define XLNK_IOC_RECRES XLNK_REQUEST (101)
#define XLNK_IOC_BEYOND XLNK_REQUEST (102)      /* the first number that is not the driver's any more */

#define XLNK_ACTION_FLUSH 0
#define XLNK_ACTION_INVALIDATE 1

#define XLNK_MAX_ID 4095        /* the largest table of any revision */
#define XLNK_SCRATCH_SIZE 8192  /* bytes of the page that everybody shares at offset 0 */

/* Pointers are as wide as the process's, and only 4-byte aligned because of the packing. */
typedef struct
{
  uint32_t len;
  int32_t id;                   /* out */
  uintptr_t phyaddr;            /* out */
  uint8_t cacheable;
} __attribute__ ((packed)) XlnkAllocArg;

typedef struct
{
  uint32_t id;
  uintptr_t buf;                /* ignored by the kernel */
} __attribute__ ((packed)) XlnkFreeArg;

typedef struct
{
  uintptr_t phys_addr;
  uint32_t size;                /* handled as a signed int */
  int32_t action;
} __attribute__ ((packed)) XlnkCacheArg;

/* The driver copies its whole union, 88 or 96 bytes, whatever the request's number says: so each argument is as
 * large as any revision could want, and zeroed. */
typedef union
{
  XlnkAllocArg alloc;
  XlnkFreeArg free;
  XlnkCacheArg cache;
  uint8_t bytes[128];
} XlnkArg;

static_assert (offsetof (XlnkAllocArg, phyaddr) == 8, "packed");
static_assert (offsetof (XlnkAllocArg, cacheable) == 8 + sizeof (uintptr_t), "packed");
static_assert (offsetof (XlnkCacheArg, action) == 4 + sizeof (uintptr_t), "packed");
static_assert (sizeof (XlnkFreeArg) == 4 + sizeof (uintptr_t), "packed");
static_assert (sizeof (XlnkArg) == 128, "larger than any revision's union");

#endif /* XLNK_ABI_H */
