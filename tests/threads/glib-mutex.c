/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * glib-mutex.c: tells ThreadSanitizer what GLib's mutexes order. GLib is not instrumented and its mutexes are futexes of
 * its own, so without this everything under one would be reported; and with a suppression nothing would be.
 *
 * Linked into a program, these come before GLib's, and go on to them.
 */
#include <dlfcn.h>
#include <glib.h>

#if defined __SANITIZE_THREAD__
#define WATCHED
#elif defined __has_feature
#if __has_feature (thread_sanitizer)
#define WATCHED
#endif
#endif

#ifdef WATCHED

#include <sanitizer/tsan_interface.h>

typedef void (*OfMutex) (GMutex * mutex);

static OfMutex
find (const char *name)
{
  OfMutex function;

  *(void **) &function = dlsym (RTLD_NEXT, name);
  return function;
}

void
g_mutex_lock (GMutex * mutex)
{
  static _Atomic (OfMutex) next;

  if (!next)
    next = find ("g_mutex_lock");
  next (mutex);
  __tsan_acquire (mutex);
}

void
g_mutex_unlock (GMutex * mutex)
{
  static _Atomic (OfMutex) next;

  if (!next)
    next = find ("g_mutex_unlock");
  __tsan_release (mutex);
  next (mutex);
}

#endif /* WATCHED */
