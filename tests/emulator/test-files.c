/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * test-files.c: the node and the files around it, through every name that a program may call.
 */
#include "client.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/uio.h>
#include <unistd.h>

static int fd;
static uint8_t nothing[96];

static bool
is_node (const struct stat *st)
{
  return S_ISCHR (st->st_mode) && (st->st_mode & 07777) == 0600 && st->st_uid == 0 && st->st_gid == 0;
}

static void
test_stat (void)
{
  struct stat by_path, by_link, by_fd, at;

  g_assert_cmpint (stat ("/dev/xlnk", &by_path), ==, 0);
  g_assert_cmpint (lstat ("/dev/xlnk", &by_link), ==, 0);
  g_assert_cmpint (fstat (fd, &by_fd), ==, 0);
  g_assert_cmpint (fstatat (AT_FDCWD, "/dev/../dev//xlnk", &at, 0), ==, 0);
  g_assert_true (is_node (&by_path) && is_node (&by_link) && is_node (&by_fd) && is_node (&at));
  g_assert_true (by_path.st_ino == by_fd.st_ino && by_path.st_dev == by_fd.st_dev);
}

#ifdef STATX_BASIC_STATS        /* glibc 2.28 */
static void
test_statx (void)
{
  struct stat st;
  struct statx wide;

  g_assert_cmpint (stat ("/dev/xlnk", &st), ==, 0);
  g_assert_cmpint (statx (AT_FDCWD, "/dev/xlnk", 0, STATX_BASIC_STATS, &wide), ==, 0);
  g_assert_true (S_ISCHR (wide.stx_mode));
  g_assert_cmpint (wide.stx_rdev_major, ==, major (st.st_rdev));
  g_assert_cmpint (statx (fd, "", AT_EMPTY_PATH, STATX_BASIC_STATS, &wide), ==, 0);
  g_assert_true (S_ISCHR (wide.stx_mode));
}
#endif

static void
test_stat_of_others (void)
{
  struct stat st;

  g_assert_cmpint (stat ("/proc/self/exe", &st), ==, 0);
  g_assert_true (S_ISREG (st.st_mode) && st.st_size > 0);
  g_assert_cmpint (lstat ("/proc/self/exe", &st), ==, 0);
  g_assert_true (S_ISLNK (st.st_mode));
  g_assert_cmpint (stat ("/nowhere/xlnk", &st), ==, -1);
  g_assert_cmpint (errno, ==, ENOENT);
}

/* A name that starts at a descriptor which has no place in the tree. */
static void
test_names_in_a_pipe (void)
{
  const char *const names[] = { "xlnk", "meminfo", "./xlnk", "../dev/xlnk" };
  struct stat st;
  int ends[2];

  g_assert_cmpint (pipe (ends), ==, 0);
  for (gsize i = 0; i < G_N_ELEMENTS (names); i++) {
    g_assert_cmpint (fstatat (ends[0], names[i], &st, 0), ==, -1);
    g_assert_cmpint (errno, ==, ENOTDIR);
    g_assert_cmpint (openat (ends[0], names[i], O_RDONLY), ==, -1);
    g_assert_cmpint (errno, ==, ENOTDIR);
    g_assert_cmpint (faccessat (ends[0], names[i], F_OK, 0), ==, -1);
    g_assert_cmpint (errno, ==, ENOTDIR);
  }
  g_assert_cmpint (fstatat (ends[0], "", &st, AT_EMPTY_PATH), ==, 0);
  g_assert_true (S_ISFIFO (st.st_mode));
  g_assert_cmpint (stat ("", &st), ==, -1);
  g_assert_cmpint (errno, ==, ENOENT);
  close (ends[0]);
  close (ends[1]);
}

static void
test_access (void)
{
  g_assert_cmpint (access ("/dev/xlnk", R_OK | W_OK), ==, 0);
  g_assert_cmpint (access ("/dev/xlnk", X_OK), ==, -1);
  g_assert_cmpint (errno, ==, EACCES);
  g_assert_cmpint (euidaccess ("/dev/xlnk", R_OK), ==, 0);
  g_assert_cmpint (access ("/dev/xlnk0", F_OK), ==, -1);
  g_assert_cmpint (access ("/sys/kernel/debug/xlnk/allocs", R_OK), ==, 0);
}

