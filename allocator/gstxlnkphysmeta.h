/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef __GST_XLNK_PHYS_META_H__
#define __GST_XLNK_PHYS_META_H__

#include <gst/xlnk/gstxlnk-prelude.h>

G_BEGIN_DECLS

typedef struct _GstXlnkPhysMeta GstXlnkPhysMeta;

/**
 * GstXlnkPhysMeta:
 * @meta: the parent
 *
 * A marker without fields: "this buffer is physically contiguous; ask gst_xlnk_buffer_get_planes() for its planes".
 * In an allocation query its API type says that the element understands it.
 *
 * A copy of the whole buffer keeps the marker if its memory is ours as well; other transformations drop it. It is
 * tagged `memory` and `memory-reference`, so elements that replace the memory drop it too.
 *
 * Since: 0.1
 */
struct _GstXlnkPhysMeta
{
  GstMeta meta;
};

/**
 * GST_XLNK_PHYS_META_API_TYPE:
 *
 * Since: 0.1
 */
#define GST_XLNK_PHYS_META_API_TYPE (gst_xlnk_phys_meta_api_get_type ())

/**
 * gst_xlnk_phys_meta_api_get_type: (skip)
 *
 * Since: 0.1
 */
GST_XLNK_API
GType gst_xlnk_phys_meta_api_get_type (void);

/**
 * gst_xlnk_phys_meta_get_info: (skip)
 *
 * Since: 0.1
 */
GST_XLNK_API
const GstMetaInfo *gst_xlnk_phys_meta_get_info (void);

/**
 * gst_buffer_add_xlnk_phys_meta: (skip)
 * @buffer: a writable buffer whose memories are all ours
 *
 * The buffers of #GstXlnkBufferPool have it already. A buffer that has it keeps the one.
 *
 * Returns: (transfer none) (nullable): the marker, or %NULL if a memory of @buffer is not ours or there is none
 *
 * Since: 0.1
 */
GST_XLNK_API
GstXlnkPhysMeta *gst_buffer_add_xlnk_phys_meta (GstBuffer * buffer);

/**
 * gst_buffer_get_xlnk_phys_meta: (skip)
 * @buffer: a buffer
 *
 * Returns: (transfer none) (nullable): the marker, or %NULL
 *
 * Since: 0.1
 */
GST_XLNK_API
GstXlnkPhysMeta *gst_buffer_get_xlnk_phys_meta (GstBuffer * buffer);

G_END_DECLS

#endif /* __GST_XLNK_PHYS_META_H__ */
