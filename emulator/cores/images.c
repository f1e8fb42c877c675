/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * images.c: see images.h.
 */
#include "images.h"
#include "hls.h"

static const struct
{
  uint32_t pointer, stride;
} places[2][FORMAT_PLANES] = {
  [SIDE_SOURCE] = {{HLS_SRC, HLS_SRC_STRIDE}, {HLS_SRC_1, HLS_SRC_STRIDE_1}, {HLS_SRC_2, HLS_SRC_STRIDE_2}},
  [SIDE_TARGET] = {{HLS_DST, HLS_DST_STRIDE}, {HLS_DST_1, HLS_DST_STRIDE_1}, {HLS_DST_2, HLS_DST_STRIDE_2}},
};

uint32_t
argument (const uint32_t * arguments, uint32_t offset)
{
  return arguments[offset / 4];
}

uint32_t
argument_size (const uint32_t * arguments, uint32_t offset)
{
  return argument (arguments, offset) & 0xffff;
}

const Format *
argument_format (const CoreConfig * config, const uint32_t * arguments)
{
  const Format *format = format_by_number (argument (arguments, HLS_FORMAT));

  return format ? format : format_by_number (config->format);
}

static uint64_t
pointer (const uint32_t * arguments, uint32_t offset)
{
  return arguments[offset / 4] | (uint64_t) arguments[offset / 4 + 1] << 32;
}

/* Bytes from line to line of a plane whose register is 0: as the first plane's are padded, if those are. */
static uint32_t
derive_stride (const Format * format, unsigned plane, uint32_t first_stride, uint32_t width)
{
  if (plane > 0 && first_stride != 0)
    width = first_stride / format->plane[0].bytes << format->plane[0].across;
  return (uint32_t) format_row (format, plane, width);
}

void
image_open (Image * image, Engine * engine, const uint32_t * arguments, Side side, const Format * format,
    uint32_t width, uint32_t height)
{
  uint64_t behind = 0;

  image->format = format;
  image->width = width;
  image->height = height;
  for (unsigned i = 0; i < format->planes; i++) {
    uint64_t address = pointer (arguments, places[side][i].pointer);
    uint32_t stride = argument (arguments, places[side][i].stride);

    if (stride == 0)
      stride = derive_stride (format, i, argument (arguments, places[side][0].stride), width);
    if (address == 0 && i > 0)
      address = behind;
    image->planes[i] = pointer_open (engine, address);
    image->strides[i] = stride;
    behind = address + (uint64_t) stride * format_rows (format, i, height);
  }
}

bool
image_read (Job * job, const Image * image, unsigned plane, uint32_t row, uint8_t * data)
{
  return memory_read (job, &image->planes[plane], (uint64_t) row * image->strides[plane], data,
      format_row (image->format, plane, image->width));
}

bool
image_write (Job * job, const Image * image, unsigned plane, uint32_t row, const uint8_t * data)
{
  return memory_write (job, &image->planes[plane], (uint64_t) row * image->strides[plane], data,
      format_row (image->format, plane, image->width));
}
