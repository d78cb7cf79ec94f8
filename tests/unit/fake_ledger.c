/* SPDX-License-Identifier: MIT */
/* A ledger in anonymous memory (MAP_NORESERVE): never full before its sections are, wiped at fork.
 */
#include "fake_ledger.h"

#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

union ledger_page ledger_page;

static const struct {
	uint32_t record_size, capacity;
} shapes[SECTION_COUNT] = {
	[SECTION_SLOTS] = { sizeof(struct ledger_slot), LEDGER_SLOTS_MAX },
	[SECTION_STACKS] = { sizeof(struct ledger_stack), 131072 },
	[SECTION_FRAMES] = { sizeof(uint64_t), 131072 * 32 },
	[SECTION_MODULES] = { sizeof(struct ledger_module), 4096 },
	[SECTION_STRINGS] = { 1, 1 << 20 },
	[SECTION_MISUSES] = { sizeof(struct ledger_misuse), 1024 },
	[SECTION_SNAPSHOTS] = { sizeof(struct ledger_snapshot), 4096 },
	[SECTION_FORKS] = { sizeof(struct ledger_fork), 1024 },
	[SECTION_CLOSED] = { sizeof(struct ledger_closed), 4096 },
	[SECTION_THREADS] = { sizeof(struct ledger_thread), 1024 },
	[SECTION_MARKS] = { sizeof(struct ledger_mark), 4096 },
	[SECTION_ENDINGS] = { sizeof(struct ledger_ending), 4096 },
};

static void *memory(size_t size)
{
	void *at = mmap(NULL, size, PROT_READ | PROT_WRITE,
			MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	return at == MAP_FAILED ? NULL : at;
}

bool ledger_file_start(void)
{
	return true;
}

bool ledger_file_open(void)
{
	static uint32_t serial;

	if (ledger->header)
		return true;
	if (madvise(&ledger_page, sizeof(ledger_page), MADV_WIPEONFORK) != 0)
		return false;

	struct ledger_header *header = memory(sizeof(*header));
	struct ledger_bases made = { .pid = (uint32_t)getpid(), .header = header };
	void *bases[SECTION_COUNT];
	for (unsigned i = 0; i < SECTION_COUNT; i++) {
		header->sections[i].record_size = shapes[i].record_size;
		header->sections[i].capacity = shapes[i].capacity;
		header->sections[i].used = i < SECTION_FORKS;
		bases[i] = memory((size_t)shapes[i].record_size * shapes[i].capacity);
	}
	made.slots = bases[SECTION_SLOTS];
	made.stacks = bases[SECTION_STACKS];
	made.frames = bases[SECTION_FRAMES];
	made.modules = bases[SECTION_MODULES];
	made.strings = bases[SECTION_STRINGS];
	made.misuses = bases[SECTION_MISUSES];
	made.snapshots = bases[SECTION_SNAPSHOTS];
	made.forks = bases[SECTION_FORKS];
	made.closed = bases[SECTION_CLOSED];
	made.threads = bases[SECTION_THREADS];
	made.marks = bases[SECTION_MARKS];
	made.endings = bases[SECTION_ENDINGS];
	made.serial = __atomic_add_fetch(&serial, 1, __ATOMIC_RELAXED);
	*ledger = made;
	header->exe = ledger_file_string("/the/program");
	return true;
}

void fake_ledger_forget(void)
{
	memset(ledger, 0, sizeof(*ledger));
}

bool ledger_file_reserve(enum ledger_section_id section, uint32_t first, uint32_t count)
{
	uint32_t capacity = ledger->header->sections[section].capacity;

	return first < capacity && count <= capacity - first;
}

bool ledger_file_has_slot(uint32_t slot)
{
	return slot < ledger->header->sections[SECTION_SLOTS].capacity;
}

int64_t ledger_file_next(enum ledger_section_id section)
{
	struct ledger_section *table = &ledger->header->sections[section];

	return __atomic_fetch_add(&table->used, 1, __ATOMIC_RELAXED) % table->capacity;
}

uint32_t ledger_file_take(enum ledger_section_id section, uint32_t count)
{
	struct ledger_section *table = &ledger->header->sections[section];
	uint32_t first = __atomic_fetch_add(&table->used, count, __ATOMIC_RELAXED);

	if (first >= table->capacity || count > table->capacity - first) {
		__atomic_fetch_sub(&table->used, count, __ATOMIC_RELAXED);
		return 0;
	}
	return first;
}

void ledger_file_lost(enum ledger_lost reason)
{
	if (ledger->header)
		__atomic_fetch_add(&ledger->header->lost[reason], 1, __ATOMIC_RELAXED);
}

uint32_t ledger_file_string(const char *text)
{
	uint32_t size = (uint32_t)strlen(text) + 1,
		 offset = ledger_file_take(SECTION_STRINGS, size);

	if (offset)
		memcpy(ledger->strings + offset, text, size);
	return offset;
}

void ledger_file_prepare(void)
{
}

void ledger_file_freeze(bool frozen)
{
	(void)frozen;
}

void ledger_file_trim(void)
{
}
