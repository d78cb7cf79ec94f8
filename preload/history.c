/* SPDX-License-Identifier: MIT */
#include "history.h"
#include <stddef.h>

/* A stretch is no shorter: on busy sites all but one event in thousands is a comparison. */
#define LEAST_STRETCH 4u /* of 2^22 cycles: 7 ms where a cycle is 0.4 ns */

/* A claim that is so much older belongs to a thread that left by longjmp or was cancelled. */
#define CLAIM_SHIFT 6
#define CLAIM_LASTS 16u /* of 2^28 cycles: 2 s at least */

static uint64_t load(const uint64_t *word)
{
	return __atomic_load_n(word, __ATOMIC_RELAXED);
}

/* Of a stretch that is shifted away meanwhile the copy may miss this one count. */
static void widen(uint64_t *sample, uint32_t live)
{
	uint64_t seen = load(sample), wider;

	do {
		uint32_t low = HISTORY_LOW(seen), high = HISTORY_HIGH(seen);

		if (live >= low && live <= high)
			return;
		wider = HISTORY_MAKE(HISTORY_AT(seen), live < low ? live : low,
				     live > high ? live : high);
	} while (!__atomic_compare_exchange_n(sample, &seen, wider, false, __ATOMIC_RELAXED,
					      __ATOMIC_RELAXED));
}

static bool claim(struct ledger_history *history, uint64_t at)
{
	uint32_t now = (uint32_t)(at >> CLAIM_SHIFT) | 1,
		 seen = __atomic_load_n(&history->claimed, __ATOMIC_RELAXED);

	if (seen && now - seen < CLAIM_LASTS)
		return false;
	return __atomic_compare_exchange_n(&history->claimed, &seen, now, false, __ATOMIC_ACQUIRE,
					   __ATOMIC_RELAXED);
}

/*
 * Makes one of two neighbours, where that loses least: the shortest together, measured by how long
 * ago it began. Words move downwards one by one, so a reader sees one twice at worst, and none out
 * of order.
 */
static void merge(struct ledger_history *history, uint64_t now)
{
	uint64_t *samples = history->samples;
	unsigned chosen = 0;
	double least = 0;

	for (unsigned i = 0; i + 2 < LEDGER_SAMPLES; i++) {
		uint64_t began = HISTORY_AT(load(&samples[i])),
			 ended = HISTORY_AT(load(&samples[i + 2]));
		double share = (double)(ended - began) / (double)(now - began + 1);

		if (!i || share < least) {
			least = share;
			chosen = i;
		}
	}
	widen(&samples[chosen], HISTORY_LOW(load(&samples[chosen + 1])));
	widen(&samples[chosen], HISTORY_HIGH(load(&samples[chosen + 1])));
	for (unsigned i = chosen + 1; i + 1 < LEDGER_SAMPLES; i++)
		__atomic_store_n(&samples[i], load(&samples[i + 1]), __ATOMIC_RELAXED);
}

static void begin(struct ledger_history *history, uint64_t at, uint32_t live)
{
	unsigned count = history->count;

	if (count >= LEDGER_SAMPLES) {
		merge(history, at);
		count = LEDGER_SAMPLES - 1;
	}
	__atomic_store_n(&history->samples[count], HISTORY_MAKE(at, live, live), __ATOMIC_RELAXED);
	/* Partner: the load in history_note(): who sees the count sees the word. */
	__atomic_store_n(&history->count, (uint16_t)(count + 1), __ATOMIC_RELEASE);
}

static uint64_t *last_stretch(struct ledger_history *history)
{
	unsigned count = __atomic_load_n(&history->count, __ATOMIC_ACQUIRE);

	return count ? &history->samples[count - 1] : NULL;
}

/* It is time for another. */
static bool is_over(const uint64_t *last, uint64_t at)
{
	return !last || at >= HISTORY_AT(load(last)) + LEAST_STRETCH;
}

void history_note(struct ledger_stack *stack, uint64_t now)
{
	struct ledger_history *history = &stack->history;
	/* Read one after the other: with other threads at work it may be one too few or too many.
	 */
	uint64_t opened = load(&stack->opened), closed = load(&stack->closed),
		 at = HISTORY_TIME(now);
	uint32_t live = history_code(opened > closed ? opened - closed : 0);
	uint64_t *last = last_stretch(history);

	if (is_over(last, at) && claim(history, at)) {
		/* Another thread's may have begun between the look and the claim. */
		last = last_stretch(history);
		if (is_over(last, at)) {
			begin(history, at, live);
			last = NULL;
		}
		__atomic_store_n(&history->claimed, 0, __ATOMIC_RELEASE);
	}
	if (last)
		widen(last, live);
}

void history_used(struct ledger_stack *stack, uint32_t exchanges)
{
	uint16_t most = exchanges < UINT16_MAX ? (uint16_t)exchanges : UINT16_MAX;

	/* Of two threads the smaller may win: the next close says it again. */
	if (most > __atomic_load_n(&stack->history.most_exchanges, __ATOMIC_RELAXED))
		__atomic_store_n(&stack->history.most_exchanges, most, __ATOMIC_RELAXED);
}
