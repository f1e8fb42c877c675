/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * xlnkcookie.h: tells a block that still is ours from another one that took over its id and its address.
 *
 * The cookie, 128 random bits, is alone in the last cache line of what is asked of the driver. The driver zeroes what it
 * hands out (xlnk-abi §5.1), so a cookie that is still there was written to this very buffer. It is only ever touched
 * by CPUs, whose caches are coherent with each other: it needs no maintenance.
 */
#ifndef XLNK_COOKIE_H
#define XLNK_COOKIE_H

#include "xlnkledger.h"

G_BEGIN_DECLS

/* What to ask of the driver for @size usable bytes: those, to the next line, and a line for the cookie. */
size_t xlnk_cookie_length (size_t size);

/* Random, and not all zeros, which is what any new block has in that place. */
void xlnk_cookie_make (uint8_t * cookie);

void xlnk_cookie_write (const XlnkExtent * extent, const uint8_t * cookie);

typedef enum
{
  XLNK_LOOK_MATCH,              /* this is the block that the cookie was written to */
  XLNK_LOOK_GONE,               /* the driver knows no live block there */
  XLNK_LOOK_NO_COOKIE,          /* nothing was written there, or the beginning of our cookie */
  XLNK_LOOK_OTHER,              /* other bytes */
  XLNK_LOOK_UNKNOWN,            /* the driver could not be asked, for the reason in errno */
} XlnkLook;

/* @extent is mapped. The driver is asked after the mapping: so it is not one of a buffer that is gone, nor of a smaller
 * one, whose neighbour's memory would show. */
XlnkLook xlnk_cookie_look (XlnkDevice * device, const XlnkExtent * extent, const uint8_t * cookie);

G_END_DECLS

#endif /* XLNK_COOKIE_H */
