/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * engines.c: starts and ends the threads of the cores.
 */
#include "engines.h"

#include <pthread.h>
#include <signal.h>
#include <string.h>

#define PATIENCE 2000000000u    /* ns for a last job */

static void
engine_init (Engine * engine, Cores * cores, unsigned number, Board * board, const char *heap)
{
  engine->board = board;
  engine->heap = heap;
  engine->table = cores->table;
  engine->core = &cores->table->cores[number];
}

/* Signals are the main thread's: it hands them on to the command. */
static gboolean
start_thread (Cores * cores, unsigned number)
{
  sigset_t all, old;
  int result;

  sigfillset (&all);
  pthread_sigmask (SIG_BLOCK, &all, &old);
  result = pthread_create (&cores->threads[number], NULL, engine_thread, &cores->engines[number]);
  pthread_sigmask (SIG_SETMASK, &old, NULL);
  return result == 0;
}

gboolean
cores_start (Cores * cores, Board * board, const char *heap, const char *tree, const CoreConfig * configs,
    unsigned count, GError ** error)
{
  memset (cores, 0, sizeof *cores);
  if (count == 0)
    return TRUE;
  if (!cores_make_tree (cores, tree, configs, count, error))
    return FALSE;
  for (unsigned i = 0; i < count; i++) {
    engine_init (&cores->engines[i], cores, i, board, heap);
    if (!start_thread (cores, i)) {
      g_set_error (error, G_FILE_ERROR, G_FILE_ERROR_FAILED, "cannot start a thread for core %s", configs[i].name);
      return FALSE;
    }
    cores->started++;
  }
  return TRUE;
}

static void
tell (Cores * cores, uint32_t how)
{
  for (unsigned i = 0; i < cores->started; i++) {
    __atomic_store_n (&cores->engines[i].quit, how, __ATOMIC_RELEASE);
    core_wake (cores->engines[i].core);
  }
}

static gboolean
all_ended (const Cores * cores)
{
  for (unsigned i = 0; i < cores->started; i++) {
    if (!__atomic_load_n (&cores->engines[i].ended, __ATOMIC_ACQUIRE))
      return FALSE;
  }
  return TRUE;
}

void
cores_stop (Cores * cores)
{
  const uint64_t until = core_now () + PATIENCE;

  tell (cores, 1);
  while (!all_ended (cores) && core_now () < until)
    g_usleep (500);
  tell (cores, 2);
  for (unsigned i = 0; i < cores->started; i++)
    pthread_join (cores->threads[i], NULL);
  cores->started = 0;
}

void
cores_free (Cores * cores)
{
  if (!cores->table)
    return;
  cores_stop (cores);
  cores_close_tree (cores);
  cores_detach (cores->table);
  cores->table = NULL;
}
