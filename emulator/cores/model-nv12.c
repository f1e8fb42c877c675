/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * model-nv12.c: NV12 to RGB or RGBA (alpha 255), BT.601 with limited range, in integers; each chroma sample serves its
 * four pixels. With c = Y - 16, d = Cb - 128, e = Cr - 128, shifts that round down, and results clipped to 0…255:
 *
 *   R = (298 c + 409 e + 128) >> 8
 *   G = (298 c - 100 d - 208 e + 128) >> 8
 *   B = (298 c + 516 d + 128) >> 8
 */
#include "engine.h"
#include "hls.h"
#include "images.h"

#include <glib.h>

typedef struct
{
  Image from, to;
  uint8_t *luma, *chroma, *out;
} Converter;

static uint8_t
clip (int value)
{
  const int shifted = value / 256;      /* what is below zero becomes zero, however it is rounded */

  return (uint8_t) CLAMP (shifted, 0, 255);
}

static void
convert_row (const Converter * self)
{
  const unsigned bytes = self->to.format->plane[0].bytes;
  uint8_t *out = self->out;

  for (uint32_t x = 0; x < self->from.width; x++, out += bytes) {
    const int c = 298 * (self->luma[x] - 16) + 128;
    const int d = self->chroma[x / 2 * 2] - 128, e = self->chroma[x / 2 * 2 + 1] - 128;

    out[0] = clip (c + 409 * e);
    out[1] = clip (c - 100 * d - 208 * e);
    out[2] = clip (c + 516 * d);
    if (bytes == 4)
      out[3] = 255;
  }
}

static bool
convert (Job * job, const Converter * self)
{
  for (uint32_t y = 0; y < self->from.height; y++) {
    if (!image_read (job, &self->from, 0, y, self->luma))
      return false;
    if (y % 2 == 0 && !image_read (job, &self->from, 1, y / 2, self->chroma))
      return false;
    convert_row (self);
    if (!image_write (job, &self->to, 0, y, self->out) || !job_advance (job, job->size / self->from.height))
      return false;
  }
  return true;
}

bool
model_nv12_to_rgb (Job * job, const uint32_t * arguments)
{
  const uint32_t output = job->engine->core->config.output_format;
  const Format *nv12 = format_by_number (FORMAT_NV12);
  const Format *rgb = format_by_number (output == FORMAT_RGB ? FORMAT_RGB : FORMAT_RGBA);
  const uint32_t width = argument_size (arguments, HLS_WIDTH), height = argument_size (arguments, HLS_HEIGHT);
  Converter self;
  bool goes_on;

  if (width == 0 || height == 0)
    return true;
  image_open (&self.from, job->engine, arguments, SIDE_SOURCE, nv12, width, height);
  image_open (&self.to, job->engine, arguments, SIDE_TARGET, rgb, width, height);
  self.luma = g_malloc (format_row (nv12, 0, width));
  self.chroma = g_malloc (format_row (nv12, 1, width));
  self.out = g_malloc (format_row (rgb, 0, width));
  goes_on = convert (job, &self);
  g_free (self.luma);
  g_free (self.chroma);
  g_free (self.out);
  return goes_on;
}
