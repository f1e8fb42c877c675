/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "accelcheck.h"

GstBus *accel_bus;

/*** downstream ***/

static void
answer_allocation (Downstream * downstream, GstQuery * query)
{
  downstream->asked++;
  if (downstream->flushed_by_query)
    gst_pad_send_event (downstream->flushed_by_query, gst_event_new_flush_start ());
  downstream->params_seen = gst_query_get_n_allocation_params (query);
  downstream->pools_seen = gst_query_get_n_allocation_pools (query);
  downstream->metas_seen = gst_query_get_n_allocation_metas (query);
  if (downstream->refuses)
    return;
  if (downstream->allocator || downstream->has_params)
    gst_query_add_allocation_param (query, downstream->allocator, &downstream->params);
  if (downstream->pool || downstream->size)
    gst_query_add_allocation_pool (query, downstream->pool, downstream->size, downstream->min, 0);
  if (downstream->video_meta)
    gst_query_add_allocation_meta (query, GST_VIDEO_META_API_TYPE, NULL);
  if (downstream->crop_meta)
    gst_query_add_allocation_meta (query, GST_VIDEO_CROP_META_API_TYPE, NULL);
}

static gboolean
answer_query (GstPad * pad, GstObject * parent, GstQuery * query)
{
  Downstream *downstream = g_object_get_data (G_OBJECT (pad), "downstream");

  if (GST_QUERY_TYPE (query) != GST_QUERY_ALLOCATION)
    return gst_pad_query_default (pad, parent, query);
  answer_allocation (downstream, query);
  return !downstream->refuses;
}

static GstHarness *
embed (GstElement * element, Downstream * downstream)
{
  GstHarness *harness;

  accel_bus = gst_bus_new ();
  gst_element_set_bus (element, accel_bus);
  harness = gst_harness_new_with_element (element, "sink", "src");
  gst_object_unref (element);
  if (downstream) {
    g_object_set_data (G_OBJECT (harness->sinkpad), "downstream", downstream);
    gst_pad_set_query_function (harness->sinkpad, answer_query);
  }
  return harness;
}

static GstElement *
make_element (void)
{
  GstElement *element = gst_element_factory_make ("xlnkaccel", NULL);

  fail_unless (element != NULL);
  return element;
}

GstHarness *
accel_harness (Downstream * downstream)
{
  return embed (make_element (), downstream);
}

GstHarness *
accel_harness_with (Downstream * downstream, const char *first_property, ...)
{
  GstElement *element = make_element ();
  va_list args;

  va_start (args, first_property);
  g_object_set_valist (G_OBJECT (element), first_property, args);
  va_end (args);
  return embed (element, downstream);
}

void
accel_harness_done (GstHarness * harness)
{
  GstElement *element = gst_object_ref (harness->element);

  gst_harness_teardown (harness);
  gst_element_set_bus (element, NULL);
  gst_object_unref (element);
  gst_bus_set_flushing (accel_bus, TRUE);
  gst_object_unref (accel_bus);
  accel_bus = NULL;
}

/*** what the element says ***/

guint64
accel_stat (gpointer element, const char *name)
{
  GstStructure *stats;
  guint64 value;

  g_object_get (element, "stats", &stats, NULL);
  fail_unless (gst_structure_has_name (stats, "xlnkaccel-stats"));
  fail_unless (gst_structure_get_uint64 (stats, name, &value), "no number %s", name);
  gst_structure_free (stats);
  return value;
}

void
accel_expect_error (GQuark domain, gint code, const char *text)
{
  GstMessage *message = gst_bus_timed_pop_filtered (accel_bus, 5 * GST_SECOND, GST_MESSAGE_ERROR);
  GError *error;

  fail_unless (message != NULL, "there is no error message");
  gst_message_parse_error (message, &error, NULL);
  fail_unless (g_error_matches (error, domain, code), "%s %d: %s", g_quark_to_string (error->domain), error->code,
      error->message);
  fail_unless (strstr (error->message, text) != NULL, "'%s' is not in: %s", text, error->message);
  g_error_free (error);
  gst_message_unref (message);
}

