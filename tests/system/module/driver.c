// SPDX-License-Identifier: GPL-2.0
/*
 * The character device: requests, mappings and the scratch page (xlnk-abi 2, 3, 5.3 and 6). It checks as little as the
 * real driver, with two exceptions, where that one tramples on the kernel: an id beyond the table, and a write
 * beyond the scratch page.
 */
#include <linux/dma-mapping.h>
#include <linux/fs.h>
#include <linux/miscdevice.h>
#include <linux/module.h>
#include <linux/platform_device.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/uaccess.h>

#include "xlnk.h"

static unsigned int shift = 16;
module_param(shift, uint, 0444);
MODULE_PARM_DESC(shift, "mmap offset of a buffer is its id << shift: 16, or 24 as in the oldest drivers");

DEFINE_MUTEX(xlnk_lock);
struct device *xlnk_device;

static struct platform_device *platform;
static char *scratch;
static loff_t scratch_length;

/*
 * On 32-bit ARM the driver maintains L1 from the buffer's first byte, whatever address it was given, and L2 from the
 * address: a line has left both only where the two ranges meet. Both actions clean and invalidate; action 1 then drops
 * L2's lines once more, where it finds none left. The loops maintain a line before they look at the end.
 */
static long cache_control(const struct xlnk_cache_arg *cache)
{
	unsigned int id;
	phys_addr_t base;
	size_t size = max_t(s32, cache->size, 1), moved = 0;

	if (cache->action != 0 && cache->action != 1)
		return -EINVAL;
	id = xlnk_find(cache->phys);
	if (!id || (s32)cache->size < 0)
		return -EINVAL;
	base = xlnk_buffers[id].phys;
	if (cache->phys < base + size)
		moved = xlnk_cache_maintain(cache->phys, base + size - cache->phys, true, true);
	if (cache->size <= 1)
		return 0;	/* a question whether the buffer is alive */
	if (moved)
		xlnk_counters.needed++;
	else
		xlnk_counters.redundant++;
	if (cache->action == 0) {
		xlnk_counters.flushes++;
		xlnk_counters.flushed_bytes += cache->size;
	} else {
		xlnk_counters.invalidates++;
		xlnk_counters.invalidated_bytes += cache->size;
	}
	return 0;
}

static int fault_of(unsigned int code)
{
	switch (code) {
	case XLNK_REQUEST(2):
		return xlnk_fault(XLNK_FAULT_ALLOC);
	case XLNK_REQUEST(3):
		return xlnk_fault(XLNK_FAULT_FREE);
	case XLNK_REQUEST(24):
		return xlnk_fault(XLNK_FAULT_CACHECTRL);
	default:
		return 0;
	}
}

static long dispatch(unsigned int code, union xlnk_arg __user *user, union xlnk_arg *arg)
{
	switch (code) {
	case XLNK_REQUEST(2):
		return xlnk_alloc(user, arg);
	case XLNK_REQUEST(3):
		return xlnk_free(arg->free.id);
	case XLNK_REQUEST(5):
		return 1;	/* "no such dma-buf", and there never is one */
	case XLNK_REQUEST(24):
		return cache_control(&arg->cache);
	case XLNK_REQUEST(25):
		return xlnk_memop(user, arg);
	default:
		return -EINVAL;
	}
}

static bool takes_argument(unsigned int code)
{
	return code == XLNK_REQUEST(2) || code == XLNK_REQUEST(3) || code == XLNK_REQUEST(5) ||
	       code == XLNK_REQUEST(24) || code == XLNK_REQUEST(25);
}

/* What was not copied in is ENOMEM, except for MEMOP, which says how much. */
static long with_argument(unsigned int code, union xlnk_arg __user *user)
{
	union xlnk_arg arg;
	unsigned long left = copy_from_user(&arg, user, sizeof(arg));
	long result;

	if (left)
		return code == XLNK_REQUEST(25) ? (long)left : -ENOMEM;
	mutex_lock(&xlnk_lock);
	result = fault_of(code);
	if (result >= 0) {
		int positive = result;

		result = dispatch(code, user, &arg);
		if (result == 0)
			result = positive;
	}
	mutex_unlock(&xlnk_lock);
	return result;
}

static long xlnk_ioctl(struct file *file, unsigned int code, unsigned long argument)
{
	if (_IOC_TYPE(code) != XLNK_MAGIC || _IOC_NR(code) > XLNK_LAST_REQUEST)
		return -ENOTTY;
	mutex_lock(&xlnk_lock);
	xlnk_counters.ioctls++;
	mutex_unlock(&xlnk_lock);
	if (takes_argument(code))
		return with_argument(code, (union xlnk_arg __user *)argument);
	if (code == XLNK_REQUEST(100))
		return 0;
	if (code != XLNK_REQUEST(101))
		return -EINVAL;
	mutex_lock(&xlnk_lock);
	xlnk_free_all();
	mutex_unlock(&xlnk_lock);
	return 0;
}

