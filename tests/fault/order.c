/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "order.h"

#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

#include <glib.h>

#include "points.h"

static Order *own;
static unsigned self;
static void (*own_pause) (bool before_free);

Order *
order_new (void)
{
  Order *order = mmap (NULL, sizeof *order, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

  g_assert_true (order != MAP_FAILED);
  return order;
}

/* Whoever dies on purpose does not die in here. */
void
order_enter (Order * order)
{
  uint32_t free = 0;

  while (!__atomic_compare_exchange_n (&order->lock, &free, 1, false, __ATOMIC_ACQUIRE, __ATOMIC_RELAXED)) {
    free = 0;
    sched_yield ();
  }
  order->now++;
}

void
order_leave (Order * order)
{
  __atomic_store_n (&order->lock, 0, __ATOMIC_RELEASE);
}

/*** the stranger ***/

void
order_took (Order * order, uint32_t id)
{
  OrderId *entry = &order->ids[id];

  entry->live = entry->strangers = true;
  entry->since = order->now;
}

void
order_freed (Order * order, uint32_t id)
{
  OrderId *entry = &order->ids[id];

  entry->live = false;
  for (unsigned i = 0; i < ORDER_CLAIMS; i++)
    entry->claim[i].broken |= entry->claim[i].open;
}

void
order_reset (Order * order)
{
  for (uint32_t id = 0; id < ORDER_IDS; id++)
    order_freed (order, id);
}

bool
order_is_strangers (const Order * order, uint32_t id)
{
  return order->ids[id].live && order->ids[id].strangers;
}

/*** us ***/

static void
allocated (const PointCall * call)
{
  OrderId *entry = &own->ids[call->id];
  OrderClaim *claim = &entry->claim[entry->claims++ % ORDER_CLAIMS];

  own->allocs++;
  entry->live = true;
  entry->strangers = false;
  entry->since = own->now;
  *claim = (OrderClaim) { self, true, false, call->phys + call->length - 1 };
  own->claimed[self] = call->id;
}

void
order_claim_ends (Order * order, unsigned process)
{
  OrderId *entry = &order->ids[order->claimed[process]];

  order_enter (order);
  for (unsigned i = 0; i < ORDER_CLAIMS; i++)
    entry->claim[i].open &= entry->claim[i].process != process;
  order->claimed[process] = 0;
  order_leave (order);
}

/* The buffer that we meant to free is one that we had lost before our cookie was in it. */
static bool
was_broken (const OrderId * entry)
{
  for (unsigned i = 0; i < ORDER_CLAIMS; i++) {
    if (entry->claim[i].broken && entry->claim[i].last == own->looked_at[self])
      return true;
  }
  return false;
}

static OrderLoss
judge_loss (const OrderId * entry)
{
  if (own->looked[self] > 0 && entry->since > own->looked[self])
    return LOSS_IN_WINDOW;
  return was_broken (entry) ? LOSS_IN_ALLOCATION : LOSS_ELSEWHERE;
}

static void
freed (const PointCall * call)
{
  OrderId *entry = &own->ids[call->id];

  own->frees++;
  own->blind += own->looked[self] == 0;
  if (entry->live && entry->strangers) {
    OrderLoss loss = judge_loss (entry);

    own->losses[loss]++;
    if (loss == LOSS_ELSEWHERE)
      printf ("# buffer %u, the stranger's since request %" G_GUINT64_FORMAT ", was freed by process %u at request %"
          G_GUINT64_FORMAT ", which had looked at request %" G_GUINT64_FORMAT "\n", call->id, entry->since, self,
          own->now, own->looked[self]);
  }
  /* Another of ours may be losing it, and may not have made it its own yet. */
  order_freed (own, call->id);
}

static bool
is_request (Point point)
{
  return point == POINT_ALLOCBUF || point == POINT_FREEBUF || point == POINT_CACHECTRL || point == POINT_IOCTL;
}

static void
write_down (const PointCall * call)
{
  bool good = call->result == 0;

  if (call->point == POINT_ALLOCBUF && good)
    allocated (call);
  else if (call->point == POINT_FREEBUF && good)
    freed (call);
  own->looked[self] = call->point == POINT_CACHECTRL && good ? own->now : 0;
  own->looked_at[self] = call->phys;
}

static void
follow (const PointCall * call)
{
  bool request = is_request (call->point);

  if (call->point == POINT_CLOSE && !call->returning && own->claimed[self] != 0)
    order_claim_ends (own, self);
  if (request && call->returning) {
    write_down (call);
    order_leave (own);
  }
  own_pause (call->point == POINT_FREEBUF && !call->returning);
  if (request && !call->returning)
    order_enter (own);
}

void
order_follow (Order * order, unsigned process, void (*pause) (bool before_free))
{
  own = order;
  self = process;
  own_pause = pause;
  points_hook = follow;
}
