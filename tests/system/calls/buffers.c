/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * buffers.c: ALLOCBUF, FREEBUF and RECRES (xlnk-abi §5.1, §5.2 and §5.4).
 */
#include "calls.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

/* The power of two that holds the size, at most 1 MiB; at least a page. */
static unsigned long
alignment (uint32_t length)
{
  unsigned long align = PAGE;

  while (align < length && align < MIB)
    align *= 2;
  return align;
}

static void
alloc (unsigned long length, unsigned long cacheable)
{
  Block block;
  long result;

  memset (&block, 0x55, sizeof block);
  block.alloc.length = (uint32_t) length;
  block.alloc.cacheable = (uint8_t) cacheable;
  result = request (ALLOCBUF, &block);
  outcome_result ("", result);
  if (result != 0) {
    outcome ("%s", block.alloc.id == 0x55555555 ? "block untouched" : "block written");
    return;
  }
  outcome ("id %d", block.alloc.id);
  outcome ("%s", block.alloc.phys % alignment ((uint32_t) length) == 0 ? "aligned" : "not aligned");
  outcome ("length %s", block.alloc.length == length ? "kept" : "changed");
  outcome_result ("free ", release ((unsigned) block.alloc.id));
}

static bool
is_zero (const uint32_t * words, size_t size)
{
  for (size_t i = 0; i < size / sizeof *words; i++) {
    if (words[i])
      return false;
  }
  return true;
}

/* What an owner left behind is gone for the next one, behind the length too. */
static void
zeroed (unsigned long length, unsigned long cacheable)
{
  const size_t size = (length + PAGE - 1) / PAGE * PAGE;

  for (int round = 0; round < 2; round++) {
    Buffer buffer;
    uint32_t *words;

    allocate (&buffer, (uint32_t) length, cacheable);
    words = map (&buffer, size, PROT_READ | PROT_WRITE);
    outcome ("%s", is_zero (words, size) ? "zero" : "not zero");
    for (size_t i = 0; i < size / sizeof *words; i++)
      words[i] = 0xa5a5a5a5;
    munmap (words, size);
    release ((unsigned) buffer.id);
  }
}

static void
lowest_id_first (unsigned long a, unsigned long b)
{
  Buffer buffers[4];

  (void) a;
  (void) b;
  for (int i = 0; i < 4; i++)
    allocate (&buffers[i], PAGE, true);
  outcome ("ids %d %d %d %d", buffers[0].id, buffers[1].id, buffers[2].id, buffers[3].id);
  release (2);
  release (3);
  allocate (&buffers[2], PAGE, false);
  allocate (&buffers[1], 3 * PAGE, false);
  outcome ("then %d %d", buffers[2].id, buffers[1].id);
  for (int i = 0; i < 4; i++)
    outcome_result ("free ", release ((unsigned) i + 1));
}

static void
apart (unsigned long length, unsigned long b)
{
  Buffer buffers[8];
  bool overlap = false;

  (void) b;
  for (int i = 0; i < 8; i++)
    allocate (&buffers[i], (uint32_t) length, i % 2 != 0);
  for (int i = 0; i < 8; i++) {
    for (int j = 0; j < i; j++)
      overlap |= buffers[i].phys < buffers[j].phys + length && buffers[j].phys < buffers[i].phys + length;
  }
  outcome ("%s", overlap ? "overlapping" : "apart");
  for (int i = 0; i < 8; i++)
    release ((unsigned) buffers[i].id);
}

static void
free_id (unsigned long id, unsigned long b)
{
  (void) b;
  outcome_result ("", release ((unsigned) id));
}

static void
double_free (unsigned long a, unsigned long b)
{
  Buffer buffer;

  (void) a;
  (void) b;
  allocate (&buffer, PAGE, true);
  outcome_result ("", release ((unsigned) buffer.id));
  outcome_result ("", release ((unsigned) buffer.id));
}

static void
free_with_pointer (unsigned long pointer, unsigned long b)
{
  Buffer buffer;
  Block block = {.free = {.buffer = pointer} };

  (void) b;
  allocate (&buffer, PAGE, true);
  block.free.id = (uint32_t) buffer.id;
  outcome_result ("", request (FREEBUF, &block));
}

