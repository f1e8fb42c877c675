/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * gstxlnkacceleratorledger.c: what must not be freed while a core works on it, also when the process that started the core
 * is dead.
 */
#include "gstxlnkaccelerator.h"

#include "device/xlnkreclaim.h"
#include "gstxlnk-private.h"
#include "gstxlnkmemory.h"

/* The address tells cores apart in all processes. A core without registers of ours has its type's name. */
static guint64
identify (GstXlnkAccelerator * self, const gchar ** name)
{
  GstXlnkAcceleratorClass *klass = GST_XLNK_ACCELERATOR_GET_CLASS (self);
  GstXlnkRegisters *registers = klass->get_registers ? klass->get_registers (self) : NULL;

  *name = registers ? gst_xlnk_registers_get_name (registers) : G_OBJECT_TYPE_NAME (self);
  return registers ? gst_xlnk_registers_peek_address (registers) : 0;
}

void
gst_xlnk_accelerator_arm (GstXlnkAccelerator * self, GstMemory * memory)
{
  const gchar *name;
  guint64 base;

  g_return_if_fail (GST_IS_XLNK_ACCELERATOR (self));
  g_return_if_fail (gst_is_xlnk_memory (memory));

  base = identify (self, &name);
  xlnk_block_arm (((GstXlnkMemory *) memory)->block, base, name);
}

void
gst_xlnk_accelerator_disarm (GstXlnkAccelerator * self, GstMemory * memory)
{
  const gchar *name;
  guint64 base;

  g_return_if_fail (GST_IS_XLNK_ACCELERATOR (self));
  g_return_if_fail (gst_is_xlnk_memory (memory));

  base = identify (self, &name);
  xlnk_block_disarm (((GstXlnkMemory *) memory)->block, base, name);
}

gboolean
gst_xlnk_accelerator_reclaim (GstXlnkAccelerator * self, GstXlnkAllocator * allocator, GError ** error)
{
  const gchar *name;
  XlnkDevice *device;
  guint64 base;

  g_return_val_if_fail (GST_IS_XLNK_ACCELERATOR (self), FALSE);
  g_return_val_if_fail (GST_IS_XLNK_ALLOCATOR (allocator), FALSE);

  device = gst_xlnk_allocator_get_xlnk_device (allocator);
  base = identify (self, &name);
  if (xlnk_reclaim_waits_for_core (device, base, name) == 0)
    return TRUE;
  return gst_xlnk_accelerator_reset (self, error) && xlnk_reclaim_core (device, base, name, NULL, error);
}
