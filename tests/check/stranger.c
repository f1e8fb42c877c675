/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "stranger.h"

#include <fcntl.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

/* xlnk-abi §3 and §4.1: 'X', read and write, the size of a long; the driver copies its whole union. */
#define STRANGER_REQUEST(number) _IOC (_IOC_READ | _IOC_WRITE, 'X', (number), sizeof (unsigned long))
#define STRANGER_UNION 96

int
stranger_open (void)
{
  int fd = open ("/dev/xlnk", O_RDWR | O_CLOEXEC);

  g_assert_cmpint (fd, >=, 0);
  return fd;
}

StrangerBuffer
stranger_alloc (int fd, guint length)
{
  guint8 block[STRANGER_UNION] = { 0 };
  StrangerBuffer buffer = { 0 };
  guint32 id, len = length;
  gulong phys;

  memcpy (block, &len, sizeof len);
  block[8 + sizeof phys] = 1;
  if (ioctl (fd, STRANGER_REQUEST (2), block) != 0)
    return buffer;
  memcpy (&id, block + 4, sizeof id);
  memcpy (&phys, block + 8, sizeof phys);
  buffer.id = id;
  buffer.phys = phys;
  return buffer;
}

void
stranger_free (int fd, guint id)
{
  guint8 block[STRANGER_UNION] = { 0 };
  guint32 number = id;

  memcpy (block, &number, sizeof number);
  g_assert_cmpint (ioctl (fd, STRANGER_REQUEST (3), block), ==, 0);
}

void
stranger_reset (void)
{
  guint8 block[STRANGER_UNION] = { 0 };
  int fd = stranger_open ();

  g_assert_cmpint (ioctl (fd, STRANGER_REQUEST (101), block), ==, 0);
  close (fd);
}

gpointer
stranger_map (int fd, guint id, guint shift, gsize length)
{
  gpointer start = mmap (NULL, length, PROT_READ | PROT_WRITE, MAP_SHARED, fd, (off_t) id << shift);

  return start == MAP_FAILED ? NULL : start;
}
