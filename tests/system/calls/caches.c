/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * caches.c: CACHECTRL (xlnk-abi §6), what it answers and what the device and the CPU see of it.
 */
#include "calls.h"

#include <dlfcn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#define PAGES 8
#define LENGTH (PAGES * PAGE - 100)     /* the driver looks a buffer up by the length as asked */

typedef struct
{
  Buffer buffer;
  volatile uint8_t *cpu;
} Mapped;

static Mapped
set_up (bool cacheable)
{
  Mapped mapped;

  allocate (&mapped.buffer, LENGTH, cacheable);
  mapped.cpu = map (&mapped.buffer, PAGES * PAGE, PROT_READ | PROT_WRITE);
  return mapped;
}

static void
tear_down (const Mapped * mapped)
{
  munmap ((void *) mapped->cpu, PAGES * PAGE);
  release ((unsigned) mapped->buffer.id);
}

static uint8_t
device_reads (unsigned long phys)
{
  int (*device_read) (uint64_t, void *, size_t);
  uint8_t byte = 0xee;

  *(void **) &device_read = dlsym (RTLD_DEFAULT, "xlnk_emulator_device_read");
  device_read (phys, &byte, 1);
  return byte;
}

static void
device_writes (unsigned long phys, uint8_t byte)
{
  int (*device_write) (uint64_t, const void *, size_t);

  *(void **) &device_write = dlsym (RTLD_DEFAULT, "xlnk_emulator_device_write");
  device_write (phys, &byte, 1);
}

static void
answer (unsigned long offset, unsigned long action)
{
  Buffer buffer;

  allocate (&buffer, LENGTH, true);
  outcome_result ("", cache_control (buffer.phys + offset, 64, (int) action));
  release ((unsigned) buffer.id);
}

static void
sizes (unsigned long size, unsigned long cacheable)
{
  Buffer buffer;

  allocate (&buffer, LENGTH, cacheable);
  outcome_result ("", cache_control (buffer.phys, (uint32_t) size, 0));
  outcome_result ("", cache_control (buffer.phys, (uint32_t) size, 1));
  release ((unsigned) buffer.id);
}

static void
no_buffer (unsigned long phys, unsigned long action)
{
  outcome_result ("", cache_control (phys, 64, (int) action));
}

static void
of_freed_buffer (unsigned long a, unsigned long b)
{
  Buffer buffer;

  (void) a;
  (void) b;
  allocate (&buffer, LENGTH, true);
  release ((unsigned) buffer.id);
  outcome_result ("", cache_control (buffer.phys, 64, 0));
}

/* What the CPU wrote reaches the device with the operation, and not before. */
static void
cpu_to_device (unsigned long cacheable, unsigned long action)
{
  Mapped mapped = set_up (cacheable);

  mapped.cpu[PAGE] = 0x5a;
  outcome ("device: %#x", device_reads (mapped.buffer.phys + PAGE));
  cache_control (mapped.buffer.phys, LENGTH, (int) action);
  outcome ("then %#x", device_reads (mapped.buffer.phys + PAGE));
  outcome ("CPU: %#x", mapped.cpu[PAGE]);
  tear_down (&mapped);
}

/* And the other way round; what the CPU had read before is not written over it. */
static void
device_to_cpu (unsigned long cacheable, unsigned long action)
{
  Mapped mapped = set_up (cacheable);
  uint8_t before = mapped.cpu[PAGE];

  device_writes (mapped.buffer.phys + PAGE, 0xa5);
  outcome ("CPU: %#x, %#x", before, mapped.cpu[PAGE]);
  cache_control (mapped.buffer.phys, LENGTH, (int) action);
  outcome ("then %#x", mapped.cpu[PAGE]);
  outcome ("device: %#x", device_reads (mapped.buffer.phys + PAGE));
  tear_down (&mapped);
}

/* Both wrote to one line: the whole line goes one way. */
static void
both_wrote (unsigned long action, unsigned long b)
{
  Mapped mapped = set_up (true);

  (void) b;
  mapped.cpu[0] = 0x11;
  device_writes (mapped.buffer.phys + 31, 0x22);
  cache_control (mapped.buffer.phys, LENGTH, (int) action);
  outcome ("CPU: %#x, %#x", mapped.cpu[0], mapped.cpu[31]);
  outcome ("device: %#x, %#x", device_reads (mapped.buffer.phys), device_reads (mapped.buffer.phys + 31));
  tear_down (&mapped);
}