static void
test_realpath_and_links (void)
{
  char directory[] = "/tmp/links-XXXXXX", *link, *real, room[PATH_MAX];
  struct stat st;
  int other;

  g_assert_nonnull (mkdtemp (directory));
  link = g_build_filename (directory, "my-board", NULL);
  g_assert_cmpint (symlink ("/dev/xlnk", link), ==, 0);
  real = realpath (link, NULL);
  g_assert_cmpstr (real, ==, "/dev/xlnk");
  g_assert_cmpstr (realpath ("/dev/./xlnk", room), ==, "/dev/xlnk");
  g_assert_cmpint (stat (link, &st), ==, 0);
  g_assert_true (is_node (&st));
  g_assert_cmpint (lstat (link, &st), ==, 0);
  g_assert_true (S_ISLNK (st.st_mode));
  other = open (link, O_RDWR | O_CLOEXEC);
  g_assert_cmpint (ioctl (other, (unsigned long) REQUEST (SHUTDOWN), nothing), ==, 0);
  close (other);
  unlink (link);
  rmdir (directory);
  free (real);
  g_free (link);
}

static void
test_open_variants (void)
{
  const int dev = open ("/dev", O_RDONLY | O_DIRECTORY);
  const int fds[] = {
    open ("/dev/xlnk", O_RDONLY), openat (dev, "xlnk", O_RDWR), openat (-1, "/dev/xlnk", O_RDWR | O_SYNC),
    creat ("/dev/null", 0), open ("/dev/xlnk", O_RDWR | O_CREAT | O_TRUNC, 0666),
  };
  FILE *stream = fopen ("/dev/xlnk", "r+e");

  for (gsize i = 0; i < G_N_ELEMENTS (fds); i++) {
    g_assert_cmpint (fds[i], >=, 0);
    g_assert_cmpint (ioctl (fds[i], (unsigned long) REQUEST (SHUTDOWN), nothing), ==, i == 3 ? -1 : 0);
    close (fds[i]);
  }
  g_assert_nonnull (stream);
  g_assert_cmpint (ioctl (fileno (stream), (unsigned long) REQUEST (SHUTDOWN), nothing), ==, 0);
  fclose (stream);
  g_assert_cmpint (open ("/dev/xlnk", O_RDWR | O_CREAT | O_EXCL, 0600), ==, -1);
  g_assert_cmpint (errno, ==, EEXIST);
  g_assert_cmpint (open ("/dev/xlnk", O_RDONLY | O_DIRECTORY), ==, -1);
  g_assert_cmpint (errno, ==, ENOTDIR);
  close (dev);
}

static void
test_access_mode (void)
{
  const int readable = open ("/dev/xlnk", O_RDONLY), writable = open ("/dev/xlnk", O_WRONLY);
  char byte = 1;

  g_assert_cmpint (write (readable, &byte, 1), ==, -1);
  g_assert_cmpint (errno, ==, EBADF);
  g_assert_cmpint (read (writable, &byte, 1), ==, -1);
  g_assert_cmpint (errno, ==, EBADF);
  g_assert_null (client_map (readable, 0, 4096));
  g_assert_cmpint (errno, ==, EACCES);
  close (readable);
  close (writable);
}

/* 8 KiB that everybody shares; how much of it read() shows depends on what was written, and O_WRONLY forgets it. */
static void
test_scratch_page (void)
{
  char data[16] = { 0 };
  struct iovec parts[2] = { {data, 3}, {data + 3, 3} };
  uint8_t *page = client_map (fd, 0, 8192);
  void *volatile nowhere = (void *) 8;
  const int twin = dup (fd);

  close (open ("/dev/xlnk", O_WRONLY));
  g_assert_cmpint (pread (fd, data, 4, 0), ==, 0);
  g_assert_cmpint (pwrite (fd, "abcdef", 6, 0), ==, 6);
  g_assert_cmpint (pread (fd, data, 16, 2), ==, 4);
  g_assert_cmpint (memcmp (data, "cdef", 4), ==, 0);
  g_assert_cmpint (memcmp (page, "abcdef", 6), ==, 0);
  /* the position belongs to the open file */
  g_assert_cmpint (read (fd, data, 2), ==, 2);
  g_assert_cmpint (read (twin, data, 2), ==, 2);
  g_assert_cmpint (memcmp (data, "cd", 2), ==, 0);
  g_assert_cmpint (readv (fd, parts, 2), ==, 2);
  g_assert_cmpint (read (fd, nowhere, 0), ==, 0);
  g_assert_cmpint (pread (fd, nowhere, 1, 0), ==, -1);
  g_assert_cmpint (errno, ==, EFAULT);
  g_assert_cmpint (pwrite (fd, data, 16, 8192 - 16), ==, 16);
  g_assert_cmpint (lseek (fd, 0, SEEK_SET), ==, -1);
  g_assert_cmpint (errno, ==, ESPIPE);
  g_assert_cmpint (ftruncate (fd, 0), ==, -1);
  g_assert_cmpint (errno, ==, EINVAL);
  close (twin);
}

