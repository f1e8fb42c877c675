/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * xlnksyscall.h: the one way from the device ring into the kernel. Each call is retried when a signal interrupts it,
 * and logged with its name, its arguments and its errno.
 */
#ifndef XLNK_SYSCALL_H
#define XLNK_SYSCALL_H

#include <poll.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>
#include <sys/types.h>

/* Opened O_RDWR | O_CLOEXEC; -1 and errno on failure. */
int xlnk_sys_open (const char *path);

/* The same with more flags of open(2). */
int xlnk_sys_open_with (const char *path, int flags);

void xlnk_sys_close (int fd);

bool xlnk_sys_stat (int fd, struct stat *status);
bool xlnk_sys_exists (const char *path);

/* The path without links in it, to be freed with free(); NULL if there is nothing. */
char *xlnk_sys_resolve (const char *path);

/* All of a small text file, as those of /proc and /sys are; NULL and errno if it cannot be had to its end. */
char *xlnk_sys_read_file (const char *path);

/* The names in a directory, "." and ".." too, to be freed with g_strfreev(); NULL and errno on failure. */
char **xlnk_sys_list (const char *path);

/* What the driver returned: 0 is the only success, a positive number is a failure of some of its requests
 * (xlnk-abi §4.3), negative is -errno. @name and @detail are for the log. */
int xlnk_sys_ioctl (int fd, unsigned long request, void *argument, const char *name, uint64_t detail);

/* NULL and errno on failure. Shared. */
void *xlnk_sys_map (int fd, size_t length, uint64_t offset, bool writable);
void xlnk_sys_unmap (void *start, size_t length);

/* A child of fork() will not have the mapping. */
bool xlnk_sys_keep_from_children (void *start, size_t length);

/* Unpredictable bytes, without waiting for them; false if the kernel has none to give. */
bool xlnk_sys_random (void *data, size_t size);

bool xlnk_sys_pread (int fd, void *data, size_t size, uint64_t offset);
bool xlnk_sys_pwrite (int fd, const void *data, size_t size, uint64_t offset);

/* The same for a file, which has a limit (RLIMIT_FSIZE): EFBIG where the kernel would end the process. */
bool xlnk_sys_pwrite_file (int fd, const void *data, size_t size, uint64_t offset);

/* The 4 bytes of a UIO node, whose read and write know no other size. errno on failure; that there is nothing to read
 * from a non-blocking node (EAGAIN) is not logged. */
bool xlnk_sys_read_word (int fd, int32_t * word);
bool xlnk_sys_write_word (int fd, int32_t word);

/* Exclusive, for as long as the open file lives; never waits. errno is EAGAIN if somebody else has it. The second one
 * locks bytes, whatever they mean for the file. */
bool xlnk_sys_lock (int fd);

/* True if somebody else has it, and errno is EAGAIN then, or if that cannot be found out. It is tried for a moment, with a
 * lock that several may have. */
bool xlnk_sys_is_locked (int fd);
bool xlnk_sys_lock_range (int fd, uint64_t start, uint64_t length);

/* Gives up both kinds, which a close does not while a forked child has a copy of the descriptor. */
void xlnk_sys_unlock (int fd);

/* ppoll. A signal ends it as time does, with 0. -1 and errno on failure. */
int xlnk_sys_poll (struct pollfd *fds, unsigned n, int64_t timeout_us);

/* An eventfd that never blocks, and its two ends; -1 and errno on failure. */
int xlnk_sys_eventfd (void);
void xlnk_sys_event_set (int fd);
void xlnk_sys_event_clear (int fd);

/*** files of the ledger: nothing here follows a link in the last component. False, or -1, with errno on failure ***/

/* A directory, for the functions below. */
int xlnk_sys_open_directory (const char *path);
bool xlnk_sys_make_directory (const char *path, mode_t mode);

/* @flags are those of open(2), without O_CLOEXEC, O_NOFOLLOW and O_NONBLOCK, which are always there. */
int xlnk_sys_open_at (int directory, const char *name, int flags, mode_t mode);
bool xlnk_sys_unlink_at (int directory, const char *name);

/* Fails with EEXIST if there is a @to. */
bool xlnk_sys_rename_at (int directory, const char *from, const char *to);

/* The next name, or NULL: the end, with errno 0, or a failure. Starts with a @position that is zeroed; the descriptor in
 * it is to be closed by xlnk_sys_read_names_end. */
typedef struct
{
  void *stream;
} XlnkNames;

const char *xlnk_sys_read_name (int directory, XlnkNames * position);
void xlnk_sys_read_names_end (XlnkNames * position);

bool xlnk_sys_set_mode (int fd, mode_t mode);

/* False if the file is known to be elsewhere than in memory. */
bool xlnk_sys_is_in_memory (int fd);

/* Room for these bytes, which are zeros if they are new: a store to a mapping of them cannot fail. EFBIG as above. */
bool xlnk_sys_allocate (int fd, uint64_t offset, uint64_t size);

/* The pages are there, and stay. */
bool xlnk_sys_lock_pages (void *start, size_t length);

#endif /* XLNK_SYSCALL_H */
