/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * test-pl330.c: a DMA engine that nobody here wrote copies between memories of the library. It knows physical addresses
 * and no cache, so a wrong address or a forgotten operation is wrong data.
 *
 * With --damaged the driver forgets one half of the maintenance, and then the copies must be wrong.
 */
#include <string.h>

#include "pl330.h"

#define TIMEOUT (60 * G_USEC_PER_SEC)

static gint64 base_address = 0x12850000;
static gboolean damaged;
static GstXlnkAllocator *allocator;
static Pl330 pl330;

typedef struct
{
  gboolean in_cached, out_cached;
  gsize offset, size;
} Case;

static const Case cases[] = {
  {TRUE, TRUE, 0, 1},
  {TRUE, TRUE, 0, 127},
  {TRUE, TRUE, 0, 128},
  {TRUE, TRUE, 0, 4096},
  {TRUE, TRUE, 3, 1000},
  {TRUE, TRUE, 4096, 100003},
  {TRUE, FALSE, 0, 300000},
  {FALSE, TRUE, 64, 300000},
  {FALSE, FALSE, 8, 300001},
  {TRUE, TRUE, 0, 1920 * 1080 * 4},
};

static GstMemory *
new_memory (gboolean cached, gsize offset, gsize size)
{
  GstMemory *whole = gst_xlnk_allocator_alloc (allocator, offset + size, cached, NULL, NULL);

  g_assert_nonnull (whole);
  gst_memory_resize (whole, (gssize) offset, size);
  return whole;
}

static void
fill (GstMemory * memory, guint32 seed)
{
  GRand *dice = g_rand_new_with_seed (seed);
  g_autofree guint8 *data = NULL;
  GstMapInfo map;

  g_assert_true (gst_memory_map (memory, &map, GST_MAP_WRITE));
  data = g_malloc (map.size);
  for (gsize i = 0; i < map.size; i++)
    data[i] = (guint8) g_rand_int (dice);
  memcpy (map.data, data, map.size);
  gst_memory_unmap (memory, &map);
  g_rand_free (dice);
}

static gboolean
equal (GstMemory * a, GstMemory * b)
{
  GstMapInfo map_a, map_b;
  gboolean result;

  g_assert_true (gst_memory_map (a, &map_a, GST_MAP_READ));
  g_assert_true (gst_memory_map (b, &map_b, GST_MAP_READ));
  result = map_a.size == map_b.size && memcmp (map_a.data, map_b.data, map_a.size) == 0;
  gst_memory_unmap (b, &map_b);
  gst_memory_unmap (a, &map_a);
  return result;
}

static void
run (guint64 from, guint64 to, gsize size)
{
  GstXlnkPlanes in = {.n_planes = 1,.phys_addr = {from},.size = {size} };
  GstXlnkPlanes out = {.n_planes = 1,.phys_addr = {to},.size = {size} };
  g_autoptr (GError) error = NULL;
  GstXlnkWait result;

  if (!pl330_start (&pl330, &in, &out, &error))
    g_error ("%s", error->message);
  result = pl330_wait (&pl330, g_get_monotonic_time () + TIMEOUT, &error);
  if (result != GST_XLNK_WAIT_DONE)
    g_error ("wait said %d: %s", result, error ? error->message : pl330_describe (&pl330));
}

static void
copy_in_brackets (GstMemory * in, GstMemory * out)
{
  GstMapInfo in_map, out_map;

  g_assert_true (gst_xlnk_memory_map_device (in, &in_map, GST_MAP_READ));
  g_assert_true (gst_xlnk_memory_map_device (out, &out_map, GST_MAP_WRITE));
  run (GPOINTER_TO_SIZE (in_map.data), GPOINTER_TO_SIZE (out_map.data), in_map.size);
  gst_xlnk_memory_unmap_device (out, &out_map);
  gst_xlnk_memory_unmap_device (in, &in_map);
}

