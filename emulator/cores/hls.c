/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * hls.c: the control registers that Vitis HLS generates around a core (xlnk-abi §11.2).
 */
#include "hls.h"
#include "cores.h"

#include <string.h>

static bool
is_pointer (uint32_t offset)
{
  switch (offset) {
    case HLS_SRC:
    case HLS_DST:
    case HLS_SRC_1:
    case HLS_SRC_2:
    case HLS_DST_1:
    case HLS_DST_2:
      return true;
    default:
      return false;
  }
}

static bool
is_scalar (uint32_t offset)
{
  if (offset >= HLS_WIDTH && offset <= HLS_OUT_HEIGHT)
    return offset % 8 == 0;
  return offset >= HLS_SRC_STRIDE_1 && offset <= HLS_DST_STRIDE_2 && offset % 8 == 0;
}

static bool
is_argument (const Core * core, uint32_t offset)
{
  return is_pointer (offset) || is_scalar (offset) || (core->config.address_width > 32 && is_pointer (offset - 4));
}

static bool
is_idle (const HlsRegisters * hls)
{
  return !hls->running && !hls->waiting;
}

/* What a job works with is settled here: storing to an argument of a running core reaches the next job. */
static void
begin (Core * core)
{
  HlsRegisters *hls = &core->hls;

  memcpy (hls->job, hls->arguments, sizeof hls->job);
  hls->running = 1;
  core_wake (core);
}

static uint32_t
control (const Core * core)
{
  const HlsRegisters *hls = &core->hls;
  uint32_t value = 0;

  if (hls->start)
    value |= AP_START;
  if (hls->done)
    value |= AP_DONE;
  if (is_idle (hls))
    value |= AP_IDLE;
  if (hls->ready)
    value |= AP_READY;
  if (hls->restart)
    value |= AP_AUTO_RESTART;
  if (core->config.tools != TOOLS_2018_3 && hls_line (core))
    value |= AP_INTERRUPT;
  return value;
}

static void
write_control (Core * core, uint32_t value)
{
  HlsRegisters *hls = &core->hls;

  hls->restart = (value & AP_AUTO_RESTART) != 0;
  if (value & AP_START)
    hls->start = 1;
  if (core->config.chain && (value & AP_CONTINUE) && hls->waiting) {
    hls->waiting = 0;
    hls->done = 0;
  }
  if (hls->start && is_idle (hls))
    begin (core);
}

uint32_t
hls_peek (const Core * core, uint32_t offset)
{
  switch (offset) {
    case HLS_CONTROL:
      return control (core);
    case HLS_GIE:
      return core->hls.gie;
    case HLS_IER:
      return core->hls.ier;
    case HLS_ISR:
      return core->hls.isr;
    default:
      return is_argument (core, offset) ? core->hls.arguments[offset / 4] : 0;
  }
}

uint32_t
hls_read (Core * core, uint32_t offset)
{
  HlsRegisters *hls = &core->hls;
  const uint32_t value = hls_peek (core, offset);

  if (offset == HLS_CONTROL) {
    hls->ready = 0;
    /* A chained core holds ap_done up until ap_continue. */
    if (!hls->waiting)
      hls->done = 0;
  } else if (offset == HLS_ISR && core->config.tools == TOOLS_2022_1) {
    hls->isr = 0;
  }
  return value;
}

void
hls_write (Core * core, uint32_t offset, uint32_t value)
{
  HlsRegisters *hls = &core->hls;

  switch (offset) {
    case HLS_CONTROL:
      write_control (core, value);
      break;
    case HLS_GIE:
      hls->gie = value & 1;
      break;
    case HLS_IER:
      hls->ier = value & 3;
      break;
    case HLS_ISR:
      if (core->config.tools != TOOLS_2022_1)
        hls->isr ^= value & 3;
      break;
    default:
      if (is_argument (core, offset))
        hls->arguments[offset / 4] = value;
  }
}

/* ap_ready comes with ap_done: these cores take no new arguments before they are through. */
void
hls_finish (Core * core)
{
  HlsRegisters *hls = &core->hls;

  hls->running = 0;
  hls->done = 1;
  hls->ready = core->config.tools != TOOLS_2018_3;
  hls->isr |= hls->ier;
  hls->start = hls->restart;
  hls->waiting = core->config.chain;
  if (hls->start && !hls->waiting)
    begin (core);
}

bool
hls_line (const Core * core)
{
  return core->hls.gie && core->hls.isr != 0;
}
