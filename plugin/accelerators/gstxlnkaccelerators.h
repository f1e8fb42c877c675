/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * gstxlnkaccelerators.h: the kinds of hardware that the plugin brings.
 */
#ifndef __GST_XLNK_ACCELERATORS_H__
#define __GST_XLNK_ACCELERATORS_H__

#include <glib.h>

G_BEGIN_DECLS

/* FALSE if another plugin has taken a name. */
gboolean gst_xlnk_accelerators_register (void);

G_END_DECLS

#endif /* __GST_XLNK_ACCELERATORS_H__ */
