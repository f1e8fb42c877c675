/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * ledgerdir.h: where the ledgers of a test are, and that none stays behind.
 */
#ifndef FAULT_LEDGERDIR_H
#define FAULT_LEDGERDIR_H

/* For this process and those it starts: a directory of the test's own, unless the emulator or the caller gave one. */
void ledgerdir_use (void);

/* How many files are in it; their names are printed. */
unsigned ledgerdir_files (void);

/* Removes it if it is the test's own. */
void ledgerdir_done (void);

#endif /* FAULT_LEDGERDIR_H */