static void
look_at (GstMemory * memory)
{
  GstMapInfo map;

  g_assert_true (gst_memory_map (memory, &map, GST_MAP_READ));
  gst_memory_unmap (memory, &map);
}

/* What the CPU wrote arrives, and what the DMA engine wrote is seen, twice over the same memory. */
static void
test_copy (gconstpointer data)
{
  const Case *c = data;
  GstMemory *in = new_memory (c->in_cached, c->offset, c->size);
  GstMemory *out = new_memory (c->out_cached, c->offset, c->size);
  gboolean good = TRUE;

  for (guint round = 1; round <= 2; round++) {
    fill (in, round);
    look_at (out);
    copy_in_brackets (in, out);
    good &= equal (in, out);
  }
  g_assert_true (good == !damaged);
  gst_memory_unref (out);
  gst_memory_unref (in);
}

/* The neighbours of a child stay as they are: its address is its own. */
static void
test_child (void)
{
  GstMemory *in = new_memory (TRUE, 0, 64 * 1024), *out = new_memory (TRUE, 0, 64 * 1024);
  GstMemory *part = gst_memory_share (in, 4096, 8192);
  GstMapInfo map, part_map;

  fill (in, 7);
  copy_in_brackets (in, out);
  fill (in, 8);
  g_assert_true (gst_xlnk_memory_map_device (part, &part_map, GST_MAP_READ));
  g_assert_true (gst_xlnk_memory_map_device (out, &map, GST_MAP_WRITE));
  run (GPOINTER_TO_SIZE (part_map.data), GPOINTER_TO_SIZE (map.data) + 4096, 8192);
  gst_xlnk_memory_unmap_device (out, &map);
  gst_xlnk_memory_unmap_device (part, &part_map);
  g_assert_true (gst_memory_map (in, &part_map, GST_MAP_READ));
  g_assert_true (gst_memory_map (out, &map, GST_MAP_READ));
  g_assert_cmpint (memcmp (part_map.data, map.data, 4096), !=, 0);
  g_assert_cmpint (memcmp (part_map.data + 4096, map.data + 4096, 8192), ==, 0);
  g_assert_cmpint (memcmp (part_map.data + 12288, map.data + 12288, 52 * 1024 - 4096), !=, 0);
  gst_memory_unmap (out, &map);
  gst_memory_unmap (in, &part_map);
  gst_memory_unref (part);
  gst_memory_unref (out);
  gst_memory_unref (in);
}

/* Code that knows physical addresses and nothing of us: unmap, run, map (design §5, `exposed`). */
static void
test_plain_maps (void)
{
  GstMemory *in = new_memory (TRUE, 0, 50000), *out = new_memory (TRUE, 0, 50000);

  for (guint round = 1; round <= 2; round++) {
    fill (in, round);
    look_at (out);
    run (gst_xlnk_memory_get_phys_addr (in), gst_xlnk_memory_get_phys_addr (out), 50000);
    g_assert_true (equal (in, out));
  }
  gst_memory_unref (out);
  gst_memory_unref (in);
}

static gboolean
is_all (GstMemory * memory, guint8 value)
{
  GstMapInfo map;
  gboolean result = TRUE;

  g_assert_true (gst_memory_map (memory, &map, GST_MAP_READ));
  for (gsize i = 0; i < map.size; i++)
    result &= map.data[i] == value;
  gst_memory_unmap (memory, &map);
  return result;
}

/* Control: what was written after the last clean stays in the cache. */
static void
test_without_clean (void)
{
  GstMemory *in = new_memory (TRUE, 0, 4096), *out = new_memory (TRUE, 0, 4096);
  guint64 from = gst_xlnk_memory_get_phys_addr (in), to = gst_xlnk_memory_get_phys_addr (out);
  GstMapInfo map;

  g_assert_true (gst_memory_map (in, &map, GST_MAP_WRITE));
  memset (map.data, 0x5a, map.size);
  run (from, to, 4096);
  g_assert_true (is_all (out, 0));
  gst_memory_unmap (in, &map);
  run (from, to, 4096);
  g_assert_true (is_all (out, 0x5a));
  gst_memory_unref (out);
  gst_memory_unref (in);
}

