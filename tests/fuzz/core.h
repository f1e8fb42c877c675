/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * core.h: a core for the fuzz targets, in the place of device/xlnkregion.c (the linker's --wrap), and a clock that moves
 * only when somebody looks at it or sleeps: no input takes real time, and each runs the same way each time. Whatever the
 * description says is there: by name, and at any address. It aborts where an accelerator does what a core cannot take:
 * an access outside of the registers, a start while it runs, an argument that changes while it runs.
 */
#ifndef FUZZ_CORE_H
#define FUZZ_CORE_H

#include <glib.h>

typedef enum
{
  CORE_HLS,
  CORE_AXIDMA
} CoreKind;

enum
{
  CORE_MM2S,
  CORE_S2MM
};

/* Letters of what goes wrong:
 *   h hangs   b runs already when it is opened   r restarts by itself   d somebody takes its ap_done
 *   c holds ap_done until ap_continue   i has an interrupt   l its interrupts get lost   e a transfer fails   s a packet is too short
 *   m no MM2S   w no S2MM   g scatter-gather   k a reset does not end   n never leaves the halt   t tiny window */
void core_reset (CoreKind kind, const char *faults);

/* Of HLS: called with each start; of AXI DMA: with each transfer. */
typedef struct
{
  void (*started) (void);
  void (*transfer) (unsigned channel, guint64 address, guint32 length);
} CoreHooks;

void core_set_hooks (const CoreHooks * hooks);

/* How often it was started, and the argument register at @offset: whether it was ever written, and what is in it. */
unsigned core_get_starts (void);
gboolean core_get_argument (guint32 offset, guint32 * value);
unsigned core_count_arguments (void);

/* What a pulse on its reset line does: it is idle, and nothing goes wrong any more. */
void core_heal (void);

/* Whether a region of it is open. */
gboolean core_is_open (void);

#endif /* FUZZ_CORE_H */
