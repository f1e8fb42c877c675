/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef __GST_XLNK_REGISTERS_H__
#define __GST_XLNK_REGISTERS_H__

#include <gst/xlnk/gstxlnk-prelude.h>

G_BEGIN_DECLS

/**
 * SECTION:gstxlnkregisters
 * @title: GstXlnkRegisters
 * @short_description: the registers and the interrupt of a core
 *
 * The register window of one core in the programmable logic, and its interrupt. Either a UIO node (found by the name
 * that the device tree gave it, or by number) or a physical address through `/dev/mem`, as PYNQ does; the second has
 * no interrupt.
 *
 * # One process has a core at a time
 *
 * Opening a core that somebody has fails, in the same process too. A UIO node is locked with flock(); through
 * `/dev/mem` the addresses are locked, as a range of bytes of that file, and with them the UIO node that shows the
 * same registers, if there is one. Both bind only programs that ask: `devmem` does not.
 *
 * # The order of things
 *
 * What a driver in user space must do for no interrupt to be lost and none to be taken for another:
 *
 * |[
 *   start:   mask and acknowledge at the core
 *            gst_xlnk_registers_arm_interrupt()     forgets what has come, lets the next one through
 *            unmask at the core
 *            gst_xlnk_registers_barrier()           memory is as the core shall see it
 *            write the register that starts it
 *   wait:    gst_xlnk_registers_wait_interrupt()    calls a function that reads the status, acknowledges what it saw
 *                                                   at the core, and reads something back
 *   done:    gst_xlnk_registers_barrier()           then unmap the buffers
 * ]|
 *
 * # Threads
 *
 * Registers may be read and written from any thread, without a system call or a lock; one thread waits at a time.
 *
 * # Forks
 *
 * A forked child does not have its parent's cores: there, reads give all ones, writes do nothing, waits fail at once,
 * and closing frees memory without touching the hardware or the lock.
 */

/**
 * GstXlnkRegisters:
 *
 * Since: 0.1
 */
typedef struct _GstXlnkRegisters GstXlnkRegisters;

/**
 * GstXlnkWait:
 * @GST_XLNK_WAIT_DONE: what was waited for has happened
 * @GST_XLNK_WAIT_TIMEOUT: it has not, until the deadline
 * @GST_XLNK_WAIT_FLUSHING: somebody called off the wait
 * @GST_XLNK_WAIT_ERROR: it never will; the error says why
 *
 * How a wait for hardware ended.
 *
 * Since: 0.1
 */
typedef enum
{
  GST_XLNK_WAIT_DONE,
  GST_XLNK_WAIT_TIMEOUT,
  GST_XLNK_WAIT_FLUSHING,
  GST_XLNK_WAIT_ERROR
} GstXlnkWait;

/**
 * gst_xlnk_registers_open_uio: (skip)
 * @name: the name in `/sys/class/uio/uioN/name`, or the number N in decimal digits
 * @error: (nullable): where the reason of a failure goes
 *
 * Maps the first UIO map of the core. The error lists the names that there are.
 *
 * Returns: (transfer full) (nullable): the registers, to be closed with gst_xlnk_registers_close(), or %NULL:
 *     %GST_XLNK_ERROR_NO_DEVICE, %GST_XLNK_ERROR_PERMISSION, %GST_XLNK_ERROR_BUSY (somebody has it) or
 *     %GST_XLNK_ERROR_FAILED
 *
 * Since: 0.1
 */
GST_XLNK_API
GstXlnkRegisters *gst_xlnk_registers_open_uio (const gchar * name, GError ** error);

/**
 * gst_xlnk_registers_open_mem: (skip)
 * @base: the physical address of the first register
 * @size: bytes of the window
 * @error: (nullable): where the reason of a failure goes
 *
 * Maps registers through `/dev/mem`. There is no interrupt: waits poll, with growing pauses.
 *
 * Returns: (transfer full) (nullable): the registers, or %NULL with @error set
 *
 * Since: 0.1
 */
GST_XLNK_API
GstXlnkRegisters *gst_xlnk_registers_open_mem (guint64 base, gsize size, GError ** error);

/**
 * gst_xlnk_registers_close: (skip)
 * @self: (transfer full): the registers
 *
 * The hardware is left as it is: stop it first.
 *
 * Since: 0.1
 */
GST_XLNK_API
void gst_xlnk_registers_close (GstXlnkRegisters * self);

/**
 * gst_xlnk_registers_get_name: (skip)
 * @self: the registers
 *
 * Returns: (transfer none): what to call the core in messages: `sobel (/dev/uio0)`, `0x43c00000 (/dev/mem)`
 *
 * Since: 0.1
 */
GST_XLNK_API
const gchar *gst_xlnk_registers_get_name (GstXlnkRegisters * self);

/**
 * gst_xlnk_registers_get_size: (skip)
 * @self: the registers
 *
 * Returns: bytes of the window
 *
 * Since: 0.1
 */
GST_XLNK_API
gsize gst_xlnk_registers_get_size (GstXlnkRegisters * self);

/**
 * gst_xlnk_registers_has_interrupt: (skip)
 * @self: the registers
 *
 * Returns: %TRUE if there is an interrupt to be armed and waited for. Where there is none, leave it masked at the core
 *
 * Since: 0.1
 */
