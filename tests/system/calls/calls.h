/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * calls.h: one table of system calls, made on an emulated board and on a kernel, and what came of each as a line of
 * text. Where the two lines differ, one of them is wrong, or the row says why that must be.
 */
#ifndef CALLS_H
#define CALLS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/ioctl.h>

#include "../../../emulator/xlnkemulator.h"

#define REQUEST(nr) _IOWR ('X', (nr), unsigned long)
#define ALLOCBUF 2
#define FREEBUF 3
#define CLEARDMABUF 5
#define CACHECTRL 24
#define MEMOP 25
#define SHUTDOWN 100
#define RECRES 101

#define UNION_SIZE (sizeof (long) == 4 ? 88u : 96u)     /* xlnk-abi §4.1 */
#define PAGE 4096u
#define MIB (1024u * 1024u)

#define PACKED __attribute__ ((packed))
typedef struct PACKED { uint32_t length; int32_t id; unsigned long phys; uint8_t cacheable; } AllocBlock;
typedef struct PACKED { uint32_t id; unsigned long buffer; } FreeBlock;
typedef struct PACKED { unsigned long phys; uint32_t size; int32_t action; } CacheBlock;
typedef struct PACKED
{
  unsigned long address;
  int32_t size, direction, flags;
  unsigned long phys, token;
} MemopBlock;
typedef union
{
  AllocBlock alloc;
  FreeBlock free;
  CacheBlock cache;
  MemopBlock memop;
  uint8_t bytes[96];
} Block;

typedef struct
{
  int id;
  unsigned long phys;
  uint32_t length;
} Buffer;

/* What a row gets from the table. */
typedef struct
{
  const char *name;
  void (*run) (unsigned long a, unsigned long b);
  unsigned long a, b;
  const char *differs;          /* why the emulator's answer must be another than the kernel's; NULL: it must not */
} Row;

extern const Row request_rows[], buffer_rows[], map_rows[], cache_rows[], memop_rows[], file_rows[], full_rows[];

extern int device;              /* open for all rows */

/* Each row calls this once or several times; the parts are joined by ", ". */
void outcome (const char *format, ...) __attribute__ ((format (printf, 1, 2)));
void outcome_result (const char *what, long result);    /* 0, a positive number, or the name of errno */

/* The ioctl's result, -errno included. */
long request (unsigned nr, void *block);
long allocate (Buffer * buffer, uint32_t length, bool cacheable);
long release (unsigned id);
long cache_control (unsigned long phys, uint32_t size, int action);
void *map (const Buffer * buffer, size_t length, int protection);
void *map_at (uint64_t offset, size_t length, int protection, int flags);
long failed (void *mapping);    /* 0, or -errno of the mmap */

uint64_t counter (const char *name);

#endif /* CALLS_H */
