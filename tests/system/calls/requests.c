/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * requests.c: which requests there are, and what a bad argument is answered with (xlnk-abi §3 and §4.3).
 */
#include "calls.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>

static long
raw (unsigned long code, void *argument)
{
  int result = ioctl (device, code, argument);

  return result < 0 ? -errno : result;
}

static void
code (unsigned long value, unsigned long b)
{
  Block block;

  (void) b;
  memset (&block, 0, sizeof block);
  outcome_result ("", raw (value, &block));
}

static void
null_pointer (unsigned long nr, unsigned long b)
{
  (void) b;
  outcome_result ("", request ((unsigned) nr, NULL));
}

/* The last @readable bytes of a page that is followed by one that cannot be read. */
static void
cut_off (unsigned long nr, unsigned long readable)
{
  uint8_t *pages = mmap (NULL, (size_t) PAGE * 2, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  Block block = {.alloc = {.length = PAGE} };

  mprotect (pages + PAGE, PAGE, PROT_NONE);
  memcpy (pages + PAGE - readable, &block, readable);
  outcome_result ("", request ((unsigned) nr, pages + PAGE - readable));
  munmap (pages, (size_t) PAGE * 2);
}

/* It can be read, not written: the driver has done its work when it finds out (xlnk-abi §4.3). */
static void
read_only (unsigned long nr, unsigned long b)
{
  Block *block = mmap (NULL, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  uint64_t live = counter ("live_blocks");

  (void) b;
  block->alloc.length = PAGE;
  mprotect (block, PAGE, PROT_READ);
  outcome_result ("", request ((unsigned) nr, block));
  outcome ("%d more alive", (int) (counter ("live_blocks") - live));
  outcome_result ("id 1 can be freed: ", release (1));
  munmap (block, PAGE);
}

const Row request_rows[] = {
  {"request 0 (reset)", code, _IO ('X', 0), 0, NULL},
  {"request 1", code, REQUEST (1), 0, NULL},
  {"request 6", code, REQUEST (6), 0, NULL},
  {"request 19", code, REQUEST (19), 0, NULL},
  {"request 23", code, REQUEST (23), 0, NULL},
  {"request 30", code, REQUEST (30), 0, NULL},
  {"request 99", code, REQUEST (99), 0, NULL},
  {"request 100 (shutdown)", code, REQUEST (100), 0, NULL},
  {"request 102", code, REQUEST (102), 0, NULL},
  {"request 255", code, REQUEST (255), 0, NULL},
  {"another magic", code, _IOWR ('Y', 2, unsigned long), 0, NULL},
  {"TCGETS", code, 0x5401, 0, NULL},
  {"alloc, another size", code, _IOWR ('X', 2, Block), 0, NULL},
  {"alloc, another direction", code, _IOW ('X', 2, unsigned long), 0, NULL},
  {"alloc, no direction", code, _IO ('X', 2), 0, NULL},
  {"alloc of nothing", code, REQUEST (ALLOCBUF), 0, NULL},
  {"free of nothing", code, REQUEST (FREEBUF), 0, NULL},
  {"cache control of nothing", code, REQUEST (CACHECTRL), 0, NULL},
  {"memop of nothing", code, REQUEST (MEMOP), 0, NULL},
  {"clear of no dma-buf", code, REQUEST (CLEARDMABUF), 0, NULL},
  {"alloc, null pointer", null_pointer, ALLOCBUF, 0, NULL},
  {"free, null pointer", null_pointer, FREEBUF, 0, NULL},
  {"cache control, null pointer", null_pointer, CACHECTRL, 0, NULL},
  {"memop, null pointer", null_pointer, MEMOP, 0, NULL},
  {"clear dma-buf, null pointer", null_pointer, CLEARDMABUF, 0, NULL},
  {"shutdown, null pointer", null_pointer, SHUTDOWN, 0, NULL},
  {"alloc, block of 13 bytes before unreadable ones", cut_off, ALLOCBUF, 16, NULL},
  {"free, block of 8 bytes before unreadable ones", cut_off, FREEBUF, 16, NULL},
  {"cache control, block cut off", cut_off, CACHECTRL, 32, NULL},
  {"alloc into a read-only block", read_only, ALLOCBUF, 0, NULL},
  {NULL, NULL, 0, 0, NULL}
};
