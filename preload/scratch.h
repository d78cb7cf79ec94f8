/* SPDX-License-Identifier: MIT */
/*
 * Stacks of our own to unwind on. A walk takes some 5 KiB, and nobody can tell cheaply how much of
 * its own stack a thread, a coroutine or a signal handler has left; so it doesn't run there. All
 * signals are blocked meanwhile: a handler must not run on a small stack, nor jump out of a walk,
 * nor start a second one in it.
 */
#ifndef SCRATCH_H
#define SCRATCH_H

#include <stdbool.h>
#include <stdint.h>

/* As many walks at once as there are slots; more threads than that must do without. */
#define SCRATCH_SLOTS 16
#define SCRATCH_SIZE  16384

/* Zeroed memory is a valid, empty pool; it needs SCRATCH_SIZE alignment of nothing but pages. */
struct scratch_pool {
	uint32_t claimed; /* a bit for each slot */
	char padding[4096 - sizeof(uint32_t)];
	char slots[SCRATCH_SLOTS][SCRATCH_SIZE];
};

/* Once, before the first use. */
void scratch_start(struct scratch_pool *pool);

/*
 * Runs work(argument, memory) on a slot with all signals blocked, where `memory` is `size` bytes at
 * the slot's bottom for the work's own data, not cleared. False, and nothing has run, when all
 * slots are in use. Makes two system calls.
 */
bool scratch_run(struct scratch_pool *pool, void (*work)(void *argument, void *memory),
		 void *argument);

/* Is this a place on a slot of the pool that was last run on? */
bool scratch_is_here(uintptr_t stack);

#endif
