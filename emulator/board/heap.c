/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * heap.c: makes and maps the heap file. It is sparse: a plane costs nothing until it is touched.
 */
#include "board.h"
#include "raw.h"
#include "versions.h"

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

uint64_t
board_most_cma (BoardArch arch)
{
  return (uint64_t) (arch == BOARD_ARM ? 768 : 1024) << 20;
}

static BoardPlaces
place (const BoardConfig * config)
{
  BoardPlaces at;

  at.pages = round_up (sizeof (BoardState), BOARD_PAGE);
  at.lines = at.pages + round_up (config->cma / BOARD_PAGE * sizeof (uint16_t), BOARD_PAGE);
  at.scratch = at.lines + round_up (config->cma / config->line, BOARD_PAGE);
  at.low = at.scratch + BOARD_SCRATCH;
  at.cpu = at.low + BOARD_LOW;
  at.device = at.cpu + config->cma;
  at.shadow = at.device + config->cma;
  at.outer = at.shadow + config->cma;
  at.end = at.outer + (config->arch == BOARD_ARM ? config->cma : 0);
  return at;
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
    .base = cma_base (config),.cma = config->cma,.places = place (config),.next_owner = 1,
  };
  Board board;

  if (pwrite (fd, &header, sizeof header.magic, 0) != sizeof header.magic
      || ftruncate (fd, (off_t) header.places.end) < 0)
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

/* One that the runner's options can give. */
static bool
is_board (const BoardConfig * config)
{
  const BoardVersion *version = config->driver < board_version_count ? &board_versions[config->driver] : NULL;

  return version && (config->arch == BOARD_ARM || (config->arch == BOARD_ARM64 && version->lp64))
      && (config->line == 32 || config->line == 64) && config->cma >= BOARD_PAGE && config->cma % BOARD_PAGE == 0
      && config->cma <= board_most_cma (config->arch) && config->first_id >= 1 && config->first_id < version->slots;
}

/* What says where things are must follow from what says which board it is. */
static bool
is_sound (const BoardState * state, BoardPlaces * places)
{
  const BoardConfig config = {.driver = state->driver,.arch = state->arch,.line = state->line,
    .first_id = state->first_id,.cma = state->cma
  };

  if (!is_board (&config) || state->base != cma_base (&config))
    return false;
  *places = place (&config);
  return memcmp (places, &state->places, sizeof *places) == 0;
}

/* 0, or why it is none. The file may be longer: a stray write through the C library's streams may have made it so. */
static int
read_places (int fd, BoardPlaces * places)
{
  struct stat64 st;
  const BoardState *state;
  int reason = EINVAL;

  if (raw_fstat (fd, &st) < 0 || st.st_size < (off64_t) sizeof *state)
    return EINVAL;
  state = raw_mmap (NULL, sizeof *state, PROT_READ, MAP_SHARED, fd, 0);
  if (state == MAP_FAILED)
    return errno;
  if (state->magic == BOARD_MAGIC && state->layout == BOARD_LAYOUT)
    reason = is_sound (state, places) && places->end <= (uint64_t) st.st_size ? 0 : EUCLEAN;
  raw_munmap ((void *) state, sizeof *state);
  return reason == 0 && places->end > SIZE_MAX / 2 ? ENOMEM : reason;
}

int
board_attach (Board * board, int fd)
{
  const int reason = read_places (fd, &board->places);
  const BoardPlaces *at = &board->places;
  uint8_t *start;

  if (reason != 0) {
    errno = reason;
    return -1;
  }
  start = raw_mmap (NULL, (size_t) at->end, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_NORESERVE, fd, 0);
  if (start == MAP_FAILED)
    return -1;
  board->state = (BoardState *) start;
  board->pages = (uint16_t *) (start + at->pages);
  board->lines = start + at->lines;
  board->scratch = start + at->scratch;
  board->cpu = start + at->cpu;
  board->device = start + at->device;
  board->shadow = start + at->shadow;
  board->outer = start + at->outer;
  return 0;
}

void
board_detach (Board * board)
{
  raw_munmap (board->state, (size_t) board->places.end);
  memset (board, 0, sizeof *board);
}
