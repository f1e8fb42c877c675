/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * core-models.c: what the HLS models compute, against references written from their description, at odd sizes and
 * strides; and that they work on memory, not on the CPU's cache.
 */
#include "core-client.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define UNUSED 0x5a

static int fd;

typedef struct
{
  uint32_t width, height, src_stride, dst_stride;
} Shape;

static const Shape shapes[] = {
  {1, 1, 0, 0}, {2, 1, 0, 0}, {1, 3, 0, 0}, {3, 3, 0, 0}, {17, 5, 0, 0}, {33, 19, 144, 160}, {64, 16, 257, 300},
  {641, 37, 2600, 2700}, {1920, 8, 0, 0},
};

static Buffer
take (uint32_t size, uint32_t seed)
{
  Buffer buffer = client_take (fd, size, true);

  if (seed)
    fill_random (&buffer, seed);
  else
    memset (buffer.data, UNUSED, size);
  flush (fd, &buffer);
  return buffer;
}

static void
set_arguments (const Unit * unit, const Buffer * src, const Buffer * dst, const Shape * shape, uint32_t format)
{
  put_address (unit, SRC, src->phys);
  put_address (unit, DST, dst->phys);
  put (unit, WIDTH, shape->width);
  put (unit, HEIGHT, shape->height);
  put (unit, SRC_STRIDE, shape->src_stride);
  put (unit, DST_STRIDE, shape->dst_stride);
  put (unit, FORMAT, format);
}

static uint8_t
reference_luma (const uint8_t * image, uint32_t stride, uint32_t format, int x, int y)
{
  const uint8_t *pixel = image + (size_t) y * stride + (size_t) x * (format == GRAY8 ? 1 : 4);

  return format == GRAY8 ? pixel[0] : (uint8_t) ((77u * pixel[0] + 150u * pixel[1] + 29u * pixel[2]) / 256u);
}

static int
clamp (int value, int most)
{
  return value < 0 ? 0 : value > most ? most : value;
}

static uint8_t
reference_sobel (const uint8_t * image, uint32_t stride, uint32_t format, const Shape * shape, int x, int y)
{
  static const int weights[3][3] = { {-1, 0, 1}, {-2, 0, 2}, {-1, 0, 1} };
  int gx = 0, gy = 0;

  for (int j = -1; j <= 1; j++) {
    for (int i = -1; i <= 1; i++) {
      const int luma = reference_luma (image, stride, format, clamp (x + i, (int) shape->width - 1),
          clamp (y + j, (int) shape->height - 1));

      gx += weights[j + 1][i + 1] * luma;
      gy += weights[i + 1][j + 1] * luma;
    }
  }
  return (uint8_t) MIN (255, abs (gx) + abs (gy));
}

static void
check_sobel (const Unit * unit, const Shape * shape, uint32_t format)
{
  const uint32_t bytes = format == GRAY8 ? 1 : 4;
  const uint32_t src_stride = shape->src_stride ? shape->src_stride : shape->width * bytes;
  const uint32_t dst_stride = shape->dst_stride ? shape->dst_stride : shape->width;
  Buffer src = take (src_stride * shape->height, 1 + shape->width), dst = take (dst_stride * shape->height, 0);

  set_arguments (unit, &src, &dst, shape, format);
  unit_run (unit);
  invalidate (fd, &dst);
  for (uint32_t y = 0; y < shape->height; y++) {
    for (uint32_t x = 0; x < dst_stride; x++)
      g_assert_cmpint (dst.data[y * dst_stride + x], ==, x >= shape->width ? UNUSED
          : reference_sobel (src.data, src_stride, format, shape, (int) x, (int) y));
  }
  client_give (fd, &src);
  client_give (fd, &dst);
}

static void
test_sobel (void)
{
  Unit unit = unit_open ("sobel");

  for (gsize i = 0; i < G_N_ELEMENTS (shapes); i++) {
    check_sobel (&unit, &shapes[i], RGBA);
    check_sobel (&unit, &shapes[i], GRAY8);
    check_sobel (&unit, &shapes[i], 0);
  }
  unit_close (&unit);
}

