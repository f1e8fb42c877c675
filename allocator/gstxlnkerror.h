/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef __GST_XLNK_ERROR_H__
#define __GST_XLNK_ERROR_H__

#include <gst/xlnk/gstxlnk-prelude.h>

G_BEGIN_DECLS

/**
 * GST_XLNK_ERROR:
 *
 * The error domain of this library; the codes are #GstXlnkError. The message of an error is for the person who can
 * act on it: what was asked, what there was, and what to do next.
 *
 * Since: 0.1
 */
#define GST_XLNK_ERROR (gst_xlnk_error_quark ())

/**
 * GstXlnkError:
 * @GST_XLNK_ERROR_NO_DEVICE: there is no device node. The message names `xlnk-emulate`.
 * @GST_XLNK_ERROR_PERMISSION: the node may not be opened. The message has the udev rule that solves it.
 * @GST_XLNK_ERROR_UNKNOWN_ABI: the node is not an xlnk driver that can be spoken to safely.
 * @GST_XLNK_ERROR_EXHAUSTED: no contiguous memory of that size is left.
 * @GST_XLNK_ERROR_TOO_LARGE: the size is more than the driver's 32-bit lengths can say.
 * @GST_XLNK_ERROR_CONFLICT: a map that is open now excludes this access.
 * @GST_XLNK_ERROR_NOT_OURS: the memory, the pointer or the core is not of this device and process.
 * @GST_XLNK_ERROR_BUSY: buffers of this process are still in use, or somebody else has the core.
 * @GST_XLNK_ERROR_FAILED: the kernel refused for another reason, which the message gives.
 * @GST_XLNK_ERROR_DESCRIPTION: the description of an accelerator is not understood. The message names the field.
 * @GST_XLNK_ERROR_CAPS: the accelerator, as it is described, cannot do these caps.
 * @GST_XLNK_ERROR_ADDRESS: the core cannot reach this address, or it is not aligned as the core needs it.
 * @GST_XLNK_ERROR_SIZE: the core cannot do this many bytes, or did fewer than it was asked for.
 * @GST_XLNK_ERROR_CORE: the core says that it failed. The message has its reason.
 * @GST_XLNK_ERROR_NOT_IDLE: the core still runs an earlier job. The message says what stops it.
 * @GST_XLNK_ERROR_TIMEOUT: the core did not answer in time. The message has its registers.
 *
 * Since: 0.1
 */
typedef enum
{
  GST_XLNK_ERROR_NO_DEVICE,
  GST_XLNK_ERROR_PERMISSION,
  GST_XLNK_ERROR_UNKNOWN_ABI,
  GST_XLNK_ERROR_EXHAUSTED,
  GST_XLNK_ERROR_TOO_LARGE,
  GST_XLNK_ERROR_CONFLICT,
  GST_XLNK_ERROR_NOT_OURS,
  GST_XLNK_ERROR_BUSY,
  GST_XLNK_ERROR_FAILED,
  GST_XLNK_ERROR_DESCRIPTION,
  GST_XLNK_ERROR_CAPS,
  GST_XLNK_ERROR_ADDRESS,
  GST_XLNK_ERROR_SIZE,
  GST_XLNK_ERROR_CORE,
  GST_XLNK_ERROR_NOT_IDLE,
  GST_XLNK_ERROR_TIMEOUT
} GstXlnkError;

/**
 * gst_xlnk_error_quark:
 *
 * Returns: what #GST_XLNK_ERROR stands for
 *
 * Since: 0.1
 */
GST_XLNK_API
GQuark gst_xlnk_error_quark (void);

/**
 * gst_xlnk_peek_last_error:
 *
 * The functions of GStreamer that this library serves, such as gst_allocator_alloc(), gst_buffer_pool_acquire_buffer() and
 * gst_memory_map(), have no room for a reason. This is the one of the latest allocation, map or hand-out of an address
 * that this thread has asked for. To be asked right after a failure: a failure before it got as far as this library, as
 * when others hold a reference to the memory, is not known here.
 *
 * Returns: (transfer none) (nullable): the reason, until the thread asks for something again; %NULL if that succeeded
 *
 * Since: 0.1
 */
GST_XLNK_API
const GError *gst_xlnk_peek_last_error (void);

G_END_DECLS

#endif /* __GST_XLNK_ERROR_H__ */
