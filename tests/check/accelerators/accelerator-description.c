/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * accelerator-description.c: what users write, what GStreamer makes of it, and what they are told.
 */
#include <string.h>

#include <gst/xlnk/xlnk.h>

#include "gstxlnkaccelerators.h"

#define HLS "hls,uio=c,src=0x10,dst=0x1c"

/* Accepted, or refused with an error that has these words. */
static const struct
{
  const gchar *description;
  const gchar *words[3];
} table[] = {
  {HLS, {NULL}},
  {"hls , uio = c , src = 0x10 , dst = 0x1c", {NULL}},
  {HLS ",address-bits=64,width=0x28,height=0x30,src-stride=0x38,dst-stride=0x40,format=0x48", {NULL}},
  {HLS ",set=<0x50,0xA0000000,0x58,-1>", {NULL}},
  {"hls,uio=c,src=<0x10,0x1c>,dst=0x28,address-bits=64", {NULL}},
  {"hls,uio=c,src=\"<0x10,0x1c>\",dst=0x28", {"src", "gchararray"}},

  /* Names. */
  {"hls,uio=0,src=0x10,dst=0x1c", {NULL}},
  {"hls,uio=yes,src=0x10,dst=0x1c", {"uio", "gboolean", "uio=(string)NAME"}},
  {"hls,uio=t,src=0x10,dst=0x1c", {"uio", "gboolean", "uio=(string)NAME"}},
  {"hls,uio=\"yes\",src=0x10,dst=0x1c", {NULL}},
  {"hls,uio=\"010\",src=0x10,dst=0x1c", {NULL}},
  {"hls,uio=(string)yes,src=0x10,dst=0x1c", {NULL}},
  {"hls,uio=-1,src=0x10,dst=0x1c", {"uio"}},
  {"hls,uio=1/2,src=0x10,dst=0x1c", {"uio", "GstFraction"}},
  {"hls,uio=5-6,src=0x10,dst=0x1c", {"uio", "GstFlagSet"}},
  {"hls,uio=NULL,src=0x10,dst=0x1c", {"uio"}},
  {"hls,uio=<NULL,1>,src=0x10,dst=0x1c", {"uio"}},
  {"hls,uio={1,NULL},src=0x10,dst=0x1c", {"uio"}},
  {"hls,uio=sobel@43c00000,src=0x10,dst=0x1c", {"uio=sobel@43c00000", "quotation marks"}},
  {"hls,uio=\"sobel@43c00000\",src=0x10,dst=0x1c", {NULL}},
  {"hls,uio=\"gr\303\266\303\237er, \\\"quoted\\\"\",src=0x10,dst=0x1c", {NULL}},
  {"hls,uio=1e5,src=0x10,dst=0x1c", {"uio", "gdouble"}},

  /* Numbers. */
  {"hls,uio=c,src=020,dst=0x1c", {"src=020", "octal", "0x"}},
  {"hls,uio=c,src=\"020\",dst=0x1c", {"src", "gchararray"}},
  {"hls,uio=c,src=08,dst=0x1c", {"octal"}},
  {"hls,uio=010,src=0x10,dst=0x1c", {"uio=010", "octal", "(string)010"}},
  {"hls,uio=(string)010,src=0x10,dst=0x1c", {NULL}},
  {"hls,uio=c,src=(int)020,dst=0x1c", {"octal"}},
  {HLS ",set=<0x50,010>", {"set", "octal"}},
  {HLS ",set=<0x50,0>", {NULL}},
  {"hls,uio=c,src=0x11,dst=0x1c", {"src", "0x11", "multiples of 4"}},
  {"hls,uio=c,src=-16,dst=0x1c", {"src", "0xfffffff0"}},
  {"hls,uio=c,src=16.0,dst=0x1c", {"src", "(guint64)0x10"}},
  {"hls,uio=c,src=0x10,dst=yes", {"dst", "gboolean"}},
  {"hls,uio=c,src=0x10,dst=64k", {"dst", "gchararray"}},
  {"hls,uio=c,src=[0x10,0x1c],dst=0x28", {"src", "range"}},
  {"hls,uio=c,src=[0x1c,0x10],dst=0x28", {"src", "range"}},
  {"hls,uio=\"[c]\",src=0x10,dst=0x1c", {NULL}},
  {"hls,uio=c,src={0x10,0x1c},dst=0x28", {"src", "<0x10,0x1c,"}},
  {"hls,uio=c,src=<0x10,yes>,dst=0x28", {"src", "boolean"}},
  {"hls,uio=c,src=<>,dst=0x28", {"src"}},
  {"hls,uio=c,src=<16,20,24,28,32>,dst=0x28", {"src", "4 planes"}},
  {"hls,uio=c,src=99999999999999999999,dst=0x1c", {"src", "not an integer"}},
  {"hls,base=0xA0000000,size=0x10000,src=0x10,dst=0x1c", {NULL}},
  {"hls,base=0x400000000,size=0x10000,src=0x10,dst=0x1c", {"base", "floating-point", "base=(guint64)0x400000000"}},
  {"hls,base=(guint64)0x400000000,size=0x10000,src=0x10,dst=0x1c", {NULL}},
  {"hls,base=17179869184,size=0x10000,src=0x10,dst=0x1c", {"base=(guint64)0x400000000"}},
  {"hls,base=(gint64)-5,size=0x10000,src=0x10,dst=0x1c", {"base"}},
  {"hls,base=0x43c00002,size=0x10000,src=0x10,dst=0x1c", {"multiples of 4"}},
  {HLS ",set=<0x50,4294967296>", {"set", "floating-point"}},
  {HLS ",set=<0x50,(guint64)4294967296>", {"set", "32 bits"}},
  {HLS ",set=<0x50>", {"set", "offset,value"}},
  {HLS ",set=0x50", {"set", "offset,value"}},

  /* Fields. */
  {"hls,flag", {"`flag'", "no value"}},
  {HLS ",flag", {"`flag'", "no value"}},
  {HLS ",width=", {"`width'", "no value"}},
  {HLS ",2x=1", {"`2x'", "cannot be the name of a field"}},
  {HLS ",,width=0x28", {"without a field"}},
  {HLS ",", {"without a field"}},
  {HLS ",src=0x10", {"twice"}},
  {HLS ",witdh=0x28", {"no field `witdh'", "src-stride", "width"}},
  {HLS ";width=0x28", {"`;'"}},
  {HLS ",set=<0x50,1", {"bracket"}},
  {HLS ",set=0x50,1>", {"bracket"}},
  {"hls,uio=\"c,src=0x10", {"quotation mark"}},
  {"hls,uio=a b,src=0x10,dst=0x1c", {"uio=a b"}},
  {"", {"not the name"}},
  {"2hls,uio=c", {"not the name"}},
  {"hsl,uio=c", {"no accelerator `hsl'", "axidma", "hls"}},

  /* Fields that do not go together. */
  {"hls,src=0x10,dst=0x1c", {"where is the core"}},
  {"hls,uio=c,base=0x43c00000,size=64,src=0x10,dst=0x1c", {"either"}},
  {"hls,base=0x43c00000,src=0x10,dst=0x1c", {"go together"}},
  {"hls,uio=c", {"src and dst are both missing"}},
  {"hls,uio=c,src=0x10", {"mode=read", "mode=in-place"}},
  {"hls,uio=c,dst=0x10", {"mode=write", "mode=in-place"}},
  {"hls,uio=c,src=0x10,mode=read", {NULL}},
  {"hls,uio=c,dst=0x10,mode=write", {NULL}},
  {"hls,uio=c,src=0x10,mode=in-place", {NULL}},
  {HLS ",mode=in-place", {NULL}},
  {HLS ",mode=read", {"mode=read"}},
  {HLS ",mode=write", {"mode=write"}},
  {"hls,uio=c,src=0x10,mode=transform", {"both src and dst"}},
  {HLS ",mode=backwards", {"mode=backwards", "in-place"}},
  {HLS ",mode=1", {"mode", "gint"}},
  {HLS ",protocol=ap_ctrl_chain", {NULL}},
  {HLS ",protocol=ap_ctrl_none", {"protocol", "ap_ctrl_hs, ap_ctrl_chain"}},
  {HLS ",address-bits=40", {"address-bits=40", "32 or 64"}},
  {HLS ",alignment=0", {"alignment"}},
  {"hls,uio=c,src=0x10,dst=0x14,address-bits=64", {"src at 0x10", "dst at 0x14", "8 bytes"}},
  {HLS ",width=0x10", {"overlap"}},
  {HLS ",set=<0x1c,1>", {"overlap"}},
  {"hls,uio=c,src=0x4,dst=0x1c", {"src", "control register"}},
  {HLS ",set=<0,1>", {"set", "control register"}},
  {"hls,uio=c,src=0x10,mode=read,dst-stride=0x30", {"dst-stride without dst"}},
};

