/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * faults.c: the n-th use of a request fails as --fault says. Uses are counted over the heap, across processes.
 */
#include "board.h"

static const char *const names[REQUEST_KINDS] = {
  "open", "read", "write", "mmap", "munmap",
  "alloc", "free", "adddmabuf", "cleardmabuf",
  "dmarequest", "dmasubmit", "dmawait", "dmarelease",
  "devregister", "dmaregister", "devunregister", "mcdmaregister",
  "cachectrl", "memop", "config",
  "irqregister", "irqunregister", "irqwait",
  "shutdown", "recres",
};

const char *
board_request_name (BoardRequest request)
{
  return names[request];
}

int
board_fault (Board * board, BoardRequest request)
{
  BoardState *state = board->state;
  const uint64_t use = ++state->uses[request];

  for (unsigned i = 0; i < state->fault_count && i < BOARD_MAX_FAULTS; i++) {
    if (state->faults[i].request == request && state->faults[i].use == use)
      return state->faults[i].result;
  }
  return 0;
}
