/* SPDX-License-Identifier: MIT */
/* Growing: which records have pages, and who may ask for more. Creation is in ledger_create.c. */
#include "ledger_file.h"
#include "ledger_create.h"
#include "sys.h"
#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>

#define PAGE	  4096u
#define GROW_STEP (4 * PAGE) /* pages asked for at once: a system call of 0.5 us each */

WIPED union ledger_page ledger_page;
void (*ledger_file_on_new)(void);

/* What else a child must not inherit. */
static struct wiped {
	uint32_t opening; /* a thread is making the ledger */
	uint32_t frozen;
	int64_t room; /* bytes of file that we may still fill */
	/* Bytes of each section, from its start, that have pages; of slots, a bit a step instead.
	 */
	uint64_t ready[SECTION_COUNT];
	uint8_t slot_steps[LEDGER_SLOTS_MAX * sizeof(struct ledger_slot) / GROW_STEP / 8];
} __attribute__((aligned(PAGE))) wiped_pages WIPED;
static struct wiped *const wiped = &wiped_pages;

/* Nothing else may share the last page. */
#define WIPED_SIZE sizeof wiped_pages
_Static_assert(sizeof wiped_pages % PAGE == 0, "wiped pages are wiped whole");

bool ledger_file_start(void)
{
	if (ledger->pid)
		return true;
	if (sys_madvise(&ledger_page, sizeof ledger_page, MADV_WIPEONFORK) != 0 ||
	    sys_madvise(wiped, WIPED_SIZE, MADV_WIPEONFORK) != 0)
		return false;
	ledger->pid = (uint32_t)sys_getpid();
	return true;
}

/* The bytes of a section of this ledger. */
static uint8_t *section_bytes(struct ledger_header *header, enum ledger_section_id section)
{
	return (uint8_t *)header + header->sections[section].offset;
}

/* Gives `size` bytes at `start` (page-aligned) pages, within the ledger's share of its file system.
 */
static bool pages_fill(void *start, uint64_t size)
{
	if (wiped->frozen || ledger_create_fixed)
		return false;
	if (__atomic_sub_fetch(&wiped->room, (int64_t)size, __ATOMIC_RELAXED) < 0 ||
	    sys_madvise(start, size, MADV_POPULATE_WRITE) != 0) {
		__atomic_add_fetch(&wiped->room, (int64_t)size, __ATOMIC_RELAXED);
		return false;
	}
	return true;
}

static bool slots_reserve(struct ledger_header *header, uint32_t first, uint32_t count)
{
	uint64_t end = (uint64_t)(first + count) * sizeof(struct ledger_slot);

	for (uint64_t step = first * sizeof(struct ledger_slot) / GROW_STEP; step * GROW_STEP < end;
	     step++) {
		uint8_t bit = (uint8_t)(1u << (step % 8)), *byte = &wiped->slot_steps[step / 8];

		if (__atomic_load_n(byte, __ATOMIC_ACQUIRE) & bit)
			continue;
		/* Two threads may both ask for the same pages: the second call finds them there. */
		if (!pages_fill(section_bytes(header, SECTION_SLOTS) + step * GROW_STEP, GROW_STEP) ||
		    ledger->header != header)
			return false;
		__atomic_fetch_or(byte, bit, __ATOMIC_RELEASE);
	}
	return true;
}

bool ledger_file_reserve(enum ledger_section_id section, uint32_t first, uint32_t count)
{
	/* A signal handler may fork here: its child goes on without. */
	struct ledger_header *header = ledger->header;
	if (!header)
		return false;
	const struct ledger_section *table = &header->sections[section];
	if (first >= table->capacity || count > table->capacity - first)
		return false;
	if (ledger_create_fixed)
		return true;
	if (section == SECTION_SLOTS)
		return slots_reserve(header, first, count);
	uint64_t end = (uint64_t)(first + count) * table->record_size;
	uint64_t ready = __atomic_load_n(&wiped->ready[section], __ATOMIC_ACQUIRE);
	if (end <= ready)
		return true;
	/* Of what most processes have few, the first page alone. */
	uint64_t step = section >= SECTION_MISUSES && end <= PAGE ? PAGE : GROW_STEP;
	uint64_t wanted = (end + step - 1) & -step;
	if (!pages_fill(section_bytes(header, section) + ready, wanted - ready) ||
	    ledger->header != header)
		return false;
	while (ready < wanted &&
	       !__atomic_compare_exchange_n(&wiped->ready[section], &ready, wanted, false,
					    __ATOMIC_RELEASE, __ATOMIC_ACQUIRE))
		;
	return true;
}

