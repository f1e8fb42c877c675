// SPDX-License-Identifier: GPL-2.0
/*
 * /sys/kernel/debug/xlnk: the counters, the list of live buffers, and fail-nth. A write of "REQUEST N RESULT" there makes
 * the N-th use of the request from now on fail with RESULT (a negative errno, or a positive number of bytes "not
 * copied").
 */
#include <linux/debugfs.h>
#include <linux/module.h>
#include <linux/seq_file.h>
#include <linux/uaccess.h>

#include "xlnk.h"

static const char * const names[XLNK_FAULTS] = { "open", "mmap", "alloc", "free", "cachectrl" };

static struct dentry *directory;
static struct {
	unsigned int left;	/* uses until it happens; 0: never */
	int result;
} faults[XLNK_FAULTS];

/* Called under the lock. */
int xlnk_fault(enum xlnk_fault fault)
{
	if (faults[fault].left == 0 || --faults[fault].left > 0)
		return 0;
	return faults[fault].result;
}

static ssize_t fail_nth_write(struct file *file, const char __user *user, size_t size, loff_t *offset)
{
	char text[64], name[16];
	unsigned int left;
	int result, fault;

	if (size >= sizeof(text) || copy_from_user(text, user, size))
		return -EFAULT;
	text[size] = '\0';
	if (sscanf(text, "%15s %u %d", name, &left, &result) != 3)
		return -EINVAL;
	fault = match_string(names, XLNK_FAULTS, name);
	if (fault < 0)
		return -EINVAL;
	mutex_lock(&xlnk_lock);
	faults[fault].left = left;
	faults[fault].result = result;
	mutex_unlock(&xlnk_lock);
	return size;
}

static const struct file_operations fail_nth_operations = {
	.owner = THIS_MODULE,
	.open = simple_open,
	.write = fail_nth_write,
	.llseek = noop_llseek,
};

/* As in the emulator: id, address, length as asked, cacheable, who allocated it. */
static int buffers_show(struct seq_file *file, void *data)
{
	unsigned int id;

	mutex_lock(&xlnk_lock);
	for (id = 1; id < XLNK_SLOTS; id++) {
		const struct xlnk_buffer *buffer = &xlnk_buffers[id];

		if (buffer->phys)
			seq_printf(file, "%u 0x%llx %u %d %d %s\n", id, (u64)buffer->phys, buffer->len,
				   buffer->cacheable, buffer->owner, buffer->command);
	}
	mutex_unlock(&xlnk_lock);
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(buffers);

void xlnk_debug_init(void)
{
	struct xlnk_counters *c = &xlnk_counters;

	directory = debugfs_create_dir("xlnk", NULL);
	debugfs_create_u64("live_blocks", 0444, directory, &c->live_blocks);
	debugfs_create_u64("live_bytes", 0444, directory, &c->live_bytes);
	debugfs_create_u64("allocs", 0444, directory, &c->allocs);
	debugfs_create_u64("frees", 0444, directory, &c->frees);
	debugfs_create_u64("flushes", 0444, directory, &c->flushes);
	debugfs_create_u64("invalidates", 0444, directory, &c->invalidates);
	debugfs_create_u64("flushed_bytes", 0444, directory, &c->flushed_bytes);
	debugfs_create_u64("invalidated_bytes", 0444, directory, &c->invalidated_bytes);
	debugfs_create_u64("ioctls", 0444, directory, &c->ioctls);
	debugfs_create_u64("maps", 0444, directory, &c->maps);
	debugfs_create_u64("needed", 0444, directory, &c->needed);
	debugfs_create_u64("redundant", 0444, directory, &c->redundant);
	debugfs_create_u64("lost_blocks", 0444, directory, &c->lost_blocks);
	debugfs_create_u64("hazards", 0444, directory, &c->hazards);
	debugfs_create_file("buffers", 0444, directory, NULL, &buffers_fops);
	debugfs_create_file("memory", 0600, directory, NULL, &xlnk_memory_operations);
	debugfs_create_file("evict", 0200, directory, NULL, &xlnk_evict_operations);
	debugfs_create_file("fail-nth", 0200, directory, NULL, &fail_nth_operations);
}

void xlnk_debug_exit(void)
{
	debugfs_remove_recursive(directory);
}
