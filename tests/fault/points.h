/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * points.h: the system calls of a program as points at which a test may stop it, kill it, or look at the clock. They are
 * defined anew in the program itself, so that the library's calls come by here first, on an emulated board and on a
 * kernel alike. The driver's ABI is stated once more, by byte offsets (xlnk-abi §3 and §4.1).
 */
#ifndef FAULT_POINTS_H
#define FAULT_POINTS_H

#include <stdbool.h>
#include <stdint.h>

typedef enum
{
  POINT_ALLOCBUF,
  POINT_FREEBUF,
  POINT_CACHECTRL,
  POINT_IOCTL,                  /* any other */
  POINT_MMAP,
  POINT_MUNMAP,
  POINT_MADVISE,
  POINT_MLOCK,
  POINT_OPENAT,
  POINT_FLOCK,
  POINT_PREAD,
  POINT_PWRITE,
  POINT_FTRUNCATE,
  POINT_FALLOCATE,
  POINT_RENAMEAT,
  POINT_UNLINKAT,
  POINT_CLOSE,
  POINT_BETWEEN,                /* no call; for a program that wants to be stopped where it makes none */
  POINTS,
} Point;

typedef struct
{
  Point point;
  bool returning;               /* the call is done; else it is about to be made */
  int fd;                       /* -1 where there is none */
  uint32_t id;                  /* of FREEBUF, and of ALLOCBUF when it returns */
  uint64_t phys;                /* of CACHECTRL, and of ALLOCBUF when it returns */
  uint32_t length;              /* of ALLOCBUF and CACHECTRL */
  long result;                  /* when it returns; -1: failed */
} PointCall;

/* Called before and after each of them, in the thread that makes it; errno is kept. NULL: nobody looks. */
extern void (*points_hook) (const PointCall * call);

const char *points_name (Point point);

#endif /* FAULT_POINTS_H */
