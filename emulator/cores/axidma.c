/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * axidma.c: the registers of an AXI DMA without scatter-gather (xlnk-abi §11.1): two channels, a reset for both.
 */
#include "axidma.h"
#include "cores.h"

#include <string.h>

#define CR_KEPT 0xffff7018u     /* threshold, delay, interrupt enables, keyhole, cyclic */
#define CR_AFTER_RESET 0x00010000u      /* a threshold of one */
#define SR_IRQS (SR_IOC_IRQ | SR_DELAY_IRQ | SR_ERROR_IRQ)
#define SR_ERRORS (SR_INTERNAL | SR_SLAVE | SR_DECODE)

void
dma_reset (Core * core)
{
  memset (core->dma, 0, sizeof core->dma);
  for (unsigned i = 0; i < 2; i++) {
    core->dma[i].control = CR_AFTER_RESET;
    core->dma[i].halted = 1;
  }
}

static bool
has_channel (const Core * core, unsigned channel)
{
  return core->config.channels & (1u << channel);
}

static void
halt_if_stopped (DmaChannel * channel)
{
  if (channel->run || channel->active)
    return;
  channel->halted = 1;
}

static void
write_control (Core * core, DmaChannel * channel, uint32_t value)
{
  if (value & CR_RESET) {
    core_stop_job (core);
    dma_reset (core);
    return;
  }
  channel->control = value & CR_KEPT;
  channel->run = value & CR_RUN;
  /* An error halts for good: only a reset helps. */
  if (channel->run && !(channel->status & SR_ERRORS))
    channel->halted = 0;
  halt_if_stopped (channel);
}

static bool
is_aligned (const Core * core, uint64_t address)
{
  return core->config.realigns || address % (core->config.data_width / 8) == 0;
}

void
dma_fail (Core * core, unsigned number, uint32_t error)
{
  DmaChannel *channel = &core->dma[number];

  channel->status |= error | SR_ERROR_IRQ;
  channel->active = 0;
  channel->run = 0;
  channel->halted = 1;
  core->statistics.errors++;
}

static void
write_length (Core * core, unsigned number, uint32_t value)
{
  DmaChannel *channel = &core->dma[number];

  channel->length = value & ((1u << core->config.length_width) - 1);
  if (channel->halted || !channel->run || channel->active)
    return;
  channel->status &= ~(uint32_t) SR_IDLE;
  channel->received = 0;
  if (channel->length == 0 || !is_aligned (core, channel->address)) {
    dma_fail (core, number, SR_INTERNAL);
    return;
  }
  channel->active = 1;
  core_wake (core);
}

void
dma_write (Core * core, uint32_t offset, uint32_t value)
{
  const unsigned number = offset >= DMA_S2MM;
  DmaChannel *channel = &core->dma[number];

  if (offset >= 2 * DMA_S2MM || !has_channel (core, number))
    return;
  switch (offset % DMA_S2MM) {
    case DMA_CR:
      write_control (core, channel, value);
      break;
    case DMA_SR:
      channel->status &= ~(value & SR_IRQS);
      break;
    case DMA_ADDRESS:
      channel->address = (channel->address & ~(uint64_t) UINT32_MAX) | value;
      break;
    case DMA_ADDRESS_HIGH:
      if (core->config.address_width > 32)
        channel->address = (channel->address & UINT32_MAX) | (uint64_t) value << 32;
      break;
    case DMA_LENGTH:
      write_length (core, number, value);
      break;
    default:
      break;
  }
}

uint32_t
dma_peek (const Core * core, uint32_t offset)
{
  const unsigned number = offset >= DMA_S2MM;
  const DmaChannel *channel = &core->dma[number];

  if (offset >= 2 * DMA_S2MM || !has_channel (core, number))
    return 0;
  switch (offset % DMA_S2MM) {
    case DMA_CR:
      return channel->control | CR_ALWAYS | channel->run;
    case DMA_SR:
      return channel->status | (channel->halted ? (uint32_t) SR_HALTED : 0);
    case DMA_ADDRESS:
      return (uint32_t) channel->address;
    case DMA_ADDRESS_HIGH:
      return (uint32_t) (channel->address >> 32);
    case DMA_LENGTH:
      return number == S2MM && !channel->active && (channel->status & SR_IDLE) ? channel->received : channel->length;
    default:
      return 0;
  }
}

void
dma_finish (Core * core, unsigned number)
{
  DmaChannel *channel = &core->dma[number];

  channel->active = 0;
  channel->status |= SR_IDLE | SR_IOC_IRQ;
  halt_if_stopped (channel);
}

bool
dma_line (const Core * core)
{
  /* The enables in DMACR stand at the same bits as the causes in DMASR. */
  return ((core->dma[MM2S].status & core->dma[MM2S].control) | (core->dma[S2MM].status & core->dma[S2MM].control))
      & SR_IRQS;
}
