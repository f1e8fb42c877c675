/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef __GST_XLNK_ACCELERATOR_H__
#define __GST_XLNK_ACCELERATOR_H__

#include <gst/xlnk/gstxlnk-prelude.h>
#include <gst/xlnk/gstxlnkallocator.h>
#include <gst/xlnk/gstxlnkplanes.h>
#include <gst/xlnk/gstxlnkregisters.h>

G_BEGIN_DECLS

/**
 * SECTION:gstxlnkaccelerator
 * @title: GstXlnkAccelerator
 * @short_description: a kind of core that works on frames
 *
 * What `xlnkaccel` needs to know of a kind of hardware. The plugin brings `hls` and `axidma`; an application or another
 * plugin adds its own by registering a type (`examples/own-accelerator.c` is a complete one).
 *
 * The life of an accelerator:
 *
 * |[
 *   make - open -+- configure -+- submit - wait -+- DONE ----------> the next submit
 *                |             |                 +- FLUSHING ------> wait again, later
 *                |             |                 +- TIMEOUT, ERROR > reset -+- TRUE --> the next submit
 *                |             +- again: other caps, nothing running        +- FALSE -> only close
 *                +- close
 * ]|
 *
 * Memory is mapped for the device from before submit until wait has said DONE, or until reset has returned %TRUE. If it
 * has not, nobody knows whether the core still writes: the memory must go neither to a pool nor to the driver.
 *
 * A forked child does not have its parent's cores: there, submit, wait and reset fail with %GST_XLNK_ERROR_NOT_OURS, and
 * close leaves the hardware alone. Its own it makes and opens.
 *
 * Accelerators are written and driven in C, and none of this is for language bindings, which use them through `xlnkaccel`.
 */

#define GST_TYPE_XLNK_ACCELERATOR (gst_xlnk_accelerator_get_type ())
GST_XLNK_API
G_DECLARE_DERIVABLE_TYPE (GstXlnkAccelerator, gst_xlnk_accelerator, GST, XLNK_ACCELERATOR, GstObject)

/**
 * GstXlnkAcceleratorMode:
 * @GST_XLNK_ACCELERATOR_TRANSFORM: reads one buffer and writes another
 * @GST_XLNK_ACCELERATOR_IN_PLACE: reads and writes the same buffer
 * @GST_XLNK_ACCELERATOR_READ: only reads; the buffer passes on unchanged when it was read
 * @GST_XLNK_ACCELERATOR_WRITE: fills the buffer in place, without reading it
 *
 * What a core does to memory, and so how its buffers are mapped for it.
 *
 * Since: 0.1
 */
typedef enum
{
  GST_XLNK_ACCELERATOR_TRANSFORM,
  GST_XLNK_ACCELERATOR_IN_PLACE,
  GST_XLNK_ACCELERATOR_READ,
  GST_XLNK_ACCELERATOR_WRITE
} GstXlnkAcceleratorMode;

/**
 * GstXlnkJob:
 * @in: where the device reads; of no planes in mode WRITE
 * @out: where the device writes; the same as @in in mode IN_PLACE, of no planes in mode READ
 *
 * One frame for a core. Planes of bytes that are not video have stride 0.
 *
 * Since: 0.1
 */
typedef struct
{
  GstXlnkPlanes in;
  GstXlnkPlanes out;

  /*< private >*/
  gpointer _gst_reserved[GST_PADDING];
} GstXlnkJob;

/**
 * GstXlnkAcceleratorClass:
 * @parent_class: the parent
 * @describe: takes the user's structure, whose name is the type's registered one. Every field must be known and
 *     valid. Called once, before anything else
 * @open: finds the hardware and makes sure that it is idle. Called when the element goes to READY
 * @get_mode: after @open: what the core does to memory. TRANSFORM if it is not implemented
 * @configure: takes the caps of input and output (%NULL or ANY: unknown bytes); refuses what the core cannot do.
 *     Where both are raw video they have one layout, unless the mode is TRANSFORM. Nothing is running
 * @submit: checks what only this core knows (alignment, address width, length) and starts the job, without waiting.
 *     One job at a time: the element submits the next one when @wait has said DONE. The element has mapped
 *     the buffers, and made sure that each plane lies inside its buffer; the last thing before the start is
 *     gst_xlnk_registers_barrier(). On failure nothing was started
 * @wait: waits for the job until @deadline (monotonic µs; in the past: only looks). DONE: the core touches the memory
 *     no more, and gst_xlnk_registers_barrier() is behind us. ERROR: the job failed, and the core may still touch the
 *     memory until @reset. TIMEOUT and FLUSHING leave it running
 * @set_flushing: from another thread: wakes the waiter, and ends every wait, until it is called with %FALSE. If it is
 *     not implemented, that of the registers is called
 * @reset: stops the core. %TRUE only if it is confirmed that it will touch memory no more; then it may be started
 *     again. %FALSE with an error that says what brings it back
 * @describe_state: the registers that matter, as text for an error message: "ap_ctrl 0x00000001, …". It must not
 *     read a register that clears when read
 * @close: lets the hardware go, as it is
 * @get_registers: the registers of the core while it is open, %NULL while it is not. Its name in messages, its
 *     interrupts and flushing come from there. A core without registers leaves it out
 * @needs_default_layout: after @open, for frames of any caps, not only those that were configured: whether the core can
 *     work on a frame of @info that it is given only if strides and planes are where GStreamer puts them by default,
 *     which is what @info says. Then `xlnkaccel` does not offer to take others, and copies those that come all the
 *     same. To be implemented by every core that is not told strides: upstream would pad rows for its own sake, as
 *     libav's decoders do. %FALSE if it is not implemented
 *
 * Every function is called from one thread at a time, except @set_flushing.
 *
 * Since: 0.1
 */
