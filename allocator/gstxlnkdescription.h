/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * gstxlnkdescription.h: from the text of an accelerator's description to its GstStructure. Not installed.
 *
 * gst_structure_from_string() accepts too much and explains nothing: 010 is 8, the second of two equal fields wins,
 * what follows a `;` is dropped, a field without a value makes all of it NULL, and a name that begins with a digit is
 * a critical. So the text is looked through before.
 */
#ifndef __GST_XLNK_DESCRIPTION_H__
#define __GST_XLNK_DESCRIPTION_H__

#include <gst/gst.h>

G_BEGIN_DECLS

/* The name that a description begins with, or NULL and GST_XLNK_ERROR_DESCRIPTION. */
gchar *gst_xlnk_description_get_name (const gchar * text, GError ** error);

/* NULL and GST_XLNK_ERROR_DESCRIPTION, whose message names the field. */
GstStructure *gst_xlnk_description_parse (const gchar * text, GError ** error);

G_END_DECLS

#endif /* __GST_XLNK_DESCRIPTION_H__ */
