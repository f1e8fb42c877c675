/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * gstxlnkpl330.c: an accelerator from outside: a plugin of its own that knows of gst-xlnk only what is installed. It
 * copies each frame with the DMA controller of the processing system, so it is the first thing that an owner of a
 * Zynq-7000 can try, without any FPGA design:
 *
 *   gst-launch-1.0 videotestsrc ! xlnkaccel accelerator=pl330,base=0xf8003000 ! autovideosink
 *
 * The kernel's driver must let go of the controller first (pl330.h).
 */
#include "pl330.h"

#define GST_TYPE_XLNK_PL330 (gst_xlnk_pl330_get_type ())
G_DECLARE_FINAL_TYPE (GstXlnkPl330, gst_xlnk_pl330, GST, XLNK_PL330, GstXlnkAccelerator)

struct _GstXlnkPl330
{
  GstXlnkAccelerator parent;

  guint64 base;
  GstXlnkAllocator *allocator;  /* while it is open, like the rest */
  Pl330 pl330;
};

G_DEFINE_TYPE (GstXlnkPl330, gst_xlnk_pl330, GST_TYPE_XLNK_ACCELERATOR)

/* GStreamer reads 0xf8003000 as an int, which is negative. */
static gboolean
read_address (const GValue * value, guint64 * address)
{
  if (G_VALUE_HOLDS_INT (value))
    *address = (guint32) g_value_get_int (value);
  else if (G_VALUE_HOLDS_UINT64 (value))
    *address = g_value_get_uint64 (value);
  else
    return FALSE;
  return *address != 0 && *address % PL330_REGISTERS == 0;
}

static gboolean
gst_xlnk_pl330_describe (GstXlnkAccelerator * accelerator, const GstStructure * description, GError ** error)
{
  const GValue *base = gst_structure_get_value (description, "base");

  if (gst_structure_n_fields (description) == 1 && base && read_address (base, &GST_XLNK_PL330 (accelerator)->base))
    return TRUE;
  g_set_error (error, GST_XLNK_ERROR, GST_XLNK_ERROR_DESCRIPTION,
      "pl330 wants one field, base: the physical address of its registers, as in pl330,base=0xf8003000");
  return FALSE;
}

static void
gst_xlnk_pl330_close (GstXlnkAccelerator * accelerator)
{
  GstXlnkPl330 *self = GST_XLNK_PL330 (accelerator);

  pl330_close (&self->pl330);
  g_clear_pointer (&self->allocator, gst_object_unref);
}

static gboolean
gst_xlnk_pl330_open (GstXlnkAccelerator * accelerator, GError ** error)
{
  GstXlnkPl330 *self = GST_XLNK_PL330 (accelerator);

  self->allocator = gst_xlnk_allocator_get (NULL, error);
  if (self->allocator && pl330_open (&self->pl330, self->base, self->allocator, error))
    return TRUE;
  gst_xlnk_pl330_close (accelerator);
  return FALSE;
}

static gboolean
gst_xlnk_pl330_configure (GstXlnkAccelerator * accelerator G_GNUC_UNUSED, GstCaps * in_caps, GstCaps * out_caps,
    GError ** error)
{
  if (!in_caps || !out_caps || gst_caps_is_equal (in_caps, out_caps))
    return TRUE;
  g_set_error (error, GST_XLNK_ERROR, GST_XLNK_ERROR_CAPS, "pl330 copies: what comes out has the caps of what goes in");
  return FALSE;
}

static gboolean
gst_xlnk_pl330_submit (GstXlnkAccelerator * accelerator, const GstXlnkJob * job, GError ** error)
{
  return pl330_start (&GST_XLNK_PL330 (accelerator)->pl330, &job->in, &job->out, error);
}

static GstXlnkWait
gst_xlnk_pl330_wait (GstXlnkAccelerator * accelerator, gint64 deadline, GError ** error)
{
  return pl330_wait (&GST_XLNK_PL330 (accelerator)->pl330, deadline, error);
}

static gboolean
gst_xlnk_pl330_reset (GstXlnkAccelerator * accelerator, GError ** error)
{
  return pl330_stop (&GST_XLNK_PL330 (accelerator)->pl330, error);
}

static gchar *
gst_xlnk_pl330_describe_state (GstXlnkAccelerator * accelerator)
{
  GstXlnkPl330 *self = GST_XLNK_PL330 (accelerator);

  return self->pl330.registers ? pl330_describe (&self->pl330) : g_strdup ("closed");
}

static GstXlnkRegisters *
gst_xlnk_pl330_get_registers (GstXlnkAccelerator * accelerator)
{
  return GST_XLNK_PL330 (accelerator)->pl330.registers;
}

static void
gst_xlnk_pl330_finalize (GObject * object)
{
  gst_xlnk_pl330_close (GST_XLNK_ACCELERATOR (object));
  G_OBJECT_CLASS (gst_xlnk_pl330_parent_class)->finalize (object);
}

static void
gst_xlnk_pl330_class_init (GstXlnkPl330Class * klass)
{
  GstXlnkAcceleratorClass *accelerator_class = GST_XLNK_ACCELERATOR_CLASS (klass);

  G_OBJECT_CLASS (klass)->finalize = gst_xlnk_pl330_finalize;
  accelerator_class->describe = gst_xlnk_pl330_describe;
  accelerator_class->open = gst_xlnk_pl330_open;
  accelerator_class->configure = gst_xlnk_pl330_configure;
  accelerator_class->submit = gst_xlnk_pl330_submit;
  accelerator_class->wait = gst_xlnk_pl330_wait;
  accelerator_class->reset = gst_xlnk_pl330_reset;
  accelerator_class->describe_state = gst_xlnk_pl330_describe_state;
  accelerator_class->close = gst_xlnk_pl330_close;
  accelerator_class->get_registers = gst_xlnk_pl330_get_registers;
}

static void
gst_xlnk_pl330_init (GstXlnkPl330 * self G_GNUC_UNUSED)
{
}

static gboolean
plugin_init (GstPlugin * plugin G_GNUC_UNUSED)
{
  return gst_xlnk_accelerator_register ("pl330", GST_TYPE_XLNK_PL330);
}

GST_PLUGIN_DEFINE (GST_VERSION_MAJOR, GST_VERSION_MINOR, xlnkpl330, "xlnkaccel on the PL330 of a Zynq-7000", plugin_init,
    "0.1.0", "LGPL", "gst-xlnk", "Unknown package origin")
