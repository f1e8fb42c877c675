/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * heap.c: makes and maps the heap file. It is sparse: a plane costs nothing until it is touched.
 */
#include "board.h"
#include "raw.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

static uint64_t
round_up (uint64_t value, uint64_t to)
{
  return (value + to - 1) / to * to;
}

/* The top of the 512 MiB of a small Zynq-7000 board, or of the low 2 GiB of a ZynqMP one. */
static uint64_t
cma_base (const BoardConfig * config)
{
  const uint64_t area = round_up (config->cma, 4u << 20);

  if (config->arch == BOARD_ARM64)
    return 0x80000000u - (area > (256u << 20) ? area : (256u << 20));
  return area <= (128u << 20) ? 0x18000000u : 0x40000000u - area;
}

static void
place (BoardState * state)
{
  uint64_t at = round_up (sizeof *state, BOARD_PAGE);

  state->pages_at = at;
  at += round_up (state->cma / BOARD_PAGE * sizeof (uint16_t), BOARD_PAGE);
  state->lines_at = at;
  at += round_up (state->cma / state->line, BOARD_PAGE);
  state->scratch_at = at;
  at += BOARD_SCRATCH;
  state->low_at = at;
  at += BOARD_LOW;
  state->cpu_at = at;
  state->device_at = state->cpu_at + state->cma;
  state->shadow_at = state->device_at + state->cma;
  state->outer_at = state->shadow_at + state->cma;
  state->end = state->outer_at + (state->arch == BOARD_ARM ? state->cma : 0);
}

/* The scratch page is kmalloc memory of which the driver clears one byte: with a seed, the rest is somebody's garbage. */
static void
fill_scratch (Board * board)
{
  if (!board->state->seeded)
    return;
  for (unsigned i = 1; i < BOARD_SCRATCH; i++)
    board->scratch[i] = (uint8_t) board_random (board, 256);
}

static bool
starts_with_mark (int fd)
{
  board_u64 mark;

  return pread (fd, &mark, sizeof mark, 0) == sizeof mark && mark == BOARD_UNFINISHED;
}

bool
board_is_missing (int fd)
{
  struct stat64 st;

  return raw_fstat (fd, &st) == 0 && (st.st_size == 0 || starts_with_mark (fd));
}

/* The mark goes first: a file of which a killed runner made half tells itself from everybody else's. */
int
board_create (int fd, const BoardConfig * config)
{
  BoardState header = {
    .magic = BOARD_UNFINISHED,.layout = BOARD_LAYOUT,.driver = config->driver,.arch = config->arch,
    .line = config->line,.first_id = config->first_id,.seeded = config->seeded,
    .seed = config->seed,.random = config->seed * 2 + 1,
    .base = cma_base (config),.cma = config->cma,.next_owner = 1,
  };
  Board board;

  place (&header);
  if (pwrite (fd, &header, sizeof header.magic, 0) != sizeof header.magic || ftruncate (fd, (off_t) header.end) < 0)
    return -errno;
  board.state = mmap (NULL, sizeof header, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  if (board.state == MAP_FAILED)
    return -errno;
  *board.state = header;
  __atomic_store_n (&board.state->magic, BOARD_MAGIC, __ATOMIC_RELEASE);
  munmap (board.state, sizeof header);

  if (board_attach (&board, fd) < 0)
    return -errno;
  fill_scratch (&board);
  board_detach (&board);
  return 0;
}

/* The size of what is to be mapped; 0: not a heap of ours. */
static uint64_t
read_size (int fd)
{
  struct stat64 st;
  const BoardState *state;
  uint64_t end = 0;

  if (raw_fstat (fd, &st) < 0 || st.st_size < (off64_t) sizeof *state)
    return 0;
  state = raw_mmap (NULL, sizeof *state, PROT_READ, MAP_SHARED, fd, 0);
  if (state == MAP_FAILED)
    return 0;
  /* not the file's size: a stray write through the C library's streams may have made it longer */
  if (state->magic == BOARD_MAGIC && state->layout == BOARD_LAYOUT && state->end <= (uint64_t) st.st_size
      && state->end <= SIZE_MAX / 2)
    end = state->end;
  raw_munmap ((void *) state, sizeof *state);
  return end;
}

int
board_attach (Board * board, int fd)
{
  uint8_t *start;

  board->mapped = read_size (fd);
  if (board->mapped == 0) {
    errno = EINVAL;
    return -1;
  }
  start = raw_mmap (NULL, (size_t) board->mapped, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_NORESERVE, fd, 0);
  if (start == MAP_FAILED)
    return -1;
  board->state = (BoardState *) start;
  board->pages = (uint16_t *) (start + board->state->pages_at);
  board->lines = start + board->state->lines_at;
  board->scratch = start + board->state->scratch_at;
  board->cpu = start + board->state->cpu_at;
  board->device = start + board->state->device_at;
  board->shadow = start + board->state->shadow_at;
  board->outer = start + board->state->outer_at;
  return 0;
}

void
board_detach (Board * board)
{
  raw_munmap (board->state, (size_t) board->mapped);
  memset (board, 0, sizeof *board);
}
