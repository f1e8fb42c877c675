/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * test-hw.c: the instructions of xlnkhw.c, executed and not interposed: on aarch64 they must be allowed in user space,
 * and nowhere may maintenance or a barrier change a byte.
 */
#include "xlnkhw.h"

#include <glib.h>
#include <stdint.h>
#include <string.h>

static void
test_line_size_is_one_of_a_cache (void)
{
  const unsigned line = xlnk_hw_line_size ();

  g_assert_cmpuint (line & (line - 1), ==, 0);
  g_assert_cmpuint (line, >=, 16);
  g_assert_cmpuint (line, <=, 64);
}

static void
test_only_aarch64_maintains_by_address (void)
{
#ifdef __aarch64__
  g_assert_true (xlnk_hw_maintains_by_address ());
#else
  g_assert_false (xlnk_hw_maintains_by_address ());
#endif
}

static void
test_maintenance_changes_no_byte (void)
{
  static uint8_t bytes[4096], copy[4096];

  for (size_t i = 0; i < sizeof bytes; i++)
    copy[i] = bytes[i] = (uint8_t) (i * 7);
  for (size_t start = 0; start < 130; start += 13)
    for (size_t size = 0; size < 300; size += 37) {
      xlnk_hw_clean (bytes + start, size);
      xlnk_hw_barrier ();
      xlnk_hw_clean_invalidate (bytes + start, size);
      xlnk_hw_barrier ();
    }
  xlnk_hw_clean_invalidate (bytes, sizeof bytes);
  xlnk_hw_barrier ();
  g_assert_cmpmem (bytes, sizeof bytes, copy, sizeof copy);
}

static void
test_registers_are_32_bits_wide (void)
{
  uint32_t registers[3] = { 0x11111111, 0, 0x33333333 };

  xlnk_hw_write32 (&registers[1], 0xdeadbeef);
  g_assert_cmphex (xlnk_hw_read32 (&registers[1]), ==, 0xdeadbeef);
  g_assert_cmphex (registers[0], ==, 0x11111111);
  g_assert_cmphex (registers[2], ==, 0x33333333);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/hw/line-size-is-one-of-a-cache", test_line_size_is_one_of_a_cache);
  g_test_add_func ("/hw/only-aarch64-maintains-by-address", test_only_aarch64_maintains_by_address);
  g_test_add_func ("/hw/maintenance-changes-no-byte", test_maintenance_changes_no_byte);
  g_test_add_func ("/hw/registers-are-32-bits-wide", test_registers_are_32_bits_wide);
  return g_test_run ();
}
