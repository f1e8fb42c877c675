/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * accelerator-region.c: how a core is found, mapped and locked, in a tree of files that looks like /sys and /dev.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <glib.h>
#include <glib/gstdio.h>

#include "xlnkerror.h"
#include "xlnkregion.h"
#include "xlnkuio.h"

static char *root;

G_GNUC_PRINTF (2, 3)
static void
write_file (const char *text, const char *format, ...)
{
  g_autofree char *name = NULL, *path = NULL, *dir = NULL;
  va_list args;

  va_start (args, format);
  name = g_strdup_vprintf (format, args);
  va_end (args);
  path = g_build_filename (root, name, NULL);
  dir = g_path_get_dirname (path);
  g_assert_cmpint (g_mkdir_with_parents (dir, 0700), ==, 0);
  g_assert_true (g_file_set_contents (path, text, -1, NULL));
}

/* Registers hold their own offset, beginning at @skip of the file. */
static void
write_registers (const char *name, gsize skip, gsize size)
{
  g_autofree char *path = g_build_filename (root, "dev", name, NULL);
  g_autofree guint32 *words = g_malloc0 (skip + size);

  for (gsize i = 0; i < size / 4; i++)
    words[skip / 4 + i] = (guint32) (4 * i);
  g_assert_true (g_file_set_contents (path, (const char *) words, skip + size, NULL));
}

static void
add_uio (unsigned number, const char *name, const char *address, const char *size, const char *offset)
{
  g_autofree char *with_newline = g_strdup_printf ("%s\n", name);

  write_file (with_newline, "sys/class/uio/uio%u/name", number);
  if (address) {
    write_file (address, "sys/class/uio/uio%u/maps/map0/addr", number);
    write_file (size, "sys/class/uio/uio%u/maps/map0/size", number);
    write_file (offset, "sys/class/uio/uio%u/maps/map0/offset", number);
  }
}

static void
setup (void)
{
  char node[16];

  root = g_dir_make_tmp ("xlnk-region-XXXXXX", NULL);
  g_assert_nonnull (root);
  write_file ("", "dev/mem");
  add_uio (10, "resize", "0x43c10000\n", "0x1000\n", "0x0\n");
  add_uio (2, "sobel", "0x43c00000\n", "0x10000\n", "0x0\n");
  add_uio (3, "inner", "0x43c20200\n", "0x100\n", "0x200\n");
  add_uio (4, "twin", "0x43c30000\n", "0x1000\n", "0x0\n");
  add_uio (5, "twin", "0x43c40000\n", "0x1000\n", "0x0\n");
  add_uio (6, "mapless", NULL, NULL, NULL);
  for (unsigned i = 2; i <= 10; i++) {
    g_snprintf (node, sizeof node, "uio%u", i);
    write_registers (node, i == 3 ? 0x200 : 0, 0x10000);
  }
  /* A file can only be mapped as far as it goes. */
  write_registers ("mem", 0x3000, 0x3000);
}

static void
teardown (void)
{
  g_autofree char *command = g_strdup_printf ("rm -rf '%s'", root);

  g_assert_cmpint (system (command), ==, 0);
  g_free (root);
}

static void
assert_fails (XlnkRegion * region, GError ** error, XlnkError code, const char *words)
{
  g_assert_null (region);
  g_test_message ("%s", (*error)->message);
  g_assert_error (*error, XLNK_ERROR, (int) code);
  g_assert_nonnull (strstr ((*error)->message, words));
  g_clear_error (error);
}

static void
test_names (void)
{
  static const char *const names[] = { "sobel", "2", "uio2", "/dev/uio2" };

  for (unsigned i = 0; i < G_N_ELEMENTS (names); i++) {
    g_autoptr (GError) error = NULL;
    XlnkRegion *region = xlnk_region_open_uio (root, names[i], &error);

    g_assert_no_error (error);
    g_assert_cmpstr (region->name, ==, "sobel (/dev/uio2)");
    g_assert_cmpuint (region->size, ==, 0x10000);
    g_assert_cmphex (*(volatile guint32 *) (region->start + 0x10), ==, 0x10);
    xlnk_region_close (region);
  }
}

static void
test_unknown_names (void)
{
  GError *error = NULL;

  assert_fails (xlnk_region_open_uio (root, "sobbel", &error), &error, XLNK_ERROR_NO_DEVICE,
      "sobel (/dev/uio2), inner (/dev/uio3), twin (/dev/uio4), twin (/dev/uio5), mapless (/dev/uio6), "
      "resize (/dev/uio10)");
  assert_fails (xlnk_region_open_uio (root, "11", &error), &error, XLNK_ERROR_NO_DEVICE, "`11'");
  assert_fails (xlnk_region_open_uio (root, "twin", &error), &error, XLNK_ERROR_NO_DEVICE,
      "/dev/uio4), twin (/dev/uio5");
  assert_fails (xlnk_region_open_uio (root, "mapless", &error), &error, XLNK_ERROR_FAILED, "no usable register window");
  assert_fails (xlnk_region_open_uio ("/nonexistent", "sobel", &error), &error, XLNK_ERROR_NO_DEVICE, "xlnk-emulate");
}

