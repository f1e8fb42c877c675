/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * gstxlnkhls.c: the accelerator `hls`: what its description says (docs/accelerators.md has the fields), and what the
 * interface asks for in terms of its control registers and its arguments.
 */
#include "gstxlnkhls.h"

#include "gstxlnkhlsarguments.h"
#include "gstxlnkhlscontrol.h"
#include "gstxlnkwindow.h"

typedef struct
{
  GstXlnkWindow window;
  GstXlnkHlsArguments arguments;
  guint mode;
  guint protocol;
} Settings;

struct _GstXlnkHls
{
  GstXlnkAccelerator parent;

  Settings settings;
  gsize end;                    /* of the last argument register */
  GstXlnkRegisters *registers;  /* while it is open */
  GstXlnkHlsControl control;
  GstXlnkJob job;               /* the last one, for messages */
};

G_DEFINE_TYPE (GstXlnkHls, gst_xlnk_hls, GST_TYPE_XLNK_ACCELERATOR);

/* The order of GstXlnkAcceleratorMode, and one that is none. */
static const gchar *const modes[] = { "transform", "in-place", "read", "write", NULL };

#define NO_MODE (G_N_ELEMENTS (modes) - 1)

enum
{
  AP_CTRL_HS,
  AP_CTRL_CHAIN
};

static const gchar *const protocols[] = { "ap_ctrl_hs", "ap_ctrl_chain", NULL };

#define PLACE(member) G_STRUCT_OFFSET (Settings, member)
#define SRC(member) PLACE (arguments.side[GST_XLNK_HLS_SRC].member)
#define DST(member) PLACE (arguments.side[GST_XLNK_HLS_DST].member)

static const GstXlnkField fields[] = {
  GST_XLNK_WINDOW_FIELDS (Settings, window),
  {"src", GST_XLNK_FIELD_OFFSETS, SRC (address), NULL},
  {"dst", GST_XLNK_FIELD_OFFSETS, DST (address), NULL},
  {"address-bits", GST_XLNK_FIELD_NUMBER, PLACE (arguments.address_bits), NULL},
  {"alignment", GST_XLNK_FIELD_NUMBER, PLACE (arguments.alignment), NULL},
  {"width", GST_XLNK_FIELD_OFFSET, SRC (width), NULL},
  {"height", GST_XLNK_FIELD_OFFSET, SRC (height), NULL},
  {"format", GST_XLNK_FIELD_OFFSET, SRC (format), NULL},
  {"dst-width", GST_XLNK_FIELD_OFFSET, DST (width), NULL},
  {"dst-height", GST_XLNK_FIELD_OFFSET, DST (height), NULL},
  {"dst-format", GST_XLNK_FIELD_OFFSET, DST (format), NULL},
  {"src-stride", GST_XLNK_FIELD_OFFSETS, SRC (stride), NULL},
  {"dst-stride", GST_XLNK_FIELD_OFFSETS, DST (stride), NULL},
  {"src-size", GST_XLNK_FIELD_OFFSETS, SRC (size), NULL},
  {"dst-size", GST_XLNK_FIELD_OFFSETS, DST (size), NULL},
  {"set", GST_XLNK_FIELD_PAIRS, PLACE (arguments.set), NULL},
  {"scales", GST_XLNK_FIELD_BOOLEAN, PLACE (arguments.scales), NULL},
  {"mode", GST_XLNK_FIELD_CHOICE, PLACE (mode), modes},
  {"protocol", GST_XLNK_FIELD_CHOICE, PLACE (protocol), protocols},
};

