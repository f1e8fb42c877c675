/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * simulated.c: the state machine over the caches of this test, with the three back ends of design §5.
 */
#include "caches.h"

#include <string.h>

typedef struct _SimulatedBoard SimulatedBoard;

typedef struct
{
  SimulatedBoard *board;
  unsigned index;
  bool live;
  XlnkCoherence state;
  Caches caches;
} SimulatedBlock;

struct _SimulatedBoard
{
  Board parent;
  SimulatedBlock blocks[BLOCKS];
};

static SimulatedBlock *
block_of (Board * board, unsigned block)
{
  return &((SimulatedBoard *) board)->blocks[block];
}

static void
forward_interlude (void *user)
{
  SimulatedBlock *block = user;

  block->board->parent.interlude (block->board->parent.user, block->index);
}

/*** back ends ***/

static size_t
end_of_lines (const XlnkPlan * plan)
{
  return xlnk_ranges_get (&plan->lines, xlnk_ranges_length (&plan->lines) - 1).end;
}

/* The second pass takes what a speculative fetch brought from L2 to L1 between the first one's two levels. Not action
 * 1: its last step drops L2 lines that a concurrent writer's L1 has just evicted. */
static bool
maintain_by_arm_driver (SimulatedBlock * block, XlnkPlan * plan, bool fail)
{
  const XlnkRange covered = { 0, end_of_lines (plan) };

  if (fail && plan->maintenance == XLNK_MAINTAIN_CLEAN)
    return false;
  caches_arm_action_0 (&block->caches, covered.end);
  if (fail)
    return false;
  if (plan->maintenance == XLNK_MAINTAIN_INVALIDATE)
    caches_arm_action_0 (&block->caches, covered.end);
  xlnk_ranges_add (&plan->lines, covered);
  return true;
}

static bool
maintain_by_address (SimulatedBlock * block, XlnkPlan * plan, bool fail)
{
  for (size_t i = 0; i < xlnk_ranges_length (&plan->lines) && !fail; i++) {
    if (plan->maintenance == XLNK_MAINTAIN_CLEAN)
      caches_clean (&block->caches, xlnk_ranges_get (&plan->lines, i));
    else
      caches_clean_invalidate (&block->caches, xlnk_ranges_get (&plan->lines, i));
  }
  caches_barrier (&block->caches);
  return !fail;
}

/* Action 1 drops dirty lines: none may be written now, and those written before are cleaned first. */
static bool
maintain_by_arm64_driver (SimulatedBlock * block, XlnkPlan * plan, bool fail)
{
  const XlnkRange covered = { 0, end_of_lines (plan) };

  if (plan->maintenance == XLNK_MAINTAIN_INVALIDATE && xlnk_coherence_cpu_writes (&block->state, covered))
    return false;
  caches_arm64_action_0 (&block->caches, covered.end);
  if (fail)
    return false;
  if (plan->maintenance == XLNK_MAINTAIN_INVALIDATE)
    caches_arm64_action_1 (&block->caches, covered.end);
  xlnk_ranges_add (&plan->lines, covered);
  return true;
}

static bool
maintain (SimulatedBlock * block, XlnkPlan * plan, bool fail)
{
  if (plan->maintenance == XLNK_MAINTAIN_NONE)
    return true;
  switch (block->board->parent.primitives) {
    case PRIMITIVES_ARM_DRIVER:
      return maintain_by_arm_driver (block, plan, fail);
    case PRIMITIVES_ARM64_ADDRESS:
      return maintain_by_address (block, plan, fail);
    case PRIMITIVES_ARM64_DRIVER:
      return maintain_by_arm64_driver (block, plan, fail);
  }
  g_assert_not_reached ();
}

static Result
carry_out (SimulatedBlock * block, XlnkPlan * plan, bool fail)
{
  if (maintain (block, plan, fail)) {
    xlnk_coherence_commit (&block->state);
    return RESULT_DONE;
  }
  xlnk_coherence_commit_failed (&block->state);
  return RESULT_FAILED;
}

/*** the board ***/

static void
simulated_block_new (Board * board, unsigned index, size_t size, bool cached)
{
  SimulatedBlock *block = block_of (board, index);

  block->board = (SimulatedBoard *) board;
  block->index = index;
  block->live = true;
  xlnk_coherence_init (&block->state, size, board->line, cached);
  caches_init (&block->caches, board->line, cached, board->primitives == PRIMITIVES_ARM_DRIVER);
  block->caches.interlude = forward_interlude;
  block->caches.user = block;
}

static void
simulated_block_free (Board * board, unsigned index)
{
  SimulatedBlock *block = block_of (board, index);

  xlnk_coherence_clear (&block->state);
  block->live = false;
}

