/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * window.c: registers for programs that load and store without the hooks. The engine copies the registers into the page
 * that they mapped and looks there for words that changed.
 *
 * A load cannot be seen: ap_done stays up until the next start. Nor can a store of the value that is there: where such
 * a store means something (a status bit cleared by writing it, a length that starts a transfer), a bit that the
 * register does not have marks the word as not stored to.
 */
#include "axidma.h"
#include "cores.h"
#include "hls.h"

#define UNTOUCHED 0x80000000u

static bool
acts_when_stored (const Core * core, uint32_t offset)
{
  if (core->config.kind == CORE_HLS)
    return offset == HLS_ISR;
  return offset % DMA_S2MM == DMA_SR || offset % DMA_S2MM == DMA_LENGTH;
}

static void
show (Core * core, volatile uint32_t * window, uint32_t offset)
{
  uint32_t value = core_peek (core, offset);

  if (acts_when_stored (core, offset))
    value |= UNTOUCHED;
  if (core->shown[offset / 4] == value)
    return;
  core->shown[offset / 4] = value;
  window[offset / 4] = value;
}

void
core_show (CoreTable * table, Core * core)
{
  volatile uint32_t *window = core_window (table, core);

  for (uint32_t i = 0; i < CORE_WORDS; i++)
    show (core, window, i * 4);
}

static bool
take (Core * core, volatile uint32_t * window, uint32_t offset)
{
  const uint32_t value = window[offset / 4];

  if (value == core->shown[offset / 4])
    return false;
  core->shown[offset / 4] = value;
  core_write (core, offset, value);
  return true;
}

/* The first word last: a program stores the arguments before it starts the core, whatever order we look in. */
bool
core_take_stores (CoreTable * table, Core * core)
{
  volatile uint32_t *window = core_window (table, core);
  const bool starts_first = core->config.kind == CORE_HLS;
  bool any = false;

  if (!starts_first)
    any = take (core, window, 0);
  for (uint32_t i = 1; i < CORE_WORDS; i++)
    any = take (core, window, i * 4) || any;
  if (starts_first)
    any = take (core, window, 0) || any;
  core_show (table, core);
  return any;
}