/* Nothing is freed at exit, and anybody may free anything. */
static void
child_leaves_buffer (unsigned long a, unsigned long b)
{
  uint64_t live = counter ("live_blocks"), bytes = counter ("live_bytes");
  int status = 0;
  pid_t child = fork ();

  (void) a;
  (void) b;
  if (child == 0) {
    Buffer buffer;

    _exit (allocate (&buffer, 5000, true) == 0 ? buffer.id : 0);
  }
  waitpid (child, &status, 0);
  outcome ("%d more alive", (int) (counter ("live_blocks") - live));
  outcome ("%d bytes", (int) (counter ("live_bytes") - bytes));
  outcome_result ("freed by another: ", release ((unsigned) WEXITSTATUS (status)));
}

static void
recres (unsigned long count, unsigned long b)
{
  uint64_t frees = counter ("frees");
  Buffer buffer;

  (void) b;
  for (unsigned long i = 0; i < count; i++)
    allocate (&buffer, (uint32_t) (i + 1) * 3000, i % 2 != 0);
  outcome_result ("", request (RECRES, NULL));
  outcome ("%d alive", (int) counter ("live_blocks"));
  outcome ("%d bytes", (int) counter ("live_bytes"));
  outcome ("%d freed", (int) (counter ("frees") - frees));
  outcome_result ("free ", release (1));
  allocate (&buffer, PAGE, false);
  outcome ("next id %d", buffer.id);
  release ((unsigned) buffer.id);
}

const Row buffer_rows[] = {
  {"alloc of 0 bytes", alloc, 0, 1, NULL},
  {"alloc of 1 byte", alloc, 1, 1, NULL},
  {"alloc of a page", alloc, PAGE, 1, NULL},
  {"alloc of a page and a byte", alloc, PAGE + 1, 1, NULL},
  {"alloc of 9 pages, not cacheable", alloc, 9 * PAGE, 0, NULL},
  {"alloc of 1 MiB", alloc, MIB, 1, NULL},
  {"alloc of 1 MiB and a byte", alloc, MIB + 1, 1, NULL},
  {"alloc of a 1080p frame", alloc, 1920 * 1080 * 4, 1, NULL},
  {"alloc, cacheable is 2", alloc, PAGE, 2, NULL},
  {"alloc, cacheable is 255", alloc, PAGE, 255, NULL},
  {"alloc of more than CMA", alloc, 65 * MIB, 1, NULL},
  {"alloc of 2 GiB - 1", alloc, 0x7fffffff, 1, NULL},
  {"alloc of 4 GiB - 1", alloc, 0xffffffff, 1, NULL},
  {"zeroed, a page, cacheable", zeroed, PAGE, 1, NULL},
  {"zeroed, a page, not cacheable", zeroed, PAGE, 0, NULL},
  {"zeroed, behind the length", zeroed, 5 * PAGE + 1, 1, NULL},
  {"zeroed, a frame", zeroed, 640 * 480 * 4, 1, NULL},
  {"lowest id first", lowest_id_first, 0, 0, NULL},
  {"apart, single pages", apart, PAGE, 0, NULL},
  {"apart, odd lengths", apart, 70001, 0, NULL},
  {"free of id 0", free_id, 0, 0, NULL},
  {"free of id -1", free_id, 0xffffffff, 0, NULL},
  {"free of id -2^31", free_id, 0x80000000, 0, NULL},
  {"free of id 4095, not allocated", free_id, 4095, 0, NULL},
  {"free of id 4096", free_id, 4096, 0, NULL},
  {"free of id 65537", free_id, 65537, 0, NULL},
  {"double free", double_free, 0, 0, NULL},
  {"free with a pointer to nowhere", free_with_pointer, 0x10, 0, NULL},
  {"a child leaves a buffer", child_leaves_buffer, 0, 0, NULL},
  {"reset of nothing", recres, 0, 0, NULL},
  {"reset of five buffers", recres, 5, 0, NULL},
  {NULL, NULL, 0, 0, NULL}
};