GstMessage *
accel_wait_for_end (GstElement * pipeline, GstMessageType expected)
{
  GstBus *bus = gst_element_get_bus (pipeline);
  GstMessage *message = gst_bus_timed_pop_filtered (bus, 60 * GST_SECOND, GST_MESSAGE_EOS | GST_MESSAGE_ERROR);

  fail_unless (message != NULL, "neither end nor error");
  fail_unless_equals_string (GST_MESSAGE_TYPE_NAME (message), gst_message_type_get_name (expected));
  gst_object_unref (bus);
  return message;
}

/*** queries ***/

GstQuery *
accel_ask (GstHarness * harness, const char *caps_string, gboolean need_pool)
{
  GstCaps *caps = caps_string ? gst_caps_from_string (caps_string) : NULL;
  GstQuery *query = gst_query_new_allocation (caps, need_pool);

  fail_unless (gst_pad_peer_query (harness->srcpad, query));
  gst_caps_replace (&caps, NULL);
  return query;
}

GstBufferPool *
accel_query_pool (GstQuery * query, guint * size, guint * min, guint * max)
{
  GstBufferPool *pool = NULL;

  fail_unless (gst_query_get_n_allocation_pools (query) > 0);
  gst_query_parse_nth_allocation_pool (query, 0, &pool, size, min, max);
  return pool;
}

GstAllocator *
accel_query_allocator (GstQuery * query, GstAllocationParams * params)
{
  GstAllocator *allocator = NULL;

  fail_unless (gst_query_get_n_allocation_params (query) > 0);
  gst_query_parse_nth_allocation_param (query, 0, &allocator, params);
  return allocator;
}

/*** buffers ***/

guint8
accel_pattern (gsize position, guint seed)
{
  return (guint8) ((position * 2654435761u >> 8) + position + seed * 37);
}

void
accel_fill (GstBuffer * buffer, guint seed)
{
  GstMapInfo info;

  fail_unless (gst_buffer_map (buffer, &info, GST_MAP_WRITE));
  for (gsize i = 0; i < info.size; i++)
    info.data[i] = accel_pattern (i, seed);
  gst_buffer_unmap (buffer, &info);
}

gboolean
accel_is_filled (GstBuffer * buffer, gsize size, guint seed)
{
  GstMapInfo info;
  gboolean same;

  fail_unless (gst_buffer_map (buffer, &info, GST_MAP_READ));
  same = info.size == size;
  for (gsize i = 0; same && i < size; i++)
    same = info.data[i] == accel_pattern (i, seed);
  gst_buffer_unmap (buffer, &info);
  return same;
}

static GstBuffer *
filled_buffer (GstAllocator * allocator, gsize size, guint seed)
{
  GstBuffer *buffer = gst_buffer_new_allocate (allocator, size, NULL);

  fail_unless (buffer != NULL);
  accel_fill (buffer, seed);
  GST_BUFFER_PTS (buffer) = seed * GST_MSECOND;
  return buffer;
}

GstBuffer *
accel_system_buffer (gsize size, guint seed)
{
  return filled_buffer (NULL, size, seed);
}

GstBuffer *
accel_xlnk_buffer (gsize size, guint seed)
{
  return filled_buffer (GST_ALLOCATOR (xlnk_allocator), size, seed);
}

gboolean
accel_is_contiguous (GstBuffer * buffer)
{
  return gst_buffer_n_memory (buffer) == 1 && gst_is_xlnk_memory (gst_buffer_peek_memory (buffer, 0));
}

GstBuffer *
accel_push_and_pull (GstHarness * harness, GstBuffer * buffer)
{
  GstBuffer *result;

  fail_unless_equals_int (gst_harness_push (harness, buffer), GST_FLOW_OK);
  result = gst_harness_try_pull (harness);
  fail_unless (result != NULL);
  return result;
}
