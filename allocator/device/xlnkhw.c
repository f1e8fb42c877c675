/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "xlnkhw.h"

#if defined (__arm__)

#include <stdio.h>
#include <string.h>

/* The part number of a Cortex-A9 in the kernel's description of the CPU. */
#define CORTEX_A9_PART "0xc09"

static unsigned
read_line_size (void)
{
  FILE *file = fopen ("/proc/cpuinfo", "re");
  unsigned size = 64;
  char line[256];

  if (!file)
    return size;
  while (fgets (line, sizeof line, file)) {
    if (strncmp (line, "CPU part", 8) == 0 && strstr (line, CORTEX_A9_PART))
      size = 32;
  }
  fclose (file);
  return size;
}

unsigned
xlnk_hw_line_size (void)
{
  return read_line_size ();
}

#elif defined (__aarch64__)

unsigned
xlnk_hw_line_size (void)
{
  uint64_t ctr;

  __asm__ volatile ("mrs %0, ctr_el0":"=r" (ctr));
  /* DminLine: log2 of the number of 4-byte words in the smallest data cache line. */
  return 4u << ((ctr >> 16) & 0xf);
}

#else

unsigned
xlnk_hw_line_size (void)
{
  return 64;
}

#endif

int
xlnk_hw_is_arm64 (void)
{
#if defined (__aarch64__)
  return 1;
#else
  return 0;
#endif
}

#if defined (__aarch64__)

int
xlnk_hw_maintains_by_address (void)
{
  return 1;
}

void
xlnk_hw_clean (const void *start, size_t size)
{
  uintptr_t line = xlnk_hw_line_size ();
  uintptr_t at = (uintptr_t) start & ~(line - 1);
  uintptr_t end = (uintptr_t) start + size;

  for (; at < end; at += line)
    __asm__ volatile ("dc cvac, %0"::"r" (at):"memory");
}

void
xlnk_hw_clean_invalidate (const void *start, size_t size)
{
  uintptr_t line = xlnk_hw_line_size ();
  uintptr_t at = (uintptr_t) start & ~(line - 1);
  uintptr_t end = (uintptr_t) start + size;

  for (; at < end; at += line)
    __asm__ volatile ("dc civac, %0"::"r" (at):"memory");
}

#else

int
xlnk_hw_maintains_by_address (void)
{
  return 0;
}

void
xlnk_hw_clean (const void *start, size_t size)
{
  (void) start;
  (void) size;
}

void
xlnk_hw_clean_invalidate (const void *start, size_t size)
{
  (void) start;
  (void) size;
}

#endif

void
xlnk_hw_barrier (void)
{
#if defined (__aarch64__) || defined (__arm__)
  __asm__ volatile ("dsb sy":::"memory");
#else
  __atomic_thread_fence (__ATOMIC_SEQ_CST);
#endif
}

uint32_t
xlnk_hw_read32 (const volatile void *reg)
{
  return *(const volatile uint32_t *) reg;
}

void
xlnk_hw_write32 (volatile void *reg, uint32_t value)
{
  *(volatile uint32_t *) reg = value;
}
