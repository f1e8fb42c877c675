/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * fuzz.h: what the fuzz targets share: GStreamer without its plugins, checks that end the run, input as lines of text.
 */
#ifndef FUZZ_H
#define FUZZ_H

#include <gst/gst.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

/* libFuzzer's: what a target defines. */
int LLVMFuzzerInitialize (int *argc, char ***argv);
int LLVMFuzzerTestOneInput (const uint8_t * data, size_t size);

/* Tells the input to libFuzzer as one that crashes. */
#define FUZZ_CHECK(condition, ...) \
  do { \
    if (G_UNLIKELY (!(condition))) { \
      fprintf (stderr, "%s:%d: %s: ", __FILE__, __LINE__, #condition); \
      fprintf (stderr, __VA_ARGS__); \
      fprintf (stderr, "\n"); \
      abort (); \
    } \
  } while (0)

/* From now on a critical of any library ends the run. */
void fuzz_init (void);

/* And GStreamer is there, alone: no registry, no plugins. */
void fuzz_init_gst (void);

/* Between these two GStreamer reads what a stranger wrote; its criticals and leaks are its own. */
void fuzz_begin_foreign (void);
void fuzz_end_foreign (void);

/* Caps as a user may write them, or NULL: without lists of several types, at which GStreamer itself crashes, and without
 * what it says a critical of but takes, such as a range with a step that its start is no multiple of: that is left half
 * made, and each function that meets it says one more. */
GstCaps *fuzz_read_caps (const char *text);

/* The input as @n lines, "" for those that it has not; to be freed with g_strfreev(). Ends at the first 0. */
char **fuzz_split (const uint8_t * data, size_t size, unsigned n);

/* NULL and an error of @domain with a message, or something and no error; frees the error. */
void fuzz_check_result (gboolean success, GError * error, GQuark domain);

#endif /* FUZZ_H */
