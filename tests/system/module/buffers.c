// SPDX-License-Identifier: GPL-2.0
/*
 * Buffers: ALLOCBUF, FREEBUF and RECRES (xlnk-abi 5). Allocated first, then given an id, so a full table loses memory;
 * anyone may free any id; nothing is freed when a file is closed.
 */
#include <linux/dma-mapping.h>
#include <linux/uaccess.h>

#include "xlnk.h"

#define ATTRIBUTES DMA_ATTR_NO_KERNEL_MAPPING

struct xlnk_buffer xlnk_buffers[XLNK_SLOTS];
struct xlnk_counters xlnk_counters;

/*
 * Kernels from 5.x on take a single page from anywhere, those of the real driver took it from CMA: so no less than two
 * pages. And when CMA is full they try other memory, which the real driver's kernels did not.
 */
static int take_memory(struct xlnk_buffer *buffer)
{
	buffer->size = max_t(size_t, PAGE_ALIGN((size_t)buffer->len), 2 * PAGE_SIZE);
	buffer->token = dma_alloc_attrs(xlnk_device, buffer->size, &buffer->dma, GFP_KERNEL | GFP_DMA | __GFP_NOWARN,
					ATTRIBUTES);
	if (!buffer->token)
		return -ENOMEM;
	buffer->phys = buffer->dma;
	if (xlnk_cache_in_cma(buffer->phys, buffer->size) && xlnk_cache_zero(buffer->phys, buffer->size) == 0)
		return 0;
	dma_free_attrs(xlnk_device, buffer->size, buffer->token, buffer->dma, ATTRIBUTES);
	return -ENOMEM;
}

static unsigned int find_slot(void)
{
	unsigned int id;

	for (id = 1; id < XLNK_SLOTS; id++)
		if (!xlnk_buffers[id].phys)
			return id;
	return 0;
}

/* Called under the lock. A block that could not be written back keeps its buffer: the caller never learns its id. */
long xlnk_alloc(union xlnk_arg __user *user, union xlnk_arg *arg)
{
	struct xlnk_buffer buffer = { .len = arg->alloc.len, .cacheable = arg->alloc.cacheable != 0 };
	unsigned int id;

	if (buffer.len == 0 || buffer.len > ULONG_MAX - PAGE_SIZE || take_memory(&buffer))
		return -ENOMEM;
	id = find_slot();
	if (!id) {
		xlnk_counters.lost_blocks++;
		return -ENOMEM;
	}
	buffer.owner = current->tgid;
	get_task_comm(buffer.command, current);
	xlnk_buffers[id] = buffer;
	xlnk_counters.allocs++;
	xlnk_counters.live_blocks++;
	xlnk_counters.live_bytes += buffer.len;
	arg->alloc.id = id;
	arg->alloc.phys = buffer.phys;
	return copy_to_user(user, arg, sizeof(*arg));
}

/* Called under the lock. Mappings stay, and show whatever comes to live there next. */
long xlnk_free(u32 id)
{
	struct xlnk_buffer *buffer;

	if ((s32)id <= 0 || id >= XLNK_SLOTS || !xlnk_buffers[id].phys)
		return -ENOMEM;
	buffer = &xlnk_buffers[id];
	dma_free_attrs(xlnk_device, buffer->size, buffer->token, buffer->dma, ATTRIBUTES);
	xlnk_counters.frees++;
	xlnk_counters.live_blocks--;
	xlnk_counters.live_bytes -= buffer->len;
	memset(buffer, 0, sizeof(*buffer));
	return 0;
}

void xlnk_free_all(void)
{
	unsigned int id;

	for (id = 1; id < XLNK_SLOTS; id++)
		xlnk_free(id);
}

/* The live buffer around an address, by the length as asked; 0: none. */
unsigned int xlnk_find(phys_addr_t phys)
{
	unsigned int id;

	for (id = 1; id < XLNK_SLOTS; id++) {
		const struct xlnk_buffer *buffer = &xlnk_buffers[id];

		if (buffer->phys && phys >= buffer->phys && phys - buffer->phys < buffer->len)
			return id;
	}
	return 0;
}
