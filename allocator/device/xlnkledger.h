/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * xlnkledger.h: the ledger: what this process has of a driver that forgets whose its buffers are (design §8).
 *
 * The driver frees nothing when a process ends, frees whatever id anybody names, and gives that id out again at once.
 * So each process writes down its buffers where the next one finds them, in a file of its own in memory:
 *
 *   0          4096        4352       4608
 *   |  header   |  slot 0   |  slot 1   | …                    the layouts are below; xlnkledgerdir.h has the names
 *
 * The eight steps, and why no interleaving frees what is not ours:
 *
 *  1. The file is locked before it gets its name, so whoever can have the lock of a named file knows that every
 *     process that had it open is gone, with all its threads: the kernel closes a dying process's files only after the
 *     last of them has left its last system call. A child of fork() closes its copy first thing (xlnkfork.h), exec
 *     closes it too. One that got past both (a raw clone) keeps the lock: then its parent's blocks are kept for longer.
 *     Of two reclaimers one has the lock; the other, if it opened the file before and locks it afterwards, finds it
 *     without a name (no link) and leaves it.
 *  2. A slot is ALLOCATING before the ioctl, and the ioctl's argument block is in the slot. The kernel writes id and
 *     address there in one step of its own, so at whatever instruction the process dies there is either no buffer or a
 *     slot that names it. The pages are there, and locked if the limits of the process allow that: the copy out cannot
 *     fail.
 *  3. The cookie is in the slot before the ioctl, and in the block before the slot says LIVE. It is random and never
 *     used again, never all zeros, and the driver zeroes what it gives out: so bytes equal to it, in a live buffer, are
 *     in the very buffer that its owner wrote them to. That this was its own is what the driver said just before; if
 *     somebody frees the new id and it is given out again until then, it was not, and nothing can tell. Dead between
 *     the ioctl and the cookie: the block is COOKIE_LESS, provably nobody's, and kept; one at most for each death.
 *  4. To free: the driver confirms a live buffer around the last byte, it is mapped, confirmed once more (so that the
 *     mapping is not of a buffer that went in between, or of a smaller one), the cookie is compared; then the slot
 *     becomes FREEING, both looks are repeated, FREEBUF, and only then the unmap. Between the last look and FREEBUF lies
 *     the other window that cannot be closed: somebody else frees our id and it is given out again within it. For a
 *     smaller buffer, which does not cover the cookie's place, it begins before the cookie is compared.
 *     Dead after FREEBUF: the slot says FREEING; the next one finds the buffer gone, or zeroed and another's, and drops
 *     the slot. Dead before it: the cookie still matches, and the next one frees. A block that somebody asks to be freed
 *     although it has no cookie, or another one, is never FREEING: what would be found then proves nothing, so the slot
 *     stays as it is until FREEBUF has succeeded.
 *  5. The owner looks, says FREEING, frees and unmaps: its mapping is one that was confirmed when the block was new. A block
 *     that the driver does not know is lost, and its slot is cleared. One whose cookie is not there is not freed either,
 *     but its slot stays as WRONG_COOKIE: something may have written past its end, and then nobody else knows of it. If
 *     the driver gives its id to this process again, it was another's, and the slot is cleared.
 *  6. A block that a core works on names the core, from before the start until after the end. Of a dead owner it is kept
 *     until that core was found idle or was reset. A block whose address was handed out says so, before the address
 *     leaves, and is kept for people to decide; so is one that was mapped for a device of which nobody says which.
 *  7. A driver that frees by open file leaves nothing to free: step 4 finds buffers gone, or another's.
 *  8. The pages are not inherited by a child of fork(), and whoever calls a function here has checked which process it is in.
 *
 * Words that another process may read at any moment are stored with release, after what they speak of. A reader copies
 * the file with pread, which is coherent with shared mappings, and never maps it: a file that somebody shortens would be
 * a SIGBUS. It parses the copy with xlnk_ledger_parse(), which trusts nothing, and is what a fuzzer calls.
 *
 * tests/ledger/ledger.pml has the interleavings of owner, two reclaimers, a stranger and SIGKILL.
 */
#ifndef XLNK_LEDGER_H
#define XLNK_LEDGER_H

#include <stdatomic.h>
#include <sys/types.h>

#include "xlnkabi.h"
#include "xlnkdevice.h"

