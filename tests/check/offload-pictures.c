/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * offload-pictures.c: what comes out of a core is, to the bit, what the CPU computes from what went in, for each model
 * of the emulated board; and nothing was copied on the way. The cores read and write the device's side of memory only,
 * so a missing cache operation shows in the picture.
 */
#include "offloadcheck.h"

#define CLIP "filesrc location=" XLNK_TEST_DATA "/bbb-640x360-5s.ogv ! oggdemux ! theoradec ! videoconvert ! "
#define SINK " ! fakesink name=sink"

#define STRIDES ",src-stride=0x38,dst-stride=0x40,format=0x48"
#define SOBEL OFFLOAD_HLS ("sobel", STRIDES)
#define INVERT OFFLOAD_HLS ("invert", STRIDES)
#define RESIZE OFFLOAD_HLS ("resize", STRIDES ",dst-width=0x50,dst-height=0x58")

/* All planes of a format of three. */
#define COPY_PLANES \
  "hls,uio=copy,src=<0x10,0x60,0x6c>,dst=<0x1c,0x78,0x84>,address-bits=64,width=0x28,height=0x30," \
  "src-stride=<0x38,0x90,0x98>,dst-stride=<0x40,0xa0,0xa8>,format=0x48"

static char *
source (const char *caps, guint frames)
{
  return g_strdup_printf ("videotestsrc num-buffers=%u pattern=%s ! video/x-raw,%s ! ", frames, "smpte", caps);
}

/* An emulated core gets its turn with everything else that runs on the machine. */
static char *
accel (const char *description, const char *more)
{
  return g_strdup_printf ("xlnkaccel name=accel timeout=20000000000 accelerator=\"%s\" %s", description, more);
}

static void
apply (GPtrArray * frames, void (*core) (OffloadFrame * frame))
{
  for (guint i = 0; core && i < frames->len; i++)
    core (g_ptr_array_index (frames, i));
}

/* The frames of @head, through the core and through @reference. */
static void
check_core (const char *head, const char *element, void (*reference) (OffloadFrame * frame), guint n_frames)
{
  g_autofree char *with = g_strconcat (head, element, SINK, NULL);
  g_autofree char *without = g_strconcat (head, "identity", SINK, NULL);
  g_autoptr (GPtrArray) expected = offload_run (without, NULL);
  g_autoptr (GstStructure) stats = NULL;
  g_autoptr (GPtrArray) frames = offload_run (with, &stats);

  apply (expected, reference);
  offload_compare (frames, expected);
  fail_unless_equals_int (frames->len, n_frames);
  fail_unless_equals_uint64 (offload_number (stats, "frames"), n_frames);
  fail_unless_equals_uint64 (offload_number (stats, "copies"), 0);
  fail_unless (offload_number (stats, "core-time") > 0);
  fail_unless_equals_uint64 (board_hazards (), 0);
}

/*** HLS ***/

GST_START_TEST (test_a_clip_through_sobel)
{
  g_autofree char *element = accel (OFFLOAD_HLS ("sobel", ""), "output-caps=video/x-raw,format=GRAY8");

  check_core (CLIP "video/x-raw,format=RGBA ! ", element, offload_sobel, 120);
}

GST_END_TEST;

static const char *sizes[] = { "width=1,height=1", "width=3,height=2", "width=641,height=359" };

GST_START_TEST (test_sobel_of_odd_sizes)
{
  g_autofree char *rgba = g_strconcat ("format=RGBA,", sizes[__i__], NULL);
  g_autofree char *gray = g_strconcat ("format=GRAY8,", sizes[__i__], NULL);
  g_autofree char *rgba_source = source (rgba, 3), *gray_source = source (gray, 3);
  g_autofree char *element = accel (SOBEL, "output-caps=video/x-raw,format=GRAY8");

  check_core (rgba_source, element, offload_sobel, 3);
  check_core (gray_source, element, offload_sobel, 3);
}

GST_END_TEST;

static const char *plane_formats[] = { "I420", "NV12", "YUY2", "RGB", "RGBA", "GRAY8", "GRAY16_LE" };

/* A core is told as many planes as the format has. */
static const char *
copy_core (const char *format)
{
  if (g_str_equal (format, "I420"))
    return COPY_PLANES;
  if (g_str_equal (format, "NV12"))
    return "hls,uio=copy,src=<0x10,0x60>,dst=<0x1c,0x78>,address-bits=64,width=0x28,height=0x30,"
        "src-stride=<0x38,0x90>,dst-stride=<0x40,0xa0>,format=0x48";
  return OFFLOAD_HLS ("copy", STRIDES);
}

GST_START_TEST (test_every_plane_is_where_the_core_is_told)
{
  const char *format = plane_formats[__i__];
  g_autofree char *caps = g_strdup_printf ("format=%s,width=322,height=182", format);
  g_autofree char *head = source (caps, 4);
  g_autofree char *element = accel (copy_core (format), "");

  check_core (head, element, NULL, 4);
}

GST_END_TEST;

