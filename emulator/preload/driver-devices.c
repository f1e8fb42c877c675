/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * driver-devices.c: platform devices and interrupts (xlnk-abi §8.1). There is no hardware behind them here: a device
 * can be registered, an interrupt never comes.
 */
#include "driver.h"
#include "user.h"

#include <errno.h>
#include <poll.h>
#include <stddef.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

static BoardPlatformDevice *
find_device (Context * context, uint64_t base)
{
  BoardPlatformDevice *devices = context->board.state->devices;

  for (unsigned i = 0; i < context->version->devices; i++) {
    if (devices[i].used && devices[i].base == base)
      return &devices[i];
  }
  return NULL;
}

/* A full table keeps no record and says nothing; only S8 notices, and says ENOMEM. */
static long
add_device (Context * context, uint64_t base)
{
  BoardPlatformDevice *devices = context->board.state->devices;

  for (unsigned i = 0; i < context->version->devices; i++) {
    if (!devices[i].used) {
      devices[i] = (BoardPlatformDevice) { base, 1, 1 };
      return 0;
    }
  }
  return context->version->reclaim ? -ENOMEM : 0;
}

/* More than seven interrupts do not fit beside the registers. */
static bool
too_many (const uint32_t * irqs)
{
  for (unsigned i = 0; i < 8; i++) {
    if (irqs[i] == 0)
      return false;
  }
  return true;
}

long
driver_device_register (Call * call)
{
  Context *context = call->context;
  BoardPlatformDevice *device;
  uint32_t irqs[8];
  uint64_t base;
  long result = call_read_block (call);

  if (result)
    return result;
  base = call->block.device.base;
  memcpy (irqs, context->version->pointers ? (char *) &call->block + offsetof (AbiOldDevice, irqs)
      : (char *) &call->block + offsetof (AbiDevice, irqs), sizeof irqs);
  context_lock (context);
  device = find_device (context, base);
  if (device)
    device->refs++;
  else
    result = too_many (irqs) ? -ENOMEM : add_device (context, base);
  context_unlock (context);
  return result;
}

/* Unknown bases are 0 too. S1 does not count references. */
long
driver_device_unregister (Call * call)
{
  Context *context = call->context;
  BoardPlatformDevice *device;
  const long result = call_read_block (call);

  if (result)
    return result;
  context_lock (context);
  device = find_device (context, call->block.device.base);
  if (device && (context->version->pointers || --device->refs == 0))
    memset (device, 0, sizeof *device);
  context_unlock (context);
  return 0;
}

/* One entry per interrupt number: a second registration gets the first one's id. */
static int32_t
irq_entry (BoardState * state, int32_t irq)
{
  int32_t entry = -1;

  for (int32_t i = 0; i < (int32_t) BOARD_MAX_IRQS; i++) {
    if (state->irq_used[i] && state->irqs[i] == irq)
      return i;
    if (!state->irq_used[i] && entry < 0)
      entry = i;
  }
  if (entry >= 0) {
    state->irq_used[entry] = 1;
    state->irqs[entry] = irq;
  }
  return entry;
}

/* Copies only its own part of the union, both ways. */
long
driver_irq_register (Call * call)
{
  AbiIrq *irq = &call->block.irq;

  if (user_read (irq, call->user, sizeof *irq))
    return -ENOMEM;
  if (irq->type != IRQ_LEVEL_HIGH)
    return -EINVAL;
  context_lock (call->context);
  irq->id = irq_entry (call->context->board.state, irq->irq);
  context_unlock (call->context);
  if (irq->id < 0)
    return -ENOMEM;
  return (long) user_write (call->user, irq, sizeof *irq);
}

static bool
is_registered (const Call * call, int32_t id)
{
  return id >= 0 && id < (int32_t) BOARD_MAX_IRQS && call->context->board.state->irq_used[id];
}

long
driver_irq_unregister (Call * call)
{
  const long result = call_read_block (call);

  if (result)
    return result;
  if (!is_registered (call, call->block.irq_wait.id))
    return -EINVAL;
  call->context->board.state->irq_used[call->block.irq_wait.id] = 0;
  return 0;
}

/* The real one sleeps uninterruptibly; here at least kill -9 works. */
long
driver_irq_wait (Call * call)
{
  AbiIrqWait *wait = &call->block.irq_wait;

  if (user_read (wait, call->user, sizeof *wait))
    return -ENOMEM;
  if (!is_registered (call, wait->id))
    return -EINVAL;
  if (!wait->polling) {
    context_say ("IRQWAIT on an interrupt that nobody raises: sleeps for ever");
    for (;;)
      poll (NULL, 0, -1);
  }
  wait->success = 0;
  return (long) user_write (call->user, wait, sizeof *wait);
}
