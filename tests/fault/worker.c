/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "worker.h"

#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "dice.h"
#include "instructions.h"
#include "xlnkblock.h"

#define LARGE (4u << 20)

typedef struct
{
  Notes *notes;
  NotesLife *life;
  Dice dice;
  XlnkDevice *device;
  XlnkBlock *blocks[NOTES_BLOCKS];
} Worker;

static NotesLife *self;         /* for the hook */

/*** ends ***/

static _Noreturn void G_GNUC_PRINTF (2, 3)
complain (Worker * worker, const char *format, ...)
{
  va_list list;

  va_start (list, format);
  vsnprintf (worker->life->complaint, NOTES_COMPLAINT, format, list);
  va_end (list);
  worker->life->stage = STAGE_COMPLAINING;
  for (;;)
    pause ();
}

static void
follow_order (const PointCall * call)
{
  NotesOrder *order = &self->order;

  self->inside = call->returning ? -1 : (int) call->point;
  if (atomic_load (&order->countdown) == 0 || order->returning != call->returning
      || (order->point >= 0 && order->point != (int) call->point))
    return;
  if (atomic_fetch_sub (&order->countdown, 1) == 1)
    instructions_kill_after (order->instructions);
}

/*** patterns ***/

static uint64_t
word_at (const Worker * worker, const NotesBlock * block, uint32_t index)
{
  return dice_mix (worker->life->number << 44 ^ block->phys << 20 ^ index) | 1;
}

static uint64_t *
map (Worker * worker, unsigned i, XlnkAccess access)
{
  XlnkRange all = { 0, worker->life->blocks[i].size };
  g_autoptr (GError) error = NULL;

  if (!xlnk_block_map (worker->blocks[i], access, all, &error))
    complain (worker, "buffer %u cannot be mapped: %s", worker->life->blocks[i].id, error->message);
  return worker->blocks[i]->extent.cpu;
}

static void
unmap (Worker * worker, unsigned i, XlnkAccess access)
{
  XlnkRange all = { 0, worker->life->blocks[i].size };

  xlnk_block_unmap (worker->blocks[i], access, all);
}

static void
fill (Worker * worker, unsigned i)
{
  NotesBlock *block = &worker->life->blocks[i];
  uint64_t *words = map (worker, i, XLNK_ACCESS_WRITE);

  for (uint32_t k = 0; k < block->size / 8; k++)
    words[k] = word_at (worker, block, k);
  unmap (worker, i, XLNK_ACCESS_WRITE);
}

static void
check_word (Worker * worker, unsigned i, const uint64_t * words, uint32_t k)
{
  NotesBlock *block = &worker->life->blocks[i];

  if (words[k] != word_at (worker, block, k))
    complain (worker, "word %u of live buffer %u (0x%" G_GINT64_MODIFIER "x, %u bytes) is 0x%" G_GINT64_MODIFIER
        "x: it is somebody else's now", k, block->id, block->phys, block->size, words[k]);
}

/* Some words, or all; the first and the last always. */
static void
verify (Worker * worker, unsigned i, bool all)
{
  uint32_t count = worker->life->blocks[i].size / 8;
  uint64_t *words = map (worker, i, XLNK_ACCESS_READ);

  for (uint32_t k = 0; k < count; k += all ? 1 : 1 + dice_below (&worker->dice, 1024))
    check_word (worker, i, words, k);
  if (count > 0)
    check_word (worker, i, words, count - 1);
  unmap (worker, i, XLNK_ACCESS_READ);
}

/*** operations ***/

/* A place to be killed at, too: not all of them make calls. */
static void
doing (Worker * worker, NotesDoing what)
{
  PointCall call = { .point = POINT_BETWEEN };

  worker->life->doing = what;
  follow_order (&call);
  worker->life->inside = -1;
}

static uint32_t
choose_size (Worker * worker)
{
  unsigned bits = worker->notes->bits;

  if (dice_below (&worker->dice, 64) == 0)
    return (16u << bits) - dice_below (&worker->dice, 8u << bits);
  return dice_any_size (&worker->dice, bits);
}

static XlnkBlock *
allocate (Worker * worker, uint32_t size)
{
  g_autoptr (GError) error = NULL;
  XlnkBlock *block = xlnk_block_new (worker->device, size, dice_below (&worker->dice, 4) > 0, &error);

  if (!block && error->code != XLNK_ERROR_EXHAUSTED)
    complain (worker, "allocation of %u bytes: %s", size, error->message);
  return block;
}

static void
take (Worker * worker, unsigned i)
{
  NotesBlock *note = &worker->life->blocks[i];
  uint32_t size = choose_size (worker);
  XlnkBlock *block;

  doing (worker, DOING_ALLOC);
  block = worker->blocks[i] = allocate (worker, size);
  if (!block) {
    worker->life->refused++;
    return;
  }
  note->id = block->extent.id;
  note->phys = block->extent.phys;
  note->size = size;
  note->exposed = note->armed = NOT;
  note->state = BLOCK_HELD;
  worker->life->allocations++;
  doing (worker, DOING_TOUCH);
  fill (worker, i);
}

