/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "xlnksyscall.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <linux/fs.h>
#include <linux/magic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
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

/* g_strerror() takes a lock of GLib's. A forked child, which opens the device and allocates, must not wait for one that
 * another thread of its parent held. */
static const char *
find_words (int code, char *buffer, size_t size)
{
#ifdef __GLIBC__
  return strerror_r (code, buffer, size);
#else
  return strerror_r (code, buffer, size) == 0 ? buffer : "?";
#endif
}

#define WORDS_FOR(code) find_words ((code), (char[80]) { 0 }, 80)

/* In a program that was started without standard streams the next descriptor is one of theirs, and what it prints would go
 * to a driver, or into a ledger. */
static int
keep_off_standard_streams (int fd)
{
  int higher, reason;

  if (fd < 0 || fd > STDERR_FILENO)
    return fd;
  higher = fcntl (fd, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
  reason = errno;
  close (fd);
  errno = reason;
  return higher;
}

int
xlnk_sys_open_with (const char *path, int flags)
{
  int fd;

  RETRY (fd, open (path, O_RDWR | O_CLOEXEC | flags));
  fd = keep_off_standard_streams (fd);
  if (fd < 0)
    LOG_FAILURE ("open %s: %s", path, WORDS_FOR (errno));
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
    LOG_FAILURE ("close %d: %s", fd, WORDS_FOR (errno));
}

bool
xlnk_sys_stat (int fd, struct stat *status)
{
  if (fstat (fd, status) == 0)
    return true;
  LOG_FAILURE ("fstat %d: %s", fd, WORDS_FOR (errno));
  return false;
}

bool
xlnk_sys_exists (const char *path)
{
  return access (path, F_OK) == 0;
}

char *
xlnk_sys_resolve (const char *path)
{
  char *resolved = realpath (path, NULL);

  if (!resolved)
    LOG_FAILURE ("realpath %s: %s", path, WORDS_FOR (errno));
  return resolved;
}

/* In a file of /proc or /sys the size says nothing, so it is read until nothing comes. */
static bool
read_all (int fd, GString * text)
{
  char piece[1024];
  ssize_t done;

  do {
    RETRY (done, read (fd, piece, sizeof piece));
    if (done > 0)
      g_string_append_len (text, piece, done);
  } while (done > 0);
  return done == 0;
}

char *
xlnk_sys_read_file (const char *path)
{
  GString *text = g_string_new (NULL);
  bool good = false;
  int fd, reason;

  RETRY (fd, open (path, O_RDONLY | O_CLOEXEC));
  if (fd >= 0)
    good = read_all (fd, text);
  reason = errno;
  if (!good)
    LOG_FAILURE ("%s %s: %s", fd < 0 ? "open" : "read", path, WORDS_FOR (reason));
  xlnk_sys_close (fd);
  errno = reason;
  return g_string_free (text, !good);
}

char **
xlnk_sys_list (const char *path)
{
  GPtrArray *names = g_ptr_array_new_with_free_func (g_free);
  DIR *directory = opendir (path);
  const struct dirent *entry;
  int reason = errno;

  /* Only errno tells the end from a failure. */
  while (directory && (errno = 0, entry = readdir (directory)))
    g_ptr_array_add (names, g_strdup (entry->d_name));
  if (directory) {
    reason = errno;
    closedir (directory);
  }
  if (!directory || reason != 0) {
    errno = reason;
    LOG_FAILURE ("%s %s: %s", directory ? "readdir" : "opendir", path, WORDS_FOR (reason));
    g_ptr_array_unref (names);
    errno = reason;
    return NULL;
  }
  g_ptr_array_add (names, NULL);
  return (char **) g_ptr_array_free (names, FALSE);
}

int
xlnk_sys_ioctl (int fd, unsigned long request, void *argument, const char *name, uint64_t detail)
{
  int result;

  RETRY (result, ioctl (fd, request, argument));
  if (result < 0) {
    result = -errno;
    LOG_FAILURE ("%s (0x%" PRIx64 "): %s", name, detail, WORDS_FOR (errno));
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
    LOG_FAILURE ("mmap (%zu bytes at 0x%" PRIx64 "): %s", length, offset, WORDS_FOR (errno));
    return NULL;
  }
  xlnk_log (XLNK_LOG_TRACE, "mmap (%zu bytes at 0x%" PRIx64 ") = %p", length, offset, start);
  return start;
}

void
xlnk_sys_unmap (void *start, size_t length)
{
  if (munmap (start, length) != 0)
    xlnk_log (XLNK_LOG_ERROR, "munmap (%p, %zu): %s", start, length, WORDS_FOR (errno));
}

bool
xlnk_sys_keep_from_children (void *start, size_t length)
{
  if (madvise (start, length, MADV_DONTFORK) == 0)
    return true;
  LOG_FAILURE ("madvise (%p, %zu, MADV_DONTFORK): %s", start, length, WORDS_FOR (errno));
  return false;
}

bool
xlnk_sys_random (void *data, size_t size)
{
  ssize_t done;

  RETRY (done, getrandom (data, size, GRND_NONBLOCK));
  if (done != (ssize_t) size)
    LOG_FAILURE ("getrandom (%zu bytes) = %zd: %s", size, done, WORDS_FOR (errno));
  return done == (ssize_t) size;
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

/* Beyond the limit of file sizes a write is no error but a SIGXFSZ, even where the file is long enough. */
static bool
is_within_limit (uint64_t end)
{
  struct rlimit limit;

  if (getrlimit (RLIMIT_FSIZE, &limit) != 0 || limit.rlim_cur == RLIM_INFINITY || end <= limit.rlim_cur)
    return true;
  errno = EFBIG;
  return false;
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
xlnk_sys_pwrite_file (int fd, const void *data, size_t size, uint64_t offset)
{
  return is_within_limit (offset + size) && xlnk_sys_pwrite (fd, data, size, offset);
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
    LOG_FAILURE ("write (fd %d, %" PRId32 ") = %zd: %s", fd, word, done, WORDS_FOR (errno));
  return done == (ssize_t) sizeof word;
}

bool
xlnk_sys_lock (int fd)
{
  int result;

  RETRY (result, flock (fd, LOCK_EX | LOCK_NB));
  if (result != 0)
    LOG_FAILURE ("flock (fd %d): %s", fd, WORDS_FOR (errno));
  return result == 0;
}

bool
xlnk_sys_is_locked (int fd)
{
  int result;

  RETRY (result, flock (fd, LOCK_SH | LOCK_NB));
  if (result != 0) {
    LOG_FAILURE ("flock (fd %d, LOCK_SH): %s", fd, WORDS_FOR (errno));
    return true;
  }
  flock (fd, LOCK_UN);
  return false;
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
    LOG_FAILURE ("lock (fd %d, %" PRIu64 " bytes at 0x%" PRIx64 "): %s", fd, length, start, WORDS_FOR (errno));
  }
  return result == 0;
}

void
xlnk_sys_unlock (int fd)
{
  struct flock all = {.l_type = F_UNLCK,.l_whence = SEEK_SET };

  if (flock (fd, LOCK_UN) != 0 || fcntl (fd, F_OFD_SETLK, &all) != 0)
    LOG_FAILURE ("unlock (fd %d): %s", fd, WORDS_FOR (errno));
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
    LOG_FAILURE ("ppoll (%u descriptors): %s", n, WORDS_FOR (errno));
  return result;
}

int
xlnk_sys_eventfd (void)
{
  int fd = keep_off_standard_streams (eventfd (0, EFD_CLOEXEC | EFD_NONBLOCK));

  if (fd < 0)
    LOG_FAILURE ("eventfd: %s", WORDS_FOR (errno));
  return fd;
}

void
xlnk_sys_event_set (int fd)
{
  uint64_t one = 1;
  ssize_t done;

  RETRY (done, write (fd, &one, sizeof one));
  if (done != (ssize_t) sizeof one)
    LOG_FAILURE ("write (eventfd %d): %s", fd, WORDS_FOR (errno));
}

void
xlnk_sys_event_clear (int fd)
{
  uint64_t count;
  ssize_t done;

  RETRY (done, read (fd, &count, sizeof count));
  if (done < 0 && errno != EAGAIN)
    LOG_FAILURE ("read (eventfd %d): %s", fd, WORDS_FOR (errno));
}

/*** files of the ledger ***/

int
xlnk_sys_open_directory (const char *path)
{
  int fd;

  RETRY (fd, open (path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  fd = keep_off_standard_streams (fd);
  if (fd < 0)
    LOG_FAILURE ("open %s: %s", path, WORDS_FOR (errno));
  return fd;
}

bool
xlnk_sys_make_directory (const char *path, mode_t mode)
{
  int result = mkdir (path, mode);

  if (result != 0)
    LOG_FAILURE ("mkdir %s: %s", path, WORDS_FOR (errno));
  return result == 0;
}

int
xlnk_sys_open_at (int directory, const char *name, int flags, mode_t mode)
{
  int fd;

  /* Without O_NONBLOCK a fifo in the file's place would be waited for. */
  RETRY (fd, openat (directory, name, flags | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, mode));
  fd = keep_off_standard_streams (fd);
  if (fd < 0)
    LOG_FAILURE ("openat %s: %s", name, WORDS_FOR (errno));
  return fd;
}

bool
xlnk_sys_unlink_at (int directory, const char *name)
{
  int result = unlinkat (directory, name, 0);

  if (result != 0)
    LOG_FAILURE ("unlinkat %s: %s", name, WORDS_FOR (errno));
  return result == 0;
}

bool
xlnk_sys_rename_at (int directory, const char *from, const char *to)
{
  /* The C library has it from 2.28 on only. */
  int result = (int) syscall (SYS_renameat2, directory, from, directory, to, RENAME_NOREPLACE);

  if (result != 0)
    LOG_FAILURE ("renameat2 %s to %s: %s", from, to, WORDS_FOR (errno));
  return result == 0;
}

static bool
start_names (int directory, XlnkNames * position)
{
  /* Not a duplicate, which would share the position of others. */
  int fd = xlnk_sys_open_at (directory, ".", O_RDONLY | O_DIRECTORY, 0);

  if (fd < 0)
    return false;
  position->stream = fdopendir (fd);
  if (!position->stream) {
    LOG_FAILURE ("fdopendir: %s", WORDS_FOR (errno));
    close (fd);
  }
  return position->stream != NULL;
}

const char *
xlnk_sys_read_name (int directory, XlnkNames * position)
{
  const struct dirent *entry;

  if (!position->stream && !start_names (directory, position))
    return NULL;
  errno = 0;
  entry = readdir (position->stream);
  if (!entry && errno != 0)
    LOG_FAILURE ("readdir: %s", WORDS_FOR (errno));
  return entry ? entry->d_name : NULL;
}

void
xlnk_sys_read_names_end (XlnkNames * position)
{
  int saved_errno = errno;

  if (position->stream)
    closedir (position->stream);
  position->stream = NULL;
  errno = saved_errno;
}

bool
xlnk_sys_set_mode (int fd, mode_t mode)
{
  int result = fchmod (fd, mode);

  if (result != 0)
    LOG_FAILURE ("fchmod (fd %d, %o): %s", fd, (unsigned) mode, WORDS_FOR (errno));
  return result == 0;
}

bool
xlnk_sys_is_in_memory (int fd)
{
  struct statfs status;
  unsigned long type;           /* f_type is signed, and RAMFS_MAGIC does not fit into a signed word of 32 bits */
  int result;

  RETRY (result, fstatfs (fd, &status));
  if (result != 0) {
    LOG_FAILURE ("fstatfs (fd %d): %s", fd, WORDS_FOR (errno));
    return true;
  }
  type = (unsigned long) status.f_type;
  return type == TMPFS_MAGIC || type == RAMFS_MAGIC;
}

bool
xlnk_sys_allocate (int fd, uint64_t offset, uint64_t size)
{
  int code;

  if (!is_within_limit (offset + size))
    return false;
  do {
    code = posix_fallocate (fd, (off_t) offset, (off_t) size);
  } while (code == EINTR);
  errno = code;
  if (code != 0)
    LOG_FAILURE ("posix_fallocate (fd %d, %" PRIu64 " bytes at %" PRIu64 "): %s", fd, size, offset, WORDS_FOR (code));
  return code == 0;
}

bool
xlnk_sys_lock_pages (void *start, size_t length)
{
  int result = mlock (start, length);

  if (result != 0)
    LOG_FAILURE ("mlock (%zu bytes): %s", length, WORDS_FOR (errno));
  return result == 0;
}