static void
test_table (void)
{
  for (guint i = 0; i < G_N_ELEMENTS (table); i++) {
    g_autoptr (GError) error = NULL;
    g_autoptr (GstXlnkAccelerator) accelerator = gst_xlnk_accelerator_make (table[i].description, &error);

    g_test_message ("%s: %s", table[i].description, error ? error->message : "accepted");
    g_assert_cmpint (accelerator != NULL, ==, table[i].words[0] == NULL);
    if (accelerator)
      continue;
    g_assert_error (error, GST_XLNK_ERROR, GST_XLNK_ERROR_DESCRIPTION);
    for (guint j = 0; j < G_N_ELEMENTS (table[i].words) && table[i].words[j]; j++)
      g_assert_nonnull (strstr (error->message, table[i].words[j]));
  }
}

static void
test_modes (void)
{
  static const struct
  {
    const gchar *description;
    GstXlnkAcceleratorMode mode;
  } modes[] = {
    {HLS, GST_XLNK_ACCELERATOR_TRANSFORM},
    {"hls,uio=c,src=0x10,mode=read", GST_XLNK_ACCELERATOR_READ},
    {"hls,uio=c,dst=0x10,mode=write", GST_XLNK_ACCELERATOR_WRITE},
    {"hls,uio=c,dst=0x10,mode=in-place", GST_XLNK_ACCELERATOR_IN_PLACE},
  };

  for (guint i = 0; i < G_N_ELEMENTS (modes); i++) {
    g_autoptr (GstXlnkAccelerator) accelerator = gst_xlnk_accelerator_make (modes[i].description, NULL);

    g_assert_nonnull (accelerator);
    g_assert_cmpint (gst_xlnk_accelerator_get_mode (accelerator), ==, modes[i].mode);
  }
}

