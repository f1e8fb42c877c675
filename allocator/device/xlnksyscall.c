/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "xlnksyscall.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <sys/eventfd.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "xlnklog.h"

/* Repeats @call while a signal interrupts it. errno is the call's. */
#define RETRY(result, call) \
  do { \
    (result) = (call); \
  } while ((result) == -1 && errno == EINTR)

/* A log handler may do anything to errno, which the caller still wants. */
#define LOG_FAILURE(...) \
  do { \
    int saved_errno = errno; \
    xlnk_log (XLNK_LOG_DEBUG, __VA_ARGS__); \
    errno = saved_errno; \
  } while (0)

int
xlnk_sys_open_with (const char *path, int flags)
{
  int fd;

  RETRY (fd, open (path, O_RDWR | O_CLOEXEC | flags));
  if (fd < 0)
    LOG_FAILURE ("open %s: %s", path, g_strerror (errno));
  return fd;
}

int
xlnk_sys_open (const char *path)
{
  return xlnk_sys_open_with (path, 0);
}

void
xlnk_sys_close (int fd)
{
  /* Not repeated: Linux has let the descriptor go even when it says EINTR. */
  if (fd >= 0 && close (fd) != 0)
    LOG_FAILURE ("close %d: %s", fd, g_strerror (errno));
}

int
xlnk_sys_ioctl (int fd, unsigned long request, void *argument, const char *name, uint64_t detail)
{
  int result;

  RETRY (result, ioctl (fd, request, argument));
  if (result < 0) {
    result = -errno;
    LOG_FAILURE ("%s (0x%" PRIx64 "): %s", name, detail, g_strerror (errno));
  } else if (result > 0) {
    xlnk_log (XLNK_LOG_DEBUG, "%s (0x%" PRIx64 "): failed with result %d", name, detail, result);
  } else {
    xlnk_log (XLNK_LOG_TRACE, "%s (0x%" PRIx64 ")", name, detail);
  }
  return result;
}

void *
xlnk_sys_map (int fd, size_t length, uint64_t offset, bool writable)
{
  int protection = writable ? PROT_READ | PROT_WRITE : PROT_READ;
  void *start = mmap (NULL, length, protection, MAP_SHARED, fd, (off_t) offset);

  if (start == MAP_FAILED) {
    LOG_FAILURE ("mmap (%zu bytes at 0x%" PRIx64 "): %s", length, offset, g_strerror (errno));
    return NULL;
  }
  xlnk_log (XLNK_LOG_TRACE, "mmap (%zu bytes at 0x%" PRIx64 ") = %p", length, offset, start);
  return start;
}

void
xlnk_sys_unmap (void *start, size_t length)
{
  if (munmap (start, length) != 0)
    xlnk_log (XLNK_LOG_ERROR, "munmap (%p, %zu): %s", start, length, g_strerror (errno));
}

bool
xlnk_sys_pread (int fd, void *data, size_t size, uint64_t offset)
{
  ssize_t done;

  RETRY (done, pread (fd, data, size, (off_t) offset));
  if (done != (ssize_t) size)
    LOG_FAILURE ("pread (%zu bytes at 0x%" PRIx64 ") = %zd", size, offset, done);
  return done == (ssize_t) size;
}

bool
xlnk_sys_pwrite (int fd, const void *data, size_t size, uint64_t offset)
{
  ssize_t done;

  RETRY (done, pwrite (fd, data, size, (off_t) offset));
  if (done != (ssize_t) size)
    LOG_FAILURE ("pwrite (%zu bytes at 0x%" PRIx64 ") = %zd", size, offset, done);
  return done == (ssize_t) size;
}

bool
xlnk_sys_read_word (int fd, int32_t * word)
{
  ssize_t done;

  RETRY (done, read (fd, word, sizeof *word));
  if (done != (ssize_t) sizeof *word && errno != EAGAIN)
    LOG_FAILURE ("read (fd %d) = %zd", fd, done);
  return done == (ssize_t) sizeof *word;
}

bool
xlnk_sys_write_word (int fd, int32_t word)
{
  ssize_t done;

  RETRY (done, write (fd, &word, sizeof word));
  if (done != (ssize_t) sizeof word)
    LOG_FAILURE ("write (fd %d, %" PRId32 ") = %zd: %s", fd, word, done, g_strerror (errno));
  return done == (ssize_t) sizeof word;
}

bool
xlnk_sys_lock (int fd)
{
  int result;

  RETRY (result, flock (fd, LOCK_EX | LOCK_NB));
  if (result != 0)
    LOG_FAILURE ("flock (fd %d): %s", fd, g_strerror (errno));
  return result == 0;
}

bool
xlnk_sys_lock_range (int fd, uint64_t start, uint64_t length)
{
  struct flock lock = {.l_type = F_WRLCK,.l_whence = SEEK_SET,.l_start = (off_t) start,.l_len = (off_t) length };
  int result;

  /* Of the open file, as flock's: a process that opens the file twice excludes itself too. */
  RETRY (result, fcntl (fd, F_OFD_SETLK, &lock));
  if (result != 0) {
    if (errno == EACCES)        /* POSIX lets a system say it either way */
      errno = EAGAIN;
    LOG_FAILURE ("lock (fd %d, %" PRIu64 " bytes at 0x%" PRIx64 "): %s", fd, length, start, g_strerror (errno));
  }
  return result == 0;
}

int
xlnk_sys_poll (struct pollfd *fds, unsigned n, int64_t timeout_us)
{
  struct timespec timeout;
  int result;

  if (timeout_us < 0)
    timeout_us = 0;
  timeout.tv_sec = (time_t) (timeout_us / 1000000);
  timeout.tv_nsec = (long) (timeout_us % 1000000) * 1000;
  result = ppoll (fds, n, &timeout, NULL);
  if (result < 0 && errno == EINTR)
    return 0;
  if (result < 0)
    LOG_FAILURE ("ppoll (%u descriptors): %s", n, g_strerror (errno));
  return result;
}

int
xlnk_sys_eventfd (void)
{
  int fd = eventfd (0, EFD_CLOEXEC | EFD_NONBLOCK);

  if (fd < 0)
    LOG_FAILURE ("eventfd: %s", g_strerror (errno));
  return fd;
}

void
xlnk_sys_event_set (int fd)
{
  uint64_t one = 1;
  ssize_t done;

  RETRY (done, write (fd, &one, sizeof one));
  if (done != (ssize_t) sizeof one)
    LOG_FAILURE ("write (eventfd %d): %s", fd, g_strerror (errno));
}

void
xlnk_sys_event_clear (int fd)
{
  uint64_t count;
  ssize_t done;

  RETRY (done, read (fd, &count, sizeof count));
  if (done < 0 && errno != EAGAIN)
    LOG_FAILURE ("read (eventfd %d): %s", fd, g_strerror (errno));
}
