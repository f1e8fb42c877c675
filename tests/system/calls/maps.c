/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * maps.c: mmap of the node (xlnk-abi §5.3). A free id maps physical address 0: that is mapped here, and not touched.
 * Not made at all: an id beyond the table, where the real driver reads what is behind it.
 */
#include "calls.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#define READ_WRITE (PROT_READ | PROT_WRITE)
#define LENGTH (4 * PAGE)

/* The emulator's mappings are those of a file; it interposes what a client of the driver has a reason to call. */
#define NOT_A_FILE "a mapping of device memory has no pages of a file behind it"

static void
lengths (unsigned long length, unsigned long cacheable)
{
  Buffer buffer;
  uint8_t *bytes;

  allocate (&buffer, LENGTH, cacheable);
  bytes = map (&buffer, length, READ_WRITE);
  outcome_result ("", failed (bytes));
  if (!failed (bytes)) {
    bytes[0] = 1;
    outcome ("%d", bytes[0]);
    munmap (bytes, length);
  }
  release ((unsigned) buffer.id);
}

/* The mapping starts at the buffer's first byte whatever the lower bits say. */
static void
lower_bits (unsigned long offset, unsigned long cacheable)
{
  Buffer buffer;
  uint8_t *whole, *part;

  allocate (&buffer, LENGTH, cacheable);
  whole = map (&buffer, LENGTH, READ_WRITE);
  whole[0] = 0x11;
  whole[PAGE] = 0x22;
  part = map_at (((uint64_t) buffer.id << 16) + offset, PAGE, PROT_READ, MAP_SHARED);
  outcome_result ("", failed (part));
  if (!failed (part)) {
    outcome ("shows %#x", part[0]);
    munmap (part, PAGE);
  }
  munmap (whole, LENGTH);
  release ((unsigned) buffer.id);
}

/* A mapping that is too long shows the physical pages that follow: the next buffer, if it lies there. */
static void
too_long (unsigned long cacheable, unsigned long b)
{
  Buffer low, high, swap;
  uint8_t *neighbour, *bytes;
  unsigned long distance;

  (void) b;
  allocate (&low, 8 * PAGE, cacheable);
  allocate (&high, 8 * PAGE, cacheable);
  if (low.phys > high.phys) {
    swap = low;
    low = high;
    high = swap;
  }
  distance = high.phys - low.phys;
  neighbour = map (&high, PAGE, READ_WRITE);
  neighbour[5] = 0x77;
  bytes = map (&low, distance + PAGE, READ_WRITE);
  outcome_result ("", failed (bytes));
  if (!failed (bytes)) {
    outcome ("the neighbour shows %#x", bytes[distance + 5]);
    bytes[distance + 6] = 0x66;
    outcome ("and can be written: %#x", neighbour[6]);
    munmap (bytes, distance + PAGE);
  }
  munmap (neighbour, PAGE);
  release ((unsigned) low.id);
  release ((unsigned) high.id);
}

static void
free_id (unsigned long id, unsigned long b)
{
  void *page = map_at ((uint64_t) id << 16, PAGE, PROT_READ, MAP_SHARED);

  (void) b;
  outcome_result ("", failed (page));
  if (!failed (page))
    munmap (page, PAGE);
}

static void
bad_arguments (unsigned long offset, unsigned long length)
{
  Buffer buffer;
  void *page;

  allocate (&buffer, PAGE, true);
  page = map_at (((uint64_t) buffer.id << 16) + offset, length, PROT_READ, MAP_SHARED);
  outcome_result ("", failed (page));
  if (!failed (page))
    munmap (page, length);
  release ((unsigned) buffer.id);
}

static void
through_descriptor (unsigned long flags, unsigned long protection)
{
  Buffer buffer;
  int fd = open ("/dev/xlnk", (int) flags | O_CLOEXEC);
  void *page;

  allocate (&buffer, PAGE, true);
  page = mmap (NULL, PAGE, (int) protection, MAP_SHARED, fd, (off_t) buffer.id << 16);
  outcome_result ("", failed (page));
  if (!failed (page))
    munmap (page, PAGE);
  close (fd);
  release ((unsigned) buffer.id);
}

