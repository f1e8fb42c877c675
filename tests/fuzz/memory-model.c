/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "memory-model.h"

Memory memories[MAX_MEMORIES];
Map maps[MAX_MAPS];

static const uint8_t *input, *input_end;

/*** arguments ***/

void
model_set_input (const uint8_t * data, size_t size)
{
  input = data;
  input_end = data + size;
}

gboolean
model_has_input (void)
{
  return input < input_end;
}

guint
take (guint limit)
{
  guint value = input < input_end ? *input++ : 0;

  return limit ? value % limit : value;
}

guint
take_16 (void)
{
  guint low = take (0);

  return low | take (0) << 8;
}

gsize
take_size (gsize limit)
{
  guint how = take (8);

  if (how < 4)
    return limit ? take_16 () % (limit + 1) : 0;
  if (how < 6)
    return limit;
  if (how == 6)
    return take_16 ();
  return G_MAXSIZE - take_16 ();
}

Memory *
take_memory (void)
{
  guint first = take (MAX_MEMORIES);

  for (guint i = 0; i < MAX_MEMORIES; i++) {
    Memory *memory = &memories[(first + i) % MAX_MEMORIES];

    if (memory->mem)
      return memory;
  }
  return NULL;
}

Map *
take_map (void)
{
  guint first = take (MAX_MAPS);

  for (guint i = 0; i < MAX_MAPS; i++) {
    if (maps[(first + i) % MAX_MAPS].memory)
      return &maps[(first + i) % MAX_MAPS];
  }
  return NULL;
}

Memory *
find_free_memory (void)
{
  for (guint i = 0; i < MAX_MEMORIES; i++) {
    if (!memories[i].mem)
      return &memories[i];
  }
  return NULL;
}

/*** the model ***/

gsize
get_start (GstMemory * mem)
{
  return ((GstXlnkMemory *) mem)->start;
}

gsize
get_first (GstMemory * mem)
{
  return get_start (mem) + mem->offset;
}

static void
check_overlaps (const Block * block)
{
  for (guint i = 0; i < MAX_MEMORIES; i++) {
    const Block *other = memories[i].block;

    if (memories[i].mem && other != block)
      FUZZ_CHECK (block->phys + block->size <= other->phys || other->phys + other->size <= block->phys,
          "two live blocks overlap");
  }
}

Memory *
add_memory (GstMemory * mem, Block * block)
{
  Memory *memory = find_free_memory ();

  if (!block) {
    const XlnkBlock *real = ((GstXlnkMemory *) mem)->block;

    block = g_new0 (Block, 1);
    block->size = real->size;
    block->bytes = g_malloc0 (real->size + 1);
    block->phys = real->extent.phys;
    block->cpu = real->extent.cpu;
    check_overlaps (block);
  }
  block->memories++;
  memory->mem = mem;
  memory->block = block;
  memory->maps = 0;
  return memory;
}

void
remove_memory (Memory * memory)
{
  Block *block = memory->block;

  gst_memory_unref (memory->mem);
  memory->mem = NULL;
  if (--block->memories == 0) {
    g_free (block->bytes);
    g_free (block);
  }
}

gboolean
has_maps (const Block * block, gboolean device, gboolean write)
{
  for (guint i = 0; i < MAX_MAPS; i++) {
    if (maps[i].memory && maps[i].memory->block == block && maps[i].device >= device && maps[i].write >= write)
      return TRUE;
  }
  return FALSE;
}

gboolean
exclude (const Map * a, const Map * b, gsize line)
{
  gboolean wrong = (a->device && a->write) || (b->device && b->write) || (a->device && b->write)
      || (b->device && a->write);

  return wrong && a->first < a->excludes_end && b->first < b->excludes_end
      && a->first / line <= (b->excludes_end - 1) / line && b->first / line <= (a->excludes_end - 1) / line;
}

void
check_bytes (const Block * block, gsize first, const guint8 * data, gsize size, const char *who)
{
  for (gsize i = 0; i < size; i++)
    FUZZ_CHECK (data[i] == block->bytes[first + i], "%s reads 0x%02x at byte %zu, where 0x%02x is", who, data[i],
        first + i, block->bytes[first + i]);
}
