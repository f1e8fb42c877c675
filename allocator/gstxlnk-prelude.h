/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef __GST_XLNK_PRELUDE_H__
#define __GST_XLNK_PRELUDE_H__

#include <gst/gst.h>

#ifndef GST_XLNK_API
# ifdef BUILDING_GST_XLNK
#  define GST_XLNK_API GST_API_EXPORT
# else
#  define GST_XLNK_API GST_API_IMPORT
# endif
#endif

/* GStreamer before 1.18 has neither. */
#ifndef GST_API_EXPORT
# define GST_API_EXPORT extern __attribute__ ((visibility ("default")))
#endif
#ifndef GST_API_IMPORT
# define GST_API_IMPORT extern
#endif

#endif /* __GST_XLNK_PRELUDE_H__ */
