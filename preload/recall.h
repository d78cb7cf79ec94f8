/* SPDX-License-Identifier: MIT */
/*
 * Recall: the same code at the same depth has the same stack. A walk notes the words of the stack
 * that it read, in the order in which it read them; when a hook's caller comes again and every one
 * of these words still says the same, a walk would take the same way, so its result is known
 * without walking.
 *
 * The words are what the outcome depends on, neither more nor less: return addresses, the saved
 * frame pointers that some frame's position was computed from, the anchors of realigned frames.
 * Each word's place follows from words before it, so a comparison that stops at the first
 * difference reads live stack only. Places, and words that point into the stack, are kept relative
 * to the caller's stack pointer: threads and coroutines that run the same code share what was
 * learnt.
 */
#ifndef RECALL_H
#define RECALL_H

#include <sockaudit/ledger.h>
#include <stdbool.h>
#include <stdint.h>

#define RECALL_STEPS 128 /* frames of 64, each with a frame pointer */
#define RECALL_BATCH 4	 /* steps are compared by so many */
#define RECALL_WAYS  8
#define RECALL_SETS  128

/* What a hook's caller looked like when it called. */
struct recall_caller {
	uintptr_t return_address;
	uintptr_t stack; /* its stack pointer after the return */
	uintptr_t frame_pointer;
};

/* Guarded by `sequence`: odd while being written, changed when it was. Odd for ever (the writer was
 * killed, or lives on in the parent of this process) makes a place that is never used again, which
 * is harmless. */
struct recall_entry {
	uint32_t sequence; /* 0: never used */
	stack_id stack;
	uint64_t return_address;
	uint64_t frame_pointer; /* relative to the stack pointer; if RECALL_FRAME_POINTER */
	uint32_t epoch;
	uint16_t stack_low; /* the stack pointer's place in its page */
	uint8_t steps;
	uint8_t flags; /* RECALL_* */
};
#define RECALL_FRAME_POINTER 1u /* the walk depended on the caller's frame pointer */
#define RECALL_FAR	     2u /* some steps only skip */

/* Zeroed memory is a valid, empty table. */
struct recall_table {
	struct recall_entry entries[RECALL_SETS * RECALL_WAYS];
	uint64_t steps[RECALL_SETS * RECALL_WAYS][RECALL_STEPS];
};

/* The notes of one walk. */
struct recall_path {
	struct recall_caller caller;
	uintptr_t last; /* place of the latest word */
	bool refused;
	uint8_t flags; /* RECALL_* */
	unsigned steps;
	uint64_t step[RECALL_STEPS];
};

/* The stack of this caller, or 0. The stack must be its own, now. No system call, no store. */
stack_id recall_find(const struct recall_table *table, const struct recall_caller *caller,
		     uint32_t epoch);

void recall_path_start(struct recall_path *path, const struct recall_caller *caller);
/* The walk read `word` at `place`, as it would again. */
void recall_path_read(struct recall_path *path, uintptr_t place, uintptr_t word);
/* The word read last is the address of code, wherever the stack may be. */
void recall_path_code(struct recall_path *path, uintptr_t address);
/* The walk depends on something that can't be verified. */
void recall_path_refuse(struct recall_path *path);

/* Keeps the result of a walk; `epoch` is the one in which it began. Never blocks: when another
 * thread writes in the same place, it is not kept. */
void recall_remember(struct recall_table *table, const struct recall_path *path, uint32_t epoch,
		     stack_id stack);

#endif
