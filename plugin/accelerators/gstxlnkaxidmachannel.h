/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * gstxlnkaxidmachannel.h: one channel of an AXI DMA in direct register mode (xlnk-abi §11.1), and a job of one or more
 * transfers on it.
 */
#ifndef __GST_XLNK_AXI_DMA_CHANNEL_H__
#define __GST_XLNK_AXI_DMA_CHANNEL_H__

#include <gst/xlnk/xlnk.h>

G_BEGIN_DECLS

/* Bytes that follow each other in memory. */
typedef struct
{
  guint64 address;
  guint64 size;
} GstXlnkRun;

typedef struct
{
  /* What it is. */
  GstXlnkRegisters *registers;
  const gchar *name;            /* "MM2S" or "S2MM" */
  gsize base;                   /* of its registers */
  gboolean writes;              /* S2MM: to memory */
  guint address_bits;
  guint64 limit;                /* bytes of one transfer */

  /* The job. */
  GstXlnkRun run[GST_VIDEO_MAX_PLANES];
  guint n_runs;
  guint at;                     /* the run it is in */
  guint64 done;                 /* bytes of that run */
  guint64 transfer;             /* bytes of the transfer under way */
  gboolean ended;               /* DMASR said that it is complete; the bit is acknowledged, and so remembered here */

  guint32 status;               /* DMASR as it was read last */
  gint64 received;              /* bytes, when it was fewer than the transfer; else -1 */
} GstXlnkAxiDmaChannel;

/* Halted, which a channel that is not there cannot say: its registers read 0. */
gboolean gst_xlnk_axi_dma_channel_is_halted (GstXlnkAxiDmaChannel * self);

/* The core was built with the scatter-gather engine, and does not know LENGTH. */
gboolean gst_xlnk_axi_dma_channel_has_scatter_gather (GstXlnkAxiDmaChannel * self);

/* Resets the whole core, both channels. */
void gst_xlnk_axi_dma_channel_begin_reset (GstXlnkAxiDmaChannel * self);
gboolean gst_xlnk_axi_dma_channel_is_resetting (GstXlnkAxiDmaChannel * self);

/* Runs, with its interrupt off or on; or stops. */
void gst_xlnk_axi_dma_channel_run (GstXlnkAxiDmaChannel * self, gboolean interrupt);
void gst_xlnk_axi_dma_channel_stop (GstXlnkAxiDmaChannel * self);

/* What the channel is to do: runs of @planes that follow each other are one. */
void gst_xlnk_axi_dma_channel_set_job (GstXlnkAxiDmaChannel * self, const GstXlnkPlanes * planes);

/* Starts the first transfer. */
void gst_xlnk_axi_dma_channel_start (GstXlnkAxiDmaChannel * self);

void gst_xlnk_axi_dma_channel_acknowledge (GstXlnkAxiDmaChannel * self);

gboolean gst_xlnk_axi_dma_channel_is_done (const GstXlnkAxiDmaChannel * self);

/* Of one that is not done: reads the status, acknowledges it, and starts the next transfer of the job. */
GstXlnkProgress gst_xlnk_axi_dma_channel_look (GstXlnkAxiDmaChannel * self);

/* After look has said FAILED. */
void gst_xlnk_axi_dma_channel_set_error (GstXlnkAxiDmaChannel * self, GError ** error);

void gst_xlnk_axi_dma_channel_describe (GstXlnkAxiDmaChannel * self, GString * text);

G_END_DECLS

#endif /* __GST_XLNK_AXI_DMA_CHANNEL_H__ */
