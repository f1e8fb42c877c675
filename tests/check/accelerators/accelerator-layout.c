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

#define BAYER(width, height) "video/x-bayer,format=bggr,width=" #width ",height=" #height
#define JPEG "image/jpeg,width=128,height=64"

typedef struct
{
  const gchar *registers;       /* beyond those of the input's size */
  const gchar *in, *out;
  const gchar *words;           /* of the error; NULL: accepted */
} Sizes;

static void
check_sizes (const gchar * registers, const Sizes * cases, guint n)
{
  for (guint i = 0; i < n; i++) {
    g_autofree gchar *text = g_strconcat ("hls,uio=core,", registers, cases[i].registers, NULL);
    g_autoptr (GstCaps) in = gst_caps_from_string (cases[i].in);
    g_autoptr (GstCaps) out = gst_caps_from_string (cases[i].out);
    GstXlnkAccelerator *self = core_check_make (text);
    g_autoptr (GError) error = NULL;

    g_test_message ("%s: %s to %s", text, cases[i].in, cases[i].out);
    g_assert_cmpint (gst_xlnk_accelerator_configure (self, in, out, &error), ==, cases[i].words == NULL);
    if (cases[i].words) {
      g_assert_true (error->domain == GST_XLNK_ERROR);
      g_assert_nonnull (strstr (error->message, cases[i].words));
    }
    gst_object_unref (self);
  }
}

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
#if GST_CHECK_VERSION (1, 16, 0)
    {"", SMALL ("GRAY8", 64, 64), FIELDS, "register dst-height,"},
    {"", SMALL ("GRAY8", 64, 32), FIELDS, NULL},
#endif
    {",scales=true", SMALL ("GRAY8", 128, 64), SMALL ("GRAY8", 64, 32), NULL},
  };

  check_sizes ("src=0x10,dst=0x18,width=0x28,height=0x30", cases, G_N_ELEMENTS (cases));
}

/* One that reads nothing is told of the input all the same, and takes its size for what it writes. */
static void
test_sizes_of_what_is_not_read (void)
{
  static const Sizes cases[] = {
    {"", SMALL ("GRAY8", 128, 64), SMALL ("GRAY8", 128, 64), NULL},
    {"", SMALL ("GRAY8", 128, 64), SMALL ("GRAY8", 64, 32), "registers dst-width and dst-height"},
    {"", BAYER (128, 64), SMALL ("RGBA", 64, 32), "registers dst-width and dst-height"},
    {",dst-width=0x38", BAYER (128, 64), SMALL ("RGBA", 64, 32), "register dst-height,"},
    {",dst-width=0x38,dst-height=0x40", BAYER (128, 64), SMALL ("RGBA", 64, 32), NULL},
    {"", JPEG, JPEG, "register dst-size"},
    {",dst-size=0x38", JPEG, JPEG, NULL},
  };
  static const Sizes untold[] = {
    {"", SMALL ("GRAY8", 128, 64), SMALL ("GRAY8", 64, 32), NULL},
    {"", JPEG, SMALL ("GRAY8", 64, 32), NULL},
  };

  check_sizes ("dst=0x18,mode=write,width=0x28,height=0x30", cases, G_N_ELEMENTS (cases));
  check_sizes ("dst=0x18,mode=in-place,width=0x28,height=0x30", cases, G_N_ELEMENTS (cases));
  check_sizes ("dst=0x18,mode=write", untold, G_N_ELEMENTS (untold));
}

/* Of two bytes each, as many as the core is told. */
static void
test_least_size_of_what_is_told (void)
{
  FakeHls core = { 0 };
  GstXlnkAccelerator *self;
  GstXlnkJob job = { core_check_lay_out (SMALL ("GRAY8", 128, 64), 0x10000000), {0}, {NULL} };

  fake_hls_add (&core, "core");
  self = core_check_make_open ("hls,uio=core,dst=0x18,mode=write,width=0x28,height=0x30");
  core_check_configure (self, SMALL ("GRAY8", 128, 64), "video/x-bayer,format=bggr16le,width=64,height=32");
  job.out = core_check_lay_out (SMALL ("GRAY8", 128, 64), 0x20000000);
  core_check_assert_refused (self, &job, GST_XLNK_ERROR_SIZE, "16384 bytes at least, and its buffer has 8192");
  job.out = core_check_lay_out (SMALL ("GRAY8", 128, 128), 0x20000000);
  core_check_submit (self, &job);
  core_check_assert_wait (self, 1000 * MS, GST_XLNK_WAIT_DONE);
  core_check_release (self);
  fake_core_remove (&core.core);
}

