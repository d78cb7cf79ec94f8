/* SPDX-License-Identifier: MIT */
/*
 * The recall table: sets of eight entries, each with the steps of its comparison. A step is one
 * word:
 *
 *   bits 0-47   what the word must say, or for STEP_SKIP how many bytes to go on
 *   bits 48-49  enum step_kind
 *   bits 50-63  the word's place, signed, in words from the one before (the first: from the stack
 * pointer)
 */
#include "recall.h"

#include <sockaudit/cycles.h>
#include <stddef.h>

enum step_kind {
	STEP_ABSOLUTE, /* the word is this */
	STEP_RELATIVE, /* the word is this much above the stack pointer */
	STEP_SKIP,     /* no word: the next place is too far for its own step */
};
#define STEP_VALUE(step) ((step)&0xffffffffffffull)
#define STEP_KIND(step)	 ((unsigned)((step) >> 48) & 3)
#define STEP_MAKE(kind, value, words)                                                              \
	((uint64_t)(words) << 50 | (uint64_t)(kind) << 48 | STEP_VALUE((uint64_t)(value)))
#define STEP_AGAIN(step) ((step)&0x3ffffffffffffull) /* the same word at the same place */
#define STEP_WORDS_MAX	 8191

/* Above this distance a word is not taken for a pointer into the same stack. */
#define STACK_SPAN (1u << 27)

/* The stack pointer's place in its page is part of the key: it tells depths apart, and code that
 * aligns its frames does the same in another stack that agrees in it. */
#define PAGE_PLACE(stack) ((uint16_t)((stack)&0xfff))

/* Words of a stack may have had any type; and they may lie in memory that a sanitizer knows better.
 */
typedef uintptr_t __attribute__((may_alias)) stack_word;

/*
 * A caller has two sets. In the first all of its stacks meet that are aligned alike, wherever they
 * lie: a coroutine on a stack of malloc() is known from the last one's. When it is full, because
 * this code is called from many places, they go apart by the stack pointer's place in its page.
 */
#define ALIGNMENT(stack) ((stack)&0x3f)

static unsigned set_at(uintptr_t return_address, uintptr_t place)
{
	uint64_t mixed = (return_address ^ (uint64_t)place << 44) * 0x9e3779b97f4a7c15ull;

	return (unsigned)(mixed >> 40) % RECALL_SETS * RECALL_WAYS;
}

static unsigned near_set(const struct recall_caller *caller)
{
	return set_at(caller->return_address, ALIGNMENT(caller->stack) | 1);
}

static unsigned far_set(const struct recall_caller *caller)
{
	return set_at(caller->return_address, PAGE_PLACE(caller->stack));
}

/*
 * Goes to a step's word and compares it: equal when the lower 48 bits are; the upper ones of an
 * address are always zero.
 */
__attribute__((no_sanitize("address"), always_inline)) static inline bool
step_agrees(uintptr_t *place, uint64_t step, uintptr_t stack)
{
	uintptr_t origin = stack & -(uintptr_t)(step >> 48 & 1);

	*place += (uintptr_t)((int64_t)step >> 50) * sizeof(uintptr_t);
	return ((*(const stack_word *)*place - origin) ^ step) << 16 == 0;
}

/*
 * Do the words on this stack still agree? Steps are believed only after the sequence was seen
 * unchanged since they were loaded: half of another entry's steps could lead beyond the stack.
 */
static inline bool steps_agree(const struct recall_entry *entry, const uint64_t *steps,
			       unsigned count, uint32_t sequence, uintptr_t stack)
{
	uintptr_t place = stack;

	for (const uint64_t *end = steps + count; steps < end; steps += RECALL_BATCH) {
		uint64_t first = __atomic_load_n(&steps[0], __ATOMIC_RELAXED);
		uint64_t second = __atomic_load_n(&steps[1], __ATOMIC_RELAXED);
		uint64_t third = __atomic_load_n(&steps[2], __ATOMIC_RELAXED);
		uint64_t fourth = __atomic_load_n(&steps[3], __ATOMIC_RELAXED);

		__atomic_thread_fence(__ATOMIC_ACQUIRE);
		if (__atomic_load_n(&entry->sequence, __ATOMIC_RELAXED) != sequence ||
		    !step_agrees(&place, first, stack) || !step_agrees(&place, second, stack) ||
		    !step_agrees(&place, third, stack) || !step_agrees(&place, fourth, stack))
			return false;
	}
	return true;
}

