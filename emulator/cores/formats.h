/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * formats.h: pixel formats by the number that goes into the format register, which is GstVideoFormat's.
 */
#ifndef CORES_FORMATS_H
#define CORES_FORMATS_H

#include <stdint.h>

#define FORMAT_PLANES 3u

typedef struct
{
  uint32_t number;
  const char *name;
  unsigned planes;
  struct
  {
    uint8_t bytes;              /* per group of 1 << across pixels */
    uint8_t across, down;       /* log2 of pixels per group, of lines per line */
  } plane[FORMAT_PLANES];
} Format;

enum
{
  FORMAT_YUY2 = 4,
  FORMAT_RGBX = 7,
  FORMAT_RGBA = 11,
  FORMAT_RGB = 15,
  FORMAT_NV12 = 23,
  FORMAT_GRAY8 = 25,
};

const Format *format_by_number (uint32_t number);       /* NULL: unknown */
const Format *format_by_name (const char *name);

uint64_t format_row (const Format * format, unsigned plane, uint32_t width);
uint32_t format_rows (const Format * format, unsigned plane, uint32_t height);

#endif /* CORES_FORMATS_H */
