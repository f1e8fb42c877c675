/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * xlnkuio.h: which UIO devices there are, from /sys/class/uio. Each has a number, a name that the device tree gave it,
 * and maps, of which the first is the core's registers.
 */
#ifndef XLNK_UIO_H
#define XLNK_UIO_H

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

G_BEGIN_DECLS

typedef struct
{
  unsigned number;
  char name[64];
  uint64_t address;             /* physical, of the first map */
  uint64_t size;                /* bytes; 0: no map */
  uint64_t offset;              /* of the registers in the first mapped page */
} XlnkUio;

/* All of them, by number; none is a list too. NULL if the kernel does not say what there is. @root goes before every
 * path: "" but in tests. */
GArray *xlnk_uio_list (const char *root, GError ** error);

/* By name, by number in decimal digits, or by node (`uio3`, `/dev/uio3`). A failure lists what there is; a name that
 * several devices have is one. */
bool xlnk_uio_find (const char *root, const char *name, XlnkUio * found, GError ** error);

G_END_DECLS

#endif /* XLNK_UIO_H */