GST_XLNK_API
gboolean gst_xlnk_registers_has_interrupt (GstXlnkRegisters * self);

/**
 * gst_xlnk_registers_read: (skip)
 * @self: the registers
 * @offset: bytes from the start, a multiple of 4 inside the window
 *
 * Returns: the register's 32 bits; all ones and a critical warning for an offset that is not inside
 *
 * Since: 0.1
 */
GST_XLNK_API
guint32 gst_xlnk_registers_read (GstXlnkRegisters * self, gsize offset);

/**
 * gst_xlnk_registers_write: (skip)
 * @self: the registers
 * @offset: bytes from the start, a multiple of 4 inside the window
 * @value: the register's 32 bits
 *
 * Since: 0.1
 */
GST_XLNK_API
void gst_xlnk_registers_write (GstXlnkRegisters * self, gsize offset, guint32 value);

/**
 * gst_xlnk_registers_barrier:
 *
 * Everything before it, cache maintenance and stores to memory, is complete as far as a device can see: `dsb sy`.
 * Belongs between the device map of a buffer and the write that starts the core, and between the read that says
 * "done" and the unmap.
 *
 * Since: 0.1
 */
GST_XLNK_API
void gst_xlnk_registers_barrier (void);

/**
 * gst_xlnk_registers_arm_interrupt: (skip)
 * @self: the registers
 *
 * Forgets interrupts that have come and lets the next one through (writes 1 to the UIO node). For before the start;
 * during the wait, gst_xlnk_registers_wait_interrupt() does it.
 *
 * Since: 0.1
 */
GST_XLNK_API
void gst_xlnk_registers_arm_interrupt (GstXlnkRegisters * self);

/**
 * GstXlnkProgress:
 * @GST_XLNK_PROGRESS_NONE: the status is as it was
 * @GST_XLNK_PROGRESS_SOME: something has happened; there is more to wait for
 * @GST_XLNK_PROGRESS_DONE: all has happened that is waited for
 * @GST_XLNK_PROGRESS_FAILED: it never will
 *
 * What a #GstXlnkLook saw.
 *
 * Since: 0.1
 */
typedef enum
{
  GST_XLNK_PROGRESS_NONE,
  GST_XLNK_PROGRESS_SOME,
  GST_XLNK_PROGRESS_DONE,
  GST_XLNK_PROGRESS_FAILED
} GstXlnkProgress;

/**
 * GstXlnkLook: (skip)
 * @self: the registers
 * @user_data: as given to gst_xlnk_registers_wait_interrupt()
 *
 * Reads the core's status, acknowledges at the core what it saw there, and reads a register back, so that the
 * acknowledgement has arrived. A status that clears when read must be kept: nobody will see it again.
 *
 * Returns: what it saw
 *
 * Since: 0.1
 */
typedef GstXlnkProgress (*GstXlnkLook) (GstXlnkRegisters * self, gpointer user_data);

/**
 * gst_xlnk_registers_wait_interrupt: (skip)
 * @self: the registers
 * @deadline: monotonic time in µs, as of g_get_monotonic_time(); in the past: looks once
 * @look: reads the status
 * @user_data: for @look
 *
 * Looks until what is waited for has happened; in between it sleeps until the armed interrupt comes. After an
 * interrupt it looks, lets the next one through, and looks again before it sleeps.
 *
 * A lost interrupt costs time and nothing else: now and then it looks without one. Where interrupts never come, it
 * stops to rely on them; where there is none, it looks with pauses that grow with the time waited, to 2 ms.
 *
 * Returns: %GST_XLNK_WAIT_DONE or %GST_XLNK_WAIT_ERROR as @look said, also while flushing; %GST_XLNK_WAIT_TIMEOUT;
 *     %GST_XLNK_WAIT_FLUSHING
 *
 * Since: 0.1
 */
GST_XLNK_API
GstXlnkWait gst_xlnk_registers_wait_interrupt (GstXlnkRegisters * self, gint64 deadline, GstXlnkLook look,
    gpointer user_data);

/**
 * gst_xlnk_registers_set_flushing: (skip)
 * @self: the registers
 * @flushing: %TRUE wakes the waiter and ends every wait at once, until %FALSE
 *
 * Since: 0.1
 */
GST_XLNK_API
void gst_xlnk_registers_set_flushing (GstXlnkRegisters * self, gboolean flushing);

/**
 * GstXlnkInterrupts:
 * @received: how many woke a waiter
 * @lost: how often something was found to have happened that no interrupt had told
 * @spurious: how many came for nothing
 * @polls: how often the status was looked at because of the time, not because of an interrupt
 *
 * Since: 0.1
 */
typedef struct
{
  guint64 received;
  guint64 lost;
  guint64 spurious;
  guint64 polls;

  /*< private >*/
  gpointer _gst_reserved[GST_PADDING];
} GstXlnkInterrupts;

/**
 * gst_xlnk_registers_get_interrupts: (skip)
 * @self: the registers
 * @interrupts: (out caller-allocates): filled in
 *
 * What became of the interrupts since the registers were opened. From any thread.
 *
 * Since: 0.1
 */
GST_XLNK_API
void gst_xlnk_registers_get_interrupts (GstXlnkRegisters * self, GstXlnkInterrupts * interrupts);

G_END_DECLS

#endif /* __GST_XLNK_REGISTERS_H__ */
