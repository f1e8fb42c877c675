/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * accelerator-layout.c: a core that is told less of a frame than it would have to know is refused, not started.
 */
#include <string.h>

#include "corecheck.h"
#include "fakehls.h"
#include "gstxlnkaccelerators.h"

#define SMALL(format, width, height) "video/x-raw,format=" format ",width=" #width ",height=" #height

/*** sizes ***/

/* Of 64 lines, every other one. */
#define FIELDS "video/x-raw(format:Interlaced),format=GRAY8,width=64,height=64,interlace-mode=alternate"

typedef struct
{
  const gchar *registers;       /* beyond those of the input's size */
  const gchar *in, *out;
  const gchar *words;           /* of the error; NULL: accepted */
} Sizes;

static void
test_output_sizes (void)
{
  static const Sizes cases[] = {
    {"", SMALL ("GRAY8", 128, 64), SMALL ("GRAY8", 128, 64), NULL},
    {"", SMALL ("GRAY8", 128, 64), SMALL ("GRAY8", 256, 128), NULL},
    {"", SMALL ("GRAY8", 128, 64), SMALL ("GRAY8", 64, 32), "registers dst-width and dst-height"},
    {",dst-width=0x38", SMALL ("GRAY8", 128, 256), SMALL ("GRAY8", 128, 64), "register dst-height,"},
    {",dst-width=0x38", SMALL ("GRAY8", 128, 256), SMALL ("GRAY8", 64, 64), "register dst-height,"},
    {",dst-width=0x38", SMALL ("GRAY8", 128, 64), SMALL ("GRAY8", 64, 64), NULL},
    {",dst-height=0x38", SMALL ("GRAY8", 256, 64), SMALL ("GRAY8", 64, 64), "register dst-width,"},
    {",dst-height=0x38", SMALL ("GRAY8", 256, 64), SMALL ("GRAY8", 64, 32), "register dst-width,"},
    {",dst-height=0x38", SMALL ("GRAY8", 128, 64), SMALL ("GRAY8", 128, 32), NULL},
    {",dst-width=0x38,dst-height=0x40", SMALL ("GRAY8", 128, 64), SMALL ("GRAY8", 64, 32), NULL},
    {",dst-size=0x38", SMALL ("GRAY8", 128, 64), SMALL ("GRAY8", 64, 32), NULL},
    {"", SMALL ("GRAY8", 64, 64), FIELDS, "register dst-height,"},
    {"", SMALL ("GRAY8", 64, 32), FIELDS, NULL},
    {",scales=true", SMALL ("GRAY8", 128, 64), SMALL ("GRAY8", 64, 32), NULL},
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++) {
    g_autofree gchar *text = g_strconcat ("hls,uio=core,src=0x10,dst=0x18,width=0x28,height=0x30", cases[i].registers,
        NULL);
    g_autoptr (GstCaps) in = gst_caps_from_string (cases[i].in);
    g_autoptr (GstCaps) out = gst_caps_from_string (cases[i].out);
    GstXlnkAccelerator *self = core_check_make (text);
    g_autoptr (GError) error = NULL;

    g_test_message ("%s: %s to %s", text, cases[i].in, cases[i].out);
    g_assert_cmpint (gst_xlnk_accelerator_configure (self, in, out, &error), ==, cases[i].words == NULL);
    if (cases[i].words) {
      g_assert_error (error, GST_XLNK_ERROR, GST_XLNK_ERROR_SIZE);
      g_assert_nonnull (strstr (error->message, cases[i].words));
    }
    gst_object_unref (self);
  }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  gst_init (&argc, &argv);
  g_assert_true (gst_xlnk_accelerators_register ());

  g_test_add_func ("/accelerator-layout/output-sizes", test_output_sizes);
  return g_test_run ();
}
