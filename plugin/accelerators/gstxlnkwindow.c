/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gstxlnkwindow.h"

gboolean
gst_xlnk_window_check (GstXlnkWindow * self, guint64 default_size, GError ** error)
{
  gboolean has_address = self->base != 0 || self->size != 0;

  if (!self->uio == !has_address) {
    GST_XLNK_FIELDS_FAIL (error, "where is the core? Give %s uio=NAME (or its number), or base=ADDRESS,size=BYTES",
        has_address ? "either" : "one of");
    return FALSE;
  }
  if (self->uio)
    return TRUE;
  if (self->size == 0)
    self->size = default_size;
  if (self->base == 0 || self->size == 0) {
    GST_XLNK_FIELDS_FAIL (error, "base and size go together: the address of the first register, and bytes");
    return FALSE;
  }
  if (self->base % 4 != 0 || self->size % 4 != 0 || self->size > G_MAXUINT32) {
    GST_XLNK_FIELDS_FAIL (error, "base=0x%" G_GINT64_MODIFIER "x,size=0x%" G_GINT64_MODIFIER "x: both must be "
        "multiples of 4, and the size less than 4 GiB", self->base, self->size);
    return FALSE;
  }
  return TRUE;
}

GstXlnkRegisters *
gst_xlnk_window_open (const GstXlnkWindow * self, gsize needed, GError ** error)
{
  GstXlnkRegisters *registers;

  if (self->uio)
    registers = gst_xlnk_registers_open_uio (self->uio, error);
  else
    registers = gst_xlnk_registers_open_mem (self->base, (gsize) self->size, error);
  if (registers && gst_xlnk_registers_get_size (registers) < needed) {
    GST_XLNK_FIELDS_FAIL (error, "%s has %" G_GSIZE_FORMAT " bytes of registers, and the description names one "
        "that ends at %" G_GSIZE_FORMAT, gst_xlnk_registers_get_name (registers),
        gst_xlnk_registers_get_size (registers), needed);
    gst_xlnk_registers_close (registers);
    return NULL;
  }
  return registers;
}

void
gst_xlnk_window_clear (GstXlnkWindow * self)
{
  g_free (self->uio);
  self->uio = NULL;
}
