/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "xlnkcheck.h"

#include "stranger.h"

GstXlnkAllocator *xlnk_allocator;

void
xlnk_check_setup (void)
{
  GError *error = NULL;

  /* What a failed case left behind is not this one's fault. */
  if (board_live_buffers () > 0)
    stranger_reset ();
  xlnk_allocator = gst_xlnk_allocator_get (NULL, &error);
  fail_unless (xlnk_allocator != NULL, "%s", error ? error->message : "");
}

void
xlnk_check_teardown (void)
{
  fail_unless_equals_uint64 (xlnk_check_stats ().buffer_count, 0);
  fail_unless_equals_uint64 (xlnk_check_stats ().cma_usage, 0);
  g_clear_object (&xlnk_allocator);
  fail_unless_equals_uint64 (board_live_buffers (), 0);
}

TCase *
xlnk_check_add_case (Suite * suite, const char *name)
{
  TCase *test_case = tcase_create (name);

  tcase_set_timeout (test_case, 30);
  tcase_add_checked_fixture (test_case, xlnk_check_setup, xlnk_check_teardown);
  suite_add_tcase (suite, test_case);
  return test_case;
}

GstMemory *
xlnk_check_alloc_params (gsize size, guint flags, gsize align, gsize prefix, gsize padding)
{
  GstAllocationParams params;
  GstMemory *mem;

  gst_allocation_params_init (&params);
  params.flags = flags;
  params.align = align;
  params.prefix = prefix;
  params.padding = padding;
  mem = gst_allocator_alloc (GST_ALLOCATOR (xlnk_allocator), size, &params);
  fail_unless (mem != NULL);
  return mem;
}

GstMemory *
xlnk_check_alloc (gsize size)
{
  return xlnk_check_alloc_params (size, 0, 0, 0, 0);
}

GstXlnkStats
xlnk_check_stats (void)
{
  GstXlnkStats stats;

  gst_xlnk_allocator_get_stats (xlnk_allocator, &stats);
  return stats;
}

GPtrArray *
xlnk_check_exhaust (gsize piece)
{
  GPtrArray *taken = g_ptr_array_new_with_free_func ((GDestroyNotify) gst_memory_unref);
  gsize size = 1 << 20;

  while (size >= piece) {
    GstMemory *mem = gst_xlnk_allocator_alloc (xlnk_allocator, size - 64, TRUE, NULL, NULL);

    if (mem)
      g_ptr_array_add (taken, mem);
    else
      size /= 2;
  }
  return taken;
}

void
xlnk_check_release (GPtrArray * taken)
{
  g_ptr_array_unref (taken);
}

void
xlnk_check_fill (GstMemory * mem, guint8 value)
{
  GstMapInfo info;

  fail_unless (gst_memory_map (mem, &info, GST_MAP_WRITE));
  memset (info.data, value, info.size);
  gst_memory_unmap (mem, &info);
}

gboolean
xlnk_check_is_filled (GstMemory * mem, guint8 value)
{
  GstMapInfo info;
  gboolean filled = TRUE;

  fail_unless (gst_memory_map (mem, &info, GST_MAP_READ));
  for (gsize i = 0; i < info.size; i++)
    filled = filled && info.data[i] == value;
  gst_memory_unmap (mem, &info);
  return filled;
}

/*** pools ***/

GstCaps *
xlnk_check_video_caps (const gchar * format, gint width, gint height)
{
  return gst_caps_new_simple ("video/x-raw", "format", G_TYPE_STRING, format, "width", G_TYPE_INT, width,
      "height", G_TYPE_INT, height, NULL);
}

GstBufferPool *
xlnk_check_bytes_pool (guint size, guint min, guint max)
{
  GstBufferPool *pool = gst_xlnk_buffer_pool_new_with_config (xlnk_allocator, NULL, size, min, max);

  fail_unless (GST_IS_XLNK_BUFFER_POOL (pool));
  return pool;
}

GstBuffer *
xlnk_check_acquire (GstBufferPool * pool)
{
  GstBuffer *buffer = NULL;

  fail_unless_equals_int (gst_buffer_pool_acquire_buffer (pool, &buffer, NULL), GST_FLOW_OK);
  fail_unless (buffer != NULL);
  return buffer;
}

void
xlnk_check_stop_and_drop (GstBufferPool * pool)
{
  fail_unless (gst_buffer_pool_set_active (pool, FALSE));
  gst_object_unref (pool);
}

/*** the log ***/

static gint logged;
static gchar *last_message;
static GMutex message_mutex;

static void
keep_message (GstDebugMessage * message)
{
  g_mutex_lock (&message_mutex);
  g_free (last_message);
  last_message = g_strdup (gst_debug_message_get (message));
  g_mutex_unlock (&message_mutex);
}

static void
count_line (GstDebugCategory * category, GstDebugLevel level, const gchar * file G_GNUC_UNUSED,
    const gchar * function G_GNUC_UNUSED, gint line G_GNUC_UNUSED, GObject * object G_GNUC_UNUSED,
    GstDebugMessage * message, gpointer data)
{
  if (level > gst_debug_category_get_threshold (category)
      || !g_str_equal (gst_debug_category_get_name (category), data))
    return;
  keep_message (message);
  g_atomic_int_inc (&logged);
}

void
xlnk_check_count_log (const char *category, GstDebugLevel level)
{
  gst_debug_remove_log_function (gst_debug_log_default);
  gst_debug_set_active (TRUE);
  gst_debug_set_threshold_for_name (category, level);
  gst_debug_add_log_function (count_line, g_strdup (category), g_free);
}

guint
xlnk_check_logged (void)
{
  return g_atomic_int_get (&logged);
}

gboolean
xlnk_check_log_mentions (const char *words)
{
  gboolean found;

  g_mutex_lock (&message_mutex);
  found = last_message && strstr (last_message, words);
  g_mutex_unlock (&message_mutex);
  return found;
}
