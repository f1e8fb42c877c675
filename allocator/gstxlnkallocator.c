/* SPDX-License-Identifier: LGPL-2.1-or-later */
/**
 * SECTION:gstxlnkallocator
 * @title: GstXlnkAllocator
 * @short_description: allocates physically contiguous memory
 *
 * An allocator over the buffers of the `xlnk` driver. Each allocation is one buffer of the driver, mapped once; its
 * memories are described at #GstXlnkMemory. It implements #GstPhysMemoryAllocator.
 *
 * |[<!-- language="C" -->
 *   GstXlnkAllocator *allocator = gst_xlnk_allocator_get (NULL, &error);
 *   GstMemory *mem = gst_xlnk_allocator_alloc (allocator, size, TRUE, NULL, &error);
 * ]|
 */
#include "gstxlnkallocator.h"

#include <gst/allocators/gstphysmemory.h>
#include <unistd.h>

#include "device/xlnkfork.h"
#include "device/xlnklog.h"
#include "device/xlnkreclaim.h"
#include "gstxlnk-private.h"
#include "gstxlnkerror.h"
#include "gstxlnkmemory.h"

struct _GstXlnkAllocator
{
  GstAllocator parent;
  XlnkDevice *device;
  guint64 copies, copied_bytes; /* under the object lock */
};

GST_DEBUG_CATEGORY_STATIC (allocator_debug);
#define GST_CAT_DEFAULT allocator_debug

GST_DEBUG_CATEGORY_STATIC (device_debug);

static void gst_xlnk_allocator_phys_init (GstPhysMemoryAllocatorInterface * iface);

G_DEFINE_TYPE_WITH_CODE (GstXlnkAllocator, gst_xlnk_allocator, GST_TYPE_ALLOCATOR,
    G_IMPLEMENT_INTERFACE (GST_TYPE_PHYS_MEMORY_ALLOCATOR, gst_xlnk_allocator_phys_init);
    GST_DEBUG_CATEGORY_INIT (allocator_debug, "xlnkallocator", 0, "xlnk allocator and memory");
    GST_DEBUG_CATEGORY_INIT (device_debug, "xlnkdevice", 0, "xlnk device and its system calls"));

/* The allocators that somebody still holds: device path → GWeakRef. */
static GMutex cache_mutex;
static GHashTable *cache;

/*** allocation ***/

/* How the bytes of one memory lie in its block. */
typedef struct
{
  gsize maxsize;                /* prefix + size + padding */
  gsize block_size;             /* and what an alignment beyond a page may skip */
} Layout;

static gboolean
round_up (gsize * size, gsize mask)
{
  if (!g_size_checked_add (size, *size, mask))
    return FALSE;
  *size &= ~mask;
  return TRUE;
}

static gboolean
compute_layout (gsize size, const GstAllocationParams * params, Layout * layout)
{
  gsize page_size = (gsize) sysconf (_SC_PAGESIZE);
  gsize skip = params->align >= page_size ? params->align : 0;

  layout->maxsize = size;
  /* Who asks for no padding gets what is there up to GStreamer's alignment, as from system memory: core's own test of
   * resizing (test_map_resize) counts on that. Who asks for a layout gets exactly that one. */
  if (params->prefix == 0 && params->padding == 0 && !round_up (&layout->maxsize, gst_memory_alignment))
    return FALSE;
  return g_size_checked_add (&layout->maxsize, layout->maxsize, params->prefix)
      && g_size_checked_add (&layout->maxsize, layout->maxsize, params->padding)
      && g_size_checked_add (&layout->block_size, layout->maxsize, skip);
}

static void
set_too_large_error (GError ** error)
{
  g_set_error (error, GST_XLNK_ERROR, GST_XLNK_ERROR_TOO_LARGE,
      "asked more bytes than a size can say, with prefix, padding and alignment");
}

