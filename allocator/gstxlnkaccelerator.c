/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * gstxlnkaccelerator.c: the class, and what is the same for every kind of core.
 */
#include "gstxlnkaccelerator.h"

#include <string.h>

#include "gstxlnk-private.h"
#include "gstxlnkerror.h"

G_DEFINE_ABSTRACT_TYPE (GstXlnkAccelerator, gst_xlnk_accelerator, GST_TYPE_OBJECT);

static void
gst_xlnk_accelerator_class_init (GstXlnkAcceleratorClass * klass G_GNUC_UNUSED)
{
}

static void
gst_xlnk_accelerator_init (GstXlnkAccelerator * self G_GNUC_UNUSED)
{
}

static GstXlnkRegisters *
get_registers (GstXlnkAccelerator * self)
{
  GstXlnkAcceleratorClass *klass = GST_XLNK_ACCELERATOR_GET_CLASS (self);

  return klass->get_registers ? klass->get_registers (self) : NULL;
}

/* The subtype is somebody else's: who reads the error must find one. Returns @succeeded. */
static gboolean
ensure_error (GstXlnkAccelerator * self, gboolean succeeded, gint code, GError ** error)
{
  if (!succeeded && error && !*error)
    g_set_error (error, GST_XLNK_ERROR, code, "%s failed and did not say why", G_OBJECT_TYPE_NAME (self));
  return succeeded;
}

/* In a forked child reads give all ones and writes do nothing: a job would look started, and a core idle or busy. */
static gboolean
check_ours (GstXlnkAccelerator * self, GError ** error)
{
  GstXlnkRegisters *registers = get_registers (self);

  if (!registers || gst_xlnk_registers_are_ours (registers))
    return TRUE;
  g_set_error (error, GST_XLNK_ERROR, GST_XLNK_ERROR_NOT_OURS, "%s belongs to the parent of this process: a forked child "
      "opens its own", gst_xlnk_registers_get_name (registers));
  return FALSE;
}

gboolean
gst_xlnk_accelerator_open (GstXlnkAccelerator * self, GError ** error)
{
  GstXlnkAcceleratorClass *klass;

  g_return_val_if_fail (GST_IS_XLNK_ACCELERATOR (self), FALSE);

  klass = GST_XLNK_ACCELERATOR_GET_CLASS (self);
  return !klass->open || ensure_error (self, klass->open (self, error), GST_XLNK_ERROR_CORE, error);
}

GstXlnkAcceleratorMode
gst_xlnk_accelerator_get_mode (GstXlnkAccelerator * self)
{
  GstXlnkAcceleratorClass *klass;

  g_return_val_if_fail (GST_IS_XLNK_ACCELERATOR (self), GST_XLNK_ACCELERATOR_TRANSFORM);

  klass = GST_XLNK_ACCELERATOR_GET_CLASS (self);
  return klass->get_mode ? klass->get_mode (self) : GST_XLNK_ACCELERATOR_TRANSFORM;
}

gboolean
gst_xlnk_accelerator_needs_default_layout (GstXlnkAccelerator * self, const GstVideoInfo * info)
{
  GstXlnkAcceleratorClass *klass;

  g_return_val_if_fail (GST_IS_XLNK_ACCELERATOR (self), FALSE);
  g_return_val_if_fail (info != NULL, FALSE);

  klass = GST_XLNK_ACCELERATOR_GET_CLASS (self);
  return klass->needs_default_layout && klass->needs_default_layout (self, info);
}

gboolean
gst_xlnk_accelerator_configure (GstXlnkAccelerator * self, GstCaps * in_caps, GstCaps * out_caps, GError ** error)
{
  GstXlnkAcceleratorClass *klass;

  g_return_val_if_fail (GST_IS_XLNK_ACCELERATOR (self), FALSE);

  klass = GST_XLNK_ACCELERATOR_GET_CLASS (self);
  return !klass->configure
      || ensure_error (self, klass->configure (self, in_caps, out_caps, error), GST_XLNK_ERROR_CORE, error);
}

static gboolean
check_planes (const GstXlnkPlanes * planes, const gchar * what, GError ** error)
{
  if (planes->n_planes == 0 || planes->n_planes > GST_VIDEO_MAX_PLANES) {
    g_set_error (error, GST_XLNK_ERROR, GST_XLNK_ERROR_ADDRESS, "there is no %s buffer", what);
    return FALSE;
  }
  for (guint i = 0; i < planes->n_planes; i++) {
    if (planes->phys_addr[i] == 0 || planes->size[i] == 0 || planes->size[i] - 1 > G_MAXUINT64 - planes->phys_addr[i]) {
      g_set_error (error, GST_XLNK_ERROR, GST_XLNK_ERROR_ADDRESS, "plane %u of the %s buffer, %" G_GSIZE_FORMAT
          " bytes at 0x%" G_GINT64_MODIFIER "x, is nowhere", i, what, planes->size[i], planes->phys_addr[i]);
      return FALSE;
    }
  }
  return TRUE;
}