/* Registers that do not begin with a page. */
static void
test_offset (void)
{
  XlnkRegion *region = xlnk_region_open_uio (root, "inner", NULL);

  g_assert_nonnull (region);
  g_assert_cmpuint (region->size, ==, 0x100);
  g_assert_cmphex (*(volatile guint32 *) (region->start + 0x20), ==, 0x20);
  xlnk_region_close (region);

  /* The size is that of the pages around them. */
  add_uio (8, "pages", "0x43c50000\n", "0x10000\n", "0x200\n");
  write_registers ("uio8", 0x200, 0x10000);
  region = xlnk_region_open_uio (root, "pages", NULL);
  g_assert_nonnull (region);
  g_assert_cmpuint (region->size, ==, 0xfe00);
  g_assert_cmpuint (region->mapping_size, ==, 0x10000);
  g_assert_cmphex (*(volatile guint32 *) (region->start + 0x20), ==, 0x20);
  xlnk_region_close (region);

  region = xlnk_region_open_mem (root, 0x3010, 0x40, NULL);
  g_assert_nonnull (region);
  g_assert_cmpstr (region->name, ==, "0x00003010 (/dev/mem)");
  g_assert_cmphex (*(volatile guint32 *) (region->start + 4), ==, 0x14);
  g_assert_false (region->has_interrupt);
  xlnk_region_close (region);
}

static void
test_addresses (void)
{
  static const struct
  {
    uint64_t base, size;
  } windows[] = { {0x3002, 0x40}, {0x3000, 0x42}, {0x3000, 0}, {UINT64_MAX - 3, 8}, {INT64_MAX - 3, 8},
    {0, UINT64_MAX - 3}
  };

  for (unsigned i = 0; i < G_N_ELEMENTS (windows); i++) {
    GError *error = NULL;

    assert_fails (xlnk_region_open_mem (root, windows[i].base, windows[i].size, &error), &error, XLNK_ERROR_FAILED,
        "register window");
  }
}

/* What opening it says in another process: 0, or the error's code + 1. */
static int
open_elsewhere (const char *uio, uint64_t base)
{
  pid_t child = fork ();
  int status;

  if (child == 0) {
    GError *error = NULL;
    XlnkRegion *region = uio ? xlnk_region_open_uio (root, uio, &error)
        : xlnk_region_open_mem (root, base, 0x100, &error);
    int code = region ? 0 : error->code + 1;

    /* Memcheck asks the child for everything it took. */
    if (region)
      xlnk_region_close (region);
    g_clear_error (&error);
    _exit (code);
  }
  g_assert_cmpint (waitpid (child, &status, 0), ==, child);
  g_assert_true (WIFEXITED (status));
  return WEXITSTATUS (status);
}

#define BUSY (XLNK_ERROR_BUSY + 1)

static void
test_one_has_it (void)
{
  GError *error = NULL;
  XlnkRegion *region = xlnk_region_open_uio (root, "sobel", NULL);

  g_assert_nonnull (region);
  g_assert_cmpint (open_elsewhere ("sobel", 0), ==, BUSY);
  assert_fails (xlnk_region_open_uio (root, "2", &error), &error, XLNK_ERROR_BUSY, "in use");
  g_assert_cmpint (open_elsewhere ("resize", 0), ==, 0);
  xlnk_region_close (region);
  g_assert_cmpint (open_elsewhere ("sobel", 0), ==, 0);
}

static void
test_one_has_the_addresses (void)
{
  GError *error = NULL;
  XlnkRegion *region = xlnk_region_open_mem (root, 0x3000, 0x100, NULL);

  g_assert_nonnull (region);
  g_assert_cmpint (open_elsewhere (NULL, 0x3000), ==, BUSY);
  g_assert_cmpint (open_elsewhere (NULL, 0x2f10), ==, BUSY);
  g_assert_cmpint (open_elsewhere (NULL, 0x3100), ==, 0);
  assert_fails (xlnk_region_open_mem (root, 0x30fc, 4, &error), &error, XLNK_ERROR_BUSY, "in use");
  xlnk_region_close (region);
  g_assert_cmpint (open_elsewhere (NULL, 0x3000), ==, 0);
}

/* One core, by its node and by its address. */
static void
test_two_ways (void)
{
  XlnkRegion *region;

  add_uio (7, "low", "0x00004000\n", "0x1000\n", "0x0\n");
  region = xlnk_region_open_uio (root, "low", NULL);
  g_assert_nonnull (region);
  g_assert_cmpint (open_elsewhere (NULL, 0x4800), ==, BUSY);
  g_assert_cmpint (open_elsewhere (NULL, 0x5000), ==, 0);
  xlnk_region_close (region);

  region = xlnk_region_open_mem (root, 0x4800, 0x100, NULL);
  g_assert_nonnull (region);
  g_assert_cmpint (open_elsewhere ("low", 0), ==, BUSY);
  xlnk_region_close (region);
  g_assert_cmpint (open_elsewhere ("low", 0), ==, 0);
}

static void
test_permission (void)
{
  g_autofree char *path = g_build_filename (root, "dev", "uio10", NULL);
  GError *error = NULL;

  if (geteuid () == 0) {
    g_test_skip ("root may open everything");
    return;
  }
  g_assert_cmpint (g_chmod (path, 0), ==, 0);
  assert_fails (xlnk_region_open_uio (root, "resize", &error), &error, XLNK_ERROR_PERMISSION, "udev rule");
  g_assert_cmpint (g_chmod (path, 0600), ==, 0);
}

int
main (int argc, char **argv)
{
  int result;

  g_test_init (&argc, &argv, NULL);
  setup ();
  g_test_add_func ("/accelerator-region/names", test_names);
  g_test_add_func ("/accelerator-region/unknown-names", test_unknown_names);
  g_test_add_func ("/accelerator-region/offset", test_offset);
  g_test_add_func ("/accelerator-region/addresses", test_addresses);
  g_test_add_func ("/accelerator-region/one-has-it", test_one_has_it);
  g_test_add_func ("/accelerator-region/one-has-the-addresses", test_one_has_the_addresses);
  g_test_add_func ("/accelerator-region/two-ways", test_two_ways);
  g_test_add_func ("/accelerator-region/permission", test_permission);
  result = g_test_run ();
  teardown ();
  return result;
}