struct _GstXlnkAcceleratorClass
{
  GstObjectClass parent_class;

  gboolean (*describe) (GstXlnkAccelerator * self, const GstStructure * description, GError ** error);
  gboolean (*open) (GstXlnkAccelerator * self, GError ** error);
  GstXlnkAcceleratorMode (*get_mode) (GstXlnkAccelerator * self);
  gboolean (*configure) (GstXlnkAccelerator * self, GstCaps * in_caps, GstCaps * out_caps, GError ** error);
  gboolean (*submit) (GstXlnkAccelerator * self, const GstXlnkJob * job, GError ** error);
  GstXlnkWait (*wait) (GstXlnkAccelerator * self, gint64 deadline, GError ** error);
  void (*set_flushing) (GstXlnkAccelerator * self, gboolean flushing);
  gboolean (*reset) (GstXlnkAccelerator * self, GError ** error);
  gchar *(*describe_state) (GstXlnkAccelerator * self);
  void (*close) (GstXlnkAccelerator * self);
  GstXlnkRegisters *(*get_registers) (GstXlnkAccelerator * self);
  gboolean (*needs_default_layout) (GstXlnkAccelerator * self, const GstVideoInfo * info);

  /*< private >*/
  gpointer _gst_reserved[GST_PADDING_LARGE - 1];
};

/**
 * GstXlnkAcceleratorClass::describe: (skip)
 *
 * gst_xlnk_accelerator_make() calls it.
 */

/**
 * gst_xlnk_accelerator_register: (skip)
 * @name: the name in descriptions, as in `accelerator="name,field=value"`: a letter, then letters, digits, `-` and `_`
 * @type: a non-abstract subtype of #GstXlnkAccelerator
 *
 * Makes an accelerator known to every `xlnkaccel` of the process. To be called by an application after gst_init(), or
 * by a plugin when it is loaded. Once more with the same type does nothing.
 *
 * A plugin that has nothing but an accelerator is loaded when somebody asks for it, if the plugin's own name is `xlnk`
 * and the accelerator's: `xlnkscaler` for `scaler`. GStreamer would not load it, since no element of it is ever wanted.
 * The plugin of `xlnkaccel`, with `hls` and `axidma`, is loaded in the same way.
 *
 * Returns: %FALSE if another type has that name
 *
 * Since: 0.1
 */
GST_XLNK_API
gboolean gst_xlnk_accelerator_register (const gchar * name, GType type);

/**
 * gst_xlnk_accelerator_make: (skip)
 * @description: a #GstStructure as text: the name, then fields
 * @error: (nullable): where the reason of a failure goes
 *
 * Returns: (transfer full) (nullable): an accelerator that has understood its description, or %NULL with
 *     %GST_XLNK_ERROR_DESCRIPTION: the message names the field, or lists the accelerators that there are
 *
 * Since: 0.1
 */
GST_XLNK_API
GstXlnkAccelerator *gst_xlnk_accelerator_make (const gchar * description, GError ** error);

/* The class's functions, for who drives an accelerator: `xlnkaccel`, and tests of a new one. */

/**
 * gst_xlnk_accelerator_open: (skip)
 *
 * Since: 0.1
 */
GST_XLNK_API
gboolean gst_xlnk_accelerator_open (GstXlnkAccelerator * self, GError ** error);

/**
 * gst_xlnk_accelerator_get_mode: (skip)
 *
 * Since: 0.1
 */
GST_XLNK_API
GstXlnkAcceleratorMode gst_xlnk_accelerator_get_mode (GstXlnkAccelerator * self);

