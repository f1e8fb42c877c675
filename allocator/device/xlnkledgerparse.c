/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * xlnkledgerparse.c: from the bytes of a ledger to what they say. Anybody who may write to the directory may have written
 * them, and a process may have died between any two of them.
 */
#include "xlnkledger.h"

#include <string.h>

#define PAGE 4096u              /* the smallest of any kernel that has the driver */

/* So that neither the rounding to the largest of pages nor the pointer in a request overflows. */
#define HIGHEST ((uint64_t) UINTPTR_MAX - INT32_MAX - 65536)

/* Names go to terminals and logs. */
static void
copy_printable (char *to, const char *from, size_t size)
{
  size_t i;

  for (i = 0; i < size - 1 && from[i] != '\0'; i++)
    to[i] = g_ascii_isprint (from[i]) ? from[i] : '?';
  memset (to + i, 0, size - i);
}

static bool
header_is_known (const XlnkLedgerHeader * header, const char *boot_id)
{
  return memcmp (header->magic, XLNK_LEDGER_MAGIC, sizeof header->magic) == 0
      && header->version == XLNK_LEDGER_VERSION
      && (header->word_size == 4 || header->word_size == 8)
      && header->header_size == XLNK_LEDGER_HEADER_SIZE && header->slot_size == XLNK_LEDGER_SLOT_SIZE
      && strlen (boot_id) == XLNK_LEDGER_BOOT_ID && memcmp (header->boot_id, boot_id, XLNK_LEDGER_BOOT_ID + 1) == 0;
}

static void
take_header (XlnkLedgerContents * contents, const XlnkLedgerHeader * header)
{
  contents->pid = header->pid <= G_MAXINT32 ? (pid_t) header->pid : 0;
  contents->started_us = header->started_us;
  copy_printable (contents->command, header->command, sizeof contents->command);
  contents->n_cores = MIN (header->core_count, XLNK_LEDGER_CORES);
  for (unsigned i = 0; i < contents->n_cores; i++) {
    contents->cores[i].base = header->cores[i].base;
    copy_printable (contents->cores[i].name, header->cores[i].name, sizeof contents->cores[i].name);
  }
}

/* A core that is not in the table is one we do not know: of the dead, nobody will ever say that it is idle. */
static void
take_jobs (XlnkLedgerRecord * record, const XlnkLedgerSlot * slot, unsigned n_cores)
{
  for (size_t i = 0; i < XLNK_LEDGER_JOBS; i++) {
    if (slot->jobs[i] != 0)
      record->jobs[record->n_jobs++] = slot->jobs[i] <= n_cores ? slot->jobs[i] - 1 : XLNK_LEDGER_ANY_CORE;
  }
}

/* The argument block as the process's word size has it (xlnkabi.h). */
static void
take_argument (XlnkLedgerRecord * record, const XlnkLedgerSlot * slot, uint32_t word_size)
{
  uint32_t low;

  memcpy (&record->id, slot->arg.bytes + offsetof (XlnkAllocArg, id), sizeof record->id);
  if (word_size == 8) {
    memcpy (&record->phys, slot->arg.bytes + offsetof (XlnkAllocArg, phyaddr), sizeof record->phys);
  } else {
    memcpy (&low, slot->arg.bytes + offsetof (XlnkAllocArg, phyaddr), sizeof low);
    record->phys = low;
  }
}

/* Also decides between the two states that the kernel's answer is the only border of. */
static bool
place_makes_sense (XlnkLedgerRecord * record)
{
  if (record->state == XLNK_SLOT_ALLOCATING && record->id == 0 && record->phys == 0)
    return true;
  if (record->state == XLNK_SLOT_ALLOCATING)
    record->state = XLNK_SLOT_COOKIE_LESS;
  return record->id >= 1 && record->id <= XLNK_MAX_ID && record->phys != 0 && record->phys % PAGE == 0
      && record->phys <= HIGHEST;
}

static bool
take_slot (XlnkLedgerRecord * record, const XlnkLedgerSlot * slot, uint32_t word_size, unsigned n_cores)
{
  static const uint8_t none[XLNK_COOKIE_SIZE];
  uint32_t argument_length;

  if (slot->state > XLNK_SLOT_WRONG_COOKIE)
    return false;
  record->state = (XlnkSlotState) slot->state;
  record->length = slot->length;
  record->cached = slot->cached != 0;
  record->exposed = (slot->flags & XLNK_SLOT_EXPOSED) != 0 || slot->device_maps != 0;
  memcpy (record->cookie, slot->cookie, XLNK_COOKIE_SIZE);
  record->has_cookie = memcmp (slot->cookie, none, XLNK_COOKIE_SIZE) != 0;
  take_jobs (record, slot, n_cores);
  take_argument (record, slot, word_size);
  memcpy (&argument_length, slot->arg.bytes + offsetof (XlnkAllocArg, len), sizeof argument_length);
  return record->length >= XLNK_COOKIE_LINE && record->length <= INT32_MAX && record->length % XLNK_COOKIE_LINE == 0
      && argument_length == record->length && place_makes_sense (record);
}

bool
xlnk_ledger_parse (const void *bytes, size_t size, const char *boot_id, XlnkLedgerContents * contents)
{
  XlnkLedgerHeader header;

  memset (contents, 0, sizeof *contents);
  if (size < XLNK_LEDGER_HEADER_SIZE || size > XLNK_LEDGER_MAX_SIZE)
    return false;
  memcpy (&header, bytes, sizeof header);
  if (!header_is_known (&header, boot_id))
    return false;
  take_header (contents, &header);
  contents->slots = (unsigned) ((size - XLNK_LEDGER_HEADER_SIZE) / XLNK_LEDGER_SLOT_SIZE);
  contents->records = g_new0 (XlnkLedgerRecord, contents->slots);
  for (unsigned i = 0; i < contents->slots; i++) {
    XlnkLedgerRecord *record = &contents->records[contents->n_records];
    XlnkLedgerSlot slot;

    memcpy (&slot, (const uint8_t *) bytes + XLNK_LEDGER_HEADER_SIZE + (size_t) i * XLNK_LEDGER_SLOT_SIZE, sizeof slot);
    if (slot.state == XLNK_SLOT_FREE)
      continue;
    memset (record, 0, sizeof *record);
    record->slot = i;
    if (take_slot (record, &slot, header.word_size, contents->n_cores))
      contents->n_records++;
    else
      contents->rejected++;
  }
  return true;
}

void
xlnk_ledger_contents_clear (XlnkLedgerContents * contents)
{
  g_free (contents->records);
  memset (contents, 0, sizeof *contents);
}

XlnkExtent
xlnk_ledger_extent (const XlnkLedgerRecord * record)
{
  XlnkExtent extent = {.id = record->id,.phys = record->phys,.length = record->length,.cached = record->cached };

  return extent;
}