/* Control: what was read before stays as it was. */
static void
test_without_invalidate (void)
{
  GstMemory *in = new_memory (TRUE, 0, 4096), *out = new_memory (TRUE, 0, 4096);
  GstMapInfo map;

  fill (in, 3);
  g_assert_true (gst_memory_map (out, &map, GST_MAP_READ));
  run (gst_xlnk_memory_get_phys_addr (in), gst_xlnk_memory_get_phys_addr (out), 4096);
  for (gsize i = 0; i < map.size; i++)
    g_assert_cmpint (map.data[i], ==, 0);
  gst_memory_unmap (out, &map);
  g_assert_true (equal (in, out));
  gst_memory_unref (out);
  gst_memory_unref (in);
}

/* A program that nobody can run is an error, and the controller works again after a stop. */
static void
test_bad_address (void)
{
  GstMemory *out = new_memory (TRUE, 0, 4096);
  GstXlnkPlanes in = {.n_planes = 1,.phys_addr = {0xfffff000},.size = {8192} };
  GstXlnkPlanes to = {.n_planes = 1,.phys_addr = {gst_xlnk_memory_get_phys_addr (out)},.size = {8192} };
  g_autoptr (GError) error = NULL;

  g_assert_false (pl330_start (&pl330, &in, &to, &error));
  g_assert_error (error, GST_XLNK_ERROR, GST_XLNK_ERROR_ADDRESS);
  g_assert_true (pl330_stop (&pl330, NULL));
  gst_memory_unref (out);
}

static void
add_tests (void)
{
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++) {
    const Case *c = &cases[i];
    g_autofree gchar *name = g_strdup_printf ("/pl330/copy/%s-to-%s/%" G_GSIZE_FORMAT "+%" G_GSIZE_FORMAT,
        c->in_cached ? "cached" : "uncached", c->out_cached ? "cached" : "uncached", c->offset, c->size);

    if (!damaged || (c->in_cached && c->out_cached && c->size > 1 && c->size < 1000000))
      g_test_add_data_func (name, c, test_copy);
  }
  if (damaged)
    return;
  g_test_add_func ("/pl330/child", test_child);
  g_test_add_func ("/pl330/plain-maps", test_plain_maps);
  g_test_add_func ("/pl330/without-clean", test_without_clean);
  g_test_add_func ("/pl330/without-invalidate", test_without_invalidate);
  g_test_add_func ("/pl330/bad-address", test_bad_address);
}

int
main (int argc, char **argv)
{
  GOptionEntry options[] = {
    {"base", 0, 0, G_OPTION_ARG_INT64, &base_address, "address of the controller", "ADDRESS"},
    {"damaged", 0, 0, G_OPTION_ARG_NONE, &damaged, "the copies must be wrong", NULL},
    {NULL, 0, 0, 0, NULL, NULL, NULL}
  };
  g_autoptr (GOptionContext) context = g_option_context_new (NULL);
  g_autoptr (GError) error = NULL;
  int result;

  g_test_init (&argc, &argv, NULL);
  gst_init (&argc, &argv);
  g_option_context_add_main_entries (context, options, NULL);
  if (!g_option_context_parse (context, &argc, &argv, &error))
    g_error ("%s", error->message);
  allocator = gst_xlnk_allocator_get (NULL, &error);
  if (!allocator || !pl330_open (&pl330, (guint64) base_address, allocator, &error))
    g_error ("%s", error->message);
  add_tests ();
  result = g_test_run ();
  pl330_close (&pl330);
  gst_object_unref (allocator);
  return result;
}
