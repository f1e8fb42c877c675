/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ledgercheck.h"

#include <fcntl.h>
#include <glib/gstdio.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../check/board.h"
#include "xlnklog.h"

static guint warnings;
static char last_warning[1000];

static void G_GNUC_PRINTF (5, 0)
count_warnings (XlnkLogLevel level, const char *file G_GNUC_UNUSED, const char *function G_GNUC_UNUSED,
    int line G_GNUC_UNUSED, const char *format, va_list args)
{
  g_autofree char *text = level <= XLNK_LOG_INFO ? g_strdup_vprintf (format, args) : NULL;

  if (text)
    g_test_message ("%d: %s", (int) level, text);
  /* Where tests run need not be in memory. */
  if (level <= XLNK_LOG_WARNING && !strstr (text, "is not in memory")) {
    warnings++;
    g_strlcpy (last_warning, text, sizeof last_warning);
  }
}

void
fixture_set_up (Fixture * fixture, gconstpointer data G_GNUC_UNUSED)
{
  g_autoptr (GError) error = NULL;

  xlnk_log_set_handler (count_warnings);
  warnings = 0;
  fixture->directory = g_dir_make_tmp ("xlnk-ledger-XXXXXX", &error);
  g_assert_no_error (error);
  g_setenv ("GST_XLNK_LEDGER", fixture->directory, TRUE);
  g_assert_cmpuint (board_live_buffers (), ==, 0);
  fixture->hazards = board_hazards ();
}

static void
empty_directory (const char *path)
{
  GDir *dir = g_dir_open (path, 0, NULL);
  const char *name;

  while (dir && (name = g_dir_read_name (dir))) {
    g_autofree char *file = g_build_filename (path, name, NULL);

    g_remove (file);
  }
  if (dir)
    g_dir_close (dir);
}

void
fixture_tear_down (Fixture * fixture, gconstpointer data G_GNUC_UNUSED)
{
  empty_directory (fixture->directory);
  g_assert_cmpint (g_rmdir (fixture->directory), ==, 0);
  g_free (fixture->directory);
  g_unsetenv ("GST_XLNK_RECLAIM");
  g_assert_cmpuint (board_live_buffers (), ==, 0);
}

XlnkDevice *
open_device (void)
{
  g_autoptr (GError) error = NULL;
  XlnkDevice *device = xlnk_device_open (NULL, &error);

  g_assert_no_error (error);
  return device;
}

XlnkDevice *
open_to_look (void)
{
  g_autoptr (GError) error = NULL;
  XlnkDevice *device = xlnk_device_open_to_look (NULL, &error);

  g_assert_no_error (error);
  return device;
}

XlnkBlock *
new_block (XlnkDevice * device, gsize size)
{
  g_autoptr (GError) error = NULL;
  XlnkBlock *block = xlnk_block_new (device, size, true, &error);

  g_assert_no_error (error);
  return block;
}

void
allocate_some (gconstpointer data)
{
  XlnkDevice *device = open_device ();

  for (guint i = 0; i < GPOINTER_TO_UINT (data); i++)
    new_block (device, SIZE);
}

Other
start_other (Life life, gconstpointer data)
{
  int pipes[2];
  Other other;
  char byte;

  g_assert_cmpint (pipe2 (pipes, O_CLOEXEC), ==, 0);
  other.pid = fork ();
  g_assert_cmpint (other.pid, >=, 0);
  if (other.pid == 0) {
    /* Nobody waits for it any more when the test has failed. */
    prctl (PR_SET_PDEATHSIG, SIGKILL);
    close (pipes[0]);
    life (data);
    if (write (pipes[1], "", 1) != 1)
      abort ();
    for (;;)
      pause ();
  }
  close (pipes[1]);
  other.pipe = pipes[0];
  /* The end of the file, if it dies before: that is a life too. */
  g_assert_cmpint (read (other.pipe, &byte, 1), >=, 0);
  return other;
}

/* Never by an exit: a leak checker would look at what is left in its memory. */
void
finish_other (Other other)
{
  int status;

  kill (other.pid, SIGKILL);
  g_assert_cmpint (waitpid (other.pid, &status, 0), ==, other.pid);
  g_assert_true (WIFSIGNALED (status));
  g_assert_cmpint (WTERMSIG (status), ==, SIGKILL);
  close (other.pipe);
}

void
die_after (Life life, gconstpointer data)
{
  finish_other (start_other (life, data));
}

static guint
count_names (const Fixture * fixture, gboolean all)
{
  GDir *dir = g_dir_open (fixture->directory, 0, NULL);
  const char *name;
  guint n = 0;

  g_assert_nonnull (dir);
  while ((name = g_dir_read_name (dir)))
    n += all || (name[0] != '.' && strlen (name) > XLNK_LEDGER_BOOT_ID && name[XLNK_LEDGER_BOOT_ID] == '-');
  g_dir_close (dir);
  return n;
}

guint
count_ledgers (const Fixture * fixture)
{
  return count_names (fixture, FALSE);
}

guint
count_files (const Fixture * fixture)
{
  return count_names (fixture, TRUE);
}

char *
only_file (const Fixture * fixture)
{
  GDir *dir = g_dir_open (fixture->directory, 0, NULL);
  char *path = g_build_filename (fixture->directory, g_dir_read_name (dir), NULL);

  g_assert_null (g_dir_read_name (dir));
  g_dir_close (dir);
  return path;
}

static off_t
offset_of (guint n)
{
  return XLNK_LEDGER_HEADER_SIZE + (off_t) n * XLNK_LEDGER_SLOT_SIZE;
}

XlnkLedgerSlot
read_slot (const char *path, guint n)
{
  int fd = open (path, O_RDONLY | O_CLOEXEC);
  XlnkLedgerSlot slot;

  g_assert_cmpint (pread (fd, &slot, sizeof slot, offset_of (n)), ==, sizeof slot);
  close (fd);
  return slot;
}

void
write_slot (const char *path, guint n, const XlnkLedgerSlot * slot)
{
  int fd = open (path, O_WRONLY | O_CLOEXEC);

  g_assert_cmpint (pwrite (fd, slot, sizeof *slot, offset_of (n)), ==, sizeof *slot);
  close (fd);
}

XlnkReclaimResult
reclaim (XlnkDevice * device, XlnkReclaimFlags flags)
{
  g_autoptr (GError) error = NULL;
  XlnkReclaimResult result;

  g_assert_true (xlnk_reclaim (device, flags, &result, &error));
  g_assert_no_error (error);
  return result;
}

guint
count_warned (void)
{
  return warnings;
}

const char *
last_warned (void)
{
  return last_warning;
}