/* One address alone could mean either of two modes, and the wrong one would leave stale data in the CPU's cache. */
static gboolean
check_mode (Settings * settings, GError ** error)
{
  gboolean src = settings->arguments.side[GST_XLNK_HLS_SRC].address.n > 0;
  gboolean dst = settings->arguments.side[GST_XLNK_HLS_DST].address.n > 0;

  if (settings->mode == NO_MODE && src && dst)
    settings->mode = GST_XLNK_ACCELERATOR_TRANSFORM;
  if (!src && !dst)
    GST_XLNK_FIELDS_FAIL (error, "src and dst are both missing: which registers get the addresses?");
  else if (settings->mode == NO_MODE)
    GST_XLNK_FIELDS_FAIL (error, "%s is missing: say mode=%s if the core only %s the buffer, or mode=in-place",
        src ? "dst" : "src", src ? "read" : "write", src ? "reads" : "writes");
  else if (settings->mode == GST_XLNK_ACCELERATOR_TRANSFORM && !(src && dst))
    GST_XLNK_FIELDS_FAIL (error, "mode=transform needs both src and dst");
  else if (settings->mode == GST_XLNK_ACCELERATOR_READ && dst)
    GST_XLNK_FIELDS_FAIL (error, "mode=read has no dst");
  else if (settings->mode == GST_XLNK_ACCELERATOR_WRITE && src)
    GST_XLNK_FIELDS_FAIL (error, "mode=write has no src");
  else
    return TRUE;
  return FALSE;
}

static gboolean
check_numbers (const GstXlnkHlsArguments * arguments, GError ** error)
{
  if (arguments->address_bits != 32 && arguments->address_bits != 64) {
    GST_XLNK_FIELDS_FAIL (error, "address-bits=%u: it is 32 or 64", arguments->address_bits);
    return FALSE;
  }
  if (arguments->alignment == 0 || arguments->alignment > 4096) {
    GST_XLNK_FIELDS_FAIL (error, "alignment=%u: it is 1 to 4096 bytes", arguments->alignment);
    return FALSE;
  }
  return TRUE;
}

static gboolean
gst_xlnk_hls_describe (GstXlnkAccelerator * accelerator, const GstStructure * description, GError ** error)
{
  GstXlnkHls *self = GST_XLNK_HLS (accelerator);
  Settings *settings = &self->settings;

  return gst_xlnk_fields_read (description, fields, G_N_ELEMENTS (fields), settings, error)
      && gst_xlnk_window_check (&settings->window, 0, error)
      && check_mode (settings, error)
      && check_numbers (&settings->arguments, error)
      && gst_xlnk_hls_arguments_check (&settings->arguments, &self->end, error);
}

static void
gst_xlnk_hls_close (GstXlnkAccelerator * accelerator)
{
  GstXlnkHls *self = GST_XLNK_HLS (accelerator);

  if (!self->registers)
    return;
  gst_xlnk_hls_control_close (&self->control);
  gst_xlnk_registers_close (self->registers);
  self->registers = NULL;
}

static gboolean
gst_xlnk_hls_open (GstXlnkAccelerator * accelerator, GError ** error)
{
  GstXlnkHls *self = GST_XLNK_HLS (accelerator);

  self->registers = gst_xlnk_window_open (&self->settings.window, self->end, error);
  if (!self->registers)
    return FALSE;
  if (gst_xlnk_hls_control_open (&self->control, self->registers, self->settings.protocol == AP_CTRL_CHAIN, error))
    return TRUE;
  gst_xlnk_hls_close (accelerator);
  return FALSE;
}

static GstXlnkRegisters *
gst_xlnk_hls_get_registers (GstXlnkAccelerator * accelerator)
{
  return GST_XLNK_HLS (accelerator)->registers;
}

static GstXlnkAcceleratorMode
gst_xlnk_hls_get_mode (GstXlnkAccelerator * accelerator)
{
  return (GstXlnkAcceleratorMode) GST_XLNK_HLS (accelerator)->settings.mode;
}

static gboolean
gst_xlnk_hls_needs_default_layout (GstXlnkAccelerator * accelerator, const GstVideoInfo * info)
{
  const Settings *settings = &GST_XLNK_HLS (accelerator)->settings;

  return gst_xlnk_hls_arguments_need_default_layout (&settings->arguments, info,
      settings->mode == GST_XLNK_ACCELERATOR_TRANSFORM);
}

