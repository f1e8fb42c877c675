/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * driver.c: which request goes where. The driver compares the complete request value, direction and size bits included.
 */
#include "driver.h"
#include "user.h"

#include <errno.h>

/*
 * APF DMA is taken as not built in (CONFIG_XILINX_DMA_APF off). The driver's bodies are then compiled out and what is
 * left answers without looking at the block: -1, which reaches the caller as EPERM, but ENOMEM for DMASUBMIT.
 */
static long
dma_absent (Call * call)
{
  (void) call;
  return -EPERM;
}

static long
dma_submit_absent (Call * call)
{
  (void) call;
  return -ENOMEM;
}

/* Reads its block, then finds nothing to do: 0 from S2 on, -1 in S1. */
static long
dma_register_absent (Call * call)
{
  const long result = call_read_block (call);

  return result ? result : call->context->version->dmaregister;
}

static long
mcdma_register_absent (Call * call)
{
  const long result = call_read_block (call);

  return result ? result : -EPERM;
}

typedef struct
{
  unsigned code;
  BoardRequest request;
  Handler handler;
  Handler old;                  /* for the pointer form, where it differs */
} Row;

static const Row rows[] = {
  {ABI_REQUEST (2), REQUEST_ALLOC, driver_alloc, driver_alloc_old},
  {ABI_REQUEST (3), REQUEST_FREE, driver_free, NULL},
  {ABI_REQUEST (4), REQUEST_ADDDMABUF, driver_add_dmabuf, NULL},
  {ABI_REQUEST (5), REQUEST_CLEARDMABUF, driver_clear_dmabuf, NULL},
  {ABI_REQUEST (7), REQUEST_DMAREQUEST, dma_absent, NULL},
  {ABI_REQUEST (8), REQUEST_DMASUBMIT, dma_submit_absent, NULL},
  {ABI_REQUEST (9), REQUEST_DMAWAIT, dma_absent, NULL},
  {ABI_REQUEST (10), REQUEST_DMARELEASE, dma_absent, NULL},
  {ABI_REQUEST (16), REQUEST_DEVREGISTER, driver_device_register, NULL},
  {ABI_REQUEST (17), REQUEST_DMAREGISTER, dma_register_absent, NULL},
  {ABI_REQUEST (18), REQUEST_DEVUNREGISTER, driver_device_unregister, NULL},
  {ABI_REQUEST (23), REQUEST_MCDMAREGISTER, mcdma_register_absent, NULL},
  {ABI_REQUEST (24), REQUEST_CACHECTRL, driver_cache_control, driver_cache_control_old},
  {ABI_REQUEST (25), REQUEST_MEMOP, driver_memop, NULL},
  {ABI_REQUEST (30), REQUEST_CONFIG, driver_config, NULL},
  {ABI_REQUEST (35), REQUEST_IRQREGISTER, driver_irq_register, NULL},
  {ABI_REQUEST (36), REQUEST_IRQUNREGISTER, driver_irq_unregister, NULL},
  {ABI_REQUEST (37), REQUEST_IRQWAIT, driver_irq_wait, NULL},
  {ABI_REQUEST (100), REQUEST_SHUTDOWN, driver_shutdown, NULL},
  {ABI_REQUEST (101), REQUEST_RECRES, driver_recover, NULL},
};

static bool
has_request (const BoardVersion * version, BoardRequest request)
{
  switch (request) {
    case REQUEST_ADDDMABUF:
    case REQUEST_CLEARDMABUF:
      return version->dmabuf;
    case REQUEST_MCDMAREGISTER:
      return version->mcdma;
    case REQUEST_MEMOP:
      return version->memop;
    case REQUEST_CONFIG:
      return version->config;
    case REQUEST_IRQREGISTER:
    case REQUEST_IRQUNREGISTER:
    case REQUEST_IRQWAIT:
      return version->irq;
    default:
      return true;
  }
}

static const Row *
find_row (const BoardVersion * version, unsigned code)
{
  for (unsigned i = 0; i < sizeof rows / sizeof rows[0]; i++) {
    if (rows[i].code == code && has_request (version, rows[i].request))
      return &rows[i];
  }
  return NULL;
}

static int
enter (Context * context, const Row * row)
{
  int fault;

  context_lock (context);
  context->board.state->counters.ioctls++;
  fault = row ? board_fault (&context->board, row->request) : 0;
  context_unlock (context);
  return fault;
}

long
driver_ioctl (Context * context, int fd, unsigned code, unsigned long argument)
{
  Call call = {.context = context,.fd = fd,.user = (void *) argument };
  const Row *row;
  long result;
  int fault;

  if (_IOC_TYPE (code) != ABI_MAGIC || _IOC_NR (code) > ABI_LAST)
    return -ENOTTY;
  row = find_row (context->version, code);
  fault = enter (context, row);
  if (!row)
    return context->version->unknown_ok ? 0 : -EINVAL;
  if (fault < 0)
    return fault;
  call.short_by = fault == BOARD_FAULT_KILL ? 0 : fault;
  result = context->version->pointers && row->old ? row->old (&call) : row->handler (&call);
  context_obey (fault);
  return result == 0 ? fault : result;
}

long
call_read_block (Call * call)
{
  return user_read (&call->block, call->user, ABI_UNION_SIZE) == 0 ? 0 : -ENOMEM;
}

long
call_write_block (Call * call)
{
  const unsigned missing = (unsigned) call->short_by < ABI_UNION_SIZE ? (unsigned) call->short_by : ABI_UNION_SIZE;

  return (long) (user_write (call->user, &call->block, ABI_UNION_SIZE - missing) + missing);
}
