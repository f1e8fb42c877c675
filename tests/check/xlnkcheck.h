/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * xlnkcheck.h: what the gst-check tests of the library share. Each case runs in a process of its own, opens the device
 * in its fixture and must leave no buffer on the board.
 */
#ifndef XLNK_CHECK_H
#define XLNK_CHECK_H

#include <string.h>

#include <gst/allocators/gstphysmemory.h>
#include <gst/check/gstcheck.h>
#include <gst/xlnk/xlnk.h>

#include "board.h"

/* Set by the fixture. */
extern GstXlnkAllocator *xlnk_allocator;

void xlnk_check_setup (void);
void xlnk_check_teardown (void);

/* A case with that fixture. */
TCase *xlnk_check_add_case (Suite * suite, const char *name);

/* Allocates, and fails the test otherwise. */
GstMemory *xlnk_check_alloc (gsize size);
GstMemory *xlnk_check_alloc_params (gsize size, guint flags, gsize align, gsize prefix, gsize padding);

GstXlnkStats xlnk_check_stats (void);

/* Takes what is left of the CMA, in buffers of at least @piece bytes; xlnk_check_release gives it back. */
GPtrArray *xlnk_check_exhaust (gsize piece);
void xlnk_check_release (GPtrArray * taken);

/* Fills through a CPU map. */
void xlnk_check_fill (GstMemory * mem, guint8 value);

/* TRUE if a CPU map shows @value in every byte. */
gboolean xlnk_check_is_filled (GstMemory * mem, guint8 value);

GstCaps *xlnk_check_video_caps (const gchar * format, gint width, gint height);

/* A configured pool of ours without caps, what comes out of an active one, and its end. */
GstBufferPool *xlnk_check_bytes_pool (guint size, guint min, guint max);
GstBuffer *xlnk_check_acquire (GstBufferPool * pool);
void xlnk_check_stop_and_drop (GstBufferPool * pool);

/* From now on counts the lines of a category, at @level or more severe, and keeps the last of them. */
void xlnk_check_count_log (const char *category, GstDebugLevel level);
guint xlnk_check_logged (void);
gboolean xlnk_check_log_mentions (const char *words);

#endif /* XLNK_CHECK_H */
