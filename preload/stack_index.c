/* SPDX-License-Identifier: MIT */
/* The index of stacks: open addressing in three tables, tried in order. */
#include "stack_index.h"

#include "ledger_file.h"

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#define NUMBER_BITS	 20
#define NUMBER_OF(value) ((value) & ((1u << NUMBER_BITS) - 1))
#define TAG_OF(value)	 ((value) & ~((1u << NUMBER_BITS) - 1))

struct probe {
	uint32_t *table;
	uint32_t size;
	uint32_t steps; /* how far from its place a value may stand */
};

static uint64_t hash_of(const struct stack_found *found)
{
	uint64_t hash = found->count * 0x9e3779b97f4a7c15ull;

	for (unsigned i = 0; i < found->count; i++) {
		hash = (hash ^ found->frames[i]) * 0xff51afd7ed558ccdull;
		hash ^= hash >> 32;
	}
	return hash;
}

static bool is_stack(stack_id number, uint64_t hash, const struct stack_found *found)
{
	const struct ledger_stack *stack = &ledger->stacks[number];

	return stack->hash == hash && stack->frame_count == found->count &&
	       memcmp(&ledger->frames[stack->frames], found->frames,
		      found->count * sizeof(uint64_t)) == 0;
}

/* Writes a new record; nobody knows its number yet. 0 when there is no room. */
static stack_id record(uint64_t hash, const struct stack_found *found)
{
	const struct ledger_section *stacks = &ledger->header->sections[SECTION_STACKS];
	/* Looked at before: frames of a stack that has no number would be room for nothing. */
	bool full = __atomic_load_n(&stacks->used, __ATOMIC_RELAXED) >= stacks->capacity;
	uint32_t frames = full ? 0 : ledger_file_take(SECTION_FRAMES, found->count);
	stack_id number = frames ? ledger_file_take(SECTION_STACKS, 1) : 0;

	if (number == 0 || number >> NUMBER_BITS) {
		ledger_file_lost(LOST_STACKS);
		return 0;
	}
	struct ledger_stack *stack = &ledger->stacks[number];
	memcpy(&ledger->frames[frames], found->frames, found->count * sizeof(uint64_t));
	stack->hash = hash;
	stack->frames = frames;
	stack->frame_count = (uint16_t)found->count;
	stack->unwinder = found->unwinder;
	stack->complete = found->complete;
	return number;
}

/*
 * One table: true when the question is settled, with *number set (0: no room in the ledger). A
 * record made on the way is kept in *fresh: if another thread enters the same stack first, its
 * number is taken and ours stays unused; if it enters a different one, ours goes to the next place.
 */
static bool settle(const struct probe *probe, uint64_t hash, const struct stack_found *found,
		   stack_id *fresh, stack_id *number)
{
	uint32_t tag = TAG_OF((uint32_t)hash), place = (uint32_t)(hash >> 32);

	for (uint32_t step = 0; step < probe->steps; step++, place++) {
		uint32_t *slot = &probe->table[place % probe->size];
		/* Partner: the release below: who sees a number sees its record. */
		uint32_t value = __atomic_load_n(slot, __ATOMIC_ACQUIRE);

		if (value == 0) {
			if (*fresh == 0)
				*fresh = record(hash, found);
			*number = *fresh;
			if (*fresh == 0 ||
			    __atomic_compare_exchange_n(slot, &value, tag | *fresh, false,
							__ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE))
				return true;
		}
		if (TAG_OF(value) == tag && is_stack(NUMBER_OF(value), hash, found)) {
			*number = NUMBER_OF(value);
			return true;
		}
	}
	return false;
}

stack_id stack_index_intern(struct stack_index *index, const struct stack_found *found)
{
	const struct probe probes[] = {
		{ index->near, STACK_INDEX_NEAR, 8 },
		{ index->middle, STACK_INDEX_MIDDLE, 16 },
		{ index->far, STACK_INDEX_FAR, 1024 },
	};
	uint64_t hash = hash_of(found);
	stack_id fresh = 0, number = 0;

	for (unsigned i = 0; i < sizeof(probes) / sizeof(probes[0]); i++) {
		if (settle(&probes[i], hash, found, &fresh, &number))
			return number;
	}
	ledger_file_lost(LOST_STACKS);
	return 0;
}
