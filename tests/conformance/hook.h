/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * hook.h: how GStreamer's own tests get our allocator and our pool without a change in their text: they are compiled
 * with this file in front. Their main function calls conformance_check_init instead of gst_check_init, after which
 * every allocation that names no allocator is ours, and whoever asks for a plain pool gets ours.
 */
#ifndef CONFORMANCE_HOOK_H
#define CONFORMANCE_HOOK_H

#include <gst/gst.h>

void conformance_check_init (int *argc, char **argv[]);
GstBufferPool *conformance_buffer_pool_new (void);

#ifdef CONFORMANCE_TEST
/* gstcheck.h declares the one; what was declared by gst.h above keeps its own name. */
#define gst_check_init conformance_check_init
#define gst_buffer_pool_new conformance_buffer_pool_new
#endif

#endif /* CONFORMANCE_HOOK_H */
