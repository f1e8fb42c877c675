/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "judge.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <glib.h>

static TruthBuffer buffers[TRUTH_IDS];
static unsigned buffer_count;

Judge *
judge_new (Notes * notes, int fd)
{
  Judge *judge = g_new0 (Judge, 1);

  judge->notes = notes;
  judge->fd = fd;
  return judge;
}

static void G_GNUC_PRINTF (2, 3)
object (unsigned *count, const char *format, ...)
{
  va_list list;

  (*count)++;
  printf ("# ");
  va_start (list, format);
  vprintf (format, list);
  va_end (list);
  printf ("\n");
}

#define BUFFER "buffer %u at 0x%" G_GINT64_MODIFIER "x of process %d"
#define BUFFER_ARGS(buffer) (buffer)->id, (buffer)->phys, (int) (buffer)->pid

static const TruthBuffer *
find (pid_t pid, uint32_t id, uint64_t phys)
{
  for (unsigned i = 0; i < buffer_count; i++) {
    if (buffers[i].id == id)
      return buffers[i].phys == phys && buffers[i].pid == pid ? &buffers[i] : NULL;
  }
  return NULL;
}

/*** the dead ***/

static void
remain (Judge * judge, const TruthBuffer * buffer, const NotesBlock * block)
{
  JudgeRemains *remains = &judge->remains[judge->count++];

  remains->buffer = *buffer;
  remains->exposed = block ? block->exposed : NOT;
  remains->armed = block ? block->armed : NOT;
  remains->cookie_less = !block;
}

static void
look_at_dead (Judge * judge, NotesLife * life, const TruthBuffer * buffer)
{
  const NotesBlock *block = notes_find_block (life, buffer->id, buffer->phys);

  if (block && (block->exposed != NOT || block->armed != NOT))
    remain (judge, buffer, block);
  else if (block)
    object (&judge->leaked, BUFFER " leaked: its owner died in %s%s", BUFFER_ARGS (buffer),
        notes_doing_name (life->doing), block->state == BLOCK_LEAVING ? ", giving it back" : "");
  else if (truth_cookie (judge->fd, buffer) == TRUTH_COOKIE)
    object (&judge->leaked, BUFFER " leaked: it has a cookie, its owner died in %s", BUFFER_ARGS (buffer),
        notes_doing_name (life->doing));
  else
    remain (judge, buffer, NULL);
}

/* A driver that frees by open file asks nobody. */
static bool
must_stay (const NotesBlock * block)
{
  return block->state == BLOCK_HELD && (block->exposed == SURELY || block->armed == SURELY)
      && !g_getenv ("XLNK_TEST_FREES_AT_CLOSE");
}

/* What must not go without a request has not gone. What went, rightly, is forgotten. */
static void
look_for_unasked (Judge * judge, NotesLife * life)
{
  bool any = false;

  for (unsigned i = 0; i < NOTES_BLOCKS; i++) {
    NotesBlock *block = &life->blocks[i];

    if (block->state == BLOCK_NONE)
      continue;
    if (find (life->pid, block->id, block->phys)) {
      any = true;
      continue;
    }
    if (must_stay (block))
      object (&judge->unasked, "%s buffer %u at 0x%" G_GINT64_MODIFIER "x of dead process %d was freed unasked",
          block->exposed == SURELY ? "exposed" : "armed", block->id, block->phys, (int) life->pid);
    block->state = BLOCK_NONE;
  }
  life->buried = !any;
}

/*** the living ***/

static void
look_for_taken (Judge * judge, NotesLife * life)
{
  for (unsigned i = 0; i < NOTES_BLOCKS; i++) {
    const NotesBlock *block = &life->blocks[i];

    if (block->state == BLOCK_HELD && !find (life->pid, block->id, block->phys))
      object (&judge->taken, "buffer %u at 0x%" G_GINT64_MODIFIER "x of living process %d was freed by another",
          block->id, block->phys, (int) life->pid);
  }
}

