/* SPDX-License-Identifier: MIT */
#include "ending_pools.h"
#include "fdtable.h"
#include "sys.h"
#include <sys/mman.h>

struct pool_entry {
	uint64_t frame; /* 0: free */
	struct pool_site site;
};

void pools_begin(struct pools *pools, uint32_t most)
{
	*pools = (struct pools){ .size = 2 };
	while (pools->size < 2 * (uint64_t)most)
		pools->size *= 2;
	pools->bytes = pools->size * sizeof(struct pool_entry);
	long map = sys_mmap(NULL, pools->bytes, PROT_READ | PROT_WRITE,
			    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1);
	if (map > 0 || map <= -4096)
		pools->entries = (struct pool_entry *)map;
}

void pools_end(struct pools *pools)
{
	if (pools->entries)
		sys_munmap(pools->entries, pools->bytes);
}

/* Its innermost frame; 0: none. */
static uint64_t site_of(stack_id stack)
{
	const struct ledger_stack *record = stacks_record(stack);

	return record && record->frame_count ? ledger->frames[record->frames] : 0;
}

/* The entry of a frame, or the free one where it would stand: there are twice as many as frames. */
static struct pool_entry *entry_of(const struct pools *pools, uint64_t frame)
{
	uint64_t at = frame * 0x9e3779b97f4a7c15ull >> 32;

	while (pools->entries[at & (pools->size - 1)].frame &&
	       pools->entries[at & (pools->size - 1)].frame != frame)
		at++;
	return &pools->entries[at & (pools->size - 1)];
}

void pools_candidate(struct pools *pools, const struct ledger_slot *slot,
		     const struct verdict *verdict, const struct verdict_kernel *kernel,
		     double ns_per_cycle)
{
	uint64_t frame = site_of(slot->opened_stack);

	if (!pools->entries || !frame)
		return;
	struct pool_entry *entry = entry_of(pools, frame);
	entry->frame = frame;
	pool_add_candidate(&entry->site, verdict, slot, kernel, ns_per_cycle);
	pools->any = true;
}

/* The site of a stack, if there are candidates of it. */
static struct pool_site *pool_of(const struct pools *pools, stack_id stack)
{
	uint64_t frame = site_of(stack);
	struct pool_entry *entry = frame && pools->any ? entry_of(pools, frame) : NULL;

	return entry && entry->frame ? &entry->site : NULL;
}

void pools_fill(struct pools *pools)
{
	const struct ledger_section *section = &ledger->header->sections[SECTION_STACKS];
	uint32_t stacks = section->used < section->capacity ? section->used : section->capacity;

	for (uint32_t i = 1; i < stacks && pools->any; i++) {
		struct pool_site *site = pool_of(pools, i);

		if (site)
			pool_add_stack(site, &ledger->stacks[i]);
	}
	for (uint32_t fd = 0; fd <= ledger->header->max_fd && pools->any; fd++) {
		const struct ledger_slot *slot = fdtable_record((int)fd);
		struct pool_site *site = slot ? pool_of(pools, slot->opened_stack) : NULL;

		if (site)
			pool_add_slot(site, slot, stacks_record(slot->opened_stack));
	}
}

bool pools_at_work(const struct pools *pools, stack_id opened)
{
	const struct pool_site *site = pool_of(pools, opened);

	return site && pool_at_work(site);
}
