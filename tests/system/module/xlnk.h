/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A stand-in for the xlnk driver of Xilinx' kernels, for tests on a stock kernel: what a client can see of it, as
 * xlnk-abi describes it for kernels 4.14 and 4.19. Real CMA, a real character device, real mappings; the cache is a
 * model (cache.c), since the machine that this runs on (QEMU) has none.
 */
#ifndef XLNK_H
#define XLNK_H

#include <linux/mm.h>
#include <linux/mutex.h>
#include <linux/sched.h>
#include <linux/types.h>

#define XLNK_MAGIC 'X'
#define XLNK_LAST_REQUEST 101
#define XLNK_REQUEST(nr) _IOWR(XLNK_MAGIC, (nr), unsigned long)
#define XLNK_SLOTS 4096		/* slot 0 is the scratch page */
#define XLNK_SCRATCH 8192

#define XLNK_COHERENT 0x1
#define XLNK_ACQUIRE 0x1000
#define XLNK_RELEASE 0x2000

enum { XLNK_BOTH, XLNK_TO_DEVICE, XLNK_FROM_DEVICE, XLNK_NONE };

struct xlnk_alloc_arg {
	u32 len;
	s32 id;
	unsigned long phys;
	u8 cacheable;
} __packed;

struct xlnk_free_arg {
	u32 id;
	unsigned long buf;
} __packed;

struct xlnk_cache_arg {
	unsigned long phys;
	u32 size;
	s32 action;
} __packed;

struct xlnk_memop_arg {
	unsigned long address;
	s32 size;
	s32 direction;
	s32 flags;
	unsigned long phys;
	unsigned long token;
} __packed;

/* Every request copies all of it, whatever its number says. */
union xlnk_arg {
	struct xlnk_alloc_arg alloc;
	struct xlnk_free_arg free;
	struct xlnk_cache_arg cache;
	struct xlnk_memop_arg memop;
	u8 bytes[sizeof(long) == 4 ? 88 : 96];
};

struct xlnk_buffer {
	phys_addr_t phys;	/* 0: the id is free */
	u32 len;		/* as asked, not rounded */
	bool cacheable;
	size_t size;		/* as allocated */
	void *token;		/* of the DMA layer */
	dma_addr_t dma;
	unsigned long user;	/* what mmap remembers, for MEMOP */
	pid_t thread;
	pid_t owner;		/* who allocated it, for the list in debugfs */
	char command[TASK_COMM_LEN];
};

struct xlnk_counters {
	u64 live_blocks, live_bytes, allocs, frees;
	u64 flushes, invalidates, flushed_bytes, invalidated_bytes;
	u64 ioctls, maps;
	u64 needed, redundant;	/* CACHECTRL that moved a line, or that moved none */
	u64 lost_blocks;
	u64 hazards;		/* a device met a dirty line, or left the buffers (device.c) */
};

extern struct mutex xlnk_lock;		/* over all that follows */
extern struct xlnk_buffer xlnk_buffers[XLNK_SLOTS];
extern struct xlnk_counters xlnk_counters;
extern struct device *xlnk_device;

/* buffers.c */
long xlnk_alloc(union xlnk_arg __user *user, union xlnk_arg *arg);
long xlnk_free(u32 id);
void xlnk_free_all(void);
unsigned int xlnk_find(phys_addr_t phys);

/* cache.c: the range is of physical addresses; what is outside CMA is left alone. */
int xlnk_cache_init(void);
void xlnk_cache_exit(void);
bool xlnk_cache_in_cma(phys_addr_t phys, size_t size);
int xlnk_cache_zero(phys_addr_t phys, size_t size);
size_t xlnk_cache_maintain(phys_addr_t phys, size_t size, bool clean, bool invalidate);	/* lines moved */
bool xlnk_cache_is_dirty(phys_addr_t phys, size_t size);
unsigned long xlnk_cache_pfn(unsigned long pfn);

/* memop.c */
long xlnk_memop(union xlnk_arg __user *user, union xlnk_arg *arg);

/* device.c */
extern const struct file_operations xlnk_memory_operations;
extern const struct file_operations xlnk_evict_operations;

/* debug.c */
enum xlnk_fault { XLNK_FAULT_OPEN, XLNK_FAULT_MMAP, XLNK_FAULT_ALLOC, XLNK_FAULT_FREE, XLNK_FAULT_CACHECTRL,
	XLNK_FAULTS };
void xlnk_debug_init(void);
void xlnk_debug_exit(void);
int xlnk_fault(enum xlnk_fault fault);

#endif
