/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * xlnkledgerwalk.h: goes through the ledgers of one device, and reads them.
 */
#ifndef XLNK_LEDGER_WALK_H
#define XLNK_LEDGER_WALK_H

#include "xlnkledgerdir.h"

G_BEGIN_DECLS

typedef struct
{
  XlnkDevice *device;
  XlnkLedgerDir dir;
  char *prefix;                 /* of the names of this device's ledgers */
  bool turn;                    /* the directory is locked */
} XlnkLedgerWalk;

/* Returns false without an error if there is no directory. To be ended in any case. */
bool xlnk_ledger_walk_begin (XlnkLedgerWalk * self, XlnkDevice * device, GError ** error);
void xlnk_ledger_walk_end (XlnkLedgerWalk * self);

/* For who frees on the way, until the end of the walk. With @wait one at a time, so that who comes second finds free what
 * the first had under way; for at most two seconds, since the lock may be held by anybody who may open the directory, and
 * each file has a lock of its own anyway. Tells whether it had to wait. Under the device's mutex, which others may have
 * while this waits. */
bool xlnk_ledger_walk_take_turn (XlnkLedgerWalk * self, bool wait);

typedef void (*XlnkLedgerWalkFunc) (const XlnkLedgerWalk * self, const char *name, XlnkLedgerName kind, void *data);

/* Each name that was in the directory when this began; what has it may be gone by now. */
bool xlnk_ledger_walk (const XlnkLedgerWalk * self, XlnkLedgerWalkFunc func, void *data, GError ** error);

/* What an open file of @size bytes says; the contents are to be cleared if it could be read. Else errno is EBADMSG if it
 * is no ledger, or what the kernel said. */
bool xlnk_ledger_walk_read (const XlnkLedgerWalk * self, int fd, size_t size, XlnkLedgerContents * contents);

/* The same of the file with that name, whoever has its lock: *@alive tells whether somebody has, or may have if that could
 * not be found out. errno is ENOENT if the file went in the meantime, EINVAL if it is not a plain file with one name. */
bool xlnk_ledger_walk_read_any (const XlnkLedgerWalk * self, const char *name, bool *alive,
    XlnkLedgerContents * contents);

/* These errors in words. */
const char *xlnk_ledger_walk_explain (int code);

/* A warning: "DIRECTORY/@name @what: why". */
void xlnk_ledger_walk_log (const XlnkLedgerWalk * self, const char *name, const char *what, int code);

G_END_DECLS

#endif /* XLNK_LEDGER_WALK_H */
