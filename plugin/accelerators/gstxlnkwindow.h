/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * gstxlnkwindow.h: where a core's registers are: the fields `uio`, or `base` and `size`, of every accelerator here.
 */
#ifndef __GST_XLNK_WINDOW_H__
#define __GST_XLNK_WINDOW_H__

#include "gstxlnkfields.h"

G_BEGIN_DECLS

typedef struct
{
  gchar *uio;                   /* a name or a number; or else: */
  guint64 base;
  guint64 size;
} GstXlnkWindow;

#define GST_XLNK_WINDOW_FIELDS(type, member) \
  {"uio", GST_XLNK_FIELD_NAME, G_STRUCT_OFFSET (type, member.uio), NULL}, \
  {"base", GST_XLNK_FIELD_ADDRESS, G_STRUCT_OFFSET (type, member.base), NULL}, \
  {"size", GST_XLNK_FIELD_ADDRESS, G_STRUCT_OFFSET (type, member.size), NULL}

/* @default_size, or 0: `size` must be given with `base`. */
gboolean gst_xlnk_window_check (GstXlnkWindow * self, guint64 default_size, GError ** error);

/* NULL also if there are less than @needed bytes of registers. */
GstXlnkRegisters *gst_xlnk_window_open (const GstXlnkWindow * self, gsize needed, GError ** error);

void gst_xlnk_window_clear (GstXlnkWindow * self);

G_END_DECLS

#endif /* __GST_XLNK_WINDOW_H__ */