/**
 * gst_xlnk_accelerator_needs_default_layout: (skip)
 *
 * Since: 0.1
 */
GST_XLNK_API
gboolean gst_xlnk_accelerator_needs_default_layout (GstXlnkAccelerator * self, const GstVideoInfo * info);

/**
 * gst_xlnk_accelerator_configure: (skip)
 *
 * Since: 0.1
 */
GST_XLNK_API
gboolean gst_xlnk_accelerator_configure (GstXlnkAccelerator * self, GstCaps * in_caps, GstCaps * out_caps,
    GError ** error);

/**
 * gst_xlnk_accelerator_submit: (skip)
 *
 * Also checks what no core can do: no planes or an address of 0 where the mode has it read or write, or an address
 * range that wraps.
 *
 * Since: 0.1
 */
GST_XLNK_API
gboolean gst_xlnk_accelerator_submit (GstXlnkAccelerator * self, const GstXlnkJob * job, GError ** error);

/**
 * gst_xlnk_accelerator_wait: (skip)
 *
 * Since: 0.1
 */
GST_XLNK_API
GstXlnkWait gst_xlnk_accelerator_wait (GstXlnkAccelerator * self, gint64 deadline, GError ** error);

/**
 * gst_xlnk_accelerator_set_flushing: (skip)
 *
 * Since: 0.1
 */
GST_XLNK_API
void gst_xlnk_accelerator_set_flushing (GstXlnkAccelerator * self, gboolean flushing);

/**
 * gst_xlnk_accelerator_reset: (skip)
 *
 * Since: 0.1
 */
GST_XLNK_API
gboolean gst_xlnk_accelerator_reset (GstXlnkAccelerator * self, GError ** error);

/**
 * gst_xlnk_accelerator_describe_state: (skip)
 *
 * Returns: (transfer full): "NAME: STATE", for an error message
 *
 * Since: 0.1
 */
GST_XLNK_API
gchar *gst_xlnk_accelerator_describe_state (GstXlnkAccelerator * self);

/**
 * gst_xlnk_accelerator_get_interrupts: (skip)
 *
 * What became of the core's interrupts since it was opened; zeroes while it is not. From any thread, but not while
 * another one opens or closes.
 *
 * Since: 0.1
 */
GST_XLNK_API
void gst_xlnk_accelerator_get_interrupts (GstXlnkAccelerator * self, GstXlnkInterrupts * interrupts);

/**
 * gst_xlnk_accelerator_close: (skip)
 *
 * Since: 0.1
 */
GST_XLNK_API
void gst_xlnk_accelerator_close (GstXlnkAccelerator * self);

/**
 * gst_xlnk_accelerator_arm: (skip)
 * @self: the accelerator
 * @memory: one that the next job reads or writes
 *
 * To be called for each memory of a job before gst_xlnk_accelerator_submit(), and undone with
 * gst_xlnk_accelerator_disarm() when the core is known not to touch it any more. If this process dies in between, no
 * other one frees the memory before the core has been found idle (gst_xlnk_accelerator_reclaim()).
 *
 * Makes no system call and takes no lock, but for the first job of an accelerator. Any thread may call it.
 *
 * Since: 0.1
 */
GST_XLNK_API
void gst_xlnk_accelerator_arm (GstXlnkAccelerator * self, GstMemory * memory);

/**
 * gst_xlnk_accelerator_disarm: (skip)
 * @self: the accelerator, still open
 * @memory: as given to gst_xlnk_accelerator_arm()
 *
 * The job is done, or was never started, or a reset has stopped it.
 *
 * Since: 0.1
 */
GST_XLNK_API
void gst_xlnk_accelerator_disarm (GstXlnkAccelerator * self, GstMemory * memory);

/**
 * gst_xlnk_accelerator_reclaim: (skip)
 * @self: the accelerator, open and without a job
 * @allocator: of the device whose memory the core works on
 * @error: (nullable): where the reason of a failure goes
 *
 * Frees the memory that a dead process left while this core was working on it. If there is any, the core is reset first,
 * or found idle, as gst_xlnk_accelerator_reset() does; a core that still runs keeps its memory. `xlnkaccel` calls it when
 * it has opened its accelerator.
 *
 * Returns: %FALSE with @error set if the core is not idle, or the ledger cannot be read
 *
 * Since: 0.1
 */
GST_XLNK_API
gboolean gst_xlnk_accelerator_reclaim (GstXlnkAccelerator * self, GstXlnkAllocator * allocator, GError ** error);

G_END_DECLS

#endif /* __GST_XLNK_ACCELERATOR_H__ */
