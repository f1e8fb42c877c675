/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * user.c: copies the caller's argument block. A bad pointer must become an error, not a crash, so the kernel is asked
 * first; then an ordinary memcpy() does it again, because ASan and valgrind watch that one and catch a block shorter
 * than the driver's union.
 */
#include "user.h"
#include "raw.h"

#include <errno.h>
#include <stdint.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#define PAGE 4096u

/* Through a pointer, so that the compiler cannot expand it in place and hide it from the sanitizers. */
static void *(*volatile copy) (void *, const void *, size_t) = memcpy;

/* A transfer stops at the element that fails: one element per page of the caller's memory. */
static unsigned
split (struct iovec *parts, const void *start, size_t size)
{
  uintptr_t at = (uintptr_t) start;
  unsigned count = 0;

  while (size > 0 && count < 4) {
    size_t part = PAGE - at % PAGE;

    if (part > size)
      part = size;
    parts[count].iov_base = (void *) at;
    parts[count++].iov_len = part;
    at += part;
    size -= part;
  }
  return count;
}

/* @size is at most the scratch page's. */
static ssize_t
transfer (long number, const void *user, void *ours, size_t size)
{
  struct iovec local = { ours, size }, remote[4];
  const unsigned count = split (remote, user, size);

  return syscall (number, raw_process_id (), &local, 1UL, remote, (unsigned long) count, 0UL);
}

/*
 * For kernels without process_vm_readv (qemu-user): the kernel reads the new mask before it looks at a senseless `how`,
 * so EFAULT tells that eight bytes are not readable.
 */
static bool
is_readable (const void *start, size_t size)
{
  const char *at = start;

  errno = 0;
  syscall (SYS_rt_sigprocmask, ~0, at, NULL, 8UL);
  syscall (SYS_rt_sigprocmask, ~0, errno == EFAULT ? at : at + size - 8, NULL, 8UL);
  return errno != EFAULT;
}

static bool
not_available (void)
{
  return errno == ENOSYS || errno == EPERM;
}

size_t
user_read (void *to, const void *from, size_t size)
{
  ssize_t done;

  if (size == 0)
    return 0;
  done = transfer (SYS_process_vm_readv, from, to, size);
  if (done < 0 && not_available ())
    done = size >= 8 && !is_readable (from, size) ? 0 : (ssize_t) size;
  if (done < (ssize_t) size)
    return size - (size_t) (done < 0 ? 0 : done);
  copy (to, from, size);
  return 0;
}

size_t
user_write (void *to, const void *from, size_t size)
{
  ssize_t done;

  if (size == 0)
    return 0;
  done = transfer (SYS_process_vm_writev, to, (void *) (uintptr_t) from, size);
  if (done < 0 && not_available ())
    done = (ssize_t) size;
  if (done < (ssize_t) size)
    return size - (size_t) (done < 0 ? 0 : done);
  copy (to, from, size);
  return 0;
}
