// SPDX-License-Identifier: GPL-2.0
/*
 * A write-back cache between the CPU and CMA, as large as CMA. Memory itself is what devices see. Of each page of CMA
 * there are two more planes: what the CPU sees, which is what a cacheable mapping shows, and what was last synchronised.
 * A line is dirty when these two differ. Cleaning a line writes it to memory if it is dirty, and only then, so that a
 * clean, stale line never covers what a device wrote; invalidating it fetches it from memory.
 *
 * The planes belong to physical pages, as a real cache's lines do, and stay until the module goes: a mapping that
 * outlives its buffer reaches nothing else of the kernel's.
 */
#include <linux/highmem.h>
#include <linux/module.h>
#include <linux/vmalloc.h>

#include "xlnk.h"

static unsigned long cma_start;
module_param(cma_start, ulong, 0444);
MODULE_PARM_DESC(cma_start, "Physical address of CMA, as the kernel's log gives it");

static unsigned long cma_size;
module_param(cma_size, ulong, 0444);
MODULE_PARM_DESC(cma_size, "Bytes of CMA");

static bool cache_model = true;
module_param(cache_model, bool, 0444);
MODULE_PARM_DESC(cache_model, "Model a cache that is not coherent with devices (default on)");

static unsigned int line = 32;
module_param(line, uint, 0444);
MODULE_PARM_DESC(line, "Bytes of a cache line (default 32, as Cortex-A9)");

/* For negative controls: a board on which one half of the maintenance is forgotten. */
static bool ignore_clean;
module_param(ignore_clean, bool, 0644);
MODULE_PARM_DESC(ignore_clean, "Dirty lines stay in the cache whatever is asked");

static bool ignore_invalidate;
module_param(ignore_invalidate, bool, 0644);
MODULE_PARM_DESC(ignore_invalidate, "Lines stay valid whatever is asked");

struct planes {
	struct page *cpu;
	struct page *synced;
};

static struct planes *pages;

static size_t cma_pages(void)
{
	return cma_size >> PAGE_SHIFT;
}

bool xlnk_cache_in_cma(phys_addr_t phys, size_t size)
{
	return phys >= cma_start && phys - cma_start < cma_size && size <= cma_size - (phys - cma_start);
}

static struct planes *planes_of(unsigned long pfn)
{
	unsigned long first = cma_start >> PAGE_SHIFT;

	if (!cache_model || pfn < first || pfn - first >= cma_pages())
		return NULL;
	return &pages[pfn - first];
}

/* The page that a cacheable mapping of @pfn shows: the CPU's plane where there is one. */
unsigned long xlnk_cache_pfn(unsigned long pfn)
{
	const struct planes *planes = planes_of(pfn);

	return planes && planes->cpu ? page_to_pfn(planes->cpu) : pfn;
}

static int have_planes(struct planes *planes)
{
	if (!planes->cpu)
		planes->cpu = alloc_page(GFP_HIGHUSER);
	if (!planes->synced)
		planes->synced = alloc_page(GFP_HIGHUSER);
	return planes->cpu && planes->synced ? 0 : -ENOMEM;
}

/* The DMA layer hands memory out zeroed and flushed. */
int xlnk_cache_zero(phys_addr_t phys, size_t size)
{
	unsigned long pfn, end = PHYS_PFN(phys + size);

	for (pfn = PHYS_PFN(phys); pfn < end; pfn++) {
		struct planes *planes = planes_of(pfn);

		clear_highpage(pfn_to_page(pfn));
		if (!planes)
			continue;
		if (have_planes(planes))
			return -ENOMEM;
		clear_highpage(planes->cpu);
		clear_highpage(planes->synced);
	}
	return 0;
}

static bool maintain_line(u8 *cpu, u8 *synced, u8 *memory, bool clean, bool invalidate)
{
	bool dirty = memcmp(cpu, synced, line) != 0;
	bool moved = false;

	if (clean && dirty && !ignore_clean) {
		memcpy(memory, cpu, line);
		memcpy(synced, cpu, line);
		dirty = false;
		moved = true;
	}
	/* Half a maintenance must not do the other half's work: a forgotten clean loses nothing. */
	if (invalidate && !ignore_invalidate && !(dirty && clean)) {
		moved |= memcmp(cpu, memory, line) != 0;
		memcpy(cpu, memory, line);
		memcpy(synced, memory, line);
	}
	return moved;
}

struct page_planes {
	u8 *cpu, *synced, *memory;
};

static void map_page(struct page_planes *maps, unsigned long pfn, const struct planes *planes)
{
	maps->memory = kmap_local_page(pfn_to_page(pfn));
	maps->cpu = kmap_local_page(planes->cpu);
	maps->synced = kmap_local_page(planes->synced);
}

static void unmap_page(const struct page_planes *maps)
{
	kunmap_local(maps->synced);
	kunmap_local(maps->cpu);
	kunmap_local(maps->memory);
}

/* @start and @end are offsets in the page, of whole lines. */
static size_t maintain_page(const struct page_planes *maps, size_t start, size_t end, bool clean, bool invalidate)
{
	size_t at, moved = 0;

	for (at = start; at < end; at += line)
		moved += maintain_line(maps->cpu + at, maps->synced + at, maps->memory + at, clean, invalidate);
	return moved;
}

static size_t dirty_lines(const struct page_planes *maps, size_t start, size_t end)
{
	size_t at, dirty = 0;

	for (at = start; at < end; at += line)
		dirty += memcmp(maps->cpu + at, maps->synced + at, line) != 0;
	return dirty;
}

/* The lines of a range, page by page: maintained, or only looked at. */
static size_t walk(phys_addr_t phys, size_t size, bool clean, bool invalidate)
{
	phys_addr_t at = round_down(phys, line);
	phys_addr_t end = round_up(phys + size, line);
	size_t count = 0;

	while (at < end) {
		phys_addr_t stop = min_t(phys_addr_t, end, round_down(at, PAGE_SIZE) + PAGE_SIZE);
		struct planes *planes = planes_of(PHYS_PFN(at));
		struct page_planes maps;

		if (planes && planes->cpu && planes->synced) {
			size_t start = offset_in_page(at), last = offset_in_page(stop - 1) + 1;

			map_page(&maps, PHYS_PFN(at), planes);
			count += clean || invalidate ? maintain_page(&maps, start, last, clean, invalidate) :
						       dirty_lines(&maps, start, last);
			unmap_page(&maps);
		}
		at = stop;
	}
	return count;
}

size_t xlnk_cache_maintain(phys_addr_t phys, size_t size, bool clean, bool invalidate)
{
	return walk(phys, size, clean, invalidate);
}

bool xlnk_cache_is_dirty(phys_addr_t phys, size_t size)
{
	return walk(phys, size, false, false) > 0;
}

int xlnk_cache_init(void)
{
	if (!cma_size || !PAGE_ALIGNED(cma_start) || !PAGE_ALIGNED(cma_size)) {
		pr_err("xlnk: say where CMA is: cma_start= and cma_size=\n");
		return -EINVAL;
	}
	if (line < 8 || line > PAGE_SIZE || !is_power_of_2(line))
		return -EINVAL;
	pages = vzalloc(array_size(cma_pages(), sizeof(*pages)));
	return pages ? 0 : -ENOMEM;
}

void xlnk_cache_exit(void)
{
	size_t i;

	for (i = 0; i < cma_pages(); i++) {
		if (pages[i].cpu)
			__free_page(pages[i].cpu);
		if (pages[i].synced)
			__free_page(pages[i].synced);
	}
	vfree(pages);
}
