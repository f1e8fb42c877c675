/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * model-rows.c: copy and invert: every byte of every row, whatever the format; what is between the rows is not touched.
 */
#include "engine.h"
#include "hls.h"
#include "images.h"

#include <glib.h>

static bool
convert_plane (Job * job, const Image * from, const Image * to, unsigned plane, uint8_t mask)
{
  const uint64_t size = format_row (from->format, plane, from->width);
  const uint32_t rows = format_rows (from->format, plane, from->height);
  uint8_t *data = g_malloc (size);
  bool goes_on = true;

  for (uint32_t y = 0; y < rows && goes_on; y++) {
    goes_on = image_read (job, from, plane, y, data);
    for (uint64_t i = 0; i < size; i++)
      data[i] ^= mask;
    goes_on = goes_on && image_write (job, to, plane, y, data) && job_advance (job, size);
  }
  g_free (data);
  return goes_on;
}

static bool
convert (Job * job, const uint32_t * arguments, uint8_t mask)
{
  const Format *format = argument_format (&job->engine->core->config, arguments);
  const uint32_t width = argument_size (arguments, HLS_WIDTH), height = argument_size (arguments, HLS_HEIGHT);
  bool goes_on = true;
  Image from, to;

  image_open (&from, job->engine, arguments, SIDE_SOURCE, format, width, height);
  image_open (&to, job->engine, arguments, SIDE_TARGET, format, width, height);
  for (unsigned i = 0; i < format->planes && goes_on; i++)
    goes_on = convert_plane (job, &from, &to, i, mask);
  return goes_on;
}

bool
model_copy (Job * job, const uint32_t * arguments)
{
  return convert (job, arguments, 0);
}

bool
model_invert (Job * job, const uint32_t * arguments)
{
  return convert (job, arguments, 0xff);
}