static void
two_mappings (unsigned long cacheable, unsigned long b)
{
  Buffer buffer;
  uint8_t *one, *other;

  (void) b;
  allocate (&buffer, LENGTH, cacheable);
  one = map (&buffer, LENGTH, READ_WRITE);
  other = map (&buffer, PAGE, READ_WRITE);
  one[100] = 0x31;
  outcome ("%#x", other[100]);
  munmap (other, PAGE);
  outcome ("%#x", one[100]);
  munmap (one, LENGTH);
  release ((unsigned) buffer.id);
}

/* The descriptor may go, and so may the buffer: the mapping stays. */
static void
outlives (unsigned long freed, unsigned long cacheable)
{
  int fd = open ("/dev/xlnk", O_RDWR | O_CLOEXEC);
  Buffer buffer;
  uint8_t *bytes;

  allocate (&buffer, PAGE, cacheable);
  bytes = mmap (NULL, PAGE, READ_WRITE, MAP_SHARED, fd, (off_t) buffer.id << 16);
  bytes[0] = 0x42;
  close (fd);
  outcome ("%#x", bytes[0]);
  if (freed)
    outcome_result ("free ", release ((unsigned) buffer.id));
  outcome ("%s", freed || bytes[0] == 0x42 ? "still mapped" : "changed");
  munmap (bytes, PAGE);
  if (!freed)
    release ((unsigned) buffer.id);
}

static void
inherited (unsigned long cacheable, unsigned long b)
{
  Buffer buffer;
  uint8_t *bytes;
  pid_t child;

  (void) b;
  allocate (&buffer, PAGE, cacheable);
  bytes = map (&buffer, PAGE, READ_WRITE);
  child = fork ();
  if (child == 0) {
    bytes[9] = 0x29;
    _exit (0);
  }
  waitpid (child, NULL, 0);
  outcome ("%#x", bytes[9]);
  munmap (bytes, PAGE);
  release ((unsigned) buffer.id);
}

static void
advice (unsigned long what, unsigned long b)
{
  Buffer buffer;
  void *page;

  (void) b;
  allocate (&buffer, PAGE, true);
  page = map (&buffer, PAGE, READ_WRITE);
  outcome_result ("", madvise (page, PAGE, (int) what) == 0 ? 0 : -errno);
  munmap (page, PAGE);
  release ((unsigned) buffer.id);
}

static void
unmap_in_parts (unsigned long cacheable, unsigned long b)
{
  Buffer buffer;
  uint8_t *bytes;

  (void) b;
  allocate (&buffer, LENGTH, cacheable);
  bytes = map (&buffer, LENGTH, READ_WRITE);
  bytes[2 * PAGE] = 0x44;
  outcome_result ("", munmap (bytes, PAGE) == 0 ? 0 : -errno);
  outcome_result ("", mprotect (bytes + PAGE, PAGE, PROT_READ) == 0 ? 0 : -errno);
  outcome ("%#x", bytes[2 * PAGE]);
  outcome_result ("", munmap (bytes + PAGE, 3 * PAGE) == 0 ? 0 : -errno);
  release ((unsigned) buffer.id);
}

static void
grow (unsigned long flags, unsigned long b)
{
  Buffer buffer;
  void *page, *more;

  (void) b;
  allocate (&buffer, 2 * PAGE, true);
  page = map (&buffer, PAGE, READ_WRITE);
  more = mremap (page, PAGE, (size_t) 2 * PAGE, (int) flags);
  outcome_result ("", failed (more));
  munmap (failed (more) ? page : more, failed (more) ? PAGE : (size_t) 2 * PAGE);
  release ((unsigned) buffer.id);
}

/* A device mapping has no pages that the kernel could get hold of (xlnk-abi §5.3). */
static void
get_pages (unsigned long a, unsigned long b)
{
  char copy[16];
  struct iovec here = { copy, sizeof copy }, there;
  Buffer buffer;
  ssize_t done;

  (void) a;
  (void) b;
  allocate (&buffer, PAGE, true);
  there = (struct iovec) { map (&buffer, PAGE, READ_WRITE), sizeof copy };
  done = process_vm_readv (getpid (), &here, 1, &there, 1, 0);
  outcome_result ("", done < 0 ? -errno : done);
  munmap (there.iov_base, PAGE);
  release ((unsigned) buffer.id);
}

