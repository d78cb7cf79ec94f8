/* SPDX-License-Identifier: MIT */
/*
 * The index from a stack's frames to its number in the ledger. Lock-free: a number is entered by
 * one compare-and-swap, after its record is whole. In private memory, and worth as much as the one
 * ledger that its numbers belong to.
 */
#ifndef STACK_INDEX_H
#define STACK_INDEX_H

#include <sockaudit/ledger.h>

/* Three sizes, so that a program of a few stacks touches one page and one of 100,000 finds room. A
 * value holds 12 bits of the hash above 20 bits of the number; numbers beyond are not handed out.
 */
#define STACK_INDEX_NEAR   (1u << 10)
#define STACK_INDEX_MIDDLE (1u << 13)
#define STACK_INDEX_FAR	   (1u << 17)

/* Zeroed memory is a valid, empty index. */
struct stack_index {
	uint32_t near[STACK_INDEX_NEAR];
	uint32_t middle[STACK_INDEX_MIDDLE];
	uint32_t far[STACK_INDEX_FAR];
};

/* What a record says of its stack besides the frames. */
struct stack_found {
	const uint64_t *frames; /* FRAME_MAKE, innermost first */
	unsigned count;
	uint8_t unwinder; /* enum ledger_unwinder */
	uint8_t complete;
};

/* The stack's number in the ledger, entered if it is new; 0 when there is no room. Equal frames
 * have equal numbers. Never blocks, never allocates memory of this process. */
stack_id stack_index_intern(struct stack_index *index, const struct stack_found *found);

#endif
