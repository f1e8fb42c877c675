/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * cores.h: the emulated FPGA cores as they lie in a file beside the heap.
 *
 * The runner makes the file and runs the cores, one thread each; the programs on the board map it and reach the
 * registers. So a core goes on when the program that started it dies, as hardware does. Like the heap the file may be
 * shared by processes of different word sizes: every field has a fixed size and place.
 *
 *   0            CoreTable
 *   windows      64 KiB per core: what programs map, for those that do not come through xlnk_hw_read32/write32
 */
#ifndef CORES_H
#define CORES_H

#include "board.h"

#define CORES_MAGIC 0x7365726f632d6e78ull
#define CORES_LAYOUT 1u
#define CORES_MAX 16u
#define CORE_NAME 48u
#define CORE_WINDOW 0x10000u    /* as Vivado gives to a core with an AXI4-Lite port */
#define CORE_WORDS 48u          /* registers, in words from the start of the window */

typedef enum
{
  CORE_HLS,
  CORE_DMA,
} CoreKind;

typedef enum
{
  IRQ_NORMAL,
  IRQ_NONE,                     /* the core has no interrupt */
  IRQ_LOST,                     /* every n-th does not arrive */
  IRQ_SPURIOUS,                 /* every n-th job makes one more, in its middle */
} CoreIrq;

/* What differs in what the versions of Vitis HLS generate (xlnk-abi §11.2). */
typedef enum
{
  TOOLS_2018_3,                 /* ap_ready is a plain wire, ISR toggles */
  TOOLS_2022_1,                 /* ap_ready clears when read, so does ISR */
  TOOLS_2022_2,                 /* ap_ready clears when read, ISR toggles */
} CoreTools;

/* As the command line has it. */
typedef struct
{
  char name[CORE_NAME];
  uint32_t model;               /* index in the table of models.c */
  uint32_t kind;
  board_u64 base;
  board_u64 latency;            /* ns per job */
  board_u64 rate;               /* bytes of input per second; 0: as fast as it can */
  board_u64 irq_delay;          /* ns from done to the interrupt */
  uint32_t hang_at, error_at;   /* the n-th job; 0: none */
  uint32_t irq, irq_every;
  uint32_t chain;               /* ap_ctrl_chain */
  uint32_t tools;
  uint32_t address_width;       /* 32: no upper words */
  uint32_t format;              /* what 0 in the format register means */
  uint32_t output_format;
  uint32_t realigns;            /* DMA: has a data realignment engine */
  uint32_t data_width;          /* DMA: bits */
  uint32_t length_width;        /* DMA: bits of LENGTH */
  uint32_t channels;            /* DMA: bit 0 MM2S, bit 1 S2MM */
  uint32_t fifo;                /* DMA: bytes of stream between the channels */
  uint32_t packet;              /* DMA source: bytes from TLAST to TLAST; 0: as much as was asked for */
} CoreConfig;

typedef struct
{
  board_u64 jobs, finished, busy;       /* busy: ns */
  board_u64 bytes_read, bytes_written;
  board_u64 interrupts, lost, spurious;
  board_u64 hangs, errors;
} CoreStatistics;

/* ap_ctrl_hs and ap_ctrl_chain. Arguments are at their offsets / 4. */
typedef struct
{
  uint32_t start, done, ready, restart;
  uint32_t gie, ier, isr;
  uint32_t running;             /* the job is the engine's */
  uint32_t waiting;             /* chain: done, and waits for ap_continue */
  uint32_t arguments[CORE_WORDS];
  uint32_t job[CORE_WORDS];     /* the arguments when it started */
} HlsRegisters;

/* One channel of an AXI DMA in direct register mode. */
typedef struct
{
  uint32_t run;                 /* the bit as written */
  uint32_t control;             /* other bits of DMACR */
  uint32_t status;              /* of DMASR: idle, errors, interrupts */
  uint32_t halted;
  uint32_t active;              /* a transfer is the engine's */
  uint32_t length, received;
  board_u64 address;
} DmaChannel;

enum
{
  MM2S, S2MM,
};

typedef struct
{
  CoreConfig config;
  CoreStatistics statistics;
  BoardLock lock;               /* of everything below; never taken under the board's */
  uint32_t wake;                /* futex: changes when the engine should look */
  uint32_t generation;          /* changes with every reset; a job of an earlier one must stop */
  uint32_t plain_users;         /* mappings through which nobody has used the hooks yet */
  uint32_t bursting;            /* the engine is at the memory */
  HlsRegisters hls;
  DmaChannel dma[2];

  /* The UIO driver: a level interrupt that it masks each time it comes. */
  board_u64 node;               /* inode of the FIFO that stands for /dev/uioN */
  uint32_t enabled;
  uint32_t events;
  uint32_t pending;             /* an event that the engine has to announce */
  uint32_t asserted;            /* the line is high */
  uint32_t ignored;             /* this assertion was lost */
  uint32_t assertions;
  board_u64 announce_at;

  uint32_t shown[CORE_WORDS];   /* what the window held when last looked at */
} Core;

typedef struct
{
  board_u64 magic;
  uint32_t layout, count;
  board_u64 device;             /* st_dev of the nodes */
  board_u64 memory_node;        /* inode of what stands for /dev/mem */
  board_u64 windows_at, end;
  Core cores[CORES_MAX];
} CoreTable;

/* table.c */
int cores_create (int fd, const CoreConfig * configs, unsigned count);
CoreTable *cores_attach (int fd);       /* NULL and errno */
void cores_detach (CoreTable * table);
volatile uint32_t *core_window (CoreTable * table, const Core * core);
uint64_t core_window_offset (const CoreTable * table, unsigned number);

/* registers.c: offsets from the start of the window; under the core's lock */
void core_lock (Core * core);
void core_unlock (Core * core);
uint32_t core_read (Core * core, uint32_t offset);
void core_write (Core * core, uint32_t offset, uint32_t value);
uint32_t core_peek (const Core * core, uint32_t offset);        /* without what reading does */
void core_reset (Core * core);  /* as loading the fabric anew; a running job stops */
void core_stop_job (Core * core);
void core_wake (Core * core);

/* window.c: for programs without the hooks */
void core_show (CoreTable * table, Core * core);
bool core_take_stores (CoreTable * table, Core * core);  /* true: there were some */

/* hls.c */
uint32_t hls_read (Core * core, uint32_t offset);
uint32_t hls_peek (const Core * core, uint32_t offset);
void hls_write (Core * core, uint32_t offset, uint32_t value);
void hls_finish (Core * core);
bool hls_line (const Core * core);

/* axidma.c */
uint32_t dma_peek (const Core * core, uint32_t offset);
void dma_write (Core * core, uint32_t offset, uint32_t value);
void dma_finish (Core * core, unsigned channel);
void dma_fail (Core * core, unsigned channel, uint32_t error);
void dma_reset (Core * core);
bool dma_line (const Core * core);

/* interrupt.c: after every change that may move the line */
void interrupt_update (Core * core);
void interrupt_raise (Core * core);     /* without a cause */
void interrupt_enable (Core * core, bool enable);
uint64_t core_now (void);       /* ns */

#endif /* CORES_H */