G_BEGIN_DECLS

#define XLNK_COOKIE_LINE 64     /* bytes; the longest cache line of any supported CPU */
#define XLNK_COOKIE_SIZE 16

/*** the file ***/

#define XLNK_LEDGER_MAGIC "xlnkledg"
#define XLNK_LEDGER_VERSION 1
#define XLNK_LEDGER_HEADER_SIZE 4096
#define XLNK_LEDGER_SLOT_SIZE 256
#define XLNK_LEDGER_MAX_SLOTS 4224      /* the driver's largest table, and what a last chunk has more */
#define XLNK_LEDGER_MAX_SIZE (XLNK_LEDGER_HEADER_SIZE + XLNK_LEDGER_MAX_SLOTS * XLNK_LEDGER_SLOT_SIZE)
#define XLNK_LEDGER_CORES 32
#define XLNK_LEDGER_JOBS 8      /* on one block at once */
#define XLNK_LEDGER_ANY_CORE 0xffff     /* a job on a core that the table has no room for */
#define XLNK_LEDGER_BOOT_ID 36  /* characters of a boot id */

typedef enum
{
  XLNK_SLOT_FREE,
  XLNK_SLOT_ALLOCATING,
  XLNK_SLOT_COOKIE_LESS,
  XLNK_SLOT_LIVE,
  XLNK_SLOT_FREEING,
  XLNK_SLOT_WRONG_COOKIE,       /* a reclaimer's word, or the owner's that has let go of it */
} XlnkSlotState;

#define XLNK_SLOT_EXPOSED 1u    /* flag */

/* Where the registers are tells cores apart, in whatever process and by whatever name they were opened. */
typedef struct
{
  uint64_t base;                /* 0: not known, then the name must do */
  char name[56];
} XlnkLedgerCore;

typedef struct
{
  uint8_t magic[8];
  uint32_t version;
  uint32_t word_size;           /* of the process, whose pointers the argument blocks have */
  uint32_t header_size;
  uint32_t slot_size;
  uint32_t pid;
  uint32_t core_count;          /* of those that are whole; atomic */
  int64_t started_us;
  char boot_id[40];
  char command[64];
  XlnkLedgerCore cores[XLNK_LEDGER_CORES];
} XlnkLedgerHeader;

/* What is atomic is so by the __atomic builtins: the file is the same for every compiler. */
typedef struct _XlnkLedgerSlot
{
  XlnkArg arg;                  /* the kernel writes into it */
  uint32_t state;               /* atomic; XlnkSlotState */
  uint32_t flags;               /* atomic */
  uint32_t length;              /* bytes as asked of the driver; the cookie is in the last line of them */
  uint32_t cached;
  uint8_t cookie[XLNK_COOKIE_SIZE];
  uint16_t jobs[XLNK_LEDGER_JOBS];      /* atomic; 0, or 1 + the index of the core */
  uint32_t device_maps;         /* atomic; open ones, of which nobody says which core uses them */
  uint8_t reserved[76];
} XlnkLedgerSlot;

static_assert (sizeof (XlnkLedgerCore) == 64, "the same in every process");
static_assert (offsetof (XlnkLedgerHeader, started_us) == 32, "the same in every process");
static_assert (offsetof (XlnkLedgerHeader, cores) == 144, "the same in every process");
static_assert (sizeof (XlnkLedgerHeader) == 144 + 64 * XLNK_LEDGER_CORES, "the same in every process");
static_assert (sizeof (XlnkLedgerHeader) <= XLNK_LEDGER_HEADER_SIZE, "has room");
static_assert (offsetof (XlnkLedgerSlot, state) == 128, "the same in every process");
static_assert (offsetof (XlnkLedgerSlot, cookie) == 144, "the same in every process");
static_assert (offsetof (XlnkLedgerSlot, jobs) == 160, "the same in every process");
static_assert (offsetof (XlnkLedgerSlot, device_maps) == 176, "the same in every process");
static_assert (sizeof (XlnkLedgerSlot) == XLNK_LEDGER_SLOT_SIZE, "the same in every process");

/*** reading one ***/

