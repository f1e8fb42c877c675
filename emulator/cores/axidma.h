/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * axidma.h: registers of an AXI DMA in direct register mode (xlnk-abi §11.1), from the start of a channel.
 */
#ifndef CORES_AXIDMA_H
#define CORES_AXIDMA_H

enum
{
  DMA_MM2S = 0x00,
  DMA_S2MM = 0x30,

  DMA_CR = 0x00,
  DMA_SR = 0x04,
  DMA_ADDRESS = 0x18,
  DMA_ADDRESS_HIGH = 0x1c,
  DMA_LENGTH = 0x28,
};

enum
{
  CR_RUN = 1 << 0,
  CR_ALWAYS = 1 << 1,           /* reads as 1 */
  CR_RESET = 1 << 2,
  CR_IOC_IRQ = 1 << 12,
  CR_DELAY_IRQ = 1 << 13,
  CR_ERROR_IRQ = 1 << 14,

  SR_HALTED = 1 << 0,
  SR_IDLE = 1 << 1,
  SR_INTERNAL = 1 << 4,
  SR_SLAVE = 1 << 5,
  SR_DECODE = 1 << 6,
  SR_IOC_IRQ = 1 << 12,
  SR_DELAY_IRQ = 1 << 13,
  SR_ERROR_IRQ = 1 << 14,
};

#endif /* CORES_AXIDMA_H */