static void
check_nothing_lost (Worker * worker, uint32_t id)
{
  XlnkDeviceStats stats;

  xlnk_device_get_stats (worker->device, &stats);
  if (stats.lost_blocks > 0)
    complain (worker, "live buffer %u was taken away", id);
}

static void
disarm (Worker * worker, unsigned i)
{
  NotesBlock *note = &worker->life->blocks[i];

  if (note->armed == NOT)
    return;
  note->armed = MAYBE;
  for (unsigned core = 0; core < NOTES_CORES; core++) {
    if (note->cores & 1u << core)
      xlnk_block_disarm (worker->blocks[i], notes_cores[core].base, notes_cores[core].name);
  }
  note->armed = NOT;
}

static void
give (Worker * worker, unsigned i)
{
  NotesBlock *note = &worker->life->blocks[i];

  verify (worker, i, dice_below (&worker->dice, 16) == 0);
  doing (worker, DOING_FREE);
  disarm (worker, i);
  note->state = BLOCK_LEAVING;
  xlnk_block_unref (worker->blocks[i]);
  worker->blocks[i] = NULL;
  note->state = BLOCK_NONE;
  check_nothing_lost (worker, note->id);
}

static void
expose (Worker * worker, unsigned i)
{
  NotesBlock *note = &worker->life->blocks[i];
  g_autoptr (GError) error = NULL;

  doing (worker, DOING_EXPOSE);
  if (note->exposed == NOT)
    note->exposed = MAYBE;
  if (!xlnk_block_expose (worker->blocks[i], &error))
    complain (worker, "buffer %u cannot be exposed: %s", note->id, error->message);
  note->exposed = SURELY;
}

/* One job or two, on one core or two; or they are over. */
static void
arm (Worker * worker, unsigned i)
{
  NotesBlock *note = &worker->life->blocks[i];

  doing (worker, DOING_ARM);
  if (note->armed != NOT) {
    disarm (worker, i);
    return;
  }
  note->cores = 1 + dice_below (&worker->dice, (1u << NOTES_CORES) - 1);
  note->armed = MAYBE;
  for (unsigned core = 0; core < NOTES_CORES; core++) {
    if (note->cores & 1u << core)
      xlnk_block_arm (worker->blocks[i], notes_cores[core].base, notes_cores[core].name);
  }
  note->armed = SURELY;
}

/* What a child memory does: one more reference, used and given back. */
static void
share (Worker * worker, unsigned i)
{
  XlnkBlock *block = xlnk_block_ref (worker->blocks[i]);

  doing (worker, DOING_TOUCH);
  verify (worker, i, false);
  xlnk_block_unref (block);
}

static void
exhaust (Worker * worker)
{
  XlnkBlock *blocks[64];
  unsigned count = 0;

  doing (worker, DOING_EXHAUST);
  while (count < 64 && (blocks[count] = allocate (worker, LARGE)) != NULL)
    count++;
  while (count > 0)
    xlnk_block_unref (blocks[--count]);
  check_nothing_lost (worker, 0);
  worker->life->exhaust = false;
}

static void
operate (Worker * worker)
{
  unsigned i = dice_below (&worker->dice, NOTES_BLOCKS);
  unsigned what = dice_below (&worker->dice, 16);

  if (!worker->blocks[i])
    take (worker, i);
  else if (what < 6)
    give (worker, i);
  else if (what == 6)
    expose (worker, i);
  else if (what == 7)
    arm (worker, i);
  else if (what < 10)
    share (worker, i);
  else
    verify (worker, i, false);
  doing (worker, DOING_NOTHING);
  worker->life->operations++;
}

static void
verify_all (Worker * worker)
{
  for (unsigned i = 0; i < NOTES_BLOCKS; i++) {
    if (worker->blocks[i])
      verify (worker, i, true);
  }
}

/* What is compared with the driver's list stands still, and is intact. */
static void
stay_parked (Worker * worker)
{
  verify_all (worker);
  worker->life->stage = STAGE_PARKED;
  while (worker->notes->park)
    usleep (50);
  worker->life->stage = STAGE_RUNNING;
}

_Noreturn void
worker_run (Notes * notes, NotesLife * life)
{
  Worker worker = { .notes = notes, .life = life, .dice = dice_new (notes->seed, life->number) };
  g_autoptr (GError) error = NULL;

  self = life;
  points_hook = follow_order;
  worker.device = xlnk_device_open (NULL, &error);
  if (!worker.device)
    complain (&worker, "%s", error->message);
  doing (&worker, DOING_NOTHING);
  life->stage = STAGE_RUNNING;
  for (;;) {
    if (notes->park)
      stay_parked (&worker);
    else if (life->exhaust)
      exhaust (&worker);
    else
      operate (&worker);
    if (notes->pause > 0)
      usleep (notes->pause);
  }
}
