/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * preload-cores.h: the cores as a program on the board sees them: files, mapped registers, interrupts.
 */
#ifndef CORES_PRELOAD_H
#define CORES_PRELOAD_H

#include "context.h"
#include "cores.h"
#include "paths.h"

#include <sys/types.h>

/* preload-nodes.c */
CoreTable *cores_get (void);    /* NULL: no --core */
bool cores_may_own_path (const char *path);     /* cheap; may be wrong with true */
bool cores_find_path (const char *full, Node * node);
int cores_open (const Node * node, int flags);

typedef enum
{
  CORE_FD_NONE,
  CORE_FD_UIO,
  CORE_FD_MEMORY,
} CoreFd;

CoreFd cores_owns (int fd, Core ** core);

/* preload-uio.c: results as a driver's: negative is -errno */
void uio_opened (int fd, Core * core);
ssize_t uio_read (int fd, Core * core, void *data, size_t size);
ssize_t uio_write (int fd, Core * core, const void *data, size_t size);

/* preload-windows.c */
void *cores_mmap (CoreFd kind, Core * core, void *address, size_t length, int prot, int flags, int64_t offset);
void cores_unmapped (const void *start, size_t length);
Core *cores_find_register (const volatile void *reg, uint32_t * offset);

#endif /* CORES_PRELOAD_H */
