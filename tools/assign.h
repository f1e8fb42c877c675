/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * assign.h: which field of the accelerator `hls` an argument register is for, from its name: the design does not say
 * more. `src_cols` is the input's width, `in_r_1` and `in_r_2` are the two words of the input's address.
 */
#ifndef ASSIGN_H
#define ASSIGN_H

#include "hwh.h"

typedef enum
{
  ASSIGN_SRC,
  ASSIGN_DST,
  ASSIGN_WIDTH,
  ASSIGN_HEIGHT,
  ASSIGN_FORMAT,
  ASSIGN_DST_WIDTH,
  ASSIGN_DST_HEIGHT,
  ASSIGN_DST_FORMAT,
  ASSIGN_SRC_STRIDE,
  ASSIGN_DST_STRIDE,
  ASSIGN_SRC_SIZE,
  ASSIGN_DST_SIZE,
  ASSIGN_FIELDS
} AssignField;

typedef struct
{
  const HwhRegister *field[ASSIGN_FIELDS];      /* or NULL */
  guint address_bits;
  gboolean guessed;             /* an address by its order, not by its name */
  GPtrArray *rest;              /* const HwhRegister: inputs that are none of these */
} Assignment;

void assign_registers (const HwhCore * core, Assignment * assignment);
void assign_clear (Assignment * assignment);

const char *assign_field_name (AssignField field);

#endif /* ASSIGN_H */
