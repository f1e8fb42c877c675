/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * gstxlnkfields.h: from the structure that describes an accelerator to a C struct, by a table.
 *
 * GStreamer guesses the types of values, and each guess has a pitfall: an int above 2^31 arrives negative, one above
 * 2^32 as a floating-point number, `yes` as a boolean, `1/2` as a fraction. What is meant is read, or refused with
 * what to write instead. Unknown fields are refused with a list of the known ones.
 */
#ifndef __GST_XLNK_FIELDS_H__
#define __GST_XLNK_FIELDS_H__

#include <gst/video/video.h>
#include <gst/xlnk/xlnk.h>

G_BEGIN_DECLS

/* The value of an offset that was not given. */
#define GST_XLNK_NO_REGISTER G_MAXUINT

#define GST_XLNK_WORDS_MAX 64

/* Registers, one or one for each plane. */
typedef struct
{
  guint n;
  guint offset[GST_VIDEO_MAX_PLANES];
} GstXlnkOffsets;

/* Constants: offset, value, offset, value… */
typedef struct
{
  guint n;
  guint32 word[GST_XLNK_WORDS_MAX];
} GstXlnkWords;

typedef enum
{
  GST_XLNK_FIELD_NAME,          /* gchar *; a number becomes decimal digits */
  GST_XLNK_FIELD_CHOICE,        /* guint, an index of choices */
  GST_XLNK_FIELD_BOOLEAN,       /* gboolean */
  GST_XLNK_FIELD_NUMBER,        /* guint */
  GST_XLNK_FIELD_ADDRESS,       /* guint64 */
  GST_XLNK_FIELD_OFFSET,        /* guint, a multiple of 4 */
  GST_XLNK_FIELD_OFFSETS,       /* GstXlnkOffsets */
  GST_XLNK_FIELD_PAIRS,         /* GstXlnkWords */
} GstXlnkFieldKind;

typedef struct
{
  const gchar *name;
  GstXlnkFieldKind kind;
  gsize place;                  /* offsetof in the struct */
  const gchar *const *choices;  /* ends with NULL */
} GstXlnkField;

/* Only what is given is written to @into. Strings are allocated. FALSE and GST_XLNK_ERROR_DESCRIPTION. */
gboolean gst_xlnk_fields_read (const GstStructure * structure, const GstXlnkField * fields, guint n_fields,
    gpointer into, GError ** error);

#define GST_XLNK_FIELDS_FAIL(error, ...) \
  g_set_error (error, GST_XLNK_ERROR, GST_XLNK_ERROR_DESCRIPTION, __VA_ARGS__)

G_END_DECLS

#endif /* __GST_XLNK_FIELDS_H__ */