/*** planes ***/

#define SIZE ",width=0x28,height=0x30"
#define EACH "src=<0x10,0x18,0x20>,dst=0x38" SIZE
#define TWO "src=<0x10,0x18>,dst=0x38" SIZE
#define ONE "src=0x10,dst=0x38" SIZE

typedef struct
{
  const gchar *registers;
  const gchar *caps;            /* of the input */
  gint stride[3];               /* other than GStreamer's; 0: that */
  gint shift;                   /* of the last plane, in bytes */
  const gchar *words;           /* of the error; NULL: accepted */
} Layout;

static void
check_layout (FakeHls * core, const Layout * layout)
{
  g_autofree gchar *text = g_strconcat ("hls,uio=core,", layout->registers, NULL);
  GstXlnkAccelerator *self = core_check_make_open (text);
  GstXlnkJob job = { core_check_lay_out (layout->caps, 0x10000000), core_check_lay_out (RGBA, 0x20000000), {NULL} };
  guint starts = core->starts;

  g_test_message ("%s: %s", text, layout->caps);
  core_check_configure (self, layout->caps, RGBA);
  for (guint i = 0; i < G_N_ELEMENTS (layout->stride); i++) {
    if (layout->stride[i] > 0)
      job.in.stride[i] = layout->stride[i];
  }
  job.in.phys_addr[job.in.n_planes - 1] += layout->shift;
  if (layout->words) {
    core_check_assert_refused (self, &job, GST_XLNK_ERROR_CAPS, layout->words);
    g_assert_cmpuint (core->starts, ==, starts);
  } else {
    core_check_submit (self, &job);
    core_check_assert_wait (self, 1000 * MS, GST_XLNK_WAIT_DONE);
  }
  core_check_release (self);
}

static void
check_layouts (const Layout * layouts, guint n)
{
  FakeHls core = { 0 };

  fake_hls_add (&core, "core");
  for (guint i = 0; i < n; i++)
    check_layout (&core, &layouts[i]);
  fake_core_remove (&core.core);
}

/* Told the width and no stride: every plane's lines are packed. GStreamer pads those of I420 to 4 bytes. */
static void
test_packed_lines (void)
{
  static const Layout layouts[] = {
    {EACH, SMALL ("I420", 96, 32), {0}, 0, NULL},
    {EACH, SMALL ("I420", 100, 32), {0}, 0, "plane 1 lie 52 bytes apart"},
    {EACH, SMALL ("I420", 100, 32), {0, 50, 0}, 0, "plane 2 lie 52 bytes apart"},
    {EACH, SMALL ("I420", 100, 32), {0, 50, 50}, 0, NULL},
    {EACH, SMALL ("I420", 100, 32), {0, 50, 52}, 0, "src-stride=<...>"},
    {EACH, SMALL ("I420", 102, 32), {0}, 0, "plane 0 lie 104 bytes apart"},
    {TWO, SMALL ("NV12", 100, 32), {0}, 0, NULL},
    {TWO, SMALL ("NV12", 100, 32), {0, 128, 0}, 0, "takes them to lie 100 apart"},
    {TWO, SMALL ("P010_10LE", 100, 32), {0}, 0, NULL},
    {TWO, SMALL ("NV24", 100, 32), {0}, 0, NULL},
    {TWO, SMALL ("RGB8P", 100, 32), {0}, 0, NULL},
    {"src=<0x10,0x18,0x20>,dst=0x38", SMALL ("I420", 100, 32), {0}, 0, NULL},
    {EACH ",src-stride=<0x40,0x48,0x50>", SMALL ("I420", 100, 32), {0}, 0, NULL},
  };

  check_layouts (layouts, G_N_ELEMENTS (layouts));
}

