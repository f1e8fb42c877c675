/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * device-open.c: what cannot be opened, and that each case is told apart from the others in words that help.
 */
#include <fcntl.h>
#include <glib/gstdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "xlnkblock.h"

#define assert_mentions(error, word) \
  G_STMT_START { \
    if (!strstr ((error)->message, (word))) \
      g_error ("\"%s\" is not in: %s", (word), (error)->message); \
  } G_STMT_END

static guint
count_open_files (void)
{
  GDir *dir = g_dir_open ("/proc/self/fd", 0, NULL);
  guint count = 0;

  g_assert_nonnull (dir);
  while (g_dir_read_name (dir))
    count++;
  g_dir_close (dir);
  return count;
}

static void
assert_refused (const char *path, XlnkError code, GError ** error)
{
  guint before = count_open_files ();

  g_assert_null (xlnk_device_open (path, error));
  g_assert_error (*error, XLNK_ERROR, (int) code);
  assert_mentions (*error, path);
  g_assert_cmpuint (count_open_files (), ==, before);
}

static char *
make_file (void)
{
  char *path = g_strdup ("/tmp/xlnk-test-XXXXXX");
  int fd = g_mkstemp (path);

  g_assert_cmpint (fd, >=, 0);
  g_assert_cmpint (write (fd, "not a device", 12), ==, 12);
  close (fd);
  return path;
}

static void
test_missing_node_names_the_emulator (void)
{
  g_autoptr (GError) error = NULL;

  assert_refused ("/nonexistent/xlnk", XLNK_ERROR_NO_DEVICE, &error);
  assert_mentions (error, "xlnk-emulate");
}

static void
test_regular_file_is_not_a_driver (void)
{
  g_autofree char *path = make_file ();
  g_autofree char *contents = NULL;
  g_autoptr (GError) error = NULL;

  assert_refused (path, XLNK_ERROR_UNKNOWN_ABI, &error);
  assert_mentions (error, "not a character device");
  /* The probe writes a marker to the node: not to somebody's file. */
  g_assert_true (g_file_get_contents (path, &contents, NULL, NULL));
  g_assert_cmpstr (contents, ==, "not a device");
  g_unlink (path);
}

static void
test_other_devices_are_not_the_driver (void)
{
  static const char *const nodes[] = { "/dev/null", "/dev/zero", "/dev/urandom" };

  for (gsize i = 0; i < G_N_ELEMENTS (nodes); i++) {
    g_autoptr (GError) error = NULL;

    assert_refused (nodes[i], XLNK_ERROR_UNKNOWN_ABI, &error);
  }
}

static void
test_directory_is_refused (void)
{
  g_autoptr (GError) error = NULL;

  g_assert_null (xlnk_device_open ("/", &error));
  g_assert_nonnull (error);
}

/* Root may open everything, so the subprocess becomes nobody. */
static void
test_permission_gives_the_rule (void)
{
  g_autofree char *path = NULL;

  if (g_test_subprocess ()) {
    const char *node = g_getenv ("XLNK_TEST_NODE");
    g_autoptr (GError) error = NULL;

    if (geteuid () == 0)
      g_assert_cmpint (setuid (65534), ==, 0);
    assert_refused (node, XLNK_ERROR_PERMISSION, &error);
    assert_mentions (error, "udev");
    assert_mentions (error, "KERNEL==\"xlnk\"");
    return;
  }
  path = make_file ();
  g_assert_cmpint (g_chmod (path, 0), ==, 0);
  g_setenv ("XLNK_TEST_NODE", path, TRUE);
  g_test_trap_subprocess (NULL, 0, 0);
  g_unlink (path);
  g_test_trap_assert_passed ();
}

static void
test_resolve_follows_links (void)
{
  g_autofree char *dir = g_dir_make_tmp ("xlnk-test-XXXXXX", NULL);
  g_autofree char *first = g_build_filename (dir, "first", NULL);
  g_autofree char *second = g_build_filename (dir, "second", NULL);
  g_autofree char *resolved = NULL;
  g_autofree char *missing = xlnk_device_resolve ("/nonexistent/xlnk");

  g_assert_cmpint (symlink ("/dev/null", first), ==, 0);
  g_assert_cmpint (symlink (first, second), ==, 0);
  resolved = xlnk_device_resolve (second);
  g_assert_cmpstr (resolved, ==, "/dev/null");
  g_assert_cmpstr (missing, ==, "/nonexistent/xlnk");
  g_unlink (second);
  g_unlink (first);
  g_rmdir (dir);
}

static void
test_auto_is_the_known_node (void)
{
  static const char *const names[] = { "auto", "", NULL };

  for (gsize i = 0; i < G_N_ELEMENTS (names); i++) {
    g_autofree char *resolved = xlnk_device_resolve (names[i]);

    g_assert_cmpstr (resolved, ==, "/dev/xlnk");
  }
}

static void
test_open_and_close_leave_no_file (void)
{
  guint before = count_open_files ();
  g_autoptr (GError) error = NULL;
  XlnkDevice *device = xlnk_device_open ("auto", &error);

  g_assert_no_error (error);
  g_assert_cmpuint (count_open_files (), ==, before + 1);
  g_assert_cmpint (fcntl (device->fd, F_GETFD) & FD_CLOEXEC, ==, FD_CLOEXEC);
  xlnk_device_unref (device);
  g_assert_cmpuint (count_open_files (), ==, before);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/device-open/missing-node-names-the-emulator", test_missing_node_names_the_emulator);
  g_test_add_func ("/device-open/regular-file-is-not-a-driver", test_regular_file_is_not_a_driver);
  g_test_add_func ("/device-open/other-devices-are-not-the-driver", test_other_devices_are_not_the_driver);
  g_test_add_func ("/device-open/directory-is-refused", test_directory_is_refused);
  g_test_add_func ("/device-open/permission-gives-the-rule", test_permission_gives_the_rule);
  g_test_add_func ("/device-open/resolve-follows-links", test_resolve_follows_links);
  g_test_add_func ("/device-open/auto-is-the-known-node", test_auto_is_the_known_node);
  g_test_add_func ("/device-open/open-and-close-leave-no-file", test_open_and_close_leave_no_file);
  return g_test_run ();
}
