/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * models.c: the table of models, by the names of the command line.
 */
#include "engine.h"
#include "hls.h"
#include "images.h"

#include <stddef.h>

static uint64_t
picture_size (const Format * format, const uint32_t * arguments)
{
  const uint32_t width = argument_size (arguments, HLS_WIDTH), height = argument_size (arguments, HLS_HEIGHT);
  uint64_t size = 0;

  for (unsigned i = 0; i < format->planes; i++)
    size += format_row (format, i, width) * format_rows (format, i, height);
  return size;
}

static uint64_t
any_picture (const CoreConfig * config, const uint32_t * arguments)
{
  return picture_size (argument_format (config, arguments), arguments);
}

static uint64_t
gray_or_rgba (const CoreConfig * config, const uint32_t * arguments)
{
  const bool gray = argument_format (config, arguments)->number == FORMAT_GRAY8;

  return picture_size (format_by_number (gray ? FORMAT_GRAY8 : FORMAT_RGBA), arguments);
}

static uint64_t
nv12 (const CoreConfig * config, const uint32_t * arguments)
{
  (void) config;
  return picture_size (format_by_number (FORMAT_NV12), arguments);
}

static const CoreModel models[] = {
  {.name = "copy",.kind = CORE_HLS,.run = model_copy,.input_size = any_picture},
  {.name = "invert",.kind = CORE_HLS,.run = model_invert,.input_size = any_picture},
  {.name = "sobel",.kind = CORE_HLS,.run = model_sobel,.input_size = gray_or_rgba},
  {.name = "resize",.kind = CORE_HLS,.run = model_resize,.input_size = any_picture},
  {.name = "nv12-to-rgb",.kind = CORE_HLS,.run = model_nv12_to_rgb,.input_size = nv12},
  {.name = "dma-loopback",.kind = CORE_DMA,.channels = 3},
  {.name = "dma-invert",.kind = CORE_DMA,.stream = stream_invert,.channels = 3},
  {.name = "dma-sink",.kind = CORE_DMA,.channels = 1 << MM2S},
  {.name = "dma-source",.kind = CORE_DMA,.channels = 1 << S2MM},
};

const CoreModel *
core_model (unsigned index)
{
  return index < sizeof models / sizeof models[0] ? &models[index] : NULL;
}