static GstMemory *
allocate (GstXlnkAllocator * self, gsize size, guint flags, const GstAllocationParams * params, GError ** error)
{
  gsize align = params->align | gst_memory_alignment;
  XlnkBlock *block;
  Layout layout;
  gsize start;

  if (!compute_layout (size, params, &layout)) {
    set_too_large_error (error);
    return NULL;
  }
  block = xlnk_block_new (self->device, layout.block_size, !(flags & GST_MEMORY_FLAG_XLNK_UNCACHED), error);
  if (!block)
    return NULL;
  /* Zeroed prefix and padding come for free: the driver zeroes what it hands out (xlnk-abi §5.1). */
  start = -(guintptr) block->extent.cpu & align;
  return gst_xlnk_memory_new (GST_ALLOCATOR (self), block, NULL, flags, start, layout.maxsize, align, params->prefix,
      size);
}

static GstMemory *
gst_xlnk_allocator_alloc_vfunc (GstAllocator * allocator, gsize size, GstAllocationParams * params)
{
  GError *error = NULL;
  GstMemory *mem;

  gst_xlnk_forget_error ();
  mem = allocate (GST_XLNK_ALLOCATOR (allocator), size, params->flags, params, &error);
  if (!mem) {
    GST_WARNING_OBJECT (allocator, "%s", error->message);
    gst_xlnk_keep_error (error);
  }
  return mem;
}

static void
gst_xlnk_allocator_free_vfunc (GstAllocator * allocator G_GNUC_UNUSED, GstMemory * mem)
{
  gst_xlnk_memory_free (mem);
}

GstMemory *
gst_xlnk_allocator_alloc (GstXlnkAllocator * self, gsize size, gboolean cacheable, const GstAllocationParams * params,
    GError ** error)
{
  GstAllocationParams none;
  guint flags;

  g_return_val_if_fail (GST_IS_XLNK_ALLOCATOR (self), NULL);

  gst_allocation_params_init (&none);
  if (!params)
    params = &none;
  g_return_val_if_fail (((params->align + 1) & params->align) == 0, NULL);
  flags = params->flags & ~(guint) GST_MEMORY_FLAG_XLNK_UNCACHED;
  if (!cacheable)
    flags |= GST_MEMORY_FLAG_XLNK_UNCACHED;
  return allocate (self, size, flags, params, error);
}

GstMemory *
gst_xlnk_allocator_alloc_elements (GstXlnkAllocator * self, gsize n_elements, gsize element_size, gboolean cacheable,
    GError ** error)
{
  gsize size;

  if (!g_size_checked_mul (&size, n_elements, element_size)) {
    g_set_error (error, GST_XLNK_ERROR, GST_XLNK_ERROR_TOO_LARGE,
        "%" G_GSIZE_FORMAT " elements of %" G_GSIZE_FORMAT " bytes are more than a size can say", n_elements,
        element_size);
    return NULL;
  }
  return gst_xlnk_allocator_alloc (self, size, cacheable, NULL, error);
}

/*** addresses that are ours ***/

GstMemory *
gst_xlnk_allocator_wrap_pointer (GstXlnkAllocator * self, gpointer pointer, gsize size, GError ** error)
{
  XlnkBlock *block;
  gsize start;

  g_return_val_if_fail (GST_IS_XLNK_ALLOCATOR (self), NULL);

  block = xlnk_device_find_block (self->device, pointer, size);
  if (!block) {
    g_set_error (error, GST_XLNK_ERROR, GST_XLNK_ERROR_NOT_OURS,
        "the %" G_GSIZE_FORMAT " bytes at %p are not all in one live memory of %s", size, pointer,
        self->device->path);
    return NULL;
  }
  start = (guintptr) pointer - (guintptr) block->extent.cpu;
  return gst_xlnk_memory_new (GST_ALLOCATOR (self), block, NULL,
      block->extent.cached ? 0 : GST_MEMORY_FLAG_XLNK_UNCACHED, start, size, 0, 0, size);
}

guint64
gst_xlnk_allocator_lookup_phys_addr (GstXlnkAllocator * self, gconstpointer pointer)
{
  XlnkBlock *block;
  guint64 address = 0;

  g_return_val_if_fail (GST_IS_XLNK_ALLOCATOR (self), 0);

  block = xlnk_device_find_block (self->device, pointer, 0);
  if (!block)
    return 0;
  if (xlnk_block_expose (block, NULL))
    address = block->extent.phys + ((guintptr) pointer - (guintptr) block->extent.cpu);
  xlnk_block_unref (block);
  return address;
}

