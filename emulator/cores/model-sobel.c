/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * model-sobel.c: edges of RGBA, RGBx or GRAY8 pictures, as GRAY8: min (255, |Gx| + |Gy|) of the luma
 * (77 R + 150 G + 29 B) >> 8, with the pixels at the border repeated outwards. It keeps three lines, as a core does.
 */
#include "engine.h"
#include "hls.h"
#include "images.h"

#include <glib.h>
#include <stdlib.h>

typedef struct
{
  Job *job;
  Image from, to;
  uint8_t *row;                 /* as it is in memory */
  uint8_t *lines[3];            /* luma of three lines, the line y in lines[y % 3] */
  uint8_t *out;
} Sobel;

static void
to_luma (const Sobel * self, uint8_t * line)
{
  const uint8_t *pixel = self->row;

  for (uint32_t x = 0; x < self->from.width; x++) {
    if (self->from.format->number == FORMAT_GRAY8) {
      line[x] = pixel[x];
      continue;
    }
    line[x] = (uint8_t) ((77 * pixel[0] + 150 * pixel[1] + 29 * pixel[2]) >> 8);
    pixel += 4;
  }
}

static bool
fetch (Sobel * self, uint32_t y)
{
  if (!image_read (self->job, &self->from, 0, y, self->row))
    return false;
  to_luma (self, self->lines[y % 3]);
  return true;
}

static int
weigh (const uint8_t * line, uint32_t left, uint32_t x, uint32_t right)
{
  return line[left] + 2 * line[x] + line[right];
}

static void
filter (Sobel * self, uint32_t y)
{
  const uint32_t width = self->from.width, last = self->from.height - 1;
  const uint8_t *above = self->lines[(y == 0 ? 0 : y - 1) % 3];
  const uint8_t *line = self->lines[y % 3];
  const uint8_t *below = self->lines[(y == last ? last : y + 1) % 3];

  for (uint32_t x = 0; x < width; x++) {
    const uint32_t left = x == 0 ? 0 : x - 1, right = x == width - 1 ? x : x + 1;
    const int gy = weigh (below, left, x, right) - weigh (above, left, x, right);
    const int gx = above[right] + 2 * line[right] + below[right] - (above[left] + 2 * line[left] + below[left]);
    const int sum = abs (gx) + abs (gy);

    self->out[x] = (uint8_t) (sum > 255 ? 255 : sum);
  }
}

static bool
run (Sobel * self)
{
  const uint64_t size = format_row (self->from.format, 0, self->from.width);

  if (!fetch (self, 0))
    return false;
  for (uint32_t y = 0; y < self->from.height; y++) {
    if (y + 1 < self->from.height && !fetch (self, y + 1))
      return false;
    filter (self, y);
    if (!image_write (self->job, &self->to, 0, y, self->out) || !job_advance (self->job, size))
      return false;
  }
  return true;
}

/* A format that the core was not made for is taken as four bytes, as its pixel type is. */
bool
model_sobel (Job * job, const uint32_t * arguments)
{
  const Format *format = argument_format (&job->engine->core->config, arguments);
  const uint32_t width = argument_size (arguments, HLS_WIDTH), height = argument_size (arguments, HLS_HEIGHT);
  Sobel self = {.job = job };
  uint8_t *memory;
  bool goes_on;

  if (width == 0 || height == 0)
    return true;
  if (format->number != FORMAT_GRAY8)
    format = format_by_number (FORMAT_RGBA);
  image_open (&self.from, job->engine, arguments, SIDE_SOURCE, format, width, height);
  image_open (&self.to, job->engine, arguments, SIDE_TARGET, format_by_number (FORMAT_GRAY8), width, height);
  memory = g_malloc ((gsize) width * 8);
  self.row = memory;
  for (unsigned i = 0; i < 3; i++)
    self.lines[i] = memory + (gsize) width * (4 + i);
  self.out = memory + (gsize) width * 7;
  goes_on = run (&self);
  g_free (memory);
  return goes_on;
}
