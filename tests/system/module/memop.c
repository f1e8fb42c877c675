// SPDX-License-Identifier: GPL-2.0
/*
 * MEMOP (xlnk-abi 7): finds a buffer by the address and the thread of its latest mapping, and honours offsets. There are
 * no dma-bufs here.
 */
#include <linux/sched.h>
#include <linux/uaccess.h>

#include "xlnk.h"

static struct xlnk_buffer *find_mapping(unsigned long address)
{
	unsigned int id;

	for (id = 1; id < XLNK_SLOTS; id++) {
		struct xlnk_buffer *buffer = &xlnk_buffers[id];

		if (buffer->phys && buffer->thread == current->pid && buffer->user <= address &&
		    address - buffer->user < buffer->len)
			return buffer;
	}
	return NULL;
}

/* What the DMA layer does to the CPU's cache when it maps or unmaps a segment. */
static void sync(const struct xlnk_memop_arg *memop, phys_addr_t phys)
{
	bool acquire = memop->flags & XLNK_ACQUIRE;

	if (memop->size <= 0)
		return;
	if (acquire)
		xlnk_cache_maintain(phys, memop->size, memop->direction != XLNK_FROM_DEVICE,
				    memop->direction == XLNK_FROM_DEVICE);
	else if (memop->direction != XLNK_TO_DEVICE)
		xlnk_cache_maintain(phys, memop->size, false, true);
}

/* Called under the lock. */
long xlnk_memop(union xlnk_arg __user *user, union xlnk_arg *arg)
{
	struct xlnk_memop_arg *memop = &arg->memop;
	int what = memop->flags & (XLNK_ACQUIRE | XLNK_RELEASE);
	const struct xlnk_buffer *buffer;
	phys_addr_t phys;

	if (what != XLNK_ACQUIRE && what != XLNK_RELEASE)
		return -EINVAL;
	buffer = find_mapping(memop->address);
	if (!buffer)
		return -EINVAL;
	phys = what == XLNK_ACQUIRE ? buffer->phys + (memop->address - buffer->user) : memop->token;
	if (!(memop->flags & XLNK_COHERENT) && buffer->cacheable)
		sync(memop, phys);
	if (what == XLNK_RELEASE)
		return 0;
	memop->phys = phys;
	memop->token = phys;
	return copy_to_user(user, arg, sizeof(*arg));
}
