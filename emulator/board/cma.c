/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * cma.c: the contiguous memory area. First fit, aligned to the power of two that holds the size, at most 1 MiB
 * (xlnk-abi §5.1): it fragments as the kernel's does.
 */
#include "board.h"
#include "raw.h"

#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#define MAX_ALIGN_PAGES 256u

static uint32_t
total_pages (const Board * board)
{
  return (uint32_t) (board->state->cma / BOARD_PAGE);
}

static uint32_t
alignment (uint32_t pages)
{
  uint32_t align = 1;

  while (align < pages && align < MAX_ALIGN_PAGES)
    align *= 2;
  return align;
}

/* The last used page of the run, or -1 if all are free. */
static int64_t
last_used (const Board * board, uint32_t first, uint32_t count)
{
  for (uint32_t i = first + count; i-- > first;) {
    if (board->pages[i])
      return i;
  }
  return -1;
}

uint64_t
board_cma_alloc (Board * board, uint64_t size)
{
  const uint32_t total = total_pages (board);
  const uint64_t count = (size + BOARD_PAGE - 1) / BOARD_PAGE;
  uint32_t align, first = 0;

  if (count == 0 || count > total)
    return 0;
  align = alignment ((uint32_t) count);
  while (first + count <= total) {
    const int64_t used = last_used (board, first, (uint32_t) count);

    if (used < 0)
      return board->state->base + (uint64_t) first * BOARD_PAGE;
    first = ((uint32_t) used + align) / align * align;
  }
  return 0;
}

void
board_cma_give (Board * board, uint64_t phys, uint64_t size, unsigned id)
{
  const uint32_t first = (uint32_t) ((phys - board->state->base) / BOARD_PAGE);
  const uint32_t count = (uint32_t) ((size + BOARD_PAGE - 1) / BOARD_PAGE);

  for (uint32_t i = 0; i < count; i++)
    board->pages[first + i] = (uint16_t) id;
}

/*
 * Punching a hole is cheap and gives the host its memory back. qemu-user says it did and does nothing, hence the
 * sentinel; a small buffer is not worth the system call.
 */
static void
zero (uint8_t * start, size_t size)
{
  if (size >= 65536) {
    *(volatile uint8_t *) start = 0xa5;
    if (syscall (SYS_madvise, start, size, MADV_REMOVE) == 0 && *(volatile uint8_t *) start == 0)
      return;
  }
  memset (start, 0, size);
}

/* The DMA layer zeroes whole pages and cleans them to memory: all planes agree afterwards. */
void
board_cma_zero (Board * board, uint64_t phys, uint64_t size)
{
  const uint64_t at = phys - board->state->base;
  const size_t length = (size_t) ((size + BOARD_PAGE - 1) / BOARD_PAGE * BOARD_PAGE);

  zero (board->device + at, length);
  zero (board->shadow + at, length);
  zero (board->cpu + at, length);
  memset (board->lines + at / board->state->line, 0, length / board->state->line);
}

uint64_t
board_cma_free_pages (Board * board)
{
  uint64_t count = 0;

  for (uint32_t i = 0; i < total_pages (board); i++)
    count += board->pages[i] == 0;
  return count;
}
