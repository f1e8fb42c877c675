/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * fakecore.h: cores for the accelerators' unit tests, in the place of device/xlnkregion.c and device/xlnkhw.c, so that
 * a read that clears and a write that toggles are exact, and every access can be looked at afterwards.
 *
 * One mutex is held over every function of a core. A thread calls advance when the time that next names has come, and
 * after each access the interrupt line is looked at, as the interrupt controller does.
 */
#ifndef FAKE_CORE_H
#define FAKE_CORE_H

#include <glib.h>

#include "xlnkregion.h"

typedef struct FakeCore FakeCore;

struct FakeCore
{
  const gchar *name;            /* what it is found by; or else: */
  guint64 base;
  gsize size;
  gboolean has_interrupt;

  guint32 (*read) (FakeCore * self, gsize offset);
  void (*write) (FakeCore * self, gsize offset, guint32 value);
  gint64 (*next) (FakeCore * self);     /* monotonic µs, or G_MAXINT64 */
  void (*advance) (FakeCore * self, gint64 now);
  gboolean (*line) (FakeCore * self);   /* of the interrupt: a level */

  guint lose;                   /* so many interrupts get lost on their way */
  const gchar *script;          /* what happens each time somebody begins to sleep, whatever the clock says: d, what is
                                 * under way is done; s, an interrupt for nothing; a dot, nothing */

  /* Of fakecore.c. */
  guint8 *window;
  gint event_fd;
  gboolean opened;
  gboolean enabled;             /* at the interrupt controller: UIO was written 1, and no interrupt came since */
  GString *log;                 /* "r0 w4=1 b": reads, writes, barriers, t: an interrupt was taken, a: armed */
};

/* @self is zeroed but for its name, base, size, has_interrupt and functions. */
void fake_core_add (FakeCore * self);
void fake_core_remove (FakeCore * self);

/* What was done to it since the last call. */
gchar *fake_core_take_log (FakeCore * self);

/* To change a core's fields while the clock runs. */
void fake_core_lock (void);
void fake_core_unlock (void);

/* An interrupt that nothing caused. */
void fake_core_interrupt (FakeCore * self);

#endif /* FAKE_CORE_H */
