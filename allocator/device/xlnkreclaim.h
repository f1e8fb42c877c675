/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * xlnkreclaim.h: gives back what dead processes left. xlnkledger.h has the files, and the argument why this is sound.
 *
 * A dead process's block is freed only if it provably still is that process's: the driver confirms a live buffer around
 * its last byte, and the cookie is in it. Everything else stays where it is and is listed: a block whose cookie is
 * missing or another one, a block whose address was handed out (somebody's device may still write to it), and a block
 * that a core was working on until that core was found idle or was reset. Flags ask for more. Blocks of processes that
 * live are never touched, with whatever flags.
 *
 * Reclaim happens when a device is opened and when an allocation finds no memory; both are quiet. The functions here are
 * for xlnk-ctl and for whoever wants to ask. Any thread may call them.
 */
#ifndef XLNK_RECLAIM_H
#define XLNK_RECLAIM_H

#include <sys/types.h>

#include "xlnkdevice.h"

G_BEGIN_DECLS

/* What the file says of one block. */
typedef enum
{
  XLNK_ENTRY_ALLOCATING,        /* its owner is about to ask the driver; there is no id yet */
  XLNK_ENTRY_COOKIE_LESS,       /* the driver gave it, and its owner did not come to write the cookie, so far */
  XLNK_ENTRY_LIVE,
  XLNK_ENTRY_FREEING,           /* its owner, or somebody in its stead, is giving it back */
  XLNK_ENTRY_WRONG_COOKIE,      /* of a dead owner: other bytes are where the cookie was */
} XlnkEntryState;

typedef struct
{
  uint32_t id;                  /* 0: none yet */
  uint64_t phys;
  size_t length;                /* bytes as asked of the driver */
  bool cached;
  XlnkEntryState state;
  bool exposed;                 /* its address was handed out */
  bool armed;                   /* a core was working on it */
  const char *core;             /* which one, if it is armed; the first of several */
  uint64_t core_base;           /* physical address of that core's registers; 0: not known */
} XlnkEntry;

typedef struct
{
  pid_t pid;                    /* for people: the lock tells who is alive */
  const char *command;
  int64_t started_us;           /* CLOCK_REALTIME, when the process began its file */
  bool alive;
  unsigned slots;               /* room in the file, used or not */
} XlnkHolder;

/* Once for each process that has a file; @entries has the @n blocks in it, oldest slot first. Everything is valid during
 * the call only. */
typedef void (*XlnkHolderFunc) (const XlnkHolder * holder, const XlnkEntry * entries, size_t n, void *data);

/* Reads the files of this device, of the living and of the dead, and changes nothing; the driver is not asked either. Returns
 * false, with XLNK_ERROR_FAILED or XLNK_ERROR_PERMISSION, if there is a directory that cannot be read, or a file in it that
 * cannot or is not understood: all others have been listed then. Without a directory there is nothing to list. *@place
 * (nullable) becomes the path of the directory, be there one or not, to be freed; NULL if ledgers are off. */
bool xlnk_ledger_list (XlnkDevice * device, XlnkHolderFunc func, void *data, char **place, GError ** error);

typedef enum
{
  XLNK_RECLAIM_EXPOSED = 1 << 0,        /* also those whose address was handed out */
  XLNK_RECLAIM_COOKIE_LESS = 1 << 1,    /* also those that never got a cookie: a person has looked at the list */
  XLNK_RECLAIM_ARMED = 1 << 2,  /* also those a core was working on: somebody has stopped it */
  XLNK_RECLAIM_DRY_RUN = 1 << 3,        /* looks, and says what it would do */
  XLNK_RECLAIM_WRONG_COOKIE = 1 << 4,   /* also those with other bytes in the cookie's place: most likely another's! */
} XlnkReclaimFlags;

/* Buffers, but for files and bytes. With DRY_RUN: what would be so. */
typedef struct
{
  unsigned files;               /* of dead processes, of this device */
  unsigned freed;
  uint64_t freed_bytes;
  unsigned dropped;             /* were gone already: freed, or lost to a reset */
  unsigned kept_exposed;
  unsigned kept_cookie_less;
  unsigned kept_wrong_cookie;
  unsigned kept_armed;
  unsigned failed;              /* the kernel refused something: the next one tries again */
  unsigned unreadable;          /* files, not buffers: with the name of a ledger, and none that can be read */
} XlnkReclaimResult;

/* Goes through the files of the dead. Returns false, with *@result as far as it came, if the directory cannot be read.
 * @result may be NULL. */
bool xlnk_reclaim (XlnkDevice * device, XlnkReclaimFlags flags, XlnkReclaimResult * result, GError ** error);

/* How many blocks of dead processes wait for the core whose registers are at @base (0: for the one called @name). */
unsigned xlnk_reclaim_waits_for_core (XlnkDevice * device, uint64_t base, const char *name);

/* That core has just been found idle, or was reset, by somebody who has it to himself: no dead process's job runs there
 * any more. What waited for it and for no other core goes the way of the others. */
bool xlnk_reclaim_core (XlnkDevice * device, uint64_t base, const char *name, XlnkReclaimResult * result,
    GError ** error);

/* For the device ring itself: when a device was opened; and, under the device's mutex, when an allocation found no memory:
 * true if there may be more now. What is left of the dead with an address that was handed out is freed too if the environment
 * says GST_XLNK_RECLAIM=exposed. */
void xlnk_reclaim_quietly (XlnkDevice * device);
bool xlnk_reclaim_for_memory (XlnkDevice * device);

G_END_DECLS

#endif /* XLNK_RECLAIM_H */
