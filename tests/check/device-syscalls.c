/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * device-syscalls.c: each wrapper of a system call, when the call fails: it says so, it keeps the reason, and the log has a
 * line with the name of the call. Without a board: bad descriptors are enough.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include <glib.h>
#include <glib/gstdio.h>

#include "xlnklog.h"
#include "xlnksyscall.h"

static char last_line[512];
static guint lines;

/* A handler may do anything to errno. */
static void G_GNUC_PRINTF (5, 0)
keep_line (XlnkLogLevel level G_GNUC_UNUSED, const char *file G_GNUC_UNUSED, const char *function G_GNUC_UNUSED,
    int line G_GNUC_UNUSED, const char *format, va_list args)
{
  vsnprintf (last_line, sizeof last_line, format, args);
  lines++;
  errno = EXDEV;
}

static void
expect_logged (const char *call, int reason)
{
  g_assert_cmpint (errno, ==, reason);
  g_assert_cmpuint (lines, ==, 1);
  g_assert_true (g_str_has_prefix (last_line, call));
  lines = 0;
}

/* A number that is no open descriptor, nor will be soon. */
#define NONE 987654

static void
test_descriptors (void)
{
  struct stat status;
  char bytes[16] = "";
  gint32 word = 0;

  xlnk_sys_close (NONE);
  expect_logged ("close", EBADF);
  xlnk_sys_close (-1);          /* what was never opened */
  g_assert_cmpuint (lines, ==, 0);
  g_assert_false (xlnk_sys_stat (NONE, &status));
  expect_logged ("fstat", EBADF);
  g_assert_false (xlnk_sys_pread (NONE, bytes, sizeof bytes, 0));
  expect_logged ("pread", EBADF);
  g_assert_false (xlnk_sys_pwrite (NONE, bytes, sizeof bytes, 0));
  expect_logged ("pwrite", EBADF);
  g_assert_false (xlnk_sys_read_word (NONE, &word));
  expect_logged ("read", EBADF);
  g_assert_false (xlnk_sys_write_word (NONE, 1));
  expect_logged ("write", EBADF);
  g_assert_null (xlnk_sys_map (NONE, 4096, 0, true));
  expect_logged ("mmap", EBADF);
}

static void
test_locks (void)
{
  g_assert_false (xlnk_sys_lock (NONE));
  expect_logged ("flock", EBADF);
  g_assert_false (xlnk_sys_lock_range (NONE, 0, 1));
  expect_logged ("lock", EBADF);
  xlnk_sys_unlock (NONE);
  expect_logged ("unlock", EBADF);
}

static void
test_memory (void)
{
  static char unaligned[3];

  xlnk_sys_unmap (unaligned + 1, 1);
  g_assert_cmpuint (lines, ==, 1);
  g_assert_true (g_str_has_prefix (last_line, "munmap"));
  lines = 0;
  g_assert_false (xlnk_sys_keep_from_children (unaligned + 1, 1));
  expect_logged ("madvise", EINVAL);
}

static void
test_events (void)
{
  struct pollfd nothing = {.fd = -1,.events = POLLIN };
  int fd;

  xlnk_sys_event_set (NONE);
  expect_logged ("write (eventfd", EBADF);
  xlnk_sys_event_clear (NONE);
  expect_logged ("read (eventfd", EBADF);

  fd = xlnk_sys_eventfd ();
  g_assert_cmpint (fd, >=, 0);
  xlnk_sys_event_clear (fd);    /* nothing to read is no failure */
  g_assert_cmpuint (lines, ==, 0);
  xlnk_sys_close (fd);

  /* A time that is over is none. */
  g_assert_cmpint (xlnk_sys_poll (&nothing, 1, -5), ==, 0);
}

static void
test_no_descriptor_left (void)
{
  struct pollfd more[2] = { {.fd = -1}, {.fd = -1} };
  struct rlimit before, none;

  g_assert_cmpint (getrlimit (RLIMIT_NOFILE, &before), ==, 0);
  none = before;
  none.rlim_cur = 0;
  g_assert_cmpint (setrlimit (RLIMIT_NOFILE, &none), ==, 0);
  g_assert_cmpint (xlnk_sys_eventfd (), ==, -1);
  expect_logged ("eventfd", EMFILE);
  g_assert_cmpint (xlnk_sys_open ("/dev/null"), ==, -1);
  expect_logged ("open /dev/null", EMFILE);
  /* Valgrind keeps the limit to itself, and the kernel, which polls, knows another one. */
  if (!g_getenv ("XLNK_TEST_VALGRIND")) {
    g_assert_cmpint (xlnk_sys_poll (more, G_N_ELEMENTS (more), 0), ==, -1);
    expect_logged ("ppoll", EINVAL);
  }
  g_assert_cmpint (setrlimit (RLIMIT_NOFILE, &before), ==, 0);
}

static void
test_paths (void)
{
  g_assert_null (xlnk_sys_resolve ("/nonexistent/xlnk"));
  expect_logged ("realpath", ENOENT);
  g_assert_null (xlnk_sys_list ("/nonexistent"));
  expect_logged ("opendir", ENOENT);
  g_assert_null (xlnk_sys_read_file ("/nonexistent"));
  expect_logged ("open", ENOENT);
  g_assert_null (xlnk_sys_read_file ("/"));
  expect_logged ("read", EISDIR);
  g_assert_false (xlnk_sys_exists ("/nonexistent"));
}

/* Of a program that was started without: what it prints is not to be written to a driver. */
static void
test_standard_streams (void)
{
  for (int stream = 0; stream <= 2; stream++) {
    int saved = fcntl (stream, F_DUPFD_CLOEXEC, 3);
    int fds[4], freed;

    close (stream);
    fds[0] = xlnk_sys_open ("/dev/null");
    fds[1] = xlnk_sys_eventfd ();
    fds[2] = xlnk_sys_open_directory ("/");
    fds[3] = xlnk_sys_open_at (fds[2], "dev/null", O_RDONLY, 0);
    freed = fcntl (stream, F_GETFD);
    dup2 (saved, stream);
    close (saved);
    g_assert_cmpint (freed, ==, -1);
    for (guint i = 0; i < G_N_ELEMENTS (fds); i++) {
      g_assert_cmpint (fds[i], >, 2);
      g_assert_cmpint (fcntl (fds[i], F_GETFD), ==, FD_CLOEXEC);
      xlnk_sys_close (fds[i]);
    }
  }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  xlnk_log_set_handler (keep_line);
  g_test_add_func ("/device-syscalls/descriptors", test_descriptors);
  g_test_add_func ("/device-syscalls/locks", test_locks);
  g_test_add_func ("/device-syscalls/memory", test_memory);
  g_test_add_func ("/device-syscalls/events", test_events);
  g_test_add_func ("/device-syscalls/no-descriptor-left", test_no_descriptor_left);
  g_test_add_func ("/device-syscalls/paths", test_paths);
  g_test_add_func ("/device-syscalls/standard-streams", test_standard_streams);
  return g_test_run ();
}
