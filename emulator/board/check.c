/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * check.c: whether a file may be a heap, before anything in it is believed or written.
 */
#include "board.h"
#include "raw.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

/* What is somebody else's, or has another name, would be written to or believed in the wrong place. */
const char *
board_distrust (int fd)
{
  struct stat64 st;

  if (raw_fstat (fd, &st) < 0)
    return strerror (errno);
  if (!S_ISREG (st.st_mode))
    return "is not a regular file";
  if (st.st_nlink == 0)
    return "was removed in this moment";
  if (st.st_nlink > 1)
    return "has another name too, by a hard link";
  if (st.st_uid != 0 && st.st_uid != geteuid ())
    return "belongs to somebody who is neither root nor us";
  return NULL;
}