gboolean
gst_xlnk_accelerator_submit (GstXlnkAccelerator * self, const GstXlnkJob * job, GError ** error)
{
  GstXlnkAcceleratorMode mode = gst_xlnk_accelerator_get_mode (self);
  GstXlnkAcceleratorClass *klass;

  g_return_val_if_fail (GST_IS_XLNK_ACCELERATOR (self), FALSE);
  g_return_val_if_fail (job != NULL, FALSE);
  g_return_val_if_fail (GST_XLNK_ACCELERATOR_GET_CLASS (self)->submit != NULL, FALSE);

  if (!check_ours (self, error))
    return FALSE;
  if (mode != GST_XLNK_ACCELERATOR_WRITE && !check_planes (&job->in, "input", error))
    return FALSE;
  if (mode != GST_XLNK_ACCELERATOR_READ && !check_planes (&job->out, "output", error))
    return FALSE;
  klass = GST_XLNK_ACCELERATOR_GET_CLASS (self);
  return ensure_error (self, klass->submit (self, job, error), GST_XLNK_ERROR_CORE, error);
}

GstXlnkWait
gst_xlnk_accelerator_wait (GstXlnkAccelerator * self, gint64 deadline, GError ** error)
{
  GstXlnkWait result;

  g_return_val_if_fail (GST_IS_XLNK_ACCELERATOR (self), GST_XLNK_WAIT_ERROR);
  g_return_val_if_fail (GST_XLNK_ACCELERATOR_GET_CLASS (self)->wait != NULL, GST_XLNK_WAIT_ERROR);

  if (!check_ours (self, error))
    return GST_XLNK_WAIT_ERROR;
  result = GST_XLNK_ACCELERATOR_GET_CLASS (self)->wait (self, deadline, error);
  ensure_error (self, result != GST_XLNK_WAIT_ERROR, GST_XLNK_ERROR_CORE, error);
  return result;
}

void
gst_xlnk_accelerator_set_flushing (GstXlnkAccelerator * self, gboolean flushing)
{
  GstXlnkRegisters *registers;

  g_return_if_fail (GST_IS_XLNK_ACCELERATOR (self));

  if (GST_XLNK_ACCELERATOR_GET_CLASS (self)->set_flushing) {
    GST_XLNK_ACCELERATOR_GET_CLASS (self)->set_flushing (self, flushing);
    return;
  }
  registers = get_registers (self);
  if (registers)
    gst_xlnk_registers_set_flushing (registers, flushing);
}

gboolean
gst_xlnk_accelerator_reset (GstXlnkAccelerator * self, GError ** error)
{
  GstXlnkAcceleratorClass *klass;

  g_return_val_if_fail (GST_IS_XLNK_ACCELERATOR (self), FALSE);

  if (!check_ours (self, error))
    return FALSE;
  klass = GST_XLNK_ACCELERATOR_GET_CLASS (self);
  if (klass->reset)
    return ensure_error (self, klass->reset (self, error), GST_XLNK_ERROR_NOT_IDLE, error);
  g_set_error (error, GST_XLNK_ERROR, GST_XLNK_ERROR_NOT_IDLE, "%s has no reset", GST_OBJECT_NAME (self));
  return FALSE;
}

gchar *
gst_xlnk_accelerator_describe_state (GstXlnkAccelerator * self)
{
  GstXlnkAcceleratorClass *klass;
  g_autofree gchar *state = NULL;
  GstXlnkRegisters *registers;

  g_return_val_if_fail (GST_IS_XLNK_ACCELERATOR (self), NULL);

  klass = GST_XLNK_ACCELERATOR_GET_CLASS (self);
  registers = get_registers (self);
  state = klass->describe_state ? klass->describe_state (self) : NULL;
  return g_strdup_printf ("%s: %s", registers ? gst_xlnk_registers_get_name (registers) : GST_OBJECT_NAME (self),
      state ? state : "unknown state");
}

void
gst_xlnk_accelerator_get_interrupts (GstXlnkAccelerator * self, GstXlnkInterrupts * interrupts)
{
  GstXlnkRegisters *registers;

  g_return_if_fail (GST_IS_XLNK_ACCELERATOR (self));
  g_return_if_fail (interrupts != NULL);

  registers = get_registers (self);
  if (registers)
    gst_xlnk_registers_get_interrupts (registers, interrupts);
  else
    memset (interrupts, 0, sizeof *interrupts);
}

void
gst_xlnk_accelerator_close (GstXlnkAccelerator * self)
{
  g_return_if_fail (GST_IS_XLNK_ACCELERATOR (self));

  if (GST_XLNK_ACCELERATOR_GET_CLASS (self)->close)
    GST_XLNK_ACCELERATOR_GET_CLASS (self)->close (self);
}