static void
look_at_buffer (Judge * judge, const TruthBuffer * buffer, bool (*is_alive) (const NotesLife * life))
{
  NotesLife *life = notes_find (judge->notes, buffer->pid);
  const NotesBlock *block = life ? notes_find_block (life, buffer->id, buffer->phys) : NULL;

  if (!life)
    object (&judge->strays, BUFFER ": not one of the workers", BUFFER_ARGS (buffer));
  else if (!is_alive (life))
    look_at_dead (judge, life, buffer);
  else if (!block || block->state != BLOCK_HELD)
    object (&judge->strays, BUFFER ": its living owner does not know it", BUFFER_ARGS (buffer));
}

/* Without a cookie nobody may free it but a person who says so. */
static void
look_for_forced (Judge * judge)
{
  for (unsigned i = 0; i < judge->count; i++) {
    const TruthBuffer *buffer = &judge->remains[i].buffer;

    if (judge->remains[i].cookie_less && !find (buffer->pid, buffer->id, buffer->phys))
      object (&judge->unasked, BUFFER ", without a cookie, was freed unasked", BUFFER_ARGS (buffer));
  }
}

/* A process is in one place when it dies, so it leaves one buffer without a cookie, or none. */
static void
count_cookie_less (Judge * judge)
{
  unsigned most = 0;

  for (unsigned i = 0; i < judge->count; i++) {
    unsigned same = 0;

    for (unsigned k = 0; k < judge->count; k++)
      same += judge->remains[k].cookie_less && judge->remains[k].buffer.pid == judge->remains[i].buffer.pid;
    most = MAX (most, same);
  }
  judge->most_cookie_less = MAX (judge->most_cookie_less, most);
}

void
judge_look (Judge * judge, bool (*is_alive) (const NotesLife * life))
{
  judge->looks++;
  buffer_count = truth_buffers (buffers);
  look_for_forced (judge);
  judge->count = 0;
  for (unsigned i = 0; i < buffer_count; i++)
    look_at_buffer (judge, &buffers[i], is_alive);
  for (unsigned i = 0; i < judge->notes->count; i++) {
    NotesLife *life = &judge->notes->lives[i];

    if (is_alive (life))
      look_for_taken (judge, life);
    else if (!life->buried)
      look_for_unasked (judge, life);
  }
  count_cookie_less (judge);
}

/*** the listing ***/

static const ViewEntry *
find_entry (const View * view, const TruthBuffer * buffer)
{
  for (unsigned i = 0; i < view->count; i++) {
    const ViewEntry *entry = &view->entries[i];

    if (entry->id == buffer->id && entry->phys == buffer->phys && entry->pid == buffer->pid)
      return entry;
  }
  return NULL;
}

static bool
agrees (NotesDone truth, bool said)
{
  return truth == MAYBE || (truth == SURELY) == said;
}

static void
compare_remains (Judge * judge, const JudgeRemains * remains, const View * view)
{
  const TruthBuffer *buffer = &remains->buffer;
  const ViewEntry *entry = find_entry (view, buffer);

  if (!entry)
    object (&judge->misreported, BUFFER " is not listed", BUFFER_ARGS (buffer));
  else if (entry->alive)
    object (&judge->misreported, BUFFER " is listed as of a living process", BUFFER_ARGS (buffer));
  else if (entry->length != buffer->length)
    object (&judge->misreported, BUFFER " is listed with %" G_GUINT64_FORMAT " bytes, it has %u",
        BUFFER_ARGS (buffer), entry->length, buffer->length);
  else if (remains->cookie_less && entry->state != XLNK_ENTRY_COOKIE_LESS && entry->state != XLNK_ENTRY_WRONG_COOKIE)
    object (&judge->misreported, BUFFER " is listed as one with a cookie (state %d)", BUFFER_ARGS (buffer),
        (int) entry->state);
  else if (!agrees (remains->exposed, entry->exposed) || !agrees (remains->armed, entry->armed))
    object (&judge->misreported, BUFFER " is listed as %sexposed, %sarmed", BUFFER_ARGS (buffer),
        entry->exposed ? "" : "not ", entry->armed ? "" : "not ");
}

