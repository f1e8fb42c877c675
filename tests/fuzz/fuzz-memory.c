/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * fuzz-memory.c: what one may do with a GstXlnkAllocator and its memories, in any order, against a model of each block's
 * bytes. Runs on an emulated board, whose caches are not coherent.
 *
 * An input is a list of operations: a byte that says which, and bytes of arguments. The model knows what is in each
 * block, whoever wrote it last; what the CPU and the device see through a map must be that. Maps that the rules exclude
 * must fail, addresses must fit together, live blocks must not overlap, the board must see no hazard, and in the end
 * nothing may be left.
 */
#include <gst/xlnk/xlnk.h>
#include <string.h>

#include "../check/board.h"
#include "fuzz.h"
#include "memory-model.h"

#define MAX_OPERATIONS 100

static GstXlnkAllocator *allocator;
static guint64 hazards, live;

/*** operations ***/

static void
allocate (void)
{
  GstAllocationParams params;
  gsize size = take_size (16384), maxsize;
  gboolean cached = take (4) != 0;
  GError *error = NULL;
  GstMemory *mem;

  if (!find_free_memory ())
    return;
  gst_allocation_params_init (&params);
  params.prefix = take (4) ? take (0) : take_size (8192);
  params.padding = take (4) ? take (0) : take_size (8192);
  params.align = ((gsize) 1 << take (18)) - 1;
  params.flags = take (4) ? 0 : take_16 () & (GST_MEMORY_FLAG_ZERO_PREFIXED | GST_MEMORY_FLAG_ZERO_PADDED);
  mem = gst_xlnk_allocator_alloc (allocator, size, cached, &params, &error);
  fuzz_check_result (mem != NULL, error, GST_XLNK_ERROR);
  if (!mem)
    return;
  maxsize = params.prefix + size + params.padding;
  FUZZ_CHECK (mem->size == size && mem->offset == params.prefix, "not the layout that was asked for");
  FUZZ_CHECK (mem->maxsize == maxsize || (!params.prefix && !params.padding && mem->maxsize >= maxsize
          && mem->maxsize - maxsize <= gst_memory_alignment), "maxsize is %zu", mem->maxsize);
  add_memory (mem, NULL);
  FUZZ_CHECK (((guintptr) ((GstXlnkMemory *) mem)->block->extent.cpu + get_start (mem)) % (params.align + 1) == 0,
      "not aligned");
}

static void
release (void)
{
  Memory *memory = take_memory ();

  if (memory && memory->maps == 0)
    remove_memory (memory);
}

static void
check_map (const Map * map)
{
  const Block *block = map->memory->block;
  g_autofree guint8 *data = NULL;

  FUZZ_CHECK (map->info.size == map->end - map->first, "a map of %zu bytes", map->info.size);
  if (!map->device) {
    FUZZ_CHECK (map->info.data == block->cpu + map->first, "the map is elsewhere");
    check_bytes (block, map->first, map->info.data, map->info.size, "the CPU");
    return;
  }
  FUZZ_CHECK ((guintptr) map->info.data == block->phys + map->first, "the device's address is another one");
  data = g_malloc (map->info.size + 1);
  if (map->info.size > 0)
    board_device_read (block->phys + map->first, data, map->info.size);
  check_bytes (block, map->first, data, map->info.size, "the device");
}

static gboolean
try_map (Map * map, GstMapFlags flags)
{
  GstMemory *mem = map->memory->mem;

  if (map->device)
    return gst_xlnk_memory_map_device (mem, &map->info, flags);
  return gst_memory_map (mem, &map->info, flags);
}

/* Core forgets to take its lock for writing back if a map for reading ends last. */
static void
note_mixed_maps (GstMemory * mem)
{
  guint modes = 0;

  for (guint i = 0; i < MAX_MAPS; i++) {
    if (maps[i].memory && maps[i].memory->mem == mem)
      modes |= 1u << (maps[i].info.flags & GST_MAP_READWRITE);
  }
  if ((modes & (modes - 1)) != 0)
    gst_mini_object_set_qdata (GST_MINI_OBJECT_CAST (mem), g_quark_from_static_string ("mixed"), mem, NULL);
}

