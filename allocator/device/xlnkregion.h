/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * xlnkregion.h: the registers of one core, mapped and locked, and its interrupt.
 *
 * Through UIO the node is locked (flock). Through /dev/mem the core's *addresses* are locked, as a range of bytes of
 * that file; and if a UIO device has registers there, its node too, so that the two ways to one core exclude each
 * other. Both locks bind only programs that ask for them: ours.
 */
#ifndef XLNK_REGION_H
#define XLNK_REGION_H

#include <glib.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "xlnkfork.h"

G_BEGIN_DECLS

typedef struct
{
  char *name;                   /* for messages */
  volatile uint8_t *start;      /* the first register */
  size_t size;                  /* bytes of registers */
  uint64_t address;             /* physical, of the first register */

  unsigned generation;          /* which process opened it */
  int fd;                       /* of the node; the interrupt is read from it. -1 in a forked child */
  bool has_interrupt;
  bool can_arm;                 /* the driver wants to be told 1 after each interrupt, which masked it */

  int lock_fd;                  /* of the UIO node beside /dev/mem, -1 if there is none */
  void *mapping;
  size_t mapping_size;
} XlnkRegion;

/* NULL: XLNK_ERROR_NO_DEVICE, _PERMISSION, _BUSY (another process has it) or _FAILED. @root goes before every path:
 * "" but in tests. */
XlnkRegion *xlnk_region_open_uio (const char *root, const char *name, GError ** error);
XlnkRegion *xlnk_region_open_mem (const char *root, uint64_t base, uint64_t size, GError ** error);
void xlnk_region_close (XlnkRegion * self);

/* False in a forked child: it has neither the registers nor the interrupt. */
static inline bool
xlnk_region_is_ours (const XlnkRegion * self)
{
  return self->generation == xlnk_fork_generation ();
}

/* Takes an interrupt that has come; false if none has. */
bool xlnk_region_take_interrupt (XlnkRegion * self);

/* Lets the next one through. */
void xlnk_region_arm (XlnkRegion * self);

G_END_DECLS

#endif /* XLNK_REGION_H */