static void
check_rows (const Unit * unit, const Shape * shape, uint32_t format, uint32_t bytes, uint8_t mask)
{
  const uint32_t row = shape->width * bytes;
  const uint32_t src_stride = shape->src_stride ? shape->src_stride : row;
  const uint32_t dst_stride = shape->dst_stride ? shape->dst_stride : row;
  Buffer src = take (src_stride * shape->height, 7 + shape->width), dst = take (dst_stride * shape->height, 0);

  set_arguments (unit, &src, &dst, shape, format);
  unit_run (unit);
  invalidate (fd, &dst);
  for (uint32_t y = 0; y < shape->height; y++) {
    for (uint32_t x = 0; x < dst_stride; x++)
      g_assert_cmpint (dst.data[y * dst_stride + x], ==,
          x < row ? src.data[y * src_stride + x] ^ mask : UNUSED);
  }
  client_give (fd, &src);
  client_give (fd, &dst);
}

static void
test_copy_and_invert (void)
{
  Unit copy = unit_open ("copy"), invert = unit_open ("invert");

  for (gsize i = 0; i < G_N_ELEMENTS (shapes); i++) {
    check_rows (&copy, &shapes[i], RGBA, 4, 0);
    check_rows (&copy, &shapes[i], GRAY8, 1, 0);
    check_rows (&invert, &shapes[i], 0, 4, 0xff);
    check_rows (&invert, &shapes[i], RGB, 3, 0xff);
  }
  unit_close (&copy);
  unit_close (&invert);
}

static void
check_resize (const Unit * unit, const Shape * shape, const Shape * out, uint32_t format, uint32_t bytes)
{
  const uint32_t src_stride = shape->src_stride ? shape->src_stride : shape->width * bytes;
  const uint32_t dst_stride = out->dst_stride ? out->dst_stride : out->width * bytes;
  Buffer src = take (src_stride * shape->height, 9), dst = take (dst_stride * out->height, 0);

  set_arguments (unit, &src, &dst, shape, format);
  put (unit, DST_STRIDE, out->dst_stride);
  put (unit, OUT_WIDTH, out->width);
  put (unit, OUT_HEIGHT, out->height);
  unit_run (unit);
  invalidate (fd, &dst);
  for (uint32_t y = 0; y < out->height; y++) {
    for (uint32_t i = 0; i < dst_stride; i++) {
      const uint32_t x = i / bytes, from_x = x * shape->width / out->width, from_y = y * shape->height / out->height;

      g_assert_cmpint (dst.data[y * dst_stride + i], ==,
          x < out->width ? src.data[from_y * src_stride + from_x * bytes + i % bytes] : UNUSED);
    }
  }
  client_give (fd, &src);
  client_give (fd, &dst);
}

static void
test_resize (void)
{
  const Shape out[] = { {1, 1, 0, 0}, {50, 41, 0, 0}, {7, 3, 0, 77}, {640, 9, 0, 0} };
  Unit unit = unit_open ("resize");

  for (gsize i = 0; i < G_N_ELEMENTS (shapes); i++) {
    for (gsize k = 0; k < G_N_ELEMENTS (out); k++) {
      check_resize (&unit, &shapes[i], &out[k], RGBA, 4);
      check_resize (&unit, &shapes[i], &out[k], RGB, 3);
      check_resize (&unit, &shapes[i], &out[k], GRAY8, 1);
    }
  }
  unit_close (&unit);
}

/* Rounds down, also below zero. */
static uint8_t
scale (int value)
{
  return (uint8_t) clamp ((int) floor (value / 256.0), 255);
}

