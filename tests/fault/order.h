/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * order.h: one request after the other. All processes of a test make their requests to the driver under one lock that
 * they share, and write down what came of them, so that what happened first is known and not measured. Between two
 * requests everybody runs as they like.
 */
#ifndef FAULT_ORDER_H
#define FAULT_ORDER_H

#include <stdbool.h>
#include <stdint.h>

#define ORDER_IDS 4096
#define ORDER_CLAIMS 256
#define ORDER_PROCESSES 4       /* number 0 is the stranger */

typedef enum
{
  LOSS_IN_WINDOW,               /* the stranger's was allocated after our last look */
  LOSS_IN_ALLOCATION,           /* our buffer was taken away between its ALLOCBUF and our first store */
  LOSS_ELSEWHERE,
  LOSSES,
} OrderLoss;

/* An id that we got, from ALLOCBUF until the library had made it ours. */
typedef struct
{
  unsigned process;
  bool open, broken;            /* broken: taken away before it was closed. Our cookie is in somebody else's memory */
  uint64_t last;                /* physical address of the last byte */
} OrderClaim;

typedef struct
{
  bool live, strangers;
  uint64_t since;
  unsigned claims;              /* ever; the latest are kept */
  OrderClaim claim[ORDER_CLAIMS];
} OrderId;

typedef struct
{
  uint32_t lock;
  uint64_t now;                 /* requests so far */
  uint64_t looked[ORDER_PROCESSES];     /* when it asked whether a buffer lives, if that was its latest request */
  uint64_t looked_at[ORDER_PROCESSES];  /* and which physical address it asked about */
  uint32_t claimed[ORDER_PROCESSES];    /* the id that it is making its own; 0: none */
  uint64_t allocs, frees, losses[LOSSES];
  uint64_t blind;               /* frees without such a look */
  OrderId ids[ORDER_IDS];
} Order;

Order *order_new (void);

/* Our side: process number @process, from now on. @pause is called outside the lock, before and after each request. */
void order_follow (Order * order, unsigned process, void (*pause) (bool before_free));

/* Our side: xlnk_block_new has returned, or its process has died in it. What is allocated to try the driver's habits ends
 * with the close of the file that it was allocated through; that is seen without being told. */
void order_claim_ends (Order * order, unsigned process);

/* The stranger's side, around each of its requests. */
void order_enter (Order * order);
void order_leave (Order * order);
void order_took (Order * order, uint32_t id);
void order_freed (Order * order, uint32_t id);
void order_reset (Order * order);

/* TRUE if the stranger's buffer is still alive. Inside enter and leave. */
bool order_is_strangers (const Order * order, uint32_t id);

#endif /* FAULT_ORDER_H */
