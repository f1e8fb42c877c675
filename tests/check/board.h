/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * board.h: the emulated board as a test asks about it: its counters, and the device's side of its memory, through the
 * emulator's back door.
 */
#ifndef CHECK_BOARD_H
#define CHECK_BOARD_H

#include <glib.h>

/* One of the files of /sys/kernel/debug/xlnk. */
guint64 board_counter (const char *name);

/* How many buffers are alive on the whole board, whoever owns them. */
guint64 board_live_buffers (void);

/* Hazards that the emulator has seen so far, and operations that moved a line or moved none. */
guint64 board_hazards (void);
guint64 board_redundant (void);
guint64 board_ioctls (void);

/* Bytes of the emulated CPU's cache line. */
guint board_line_size (void);

/* A device reads or writes, as devices do: past the CPU's cache. */
void board_device_read (guint64 phys, gpointer data, gsize size);
void board_device_write (guint64 phys, gconstpointer data, gsize size);

/* The device finds @value in each of the @size bytes. */
gboolean board_device_sees (guint64 phys, guint8 value, gsize size);
void board_device_fill (guint64 phys, guint8 value, gsize size);

/* FALSE if there is no live buffer at @phys, which is a hazard as well. */
gboolean board_device_can_read (guint64 phys);

/* Every line of the range leaves the CPU's cache, as it may at any time. */
void board_evict (guint64 phys, gsize size);

/* TRUE if @address is mapped in this process. */
gboolean address_is_mapped (gconstpointer address);

#endif /* CHECK_BOARD_H */
