/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "hook.h"

#include <gst/check/gstcheck.h>
#include <gst/xlnk/xlnk.h>

static GstXlnkAllocator *allocator;

void
conformance_check_init (int *argc, char **argv[])
{
  g_autoptr (GError) error = NULL;

  gst_check_init (argc, argv);
  allocator = gst_xlnk_allocator_get (NULL, &error);
  if (!allocator)
    g_error ("%s", error->message);
  gst_allocator_set_default (gst_object_ref (GST_ALLOCATOR (allocator)));
}

GstBufferPool *
conformance_buffer_pool_new (void)
{
  return gst_xlnk_buffer_pool_new (allocator);
}
