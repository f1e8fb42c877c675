/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * xlnk-reset.c: frees every buffer of every process (request 101), as the library never does by itself.
 */
#include <fcntl.h>
#include <stdio.h>
#include <sys/ioctl.h>

int
main (void)
{
  int fd = open ("/dev/xlnk", O_RDWR);

  if (fd >= 0 && ioctl (fd, (unsigned long) _IOWR ('X', 101, unsigned long), NULL) == 0)
    return 0;
  perror ("/dev/xlnk");
  return 1;
}
