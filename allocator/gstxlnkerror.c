/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gstxlnkerror.h"

#include "device/xlnkerror.h"

/* The device ring's errors pass through as they are. */
G_STATIC_ASSERT ((int) GST_XLNK_ERROR_NO_DEVICE == (int) XLNK_ERROR_NO_DEVICE);
G_STATIC_ASSERT ((int) GST_XLNK_ERROR_EXHAUSTED == (int) XLNK_ERROR_EXHAUSTED);
G_STATIC_ASSERT ((int) GST_XLNK_ERROR_FAILED == (int) XLNK_ERROR_FAILED);

GQuark
gst_xlnk_error_quark (void)
{
  return xlnk_error_quark ();
}
