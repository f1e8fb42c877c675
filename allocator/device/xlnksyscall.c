/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "xlnksyscall.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
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
xlnk_sys_open (const char *path)
{
  int fd;

  RETRY (fd, open (path, O_RDWR | O_CLOEXEC));
  if (fd < 0)
    LOG_FAILURE ("open %s: %s", path, g_strerror (errno));
  return fd;
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
