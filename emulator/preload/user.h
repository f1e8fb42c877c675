/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * user.h: what copy_from_user() and copy_to_user() are in a kernel.
 */
#ifndef PRELOAD_USER_H
#define PRELOAD_USER_H

#include <stdbool.h>
#include <stddef.h>

/* Both return the number of bytes that could not be copied. */
size_t user_read (void *to, const void *from, size_t size);
size_t user_write (void *to, const void *from, size_t size);

#endif /* PRELOAD_USER_H */