static guintptr
gst_xlnk_allocator_get_phys_addr (GstPhysMemoryAllocator * allocator G_GNUC_UNUSED, GstMemory * mem)
{
  return (guintptr) gst_xlnk_memory_get_phys_addr (mem);
}

static void
gst_xlnk_allocator_phys_init (GstPhysMemoryAllocatorInterface * iface)
{
  iface->get_phys_addr = gst_xlnk_allocator_get_phys_addr;
}

/*** the device ***/

XlnkDevice *
gst_xlnk_allocator_get_xlnk_device (GstXlnkAllocator * self)
{
  return self->device;
}

const gchar *
gst_xlnk_allocator_get_device (GstXlnkAllocator * self)
{
  g_return_val_if_fail (GST_IS_XLNK_ALLOCATOR (self), NULL);

  return self->device->path;
}

void
gst_xlnk_allocator_get_stats (GstXlnkAllocator * self, GstXlnkStats * stats)
{
  XlnkDeviceStats now;

  g_return_if_fail (GST_IS_XLNK_ALLOCATOR (self));
  g_return_if_fail (stats != NULL);

  xlnk_device_get_stats (self->device, &now);
  *stats = (GstXlnkStats) {
    .cma_available = now.cma_free,
    .cma_total = now.cma_total,
    .cma_usage = now.live_bytes,
    .buffer_count = now.live_blocks,
    .peak_usage = now.peak_bytes,
    .allocations = now.allocs,
    .failed_allocations = now.failed_allocs,
    .lost_buffers = now.lost_blocks,
    .flushes = now.flushes,
    .flushed_bytes = now.flushed_bytes,
    .invalidates = now.invalidates,
    .invalidated_bytes = now.invalidated_bytes,
  };
  GST_OBJECT_LOCK (self);
  stats->copies = self->copies;
  stats->copied_bytes = self->copied_bytes;
  GST_OBJECT_UNLOCK (self);
}

void
gst_xlnk_allocator_count_copy (GstXlnkAllocator * self, gsize size)
{
  GST_OBJECT_LOCK (self);
  self->copies++;
  self->copied_bytes += size;
  GST_OBJECT_UNLOCK (self);
}

gboolean
gst_xlnk_allocator_reset (GstXlnkAllocator * self, GError ** error)
{
  g_return_val_if_fail (GST_IS_XLNK_ALLOCATOR (self), FALSE);

  return xlnk_device_reset (self->device, error);
}

G_STATIC_ASSERT ((int) GST_XLNK_RECLAIM_EXPOSED == (int) XLNK_RECLAIM_EXPOSED);
G_STATIC_ASSERT ((int) GST_XLNK_RECLAIM_COOKIE_LESS == (int) XLNK_RECLAIM_COOKIE_LESS);
G_STATIC_ASSERT ((int) GST_XLNK_RECLAIM_ARMED == (int) XLNK_RECLAIM_ARMED);
G_STATIC_ASSERT ((int) GST_XLNK_RECLAIM_DRY_RUN == (int) XLNK_RECLAIM_DRY_RUN);

gboolean
gst_xlnk_allocator_reclaim (GstXlnkAllocator * self, GstXlnkReclaimFlags flags, GstXlnkReclaimResult * result,
    GError ** error)
{
  XlnkReclaimResult now;
  gboolean done;

  g_return_val_if_fail (GST_IS_XLNK_ALLOCATOR (self), FALSE);
  g_return_val_if_fail ((flags & ~(guint) (GST_XLNK_RECLAIM_DRY_RUN * 2 - 1)) == 0, FALSE);

  done = xlnk_reclaim (self->device, (XlnkReclaimFlags) flags, &now, error);
  if (result)
    *result = (GstXlnkReclaimResult) {
      .freed = now.freed,
      .freed_bytes = now.freed_bytes,
      .kept_exposed = now.kept_exposed,
      .kept_cookie_less = now.kept_cookie_less,
      .kept_foreign = now.kept_wrong_cookie,
      .kept_armed = now.kept_armed,
      .failed = now.failed + now.unreadable,
    };
  return done;
}