/* Two died on the way to their cookies, one of them between getting the id and having the buffer (on a board: after
 * somebody else freed it). Whose the block is, nobody can say: it is listed for both. */
static bool
may_be_either (const Judge * judge, const ViewEntry * entry)
{
  for (unsigned i = 0; i < judge->count; i++) {
    const JudgeRemains *remains = &judge->remains[i];

    if (remains->cookie_less && remains->buffer.id == entry->id && !entry->alive)
      return true;
  }
  return false;
}

/* An entry that is no buffer of that process. */
static void
compare_entry (Judge * judge, const ViewEntry * entry, bool (*is_alive) (const NotesLife * life))
{
  const TruthBuffer *buffer = find (entry->pid, entry->id, entry->phys);
  NotesLife *life = notes_find (judge->notes, entry->pid);

  if (!buffer && may_be_either (judge, entry))
    return;
  if (!buffer)
    object (&judge->misreported, "buffer %u at 0x%" G_GINT64_MODIFIER "x is listed for process %d, which has none there",
        entry->id, entry->phys, (int) entry->pid);
  else if (life && entry->alive != is_alive (life))
    object (&judge->misreported, "process %d is listed as %s", (int) entry->pid, entry->alive ? "alive" : "dead");
}

static void
compare_living (Judge * judge, const TruthBuffer * buffer, const View * view,
    bool (*is_alive) (const NotesLife * life))
{
  NotesLife *life = notes_find (judge->notes, buffer->pid);

  if (life && is_alive (life) && !find_entry (view, buffer))
    object (&judge->misreported, BUFFER ", who lives, is not listed", BUFFER_ARGS (buffer));
}

void
judge_listing (Judge * judge, const View * view, bool (*is_alive) (const NotesLife * life))
{
  judge_look (judge, is_alive);
  for (unsigned i = 0; i < judge->count; i++)
    compare_remains (judge, &judge->remains[i], view);
  for (unsigned i = 0; i < view->count; i++)
    compare_entry (judge, &view->entries[i], is_alive);
  for (unsigned i = 0; i < buffer_count; i++)
    compare_living (judge, &buffers[i], view, is_alive);
}

/*** requests ***/

static bool
was_asked (const JudgeRemains * remains, XlnkReclaimFlags flags)
{
  if (remains->cookie_less)
    return flags & XLNK_RECLAIM_COOKIE_LESS;
  if (remains->armed != NOT && !(flags & XLNK_RECLAIM_ARMED))
    return false;
  return remains->exposed == NOT || (flags & XLNK_RECLAIM_EXPOSED);
}

/* Those that may go now are no longer of those that must stay. */
static void
release_notes (Judge * judge, XlnkReclaimFlags flags)
{
  for (unsigned i = 0; i < judge->count; i++) {
    JudgeRemains *remains = &judge->remains[i];
    NotesLife *life = notes_find (judge->notes, remains->buffer.pid);
    NotesBlock *block = notes_find_block (life, remains->buffer.id, remains->buffer.phys);

    if (!was_asked (remains, flags) || find (remains->buffer.pid, remains->buffer.id, remains->buffer.phys))
      continue;
    judge->cookie_less += remains->cookie_less;
    remains->cookie_less = false;
    if (block)
      block->state = BLOCK_NONE;
  }
}

void
judge_request (Judge * judge, XlnkReclaimFlags flags, bool (*is_alive) (const NotesLife * life))
{
  buffer_count = truth_buffers (buffers);
  release_notes (judge, flags);
  judge_look (judge, is_alive);
  for (unsigned i = 0; i < judge->count; i++) {
    if (was_asked (&judge->remains[i], flags))
      object (&judge->unheeded, BUFFER " is still there after the request that frees it",
          BUFFER_ARGS (&judge->remains[i].buffer));
  }
}

bool
judge_is_content (const Judge * judge)
{
  return judge->leaked + judge->taken + judge->unasked + judge->strays + judge->misreported + judge->unheeded == 0
      && judge->most_cookie_less <= 1;
}
