/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * check.c: whether a file may be a heap, and whether the tables in it can be true. What says where the parts are is
 * checked in heap.c.
 */
#include "board.h"
#include "raw.h"
#include "versions.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

/* What is somebody else's, or has another name, would be written to or believed in the wrong place. */
const char *
board_distrust (int fd)
{
  struct stat64 st;

  if (raw_fstat (fd, &st) < 0)
    return strerror (errno);
  if (!S_ISREG (st.st_mode))
    return "is not a regular file";
  if (st.st_nlink == 0)
    return "was removed in this moment";
  if (st.st_nlink > 1)
    return "has another name too, by a hard link";
  if (st.st_uid != 0 && st.st_uid != geteuid ())
    return "belongs to somebody who is neither root nor us";
  return NULL;
}

bool
board_buffer_fits (const Board * board, const BoardBuffer * buffer)
{
  const BoardState *state = board->state;
  const uint64_t phys = buffer->phys, pages = buffer->pages;

  return phys >= state->base && phys - state->base < state->cma && phys % BOARD_PAGE == 0 && pages > 0
      && pages <= (state->cma - (phys - state->base)) / BOARD_PAGE;
}

static bool
is_sound_buffer (const Board * board, const BoardBuffer * buffer)
{
  return board_buffer_fits (board, buffer)
      && buffer->pages == (buffer->length + (uint64_t) BOARD_PAGE - 1) / BOARD_PAGE && buffer->owner < BOARD_OWNERS
      && memchr (buffer->command, '\0', sizeof buffer->command);
}

static bool
are_sound_hazards (const BoardState * state)
{
  for (unsigned i = 0; i < HAZARD_KINDS; i++) {
    if (!memchr (state->hazards[i].first, '\0', sizeof state->hazards[i].first))
      return false;
  }
  return true;
}

/* The pages are no matter: who looks one up takes no id that there is not. */
bool
board_is_sound (const Board * board)
{
  const BoardState *state = board->state;
  const unsigned slots = board_versions[state->driver].slots;

  if (state->next_owner == 0 || state->next_owner >= BOARD_OWNERS / 2)
    return false;
  if (state->scratch_size < 0 || state->scratch_size > (int64_t) BOARD_SCRATCH || !are_sound_hazards (state))
    return false;
  for (unsigned id = 0; id < BOARD_SLOTS; id++) {
    const BoardBuffer *buffer = &state->buffers[id];

    if (buffer->phys && (id == 0 || id >= slots || !is_sound_buffer (board, buffer)))
      return false;
  }
  return true;
}
