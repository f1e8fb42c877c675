/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * gstxlnkaccelproperties.h: the properties of xlnkaccel.
 */
#ifndef __GST_XLNK_ACCEL_PROPERTIES_H__
#define __GST_XLNK_ACCEL_PROPERTIES_H__

#include "gstxlnkaccel.h"

G_BEGIN_DECLS

void gst_xlnk_accel_install_properties (GObjectClass * klass);

/* To their defaults. */
void gst_xlnk_accel_init_properties (GstXlnkAccel * self);

G_END_DECLS

#endif /* __GST_XLNK_ACCEL_PROPERTIES_H__ */