/* Page by page: what the cache's model shows of neighbouring pages is not neighbouring. */
static int map_cached(struct vm_area_struct *vma, unsigned long pfn)
{
	unsigned long at;
	int result;

	for (at = vma->vm_start; at < vma->vm_end; at += PAGE_SIZE, pfn++) {
		result = remap_pfn_range(vma, at, xlnk_cache_pfn(pfn), PAGE_SIZE, vma->vm_page_prot);
		if (result)
			return result;
	}
	return 0;
}

/* An id that is free has address 0 and is not cacheable. No length is checked. */
static int map_buffer(struct vm_area_struct *vma, unsigned int id)
{
	struct xlnk_buffer *buffer = &xlnk_buffers[id];

	buffer->user = vma->vm_start;
	buffer->thread = current->pid;
	if (buffer->cacheable)
		return map_cached(vma, PHYS_PFN(buffer->phys));
	vma->vm_page_prot = pgprot_noncached(vma->vm_page_prot);
	return remap_pfn_range(vma, vma->vm_start, PHYS_PFN(buffer->phys), vma->vm_end - vma->vm_start,
			       vma->vm_page_prot);
}

/* The slot is what is left of the offset; its lower bits are dropped. */
static int xlnk_mmap(struct file *file, struct vm_area_struct *vma)
{
	unsigned long slot = vma->vm_pgoff >> (shift - PAGE_SHIFT);
	unsigned long size = vma->vm_end - vma->vm_start;
	int result;

	if (slot >= XLNK_SLOTS || (slot == 0 && size > XLNK_SCRATCH))
		return -EINVAL;
	mutex_lock(&xlnk_lock);
	xlnk_counters.maps++;
	result = xlnk_fault(XLNK_FAULT_MMAP);
	if (result == 0 && slot == 0)
		result = remap_pfn_range(vma, vma->vm_start, PHYS_PFN(virt_to_phys(scratch)), size, vma->vm_page_prot);
	else if (result == 0)
		result = map_buffer(vma, slot);
	mutex_unlock(&xlnk_lock);
	return result;
}

static int xlnk_open(struct inode *inode, struct file *file)
{
	int result;

	mutex_lock(&xlnk_lock);
	result = xlnk_fault(XLNK_FAULT_OPEN);
	if (result == 0 && (file->f_flags & O_ACCMODE) == O_WRONLY)
		scratch_length = 0;
	mutex_unlock(&xlnk_lock);
	return result;
}

static ssize_t xlnk_read(struct file *file, char __user *user, size_t size, loff_t *offset)
{
	ssize_t result;

	mutex_lock(&xlnk_lock);
	result = simple_read_from_buffer(user, size, offset, scratch, scratch_length);
	mutex_unlock(&xlnk_lock);
	return result;
}

static ssize_t xlnk_write(struct file *file, const char __user *user, size_t size, loff_t *offset)
{
	ssize_t result = size;

	if (*offset < 0 || *offset > XLNK_SCRATCH || size > XLNK_SCRATCH - *offset)
		return -ENOSPC;
	mutex_lock(&xlnk_lock);
	if (copy_from_user(scratch + *offset, user, size)) {
		result = -EFAULT;
	} else {
		*offset += size;
		scratch_length = max(scratch_length, *offset);
	}
	mutex_unlock(&xlnk_lock);
	return result;
}

static const struct file_operations operations = {
	.owner = THIS_MODULE,
	.open = xlnk_open,
	.read = xlnk_read,
	.write = xlnk_write,
	.unlocked_ioctl = xlnk_ioctl,
	.mmap = xlnk_mmap,
};

static struct miscdevice node = {
	.minor = MISC_DYNAMIC_MINOR,
	.name = "xlnk",
	.fops = &operations,
};

static const struct platform_device_info platform_info = {
	.name = "xlnk",
	.id = PLATFORM_DEVID_NONE,
	.dma_mask = DMA_BIT_MASK(32),
};

static int __init xlnk_init(void)
{
	int result;

	if (shift != 16 && shift != 24)
		return -EINVAL;
	result = xlnk_cache_init();
	if (result)
		return result;
	result = -ENOMEM;
	scratch = (char *)__get_free_pages(GFP_KERNEL | __GFP_ZERO, get_order(XLNK_SCRATCH));
	if (!scratch)
		goto no_scratch;
	platform = platform_device_register_full(&platform_info);
	result = PTR_ERR_OR_ZERO(platform);
	if (result)
		goto no_platform;
	xlnk_device = &platform->dev;
	xlnk_device->coherent_dma_mask = DMA_BIT_MASK(32);
	result = misc_register(&node);
	if (result)
		goto no_node;
	xlnk_debug_init();
	return 0;

no_node:
	platform_device_unregister(platform);
no_platform:
	free_pages((unsigned long)scratch, get_order(XLNK_SCRATCH));
no_scratch:
	xlnk_cache_exit();
	return result;
}

static void __exit xlnk_exit(void)
{
	xlnk_debug_exit();
	misc_deregister(&node);
	xlnk_free_all();
	platform_device_unregister(platform);
	free_pages((unsigned long)scratch, get_order(XLNK_SCRATCH));
	xlnk_cache_exit();
}

module_init(xlnk_init);
module_exit(xlnk_exit);
MODULE_LICENSE("GPL v2");
MODULE_DESCRIPTION("Stand-in for the xlnk driver of Xilinx kernels, for tests");