/* Each way in ends in the scratch page: under it in the file lies what the board is. */
static void
test_vectors (void)
{
  char data[64] = "0123456789", seen[64] = "";
  struct iovec parts[3] = { {data, 3}, {data + 3, 0}, {data + 3, 7} }, back[2] = { {seen, 4}, {seen + 4, 60} };
  struct iovec bad[2] = { {data, 2}, {(void *) 8, 2} };
  uint8_t *page = client_map (fd, 0, 8192);

  close (open ("/dev/xlnk", O_WRONLY));
  g_assert_cmpint (pwritev (fd, parts, 3, 0), ==, 10);
  g_assert_cmpint (memcmp (page, "0123456789", 10), ==, 0);
  g_assert_cmpint (preadv (fd, back, 2, 1), ==, 9);
  g_assert_cmpstr (seen, ==, "123456789");
  g_assert_cmpint (pwritev64 (fd, parts, 3, 100), ==, 10);
  g_assert_cmpint (memcmp (page + 100, "0123456789", 10), ==, 0);
  g_assert_cmpint (preadv64 (fd, back, 2, 100), ==, 10);
  g_assert_cmpint (pwritev (fd, bad, 2, 0), ==, 2);
  g_assert_cmpint (pwritev (fd, bad + 1, 1, 0), ==, -1);
  g_assert_cmpint (errno, ==, EFAULT);
  g_assert_cmpint (preadv (fd, back, 2, -1), ==, -1);
  g_assert_cmpint (errno, ==, EINVAL);
  munmap (page, 8192);
}

#ifdef RWF_HIPRI                /* glibc 2.26 */
static void
test_vectors_with_flags (void)
{
  char data[8] = "ABCDEFGH", seen[8] = "";
  const int own = open ("/dev/xlnk", O_RDWR);
  struct iovec part = { data, 8 }, back = { seen, 8 };

  g_assert_cmpint (pwritev2 (own, &part, 1, -1, 0), ==, 8);
  g_assert_cmpint (preadv2 (own, &back, 1, 0, 0), ==, 8);
  g_assert_cmpint (memcmp (data, seen, 8), ==, 0);
  g_assert_cmpint (pwritev64v2 (own, &part, 1, 4, 0), ==, 8);
  g_assert_cmpint (preadv64v2 (own, &back, 1, 4, 0), ==, 8);
  g_assert_cmpint (pwritev2 (own, &part, 1, 0, RWF_HIPRI), ==, -1);
  g_assert_cmpint (errno, ==, EOPNOTSUPP);
  close (own);
}
#endif

/* What is no ordinary write. */
static void
test_no_regular_file (void)
{
  const int readable = open ("/dev/xlnk", O_RDONLY);
  char name[] = "/tmp/plain-XXXXXX";
  const int file = mkstemp (name);
  off64_t start = 0;
  int ends[2];

  unlink (name);
  g_assert_cmpint (pipe (ends), ==, 0);
  g_assert_cmpint (write (file, "plain", 5), ==, 5);
  g_assert_cmpint (write (ends[1], "plain", 5), ==, 5);
  g_assert_cmpint (fallocate (fd, 0, 0, 4096), ==, -1);
  g_assert_cmpint (errno, ==, ENODEV);
  g_assert_cmpint (fallocate (fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 0, 4096), ==, -1);
  g_assert_cmpint (errno, ==, ENODEV);
  g_assert_cmpint (fallocate (fd, 0, 0, 0), ==, -1);
  g_assert_cmpint (errno, ==, EINVAL);
  g_assert_cmpint (fallocate (readable, 0, 0, 4096), ==, -1);
  g_assert_cmpint (errno, ==, EBADF);
  g_assert_cmpint (posix_fallocate (fd, 0, 4096), ==, ENODEV);
  g_assert_cmpint (sendfile (fd, file, &(off_t) {0}, 5), ==, -1);
  g_assert_cmpint (errno, ==, EINVAL);
  g_assert_cmpint (splice (ends[0], NULL, fd, &start, 5, 0), ==, -1);
  g_assert_cmpint (errno, ==, EINVAL);
  close (readable);
  close (file);
  close (ends[0]);
  close (ends[1]);
}