/* The same for an entry with steps that skip. */
__attribute__((noinline)) static bool far_steps_agree(const struct recall_entry *entry,
						      const uint64_t *steps, unsigned count,
						      uint32_t sequence, uintptr_t stack)
{
	uintptr_t place = stack;

	for (unsigned i = 0; i < count; i++) {
		uint64_t step = __atomic_load_n(&steps[i], __ATOMIC_RELAXED);

		__atomic_thread_fence(__ATOMIC_ACQUIRE);
		if (__atomic_load_n(&entry->sequence, __ATOMIC_RELAXED) != sequence)
			return false;
		if (STEP_KIND(step) == STEP_SKIP)
			place += STEP_VALUE(step);
		else if (!step_agrees(&place, step, stack))
			return false;
	}
	return true;
}

/* The entry's stack if it is this caller's, else 0. `here`: at the same place of its page, or not
 * asked again of those that are. */
static inline stack_id entry_recalls(const struct recall_table *table, unsigned i, bool here,
				     const struct recall_caller *caller, uint32_t epoch)
{
	const struct recall_entry *entry = &table->entries[i];
	/* Partner: the release in recall_remember(). */
	uint32_t sequence = __atomic_load_n(&entry->sequence, __ATOMIC_ACQUIRE);

	if (__atomic_load_n(&entry->return_address, __ATOMIC_RELAXED) != caller->return_address)
		return 0;
	uintptr_t moved =
		__atomic_load_n(&entry->stack_low, __ATOMIC_RELAXED) ^ PAGE_PLACE(caller->stack);
	if ((here ? moved != 0 : moved == 0 || ALIGNMENT(moved)) ||
	    __atomic_load_n(&entry->epoch, __ATOMIC_RELAXED) != epoch || (sequence & 1))
		return 0;
	unsigned flags = __atomic_load_n(&entry->flags, __ATOMIC_RELAXED);
	if ((flags & RECALL_FRAME_POINTER) &&
	    __atomic_load_n(&entry->frame_pointer, __ATOMIC_RELAXED) !=
		    caller->frame_pointer - caller->stack)
		return 0;
	unsigned steps = __atomic_load_n(&entry->steps, __ATOMIC_RELAXED);
	stack_id stack = __atomic_load_n(&entry->stack, __ATOMIC_RELAXED);

	if (flags & RECALL_FAR
		    ? !far_steps_agree(entry, table->steps[i], steps, sequence, caller->stack)
		    : !steps_agree(entry, table->steps[i], steps, sequence, caller->stack))
		return 0;
	__atomic_thread_fence(__ATOMIC_ACQUIRE);
	return __atomic_load_n(&entry->sequence, __ATOMIC_RELAXED) == sequence ? stack : 0;
}

static inline stack_id find_in(const struct recall_table *table, unsigned first, bool here,
			       const struct recall_caller *caller, uint32_t epoch)
{
	for (unsigned i = first; i < first + RECALL_WAYS; i++) {
		stack_id stack = entry_recalls(table, i, here, caller, epoch);

		if (stack)
			return stack;
	}
	return 0;
}

/* Seldom: the caller's code is called from many places, or its stack lies elsewhere than before. */
static __attribute__((noinline)) stack_id
find_elsewhere(const struct recall_table *table, const struct recall_caller *caller, uint32_t epoch)
{
	stack_id stack = find_in(table, far_set(caller), true, caller, epoch);

	return stack ? stack : find_in(table, near_set(caller), false, caller, epoch);
}

stack_id recall_find(const struct recall_table *table, const struct recall_caller *caller,
		     uint32_t epoch)
{
	stack_id stack = find_in(table, near_set(caller), true, caller, epoch);

	return stack ? stack : find_elsewhere(table, caller, epoch);
}

void recall_path_start(struct recall_path *path, const struct recall_caller *caller)
{
	path->caller = *caller;
	path->last = caller->stack;
	path->refused = false;
	path->flags = 0;
	path->steps = 0;
}

void recall_path_refuse(struct recall_path *path)
{
	path->refused = true;
}

static void path_add(struct recall_path *path, uint64_t step)
{
	if (path->steps < RECALL_STEPS)
		path->step[path->steps++] = step;
	else
		path->refused = true;
}