static Result
simulated_map (Board * board, unsigned index, XlnkAccess access, XlnkRange range, bool fail)
{
  SimulatedBlock *block = block_of (board, index);
  XlnkPlan *plan = xlnk_coherence_plan_map (&block->state, access, range);

  return plan ? carry_out (block, plan, fail) : RESULT_CONFLICT;
}

static Result
simulated_unmap (Board * board, unsigned index, XlnkAccess access, XlnkRange range, bool fail)
{
  SimulatedBlock *block = block_of (board, index);
  XlnkPlan *plan = xlnk_coherence_plan_unmap (&block->state, access, range);

  return plan ? carry_out (block, plan, fail) : RESULT_NO_MAP;
}

static Result
simulated_expose (Board * board, unsigned index, bool fail)
{
  SimulatedBlock *block = block_of (board, index);

  return carry_out (block, xlnk_coherence_plan_expose (&block->state), fail);
}

static Result
simulated_flush (Board * board, unsigned index, XlnkRange range, bool fail)
{
  SimulatedBlock *block = block_of (board, index);

  return carry_out (block, xlnk_coherence_plan_flush (&block->state, range), fail);
}

static Result
simulated_invalidate (Board * board, unsigned index, XlnkRange range, bool fail)
{
  SimulatedBlock *block = block_of (board, index);

  return carry_out (block, xlnk_coherence_plan_invalidate (&block->state, range), fail);
}

static void
simulated_load (Board * board, unsigned block, size_t offset, size_t size, uint8_t * bytes)
{
  caches_load (&block_of (board, block)->caches, offset, size, bytes);
}

static void
simulated_store (Board * board, unsigned block, size_t offset, size_t size, const uint8_t * bytes)
{
  caches_store (&block_of (board, block)->caches, offset, size, bytes);
}

static void
simulated_device_read (Board * board, unsigned block, size_t offset, size_t size, uint8_t * bytes)
{
  memcpy (bytes, block_of (board, block)->caches.memory + offset, size);
}

static void
simulated_device_write (Board * board, unsigned block, size_t offset, size_t size, const uint8_t * bytes)
{
  memcpy (block_of (board, block)->caches.memory + offset, bytes, size);
}

static void
simulated_disturb (Board * board, unsigned block, uint32_t random)
{
  caches_disturb (&block_of (board, block)->caches, random);
}

static bool
simulated_find_damage (Board * board, unsigned block, const uint8_t * truth, size_t size, char what[DAMAGE])
{
  const size_t lost = caches_find_lost (&block_of (board, block)->caches, truth, size);

  if (lost != SIZE_MAX)
    g_snprintf (what, DAMAGE, "byte %zu of block %u is lost", lost, block);
  return lost != SIZE_MAX;
}

static bool
simulated_check_work (Board * board, unsigned block, const Work * expected)
{
  Work *work = &block_of (board, block)->caches.work;
  const bool same = memcmp (work, expected, sizeof *work) == 0;

  memset (work, 0, sizeof *work);
  return same;
}

static void
simulated_free (Board * board)
{
  for (unsigned i = 0; i < BLOCKS; i++) {
    if (block_of (board, i)->live)
      simulated_block_free (board, i);
  }
  g_free (board);
}

static bool
find_primitives (const char *name, Primitives * primitives)
{
  static const char *const names[] = {
    [PRIMITIVES_ARM_DRIVER] = "arm",[PRIMITIVES_ARM64_ADDRESS] = "arm64",[PRIMITIVES_ARM64_DRIVER] = "arm64-driver",
  };

  for (size_t i = 0; i < G_N_ELEMENTS (names); i++) {
    if (strcmp (name, names[i]) == 0) {
      *primitives = i;
      return true;
    }
  }
  return false;
}

Board *
board_new (const char *name)
{
  SimulatedBoard *board;
  Primitives primitives;

  if (!find_primitives (name, &primitives))
    return NULL;
  board = g_new0 (SimulatedBoard, 1);
  board->parent = (Board) {
    .primitives = primitives,
    .line = primitives == PRIMITIVES_ARM_DRIVER ? 32 : 64,
    .can_fail = true,
    .block_new = simulated_block_new,
    .block_free = simulated_block_free,
    .map = simulated_map,
    .unmap = simulated_unmap,
    .expose = simulated_expose,
    .flush = simulated_flush,
    .invalidate = simulated_invalidate,
    .load = simulated_load,
    .store = simulated_store,
    .device_read = simulated_device_read,
    .device_write = simulated_device_write,
    .disturb = simulated_disturb,
    .find_damage = simulated_find_damage,
    .check_work = simulated_check_work,
    .free = simulated_free,
  };
  return &board->parent;
}
