/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * others.h: the other processes on the board: one that lives while a scenario runs, and those that have died before it.
 */
#ifndef FAULT_OTHERS_H
#define FAULT_OTHERS_H

#include "scenarios.h"

/* The living one holds buffers from here until the end, and what the others do it neither helps nor minds. To be started
 * before anybody dies, since it opens the device, which gives back what it finds. */
void others_start_companion (Companion kind);

/* FALSE if it has lost what it was to keep. */
gboolean others_end_companion (void);

/* Dies with buffers of all kinds in its ledger: ordinary ones, one with an address that was handed out, one with other
 * bytes where its cookie was, and one without a cookie. For Scenario.before. */
void others_die (const char *argument);

/* Dies before it could mark its only buffer. */
void others_die_without_cookie (const char *argument);

/* Somebody has reset the driver since. */
void others_die_after_a_reset (const char *argument);

/* Where nobody said where. */
void others_die_in_default_ledger (const char *argument);

/* The files of a process that died while it was making its ledger, and of one from before the last boot. */
void others_leave_files (const char *argument);

#endif /* FAULT_OTHERS_H */
