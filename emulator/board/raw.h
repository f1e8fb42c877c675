/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * raw.h: system calls without the C library's names for them.
 *
 * The preload library interposes those names, so its own calls must not go through them; and looking the originals up
 * with dlsym() at start-up recurses into half-initialised sanitizers (emulation.md).
 */
#ifndef BOARD_RAW_H
#define BOARD_RAW_H

#include <stdint.h>
#include <sys/stat.h>
#include <sys/types.h>

/* All return the C library's way: -1 and errno. */
int raw_openat (int dir, const char *path, int flags, unsigned mode);
int raw_close (int fd);
ssize_t raw_read (int fd, void *data, size_t size);
ssize_t raw_write (int fd, const void *data, size_t size);
int64_t raw_seek (int fd, int64_t offset, int whence);
int raw_fstat (int fd, struct stat64 *st);
int raw_fstatat (int dir, const char *path, struct stat64 *st, int flags);
void *raw_mmap (void *address, size_t length, int prot, int flags, int fd, int64_t offset);
int raw_munmap (void *address, size_t length);
int raw_lock (int fd, int command, int type, int64_t start, int *found);        /* one byte; OFD */
int raw_thread_id (void);
int raw_process_id (void);

#endif /* BOARD_RAW_H */
