/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * dice.h: random numbers that come again with the same seed, in every process and on every machine.
 */
#ifndef FAULT_DICE_H
#define FAULT_DICE_H

#include <stdint.h>

typedef struct
{
  uint64_t state;
} Dice;

static inline uint64_t
dice_mix (uint64_t value)
{
  value = (value ^ (value >> 30)) * 0xbf58476d1ce4e5b9ull;
  value = (value ^ (value >> 27)) * 0x94d049bb133111ebull;
  return value ^ (value >> 31);
}

static inline Dice
dice_new (uint64_t seed, uint64_t number)
{
  Dice dice = { dice_mix (seed * 0x9e3779b97f4a7c15ull + number) };

  return dice;
}

static inline uint64_t
dice_roll (Dice * dice)
{
  dice->state += 0x9e3779b97f4a7c15ull;
  return dice_mix (dice->state);
}

/* 0 to @limit - 1 */
static inline uint32_t
dice_below (Dice * dice, uint32_t limit)
{
  return (uint32_t) ((dice_roll (dice) >> 32) * limit >> 32);
}

/* 0 to @limit, where small numbers are as likely as large ones: each power of two has the same chance. */
static inline uint32_t
dice_any_size (Dice * dice, unsigned bits)
{
  unsigned width = dice_below (dice, bits + 1);

  return width == 0 ? 0 : (uint32_t) (dice_roll (dice) & ((1ull << width) - 1));
}

#endif /* FAULT_DICE_H */