/* A write past it tramples on the kernel's heap. */
static void
test_scratch_overflow (void)
{
  char data[16] = { 0 };

  if (g_test_subprocess ()) {
    g_assert_cmpint (pwrite (fd, data, 16, 8192 - 15), ==, 16);
    return;
  }
  g_test_trap_subprocess (NULL, 0, 0);
  g_test_trap_assert_failed ();
  g_test_trap_assert_stderr ("*Oops*scratch page*");
}

static guint64
number_after (const char *path, const char *name)
{
  char *text = NULL, *at;
  guint64 number;

  g_assert_true (g_file_get_contents (path, &text, NULL, NULL));
  at = name[0] ? strstr (text, name) : text;
  g_assert_nonnull (at);
  number = g_ascii_strtoull (at + strlen (name), NULL, 10);
  g_free (text);
  return number;
}

static void
test_meminfo_and_vmstat (void)
{
  const guint64 total = number_after ("/proc/meminfo", "CmaTotal:");
  const guint64 kib = number_after ("/proc/meminfo", "CmaFree:"), pages = number_after ("/proc/vmstat", "nr_free_cma ");
  Buffer buffer;

  g_assert_cmpuint (total * 1024, ==, client_counters ().cma_total);
  g_assert_cmpuint (kib, ==, pages * 4);
  g_assert_cmpint (client_alloc (fd, 100000, true, &buffer), ==, 0);
  g_assert_cmpuint (number_after ("/proc/meminfo", "CmaFree:"), ==, kib - 100);
  g_assert_cmpuint (number_after ("/proc/vmstat", "nr_free_cma "), ==, pages - 25);
  g_assert_cmpuint (number_after ("/proc/meminfo", "MemTotal:"), >, 0);
  g_assert_cmpint (client_free (fd, buffer.id), ==, 0);
  g_assert_cmpint (open ("/proc/meminfo", O_RDWR), ==, -1);
}

static guint64
counter (const char *name)
{
  char *path = g_build_filename ("/sys/kernel/debug/xlnk", name, NULL);
  const guint64 number = number_after (path, "");

  g_free (path);
  return number;
}

static void
test_counters (void)
{
  const guint64 allocs = counter ("allocs"), frees = counter ("frees"), flushes = counter ("flushes");
  const guint64 bytes = counter ("flushed_bytes"), invalidates = counter ("invalidates");
  Buffer buffer = client_take (fd, 5000, true);

  g_assert_cmpuint (counter ("live_blocks"), ==, 1);
  g_assert_cmpuint (counter ("live_bytes"), ==, 5000);
  g_assert_cmpint (client_cache (fd, buffer.phys, 5000, 0), ==, 0);
  g_assert_cmpint (client_cache (fd, buffer.phys, 300, 1), ==, 0);
  client_give (fd, &buffer);
  g_assert_cmpuint (counter ("allocs"), ==, allocs + 1);
  g_assert_cmpuint (counter ("frees"), ==, frees + 1);
  g_assert_cmpuint (counter ("flushes"), ==, flushes + 1);
  g_assert_cmpuint (counter ("flushed_bytes"), ==, bytes + 5000);
  g_assert_cmpuint (counter ("invalidates"), ==, invalidates + 1);
  g_assert_cmpuint (counter ("live_blocks"), ==, 0);
}

