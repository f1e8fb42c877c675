/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * device-sweep.c: a short life of everything the device ring has, and each system call in it fails in turn. Every failure
 * is told, in words; nothing is held afterwards; and the next life is as good as the first.
 *
 * Wants a board that fails the calls of one library: xlnk-emulate --fault open@nobody:1:EIO.
 */
#include <dlfcn.h>
#include <string.h>
#include <unistd.h>

#include "../../emulator/xlnkemulator.h"
#include "board.h"
#include "stranger.h"
#include "xlnkblock.h"
#include "xlnkreclaim.h"
#include "xlnkregion.h"
#include "xlnksyscall.h"

#define SIZE 50000

/* What failed in this life. */
static guint failures;

/* @good, or there is an error that says something. */
static bool
tell (bool good, GError ** error)
{
  if (good) {
    g_assert_no_error (*error);
    return true;
  }
  g_assert_nonnull (*error);
  g_assert_cmpuint (strlen ((*error)->message), >, 10);
  g_clear_error (error);
  failures++;
  return false;
}

static void
live_map (XlnkBlock * block, XlnkAccess access)
{
  XlnkRange range = { 100, SIZE - 100 };
  GError *error = NULL;

  if (tell (xlnk_block_map (block, access, range, &error), &error))
    xlnk_block_unmap (block, access, range);
}

static void
live_block (XlnkDevice * device, bool cached)
{
  XlnkRange all = { 0, SIZE };
  GError *error = NULL;
  XlnkBlock *block = xlnk_block_new (device, SIZE, cached, &error);

  if (!tell (block != NULL, &error))
    return;
  live_map (block, XLNK_ACCESS_WRITE);
  live_map (block, XLNK_ACCESS_READ | XLNK_ACCESS_DEVICE);
  live_map (block, XLNK_ACCESS_WRITE | XLNK_ACCESS_DEVICE);
  live_map (block, XLNK_ACCESS_READ);
  tell (xlnk_block_expose (block, &error), &error);
  live_map (block, XLNK_ACCESS_WRITE);
  tell (xlnk_block_flush (block, all, &error), &error);
  tell (xlnk_block_invalidate (block, all, &error), &error);
  xlnk_block_unref (block);
}

static void
live_region (XlnkRegion * region, GError ** error)
{
  if (!tell (region != NULL, error))
    return;
  xlnk_region_arm (region);
  xlnk_region_take_interrupt (region);
  xlnk_region_close (region);
}

static void
live_device (void)
{
  GError *error = NULL;
  XlnkDevice *device = xlnk_device_open (NULL, &error);
  XlnkReclaimResult result;
  XlnkDeviceStats stats;

  if (!tell (device != NULL, &error))
    return;
  live_block (device, true);
  live_block (device, false);
  xlnk_device_get_stats (device, &stats);
  g_assert_cmpuint (stats.live_blocks, ==, 0);
  tell (xlnk_reclaim (device, 0, &result, &error), &error);
  tell (xlnk_device_reset (device, &error), &error);
  xlnk_device_unref (device);
}

static void
live (void)
{
  GError *error = NULL;

  failures = 0;
  live_device ();
  live_region (xlnk_region_open_uio ("", "core", &error), &error);
  live_region (xlnk_region_open_mem ("", 0x43c90000, 0x100, &error), &error);
}

/*** the sweep ***/

static int (*set_faults) (const char *list);
static int (*faults_hit) (void);

static guint
count_descriptors (void)
{
  GDir *dir = g_dir_open ("/proc/self/fd", 0, NULL);
  guint n = 0;

  while (g_dir_read_name (dir))
    n++;
  g_dir_close (dir);
  return n;
}

/* What a refused free left is the next one's to give back; here, a stranger's reset. */
static void
expect_good_life (guint descriptors)
{
  g_assert_cmpint (set_faults (NULL), ==, 0);
  stranger_reset ();
  live ();
  g_assert_cmpuint (failures, ==, 0);
  g_assert_cmpuint (board_live_buffers (), ==, 0);
  g_assert_cmpuint (count_descriptors (), ==, descriptors);
}

/* The @n-th such call fails; false if there are fewer. */
static bool
fail_one (const char *call, const char *reason, guint n)
{
  g_autofree char *fault = g_strdup_printf ("%s@libxlnkdevicetest.so:%u:%s", call, n, reason);

  g_assert_cmpint (set_faults (fault), ==, 0);
  live ();
  if (faults_hit () == 0)
    return false;
  g_test_message ("%s: %u failures", fault, failures);
  return true;
}

static const struct
{
  const char *call, *reason;
} faults[] = {
  {"open", "EACCES"}, {"open", "ENOENT"}, {"open", "EMFILE"},
  {"ioctl", "EIO"}, {"alloc", "ENOMEM"}, {"alloc", "EIO"}, {"alloc", "+16"}, {"free", "EIO"}, {"free", "+16"},
  {"cachectrl", "EINVAL"}, {"cachectrl", "EIO"}, {"recres", "EIO"},
  {"read", "EIO"}, {"write", "EIO"}, {"mmap", "ENOMEM"}, {"mmap", "EPERM"}, {"madvise", "EINVAL"}, {"mlock", "EPERM"},
  {"stat", "EIO"}, {"statfs", "EIO"}, {"access", "EACCES"}, {"realpath", "EACCES"}, {"opendir", "EACCES"},
  {"readdir", "EIO"}, {"flock", "EAGAIN"}, {"flock", "ENOLCK"}, {"fcntl", "EAGAIN"}, {"fcntl", "ENOLCK"},
  {"ftruncate", "EIO"}, {"fallocate", "ENOSPC"}, {"fchmod", "EPERM"}, {"unlink", "EACCES"}, {"rename", "EACCES"},
  {"mkdir", "EACCES"}, {"getrandom", "EAGAIN"},
};

static void
test_sweep (gconstpointer data)
{
  const guint i = GPOINTER_TO_UINT (data);
  guint descriptors, n = 1;

  live ();                      /* what stays open for the life of the process is open now */
  descriptors = count_descriptors ();
  expect_good_life (descriptors);
  for (; fail_one (faults[i].call, faults[i].reason, n); n++) {
    expect_good_life (descriptors);
    g_assert_cmpuint (n, <, 500);
  }
  g_assert_cmpint (set_faults (NULL), ==, 0);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  set_faults = (int (*)(const char *)) dlsym (RTLD_DEFAULT, "xlnk_emulator_set_faults");
  faults_hit = (int (*)(void)) dlsym (RTLD_DEFAULT, "xlnk_emulator_faults_hit");
  g_assert_true (set_faults && faults_hit);
  for (guint i = 0; i < G_N_ELEMENTS (faults); i++) {
    g_autofree char *name = g_strdup_printf ("/device-sweep/%s/%s", faults[i].call, faults[i].reason);

    g_test_add_data_func (name, GUINT_TO_POINTER (i), test_sweep);
  }
  return g_test_run ();
}
