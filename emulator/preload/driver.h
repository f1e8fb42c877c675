/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * driver.h: the driver's entry points, as the kernel would call them. They return 0 or more, or -errno.
 */
#ifndef PRELOAD_DRIVER_H
#define PRELOAD_DRIVER_H

#include "abi.h"
#include "context.h"

#include <sys/types.h>

/* One ioctl on its way through. */
typedef struct
{
  Context *context;
  int fd;
  void *user;                   /* the caller's block, or garbage */
  AbiUnion block;               /* our copy */
  int short_by;                 /* --fault: this many bytes fail to reach the caller */
} Call;

typedef long (*Handler) (Call * call);

int driver_open (Context * context, int flags);
long driver_ioctl (Context * context, int fd, unsigned code, unsigned long argument);
void *driver_mmap (Context * context, void *address, size_t length, int prot, int flags, int fd, int64_t offset);
ssize_t driver_read (Context * context, int fd, void *data, size_t size, int64_t offset);
ssize_t driver_write (Context * context, int fd, const void *data, size_t size, int64_t offset);
#define DRIVER_POSITION INT64_MIN       /* offset: the open file's own */
int driver_fallocate (int fd, int64_t offset, int64_t length);  /* an errno */
uint64_t driver_owner (int fd);

/* copies the block in; 0 or -ENOMEM, which is what the driver says to a bad pointer (xlnk-abi §4.3) */
long call_read_block (Call * call);
long call_write_block (Call * call);    /* 0, or the positive number of bytes not copied */

long driver_alloc (Call * call);
long driver_alloc_old (Call * call);
long driver_free (Call * call);
long driver_recover (Call * call);
long driver_shutdown (Call * call);
long driver_cache_control (Call * call);
long driver_cache_control_old (Call * call);
long driver_memop (Call * call);
long driver_config (Call * call);
long driver_add_dmabuf (Call * call);
long driver_clear_dmabuf (Call * call);
bool driver_find_dmabuf (Context * context, uint64_t key, BoardDmabuf ** dmabuf);
long driver_device_register (Call * call);
long driver_device_unregister (Call * call);
long driver_irq_register (Call * call);
long driver_irq_unregister (Call * call);
long driver_irq_wait (Call * call);

#endif /* PRELOAD_DRIVER_H */
