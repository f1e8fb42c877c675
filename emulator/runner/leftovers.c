/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * leftovers.c: a runner that is killed with -9 leaves its heap in shared memory, where nobody looks for it and every page
 * is RAM, or in the directory for temporary files. The next one takes it away. A runner that lives holds a lock in its
 * directory.
 */
#include "runner.h"

#include <fcntl.h>
#include <glib/gstdio.h>
#include <string.h>
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

static int
lock (const char *directory, int flags)
{
  char *path = g_build_filename (directory, "lock", NULL);
  int fd = g_open (path, O_RDWR | O_CLOEXEC | O_NOFOLLOW | flags, 0600);

  if (fd >= 0 && flock (fd, LOCK_EX | LOCK_NB) < 0) {
    close (fd);
    fd = -1;
  }
  g_free (path);
  return fd;
}

int
leftovers_lock (const char *directory)
{
  return lock (directory, O_CREAT);
}

static gboolean
is_old_and_ours (const char *directory)
{
  struct stat st;

  return lstat (directory, &st) == 0 && S_ISDIR (st.st_mode) && st.st_uid == getuid ()
      && st.st_mtime + YOUNG < time (NULL);
}

/* Without a lock in it, it is somebody else's; or a runner's that had not come to it, and empty. */
static void
take_away (const char *directory)
{
  int fd;

  if (!is_old_and_ours (directory))
    return;
  fd = lock (directory, 0);
  if (fd >= 0) {
    leftovers_remove_all (directory);
    close (fd);
  } else {
    g_rmdir (directory);
  }
}

void
leftovers_sweep (const char *parent, const char *template)
{
  const gsize prefix = strcspn (template, "X");
  GDir *dir = g_dir_open (parent, 0, NULL);
  const char *name;

  while (dir && (name = g_dir_read_name (dir))) {
    char *path = g_build_filename (parent, name, NULL);

    if (strncmp (name, template, prefix) == 0 && strlen (name) == strlen (template))
      take_away (path);
    g_free (path);
  }
  if (dir)
    g_dir_close (dir);
}
