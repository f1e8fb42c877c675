/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ledger-fields.h"

#include <glib.h>
#include <string.h>

#include "xlnkledger.h"

#define BEFORE 2                /* bytes before the file */

/* libFuzzer's. */
size_t LLVMFuzzerMutate (uint8_t * data, size_t size, size_t max_size);

typedef struct
{
  size_t offset, size;
} Field;

#define OF(type, member) { offsetof (type, member), sizeof ((type *) NULL)->member }

static const Field header_fields[] = {
  OF (XlnkLedgerHeader, version), OF (XlnkLedgerHeader, word_size), OF (XlnkLedgerHeader, header_size),
  OF (XlnkLedgerHeader, slot_size), OF (XlnkLedgerHeader, pid), OF (XlnkLedgerHeader, core_count),
  OF (XlnkLedgerHeader, started_us), OF (XlnkLedgerHeader, cores[0].base), OF (XlnkLedgerHeader, cores[1].base)
};

static const Field slot_fields[] = {
  {0, 4}, {4, 4}, {8, 8}, OF (XlnkLedgerSlot, state), OF (XlnkLedgerSlot, flags), OF (XlnkLedgerSlot, length),
  OF (XlnkLedgerSlot, cached), OF (XlnkLedgerSlot, jobs[0]), OF (XlnkLedgerSlot, jobs[7]),
  OF (XlnkLedgerSlot, cookie[0]), OF (XlnkLedgerSlot, cookie[7]), OF (XlnkLedgerSlot, cookie[15]),
  {offsetof (XlnkLedgerSlot, cookie) + 8, 8}
};

/* Ids and addresses of an emulated board's first blocks, and what lies at the edge of something. */
static const uint64_t values[] = {
  0, 1, 2, 3, 4, 5, 6, 8, 64, 128, 256, 4095, 4096, 8192, 8256, 65535, 65536, INT32_MAX, (uint64_t) INT32_MAX + 1, UINT32_MAX,
  0x18000000, 0x18002000, 0x18004000, 0x18006000, 0x1ffff000, UINT64_MAX, UINT64_MAX - 4095, INT64_MAX, LEDGER_FIELDS_CORE_BASE
};

static void
set_field (GRand * dice, uint8_t * from, const Field * field)
{
  uint64_t value = values[g_rand_int_range (dice, 0, G_N_ELEMENTS (values))];

  memcpy (from + field->offset, &value, MIN (field->size, sizeof value));
}

/* A slot as the dead one would have written it. */
static void
make_slot (GRand * dice, uint8_t * bytes)
{
  uint32_t id = (uint32_t) g_rand_int_range (dice, 1, 5);
  XlnkLedgerSlot slot;

  memset (&slot, 0, sizeof slot);
  slot.arg.alloc.len = slot.length = 8192;
  slot.arg.alloc.id = (int32_t) id;
  slot.arg.alloc.phyaddr = 0x18000000 + (id - 1) * 8192;
  slot.state = (uint32_t) g_rand_int_range (dice, XLNK_SLOT_ALLOCATING, XLNK_SLOT_WRONG_COOKIE + 1);
  slot.flags = g_rand_int_range (dice, 0, 4) == 0;
  slot.jobs[0] = (uint16_t) (g_rand_int_range (dice, 0, 4) == 0);
  if (g_rand_int_range (dice, 0, 4) > 0)
    memcpy (slot.cookie, LEDGER_FIELDS_COOKIE, XLNK_COOKIE_SIZE);
  memcpy (bytes, &slot, sizeof slot);
}

static size_t
change_slots (GRand * dice, uint8_t * file, size_t size, size_t max_size)
{
  size_t n = size < XLNK_LEDGER_HEADER_SIZE ? 0 : (size - XLNK_LEDGER_HEADER_SIZE) / XLNK_LEDGER_SLOT_SIZE;
  size_t end = XLNK_LEDGER_HEADER_SIZE + (n + 1) * XLNK_LEDGER_SLOT_SIZE;
  uint8_t *slot;

  if (size >= XLNK_LEDGER_HEADER_SIZE && end <= max_size && (n == 0 || g_rand_int_range (dice, 0, 8) == 0)) {
    make_slot (dice, file + end - XLNK_LEDGER_SLOT_SIZE);
    return end;
  }
  if (n == 0)
    return size;
  slot = file + XLNK_LEDGER_HEADER_SIZE + (size_t) g_rand_int_range (dice, 0, (gint) n) * XLNK_LEDGER_SLOT_SIZE;
  if (g_rand_int_range (dice, 0, 6) == 0)
    make_slot (dice, slot);
  else
    set_field (dice, slot, &slot_fields[g_rand_int_range (dice, 0, G_N_ELEMENTS (slot_fields))]);
  return size;
}

size_t
LLVMFuzzerCustomMutator (uint8_t * data, size_t size, size_t max_size, unsigned seed)
{
  GRand *dice = g_rand_new_with_seed (seed);

  if (size < BEFORE + XLNK_LEDGER_HEADER_SIZE || max_size < BEFORE || g_rand_int_range (dice, 0, 5) == 0) {
    size = LLVMFuzzerMutate (data, size, max_size);
  } else {
    if (g_rand_int_range (dice, 0, 5) == 0)
      data[g_rand_int_range (dice, 0, BEFORE)] = (uint8_t) g_rand_int (dice);
    if (g_rand_int_range (dice, 0, 12) == 0)
      set_field (dice, data + BEFORE, &header_fields[g_rand_int_range (dice, 0, G_N_ELEMENTS (header_fields))]);
    size = BEFORE + change_slots (dice, data + BEFORE, size - BEFORE, max_size - BEFORE);
  }
  g_rand_free (dice);
  return size;
}
