/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * interrupt.c: from a core's interrupt line to /dev/uioN, as uio_pdrv_genirq does it: the line is a level; the driver
 * masks it each time it comes, and counts; a program writes 1 to the node to unmask it, and if the line is still high
 * it comes again at once.
 */
#include "cores.h"

#include <time.h>

uint64_t
core_now (void)
{
  struct timespec now;

  clock_gettime (CLOCK_MONOTONIC, &now);
  return (uint64_t) now.tv_sec * 1000000000u + (uint64_t) now.tv_nsec;
}

static bool
line (const Core * core)
{
  return core->config.kind == CORE_HLS ? hls_line (core) : dma_line (core);
}

/* The engine tells the node: it alone may write to it. */
static void
fire (Core * core)
{
  core->enabled = 0;
  __atomic_add_fetch (&core->events, 1, __ATOMIC_RELEASE);      /* whoever reads the node has no lock */
  core->statistics.interrupts++;
  core->pending = 1;
  core->announce_at = core->config.irq_delay ? core_now () + core->config.irq_delay : 0;
  core_wake (core);
}

static void
note_assertion (Core * core)
{
  core->asserted = 1;
  core->assertions++;
  core->ignored = core->config.irq == IRQ_LOST && core->assertions % core->config.irq_every == 0;
  core->statistics.lost += core->ignored;
}

void
interrupt_update (Core * core)
{
  if (core->config.irq == IRQ_NONE)
    return;
  if (!line (core)) {
    core->asserted = 0;
    core->ignored = 0;
    return;
  }
  if (!core->asserted)
    note_assertion (core);
  if (core->enabled && !core->ignored)
    fire (core);
}

void
interrupt_raise (Core * core)
{
  if (core->config.irq == IRQ_NONE || !core->enabled)
    return;
  core->statistics.spurious++;
  fire (core);
}

void
interrupt_enable (Core * core, bool enable)
{
  core->enabled = enable;
  interrupt_update (core);
}
