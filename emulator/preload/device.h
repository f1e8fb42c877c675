/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * device.h: a bus master's view of memory. The test back door uses it, and so will models of cores.
 */
#ifndef PRELOAD_DEVICE_H
#define PRELOAD_DEVICE_H

#include "context.h"

/* 0, or -EFAULT outside live buffers */
int device_read (Context * context, uint64_t phys, void *data, size_t size);
int device_write (Context * context, uint64_t phys, const void *data, size_t size);

#endif /* PRELOAD_DEVICE_H */
