/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * heap.c: opens the heap file for a run: a new one, one that an earlier run left, or one that other runners use now.
 */
#include "runner.h"
#include "owners.h"
#include "raw.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

static gboolean
fail_damaged (const Machine * machine, GError ** error)
{
  g_set_error (error, G_FILE_ERROR, G_FILE_ERROR_INVAL, "%s is a damaged heap; remove it to begin with a new one",
      machine->heap);
  return FALSE;
}

static gboolean
make_heap (Machine * machine, const Options * options, GError ** error)
{
  int result;

  if (board_is_missing (machine->fd) && (result = board_create (machine->fd, &options->config)) < 0)
    return failure_of_file (error, -result, "cannot make", machine->heap);
  if (board_attach (&machine->board, machine->fd) == 0)
    return TRUE;
  if (errno == EUCLEAN)
    return fail_damaged (machine, error);
  if (errno != EINVAL)
    return failure_of_file (error, errno, "cannot map", machine->heap);
  g_set_error (error, G_FILE_ERROR, G_FILE_ERROR_INVAL, "%s is not a heap of this emulator", machine->heap);
  return FALSE;
}

/* A heap that exists keeps its machine: another one would not fit the buffers in it. */
static gboolean
check_heap (Machine * machine, const Options * options, GError ** error)
{
  const BoardState *state = machine->board.state;
  const BoardConfig *config = &options->config;

  if (state->driver == config->driver && state->arch == config->arch && state->line == config->line
      && state->cma == config->cma)
    return TRUE;
  g_set_error (error, G_FILE_ERROR, G_FILE_ERROR_INVAL,
      "%s is of a board with another --driver, --arch, --line or --cma", machine->heap);
  return FALSE;
}

/* By the file's numbers or by its name: file systems that lie over others show some programs other numbers. */
static gboolean
lists_heap (const char *maps, const Machine * machine)
{
  char *numbers, *real = realpath (machine->heap, NULL), *name = g_strdup_printf (" %s\n", real ? real : machine->heap);
  gboolean found = strstr (maps, name) != NULL;
  struct stat st;

  if (!found && fstat (machine->fd, &st) == 0) {
    numbers = g_strdup_printf (" %02x:%02x %llu ", major (st.st_dev), minor (st.st_dev), (unsigned long long) st.st_ino);
    found = strstr (maps, numbers) != NULL;
    g_free (numbers);
  }
  g_free (name);
  free (real);
  return found;
}

static gboolean
has_mapped (const Machine * machine, int thread)
{
  char *path = g_strdup_printf ("/proc/%d/maps", thread), *maps = NULL;
  const gboolean found = g_file_get_contents (path, &maps, NULL, NULL) && lists_heap (maps, machine);

  g_free (maps);
  g_free (path);
  return found;
}

/*
 * Whoever died inside is known to the next in line by its thread being gone. In a file that was kept, even over a boot,
 * the number may be somebody else's by now, who will never come out; or no thread's, if the file is damaged. But a program
 * that outlived its runner may be there.
 */
static void
look_for_ghost (Machine * machine)
{
  BoardLock *lock = &machine->board.state->lock;
  const int holder = board_lock_holder (lock);

  if (holder == 0 || holder == raw_thread_id () || !has_mapped (machine, holder))
    board_lock_break (lock, holder);
}

/* What an earlier run left is buffers, not reproaches: those were in its report. */
static void
forget_earlier (BoardState * state)
{
  BoardCounters zero = {.lost_pages = state->counters.lost_pages };

  state->counters = zero;
  for (unsigned i = 0; i < HAZARD_KINDS; i++)
    state->hazards[i].count = 0;
  for (unsigned i = 0; i < REQUEST_KINDS; i++)
    state->uses[i] = 0;
}

/* Several runners may share a heap; only the first one of them starts the counts anew. */
static gboolean
set_run (Machine * machine, const Options * options, GError ** error)
{
  const gboolean first = !board_owner_is_held (machine->fd, BOARD_OWNER_RUNNER);
  BoardState *state = machine->board.state;

  if (first)
    look_for_ghost (machine);
  board_lock (&machine->board);
  if (!board_is_sound (&machine->board)) {
    board_unlock (&machine->board);
    return fail_damaged (machine, error);
  }
  if (first)
    forget_earlier (state);
  board_owner_hold (machine->fd, BOARD_OWNER_RUNNER, false);
  state->first_id = options->config.first_id;
  state->seeded = options->config.seeded;
  if (options->config.seeded) {
    state->seed = options->config.seed;
    state->random = options->config.seed * 2 + 1;
  }
  memcpy (state->faults, options->faults, sizeof state->faults);
  state->fault_count = options->fault_count;
  board_unlock (&machine->board);
  return TRUE;
}

/* A link would let whoever made it say which file becomes as large as the board. */
static gboolean
open_heap (Machine * machine, GError ** error)
{
  const char *why;

  machine->fd = g_open (machine->heap, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NOCTTY | O_NONBLOCK, 0600);
  if (machine->fd < 0 && errno != ELOOP)
    return failure_of_file (error, errno, "cannot open", machine->heap);
  why = machine->fd < 0 ? "is a symbolic link" : board_distrust (machine->fd);
  if (!why)
    return TRUE;
  g_set_error (error, G_FILE_ERROR, G_FILE_ERROR_PERM,
      "%s %s; --heap wants a file of your own, by its only name, or a name that is free", machine->heap, why);
  return FALSE;
}

/* Two runners that begin at once find a whole heap, and not each other's counts. */
gboolean
heap_open (Machine * machine, const Options * options, GError ** error)
{
  gboolean good;

  if (!open_heap (machine, error))
    return FALSE;
  board_claim_heap (machine->fd);
  good = make_heap (machine, options, error) && check_heap (machine, options, error)
      && set_run (machine, options, error);
  board_yield_heap (machine->fd);
  return good;
}
