/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * preload-uio.c: read and write of /dev/uioN. The FIFO behind it holds a byte for each interrupt that nobody read, which
 * is what poll() looks at; what read() returns is the number of interrupts so far, as from the UIO driver.
 */
#include "preload-cores.h"
#include "raw.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#ifndef F_OFD_GETLK
#define F_OFD_GETLK 36
#define F_OFD_SETLK 37
#endif

#define USER_BYTE 0

/* The C library's own: unlike a raw system call it stays a cancellation point. */
extern ssize_t __read (int fd, void *data, size_t size);

static bool
is_alone (int fd)
{
  int found = F_UNLCK;

  return raw_lock (fd, F_OFD_GETLK, F_WRLCK, USER_BYTE, &found) == 0 && found == F_UNLCK;
}

static void
forget_earlier (int fd)
{
  const int flags = fcntl (fd, F_GETFL);
  char bytes[64];

  if (flags < 0 || (flags & O_ACCMODE) == O_WRONLY)
    return;
  fcntl (fd, F_SETFL, flags | O_NONBLOCK);
  while (raw_read (fd, bytes, sizeof bytes) > 0);
  fcntl (fd, F_SETFL, flags);
}

/*
 * An open file starts at the present count: it does not see interrupts from before. All opens share the FIFO, so it may
 * be emptied only when there is no other; a lock that lives as long as the open file tells.
 */
void
uio_opened (int fd, Core * core)
{
  const int flags = fcntl (fd, F_GETFL);
  const int saved = errno;

  (void) core;
  if (is_alone (fd))
    forget_earlier (fd);
  raw_lock (fd, F_OFD_SETLK, flags >= 0 && (flags & O_ACCMODE) == O_RDONLY ? F_RDLCK : F_WRLCK, USER_BYTE, NULL);
  errno = saved;
}

ssize_t
uio_read (int fd, Core * core, void *data, size_t size)
{
  char bytes[64];
  int32_t count;

  if (core->config.irq == IRQ_NONE)
    return -EIO;
  if (size != sizeof count)
    return -EINVAL;
  if (__read (fd, bytes, sizeof bytes) < 0)
    return -errno;
  count = (int32_t) __atomic_load_n (&core->events, __ATOMIC_ACQUIRE);
  memcpy (data, &count, sizeof count);
  return sizeof count;
}

static bool
is_read_only (int fd)
{
  const int flags = fcntl (fd, F_GETFL);

  return flags < 0 || (flags & O_ACCMODE) == O_RDONLY;
}

ssize_t
uio_write (int fd, Core * core, const void *data, size_t size)
{
  int32_t value;

  if (is_read_only (fd))
    return -EBADF;
  if (core->config.irq == IRQ_NONE)
    return -EIO;
  if (size != sizeof value)
    return -EINVAL;
  memcpy (&value, data, sizeof value);
  core_lock (core);
  interrupt_enable (core, value != 0);
  core_unlock (core);
  return sizeof value;
}
