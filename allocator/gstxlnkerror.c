/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gstxlnkerror.h"

#include "device/xlnkerror.h"
#include "gstxlnk-private.h"

/* The device ring's errors pass through as they are. */
G_STATIC_ASSERT ((int) GST_XLNK_ERROR_NO_DEVICE == (int) XLNK_ERROR_NO_DEVICE);
G_STATIC_ASSERT ((int) GST_XLNK_ERROR_EXHAUSTED == (int) XLNK_ERROR_EXHAUSTED);
G_STATIC_ASSERT ((int) GST_XLNK_ERROR_FAILED == (int) XLNK_ERROR_FAILED);

static GPrivate last_error = G_PRIVATE_INIT ((GDestroyNotify) g_error_free);

GQuark
gst_xlnk_error_quark (void)
{
  return xlnk_error_quark ();
}

const GError *
gst_xlnk_peek_last_error (void)
{
  return g_private_get (&last_error);
}

/* For every frame, so the thread's own storage is written to only if there is something in it. */
void
gst_xlnk_forget_error (void)
{
  if (g_private_get (&last_error))
    g_private_replace (&last_error, NULL);
}

void
gst_xlnk_keep_error (GError * error)
{
  g_private_replace (&last_error, error);
}
