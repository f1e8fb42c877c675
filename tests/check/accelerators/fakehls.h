/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * fakehls.h: the control registers of an HLS core, of several versions (xlnk-abi §11.2), and every way to misuse them.
 */
#ifndef FAKE_HLS_H
#define FAKE_HLS_H

#include "fakecore.h"

typedef struct
{
  FakeCore core;

  gboolean chain;               /* ap_done stays until ap_continue */
  gboolean isr_clears;          /* the interrupt status clears when read, and ignores writes */
  gint64 latency;               /* µs from start to done */
  gboolean hangs;
  gboolean done_is_taken;       /* somebody else reads ap_done first */

  gboolean start, done, idle, auto_restart;
  guint32 gie, ier, isr;
  gint64 finish;

  guint starts;
  guint mistakes;               /* started while busy, an argument written while busy, a toggle that set a bit */
  guint32 argument[64];
  guint32 started[64];          /* the arguments at the last start */
} FakeHls;

void fake_hls_add (FakeHls * self, const gchar * name);

/* What a pulse on the reset line does. */
void fake_hls_reset_line (FakeHls * self);

#endif /* FAKE_HLS_H */
