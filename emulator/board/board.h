/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * board.h: the emulated board as it lies in the heap file.
 *
 * The file outlives every process that maps it, as CMA outlives the users of /dev/xlnk. Processes of different word
 * sizes may share it (an armhf client under qemu-user, a native runner), so every field has a fixed size and place.
 *
 *   0            BoardState
 *   pages        uint16_t per page of CMA: the id that owns it
 *   lines        uint8_t per cache line: what the model must remember besides the data
 *   scratch      8 KiB: the driver's "buffer 0"
 *   low          physical address 0 and up: what a free id maps
 *   cpu         \
 *   device       } planes of the size of CMA
 *   shadow      /
 *   outer       what the second-level cache of 32-bit machines holds beside them (outer.c)
 *
 * The CPU plane is what programs see through cached mappings, the device plane what is in DDR. The shadow plane is what
 * was last made equal in both: a line is dirty when CPU and shadow differ, stale when device and shadow differ. Without
 * it a flush would write clean but stale lines over fresh DMA data, which hardware does not do.
 */
#ifndef BOARD_H
#define BOARD_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define BOARD_MAGIC 0x64726f622d6b6e78ull
#define BOARD_UNFINISHED 0x64726f622d776e78ull  /* in its place until the rest is there */
#define BOARD_LAYOUT 6u
#define BOARD_PAGE 4096u
#define BOARD_SLOTS 4096u       /* the largest table of any driver; slot 0 is the scratch page */
#define BOARD_SCRATCH 8192u     /* xlnk-abi §2 */
#define BOARD_LOW 65536u
#define BOARD_PAGE_LOST 0xffffu /* allocated, but no id refers to it (xlnk-abi §5.1, table-full leak) */
#define BOARD_MAX_FAULTS 64u
#define BOARD_MAX_DMABUFS 256u
#define BOARD_MAX_IRQS 256u     /* xlnk-abi §8.1 */
#define BOARD_MAX_DEVICES 128u  /* xlnk-abi §8.1 */
#define BOARD_COMMAND 48u
#define BOARD_EXAMPLE 160u
#define BOARD_OWNERS ((uint64_t) 1 << 47)       /* as many as positions of a file can tell apart: driver-file.c */

typedef uint64_t board_u64 __attribute__ ((aligned (8)));
typedef int64_t board_s64 __attribute__ ((aligned (8)));

typedef enum
{
  BOARD_ARM,
  BOARD_ARM64,
} BoardArch;

/* One row of the driver's table. The row is live when phys is not 0, which is written last. */
typedef struct
{
  board_u64 phys;
  board_u64 owner;              /* the open file that allocated it */
  board_u64 user_address;       /* latest mmap, for MEMOP */
  uint32_t length;              /* as asked for, not rounded: the driver looks up by it */
  uint32_t pages;
  uint32_t cacheable;
  int32_t map_thread;
  int32_t pid;                  /* for people: who allocated it */
  uint32_t serial;              /* given by the first core that uses it; 0: none did */
  char command[BOARD_COMMAND];
} BoardBuffer;

typedef struct
{
  board_u64 key;
  board_u64 phys;               /* 0: not one of our buffers, an address of its own */
  board_u64 size;
  uint32_t used;
  uint32_t valid;               /* the descriptor was a dma-buf */
} BoardDmabuf;

typedef struct
{
  uint32_t request;
  uint32_t use;                 /* the n-th use fails; counted from 1 */
  int32_t result;               /* -errno, a positive return, or BOARD_FAULT_KILL */
  uint32_t reserved;
} BoardFault;

typedef struct
{
  board_u64 base;
  uint32_t used;
  uint32_t refs;
} BoardPlatformDevice;

/* The names are in hazards.c; the order is that of the report. */
typedef enum
{
  HAZARD_DEVICE_READ_DIRTY,
  HAZARD_DEVICE_WRITE_DIRTY,
  HAZARD_DEVICE_OUTSIDE,
  HAZARD_DEVICE_FREED,
  HAZARD_DEVICE_OVERRUN,
  HAZARD_LOST_LINE,
  HAZARD_MAP_FREE_ID,
  HAZARD_MAP_TOO_LONG,
  HAZARD_OOPS,
  HAZARD_KINDS,
} BoardHazardKind;

typedef struct
{
  board_u64 count;
  char first[BOARD_EXAMPLE];
} BoardHazard;

typedef struct
{
  board_u64 allocs, frees, reclaimed;
  board_u64 flushes, flushed_bytes;
  board_u64 invalidates, invalidated_bytes;
  board_u64 needed, redundant, liveness_queries;
  board_u64 lines_asked, lines_written, lines_refreshed, lines_lost;
  board_u64 evictions;
  board_u64 ioctls, maps, recoveries;
  board_u64 lost_pages;
} BoardCounters;

typedef struct
{
  uint32_t word;                /* 0, or the thread that holds it, and a bit for waiters */
  uint32_t busy;                /* still set when the lock is got: its last holder died */
} BoardLock;

/* Where in the file the parts are: follows from the board. */
typedef struct
{
  board_u64 pages, lines, scratch, low, cpu, device, shadow, outer, end;
} BoardPlaces;

