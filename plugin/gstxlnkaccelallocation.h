/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * gstxlnkaccelallocation.h: xlnkaccel's part in allocation queries: lending (what upstream is offered) and taking (what
 * becomes of downstream's offer).
 */
#ifndef __GST_XLNK_ACCEL_ALLOCATION_H__
#define __GST_XLNK_ACCEL_ALLOCATION_H__

#include "gstxlnkaccel.h"

G_BEGIN_DECLS

/* Lending: the peer is asked first and its metas and larger size are kept; then our allocator and a fresh pool come
 * first, unless the peer's are ours already. */
gboolean gst_xlnk_accel_propose_allocation (GstBaseTransform * trans, GstQuery * decide_query, GstQuery * query);

/* Taking: sets the element's format from @query, and replaces what downstream offers by what the uploader copies into;
 * a foreign pool lends only its size and minimum. The base class's own decision is still to be made. */
void gst_xlnk_accel_take_allocation (GstXlnkAccel * self, GstQuery * query);

G_END_DECLS

#endif /* __GST_XLNK_ACCEL_ALLOCATION_H__ */