GST_START_TEST (test_invert_in_place_and_elsewhere)
{
  g_autofree char *head = source ("format=RGBA,width=321,height=181", 4);
  g_autofree char *elsewhere = accel (INVERT, "");
  g_autofree char *in_place = accel (INVERT ",mode=in-place", "");

  check_core (head, elsewhere, offload_invert, 4);
  check_core (head, in_place, offload_invert, 4);
}

GST_END_TEST;

#define SMALL_WIDTH 200
#define SMALL_HEIGHT 90

static void
resize_to_small (OffloadFrame * frame)
{
  const gint width = GST_VIDEO_INFO_WIDTH (&frame->info), height = GST_VIDEO_INFO_HEIGHT (&frame->info);
  guint32 *result = g_new (guint32, SMALL_WIDTH * SMALL_HEIGHT);
  const guint32 *pixels = (const guint32 *) frame->data;

  for (gint y = 0; y < SMALL_HEIGHT; y++) {
    for (gint x = 0; x < SMALL_WIDTH; x++)
      result[y * SMALL_WIDTH + x] = pixels[y * height / SMALL_HEIGHT * width + x * width / SMALL_WIDTH];
  }
  g_free (frame->data);
  frame->data = (guint8 *) result;
  frame->size = 4 * SMALL_WIDTH * SMALL_HEIGHT;
}

GST_START_TEST (test_resize)
{
  g_autofree char *head = source ("format=RGBA,width=321,height=181", 4);
  g_autofree char *element = accel (RESIZE, "output-caps=video/x-raw,width=200,height=90");

  check_core (head, element, resize_to_small, 4);
}

GST_END_TEST;

static guint8
clip (gint value)
{
  return CLAMP (value >> 8, 0, 255);
}

/* BT.601, limited range, one chroma sample for four pixels. */
static void
nv12_to_rgba (OffloadFrame * frame)
{
  const gint width = GST_VIDEO_INFO_WIDTH (&frame->info), height = GST_VIDEO_INFO_HEIGHT (&frame->info);
  const guint8 *chroma = frame->data + width * height;
  guint8 *result = g_malloc (4 * width * height), *out = result;

  for (gint y = 0; y < height; y++) {
    for (gint x = 0; x < width; x++, out += 4) {
      const guint8 *sample = chroma + y / 2 * width + x / 2 * 2;
      gint c = 298 * (frame->data[y * width + x] - 16) + 128, d = sample[0] - 128, e = sample[1] - 128;

      out[0] = clip (c + 409 * e);
      out[1] = clip (c - 100 * d - 208 * e);
      out[2] = clip (c + 516 * d);
      out[3] = 255;
    }
  }
  g_free (frame->data);
  frame->data = result;
  frame->size = 4 * width * height;
}

GST_START_TEST (test_nv12_to_rgba)
{
  g_autofree char *head = source ("format=NV12,width=322,height=182", 4);
  g_autofree char *element = accel ("hls,uio=rgb,src=<0x10,0x60>,dst=0x1c,address-bits=64,width=0x28,height=0x30,"
      "src-stride=<0x38,0x90>,dst-stride=0x40", "output-caps=video/x-raw,format=RGBA");

  check_core (head, element, nv12_to_rgba, 4);
}

GST_END_TEST;

/*** AXI DMA ***/

GST_START_TEST (test_dma_in_one_transfer_and_in_several)
{
  g_autofree char *head = source ("format=RGBA,width=640,height=360", 4);
  g_autofree char *whole = accel ("axidma,uio=wide,length-width=26,data-width=64", "");
  g_autofree char *pieces = accel ("axidma,uio=narrow", "");

  check_core (head, whole, offload_invert, 4);
  check_core (head, pieces, NULL, 4);
}

GST_END_TEST;

/*** by physical address ***/

GST_START_TEST (test_a_core_without_a_uio_node)
{
  g_autofree char *head = source ("format=RGBA,width=320,height=180", 4);
  g_autofree char *element = accel ("hls,base=0x43c80000,size=0x10000,src=0x10,dst=0x1c,address-bits=64,width=0x28,"
      "height=0x30", "");

  check_core (head, element, offload_invert, 4);
}

GST_END_TEST;

static Suite *
offload_pictures_suite (void)
{
  Suite *suite = suite_create ("offload-pictures");
  TCase *hls = xlnk_check_add_case (suite, "hls");
  TCase *dma = xlnk_check_add_case (suite, "dma");

  tcase_add_test (hls, test_a_clip_through_sobel);
  tcase_add_loop_test (hls, test_sobel_of_odd_sizes, 0, G_N_ELEMENTS (sizes));
  tcase_add_loop_test (hls, test_every_plane_is_where_the_core_is_told, 0, G_N_ELEMENTS (plane_formats));
  tcase_add_test (hls, test_invert_in_place_and_elsewhere);
  tcase_add_test (hls, test_resize);
  tcase_add_test (hls, test_nv12_to_rgba);
  tcase_add_test (hls, test_a_core_without_a_uio_node);
  tcase_add_test (dma, test_dma_in_one_transfer_and_in_several);
  return suite;
}

GST_CHECK_MAIN (offload_pictures);
