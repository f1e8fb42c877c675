/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * pl330.h: ARM's PL330 DMA controller as a copying machine. Every Zynq-7000 has one in its processing system (its secure
 * registers are at 0xf8003000), so this needs no FPGA design.
 *
 * The kernel's driver must let go of the controller first:
 *
 *   echo f8003000.dmac >/sys/bus/amba/drivers/dma-pl330/unbind
 *
 * The controller runs a program of its own, which it fetches from memory: from an xlnk buffer, here.
 */
#ifndef PL330_H
#define PL330_H

#include <gst/xlnk/xlnk.h>

G_BEGIN_DECLS

#define PL330_REGISTERS 0x1000  /* bytes */

typedef struct
{
  GstXlnkRegisters *registers;
  GstMemory *program;
  GstMapInfo map;               /* of the program for the device, while it runs */
  gboolean running;
} Pl330;

/* @base: of its registers in /dev/mem. @allocator: where the program gets its buffer. */
gboolean pl330_open (Pl330 * self, guint64 base, GstXlnkAllocator * allocator, GError ** error);

/* Not while it runs. */
void pl330_close (Pl330 * self);

/* Starts to copy @in to @out, plane by plane. All of it is mapped for the device until pl330_wait has said DONE, or
 * pl330_stop TRUE. */
gboolean pl330_start (Pl330 * self, const GstXlnkPlanes * in, const GstXlnkPlanes * out, GError ** error);
GstXlnkWait pl330_wait (Pl330 * self, gint64 deadline, GError ** error);
gboolean pl330_stop (Pl330 * self, GError ** error);

gchar *pl330_describe (Pl330 * self);

G_END_DECLS

#endif /* PL330_H */
