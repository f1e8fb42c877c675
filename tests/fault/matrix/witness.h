/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * witness.h: what is seen of one run, line by line, written at once, so that it outlives a crash:
 *
 *   done            the scenario got all that it wanted
 *   error TEXT      what the library said about why not: a GError, or an element's error message
 *   data HASH       of all bytes that it produced
 *   refused TEXT    something failed, and there is no reason
 *   log LEVEL CATEGORY TEXT   a line of ours at WARNING or ERROR
 *   critical TEXT   a critical or a warning of GLib's, from anybody
 *   output TEXT     what a tool has printed, line by line
 *   left TEXT       a descriptor or a mapping that was not there before
 */
#ifndef FAULT_WITNESS_H
#define FAULT_WITNESS_H

#include <glib.h>

/* From now on lines go to @fd. Takes note of what is open and mapped. */
void witness_start (int fd);

/* What is open by now is not to be told. */
void witness_start_again (void);

/* Compares what is open and mapped with then. */
void witness_end (void);

void witness_done (void);
void witness_error (const char *format, ...) G_GNUC_PRINTF (1, 2);

/* For functions that say nothing but FALSE or NULL: what gst_xlnk_peek_last_error() says. */
void witness_refused (const char *what);

/* Takes a GError; NULL is a complaint of its own. */
void witness_take_error (GError * error);

void witness_data (gconstpointer data, gsize size);

/* For people who ask why the data are not the same. */
void witness_output (const char *text);

#endif /* FAULT_WITNESS_H */
