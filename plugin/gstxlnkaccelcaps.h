/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * gstxlnkaccelcaps.h: what comes out of a core that changes the format, by the property output-caps: its fields replace
 * those of the input, and what it does not name stays, the features among it. Of several structures the first that
 * downstream takes counts. What goes in may be anything; where raw video comes out, upstream is asked for raw video first.
 */
#ifndef __GST_XLNK_ACCEL_CAPS_H__
#define __GST_XLNK_ACCEL_CAPS_H__

#include "gstxlnkaccel.h"

G_BEGIN_DECLS

/* Whether @accelerator (nullable, open) makes anything that output-caps could be of. Posts the element error. */
gboolean gst_xlnk_accel_check_output_caps (GstXlnkAccel * self, GstXlnkAccelerator * accelerator);

GstCaps *gst_xlnk_accel_transform_caps (GstBaseTransform * trans, GstPadDirection direction, GstCaps * caps,
    GstCaps * filter);

/* A stream without caps gets those of output-caps behind a core. To be called before the segment goes downstream, which must
 * find them there. FALSE, with the element error, if output-caps does not say all. */
gboolean gst_xlnk_accel_announce_output_caps (GstXlnkAccel * self);

/* Raw video that is made of something else (nullable: of no known kind), and that has no size. Posts the element error. */
gboolean gst_xlnk_accel_refuse_open_video (GstXlnkAccel * self, GstCaps * in_caps, GstCaps * out_caps);

/* Takes the smallest difference from the input for what downstream leaves open. */
GstCaps *gst_xlnk_accel_fixate_caps (GstBaseTransform * trans, GstPadDirection direction, GstCaps * caps,
    GstCaps * othercaps);

/* Only raw video may be dropped when it is late: what follows other bytes may need every one of them. */
gboolean gst_xlnk_accel_src_event (GstBaseTransform * trans, GstEvent * event);

G_END_DECLS

#endif /* __GST_XLNK_ACCEL_CAPS_H__ */
