/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * accelcheck.h: what the tests of xlnkaccel share: the element in a harness between an upstream and a downstream that
 * the test plays, and buffers of each kind.
 */
#ifndef ACCEL_CHECK_H
#define ACCEL_CHECK_H

#include <gst/check/gstharness.h>
#include <gst/video/video.h>

#include "xlnkcheck.h"

/* What downstream answers to an allocation query. */
typedef struct
{
  gboolean refuses;
  gboolean video_meta, crop_meta;
  GstAllocator *allocator;      /* NULL: none offered, unless has_params */
  gboolean has_params;
  GstAllocationParams params;
  GstBufferPool *pool;          /* offered if this or size is set */
  guint size, min;
  GstPad *flushed_by_query;     /* gets a flush-start while the query is answered, and so in the streaming thread */
  guint asked;                  /* how often it was */
  guint params_seen, pools_seen, metas_seen;    /* in the last query, before the answer */
} Downstream;

/* The element, PLAYING; with these properties (NULL-terminated, as for g_object_set()). @downstream (nullable) must
 * outlive it. Messages are in accel_bus. */
GstHarness *accel_harness (Downstream * downstream);
GstHarness *accel_harness_with (Downstream * downstream, const char *first_property, ...) G_GNUC_NULL_TERMINATED;

/* Tears down, and leaves no message behind. */
void accel_harness_done (GstHarness * harness);

extern GstBus *accel_bus;

/* One number of the property `stats`. */
guint64 accel_stat (gpointer element, const char *name);

/* The message that ends it, which must be of that type. */
GstMessage *accel_wait_for_end (GstElement * pipeline, GstMessageType expected);

/* Takes the next error from the bus; fails the test if there is none of this code, or if @text is not in it. */
void accel_expect_error (GQuark domain, gint code, const char *text);

/* Upstream's allocation query; @caps NULL for none. Fails the test unless it is answered. */
GstQuery *accel_ask (GstHarness * harness, const char *caps, gboolean need_pool);

/* The first pool of @query (transfer full), or NULL. */
GstBufferPool *accel_query_pool (GstQuery * query, guint * size, guint * min, guint * max);

/* The first allocator of @query (transfer full), or NULL. */
GstAllocator *accel_query_allocator (GstQuery * query, GstAllocationParams * params);

/* Bytes that differ from place to place and from seed to seed. */
guint8 accel_pattern (gsize position, guint seed);
void accel_fill (GstBuffer * buffer, guint seed);
gboolean accel_is_filled (GstBuffer * buffer, gsize size, guint seed);

/* Filled, with a timestamp: of system memory, of ours. */
GstBuffer *accel_system_buffer (gsize size, guint seed);
GstBuffer *accel_xlnk_buffer (gsize size, guint seed);

/* One memory, which is ours. */
gboolean accel_is_contiguous (GstBuffer * buffer);

/* Pushes, expects OK, and pulls. */
GstBuffer *accel_push_and_pull (GstHarness * harness, GstBuffer * buffer);

#define CAPS_RGBA "video/x-raw,format=RGBA,width=64,height=48,framerate=30/1"
#define SIZE_RGBA (64 * 48 * 4)

#endif /* ACCEL_CHECK_H */
