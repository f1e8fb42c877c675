/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "board.h"

#include <dlfcn.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "../../emulator/xlnkemulator.h"

static gpointer
find (const char *name)
{
  gpointer symbol = dlsym (RTLD_DEFAULT, name);

  if (!symbol)
    g_error ("this test wants an emulated board: xlnk-emulate -- …");
  return symbol;
}

guint64
board_counter (const char *name)
{
  g_autofree char *path = g_build_filename ("/sys/kernel/debug/xlnk", name, NULL);
  g_autofree char *text = NULL;
  g_autoptr (GError) error = NULL;

  if (!g_file_get_contents (path, &text, NULL, &error))
    g_error ("no counter: %s", error->message);
  return g_ascii_strtoull (text, NULL, 10);
}

guint64
board_live_buffers (void)
{
  return board_counter ("live_blocks");
}

static struct xlnk_emulator_counters
get_counters (void)
{
  typeof (&xlnk_emulator_get_counters) get = find ("xlnk_emulator_get_counters");
  struct xlnk_emulator_counters counters;

  g_assert_cmpint (get (&counters), ==, 0);
  return counters;
}

guint64
board_hazards (void)
{
  return get_counters ().hazards;
}

guint64
board_redundant (void)
{
  return get_counters ().redundant;
}

guint64
board_ioctls (void)
{
  return get_counters ().ioctls;
}

guint
board_line_size (void)
{
  typeof (&xlnk_hw_line_size) line_size = find ("xlnk_hw_line_size");

  return line_size ();
}

void
board_device_read (guint64 phys, gpointer data, gsize size)
{
  typeof (&xlnk_emulator_device_read) device_read = find ("xlnk_emulator_device_read");

  g_assert_cmpint (device_read (phys, data, size), ==, 0);
}

void
board_device_write (guint64 phys, gconstpointer data, gsize size)
{
  typeof (&xlnk_emulator_device_write) device_write = find ("xlnk_emulator_device_write");

  g_assert_cmpint (device_write (phys, data, size), ==, 0);
}

gboolean
board_device_can_read (guint64 phys)
{
  typeof (&xlnk_emulator_device_read) device_read = find ("xlnk_emulator_device_read");
  guint8 byte;

  return device_read (phys, &byte, 1) == 0;
}

gboolean
board_device_sees (guint64 phys, guint8 value, gsize size)
{
  g_autofree guint8 *seen = g_malloc (size);

  board_device_read (phys, seen, size);
  for (gsize i = 0; i < size; i++) {
    if (seen[i] != value)
      return FALSE;
  }
  return TRUE;
}

void
board_device_fill (guint64 phys, guint8 value, gsize size)
{
  g_autofree guint8 *data = g_malloc (size);

  memset (data, value, size);
  board_device_write (phys, data, size);
}

void
board_evict (guint64 phys, gsize size)
{
  typeof (&xlnk_emulator_evict) evict = find ("xlnk_emulator_evict");

  g_assert_cmpint (evict (phys, size, 100), >=, 0);
}

gboolean
address_is_mapped (gconstpointer address)
{
  gsize page = sysconf (_SC_PAGESIZE);
  unsigned char resident;

  return mincore ((gpointer) ((guintptr) address & ~(page - 1)), page, &resident) == 0;
}
