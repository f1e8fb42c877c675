/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * xlnkshift.h: finds out by how much the driver shifts an id to make it an mmap offset: 24 in the older revisions, 16
 * in the newer ones, and no version number tells (xlnk-abi §5.3). The wrong one maps the wrong memory without a word.
 */
#ifndef XLNK_SHIFT_H
#define XLNK_SHIFT_H

#include "xlnkdevice.h"

G_BEGIN_DECLS

/* Sets device->shift with the help of @extent, which was just allocated, so that its first page is all zero. Touches
 * no memory but that page (read only) and the driver's scratch page. */
bool xlnk_shift_probe (XlnkDevice * device, const XlnkExtent * extent, GError ** error);

/* The shift as @extent, a live block of somebody's, tells it, or 0: without the certainty that the above has, since what
 * is in it is not known. Good enough to look at a block that must prove itself by a cookie. Touches what the above
 * does. */
int xlnk_shift_guess (XlnkDevice * device, const XlnkExtent * extent, GError ** error);

G_END_DECLS

#endif /* XLNK_SHIFT_H */