/*** one allocator for each device ***/

/* The strings of GST_DEBUG are made only when the level is on. */
static void
log_device_line (XlnkLogLevel level, const char *file, const char *function, int line, const char *format,
    va_list args)
{
  gst_debug_log_valist (device_debug, (GstDebugLevel) level, file, function, line, NULL, format, args);
}

/* A thread that was opening a device when the process forked does not exist in the child, and holds the mutex for ever. */
static void
recover_in_child (void *unused G_GNUC_UNUSED)
{
  if (g_mutex_trylock (&cache_mutex)) {
    g_mutex_unlock (&cache_mutex);
    return;
  }
  g_mutex_init (&cache_mutex);
  cache = NULL;                 /* perhaps half-changed */
}

static GWeakRef *
find_entry (const char *path)
{
  GWeakRef *entry;

  if (!cache)
    cache = g_hash_table_new (g_str_hash, g_str_equal);
  entry = g_hash_table_lookup (cache, path);
  if (!entry) {
    entry = g_new0 (GWeakRef, 1);
    g_weak_ref_init (entry, NULL);
    g_hash_table_insert (cache, g_strdup (path), entry);
  }
  return entry;
}

static GstXlnkAllocator *
open_allocator (const char *path, GError ** error)
{
  GstXlnkAllocator *self = g_object_new (GST_TYPE_XLNK_ALLOCATOR, NULL);

  gst_object_ref_sink (self);
  self->device = xlnk_device_open (path, error);
  if (!self->device) {
    gst_object_unref (self);
    return NULL;
  }
  return self;
}

GstXlnkAllocator *
gst_xlnk_allocator_get (const gchar * device, GError ** error)
{
  g_autofree char *path = xlnk_device_resolve (device ? device : g_getenv ("GST_XLNK_DEVICE"));
  GstXlnkAllocator *self;
  GWeakRef *entry;

  g_mutex_lock (&cache_mutex);
  entry = find_entry (path);
  self = g_weak_ref_get (entry);
  if (!self) {
    self = open_allocator (path, error);
    if (self)
      g_weak_ref_set (entry, self);
  }
  g_mutex_unlock (&cache_mutex);
  return self;
}

gboolean
gst_xlnk_allocator_init_once (GError ** error)
{
  static GMutex register_mutex;
  static gboolean registered;
  GstXlnkAllocator *self = gst_xlnk_allocator_get (NULL, error);

  if (!self)
    return FALSE;
  g_mutex_lock (&register_mutex);
  /* The registry keeps the reference, for the life of the process. */
  if (!registered)
    gst_allocator_register (GST_ALLOCATOR_XLNK, gst_object_ref (self));
  registered = TRUE;
  g_mutex_unlock (&register_mutex);
  gst_object_unref (self);
  return TRUE;
}

/*** the class ***/

static void
gst_xlnk_allocator_finalize (GObject * object)
{
  GstXlnkAllocator *self = GST_XLNK_ALLOCATOR (object);

  if (self->device)
    xlnk_device_unref (self->device);
  G_OBJECT_CLASS (gst_xlnk_allocator_parent_class)->finalize (object);
}

static void
gst_xlnk_allocator_class_init (GstXlnkAllocatorClass * klass)
{
  GstAllocatorClass *allocator_class = GST_ALLOCATOR_CLASS (klass);

  G_OBJECT_CLASS (klass)->finalize = gst_xlnk_allocator_finalize;
  allocator_class->alloc = gst_xlnk_allocator_alloc_vfunc;
  allocator_class->free = gst_xlnk_allocator_free_vfunc;
  xlnk_log_set_handler (log_device_line);
  xlnk_fork_watch (recover_in_child, NULL);
}

static void
gst_xlnk_allocator_init (GstXlnkAllocator * self)
{
  GST_ALLOCATOR (self)->mem_type = GST_ALLOCATOR_XLNK;
  gst_xlnk_memory_init_functions (GST_ALLOCATOR (self));
}
