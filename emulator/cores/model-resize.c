/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * model-resize.c: the nearest pixel: out (x, y) = in (x * width / out-width, y * height / out-height), rounded down, for
 * formats of one plane and whole pixels. The line that several lines of the output need is read once.
 */
#include "engine.h"
#include "hls.h"
#include "images.h"

#include <glib.h>
#include <string.h>

static void
resize_row (const uint8_t * in, uint32_t width, uint8_t * out, uint32_t out_width, unsigned bytes)
{
  for (uint32_t x = 0; x < out_width; x++)
    memcpy (out + (size_t) x * bytes, in + (size_t) ((uint64_t) x * width / out_width) * bytes, bytes);
}

static bool
resize (Job * job, const Image * from, const Image * to, uint8_t * in, uint8_t * out)
{
  uint64_t have = UINT64_MAX;

  for (uint32_t y = 0; y < to->height; y++) {
    const uint64_t want = (uint64_t) y * from->height / to->height;

    if (want != have && !image_read (job, from, 0, (uint32_t) want, in))
      return false;
    have = want;
    resize_row (in, from->width, out, to->width, to->format->plane[0].bytes);
    if (!image_write (job, to, 0, y, out) || !job_advance (job, job->size / to->height))
      return false;
  }
  return true;
}

bool
model_resize (Job * job, const uint32_t * arguments)
{
  const Format *format = argument_format (&job->engine->core->config, arguments);
  const uint32_t width = argument_size (arguments, HLS_WIDTH), height = argument_size (arguments, HLS_HEIGHT);
  const uint32_t out_width = argument_size (arguments, HLS_OUT_WIDTH);
  const uint32_t out_height = argument_size (arguments, HLS_OUT_HEIGHT);
  Image from, to;
  uint8_t *in, *out;
  bool goes_on;

  if (width == 0 || height == 0 || out_width == 0 || out_height == 0)
    return true;
  if (format->planes != 1 || format->plane[0].across != 0)
    format = format_by_number (FORMAT_RGBA);
  image_open (&from, job->engine, arguments, SIDE_SOURCE, format, width, height);
  image_open (&to, job->engine, arguments, SIDE_TARGET, format, out_width, out_height);
  in = g_malloc (format_row (format, 0, width));
  out = g_malloc (format_row (format, 0, out_width));
  goes_on = resize (job, &from, &to, in, out);
  g_free (in);
  g_free (out);
  return goes_on;
}
