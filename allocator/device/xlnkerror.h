/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * xlnkerror.h: the errors of the device ring. Every message says what was asked, what there was, and what to do.
 */
#ifndef XLNK_ERROR_H
#define XLNK_ERROR_H

#include <glib.h>

G_BEGIN_DECLS

#define XLNK_ERROR (xlnk_error_quark ())

typedef enum
{
  XLNK_ERROR_NO_DEVICE,         /* there is no such node */
  XLNK_ERROR_PERMISSION,        /* there is, and we may not open it */
  XLNK_ERROR_UNKNOWN_ABI,       /* it is not a driver that we can speak to safely */
  XLNK_ERROR_EXHAUSTED,         /* no contiguous memory of that size is left */
  XLNK_ERROR_TOO_LARGE,         /* no driver could give that size */
  XLNK_ERROR_CONFLICT,          /* an open map excludes this one */
  XLNK_ERROR_NOT_OURS,          /* not memory of this device and process */
  XLNK_ERROR_BUSY,              /* buffers of this process are still in use */
  XLNK_ERROR_FAILED,            /* the kernel refused for another reason, which the message gives */
} XlnkError;

GQuark xlnk_error_quark (void);

G_END_DECLS

#endif /* XLNK_ERROR_H */