/* A type of the application's own, without any function: it takes no field. */

typedef struct
{
  GstXlnkAccelerator parent;
} TestPlain;

typedef struct
{
  GstXlnkAcceleratorClass parent_class;
} TestPlainClass;

GType test_plain_get_type (void);
G_DEFINE_TYPE (TestPlain, test_plain, GST_TYPE_XLNK_ACCELERATOR);

static void
test_plain_class_init (TestPlainClass * klass G_GNUC_UNUSED)
{
}

static void
test_plain_init (TestPlain * self G_GNUC_UNUSED)
{
}

static void
test_registry (void)
{
  g_autoptr (GError) error = NULL;
  GstXlnkAccelerator *accelerator;

  g_assert_null (gst_xlnk_accelerator_make ("plain", &error));
  g_assert_error (error, GST_XLNK_ERROR, GST_XLNK_ERROR_DESCRIPTION);
  g_clear_error (&error);
  g_assert_true (gst_xlnk_accelerator_register ("plain", test_plain_get_type ()));
  g_assert_true (gst_xlnk_accelerator_register ("plain", test_plain_get_type ()));
  g_assert_false (gst_xlnk_accelerator_register ("hls", test_plain_get_type ()));

  accelerator = gst_xlnk_accelerator_make (" plain ", &error);
  g_assert_no_error (error);
  g_assert_true (G_TYPE_CHECK_INSTANCE_TYPE (accelerator, test_plain_get_type ()));
  g_assert_false (g_object_is_floating (accelerator));
  gst_object_unref (accelerator);

  g_assert_null (gst_xlnk_accelerator_make ("plain,uio=c", &error));
  g_assert_error (error, GST_XLNK_ERROR, GST_XLNK_ERROR_DESCRIPTION);
  g_assert_nonnull (strstr (error->message, "`uio'"));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  gst_init (&argc, &argv);
  g_assert_true (gst_xlnk_accelerators_register ());

  g_test_add_func ("/accelerator-description/table", test_table);
  g_test_add_func ("/accelerator-description/modes", test_modes);
  g_test_add_func ("/accelerator-description/registry", test_registry);
  return g_test_run ();
}