bool ledger_file_has_slot(uint32_t slot)
{
	uint64_t step = (uint64_t)slot * sizeof(struct ledger_slot) / GROW_STEP;
	const struct ledger_header *header = ledger->header;

	if (!header || slot >= header->sections[SECTION_SLOTS].capacity)
		return false;
	return ledger_create_fixed ||
	       (__atomic_load_n(&wiped->slot_steps[step / 8], __ATOMIC_ACQUIRE) & 1u << (step % 8));
}

uint32_t ledger_file_take(enum ledger_section_id section, uint32_t count)
{
	struct ledger_header *header = ledger->header;
	if (!header)
		return 0;
	struct ledger_section *table = &header->sections[section];
	uint32_t used = __atomic_load_n(&table->used, __ATOMIC_RELAXED);
	do {
		if (used >= table->capacity || count > table->capacity - used ||
		    !ledger_file_reserve(section, used, count))
			return 0;
	} while (!__atomic_compare_exchange_n(&table->used, &used, used + count, false,
					      __ATOMIC_RELAXED, __ATOMIC_RELAXED));
	return used;
}

int64_t ledger_file_next(enum ledger_section_id section)
{
	struct ledger_header *header = ledger->header;
	if (!header)
		return -1;
	struct ledger_section *table = &header->sections[section];
	uint32_t likely = __atomic_load_n(&table->used, __ATOMIC_RELAXED) % table->capacity;
	/* Reserved before it is counted: a count without a record would be one that says nothing.
	 */
	if (!ledger_file_reserve(section, likely, 1))
		return -1;
	uint32_t at = __atomic_fetch_add(&table->used, 1, __ATOMIC_RELAXED) % table->capacity;
	return at == likely || ledger_file_reserve(section, at, 1) ? (int64_t)at : -1;
}

void ledger_file_lost(enum ledger_lost reason)
{
	if (ledger->header)
		__atomic_fetch_add(&ledger->header->lost[reason], 1, __ATOMIC_RELAXED);
}

/*
 * Where each string stands: serial << 32 | upper bits of its hash | offset, so that a place of
 * another ledger's, the parent's, is free. A table of one page for the few that most processes
 * have, before larger ones for as many as the section holds.
 */
static uint64_t names_few[512], names_more[4096], names_most[32768];
#define NAME_OFFSET_BITS    20
#define NAME_MAKE(hash, at) ((uint64_t)ledger->serial << 32 | NAME_TAG(hash) | (at))
#define NAME_TAG(hash)	    ((hash) >> NAME_OFFSET_BITS << NAME_OFFSET_BITS)
#define NAME_OFFSET(name)   ((uint32_t)(name) & ((1u << NAME_OFFSET_BITS) - 1))

static uint32_t name_hash(const char *text)
{
	uint32_t hash = 2166136261u; /* FNV-1a */

	for (; *text; text++)
		hash = (hash ^ (uint8_t)*text) * 16777619u;
	return hash ^ hash >> 15;
}

static bool is_named(uint64_t name, uint32_t hash, const char *text)
{
	return NAME_MAKE(hash, NAME_OFFSET(name)) == name &&
	       !strcmp(ledger->strings + NAME_OFFSET(name), text);
}

/* The string's place, or the free one that it would take; NULL: the tables are full thereabouts. */
static uint64_t *name_place(uint32_t hash, const char *text)
{
	static const struct {
		uint64_t *names;
		uint32_t room, tries;
	} tables[] = { { names_few, 512, 8 }, { names_more, 4096, 8 }, { names_most, 32768, 512 } };

	for (unsigned i = 0; i < sizeof tables / sizeof tables[0]; i++)
		for (uint32_t j = 0; j < tables[i].tries; j++) {
			uint64_t *place = &tables[i].names[(hash + j) % tables[i].room],
				 name = __atomic_load_n(place, __ATOMIC_ACQUIRE);

			if (name >> 32 != ledger->serial || is_named(name, hash, text))
				return place;
		}
	return NULL;
}

uint32_t ledger_file_string(const char *text)
{
	size_t size = strlen(text) + 1;

	if (!ledger->header || size == 1)
		return 0;
	uint32_t hash = name_hash(text);
	uint64_t *place = name_place(hash, text),
		 name = place ? __atomic_load_n(place, __ATOMIC_ACQUIRE) : 0;
	if (is_named(name, hash, text))
		return NAME_OFFSET(name);
	uint32_t at = place ? ledger_file_take(SECTION_STRINGS, (uint32_t)size) : 0;
	if (!at || at >> NAME_OFFSET_BITS) {
		ledger_file_lost(LOST_STRINGS);
		return 0;
	}
	memcpy(ledger->strings + at, text, size);
	/* Partner: the acquires above. Of two threads that meet here one keeps a string that nobody
	 * finds again. */
	if (name >> 32 != ledger->serial)
		__atomic_compare_exchange_n(place, &name, NAME_MAKE(hash, at), false,
					    __ATOMIC_RELEASE, __ATOMIC_RELAXED);
	return at;
}

