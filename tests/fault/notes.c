/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "notes.h"

#include <sys/mman.h>

#include <glib.h>

const typeof (notes_cores) notes_cores = {
  { 0x43c00000, "sobel" },
  { 0, "axidma,uio=3" },
};

Notes *
notes_new (uint64_t seed, unsigned lives)
{
  size_t size = sizeof (Notes) + lives * sizeof (NotesLife);
  Notes *notes = mmap (NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

  g_assert_true (notes != MAP_FAILED);
  notes->seed = seed;
  notes->room = lives;
  return notes;
}

NotesLife *
notes_add (Notes * notes)
{
  NotesLife *life = &notes->lives[notes->count];

  g_assert_cmpuint (notes->count, <, notes->room);
  life->number = notes->count++;
  life->stage = STAGE_STARTING;
  life->doing = DOING_START;
  life->inside = -1;
  return life;
}

/* The latest first: process ids come again. */
NotesLife *
notes_find (Notes * notes, pid_t pid)
{
  for (unsigned i = notes->count; i > 0; i--) {
    if (notes->lives[i - 1].pid == pid)
      return &notes->lives[i - 1];
  }
  return NULL;
}

NotesBlock *
notes_find_block (NotesLife * life, uint32_t id, uint64_t phys)
{
  for (unsigned i = 0; i < NOTES_BLOCKS; i++) {
    NotesBlock *block = &life->blocks[i];

    if (block->state != BLOCK_NONE && block->id == id && block->phys == phys)
      return block;
  }
  return NULL;
}

const char *
notes_doing_name (NotesDoing doing)
{
  static const char *const names[DOINGS] = {
    "open", "alloc", "free", "expose", "arm", "touch", "exhaust", "between",
  };

  return names[doing];
}
