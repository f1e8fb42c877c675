/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * leftovers.c: a runner that is killed with -9 leaves its heap in shared memory, where nobody looks for it and every page
 * is RAM. The next one takes it away. A runner that lives holds a lock in its directory.
 */
#include "runner.h"

#include <fcntl.h>
#include <glib/gstdio.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define YOUNG 60                /* seconds: it may not have come to its lock yet */

void
leftovers_remove_all (const char *path)
{
  GDir *dir = g_file_test (path, G_FILE_TEST_IS_SYMLINK) ? NULL : g_dir_open (path, 0, NULL);
  const char *name;

  while (dir && (name = g_dir_read_name (dir))) {
    char *child = g_build_filename (path, name, NULL);

    leftovers_remove_all (child);
    g_free (child);
  }
  if (dir)
    g_dir_close (dir);
  g_remove (path);
}

int
leftovers_lock (const char *directory)
{
  char *path = g_build_filename (directory, "lock", NULL);
  int fd = g_open (path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);

  if (fd >= 0 && flock (fd, LOCK_EX | LOCK_NB) < 0) {
    close (fd);
    fd = -1;
  }
  g_free (path);
  return fd;
}

static gboolean
is_old_and_ours (const char *directory)
{
  struct stat st;

  return lstat (directory, &st) == 0 && S_ISDIR (st.st_mode) && st.st_uid == getuid ()
      && st.st_mtime + YOUNG < time (NULL);
}

static void
take_away (const char *directory)
{
  const int fd = is_old_and_ours (directory) ? leftovers_lock (directory) : -1;

  if (fd < 0)
    return;
  leftovers_remove_all (directory);
  close (fd);
}

void
leftovers_sweep (const char *parent, const char *prefix)
{
  GDir *dir = g_dir_open (parent, 0, NULL);
  const char *name;

  while (dir && (name = g_dir_read_name (dir))) {
    char *path = g_build_filename (parent, name, NULL);

    if (g_str_has_prefix (name, prefix))
      take_away (path);
    g_free (path);
  }
  if (dir)
    g_dir_close (dir);
}