static void
map_memory (gboolean device)
{
  Memory *memory = take_memory ();
  guint how = take (3);
  GstMapFlags flags = how == 0 ? GST_MAP_READ : how == 1 ? GST_MAP_WRITE : GST_MAP_READWRITE;
  Map map = {.memory = memory,.device = device,.write = how > 0 };
  gboolean excluded = FALSE, mapped;
  Map *free_map = NULL;

  if (!memory)
    return;
  map.first = get_first (memory->mem);
  map.end = map.first + memory->mem->size;
  map.excludes_end = map.write && !device ? get_start (memory->mem) + memory->mem->maxsize : map.end;
  for (guint i = 0; i < MAX_MAPS; i++) {
    if (!maps[i].memory)
      free_map = &maps[i];
    else if (maps[i].memory->block == memory->block)
      excluded |= exclude (&maps[i], &map, gst_xlnk_allocator_get_xlnk_device (allocator)->line);
  }
  if (!free_map)
    return;
  mapped = try_map (&map, flags);
  FUZZ_CHECK (!mapped || !excluded, "a map that an open one excludes");
  FUZZ_CHECK (mapped || excluded || map.write || has_maps (memory->block, FALSE, TRUE),
      "nothing excludes this map, and it fails");
  if (!mapped)
    return;
  memory->maps++;
  *free_map = map;
  note_mixed_maps (memory->mem);
  check_map (free_map);
}

static void
close_map (Map * map)
{
  if (map->device)
    gst_xlnk_memory_unmap_device (map->memory->mem, &map->info);
  else
    gst_memory_unmap (map->memory->mem, &map->info);
  map->memory->maps--;
  map->memory = NULL;
}

static void
unmap (void)
{
  Map *map = take_map ();

  if (map)
    close_map (map);
}

static void
fill (guint8 * data, gsize size, guint seed)
{
  for (gsize i = 0; i < size; i++)
    data[i] = (guint8) (seed + i * 7);
}

/* Some of the bytes of a map are written by who has it. */
static void
write_bytes (void)
{
  Map *map = take_map ();
  gsize size, offset;
  guint8 *bytes;

  if (!map || !map->write || map->info.size == 0)
    return;
  offset = take_16 () % map->info.size;
  size = 1 + take_16 () % (map->info.size - offset);
  bytes = map->memory->block->bytes + map->first + offset;
  fill (bytes, size, take (0));
  if (map->device)
    board_device_write (map->memory->block->phys + map->first + offset, bytes, size);
  else
    memcpy (map->info.data + offset, bytes, size);
}

/* Where another CPU map has the same bytes they may be written now; where a device has them, not. */
static void
read_bytes (void)
{
  Map *map = take_map ();

  if (map)
    check_map (map);
}

static gboolean
has_mixed_maps (GstMemory * mem)
{
  return gst_mini_object_get_qdata (GST_MINI_OBJECT_CAST (mem), g_quark_from_static_string ("mixed")) != NULL;
}

/* Core locks a parent for its child, and does not look whether it could: not while somebody writes. */
static void
share (void)
{
  Memory *memory = take_memory ();
  gsize first, size;
  GstMemory *child;

  if (!memory || !find_free_memory () || has_maps (memory->block, FALSE, TRUE)
      || has_mixed_maps (memory->mem->parent ? memory->mem->parent : memory->mem))
    return;
  first = take_16 () % (memory->mem->maxsize + 1);
  size = take_16 () % (memory->mem->maxsize - first + 1);
  child = gst_memory_share (memory->mem, (gssize) first - (gssize) memory->mem->offset, (gssize) size);
  if (!child)
    return;
  FUZZ_CHECK (child->offset == first && child->size == size, "%zu bytes at %zu are %zu bytes at %zu of the child", size,
      first, child->size, child->offset);
  FUZZ_CHECK (get_start (child) == get_start (memory->mem) && child->maxsize == memory->mem->maxsize, "its block, too");
  add_memory (child, memory->block);
}

static void
resize (void)
{
  Memory *memory = take_memory ();
  gsize first, size;

  if (!memory || !gst_memory_is_writable (memory->mem))
    return;
  first = take_16 () % (memory->mem->maxsize + 1);
  size = take_16 () % (memory->mem->maxsize - first + 1);
  gst_memory_resize (memory->mem, (gssize) first - (gssize) memory->mem->offset, size);
  FUZZ_CHECK (memory->mem->offset == first && memory->mem->size == size, "resized to something else");
}