/* An ordinary system call copies from it as from any memory. */
static void
copied_by_kernel (unsigned long cacheable, unsigned long b)
{
  char copy[16] = "";
  Buffer buffer;
  char *bytes;
  int ends[2];

  (void) b;
  allocate (&buffer, PAGE, cacheable);
  bytes = map (&buffer, PAGE, READ_WRITE);
  memcpy (bytes, "from the buffer", 16);
  if (pipe (ends) == 0 && write (ends[1], bytes, 16) == 16 && read (ends[0], bytes + 64, 16) == 16)
    memcpy (copy, bytes + 64, 16);
  outcome ("%.15s", copy);
  close (ends[0]);
  close (ends[1]);
  munmap (bytes, PAGE);
  release ((unsigned) buffer.id);
}

const Row map_rows[] = {
  {"map of all, cacheable", lengths, LENGTH, 1, NULL},
  {"map of all, not cacheable", lengths, LENGTH, 0, NULL},
  {"map of the first page", lengths, PAGE, 1, NULL},
  {"map of an odd length", lengths, LENGTH - 100, 1, NULL},
  {"map of a page too many, cacheable", lengths, LENGTH + PAGE, 1, NULL},
  {"map of a page too many, not cacheable", lengths, LENGTH + PAGE, 0, NULL},
  {"map of no length", lengths, 0, 1, NULL},
  {"map with offset + 1 page", lower_bits, PAGE, 1, NULL},
  {"map with offset + 15 pages", lower_bits, 15 * PAGE, 0, NULL},
  {"map with offset + 64 KiB is the next id", bad_arguments, 0x10000, PAGE, NULL},
  {"map with offset + 1 byte", bad_arguments, 1, PAGE, NULL},
  {"map into the neighbour, cacheable", too_long, 1, 0, NULL},
  {"map into the neighbour, not cacheable", too_long, 0, 0, NULL},
  {"map of id 1, which is free", free_id, 1, 0, NULL},
  {"map of id 4095, which is free", free_id, 4095, 0, NULL},
  {"map for writing through O_RDONLY", through_descriptor, O_RDONLY, READ_WRITE, NULL},
  {"map for reading through O_RDONLY", through_descriptor, O_RDONLY, PROT_READ, NULL},
  {"map through O_WRONLY", through_descriptor, O_WRONLY, PROT_WRITE, NULL},
  {"map through O_RDWR | O_SYNC", through_descriptor, O_RDWR | O_SYNC, READ_WRITE, NULL},
  {"two mappings, cacheable", two_mappings, 1, 0, NULL},
  {"two mappings, not cacheable", two_mappings, 0, 0, NULL},
  {"mapping outlives the descriptor", outlives, 0, 1, NULL},
  {"mapping outlives the buffer, cacheable", outlives, 1, 1, NULL},
  {"mapping outlives the buffer, not cacheable", outlives, 1, 0, NULL},
  {"mapping is inherited, cacheable", inherited, 1, 0, NULL},
  {"mapping is inherited, not cacheable", inherited, 0, 0, NULL},
  {"MADV_DONTFORK", advice, MADV_DONTFORK, 0, NULL},
  {"MADV_DONTNEED", advice, MADV_DONTNEED, 0, NOT_A_FILE},
  {"MADV_DOFORK", advice, MADV_DOFORK, 0, NOT_A_FILE},
  {"unmap in parts", unmap_in_parts, 1, 0, NULL},
  {"mremap in place", grow, 0, 0, NOT_A_FILE},
  {"mremap elsewhere", grow, MREMAP_MAYMOVE, 0, NOT_A_FILE},
  {"process_vm_readv of a mapping", get_pages, 0, 0, NOT_A_FILE},
  {"write from and read into a mapping", copied_by_kernel, 1, 0, NULL},
  {NULL, NULL, 0, 0, NULL}
};
