/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gstxlnkmemory.h"

#include "gstxlnk-private.h"
#include "gstxlnkerror.h"

GST_DEBUG_CATEGORY_STATIC (GST_CAT_PERFORMANCE);
GST_DEBUG_CATEGORY_STATIC (memory_debug);
#define GST_CAT_DEFAULT memory_debug

static void
init_debug (void)
{
  static gsize once;

  if (g_once_init_enter (&once)) {
    GST_DEBUG_CATEGORY_GET (GST_CAT_PERFORMANCE, "GST_PERFORMANCE");
    GST_DEBUG_CATEGORY_GET (memory_debug, "xlnkallocator");
    g_once_init_leave (&once, 1);
  }
}

/*** what a memory is ***/

gboolean
gst_is_xlnk_memory (GstMemory * mem)
{
  return mem != NULL && GST_IS_XLNK_ALLOCATOR (mem->allocator);
}

gboolean
gst_xlnk_memory_is_cached (GstMemory * mem)
{
  g_return_val_if_fail (gst_is_xlnk_memory (mem), FALSE);

  return ((GstXlnkMemory *) mem)->block->extent.cached;
}

GstMemory *
gst_xlnk_memory_new (GstAllocator * allocator, XlnkBlock * block, GstMemory * parent, guint flags, gsize start,
    gsize maxsize, gsize align, gsize offset, gsize size)
{
  GstXlnkMemory *self = g_new0 (GstXlnkMemory, 1);

  gst_memory_init (GST_MEMORY_CAST (self), flags | GST_MEMORY_FLAG_PHYSICALLY_CONTIGUOUS, allocator, parent, maxsize,
      align, offset, size);
  self->block = block;
  self->start = start;
  return GST_MEMORY_CAST (self);
}

void
gst_xlnk_memory_free (GstMemory * mem)
{
  GstXlnkMemory *self = (GstXlnkMemory *) mem;

  xlnk_block_unref (self->block);
  g_free (self);
}

/*** maps: parents and children alike work on the block, so that a child needs no delegation ***/

static XlnkAccess
access_of (GstMapFlags flags)
{
  guint access = flags & GST_MAP_XLNK_DEVICE ? XLNK_ACCESS_DEVICE : 0;

  if (flags & GST_MAP_WRITE)
    access |= XLNK_ACCESS_WRITE;
  if (flags & GST_MAP_READ || !(flags & GST_MAP_WRITE))
    access |= XLNK_ACCESS_READ;
  return access;
}

/* A writer may write up to maxsize and make it visible later. */
static XlnkRange
range_to_map (const GstXlnkMemory * self, XlnkAccess access)
{
  gsize first = self->start + self->mem.offset;
  XlnkRange range = { first, first + self->mem.size };

  if (access & XLNK_ACCESS_WRITE && !(access & XLNK_ACCESS_DEVICE))
    range.end = self->start + self->mem.maxsize;
  return range;
}

/* Two who want the same memory at once must agree among themselves; what the kernel refuses concerns everybody. */
static void
refuse (GError * error)
{
  GstDebugLevel level = g_error_matches (error, GST_XLNK_ERROR, GST_XLNK_ERROR_CONFLICT) ? GST_LEVEL_INFO
      : GST_LEVEL_WARNING;

  GST_CAT_LEVEL_LOG (memory_debug, level, NULL, "%s", error->message);
  gst_xlnk_keep_error (error);
}

/* Nobody will tell the ledger when a core uses the address. */
static bool
is_unarmed (GstMapFlags flags)
{
  return flags & GST_MAP_XLNK_DEVICE && !(flags & GST_MAP_XLNK_ARMED);
}

static gpointer
gst_xlnk_memory_map_full (GstMemory * mem, GstMapInfo * info, gsize maxsize G_GNUC_UNUSED)
{
  GstXlnkMemory *self = (GstXlnkMemory *) mem;
  XlnkAccess access = access_of (info->flags);
  XlnkRange range = range_to_map (self, access);
  GError *error = NULL;

  gst_xlnk_forget_error ();
  if (is_unarmed (info->flags))
    xlnk_block_count_device_map (self->block, 1);
  if (!xlnk_block_map (self->block, access, range, &error)) {
    if (is_unarmed (info->flags))
      xlnk_block_count_device_map (self->block, -1);
    refuse (error);
    return NULL;
  }
  /* A resize may move the memory's range before the unmap. */
  info->user_data[0] = GSIZE_TO_POINTER (range.start);
  info->user_data[1] = GSIZE_TO_POINTER (range.end);
  if (access & XLNK_ACCESS_DEVICE)
    return (gpointer) (guintptr) (self->block->extent.phys + self->start);
  return (guint8 *) self->block->extent.cpu + self->start;
}