static gboolean
gst_xlnk_hls_configure (GstXlnkAccelerator * accelerator, GstCaps * in_caps, GstCaps * out_caps, GError ** error)
{
  return gst_xlnk_hls_arguments_configure (&GST_XLNK_HLS (accelerator)->settings.arguments, in_caps, out_caps, error);
}

static gboolean
gst_xlnk_hls_submit (GstXlnkAccelerator * accelerator, const GstXlnkJob * job, GError ** error)
{
  GstXlnkHls *self = GST_XLNK_HLS (accelerator);

  if (!gst_xlnk_hls_arguments_check_job (&self->settings.arguments, job, error))
    return FALSE;
  if (!gst_xlnk_hls_control_require_idle (&self->control, error))
    return FALSE;
  self->job = *job;
  gst_xlnk_hls_arguments_write (&self->settings.arguments, self->registers, job);
  gst_xlnk_hls_control_start (&self->control);
  return TRUE;
}

static GstXlnkWait
gst_xlnk_hls_wait (GstXlnkAccelerator * accelerator, gint64 deadline, GError ** error G_GNUC_UNUSED)
{
  return gst_xlnk_hls_control_wait (&GST_XLNK_HLS (accelerator)->control, deadline);
}

static gboolean
gst_xlnk_hls_reset (GstXlnkAccelerator * accelerator, GError ** error)
{
  return gst_xlnk_hls_control_require_idle (&GST_XLNK_HLS (accelerator)->control, error);
}

static void
append_addresses (GString * text, const gchar * name, const GstXlnkPlanes * planes)
{
  for (guint i = 0; i < planes->n_planes; i++)
    g_string_append_printf (text, "%s0x%08" G_GINT64_MODIFIER "x", i == 0 ? name : ",", planes->phys_addr[i]);
}

static gchar *
gst_xlnk_hls_describe_state (GstXlnkAccelerator * accelerator)
{
  GstXlnkHls *self = GST_XLNK_HLS (accelerator);
  g_autofree gchar *control = NULL;
  GString *text;

  if (!self->registers)
    return g_strdup ("closed");
  control = gst_xlnk_hls_control_describe (&self->control);
  text = g_string_new (control);
  append_addresses (text, ", src ", &self->job.in);
  append_addresses (text, ", dst ", &self->job.out);
  return g_string_free (text, FALSE);
}

static void
gst_xlnk_hls_finalize (GObject * object)
{
  GstXlnkHls *self = GST_XLNK_HLS (object);

  gst_xlnk_hls_close (GST_XLNK_ACCELERATOR (object));
  gst_xlnk_window_clear (&self->settings.window);
  G_OBJECT_CLASS (gst_xlnk_hls_parent_class)->finalize (object);
}

static void
gst_xlnk_hls_class_init (GstXlnkHlsClass * klass)
{
  GstXlnkAcceleratorClass *accelerator_class = GST_XLNK_ACCELERATOR_CLASS (klass);

  G_OBJECT_CLASS (klass)->finalize = gst_xlnk_hls_finalize;
  accelerator_class->describe = gst_xlnk_hls_describe;
  accelerator_class->open = gst_xlnk_hls_open;
  accelerator_class->get_mode = gst_xlnk_hls_get_mode;
  accelerator_class->configure = gst_xlnk_hls_configure;
  accelerator_class->submit = gst_xlnk_hls_submit;
  accelerator_class->wait = gst_xlnk_hls_wait;
  accelerator_class->reset = gst_xlnk_hls_reset;
  accelerator_class->describe_state = gst_xlnk_hls_describe_state;
  accelerator_class->close = gst_xlnk_hls_close;
  accelerator_class->get_registers = gst_xlnk_hls_get_registers;
  accelerator_class->needs_default_layout = gst_xlnk_hls_needs_default_layout;
}

static void
gst_xlnk_hls_init (GstXlnkHls * self)
{
  gst_xlnk_hls_arguments_init (&self->settings.arguments);
  self->settings.mode = NO_MODE;
}
