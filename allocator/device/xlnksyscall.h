/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * xlnksyscall.h: the one way from the device ring into the kernel. Each call is retried when a signal interrupts it,
 * and logged with its name, its arguments and its errno.
 */
#ifndef XLNK_SYSCALL_H
#define XLNK_SYSCALL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Opened O_RDWR | O_CLOEXEC; -1 and errno on failure. */
int xlnk_sys_open (const char *path);

/* What the driver returned: 0 is the only success, a positive number is a failure of some of its requests
 * (xlnk-abi §4.3), negative is -errno. @name and @detail are for the log. */
int xlnk_sys_ioctl (int fd, unsigned long request, void *argument, const char *name, uint64_t detail);

/* NULL and errno on failure. Shared. */
void *xlnk_sys_map (int fd, size_t length, uint64_t offset, bool writable);
void xlnk_sys_unmap (void *start, size_t length);

bool xlnk_sys_pread (int fd, void *data, size_t size, uint64_t offset);
bool xlnk_sys_pwrite (int fd, const void *data, size_t size, uint64_t offset);

#endif /* XLNK_SYSCALL_H */
