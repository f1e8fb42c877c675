/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * ledgercheck.h: processes that die on an emulated board, and the files they leave.
 *
 * Each test has a directory of its own for the ledgers, and starts and ends with a board without a buffer.
 */
#ifndef LEDGER_CHECK_H
#define LEDGER_CHECK_H

#include <glib.h>
#include <sys/types.h>

#include "xlnkblock.h"
#include "xlnkledger.h"
#include "xlnkreclaim.h"

#define SIZE 100000

typedef struct
{
  char *directory;              /* of ledgers; GST_XLNK_LEDGER names it */
  guint64 hazards;
} Fixture;

void fixture_set_up (Fixture * fixture, gconstpointer data);
void fixture_tear_down (Fixture * fixture, gconstpointer data);

#define ADD(name, data, function) \
  g_test_add ("/ledger/" name, Fixture, data, fixture_set_up, function, fixture_tear_down)

XlnkDevice *open_device (void);
XlnkBlock *new_block (XlnkDevice * device, gsize size);

/* Runs @life in a process of its own, which then dies by SIGKILL, or before. */
typedef void (*Life) (gconstpointer data);
void die_after (Life life, gconstpointer data);

/* The same, but it stays alive in between: until finish_other(), which kills it. */
typedef struct
{
  pid_t pid;
  int pipe;
} Other;

Other start_other (Life life, gconstpointer data);
void finish_other (Other other);

/* A life that allocates GPOINTER_TO_UINT (data) blocks. */
void allocate_some (gconstpointer data);

/* How many files that are ledgers, and all files, are in the directory; and the only one's path. */
guint count_ledgers (const Fixture * fixture);
guint count_files (const Fixture * fixture);
char *only_file (const Fixture * fixture);

/* Changes the ledger: the slot that is the @n-th, as a struct. */
XlnkLedgerSlot read_slot (const char *path, guint n);
void write_slot (const char *path, guint n, const XlnkLedgerSlot * slot);

XlnkReclaimResult reclaim (XlnkDevice * device, XlnkReclaimFlags flags);

/* Warnings and errors of the device ring since the test began. */
guint count_warned (void);
const char *last_warned (void);

/* Without freeing what is left there, as the open otherwise does. */
XlnkDevice *open_to_look (void);

#endif /* LEDGER_CHECK_H */
