/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "corecheck.h"

#include <string.h>

gint64
core_check_from_now (gint64 us)
{
  return g_get_monotonic_time () + us;
}

GstXlnkAccelerator *
core_check_make (const gchar * description)
{
  g_autoptr (GError) error = NULL;
  GstXlnkAccelerator *self = gst_xlnk_accelerator_make (description, &error);

  g_assert_no_error (error);
  return self;
}

GstXlnkAccelerator *
core_check_make_open (const gchar * description)
{
  GstXlnkAccelerator *self = core_check_make (description);
  g_autoptr (GError) error = NULL;

  gst_xlnk_accelerator_open (self, &error);
  g_assert_no_error (error);
  return self;
}

void
core_check_configure (GstXlnkAccelerator * self, const gchar * in, const gchar * out)
{
  g_autoptr (GstCaps) in_caps = in ? gst_caps_from_string (in) : NULL;
  g_autoptr (GstCaps) out_caps = out ? gst_caps_from_string (out) : NULL;
  g_autoptr (GError) error = NULL;

  gst_xlnk_accelerator_configure (self, in_caps, out_caps, &error);
  g_assert_no_error (error);
}


GstXlnkPlanes
core_check_lay_out (const gchar * text, guint64 address)
{
  g_autoptr (GstCaps) caps = gst_caps_from_string (text);
  GstXlnkPlanes planes = { 0 };
  GstVideoInfo info;

  g_assert_true (gst_video_info_from_caps (&info, caps));
  planes.n_planes = GST_VIDEO_INFO_N_PLANES (&info);
  for (guint i = 0; i < planes.n_planes; i++) {
    planes.phys_addr[i] = address + info.offset[i];
    planes.stride[i] = info.stride[i];
    planes.size[i] = (gsize) info.stride[i] * GST_VIDEO_INFO_COMP_HEIGHT (&info, i);
  }
  return planes;
}

GstXlnkJob
core_check_make_job (void)
{
  GstXlnkJob job = { core_check_lay_out (RGBA, 0x10000000), core_check_lay_out (GRAY, 0x20000000), {NULL} };

  return job;
}

void
core_check_submit (GstXlnkAccelerator * self, const GstXlnkJob * job)
{
  g_autoptr (GError) error = NULL;

  gst_xlnk_accelerator_submit (self, job, &error);
  g_assert_no_error (error);
}

void
core_check_assert_refused (GstXlnkAccelerator * self, const GstXlnkJob * job, GstXlnkError code, const gchar * words)
{
  g_autoptr (GError) error = NULL;

  g_assert_false (gst_xlnk_accelerator_submit (self, job, &error));
  g_test_message ("%s", error->message);
  g_assert_error (error, GST_XLNK_ERROR, (gint) code);
  g_assert_nonnull (strstr (error->message, words));
}

void
core_check_assert_wait (GstXlnkAccelerator * self, gint64 time, GstXlnkWait expected)
{
  g_autoptr (GError) error = NULL;

  g_assert_cmpint (gst_xlnk_accelerator_wait (self, core_check_from_now (time), &error), ==, expected);
  g_assert_cmpint (error != NULL, ==, expected == GST_XLNK_WAIT_ERROR);
}

GstXlnkInterrupts
core_check_get_interrupts (GstXlnkAccelerator * self)
{
  GstXlnkInterrupts interrupts;

  gst_xlnk_accelerator_get_interrupts (self, &interrupts);
  return interrupts;
}

void
core_check_release (GstXlnkAccelerator * self)
{
  gst_xlnk_accelerator_close (self);
  gst_object_unref (self);
}