typedef struct
{
  board_u64 magic;
  uint32_t layout;
  uint32_t driver;              /* index in the table of versions.c */
  uint32_t arch;
  uint32_t line;
  uint32_t first_id;
  uint32_t seeded;
  board_u64 seed;
  board_u64 random;
  board_u64 base;               /* physical address of CMA */
  board_u64 cma;                /* bytes */
  BoardPlaces places;

  BoardLock lock;
  board_u64 next_owner;
  uint32_t last_serial;
  uint32_t unused;
  board_s64 scratch_size;       /* how much of the scratch page read() may see */
  uint32_t dma_type;            /* CONFIG: 0 manual, 1 standard */
  uint32_t fault_count;
  BoardFault faults[BOARD_MAX_FAULTS];
  board_u64 uses[64];           /* per request, for the faults */
  BoardCounters counters;
  BoardHazard hazards[HAZARD_KINDS];
  BoardDmabuf dmabufs[BOARD_MAX_DMABUFS];
  int32_t irqs[BOARD_MAX_IRQS];
  uint32_t irq_used[BOARD_MAX_IRQS];
  BoardPlatformDevice devices[BOARD_MAX_DEVICES];
  BoardBuffer buffers[BOARD_SLOTS];
} BoardState;

/* One process's view of the file. */
typedef struct
{
  BoardState *state;
  uint16_t *pages;
  uint8_t *lines;
  uint8_t *scratch, *cpu, *device, *shadow, *outer;
  BoardPlaces places;           /* as they were found right; those in the file anybody may write to */
} Board;

/* Options as the runner took them; board_create() writes them into a new file. */
typedef struct
{
  unsigned driver;
  BoardArch arch;
  unsigned line;
  unsigned first_id;
  bool seeded;
  uint64_t seed;
  uint64_t cma;
} BoardConfig;

/* check.c */
const char *board_distrust (int fd);     /* why the file cannot be a heap, as “is …”; NULL: it may be one */

bool board_buffer_fits (const Board * board, const BoardBuffer * buffer);   /* whole pages inside CMA */
bool board_is_sound (const Board * board);      /* its tables; under the lock, before they are used */

/* heap.c */
bool board_is_missing (int fd); /* an empty file, or one whose maker did not come to its end */
int board_create (int fd, const BoardConfig * config);
int board_attach (Board * board, int fd);       /* -1 and errno; EINVAL: not a heap, EUCLEAN: a damaged one */
uint64_t board_most_cma (BoardArch arch);
void board_detach (Board * board);

/* lock.c */
bool board_lock_take (BoardLock * lock); /* true: its last holder died */
void board_lock_release (BoardLock * lock);
int board_lock_holder (const BoardLock * lock); /* a thread; 0: nobody */
void board_lock_break (BoardLock * lock, int holder);   /* that thread is not inside, or, 0, nobody is */
void board_lock (Board * board);
void board_unlock (Board * board);

/* random.c */
uint32_t board_random (Board * board, uint32_t below);
bool board_chance (Board * board, unsigned percent);

/* hazards.c */
void board_hazard (Board * board, BoardHazardKind kind, const char *format, ...)
  __attribute__ ((format (printf, 3, 4)));
const char *board_hazard_name (BoardHazardKind kind);   /* an identifier, for JSON */
const char *board_hazard_title (BoardHazardKind kind);  /* for people */

/* Of an entry of Board.pages. */
static inline bool
board_is_id (unsigned id)
{
  return id != 0 && id < BOARD_SLOTS;   /* BOARD_PAGE_LOST is none */
}

/* cma.c */
uint64_t board_cma_alloc (Board * board, uint64_t size);        /* 0: none */
void board_cma_give (Board * board, uint64_t phys, uint64_t size, unsigned id);
void board_cma_zero (Board * board, uint64_t phys, uint64_t size);
uint64_t board_cma_free_pages (Board * board);

/* buffers.c */
unsigned board_find_slot (Board * board);       /* 0: the table is full */
int board_free_buffer (Board * board, int id);  /* 0 or -ENOMEM, as the driver */
unsigned board_find_phys (Board * board, uint64_t phys);        /* 0: not in a live buffer, by unrounded length */
bool board_live_range (Board * board, uint64_t phys, uint64_t size);    /* whole pages of live buffers */
unsigned board_live_buffers (Board * board, uint64_t * bytes);
void board_rebuild_pages (Board * board);

/* owners.c */
void board_reclaim (Board * board, const char *heap);

/* faults.c: names of requests, and the result of the n-th use */
typedef enum
{
  REQUEST_OPEN, REQUEST_READ, REQUEST_WRITE, REQUEST_MMAP, REQUEST_MUNMAP,
  REQUEST_ALLOC, REQUEST_FREE, REQUEST_ADDDMABUF, REQUEST_CLEARDMABUF,
  REQUEST_DMAREQUEST, REQUEST_DMASUBMIT, REQUEST_DMAWAIT, REQUEST_DMARELEASE,
  REQUEST_DEVREGISTER, REQUEST_DMAREGISTER, REQUEST_DEVUNREGISTER, REQUEST_MCDMAREGISTER,
  REQUEST_CACHECTRL, REQUEST_MEMOP, REQUEST_CONFIG,
  REQUEST_IRQREGISTER, REQUEST_IRQUNREGISTER, REQUEST_IRQWAIT,
  REQUEST_SHUTDOWN, REQUEST_RECRES,
  REQUEST_KINDS,
} BoardRequest;

const char *board_request_name (BoardRequest request);
#define BOARD_FAULT_KILL 0x40000000     /* the request is done, and nobody lives to learn of it */
int board_fault (Board * board, BoardRequest request);  /* counts the use; 0: no fault */

#endif /* BOARD_H */