/* A copy to memory of the system is compared, and dropped. */
static void
copy (void)
{
  Memory *memory = take_memory ();
  gsize offset, size;
  GstMemory *result;
  GstMapInfo info;

  if (!memory || !find_free_memory ())
    return;
  offset = take_16 () % (memory->mem->size + 1);
  size = take (4) ? take_16 () % (memory->mem->size - offset + 1) : memory->mem->size - offset;
  result = gst_memory_copy (memory->mem, (gssize) offset, take (2) ? (gssize) size : -1);
  FUZZ_CHECK (result || has_maps (memory->block, TRUE, FALSE), "no copy");
  if (!result)
    return;
  FUZZ_CHECK (gst_memory_map (result, &info, GST_MAP_READ), "the copy cannot be read");
  check_bytes (memory->block, get_first (memory->mem) + offset, info.data, info.size, "a copy");
  gst_memory_unmap (result, &info);
  if (!gst_is_xlnk_memory (result)) {
    gst_memory_unref (result);
    return;
  }
  memcpy (add_memory (result, NULL)->block->bytes + get_first (result),
      memory->block->bytes + get_first (memory->mem) + offset, result->size);
}

static void
copy_into (void)
{
  Memory *to = take_memory (), *from = take_memory ();
  gsize to_offset, from_offset, size;
  GError *error = NULL;
  gboolean fits, done;

  if (!to || !from)
    return;
  to_offset = take_size (to->mem->size);
  from_offset = take_size (from->mem->size);
  size = take_size (MIN (to->mem->size, from->mem->size));
  fits = to_offset <= to->mem->size && size <= to->mem->size - to_offset && from_offset <= from->mem->size
      && size <= from->mem->size - from_offset;
  if (fits && to->block == from->block && get_first (to->mem) + to_offset < get_first (from->mem) + from_offset + size
      && get_first (from->mem) + from_offset < get_first (to->mem) + to_offset + size)
    return;
  done = gst_xlnk_memory_copy_into (to->mem, to_offset, from->mem, from_offset, size, &error);
  fuzz_check_result (done, error, GST_XLNK_ERROR);
  FUZZ_CHECK (fits || !done, "copied beyond what is visible");
  FUZZ_CHECK (!done || (gst_memory_is_writable (to->mem) && !to->mem->parent), "copied to where nobody may write");
  if (done)
    memcpy (to->block->bytes + get_first (to->mem) + to_offset,
        from->block->bytes + get_first (from->mem) + from_offset, size);
}

static void
expose (void)
{
  Memory *memory = take_memory ();
  guint64 address;

  if (!memory)
    return;
  address = gst_xlnk_memory_get_phys_addr (memory->mem);
  FUZZ_CHECK (address == memory->block->phys + get_first (memory->mem), "another address");
  memory->block->exposed = TRUE;
}

static void
maintain (gboolean invalidate)
{
  Memory *memory = take_memory ();
  gsize offset, size;
  GError *error = NULL;
  gboolean fits, done;

  if (!memory)
    return;
  offset = take_size (memory->mem->size);
  size = take_size (memory->mem->size);
  fits = offset <= memory->mem->size && ((gssize) size < 0 || size <= memory->mem->size - offset);
  if (invalidate)
    done = gst_xlnk_memory_invalidate (memory->mem, offset, (gssize) size, &error);
  else
    done = gst_xlnk_memory_flush (memory->mem, offset, (gssize) size, &error);
  fuzz_check_result (done, error, GST_XLNK_ERROR);
  FUZZ_CHECK (done == fits, "%zu bytes at %zu of %zu", size, offset, memory->mem->size);
}

static void
find (void)
{
  Memory *memory = take_memory ();
  gsize offset, size;
  GError *error = NULL;
  XlnkBlock *block;
  GstMemory *found;
  gboolean inside;

  if (!memory || !find_free_memory ())
    return;
  offset = take_size (memory->block->size);
  size = take_size (memory->block->size);
  inside = offset <= memory->block->size && size <= memory->block->size - offset;
  if (offset > memory->block->size + 4096)
    return;
  found = gst_xlnk_allocator_wrap_pointer (allocator, memory->block->cpu + offset, size, &error);
  fuzz_check_result (found != NULL, error, GST_XLNK_ERROR);
  FUZZ_CHECK (!inside || found, "%zu bytes at %zu of %zu are not found", size, offset, memory->block->size);
  if (!found)
    return;
  /* The next page may be another block's. */
  block = ((GstXlnkMemory *) found)->block;
  FUZZ_CHECK (get_start (found) <= block->size && size <= block->size - get_start (found), "%zu bytes at %zu of %zu",
      size, get_start (found), block->size);
  if (block == ((GstXlnkMemory *) memory->mem)->block)
    add_memory (found, memory->block);
  else
    gst_memory_unref (found);
}

