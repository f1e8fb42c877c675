// SPDX-License-Identifier: GPL-2.0
/*
 * A device's view of memory for tests that have no DMA engine: debugfs "memory", whose file offset is a physical
 * address. It goes past the CPU's cache, as a device does. What would be undefined on a board is counted as a hazard: a
 * dirty line in the range, and an address outside live buffers, which also fails.
 *
 * "evict" takes "ADDRESS SIZE": these lines leave the cache, as any line may at any time.
 */
#include <linux/debugfs.h>
#include <linux/highmem.h>
#include <linux/module.h>
#include <linux/uaccess.h>

#include "xlnk.h"

static bool is_inside(phys_addr_t phys, size_t size)
{
	unsigned int id = xlnk_find(phys);

	return id && size <= xlnk_buffers[id].size - (phys - xlnk_buffers[id].phys);
}

static int access_page(char __user *user, phys_addr_t phys, size_t size, bool write)
{
	u8 *memory = kmap(pfn_to_page(PHYS_PFN(phys)));
	unsigned long left;

	if (write)
		left = copy_from_user(memory + offset_in_page(phys), user, size);
	else
		left = copy_to_user(user, memory + offset_in_page(phys), size);
	kunmap(pfn_to_page(PHYS_PFN(phys)));
	return left ? -EFAULT : 0;
}

static int access_memory(char __user *user, phys_addr_t phys, size_t size, bool write)
{
	int result = 0;

	if (!is_inside(phys, size)) {
		xlnk_counters.hazards++;
		return -EFAULT;
	}
	xlnk_counters.hazards += xlnk_cache_is_dirty(phys, size);
	while (size > 0 && result == 0) {
		size_t part = min_t(size_t, size, PAGE_SIZE - offset_in_page(phys));

		result = access_page(user, phys, part, write);
		user += part;
		phys += part;
		size -= part;
	}
	return result;
}

static ssize_t transfer(char __user *user, size_t size, loff_t *offset, bool write)
{
	int result;

	mutex_lock(&xlnk_lock);
	result = access_memory(user, *offset, size, write);
	mutex_unlock(&xlnk_lock);
	if (result)
		return result;
	*offset += size;
	return size;
}

static ssize_t memory_read(struct file *file, char __user *user, size_t size, loff_t *offset)
{
	return transfer(user, size, offset, false);
}

static ssize_t memory_write(struct file *file, const char __user *user, size_t size, loff_t *offset)
{
	return transfer((char __user *)user, size, offset, true);
}

static loff_t memory_seek(struct file *file, loff_t offset, int whence)
{
	return fixed_size_llseek(file, offset, whence, U32_MAX);
}

const struct file_operations xlnk_memory_operations = {
	.owner = THIS_MODULE,
	.open = simple_open,
	.read = memory_read,
	.write = memory_write,
	.llseek = memory_seek,
};

static ssize_t evict_write(struct file *file, const char __user *user, size_t size, loff_t *offset)
{
	unsigned long phys, length;
	char text[64];

	if (size >= sizeof(text) || copy_from_user(text, user, size))
		return -EFAULT;
	text[size] = '\0';
	if (sscanf(text, "%li %li", &phys, &length) != 2)
		return -EINVAL;
	mutex_lock(&xlnk_lock);
	xlnk_cache_maintain(phys, length, true, true);
	mutex_unlock(&xlnk_lock);
	return size;
}

const struct file_operations xlnk_evict_operations = {
	.owner = THIS_MODULE,
	.open = simple_open,
	.write = evict_write,
	.llseek = noop_llseek,
};