static void
gst_xlnk_memory_unmap_full (GstMemory * mem, GstMapInfo * info)
{
  GstXlnkMemory *self = (GstXlnkMemory *) mem;
  XlnkRange range;

  range.start = GPOINTER_TO_SIZE (info->user_data[0]);
  range.end = GPOINTER_TO_SIZE (info->user_data[1]);
  xlnk_block_unmap (self->block, access_of (info->flags), range);
  if (is_unarmed (info->flags))
    xlnk_block_count_device_map (self->block, -1);
}

gboolean
gst_xlnk_memory_map_device (GstMemory * mem, GstMapInfo * info, GstMapFlags flags)
{
  g_return_val_if_fail (mem != NULL && info != NULL, FALSE);

  if (!gst_is_xlnk_memory (mem))
    return FALSE;
  return gst_memory_map (mem, info, flags | GST_MAP_XLNK_DEVICE);
}

void
gst_xlnk_memory_unmap_device (GstMemory * mem, GstMapInfo * info)
{
  gst_memory_unmap (mem, info);
}

/*** addresses ***/

guint64
gst_xlnk_memory_peek_phys_addr (GstMemory * mem)
{
  GstXlnkMemory *self = (GstXlnkMemory *) mem;

  return self->block->extent.phys + self->start + mem->offset;
}

/* What lies in the same cache line as the device's bytes, but is somebody else's, cannot be kept apart from them. */
static void
warn_of_shared_lines (const GstXlnkMemory * self)
{
  gsize line = self->block->device->line;
  gsize first = self->start + self->mem.offset;
  gsize last = first + self->mem.size;

  if (first % line == 0 && (last % line == 0 || last == self->block->size))
    return;
  GST_CAT_WARNING (memory_debug, "the address of a part of a block was handed out whose ends share cache lines with "
      "its neighbours (bytes %" G_GSIZE_FORMAT " to %" G_GSIZE_FORMAT ", lines of %" G_GSIZE_FORMAT "): do not write "
      "there with the CPU while the device runs", first, last, line);
}

guint64
gst_xlnk_memory_get_phys_addr (GstMemory * mem)
{
  GstXlnkMemory *self = (GstXlnkMemory *) mem;
  GError *error = NULL;

  if (!gst_is_xlnk_memory (mem))
    return 0;
  gst_xlnk_forget_error ();
  if (!xlnk_block_expose (self->block, &error)) {
    GST_CAT_WARNING (memory_debug, "no address: %s", error->message);
    gst_xlnk_keep_error (error);
    return 0;
  }
  if (mem->parent)
    warn_of_shared_lines (self);
  return gst_xlnk_memory_peek_phys_addr (mem);
}

/*** explicit maintenance and copies ***/

static gboolean
visible_range (GstMemory * mem, gsize offset, gsize length, XlnkRange * range, GError ** error)
{
  GstXlnkMemory *self = (GstXlnkMemory *) mem;

  if (!gst_is_xlnk_memory (mem)) {
    g_set_error (error, GST_XLNK_ERROR, GST_XLNK_ERROR_NOT_OURS, "this is not xlnk memory");
    return FALSE;
  }
  if (offset > mem->size || length > mem->size - offset) {
    g_set_error (error, GST_XLNK_ERROR, GST_XLNK_ERROR_NOT_OURS,
        "%" G_GSIZE_FORMAT " bytes from %" G_GSIZE_FORMAT " are not all among the %" G_GSIZE_FORMAT " visible ones",
        length, offset, mem->size);
    return FALSE;
  }
  range->start = self->start + mem->offset + offset;
  range->end = range->start + length;
  return TRUE;
}

/* A negative @size stands for the rest. */
static gboolean
visible_rest (GstMemory * mem, gsize offset, gssize size, XlnkRange * range, GError ** error)
{
  gsize length = (gsize) size;

  if (size < 0 && mem && offset <= mem->size)
    length = mem->size - offset;
  return visible_range (mem, offset, length, range, error);
}

gboolean
gst_xlnk_memory_flush (GstMemory * mem, gsize offset, gssize size, GError ** error)
{
  XlnkRange range;

  return visible_rest (mem, offset, size, &range, error)
      && xlnk_block_flush (((GstXlnkMemory *) mem)->block, range, error);
}

gboolean
gst_xlnk_memory_invalidate (GstMemory * mem, gsize offset, gssize size, GError ** error)
{
  XlnkRange range;

  return visible_rest (mem, offset, size, &range, error)
      && xlnk_block_invalidate (((GstXlnkMemory *) mem)->block, range, error);
}

