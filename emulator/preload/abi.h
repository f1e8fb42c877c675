/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * abi.h: the driver's request numbers and argument blocks (xlnk-abi §3, §4), as this side understands them.
 *
 * Pointers and addresses have the caller's word size. The emulator states the ABI for itself and shares nothing with
 * the library under test, so that a mistake in one is caught by the other.
 */
#ifndef PRELOAD_ABI_H
#define PRELOAD_ABI_H

#include <stdint.h>
#include <sys/ioctl.h>

#define ABI_MAGIC 'X'
#define ABI_LAST 101u
#define ABI_REQUEST(nr) ((unsigned) _IOWR (ABI_MAGIC, (nr), unsigned long))

/* Every request copies the whole union, whatever its number says. */
#define ABI_UNION_SIZE (sizeof (long) == 4 ? 88u : 96u)

#define PACKED __attribute__ ((packed))
typedef unsigned long AbiWord;

typedef struct PACKED { uint32_t length; int32_t id; AbiWord phys; uint8_t cacheable; } AbiAlloc;
typedef struct PACKED { uint32_t id; AbiWord buffer; } AbiFree;
typedef struct PACKED { int32_t fd; AbiWord key; } AbiDmabuf;
typedef struct PACKED { AbiWord phys; uint32_t size; int32_t action; } AbiCache;
typedef struct PACKED
{
  AbiWord address;
  int32_t size;
  int32_t direction;
  int32_t flags;
  AbiWord phys;
  AbiWord token;
} AbiMemop;
/* Only where the duplicate check of ADDDMABUF looks by mistake. */
typedef struct PACKED { AbiWord channel, buffer; } AbiSubmit;
typedef struct PACKED
{
  AbiWord base;
  uint32_t size;
  uint32_t irqs[8];
  char name[32];
  uint32_t id;
} AbiDevice;
typedef struct PACKED
{
  int32_t irq, subirq;
  uint32_t type;
  AbiWord control, reset;
  uint32_t reset_offset, reset_high, reset_low;
  int32_t id;
} AbiIrq;
typedef struct PACKED { int32_t id, polling, success; } AbiIrqWait;
typedef struct PACKED { uint8_t mask; int32_t dma_type; } AbiConfig;

/* The form of the 3.x kernels, naturally aligned. */
typedef struct { uint32_t length; uint32_t *id; uint32_t *phys; uint32_t cacheable; } AbiOldAlloc;
typedef struct { AbiWord phys; int32_t size; int32_t action; } AbiOldCache;
typedef struct
{
  AbiWord base;
  uint32_t size;
  uint32_t irqs[8];
  char name[32];
  uint32_t id;
} AbiOldDevice;

typedef union
{
  unsigned char bytes[96];
  AbiAlloc alloc;
  AbiFree free;
  AbiDmabuf dmabuf;
  AbiCache cache;
  AbiMemop memop;
  AbiSubmit submit;
  AbiDevice device;
  AbiIrq irq;
  AbiIrqWait irq_wait;
  AbiConfig config;
  AbiOldAlloc old_alloc;
  AbiOldCache old_cache;
  AbiOldDevice old_device;
} AbiUnion;

enum
{
  MEMOP_COHERENT = 0x1,
  MEMOP_ACQUIRE = 0x1000,
  MEMOP_RELEASE = 0x2000,
};

enum
{
  MEMOP_BOTH, MEMOP_TO_DEVICE, MEMOP_FROM_DEVICE, MEMOP_NONE,
};

#define IRQ_LEVEL_HIGH 0x5u     /* the only type the driver takes */

#endif /* PRELOAD_ABI_H */
