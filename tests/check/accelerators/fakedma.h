/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * fakedma.h: an AXI DMA in direct register mode (xlnk-abi §11.1) around a loop of its streams: what MM2S sends arrives
 * at S2MM, packet by packet.
 */
#ifndef FAKE_DMA_H
#define FAKE_DMA_H

#include "fakecore.h"

typedef struct
{
  gboolean exists;
  guint32 cr, sr, low, high, length;
  gboolean active;              /* a transfer is under way */
  gint64 finish;                /* MM2S: when it is */
  guint32 asked;                /* bytes of the transfer */
  guint transfers;
  guint64 bytes;                /* in all */
  guint32 error_at;             /* the transfer, from 1, that ends with error; 0: none */
  guint32 error;                /* its bits of DMASR */
} FakeChannel;

typedef struct
{
  FakeCore core;

  FakeChannel channel[2];       /* MM2S, S2MM */
  guint length_width;
  guint alignment;
  gint64 latency;               /* µs of an MM2S transfer, and of S2MM alone */
  gboolean hangs;
  gboolean stuck;               /* a reset does not end */
  gboolean only_mm2s_interrupts;
  gboolean scatter_gather;
  guint shorter;                /* bytes that the next packet loses in the core */

  guint64 fifo[64];             /* packets between the two, in bytes */
  guint in_fifo;
  guint resets;
  guint mistakes;               /* started while busy or halted, misaligned, more bits than LENGTH has */
} FakeDma;

void fake_dma_add (FakeDma * self, const gchar * name);

#endif /* FAKE_DMA_H */
