/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gstxlnkquarantine.h"

GST_DEBUG_CATEGORY_EXTERN (gst_xlnk_accel_debug);
#define GST_CAT_DEFAULT gst_xlnk_accel_debug

/* One job that was given up. */
typedef struct
{
  GstXlnkAccelerator *accelerator;      /* referenced */
  gboolean orphaned;            /* nobody else has it open: it is ours to close */
  GstMapInfo maps[2];           /* of memories that are referenced */
  guint n_maps;
} Entry;

static GMutex mutex;
static GQueue entries = G_QUEUE_INIT;

void
gst_xlnk_device_buffer_release (GstXlnkDeviceBuffer * self)
{
  if (!self->buffer)
    return;
  gst_xlnk_buffer_unmap_device (self->buffer, &self->map);
  gst_buffer_unref (self->buffer);
  self->buffer = NULL;
}

static void
take_side (Entry * entry, GstXlnkDeviceBuffer * side)
{
  if (!side->buffer)
    return;
  gst_memory_ref (side->map.memory);
  entry->maps[entry->n_maps++] = side->map;
  gst_buffer_replace (&side->buffer, NULL);
}

void
gst_xlnk_quarantine_take (GstXlnkAccelerator * accelerator, GstXlnkDeviceBuffer * in, GstXlnkDeviceBuffer * out)
{
  Entry *entry = g_new0 (Entry, 1);

  entry->accelerator = gst_object_ref (accelerator);
  take_side (entry, in);
  take_side (entry, out);
  g_mutex_lock (&mutex);
  g_queue_push_tail (&entries, entry);
  g_mutex_unlock (&mutex);
}

static void
release_entry (Entry * entry)
{
  while (entry->n_maps > 0) {
    GstMapInfo *map = &entry->maps[--entry->n_maps];
    GstMemory *memory = map->memory;

    gst_xlnk_accelerator_disarm (entry->accelerator, memory);
    gst_xlnk_memory_unmap_device (memory, map);
    gst_memory_unref (memory);
  }
  if (entry->orphaned)
    gst_xlnk_accelerator_close (entry->accelerator);
  gst_object_unref (entry->accelerator);
  g_free (entry);
}

/* At most one: a core that has not ended a job takes no other. Called with the mutex. */
static Entry *
find_entry (GstXlnkAccelerator * accelerator)
{
  GList *link;

  for (link = entries.head; link; link = link->next) {
    Entry *entry = link->data;

    if (entry->accelerator == accelerator)
      return entry;
  }
  return NULL;
}

void
gst_xlnk_quarantine_close (GstXlnkAccelerator * accelerator)
{
  Entry *entry;

  g_mutex_lock (&mutex);
  entry = find_entry (accelerator);
  if (entry)
    entry->orphaned = TRUE;
  else
    gst_xlnk_accelerator_close (accelerator);
  g_mutex_unlock (&mutex);
  gst_object_unref (accelerator);
}

void
gst_xlnk_quarantine_sweep (void)
{
  guint n;

  g_mutex_lock (&mutex);
  for (n = g_queue_get_length (&entries); n > 0; n--) {
    Entry *entry = g_queue_pop_head (&entries);
    GError *error = NULL;

    if (gst_xlnk_accelerator_reset (entry->accelerator, &error)) {
      release_entry (entry);
      continue;
    }
    GST_WARNING ("buffers stay in quarantine: %s", error->message);
    g_error_free (error);
    g_queue_push_tail (&entries, entry);
  }
  g_mutex_unlock (&mutex);
}

guint
gst_xlnk_quarantine_count (void)
{
  guint count = 0;
  GList *link;

  g_mutex_lock (&mutex);
  for (link = entries.head; link; link = link->next)
    count += ((Entry *) link->data)->n_maps;
  g_mutex_unlock (&mutex);
  return count;
}