static void
check_nv12 (const Unit * unit, const Shape * shape, unsigned bytes, bool plane_register)
{
  const uint32_t stride = shape->src_stride ? shape->src_stride : shape->width;
  const uint32_t chroma_stride = (shape->width + 1) / 2 * 2 + 6;
  const uint32_t dst_stride = shape->dst_stride ? shape->dst_stride : shape->width * bytes;
  const uint32_t gap = plane_register ? 100 : 0, chroma = stride * shape->height + gap;
  Buffer src = take (chroma + chroma_stride * ((shape->height + 1) / 2), 21);
  Buffer dst = take (dst_stride * shape->height, 0);

  set_arguments (unit, &src, &dst, shape, NV12);
  put_address (unit, SRC1, plane_register ? src.phys + chroma : 0);
  put (unit, SRC_STRIDE1, chroma_stride);
  unit_run (unit);
  invalidate (fd, &dst);
  for (uint32_t y = 0; y < shape->height; y++) {
    for (uint32_t x = 0; x < shape->width; x++) {
      const uint8_t *pair = src.data + chroma + y / 2 * chroma_stride + x / 2 * 2;
      const uint8_t *pixel = dst.data + y * dst_stride + x * bytes;
      const int c = src.data[y * stride + x] - 16, d = pair[0] - 128, e = pair[1] - 128;

      g_assert_cmpint (pixel[0], ==, scale (298 * c + 409 * e + 128));
      g_assert_cmpint (pixel[1], ==, scale (298 * c - 100 * d - 208 * e + 128));
      g_assert_cmpint (pixel[2], ==, scale (298 * c + 516 * d + 128));
      if (bytes == 4)
        g_assert_cmpint (pixel[3], ==, 255);
    }
  }
  client_give (fd, &src);
  client_give (fd, &dst);
}

static void
test_nv12_to_rgb (void)
{
  const Shape some[] = { {1, 1, 0, 0}, {2, 2, 0, 0}, {33, 7, 40, 150}, {640, 10, 0, 0} };
  Unit rgba = unit_open ("nv12"), rgb = unit_open ("nv12-rgb");

  for (gsize i = 0; i < G_N_ELEMENTS (some); i++) {
    check_nv12 (&rgba, &some[i], 4, false);
    check_nv12 (&rgba, &some[i], 4, true);
    check_nv12 (&rgb, &some[i], 3, true);
  }
  unit_close (&rgba);
  unit_close (&rgb);
}

/* In place: the same buffer twice. */
static void
test_in_place (void)
{
  const Shape shape = { 31, 9, 0, 0 };
  Unit unit = unit_open ("invert");
  Buffer buffer = take (31 * 9 * 4, 3);
  uint8_t *before = g_malloc (buffer.size);

  memcpy (before, buffer.data, buffer.size);
  set_arguments (&unit, &buffer, &buffer, &shape, RGBA);
  unit_run (&unit);
  invalidate (fd, &buffer);
  for (uint32_t i = 0; i < buffer.size; i++)
    g_assert_cmpint (buffer.data[i], ==, before[i] ^ 0xff);
  g_free (before);
  client_give (fd, &buffer);
  unit_close (&unit);
}

/* Three planes, each somewhere else, or one behind the other where the registers are left 0; lines that are padded as the
 * first plane's are, where the registers of their strides are. */
static void
test_planes (void)
{
  const Shape shape = { 21, 11, 24, 32 };
  Unit unit = unit_open ("invert");
  Buffer src = take (24 * 11 + 2 * 16 * 6, 5), dst = take (32 * 11, 0), u = take (20 * 6, 0), v = take (16 * 6, 0);

  set_arguments (&unit, &src, &dst, &shape, I420);
  put_address (&unit, SRC1, 0);
  put_address (&unit, SRC2, 0);
  put (&unit, SRC_STRIDE1, 16);
  put (&unit, SRC_STRIDE2, 16);
  put_address (&unit, DST1, u.phys);
  put_address (&unit, DST2, v.phys);
  put (&unit, DST_STRIDE1, 20);
  put (&unit, DST_STRIDE2, 0);
  unit_run (&unit);
  invalidate (fd, &dst);
  invalidate (fd, &u);
  invalidate (fd, &v);
  for (uint32_t i = 0; i < 32 * 11; i++)
    g_assert_cmpint (dst.data[i], ==, i % 32 < 21 ? src.data[i / 32 * 24 + i % 32] ^ 0xff : UNUSED);
  for (uint32_t y = 0; y < 6; y++) {
    for (uint32_t x = 0; x < 20; x++)
      g_assert_cmpint (u.data[y * 20 + x], ==, x < 11 ? src.data[24 * 11 + y * 16 + x] ^ 0xff : UNUSED);
    for (uint32_t x = 0; x < 16; x++)
      g_assert_cmpint (v.data[y * 16 + x], ==, x < 11 ? src.data[24 * 11 + 16 * 6 + y * 16 + x] ^ 0xff : UNUSED);
  }
  client_give (fd, &src);
  client_give (fd, &dst);
  client_give (fd, &u);
  client_give (fd, &v);
  put_address (&unit, DST1, 0);
  put_address (&unit, DST2, 0);
  unit_close (&unit);
}

