/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * xlnkledgerdir.h: where ledgers are, and how they are called.
 *
 * The directory is what GST_XLNK_LEDGER says (`off`: none), else /run/gst-xlnk if there is one, which whoever installs
 * this sets up for the group xlnk, else /dev/shm/gst-xlnk-UID, which the first process of a user makes for itself. It
 * must belong to root or to us, and must not be everybody's: a file in it can name what shall be freed.
 *
 *   BOOTID-DEV:INODE-PID       of the device node and the process; .N behind it for a second ledger of that process
 *   .new-…                     not locked yet, so not a ledger yet
 */
#ifndef XLNK_LEDGER_DIR_H
#define XLNK_LEDGER_DIR_H

#include <glib.h>
#include <stdbool.h>
#include <sys/types.h>

#include "xlnkledger.h"

G_BEGIN_DECLS

#define XLNK_LEDGER_GROUP_DIRECTORY "/run/gst-xlnk"
#define XLNK_LEDGER_USERS_PARENT "/dev/shm"
#define XLNK_LEDGER_USERS_PREFIX "gst-xlnk-"    /* with the number of the user behind it */

typedef struct
{
  int fd;                       /* -1: none */
  char *path;
  mode_t file_mode;             /* of the files in it: 0660 in a group's directory, else 0600 */
  char boot_id[XLNK_LEDGER_BOOT_ID + 1];
} XlnkLedgerDir;

typedef enum
{
  XLNK_LEDGER_DIR_OPEN,
  XLNK_LEDGER_DIR_NONE,         /* disabled, or not made yet */
  XLNK_LEDGER_DIR_FAILED,       /* errors say why */
} XlnkLedgerDirResult;

/* With @make, the user's own directory is made if it is the one and missing. To be closed, whatever the result. */
XlnkLedgerDirResult xlnk_ledger_dir_open (XlnkLedgerDir * self, bool make, GError ** error);
void xlnk_ledger_dir_close (XlnkLedgerDir * self);

/* What the names of this device's ledgers begin with. */
char *xlnk_ledger_dir_prefix (const XlnkLedgerDir * self, const XlnkDevice * device);

typedef enum
{
  XLNK_LEDGER_NAME_FOREIGN,     /* not of a ledger, or of another device's */
  XLNK_LEDGER_NAME_OURS,        /* of a ledger of the device with that prefix */
  XLNK_LEDGER_NAME_NEW,         /* of a ledger that was never finished */
  XLNK_LEDGER_NAME_OLD,         /* of one of another boot */
} XlnkLedgerName;

XlnkLedgerName xlnk_ledger_name_kind (const XlnkLedgerDir * self, const char *prefix, const char *name);

/* Locked, and proved to be a ledger's plain file that has the name it was opened by; else -1, and errno is 0 if
 * somebody else has the lock, ENOENT if the file is gone, EINVAL if it is not a plain file with one name. */
int xlnk_ledger_dir_lock_file (const XlnkLedgerDir * self, const char *name, size_t * size);

/* Nobody has the lock then, not even a child that another thread has made meanwhile, which has a copy of the descriptor. */
void xlnk_ledger_dir_unlock_file (int fd);

G_END_DECLS

#endif /* XLNK_LEDGER_DIR_H */
