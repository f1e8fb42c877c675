/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * core-client.h: a bare user of emulated FPGA cores, through /dev/uioN or /dev/mem. It states the registers of
 * docs/emulated-cores.md a second time, and reaches them by the hooks that a library under test would call.
 */
#ifndef TEST_CORE_CLIENT_H
#define TEST_CORE_CLIENT_H

#include "client.h"

#define CORE_SIZE 0x10000u

enum
{
  CTRL = 0x00, GIE = 0x04, IER = 0x08, ISR = 0x0c,
  SRC = 0x10, DST = 0x1c, WIDTH = 0x28, HEIGHT = 0x30, SRC_STRIDE = 0x38, DST_STRIDE = 0x40, FORMAT = 0x48,
  OUT_WIDTH = 0x50, OUT_HEIGHT = 0x58, SRC1 = 0x60, SRC2 = 0x6c, DST1 = 0x78, DST2 = 0x84,
  SRC_STRIDE1 = 0x90, SRC_STRIDE2 = 0x98, DST_STRIDE1 = 0xa0, DST_STRIDE2 = 0xa8,
};

enum
{
  START = 0x01, DONE = 0x02, IDLE = 0x04, READY = 0x08, CONTINUE = 0x10, RESTART = 0x80, PENDING = 0x200,
};

enum
{
  I420 = 2, YUY2 = 4, RGBA = 11, RGB = 15, NV12 = 23, GRAY8 = 25,
};

typedef struct
{
  int fd;
  volatile uint8_t *regs;
} Unit;

/* By the name in /sys/class/uio. The test ends if there is no such core. */
Unit unit_open (const char *name);
Unit unit_open_memory (uint64_t base);
void unit_close (Unit * unit);

uint32_t get (const Unit * unit, uint32_t offset);
void put (const Unit * unit, uint32_t offset, uint32_t value);
void put_address (const Unit * unit, uint32_t offset, uint64_t address);

/* Polls until the bits are there; false after that many milliseconds. */
bool unit_wait (const Unit * unit, uint32_t offset, uint32_t bits, unsigned ms);
void unit_start (const Unit * unit);
void unit_run (const Unit * unit);      /* start and wait for done */

/* The UIO node. */
int unit_poll (const Unit * unit, unsigned ms); /* 1: readable */
int32_t unit_count (const Unit * unit); /* blocks, unless open for non-blocking; -errno */
int unit_unmask (const Unit * unit, int32_t value);     /* 0 or -errno */

void flush (int fd, const Buffer * buffer);
void invalidate (int fd, const Buffer * buffer);
void fill_random (Buffer * buffer, uint32_t seed);

/* The back door; the test ends if there is no such core. */
extern int (*reset_core) (const char *name);
struct xlnk_emulator_core core_statistics (const char *name);
/* Until that many jobs have finished since @before: without a look at the registers, which may change them. */
void wait_for_jobs (const char *name, const struct xlnk_emulator_core *before, unsigned jobs);

#endif /* TEST_CORE_CLIENT_H */