/* Negative control: what was not flushed is not what the core reads, and it is counted. */
static void
test_missing_flush_shows (void)
{
  const Shape shape = { 64, 8, 0, 0 };
  const uint64_t before = client_counters ().device_read_dirty;
  Unit unit = unit_open ("copy");
  Buffer src = take (64 * 8 * 4, 11), dst = take (64 * 8 * 4, 0);
  const uint8_t old = src.data[100];

  src.data[100] = (uint8_t) (old + 1);
  set_arguments (&unit, &src, &dst, &shape, RGBA);
  unit_run (&unit);
  invalidate (fd, &dst);
  g_assert_cmpint (dst.data[100], ==, old);
  g_assert_cmpint (client_counters ().device_read_dirty, ==, before + 1);

  flush (fd, &src);
  unit_run (&unit);
  g_assert_cmpint (dst.data[100], ==, old);
  invalidate (fd, &dst);
  g_assert_cmpint (dst.data[100], ==, (uint8_t) (old + 1));
  g_assert_cmpint (client_counters ().device_read_dirty, ==, before + 1);
  client_give (fd, &src);
  client_give (fd, &dst);
  unit_close (&unit);
}

/* A dirty line under the output will be written over it some day. */
static void
test_dirty_output_is_a_hazard (void)
{
  const Shape shape = { 64, 8, 0, 0 };
  const uint64_t before = client_counters ().device_write_dirty;
  Unit unit = unit_open ("copy");
  Buffer src = take (64 * 8 * 4, 11), dst = take (64 * 8 * 4, 0);

  dst.data[100] = 1;
  set_arguments (&unit, &src, &dst, &shape, RGBA);
  unit_run (&unit);
  g_assert_cmpint (client_counters ().device_write_dirty, ==, before + 1);
  client_give (fd, &src);
  client_give (fd, &dst);
  unit_close (&unit);
}

static void
test_nothing_to_do (void)
{
  const Shape empty[] = { {0, 5, 0, 0}, {5, 0, 0, 0} };
  const char *const names[] = { "copy", "sobel" };
  const uint64_t before = client_counters ().hazards;

  for (gsize i = 0; i < G_N_ELEMENTS (names); i++) {
    Unit unit = unit_open (names[i]);
    Buffer buffer = take (64, 0);

    for (gsize k = 0; k < G_N_ELEMENTS (empty); k++) {
      set_arguments (&unit, &buffer, &buffer, &empty[k], RGBA);
      unit_run (&unit);
    }
    client_give (fd, &buffer);
    unit_close (&unit);
  }
  g_assert_cmpint (client_counters ().hazards, ==, before);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  fd = client_open ();
  g_test_add_func ("/core/models/copy-and-invert", test_copy_and_invert);
  g_test_add_func ("/core/models/sobel", test_sobel);
  g_test_add_func ("/core/models/resize", test_resize);
  g_test_add_func ("/core/models/nv12-to-rgb", test_nv12_to_rgb);
  g_test_add_func ("/core/models/in-place", test_in_place);
  g_test_add_func ("/core/models/planes", test_planes);
  g_test_add_func ("/core/models/missing-flush-shows", test_missing_flush_shows);
  g_test_add_func ("/core/models/dirty-output-is-a-hazard", test_dirty_output_is_a_hazard);
  g_test_add_func ("/core/models/nothing-to-do", test_nothing_to_do);
  return g_test_run ();
}
