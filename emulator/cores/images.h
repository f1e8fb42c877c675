/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * images.h: a picture in memory as the argument registers describe it.
 */
#ifndef CORES_IMAGES_H
#define CORES_IMAGES_H

#include "engine.h"
#include "formats.h"

typedef enum
{
  SIDE_SOURCE,
  SIDE_TARGET,
} Side;

typedef struct
{
  const Format *format;
  uint32_t width, height;
  Pointer planes[FORMAT_PLANES];
  uint32_t strides[FORMAT_PLANES];
} Image;

void image_open (Image * image, Engine * engine, const uint32_t * arguments, Side side, const Format * format,
    uint32_t width, uint32_t height);

uint32_t argument (const uint32_t * arguments, uint32_t offset);
uint32_t argument_size (const uint32_t * arguments, uint32_t offset);   /* a width or height: 16 bits are wired */
const Format *argument_format (const CoreConfig * config, const uint32_t * arguments);

/* A whole row of a plane; @data holds format_row() bytes. */
bool image_read (Job * job, const Image * image, unsigned plane, uint32_t row, uint8_t * data);
bool image_write (Job * job, const Image * image, unsigned plane, uint32_t row, const uint8_t * data);

#endif /* CORES_IMAGES_H */
