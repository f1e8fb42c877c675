/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * offloadcheck.h: what the tests of xlnkaccel with a core share: pipelines of gst-launch syntax, their frames, and the
 * cores' results computed by the CPU.
 */
#ifndef OFFLOAD_CHECK_H
#define OFFLOAD_CHECK_H

#include <gst/video/video.h>

#include "xlnkcheck.h"

/* The registers of the emulated HLS cores (docs/emulated-cores.md). */
#define OFFLOAD_HLS(uio, more) \
  "hls,uio=" uio ",src=0x10,dst=0x1c,address-bits=64,width=0x28,height=0x30" more

/* One frame, rows packed, planes one behind the other: bytes that do not depend on strides. */
typedef struct
{
  GstVideoInfo info;
  guint8 *data;
  gsize size;
} OffloadFrame;

/* Runs @line to its end and returns (as OffloadFrame) what came to its element `sink`, a fakesink. The statistics of
 * its element `accel`, if there is one, go to @stats (nullable). */
GPtrArray *offload_run (const char *line, GstStructure ** stats);

guint64 offload_number (const GstStructure * stats, const char *name);

/* What the cores are to do. */
void offload_invert (OffloadFrame * frame);
void offload_sobel (OffloadFrame * frame);

/* Fails the test, naming the first byte that differs. */
void offload_compare (GPtrArray * frames, GPtrArray * expected);

#endif /* OFFLOAD_CHECK_H */