/* A slot that is in use and makes sense: id, address and length are what a driver could have given. */
typedef struct
{
  uint32_t slot;                /* its index */
  XlnkSlotState state;          /* ALLOCATING only without an id; with one it is COOKIE_LESS */
  uint32_t id;                  /* 0, or 1 to XLNK_MAX_ID */
  uint64_t phys;                /* whole pages of 4096 bytes; the block does not end beyond what a pointer can say */
  uint32_t length;              /* a multiple of XLNK_COOKIE_LINE, at least one and at most INT32_MAX */
  bool cached;
  bool exposed;
  bool has_cookie;              /* false: all zeros, which memory is when nobody has written to it */
  uint8_t cookie[XLNK_COOKIE_SIZE];
  unsigned n_jobs;
  uint16_t jobs[XLNK_LEDGER_JOBS];      /* indices of cores, or XLNK_LEDGER_ANY_CORE */
} XlnkLedgerRecord;

typedef struct
{
  pid_t pid;
  int64_t started_us;
  unsigned slots;               /* in the file, used or not */
  char command[64];             /* printable, terminated */
  unsigned n_cores;
  XlnkLedgerCore cores[XLNK_LEDGER_CORES];      /* names printable, terminated */
  unsigned rejected;            /* slots in use that make no sense */
  size_t n_records;
  XlnkLedgerRecord *records;
} XlnkLedgerContents;

/* What a file's @size bytes say, whatever they are; reads nothing else, calls nothing of the kernel's. False, with
 * nothing in *@contents, if it is no ledger of this version and boot. To be cleared with xlnk_ledger_contents_clear. */
bool xlnk_ledger_parse (const void *bytes, size_t size, const char *boot_id, XlnkLedgerContents * contents);
void xlnk_ledger_contents_clear (XlnkLedgerContents * contents);

/* What the record says that the driver gave; not mapped. */
XlnkExtent xlnk_ledger_extent (const XlnkLedgerRecord * record);

/*** this process's own ***/

/* One for each device object; NULL until the first allocation. Under the device's mutex, but for the jobs and
 * xlnk_ledger_set_exposed() and xlnk_ledger_count_device_map(). */
typedef struct _XlnkLedger XlnkLedger;

/* A slot with a new cookie, ALLOCATING, for a block of @length bytes. Never NULL: where there can be no file (which is
 * said once) or shall be none, it is in plain memory and dies with the process. */
XlnkLedgerSlot *xlnk_ledger_take (XlnkDevice * device, size_t length, bool cached);

void xlnk_ledger_set_state (XlnkLedgerSlot * slot, XlnkSlotState state);
XlnkSlotState xlnk_ledger_get_state (const XlnkLedgerSlot * slot);

/* The block is gone, or another's. The slot must not be used any more. */
void xlnk_ledger_clear (XlnkLedgerSlot * slot);

/* The next slot in use behind @after, or the first if that is NULL, that names this buffer; NULL: there is none. */
XlnkLedgerSlot *xlnk_ledger_find_id (XlnkDevice * device, uint32_t id, const XlnkLedgerSlot * after);

/* No buffer of anybody's is left: whatever is written down is gone. Only when no block is held. A slot that still is
 * ALLOCATING names no buffer yet and stays: its thread waits in a reclaim, without the mutex. */
void xlnk_ledger_clear_all (XlnkDevice * device);

/* From any thread, without a system call. */
void xlnk_ledger_set_exposed (XlnkLedgerSlot * slot);

/* The device has been given the address for a while: +1, and -1 when that is over. Exposed in between. */
void xlnk_ledger_count_device_map (XlnkLedgerSlot * slot, int change);

/* The number of a core, for the jobs; the first time, it is entered. */
uint16_t xlnk_ledger_core (XlnkDevice * device, uint64_t base, const char *name);

/* From any thread, without a system call or a lock: a job of that core is about to start on the block, and is over. */
void xlnk_ledger_arm (XlnkLedgerSlot * slot, uint16_t core);
void xlnk_ledger_disarm (XlnkLedgerSlot * slot, uint16_t core);

/* The device closes: without a block left the file goes, else it stays for whoever comes next. */
void xlnk_ledger_close (XlnkDevice * device);

/* In a child of fork(): lets the parent's file go. @whole: none of the parent's threads was at work here. */
void xlnk_ledger_leave_parent (XlnkDevice * device, bool whole);

G_END_DECLS

#endif /* XLNK_LEDGER_H */