/* One line for each: id, address, length, cacheable, and who allocated it. */
static void
test_buffers (void)
{
  Buffer first = client_take (fd, 5000, true), second = client_take (fd, 70000, false);
  char *text, *expected = g_strdup_printf ("%d 0x%" G_GINT64_MODIFIER "x 5000 1 %d %s\n%d 0x%" G_GINT64_MODIFIER
      "x 70000 0 %d %s\n", first.id, first.phys, getpid (), program_invocation_short_name, second.id, second.phys, getpid (),
      program_invocation_short_name);

  g_assert_true (g_file_get_contents ("/sys/kernel/debug/xlnk/buffers", &text, NULL, NULL));
  g_assert_cmpstr (text, ==, expected);
  g_free (text);
  g_free (expected);
  client_give (fd, &first);
  client_give (fd, &second);
  g_assert_true (g_file_get_contents ("/sys/kernel/debug/xlnk/buffers", &text, NULL, NULL));
  g_assert_cmpstr (text, ==, "");
  g_free (text);
}

static void
test_counter_directory (void)
{
  DIR *directory = opendir ("/sys/kernel/debug/xlnk");
  struct dirent *entry;
  unsigned found = 0;
  Buffer buffer = client_take (fd, 4096, true);
  char text[32] = "";
  int file;

  g_assert_nonnull (directory);
  while ((entry = readdir (directory))) {
    if (entry->d_name[0] == '.')
      continue;
    found++;
    file = openat (dirfd (directory), entry->d_name, O_RDONLY);
    g_assert_cmpint (read (file, text, sizeof text), >, 0);
    g_assert_true (g_ascii_isdigit (text[0]));
    close (file);
  }
  g_assert_cmpint (found, ==, 9);
  closedir (directory);
  client_give (fd, &buffer);
}

static void
test_other_files_pass (void)
{
  char name[] = "/tmp/plain-XXXXXX", other[] = "/tmp/copy-XXXXXX", data[4] = "";
  const int file = mkstemp (name), copy = mkstemp (other);
  struct iovec parts[2] = { {data, 1}, {data + 1, 3} };
  struct stat st;
  off_t start = 0;
  FILE *stream;

  g_assert_cmpint (write (file, "abc", 3), ==, 3);
  g_assert_cmpint (lseek (file, 1, SEEK_SET), ==, 1);
  g_assert_cmpint (read (file, data, 4), ==, 2);
  g_assert_cmpint (pread (file, data, 4, 0), ==, 3);
  g_assert_cmpint (ioctl (file, (unsigned long) REQUEST (ALLOCBUF), nothing), ==, -1);
  g_assert_cmpint (errno, ==, ENOTTY);
  g_assert_cmpint (pwritev (file, parts, 2, 1), ==, 4);
  g_assert_cmpint (preadv64 (file, parts, 2, 1), ==, 4);
  g_assert_cmpint (fallocate (file, 0, 0, 10), ==, 0);
  g_assert_cmpint (posix_fallocate (file, 0, 20), ==, 0);
  g_assert_cmpint (sendfile (copy, file, &start, 20), ==, 20);
  g_assert_cmpint (start, ==, 20);
  g_assert_cmpint (fstat (copy, &st), ==, 0);
  g_assert_cmpint (st.st_size, ==, 20);
  g_assert_cmpint (ftruncate (file, 2), ==, 0);
  stream = fopen (name, "r");
  g_assert_nonnull (stream);
  g_assert_cmpint (fread (data, 1, 4, stream), ==, 2);
  fclose (stream);
  close (file);
  close (copy);
  unlink (name);
  unlink (other);
}

#define ADD(name, test) g_test_add_func ("/files/" name, test)

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  fd = client_open ();
  g_assert_cmpint (fd, >=, 0);
  ADD ("stat", test_stat);
#ifdef STATX_BASIC_STATS
  ADD ("statx", test_statx);
#endif
  ADD ("stat-of-others", test_stat_of_others);
  ADD ("names-in-a-pipe", test_names_in_a_pipe);
  ADD ("access", test_access);
  ADD ("realpath-and-links", test_realpath_and_links);
  ADD ("open-variants", test_open_variants);
  ADD ("access-mode", test_access_mode);
  ADD ("scratch-page", test_scratch_page);
  ADD ("vectors", test_vectors);
#ifdef RWF_HIPRI
  ADD ("vectors-with-flags", test_vectors_with_flags);
#endif
  ADD ("no-regular-file", test_no_regular_file);
  ADD ("scratch-overflow", test_scratch_overflow);
  ADD ("meminfo-and-vmstat", test_meminfo_and_vmstat);
  ADD ("counters", test_counters);
  ADD ("buffers", test_buffers);
  ADD ("counter-directory", test_counter_directory);
  ADD ("other-files-pass", test_other_files_pass);
  return g_test_run ();
}
