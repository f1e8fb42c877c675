/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * files.c: the node as a file, and the scratch page behind read and write (xlnk-abi §2). Not made: a write beyond the
 * scratch page, with which the real driver tramples on the kernel.
 */
#include "calls.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define OPEN(flags) open ("/dev/xlnk", (int) (flags) | O_CLOEXEC, 0600)

static long
or_errno (long result)
{
  return result < 0 ? -errno : result;
}

static void
opens (unsigned long flags, unsigned long b)
{
  int fd = OPEN (flags);

  (void) b;
  outcome_result ("", fd < 0 ? -errno : 0);
  if (fd >= 0)
    close (fd);
}

static void
node (unsigned long a, unsigned long b)
{
  struct stat by_name, by_fd;

  (void) a;
  (void) b;
  outcome_result ("", stat ("/dev/xlnk", &by_name));
  outcome_result ("", fstat (device, &by_fd));
  outcome ("%#o", by_name.st_mode);
  outcome ("%s", by_name.st_rdev == by_fd.st_rdev && by_name.st_ino == by_fd.st_ino ? "the same" : "not the same");
  outcome ("size %ld", (long) by_name.st_size);
  outcome_result ("readable ", or_errno (access ("/dev/xlnk", R_OK | W_OK)));
  outcome_result ("executable ", or_errno (access ("/dev/xlnk", X_OK)));
}

/* A fresh length first: opening for writing alone drops what was written. */
static void
scratch (unsigned long offset, unsigned long size)
{
  char data[64] = "scratch", seen[64] = "";
  int fd;

  close (OPEN (O_WRONLY));
  fd = OPEN (O_RDWR);
  outcome_result ("read ", or_errno (pread (fd, seen, sizeof seen, (off_t) offset)));
  outcome_result ("wrote ", or_errno (pwrite (fd, data, size, (off_t) offset)));
  outcome_result ("read ", or_errno (pread (fd, seen, sizeof seen, (off_t) offset)));
  outcome ("\"%.7s\"", seen);
  outcome_result ("behind ", or_errno (pread (fd, seen, sizeof seen, (off_t) (offset + size))));
  close (fd);
}

static void
positions (unsigned long a, unsigned long b)
{
  char seen[8] = "";
  int fd, other;

  (void) a;
  (void) b;
  close (OPEN (O_WRONLY));
  fd = OPEN (O_RDWR);
  other = dup (fd);
  outcome_result ("", or_errno (write (fd, "abcdef", 6)));
  outcome_result ("", or_errno (read (other, seen, sizeof seen)));
  outcome_result ("", or_errno (lseek (fd, 2, SEEK_SET)));
  outcome_result ("", or_errno (read (other, seen, 3)));
  outcome ("\"%.3s\"", seen);
  close (other);
  close (fd);
}

static void
scratch_is_mapped (unsigned long cacheable, unsigned long b)
{
  char *page = map_at (0, 2 * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED);
  char seen[8] = "";

  (void) cacheable;
  (void) b;
  outcome_result ("", failed (page));
  pwrite (device, "marker", 7, 4096);
  outcome ("\"%.7s\"", page + PAGE);
  memcpy (page + PAGE, "MARKER", 7);
  pread (device, seen, 7, 4096);
  outcome ("\"%.7s\"", seen);
  munmap (page, 2 * PAGE);
}

static void
wrong_way (unsigned long flags, unsigned long b)
{
  int fd = OPEN (flags);
  char byte = 'x';

  (void) b;
  outcome_result ("read ", or_errno (pread (fd, &byte, 1, 0)));
  outcome_result ("write ", or_errno (pwrite (fd, &byte, 1, 0)));
  close (fd);
}

static void
bad_data (unsigned long address, unsigned long b)
{
  (void) b;
  outcome_result ("write ", or_errno (pwrite (device, (void *) address, 8, 0)));
  pwrite (device, "12345678", 8, 0);
  outcome_result ("read ", or_errno (pread (device, (void *) address, 8, 0)));
}

/* Any file on a request: who may not read may still ask. */
static void
request_through (unsigned long flags, unsigned long b)
{
  int fd = OPEN (flags);

  (void) b;
  outcome_result ("", or_errno (ioctl (fd, (unsigned long) REQUEST (SHUTDOWN), NULL)));
  close (fd);
}

static void
other_calls (unsigned long a, unsigned long b)
{
  struct pollfd polled = {.fd = device,.events = POLLIN | POLLOUT };

  (void) a;
  (void) b;
  outcome_result ("poll ", or_errno (poll (&polled, 1, 0)));
  outcome ("%#x", (unsigned) polled.revents);
  outcome_result ("ftruncate ", or_errno (ftruncate (device, 4096)));
  outcome_result ("isatty ", or_errno (isatty (device) ? 1 : -1));
}

static void
sync_it (unsigned long a, unsigned long b)
{
  (void) a;
  (void) b;
  outcome_result ("", or_errno (fsync (device)));
}

const Row file_rows[] = {
  {"open O_RDWR", opens, O_RDWR, 0, NULL},
  {"open O_RDWR | O_SYNC", opens, O_RDWR | O_SYNC, 0, NULL},
  {"open O_RDWR | O_TRUNC", opens, O_RDWR | O_TRUNC, 0, NULL},
  {"open O_RDWR | O_APPEND", opens, O_RDWR | O_APPEND, 0, NULL},
  {"open O_RDWR | O_CREAT", opens, O_RDWR | O_CREAT, 0, NULL},
  {"open O_RDWR | O_CREAT | O_EXCL", opens, O_RDWR | O_CREAT | O_EXCL, 0, NULL},
  {"open O_DIRECTORY", opens, O_DIRECTORY, 0, NULL},
  {"open O_PATH", opens, O_PATH, 0, NULL},
  {"open O_NOFOLLOW", opens, O_RDWR | O_NOFOLLOW, 0, NULL},
  {"the node", node, 0, 0, NULL},
  {"scratch page, from the start", scratch, 0, 64, NULL},
  {"scratch page, in the second page", scratch, 5000, 20, NULL},
  {"scratch page, to the last byte", scratch, 8128, 64, NULL},
  {"positions are the open file's", positions, 0, 0, NULL},
  {"scratch page is mapped at 0", scratch_is_mapped, 0, 0, NULL},
  {"wrong way through O_RDONLY", wrong_way, O_RDONLY, 0, NULL},
  {"wrong way through O_WRONLY", wrong_way, O_WRONLY, 0, NULL},
  {"scratch page, null pointer", bad_data, 0, 0, NULL},
  {"request through O_RDONLY", request_through, O_RDONLY, 0, NULL},
  {"request through O_WRONLY", request_through, O_WRONLY, 0, NULL},
  {"request through O_PATH", request_through, O_PATH, 0,
    "the emulator would have to ask for the flags of the descriptor at each request"},
  {"calls that it knows nothing of", other_calls, 0, 0, NULL},
  {"fsync", sync_it, 0, 0, "the emulator's descriptor is that of a file"},
  {NULL, NULL, 0, 0, NULL}
};
