/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * gstxlnk-private.h: what the files of the library know of each other. Not installed.
 */
#ifndef __GST_XLNK_PRIVATE_H__
#define __GST_XLNK_PRIVATE_H__

#include <gst/xlnk/gstxlnkallocator.h>

#include "device/xlnkblock.h"
#include "gstxlnkregisters.h"

G_BEGIN_DECLS

/* A memory over bytes [start, start + maxsize) of a block, of which [start + offset, … + size) are visible. Parents
 * and children are alike: all state is the block's. */
typedef struct
{
  GstMemory mem;
  XlnkBlock *block;             /* referenced */
  gsize start;                  /* of mem's offset 0 in the block, in bytes */
} GstXlnkMemory;

/* What gst_xlnk_peek_last_error() tells this thread: nothing, or why what it asked for is refused (taken). */
void gst_xlnk_forget_error (void);
void gst_xlnk_keep_error (GError * error);

XlnkDevice *gst_xlnk_allocator_get_xlnk_device (GstXlnkAllocator * self);

/* One more copy for the statistics. */
void gst_xlnk_allocator_count_copy (GstXlnkAllocator * self, gsize size);

/* Fills in the memory functions of an allocator. */
void gst_xlnk_memory_init_functions (GstAllocator * allocator);

/* Takes the reference to @block. @flags are #GstMemoryFlags. */
GstMemory *gst_xlnk_memory_new (GstAllocator * allocator, XlnkBlock * block, GstMemory * parent, guint flags,
    gsize start, gsize maxsize, gsize align, gsize offset, gsize size);

void gst_xlnk_memory_free (GstMemory * mem);

/* FALSE in a forked child, whose parent has them. */
gboolean gst_xlnk_registers_are_ours (GstXlnkRegisters * self);

/* The physical address of the first register. */
guint64 gst_xlnk_registers_peek_address (GstXlnkRegisters * self);

/* The physical address of the first visible byte, without exposing the block. */
guint64 gst_xlnk_memory_peek_phys_addr (GstMemory * mem);

G_END_DECLS

#endif /* __GST_XLNK_PRIVATE_H__ */
