/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * registers.c: one 32-bit access to a register, whatever the kind of core.
 */
#include "cores.h"

#include <linux/futex.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

/* What a process that died under the lock left half-done is one register: nothing to put right. */
void
core_lock (Core * core)
{
  board_lock_take (&core->lock);
}

void
core_unlock (Core * core)
{
  board_lock_release (&core->lock);
}

void
core_wake (Core * core)
{
  __atomic_add_fetch (&core->wake, 1, __ATOMIC_RELEASE);
  syscall (SYS_futex, &core->wake, FUTEX_WAKE, 1, NULL, NULL, 0);
}

uint32_t
core_peek (const Core * core, uint32_t offset)
{
  if (offset / 4 >= CORE_WORDS)
    return 0;
  return core->config.kind == CORE_HLS ? hls_peek (core, offset) : dma_peek (core, offset);
}

uint32_t
core_read (Core * core, uint32_t offset)
{
  uint32_t value;

  if (offset / 4 >= CORE_WORDS)
    return 0;
  if (core->config.kind == CORE_DMA)
    return dma_peek (core, offset);
  value = hls_read (core, offset);
  interrupt_update (core);
  return value;
}

void
core_write (Core * core, uint32_t offset, uint32_t value)
{
  if (offset / 4 >= CORE_WORDS)
    return;
  if (core->config.kind == CORE_HLS)
    hls_write (core, offset, value);
  else
    dma_write (core, offset, value);
  interrupt_update (core);
}

/*
 * The engine looks at the generation at the start of each burst (memory.c). As in hardware a reset waits for the burst
 * under way, so that no store comes after it; not for ever, because the runner may be dead.
 */
void
core_stop_job (Core * core)
{
  const struct timespec moment = { 0, 5000 };

  __atomic_add_fetch (&core->generation, 1, __ATOMIC_SEQ_CST);
  for (unsigned i = 0; i < 2000 && __atomic_load_n (&core->bursting, __ATOMIC_SEQ_CST); i++)
    nanosleep (&moment, NULL);
  core_wake (core);
}

void
core_reset (Core * core)
{
  core_stop_job (core);
  memset (&core->hls, 0, sizeof core->hls);
  dma_reset (core);
  interrupt_update (core);
}
