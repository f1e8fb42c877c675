/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * gstxlnkhlsarguments.h: which argument of an HLS core is in which register, and what a frame puts there.
 */
#ifndef __GST_XLNK_HLS_ARGUMENTS_H__
#define __GST_XLNK_HLS_ARGUMENTS_H__

#include "gstxlnkfields.h"

G_BEGIN_DECLS

/* The registers that tell of one side, input or output. */
typedef struct
{
  GstXlnkOffsets address;
  GstXlnkOffsets stride;
  GstXlnkOffsets size;
  guint width;
  guint height;
  guint format;
} GstXlnkHlsSide;

enum
{
  GST_XLNK_HLS_SRC,
  GST_XLNK_HLS_DST,
  GST_XLNK_HLS_SIDES
};

typedef struct
{
  GstXlnkHlsSide side[GST_XLNK_HLS_SIDES];
  GstXlnkWords set;
  guint address_bits;           /* 32, or 64: two words each */
  guint alignment;              /* of addresses, in bytes */
  gboolean scales;              /* makes another size without being told which */

  /* Of the caps. */
  guint width[GST_XLNK_HLS_SIDES], height[GST_XLNK_HLS_SIDES];  /* 0: of no picture */
  guint64 least_size[GST_XLNK_HLS_SIDES];       /* bytes of a sensor's picture; 0: of anything else */
  gboolean is_video[GST_XLNK_HLS_SIDES];
  GstVideoInfo info[GST_XLNK_HLS_SIDES];
} GstXlnkHlsArguments;

void gst_xlnk_hls_arguments_init (GstXlnkHlsArguments * self);

/* What can be known from the description: registers that overlap, or are the control registers. @end is where the
 * last one ends. */
gboolean gst_xlnk_hls_arguments_check (const GstXlnkHlsArguments * self, gsize * end, GError ** error);

gboolean gst_xlnk_hls_arguments_configure (GstXlnkHlsArguments * self, GstCaps * in_caps, GstCaps * out_caps,
    GError ** error);

/* Whether a core that reads one buffer and writes another (@transforms), or works on one, can do with a frame of @info
 * only if it lies as @info says, being told no other. */
gboolean gst_xlnk_hls_arguments_need_default_layout (const GstXlnkHlsArguments * self, const GstVideoInfo * info,
    gboolean transforms);

/* Whether the core can do this job: addresses, alignment, and how the frame lies in memory. */
gboolean gst_xlnk_hls_arguments_check_job (const GstXlnkHlsArguments * self, const GstXlnkJob * job, GError ** error);

void gst_xlnk_hls_arguments_write (const GstXlnkHlsArguments * self, GstXlnkRegisters * registers,
    const GstXlnkJob * job);

G_END_DECLS

#endif /* __GST_XLNK_HLS_ARGUMENTS_H__ */
