/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * memops.c: MEMOP on buffers (xlnk-abi §7): found by the thread that mapped last, and with offsets honoured.
 */
#include "calls.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#define LENGTH (4 * PAGE)
#define ACQUIRE 0x1000
#define RELEASE 0x2000
#define COHERENT 0x1
#define TO_DEVICE 1
#define FROM_DEVICE 2

static Buffer buffer;
static uint8_t *bytes;

static void
set_up (bool cacheable)
{
  allocate (&buffer, LENGTH, cacheable);
  bytes = map (&buffer, LENGTH, PROT_READ | PROT_WRITE);
}

static void
tear_down (void)
{
  munmap (bytes, LENGTH);
  release ((unsigned) buffer.id);
}

static long
memop (const void *address, int size, int direction, int flags, Block * block)
{
  memset (block, 0, sizeof *block);
  block->memop = (MemopBlock) { (unsigned long) address, size, direction, flags, 0, buffer.phys };
  return request (MEMOP, block);
}

static void
say (long result, const Block * block)
{
  outcome_result ("", result);
  if (result == 0)
    outcome ("address + %#lx, token + %#lx", block->memop.phys - buffer.phys, block->memop.token - buffer.phys);
}

static void
flags (unsigned long value, unsigned long b)
{
  Block block;

  (void) b;
  set_up (true);
  outcome_result ("", memop (bytes, PAGE, TO_DEVICE, (int) value, &block));
  tear_down ();
}

static void
acquire (unsigned long offset, unsigned long size)
{
  Block block;
  long result;

  set_up (true);
  result = memop (bytes + offset, (int) size, TO_DEVICE, ACQUIRE, &block);
  say (result, &block);
  tear_down ();
}

static void *
acquire_in_thread (void *result)
{
  Block block;

  *(long *) result = memop (bytes, PAGE, TO_DEVICE, ACQUIRE, &block);
  return NULL;
}

static void
other_thread (unsigned long a, unsigned long b)
{
  pthread_t thread;
  long result = 0;

  (void) a;
  (void) b;
  set_up (true);
  pthread_create (&thread, NULL, acquire_in_thread, &result);
  pthread_join (thread, NULL);
  outcome_result ("", result);
  acquire_in_thread (&result);
  outcome_result ("and in the first thread ", result);
  tear_down ();
}

/* Only the latest mapping of an id is remembered, and an unmapping is not noticed. */
static void
latest_mapping (unsigned long a, unsigned long b)
{
  Block block;
  void *again;

  (void) a;
  (void) b;
  set_up (true);
  again = map (&buffer, LENGTH, PROT_READ);
  outcome_result ("first ", memop (bytes, PAGE, TO_DEVICE, ACQUIRE, &block));
  outcome_result ("second ", memop (again, PAGE, TO_DEVICE, ACQUIRE, &block));
  munmap (again, LENGTH);
  outcome_result ("unmapped ", memop (again, PAGE, TO_DEVICE, ACQUIRE, &block));
  tear_down ();
}

static void
of_freed_buffer (unsigned long a, unsigned long b)
{
  Block block;

  (void) a;
  (void) b;
  set_up (true);
  release ((unsigned) buffer.id);
  outcome_result ("", memop (bytes, PAGE, TO_DEVICE, ACQUIRE, &block));
  munmap (bytes, LENGTH);
}

/* How many cache operations it makes is the DMA layer's affair; that data moves is ours. */
static void
moves (unsigned long direction, unsigned long flag)
{
  volatile uint8_t *cpu;
  Block block;

  set_up (true);
  cpu = bytes;
  cpu[PAGE] = 0x5a;
  outcome_result ("", memop (bytes + PAGE, PAGE, (int) direction, ACQUIRE | (int) flag, &block));
  outcome_result ("released ", memop (bytes + PAGE, PAGE, (int) direction, RELEASE | (int) flag, &block));
  outcome ("CPU: %#x", cpu[PAGE]);
  tear_down ();
}

const Row memop_rows[] = {
  {"memop without flags", flags, 0, 0, NULL},
  {"memop with both flags", flags, ACQUIRE | RELEASE, 0, NULL},
  {"memop with another flag", flags, COHERENT, 0, NULL},
  {"memop acquire of all", acquire, 0, LENGTH, NULL},
  {"memop acquire of a part", acquire, PAGE + 12, 100, NULL},
  {"memop acquire of the last byte", acquire, LENGTH - 1, 1, NULL},
  {"memop acquire behind the end", acquire, LENGTH, 1, NULL},
  {"memop in another thread", other_thread, 0, 0, NULL},
  {"memop knows the latest mapping", latest_mapping, 0, 0, NULL},
  {"memop of a freed buffer", of_freed_buffer, 0, 0, NULL},
  {"memop to the device", moves, TO_DEVICE, 0, NULL},
  {"memop to the device, coherent", moves, TO_DEVICE, COHERENT, NULL},
  {NULL, NULL, 0, 0, NULL}
};