gboolean
gst_xlnk_memory_copy_into (GstMemory * dest, gsize dest_offset, GstMemory * src, gsize src_offset, gsize size,
    GError ** error)
{
  XlnkRange to, from;

  if (!visible_range (dest, dest_offset, size, &to, error)
      || !visible_range (src, src_offset, size, &from, error))
    return FALSE;
  if (!gst_memory_is_writable (dest) || GST_MEMORY_IS_READONLY (dest)) {
    g_set_error (error, GST_XLNK_ERROR, GST_XLNK_ERROR_CONFLICT, "the target is not writable");
    return FALSE;
  }
  return xlnk_block_copy (((GstXlnkMemory *) dest)->block, to.start, ((GstXlnkMemory *) src)->block, from.start, size,
      error);
}

/*** core's copy, share and span ***/

/* By name: %NULL would be the default allocator, which may be us. */
static GstMemory *
copy_to_system_memory (GstXlnkMemory * self, gsize offset, gsize size)
{
  g_autoptr (GstAllocator) sysmem = gst_allocator_find (GST_ALLOCATOR_SYSMEM);
  GstMemory *copy = gst_allocator_alloc (sysmem, size, NULL);
  GstMapInfo info;

  if (!copy)
    return NULL;
  if (gst_memory_map (copy, &info, GST_MAP_WRITE)) {
    gboolean done = xlnk_block_read (self->block, self->start + self->mem.offset + offset, info.data, size, NULL);

    gst_memory_unmap (copy, &info);
    if (done)
      return copy;
  }
  gst_memory_unref (copy);
  return NULL;
}

static GstMemory *
copy_to_contiguous_memory (GstXlnkMemory * self, gsize offset, gsize size, GError ** error)
{
  GstXlnkAllocator *allocator = GST_XLNK_ALLOCATOR (self->mem.allocator);
  GstAllocationParams params;
  GstXlnkMemory *copy;

  gst_allocation_params_init (&params);
  params.align = self->mem.align;
  copy = (GstXlnkMemory *) gst_xlnk_allocator_alloc (allocator, size, self->block->extent.cached, &params, error);
  if (!copy)
    return NULL;
  if (!xlnk_block_copy (copy->block, copy->start, self->block, self->start + self->mem.offset + offset, size, error)) {
    gst_memory_unref (GST_MEMORY_CAST (copy));
    return NULL;
  }
  return GST_MEMORY_CAST (copy);
}

static GstMemory *
copy_anywhere (GstXlnkMemory * self, gsize offset, gsize length)
{
  g_autoptr (GError) error = NULL;
  GstMemory *copy = copy_to_contiguous_memory (self, offset, length, &error);

  if (copy) {
    GST_CAT_INFO (GST_CAT_PERFORMANCE, "copied %" G_GSIZE_FORMAT " bytes of contiguous memory: somebody asked for it, or "
        "made a buffer writable that others hold or have mapped", length);
    return copy;
  }
  GST_CAT_WARNING (GST_CAT_PERFORMANCE, "a copy of %" G_GSIZE_FORMAT " bytes goes to system memory, which no device "
      "can read: %s", length, error->message);
  return copy_to_system_memory (self, offset, length);
}

/* Works on the kept mapping, not through gst_memory_map(): core copies under a map. */
static GstMemory *
gst_xlnk_memory_copy (GstMemory * mem, gssize offset, gssize size)
{
  GstMemory *copy;
  gsize length;

  if (size < 0)
    length = mem->size > (gsize) offset ? mem->size - offset : 0;
  else
    length = size;
  copy = copy_anywhere ((GstXlnkMemory *) mem, offset, length);
  if (copy)
    gst_xlnk_allocator_count_copy (GST_XLNK_ALLOCATOR (mem->allocator), length);
  return copy;
}

static GstMemory *
gst_xlnk_memory_share (GstMemory * mem, gssize offset, gssize size)
{
  GstXlnkMemory *self = (GstXlnkMemory *) mem;
  GstMemory *parent = mem->parent ? mem->parent : mem;

  if (size < 0)
    size = mem->size - offset;
  return gst_xlnk_memory_new (mem->allocator, xlnk_block_ref (self->block), parent,
      GST_MINI_OBJECT_FLAGS (parent) | GST_MINI_OBJECT_FLAG_LOCK_READONLY, self->start, mem->maxsize, mem->align,
      mem->offset + offset, size);
}

/* Core asks only about children of one parent. */
static gboolean
gst_xlnk_memory_is_span (GstMemory * mem1, GstMemory * mem2, gsize * offset)
{
  if (offset)
    *offset = mem1->offset - mem1->parent->offset;
  return mem1->offset + mem1->size == mem2->offset;
}

void
gst_xlnk_memory_init_functions (GstAllocator * allocator)
{
  init_debug ();
  allocator->mem_map_full = gst_xlnk_memory_map_full;
  allocator->mem_unmap_full = gst_xlnk_memory_unmap_full;
  allocator->mem_copy = gst_xlnk_memory_copy;
  allocator->mem_share = gst_xlnk_memory_share;
  allocator->mem_is_span = gst_xlnk_memory_is_span;
}
