/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * stranger.h: some other program on the board, which knows nothing of ours and states the driver's ABI for itself. It
 * opens the node anew for every request, so what it allocates survives only on drivers that free nothing at close.
 */
#ifndef STRANGER_H
#define STRANGER_H

#include <glib.h>

typedef struct
{
  guint id;                     /* 0: the allocation failed */
  guint64 phys;
} StrangerBuffer;

/* One open node, for as long as the stranger lives. */
int stranger_open (void);

StrangerBuffer stranger_alloc (int fd, guint length);
void stranger_free (int fd, guint id);

/* The reset that takes every buffer from every process. */
void stranger_reset (void);

/* The buffer as the stranger sees it, for drivers that shift ids by @shift; NULL if it cannot. */
gpointer stranger_map (int fd, guint id, guint shift, gsize length);

#endif /* STRANGER_H */
