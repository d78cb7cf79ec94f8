/* SPDX-License-Identifier: MIT */
/* A stack's live count over time: what is kept is true, in order, and reaches back to the beginning
 * however much happened since. */

/* cmocka.h wants these before it, in this order. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include "history.h"

#include <pthread.h>
#include <sockaudit/cycles.h>
#include <stdlib.h>
#include <string.h>

#define MS    2400000ull /* of a cycle of 0.4 ns */
#define START (1000 * MS)

static struct ledger_stack stack;

static void opens(uint64_t at)
{
	__atomic_add_fetch(&stack.opened, 1, __ATOMIC_RELAXED);
	history_note(&stack, at);
}

static void closes(uint64_t at)
{
	__atomic_add_fetch(&stack.closed, 1, __ATOMIC_RELAXED);
	history_note(&stack, at);
}

static void in_order(void)
{
	assert_in_range(stack.history.count, 1, LEDGER_SAMPLES);
	assert_int_equal(stack.history.claimed, 0);
	for (unsigned i = 0; i < stack.history.count; i++) {
		uint64_t word = stack.history.samples[i];
		assert_true(HISTORY_LOW(word) <= HISTORY_HIGH(word));
		assert_true(!i || HISTORY_AT(stack.history.samples[i - 1]) < HISTORY_AT(word));
	}
}

static void codes_keep_the_order(void **state)
{
	uint32_t before = 0;

	(void)state;
	for (uint64_t live = 0; live < 2u << 20; live++) {
		uint32_t code = history_code(live);
		assert_true(code >= before && code < 1u << 14);
		assert_true(history_count(code) <= live &&
			    live - history_count(code) <= live / 512);
		before = code;
	}
	assert_true(history_code(UINT64_MAX) >= before);
}

/* A leak: each stretch has more at its lowest than the one before, and the first is remembered. */
static void a_leak_rises(void **state)
{
	(void)state;
	memset(&stack, 0, sizeof(stack));
	for (uint64_t i = 0; i < 1000; i++)
		opens(START + i * 5000 * MS);
	in_order();
	assert_int_equal(stack.history.count, LEDGER_SAMPLES);
	assert_int_equal(HISTORY_AT(stack.history.samples[0]), HISTORY_TIME(START));
	for (unsigned i = 1; i < LEDGER_SAMPLES; i++)
		assert_true(HISTORY_LOW(stack.history.samples[i]) >
			    HISTORY_LOW(stack.history.samples[i - 1]));
	/* The recent past is told more finely than the distant one. */
	uint64_t end = HISTORY_TIME(START + 1000 * 5000 * MS);
	for (unsigned i = 0; i + 2 < LEDGER_SAMPLES; i++) {
		uint64_t began = HISTORY_AT(stack.history.samples[i]),
			 ended = HISTORY_AT(stack.history.samples[i + 1]);
		assert_true(ended - began <= (end - began) * 3 / 4);
	}
	assert_int_equal(history_lowest(&stack, START - MS, START + MS), 0);
}

/* Opened and closed in turn: the lowest stays low, whatever is merged. */
static void a_pool_does_not(void **state)
{
	(void)state;
	memset(&stack, 0, sizeof(stack));
	for (int i = 0; i < 8; i++)
		opens(START);
	for (uint64_t i = 1; i < 50000; i++) {
		closes(START + i * 30 * MS);
		opens(START + i * 30 * MS + MS);
	}
	in_order();
	uint64_t end = START + 50000 * 30 * MS;
	assert_int_equal(history_lowest(&stack, end - 5000 * 30 * MS, end), 7);
	for (unsigned i = 1; i < LEDGER_SAMPLES; i++) {
		assert_int_equal(HISTORY_HIGH(stack.history.samples[i]), 8);
		assert_int_equal(HISTORY_LOW(stack.history.samples[i]), 7);
	}
}

/* Against a walk that is remembered whole. */
static void lowest_is_never_above_the_truth(void **state)
{
	enum { EVENTS = 20000 };
	static uint64_t at[EVENTS], live[EVENTS];
	uint64_t now = START;

	(void)state;
	memset(&stack, 0, sizeof(stack));
	srandom(7);
	for (int i = 0; i < EVENTS; i++) {
		now += (uint64_t)(random() % 40) * MS;
		if (random() % 100 < 55 || history_live(&stack) == 0)
			opens(now);
		else
			closes(now);
		at[i] = now;
		live[i] = history_live(&stack);
	}
	in_order();
	for (int round = 0; round < 2000; round++) {
		int first = (int)(random() % EVENTS),
		    last = first + (int)(random() % (EVENTS - first));
		uint64_t least = UINT64_MAX, most;
		for (int i = first; i <= last; i++)
			least = live[i] < least ? live[i] : least;
		assert_true(history_lowest(&stack, at[first], at[last]) <= least);
		history_highest(&stack, at[first], &most);
		assert_true(most >= history_count(history_code(live[first])));
	}
}

static void *busy(void *unused)
{
	for (int i = 0; i < 200000; i++) {
		uint64_t now = cycles_now();
		opens(now);
		closes(now);
	}
	return unused;
}

static void eight_threads_leave_it_in_order(void **state)
{
	pthread_t threads[8];

	(void)state;
	memset(&stack, 0, sizeof(stack));
	for (int i = 0; i < 8; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, busy, NULL), 0);
	for (int i = 0; i < 8; i++)
		pthread_join(threads[i], NULL);
	in_order();
	for (unsigned i = 0; i < stack.history.count; i++)
		assert_true(HISTORY_HIGH(stack.history.samples[i]) <= 16);
}

/* A thread that left in the middle holds the others up for seconds, not for ever. */
static void a_claim_that_nobody_gives_back(void **state)
{
	(void)state;
	memset(&stack, 0, sizeof(stack));
	opens(START);
	stack.history.claimed = (uint32_t)(HISTORY_TIME(START) >> 6) | 1;
	opens(START + 100 * MS);
	assert_int_equal(stack.history.count, 1);
	assert_int_equal(HISTORY_HIGH(stack.history.samples[0]), 2);
	opens(START + 10000 * MS);
	assert_int_equal(stack.history.count, 2);
	in_order();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(codes_keep_the_order),
		cmocka_unit_test(a_leak_rises),
		cmocka_unit_test(a_pool_does_not),
		cmocka_unit_test(lowest_is_never_above_the_truth),
		cmocka_unit_test(eight_threads_leave_it_in_order),
		cmocka_unit_test(a_claim_that_nobody_gives_back),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