/* Told the first plane's stride: the others' follow from it. */
static void
test_one_stride (void)
{
#define STRIDE ",src-stride=0x40"
  static const Layout layouts[] = {
    {EACH STRIDE, SMALL ("I420", 96, 32), {0}, 0, NULL},
    {EACH STRIDE, SMALL ("I420", 96, 32), {128, 64, 64}, 0, NULL},
    {EACH STRIDE, SMALL ("I420", 96, 32), {128, 48, 48}, 0, "takes them to lie 64 apart"},
    {EACH STRIDE, SMALL ("I420", 96, 32), {128, 64, 48}, 0, "plane 2 lie 48 bytes apart"},
    {EACH STRIDE, SMALL ("I420", 100, 32), {0}, 0, "takes them to lie 50 apart"},
    {EACH STRIDE, SMALL ("I420", 102, 32), {0}, 0, NULL},
    {"src=<0x10,0x18,0x20>,dst=0x38" STRIDE, SMALL ("I420", 96, 32), {128, 48, 48}, 0, "takes them to lie 64 apart"},
    {EACH STRIDE, SMALL ("Y41B", 100, 32), {0}, 0, "takes them to lie 25 apart"},
    {TWO STRIDE, SMALL ("NV12", 102, 32), {0}, 0, NULL},
    {TWO STRIDE, SMALL ("NV12", 100, 32), {128, 128, 0}, 0, NULL},
    {TWO STRIDE, SMALL ("NV12", 100, 32), {128, 100, 0}, 0, "takes them to lie 128 apart"},
    {TWO STRIDE, SMALL ("P010_10LE", 102, 32), {0}, 0, NULL},
    {TWO STRIDE, SMALL ("NV24", 100, 32), {0}, 0, NULL},
    {TWO STRIDE, SMALL ("NV24", 102, 32), {0}, 0, "lie 204 bytes apart"},
    {TWO STRIDE, SMALL ("RGB8P", 102, 32), {0}, 0, NULL},
    {"src=0x10,dst=0x38" SIZE STRIDE, SMALL ("RGB", 101, 32), {320, 0, 0}, 0, NULL},
  };

  check_layouts (layouts, G_N_ELEMENTS (layouts));
}

/* Told where the first plane is, and how large the picture: each plane is right behind the last line of the one before,
 * where GStreamer makes the number of lines even. */
static void
test_one_address (void)
{
  static const Layout layouts[] = {
    {ONE, SMALL ("I420", 96, 32), {0}, 0, NULL},
    {ONE, SMALL ("I420", 96, 32), {0}, 4, "plane 2 does not follow plane 1"},
    {ONE, SMALL ("I420", 100, 32), {0}, 0, "plane 1 lie 52 bytes apart"},
    {ONE, SMALL ("I420", 96, 33), {0}, 0, "plane 1 does not follow plane 0"},
    {ONE, SMALL ("NV12", 96, 33), {0}, -96, NULL},
    {"src=0x10,dst=0x38,width=0x28", SMALL ("NV12", 96, 33), {0}, 0, NULL},
    {ONE, SMALL ("Y444", 100, 33), {0}, 0, NULL},
    {ONE, SMALL ("RGB8P", 100, 33), {0}, 0, NULL},
    {ONE ",src-stride=0x40", SMALL ("I420", 102, 32), {0}, 0, NULL},
    {ONE ",src-stride=<0x40,0x48,0x50>", SMALL ("I420", 100, 32), {0}, 0, NULL},
    {ONE ",src-stride=<0x40,0x48,0x50>", SMALL ("I420", 100, 31), {0}, 0, "plane 1 does not follow plane 0"},
  };

  check_layouts (layouts, G_N_ELEMENTS (layouts));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  gst_init (&argc, &argv);
  g_assert_true (gst_xlnk_accelerators_register ());

  g_test_add_func ("/accelerator-layout/output-sizes", test_output_sizes);
  g_test_add_func ("/accelerator-layout/sizes-of-what-is-not-read", test_sizes_of_what_is_not_read);
  g_test_add_func ("/accelerator-layout/least-size-of-what-is-told", test_least_size_of_what_is_told);
  g_test_add_func ("/accelerator-layout/packed-lines", test_packed_lines);
  g_test_add_func ("/accelerator-layout/one-stride", test_one_stride);
  g_test_add_func ("/accelerator-layout/one-address", test_one_address);
  return g_test_run ();
}
