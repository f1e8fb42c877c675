/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "xlnkfork.h"

#include <glib.h>
#include <pthread.h>
#include <stdatomic.h>

typedef struct
{
  XlnkForkFunc in_child;
  void *data;
} Watch;

static atomic_uint generation;
static pthread_once_t watching = PTHREAD_ONCE_INIT;

/* Nothing is called while it is held, so it may be taken for a fork in whatever order with other locks. */
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static GArray *watches;

static void
hold (void)
{
  pthread_mutex_lock (&mutex);
}

static void
release (void)
{
  pthread_mutex_unlock (&mutex);
}

static void
enter_child (void)
{
  atomic_fetch_add (&generation, 1);
  release ();
  for (guint i = 0; i < watches->len; i++) {
    const Watch *watch = &g_array_index (watches, Watch, i);

    watch->in_child (watch->data);
  }
}

static void
start_watching (void)
{
  watches = g_array_new (FALSE, FALSE, sizeof (Watch));
  pthread_atfork (hold, release, enter_child);
}

unsigned
xlnk_fork_generation (void)
{
  pthread_once (&watching, start_watching);
  return atomic_load_explicit (&generation, memory_order_relaxed);
}

void
xlnk_fork_watch (XlnkForkFunc in_child, void *data)
{
  const Watch watch = { in_child, data };

  pthread_once (&watching, start_watching);
  hold ();
  g_array_append_val (watches, watch);
  release ();
}

void
xlnk_fork_unwatch (void *data)
{
  hold ();
  for (guint i = watches->len; i > 0; i--) {
    if (g_array_index (watches, Watch, i - 1).data == data)
      g_array_remove_index_fast (watches, i - 1);
  }
  release ();
}
