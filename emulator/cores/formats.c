/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * formats.c: the numbers are GStreamer's and part of its ABI; they are stated here anew, as a core's designer would.
 */
#include "formats.h"

#include <stddef.h>
#include <string.h>

#define PACKED(number, name, bytes) { number, name, 1, { { bytes, 0, 0 } } }
#define PLANAR(number, name, across, down) \
  { number, name, 3, { { 1, 0, 0 }, { 1, across, down }, { 1, across, down } } }

static const Format formats[] = {
  PLANAR (2, "I420", 1, 1),
  PLANAR (3, "YV12", 1, 1),
  {4, "YUY2", 1, {{4, 1, 0}}},
  {5, "UYVY", 1, {{4, 1, 0}}},
  PACKED (6, "AYUV", 4),
  PACKED (7, "RGBx", 4),
  PACKED (8, "BGRx", 4),
  PACKED (9, "xRGB", 4),
  PACKED (10, "xBGR", 4),
  PACKED (11, "RGBA", 4),
  PACKED (12, "BGRA", 4),
  PACKED (13, "ARGB", 4),
  PACKED (14, "ABGR", 4),
  PACKED (15, "RGB", 3),
  PACKED (16, "BGR", 3),
  PLANAR (17, "Y41B", 2, 0),
  PLANAR (18, "Y42B", 1, 0),
  {19, "YVYU", 1, {{4, 1, 0}}},
  PLANAR (20, "Y444", 0, 0),
  {23, "NV12", 2, {{1, 0, 0}, {2, 1, 1}}},
  {24, "NV21", 2, {{1, 0, 0}, {2, 1, 1}}},
  PACKED (25, "GRAY8", 1),
  PACKED (26, "GRAY16_BE", 2),
  PACKED (27, "GRAY16_LE", 2),
  PACKED (28, "v308", 3),
  PACKED (29, "RGB16", 2),
  PACKED (30, "BGR16", 2),
};

#define FORMATS (sizeof formats / sizeof formats[0])

const Format *
format_by_number (uint32_t number)
{
  for (size_t i = 0; i < FORMATS; i++) {
    if (formats[i].number == number)
      return &formats[i];
  }
  return NULL;
}

const Format *
format_by_name (const char *name)
{
  for (size_t i = 0; i < FORMATS; i++) {
    if (strcmp (formats[i].name, name) == 0)
      return &formats[i];
  }
  return NULL;
}

static uint64_t
groups (uint32_t count, unsigned shift)
{
  return ((uint64_t) count + (1u << shift) - 1) >> shift;
}

uint64_t
format_row (const Format * format, unsigned plane, uint32_t width)
{
  return groups (width, format->plane[plane].across) * format->plane[plane].bytes;
}

uint32_t
format_rows (const Format * format, unsigned plane, uint32_t height)
{
  return (uint32_t) groups (height, format->plane[plane].down);
}
