/* SPDX-License-Identifier: MIT */
/*
 * Recall against fresh unwinding by another unwinder (libgcc's), over random chains of calls: every
 * second function has an alloca of random size, some pass through a signal handler, built with -O1
 * and -O2, with and without frame pointers. SOCKAUDIT_CHAINS sets how many.
 */
#include "fake_ledger.h"
#include "stacks.h"

#include <alloca.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#define CHAINS 1000000
#define LINKS  24 /* functions to choose from */

static uint64_t seed = 88172645463325252ull;
static uint64_t captures, mismatches;

static uint64_t random_number(void)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return seed;
}

__attribute__((noinline)) static uintptr_t hook(uintptr_t mixed)
{
	void *frame = __builtin_frame_address(0);
	uintptr_t addresses[LEDGER_FRAMES_MAX];
	stack_id recalled = stacks_capture(frame);
	unsigned count = stacks_walk(frame, addresses, LEDGER_FRAMES_MAX);
	stack_id fresh = stacks_intern(addresses, count);

	captures++;
	if (recalled != fresh || recalled == 0) {
		if (mismatches++ < 3) {
			const struct ledger_stack *stack = stacks_record(recalled);

			fprintf(stderr, "recalled %u: %u frames, fresh %u: %u frames\n", recalled,
				stack ? stack->frame_count : 0, fresh, count);
		}
	}
	return mixed;
}

typedef uintptr_t link_function(const uint8_t *next, unsigned left, uintptr_t mixed);
static link_function *const links[LINKS];
static const uint8_t *handler_next;
static unsigned handler_left;

static uintptr_t go_on(const uint8_t *next, unsigned left, uintptr_t mixed)
{
	return left ? links[*next % LINKS](next + 1, left - 1, mixed) : hook(mixed);
}

static void on_signal(int number)
{
	go_on(handler_next, handler_left, (uintptr_t)number);
}

#define KEEP(value) __asm__ volatile("" : "+r"(value) : : "memory")

/* Some values live across the call, so that callee-saved registers are in use. */
#define PLAIN_LINK(name)                                                                           \
	__attribute__((noinline)) static uintptr_t name(const uint8_t *next, unsigned left,        \
							uintptr_t mixed)                           \
	{                                                                                          \
		uintptr_t a = mixed * 3, b = mixed ^ left, c = (uintptr_t)next + mixed;            \
		KEEP(a);                                                                           \
		KEEP(b);                                                                           \
		uintptr_t result = go_on(next, left, a + b);                                       \
		KEEP(c);                                                                           \
		return result + a * b + c;                                                         \
	}

/* The size does not follow from the chain: same return addresses, other frames. */
#define ALLOCA_LINK(name)                                                                          \
	__attribute__((noinline)) static uintptr_t name(const uint8_t *next, unsigned left,        \
							uintptr_t mixed)                           \
	{                                                                                          \
		size_t size = 16 + random_number() % 2 * 96;                                       \
		uintptr_t *room = alloca(size), a = mixed ^ size;                                  \
		for (size_t i = 0; i < size / sizeof(*room); i++)                                  \
			room[i] = (uintptr_t)__builtin_return_address(0);                          \
		KEEP(room);                                                                        \
		uintptr_t result = go_on(next, left, a);                                           \
		KEEP(room);                                                                        \
		return result + room[0] + a;                                                       \
	}

/* Aligned more than the caller's frame: position by way of a saved anchor. */
#define ALIGNED_LINK(name)                                                                         \
	__attribute__((noinline)) static uintptr_t name(const uint8_t *next, unsigned left,        \
							uintptr_t mixed)                           \
	{                                                                                          \
		uintptr_t room[4] __attribute__((aligned(64))) = { mixed, left };                  \
		uintptr_t *more = alloca(16 + random_number() % 2 * 128), *rooms = room;           \
		*more = mixed;                                                                     \
		KEEP(more);                                                                        \
		KEEP(rooms);                                                                       \
		uintptr_t result = go_on(next, left, mixed + *more);                               \
		KEEP(rooms);                                                                       \
		return result + room[0];                                                           \
	}

#define SIX_LINKS(variant)                                                                         \
	PLAIN_LINK(plain_##variant##_1)                                                            \
	ALLOCA_LINK(alloca_##variant##_1)                                                          \
	PLAIN_LINK(plain_##variant##_2) ALLOCA_LINK(alloca_##variant##_2)                          \
		PLAIN_LINK(plain_##variant##_3) ALIGNED_LINK(aligned_##variant)

#pragma GCC push_options
#pragma GCC optimize("O1", "omit-frame-pointer")
SIX_LINKS(o1)
#pragma GCC optimize("O1", "no-omit-frame-pointer")
SIX_LINKS(o1_pointer)
#pragma GCC optimize("O2", "omit-frame-pointer")
SIX_LINKS(o2)
#pragma GCC optimize("O2", "no-omit-frame-pointer")
SIX_LINKS(o2_pointer)
#pragma GCC pop_options

#define SIX_NAMES(variant)                                                                         \
	plain_##variant##_1, alloca_##variant##_1, plain_##variant##_2, alloca_##variant##_2,      \
		plain_##variant##_3, aligned_##variant

static link_function *const links[LINKS] = {
	SIX_NAMES(o1),
	SIX_NAMES(o1_pointer),
	SIX_NAMES(o2),
	SIX_NAMES(o2_pointer),
};

static unsigned chain_count(void)
{
	const char *wanted = getenv("SOCKAUDIT_CHAINS");

	return wanted ? (unsigned)strtoul(wanted, NULL, 10) : CHAINS;
}

static void recall_equals_fresh_unwinding(void **state)
{
	enum { KINDS = 31, LONGEST = 12 };
	static uint8_t programs[KINDS][LONGEST];
	struct sigaction action = { .sa_handler = on_signal };
	uintptr_t sum = 0;
	(void)state;

	sigaction(SIGUSR1, &action, NULL);
	for (unsigned i = 0; i < KINDS; i++)
		for (unsigned j = 0; j < LONGEST; j++)
			programs[i][j] = (uint8_t)random_number();

	unsigned chains = chain_count();
	for (unsigned i = 0; i < chains; i++) {
		const uint8_t *program = programs[random_number() % KINDS];
		unsigned length = 1 + (unsigned)(random_number() % 4);

		if (random_number() % 256 == 0) {
			handler_next = program;
			handler_left = length;
			raise(SIGUSR1);
		} else {
			sum += go_on(program, length + (random_number() % 64 == 0 ? 7 : 0), i);
		}
	}
	KEEP(sum);
	printf("%lu captures, %lu mismatches, %u stacks, %lu recalled\n", (unsigned long)captures,
	       (unsigned long)mismatches, ledger->header->sections[SECTION_STACKS].used,
	       (unsigned long)(captures - stacks_walked()));
	assert_int_equal(mismatches, 0);
	/* Without libunwind nothing is recalled, and this proved nothing. */
	assert_true(stacks_walked() < captures / 2);
	assert_int_equal(ledger->header->lost[LOST_FALLBACK], 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(recall_equals_fresh_unwinding) };

	stacks_start();
	if (!ledger_file_open())
		return 77;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
