/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * hls.h: where the registers of the HLS models are (docs/emulated-cores.md). Control as xlnk-abi §11.2; a 64-bit pointer
 * is two data words and a reserved one, a scalar is one and one.
 */
#ifndef CORES_HLS_H
#define CORES_HLS_H

enum
{
  HLS_CONTROL = 0x00,
  HLS_GIE = 0x04,
  HLS_IER = 0x08,
  HLS_ISR = 0x0c,
  HLS_SRC = 0x10,
  HLS_DST = 0x1c,
  HLS_WIDTH = 0x28,
  HLS_HEIGHT = 0x30,
  HLS_SRC_STRIDE = 0x38,
  HLS_DST_STRIDE = 0x40,
  HLS_FORMAT = 0x48,
  HLS_OUT_WIDTH = 0x50,
  HLS_OUT_HEIGHT = 0x58,
  HLS_SRC_1 = 0x60,
  HLS_SRC_2 = 0x6c,
  HLS_DST_1 = 0x78,
  HLS_DST_2 = 0x84,
  HLS_SRC_STRIDE_1 = 0x90,
  HLS_SRC_STRIDE_2 = 0x98,
  HLS_DST_STRIDE_1 = 0xa0,
  HLS_DST_STRIDE_2 = 0xa8,
};

enum
{
  AP_START = 1 << 0,
  AP_DONE = 1 << 1,
  AP_IDLE = 1 << 2,
  AP_READY = 1 << 3,
  AP_CONTINUE = 1 << 4,
  AP_AUTO_RESTART = 1 << 7,
  AP_INTERRUPT = 1 << 9,
};

#endif /* CORES_HLS_H */
