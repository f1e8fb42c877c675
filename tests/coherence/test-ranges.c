/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * test-ranges.c: the interval set against a bitmap of its bytes, and its canonical form.
 */
#include "xlnkranges.h"

#define BYTES 96

typedef bool Bitmap[BYTES];

static void
paint (Bitmap map, XlnkRange range, bool value)
{
  size_t i;

  for (i = range.start; i < range.end; i++)
    map[i] = value;
}

/* Sorted, not empty, neither overlapping nor touching, and exactly the bytes of @map. */
static void
check_equal (const XlnkRanges * set, const Bitmap map)
{
  Bitmap painted = { false };
  size_t i, bytes = 0;

  for (i = 0; i < xlnk_ranges_length (set); i++) {
    const XlnkRange range = xlnk_ranges_get (set, i);

    g_assert_cmpuint (range.start, <, range.end);
    if (i > 0)
      g_assert_cmpuint (xlnk_ranges_get (set, i - 1).end, <, range.start);
    paint (painted, range, true);
  }
  for (i = 0; i < BYTES; i++) {
    g_assert_cmpint (painted[i], ==, map[i]);
    bytes += map[i];
  }
  g_assert_cmpuint (xlnk_ranges_bytes (set), ==, bytes);
  g_assert_cmpint (xlnk_ranges_is_empty (set), ==, bytes == 0);
}

static XlnkRange
random_range (GRand * rand)
{
  const size_t start = g_rand_int_range (rand, 0, BYTES);

  return (XlnkRange) { start, g_rand_int_range (rand, start, MIN (start + 24, BYTES) + 1) };
}

static void
check_overlap (const XlnkRanges * set, const Bitmap map, XlnkRange range)
{
  bool overlap = false;
  size_t i;

  for (i = range.start; i < range.end; i++)
    overlap |= map[i];
  g_assert_cmpint (xlnk_ranges_overlap (set, range), ==, overlap);
}

static void
check_common (const XlnkRanges * set, const Bitmap map, XlnkRange range, XlnkRanges * scratch)
{
  Bitmap expected = { false };
  size_t i;

  for (i = range.start; i < range.end; i++)
    expected[i] = map[i];
  xlnk_ranges_empty (scratch);
  xlnk_ranges_add_common (scratch, set, range);
  check_equal (scratch, expected);
}

static void
test_against_bitmap (void)
{
  GRand *rand = g_rand_new_with_seed (1);
  XlnkRanges set, other;
  Bitmap map = { false };
  int step;

  xlnk_ranges_init (&set);
  xlnk_ranges_init (&other);
  for (step = 0; step < 100000; step++) {
    const XlnkRange range = random_range (rand);
    const bool add = g_rand_boolean (rand);

    if (add)
      xlnk_ranges_add (&set, range);
    else
      xlnk_ranges_remove (&set, range);
    paint (map, range, add);
    check_equal (&set, map);
    check_overlap (&set, map, random_range (rand));
    check_common (&set, map, random_range (rand), &other);
    if (step % 64 == 0) {
      xlnk_ranges_remove_set (&set, &other);
      for (size_t i = 0; i < xlnk_ranges_length (&other); i++)
        paint (map, xlnk_ranges_get (&other, i), false);
      check_equal (&set, map);
    }
  }
  xlnk_ranges_clear (&set);
  xlnk_ranges_clear (&other);
  g_rand_free (rand);
}

static void
test_neighbours_merge (void)
{
  XlnkRanges set;

  xlnk_ranges_init (&set);
  xlnk_ranges_add (&set, (XlnkRange) { 64, 128 });
  xlnk_ranges_add (&set, (XlnkRange) { 192, 256 });
  g_assert_cmpuint (xlnk_ranges_length (&set), ==, 2);
  xlnk_ranges_add (&set, (XlnkRange) { 128, 192 });
  g_assert_cmpuint (xlnk_ranges_length (&set), ==, 1);
  g_assert_cmpuint (xlnk_ranges_get (&set, 0).start, ==, 64);
  g_assert_cmpuint (xlnk_ranges_get (&set, 0).end, ==, 256);
  xlnk_ranges_clear (&set);
}

static void
test_ends_of_the_address_space (void)
{
  const XlnkRange all = { 0, SIZE_MAX };
  XlnkRanges set;

  xlnk_ranges_init (&set);
  xlnk_ranges_add (&set, all);
  xlnk_ranges_remove (&set, (XlnkRange) { 1, SIZE_MAX - 1 });
  g_assert_cmpuint (xlnk_ranges_bytes (&set), ==, 2);
  xlnk_ranges_add (&set, all);
  g_assert_cmpuint (xlnk_ranges_bytes (&set), ==, SIZE_MAX);
  xlnk_ranges_remove (&set, all);
  g_assert_true (xlnk_ranges_is_empty (&set));
  xlnk_ranges_clear (&set);
}

static void
test_keeps_its_memory (void)
{
  XlnkRanges set;
  gpointer data;

  xlnk_ranges_init (&set);
  xlnk_ranges_add (&set, (XlnkRange) { 0, 64 });
  data = set.array->data;
  for (int i = 0; i < 100; i++) {
    xlnk_ranges_empty (&set);
    xlnk_ranges_add (&set, (XlnkRange) { 0, 64 });
    xlnk_ranges_remove (&set, (XlnkRange) { 0, 64 });
  }
  g_assert_true (set.array->data == data);
  xlnk_ranges_clear (&set);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/ranges/against-bitmap", test_against_bitmap);
  g_test_add_func ("/ranges/neighbours-merge", test_neighbours_merge);
  g_test_add_func ("/ranges/ends-of-the-address-space", test_ends_of_the_address_space);
  g_test_add_func ("/ranges/keeps-its-memory", test_keeps_its_memory);
  return g_test_run ();
}