/* A device that nobody tells us of, which knows the address: allowed while nothing is mapped. */
static void
run_untracked (void)
{
  Memory *memory = take_memory ();
  Block *block;
  g_autofree guint8 *data = NULL;
  gsize offset, size;

  if (!memory || !memory->block->exposed || memory->block->size == 0 || has_maps (memory->block, FALSE, FALSE))
    return;
  block = memory->block;
  offset = take_16 () % block->size;
  size = 1 + take_16 () % (block->size - offset);
  if (take (2)) {
    fill (block->bytes + offset, size, take (0));
    board_device_write (block->phys + offset, block->bytes + offset, size);
    return;
  }
  data = g_malloc (size);
  board_device_read (block->phys + offset, data, size);
  check_bytes (block, offset, data, size, "an untracked device");
}

static void
evict (void)
{
  Memory *memory = take_memory ();

  if (memory && memory->block->size > 0)
    board_evict (memory->block->phys, memory->block->size);
}

static void
ask_for_span (void)
{
  Memory *one = take_memory (), *other = take_memory ();
  gsize offset;

  if (one && other && one->mem->parent && one->mem->parent == other->mem->parent)
    FUZZ_CHECK (gst_memory_is_span (one->mem, other->mem, &offset)
        == (one->mem->offset + one->mem->size == other->mem->offset), "a span of two that are apart, or none");
}

static void
count (void)
{
  GstXlnkStats stats;
  guint64 blocks = 0;

  for (guint i = 0; i < MAX_MEMORIES; i++) {
    gboolean first = memories[i].mem != NULL;

    for (guint j = 0; j < i && first; j++)
      first = !memories[j].mem || memories[j].block != memories[i].block;
    blocks += first;
  }
  gst_xlnk_allocator_get_stats (allocator, &stats);
  FUZZ_CHECK (stats.buffer_count == blocks && stats.lost_buffers == 0, "%" G_GUINT64_FORMAT " buffers instead of %"
      G_GUINT64_FORMAT, stats.buffer_count, blocks);
}

static void
do_operation (void)
{
  switch (take (20)) {
    case 0:
    case 1:
      allocate ();
      break;
    case 2:
      release ();
      break;
    case 3:
    case 4:
      map_memory (FALSE);
      break;
    case 5:
      map_memory (TRUE);
      break;
    case 6:
    case 7:
      unmap ();
      break;
    case 8:
    case 9:
      write_bytes ();
      break;
    case 10:
      read_bytes ();
      break;
    case 11:
      share ();
      break;
    case 12:
      resize ();
      break;
    case 13:
      copy ();
      break;
    case 14:
      copy_into ();
      break;
    case 15:
      expose ();
      break;
    case 16:
      maintain (take (2) != 0);
      break;
    case 17:
      find ();
      break;
    case 18:
      run_untracked ();
      break;
    default:
      evict ();
      ask_for_span ();
      break;
  }
}

/* What is mapped is looked at once more, then all goes. */
static void
end (void)
{
  count ();
  for (guint i = 0; i < MAX_MAPS; i++) {
    if (maps[i].memory) {
      check_map (&maps[i]);
      close_map (&maps[i]);
    }
  }
  for (guint i = 0; i < MAX_MEMORIES; i++) {
    if (memories[i].mem)
      remove_memory (&memories[i]);
  }
  count ();
}

int
LLVMFuzzerInitialize (int *argc, char ***argv)
{
  g_autoptr (GError) error = NULL;

  (void) argc;
  (void) argv;
  fuzz_init_gst ();
  allocator = gst_xlnk_allocator_get (NULL, &error);
  FUZZ_CHECK (allocator, "%s", error->message);
  gst_memory_unref (gst_xlnk_allocator_alloc (allocator, 1, TRUE, NULL, NULL));
  hazards = board_hazards ();
  live = board_live_buffers ();
  return 0;
}

int
LLVMFuzzerTestOneInput (const uint8_t * data, size_t size)
{
  model_set_input (data, size);
  for (guint i = 0; i < MAX_OPERATIONS && model_has_input (); i++)
    do_operation ();
  end ();
  FUZZ_CHECK (board_hazards () == hazards, "the board saw a hazard");
  FUZZ_CHECK (board_live_buffers () == live, "buffers are left on the board");
  return 0;
}