/* Which pages an operation reaches: the offset is not what the driver starts at. */
static void
reach (unsigned long offset, unsigned long size)
{
  Mapped mapped = set_up (true);

  for (int i = 0; i < PAGES; i++)
    mapped.cpu[i * PAGE] = 1;
  outcome_result ("", cache_control (mapped.buffer.phys + offset, (uint32_t) size, 0));
  for (int i = 0; i < PAGES; i++)
    outcome ("%d", device_reads (mapped.buffer.phys + (unsigned) i * PAGE));
  tear_down (&mapped);
}

/* A line is what moves, not a byte. */
static void
neighbours (unsigned long size, unsigned long b)
{
  Mapped mapped = set_up (true);

  (void) b;
  for (int i = 0; i < 8; i++)
    mapped.cpu[i * 16] = 1;
  cache_control (mapped.buffer.phys, (uint32_t) size, 0);
  for (int i = 0; i < 8; i++)
    outcome ("%d", device_reads (mapped.buffer.phys + (unsigned) i * 16));
  tear_down (&mapped);
}

static void
counted (unsigned long size, unsigned long action)
{
  static const char *const names[] = { "flushes", "flushed_bytes", "invalidates", "invalidated_bytes" };
  uint64_t before[4];
  Buffer buffer;

  allocate (&buffer, LENGTH, true);
  for (int i = 0; i < 4; i++)
    before[i] = counter (names[i]);
  cache_control (buffer.phys, (uint32_t) size, (int) action);
  for (int i = 0; i < 4; i++)
    outcome ("%d", (int) (counter (names[i]) - before[i]));
  release ((unsigned) buffer.id);
}

const Row cache_rows[] = {
  {"flush of the first byte on", answer, 0, 0, NULL},
  {"flush of an interior address", answer, 5000, 0, NULL},
  {"flush of the last byte", answer, LENGTH - 1, 0, NULL},
  {"flush behind the length, inside the page", answer, LENGTH, 0, NULL},
  {"flush behind the last page", answer, PAGES * PAGE, 0, NULL},
  {"invalidate of an interior address", answer, 5000, 1, NULL},
  {"action 2", answer, 0, 2, NULL},
  {"action -1", answer, 0, 0xffffffff, NULL},
  {"flush of address 0", no_buffer, 0, 0, NULL},
  {"flush of address 0x1000", no_buffer, 0x1000, 0, NULL},
  {"flush of address 4 GiB - 1", no_buffer, 0xffffffff, 0, NULL},
  {"action 2 of address 0", no_buffer, 0, 2, NULL},
  {"flush of a freed buffer", of_freed_buffer, 0, 0, NULL},
  {"size 0", sizes, 0, 1, NULL},
  {"size 1", sizes, 1, 1, NULL},
  {"size beyond the buffer", sizes, LENGTH + PAGE, 1, NULL},
  {"any size, not cacheable", sizes, LENGTH, 0, NULL},
  {"CPU to device, flush", cpu_to_device, 1, 0, NULL},
  {"CPU to device, invalidate", cpu_to_device, 1, 1, NULL},
  {"CPU to device, not cacheable", cpu_to_device, 0, 0, NULL},
  {"device to CPU, flush", device_to_cpu, 1, 0, NULL},
  {"device to CPU, invalidate", device_to_cpu, 1, 1, NULL},
  {"device to CPU, not cacheable", device_to_cpu, 0, 0, NULL},
  {"both wrote to a line, flush", both_wrote, 0, 0, NULL},
  {"both wrote to a line, invalidate", both_wrote, 1, 0, NULL},
  {"reach of all", reach, 0, LENGTH, NULL},
  {"reach of 3 pages from the start", reach, 0, 3 * PAGE, NULL},
  {"reach of 2 pages from page 4 on", reach, 4 * PAGE, 2 * PAGE, NULL},
  {"reach of 6 pages from page 4 on", reach, 4 * PAGE, 6 * PAGE, NULL},
  {"reach of 4 pages from page 2 on", reach, 2 * PAGE, 4 * PAGE, NULL},
  {"neighbours of 1 byte", neighbours, 1, 0, NULL},
  {"neighbours of 33 bytes", neighbours, 33, 0, NULL},
  {"counted: flush", counted, 4096, 0, NULL},
  {"counted: invalidate", counted, 100, 1, NULL},
  {"counted: a question", counted, 1, 0, NULL},
  {NULL, NULL, 0, 0, NULL}
};