void ledger_file_prepare(void)
{
	if (!ledger_file_open())
		return;
	static const struct {
		enum ledger_section_id section;
		uint32_t records;
	} likely[] = {
		{ SECTION_SLOTS, 1024 },    { SECTION_STACKS, 256 },	{ SECTION_FRAMES, 8192 },
		{ SECTION_MODULES, 128 },   { SECTION_STRINGS, 16384 }, { SECTION_MISUSES, 64 },
		{ SECTION_SNAPSHOTS, 512 }, { SECTION_FORKS, 1024 },	{ SECTION_CLOSED, 512 },
		{ SECTION_THREADS, 512 },   { SECTION_MARKS, 256 },	{ SECTION_ENDINGS, 1024 },
	};
	for (unsigned i = 0; i < sizeof likely / sizeof likely[0]; i++) {
		uint32_t capacity = ledger->header->sections[likely[i].section].capacity;

		ledger_file_reserve(likely[i].section, 0,
				    likely[i].records < capacity ? likely[i].records : capacity);
	}
}

void ledger_file_freeze(bool frozen)
{
	__atomic_store_n(&wiped->frozen, frozen, __ATOMIC_RELEASE);
}

/* Unmaps [from, to) of the ledger, rounded inward to pages. */
static void give_back(uint64_t from, uint64_t to)
{
	from = (from + PAGE - 1) & -(uint64_t)PAGE;
	to &= -(uint64_t)PAGE;
	if (from < to)
		sys_munmap((uint8_t *)ledger->header + from, to - from);
}

void ledger_file_trim(void)
{
	if (!ledger->header || wiped->frozen || ledger_create_fixed)
		return;
	ledger_file_prepare();
	ledger_file_freeze(true);
	for (unsigned i = 0; i < SECTION_COUNT; i++) {
		const struct ledger_section *section = &ledger->header->sections[i];
		uint64_t ready = wiped->ready[i],
			 size = (uint64_t)section->capacity * section->record_size;

		if (i == SECTION_SLOTS)
			for (uint64_t step = 0; step * GROW_STEP < size; step++)
				if (wiped->slot_steps[step / 8] & 1u << (step % 8))
					ready = (step + 1) * GROW_STEP;
		give_back(section->offset + ready, section->offset + size);
	}
}

/* A thread that comes second waits for the first: 0.2 ms. Not for ever: nobody knows what stops a
 * process. */
static bool open_alone(void)
{
	uint32_t nobody = 0;

	for (unsigned turns = 0; !__atomic_compare_exchange_n(&wiped->opening, &nobody, 1, false,
							      __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE);
	     turns++, nobody = 0) {
		if (turns > 100000)
			return false;
		sys_call(SYS_sched_yield, 0, 0, 0, 0);
	}
	if (!ledger->slots && !ledger_create_off) {
		struct ledger_bases made = { .pid = (uint32_t)sys_getpid() };

		memset(wiped->ready, 0, sizeof wiped->ready);
		if (ledger_create(&made, &wiped->room)) {
			struct ledger_slot *slots = made.slots;

			made.slots = NULL;
			*ledger = made;
			if (ledger_file_on_new)
				ledger_file_on_new();
			ledger_create_filled();
			/* Last: whoever sees the slots sees the rest, the program's own path among
			 * it. */
			__atomic_store_n(&ledger->slots, slots, __ATOMIC_RELEASE);
		}
	}
	__atomic_store_n(&wiped->opening, 0, __ATOMIC_RELEASE);
	return ledger->slots != NULL;
}

bool ledger_file_open(void)
{
	if (__atomic_load_n(&ledger->slots, __ATOMIC_ACQUIRE))
		return true;
	if (ledger_create_off || !ledger_file_start())
		return false;
	uint64_t all = ~0ull, before = 0;
	/* No handler may jump out of here, and no thread be cancelled: what is half made would stay
	 * so. */
	if (sys_call(SYS_rt_sigprocmask, SIG_BLOCK, &all, &before, sizeof all) != 0)
		return false;
	bool opened = open_alone();
	sys_call(SYS_rt_sigprocmask, SIG_SETMASK, &before, NULL, sizeof before);
	return opened;
}
