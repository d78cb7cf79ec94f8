/* SPDX-License-Identifier: MIT */
/*
 * How many sockets of a stack were open when: the words of struct ledger_history. A word holds the
 * beginning of a stretch, in 2^22 cycles (2 ms at 2 GHz; 170 ms on the slowest counters), and its
 * lowest and its highest live count, exact to 1,023 and to a part in 512 beyond, rounded down.
 */
#ifndef SOCKAUDIT_HISTORY_H
#define SOCKAUDIT_HISTORY_H

#include <sockaudit/ledger.h>
#include <stdbool.h>

#define HISTORY_TIME(cycles)	    ((cycles) >> 22 & (((uint64_t)1 << 36) - 1))
#define HISTORY_AT(word)	    ((word) >> 28)
#define HISTORY_LOW(word)	    ((uint32_t)(word) >> 14 & 0x3fffu)
#define HISTORY_HIGH(word)	    ((uint32_t)(word)&0x3fffu)
#define HISTORY_MAKE(at, low, high) ((uint64_t)(at) << 28 | (uint64_t)(low) << 14 | (high))

/* A live count in 14 bits: of two, the larger has the larger code or the same. */
static inline uint32_t history_code(uint64_t live)
{
	uint32_t exponent = 0;

	if (live < 1024)
		return (uint32_t)live;
	if (live > 1u << 24)
		live = 1u << 24;
	while (live >> exponent >= 1024)
		exponent++;
	return exponent << 10 | (uint32_t)(live >> exponent);
}

static inline uint64_t history_count(uint32_t code)
{
	return (uint64_t)(code & 1023) << (code >> 10);
}

/* What follows reads a copy, to which nobody writes. */

static inline uint64_t history_live(const struct ledger_stack *stack)
{
	return stack->opened > stack->closed ? stack->opened - stack->closed : 0;
}

static inline unsigned history_length(const struct ledger_history *history)
{
	return history->count < LEDGER_SAMPLES ? history->count : LEDGER_SAMPLES;
}

/* The stretch of a moment in cycles; -1: before the first socket. */
static inline int history_stretch(const struct ledger_history *history, uint64_t moment)
{
	int found = -1;

	for (unsigned i = 0; i < history_length(history); i++)
		if (HISTORY_AT(history->samples[i]) <= HISTORY_TIME(moment))
			found = (int)i;
	return found;
}

/* The lowest live count between two moments, of all stretches that touch them. */
static inline uint64_t history_lowest(const struct ledger_stack *stack, uint64_t from, uint64_t to)
{
	int first = history_stretch(&stack->history, from),
	    last = history_stretch(&stack->history, to);
	uint64_t lowest = history_live(stack);

	if (first < 0)
		return 0;
	for (int i = first; i <= last; i++) {
		uint64_t low = history_count(HISTORY_LOW(stack->history.samples[i]));

		lowest = low < lowest ? low : lowest;
	}
	return lowest;
}

/* The most that were open in the stretch of a moment. False: that stretch is the present one, so
 * the moment can't be told from now. */
static inline bool history_highest(const struct ledger_stack *stack, uint64_t moment,
				   uint64_t *highest)
{
	int at = history_stretch(&stack->history, moment);

	*highest = at < 0 ? 0 : history_count(HISTORY_HIGH(stack->history.samples[at]));
	return at + 1 < (int)history_length(&stack->history);
}

/*
 * Requests with their answers, whoever spoke first. A slot counts changes of direction: a request
 * with its answer is one change, two are three; after a greeting, of each one more.
 */
static inline uint32_t history_exchanges(const struct ledger_slot *slot)
{
	return (slot->exchanges + (slot->direction == 1)) / 2;
}

#endif
