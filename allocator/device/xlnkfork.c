/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "xlnkfork.h"

#include <pthread.h>
#include <stdatomic.h>

static atomic_uint generation;
static pthread_once_t watching = PTHREAD_ONCE_INIT;

static void
enter_child (void)
{
  atomic_fetch_add (&generation, 1);
}

static void
start_watching (void)
{
  pthread_atfork (NULL, NULL, enter_child);
}

void
xlnk_fork_watch (void)
{
  pthread_once (&watching, start_watching);
}

unsigned
xlnk_fork_generation (void)
{
  return atomic_load_explicit (&generation, memory_order_relaxed);
}
