/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * footprint.h: what this process has of everything that a long run could lose a little of at a time.
 */
#ifndef SOAK_FOOTPRINT_H
#define SOAK_FOOTPRINT_H

#include <glib.h>

G_BEGIN_DECLS

typedef struct
{
  gsize heap;                   /* bytes that malloc has given and not got back */
  gsize resident;               /* bytes of RAM, after what malloc keeps was given back */
  guint descriptors;
  guint mappings;
  guint threads;
  guint buffers;                /* of the driver, of this process */
  guint highest_id;             /* of the driver's buffers, of all processes */
} Footprint;

/* Not where a checker of memory keeps what was freed, and its own beside it: there everything else is looked at. */
gboolean footprint_judges_memory (void);

void footprint_take (Footprint * now);

/* What @now has more than @before and should not; NULL if nothing, else to be freed. */
gchar *footprint_compare (const Footprint * before, const Footprint * now);

void footprint_print (const gchar * when, const Footprint * now);

G_END_DECLS

#endif /* SOAK_FOOTPRINT_H */