void recall_path_read(struct recall_path *path, uintptr_t place, uintptr_t word)
{
	const struct recall_caller *caller = &path->caller;

	if (path->refused)
		return;
	if (place < caller->stack) {
		/* A register that a frame of ours keeps for the caller. Only the frame pointer is
		 * in the key. */
		if (word == caller->frame_pointer && place == caller->stack - 2 * sizeof(uintptr_t))
			path->flags |= RECALL_FRAME_POINTER;
		else
			path->refused = true;
		return;
	}
	/* libunwind reads a word in an expression byte by byte. */
	if (path->steps && place == path->last &&
	    STEP_KIND(path->step[path->steps - 1]) != STEP_SKIP)
		return;
	if (word >> 48 || place % sizeof(uintptr_t)) {
		path->refused = true;
		return;
	}

	intptr_t words = ((intptr_t)place - (intptr_t)path->last) / (intptr_t)sizeof(uintptr_t);
	if (words > STEP_WORDS_MAX) {
		path_add(path, STEP_MAKE(STEP_SKIP, (uint64_t)words * sizeof(uintptr_t), 0));
		path->flags |= RECALL_FAR;
		words = 0;
	} else if (words < -STEP_WORDS_MAX) {
		path->refused = true;
	}
	path->last = place;
	if (word >= caller->stack && word - caller->stack < STACK_SPAN)
		path_add(path, STEP_MAKE(STEP_RELATIVE, word - caller->stack, words));
	else
		path_add(path, STEP_MAKE(STEP_ABSOLUTE, word, words));
}

void recall_path_code(struct recall_path *path, uintptr_t address)
{
	if (path->refused || path->steps == 0)
		return;
	uint64_t *step = &path->step[path->steps - 1];
	if (STEP_KIND(*step) == STEP_RELATIVE && STEP_VALUE(*step) + path->caller.stack == address)
		*step = STEP_MAKE(STEP_ABSOLUTE, address, (int64_t)*step >> 50);
}

/* A place for a new entry in one set, unused, else outdated; `none` when there is none. */
static unsigned place_in(const struct recall_table *table, unsigned first, uint32_t epoch,
			 unsigned none)
{
	for (unsigned i = first; i < first + RECALL_WAYS; i++) {
		uint32_t sequence = __atomic_load_n(&table->entries[i].sequence, __ATOMIC_RELAXED);

		if (!(sequence & 1) &&
		    (sequence == 0 ||
		     __atomic_load_n(&table->entries[i].epoch, __ATOMIC_RELAXED) != epoch))
			return i;
	}
	return none;
}

/* In the caller's first set, else its second, else any place there. */
static unsigned place_for(const struct recall_table *table, const struct recall_caller *caller,
			  uint32_t epoch)
{
	unsigned any = far_set(caller) + (unsigned)(cycles_now() >> 5) % RECALL_WAYS;

	return place_in(table, near_set(caller), epoch,
			place_in(table, far_set(caller), epoch, any));
}

void recall_remember(struct recall_table *table, const struct recall_path *path, uint32_t epoch,
		     stack_id stack)
{
	/* Another thread may have walked the same way meanwhile. */
	if (path->refused || stack == 0 || recall_find(table, &path->caller, epoch) == stack)
		return;
	unsigned i = place_for(table, &path->caller, epoch);
	struct recall_entry *entry = &table->entries[i];
	uint32_t sequence = __atomic_load_n(&entry->sequence, __ATOMIC_RELAXED);

	if ((sequence & 1) ||
	    !__atomic_compare_exchange_n(&entry->sequence, &sequence, sequence + 1, false,
					 __ATOMIC_ACQUIRE, __ATOMIC_RELAXED))
		return;
	/* Partner: the acquire fences of readers: who sees a store below sees the odd sequence too.
	 */
	__atomic_thread_fence(__ATOMIC_RELEASE);
	__atomic_store_n(&entry->stack, stack, __ATOMIC_RELAXED);
	__atomic_store_n(&entry->return_address, path->caller.return_address, __ATOMIC_RELAXED);
	__atomic_store_n(&entry->frame_pointer, path->caller.frame_pointer - path->caller.stack,
			 __ATOMIC_RELAXED);
	__atomic_store_n(&entry->epoch, epoch, __ATOMIC_RELAXED);
	__atomic_store_n(&entry->stack_low, PAGE_PLACE(path->caller.stack), __ATOMIC_RELAXED);
	__atomic_store_n(&entry->steps, (uint8_t)path->steps, __ATOMIC_RELAXED);
	__atomic_store_n(&entry->flags, path->flags, __ATOMIC_RELAXED);
	for (unsigned step = 0; step < path->steps; step++)
		__atomic_store_n(&table->steps[i][step], path->step[step], __ATOMIC_RELAXED);
	/* The last batch is filled up with looks at the last word, again. */
	for (unsigned step = path->steps; step % RECALL_BATCH; step++)
		__atomic_store_n(&table->steps[i][step], STEP_AGAIN(path->step[path->steps - 1]),
				 __ATOMIC_RELAXED);
	/* Partner: the acquire in recall_find(). */
	__atomic_store_n(&entry->sequence, sequence + 2, __ATOMIC_RELEASE);
}
