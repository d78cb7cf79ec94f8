/* SPDX-License-Identifier: MIT */
/*
 * What a capture costs: ns for one that is recalled and for one that walks, for 5 to 60 frames. The
 * best of several rounds, since the machine may have others to serve. With an argument (a number of
 * frames) it makes 1,000 recalled captures of that depth and no more, for callgrind.
 */
#include "fake_ledger.h"
#include "stacks.h"

#include <alloca.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#define ROUNDS 15

static unsigned captures; /* to make at the bottom */
static double best;

static double now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return (double)time.tv_sec * 1e9 + (double)time.tv_nsec;
}

__attribute__((noinline)) static stack_id hook(void)
{
	stack_id stack = stacks_capture(__builtin_frame_address(0));

	__asm__ volatile("" : "+r"(stack) : : "memory");
	return stack;
}

/* What is done before each capture. */
enum before {
	NOTHING, /* recalled, but for the first */
	MOVE,	 /* another depth each time: walked, by rules that libunwind knows */
	FORGET,	 /* after an unloading: walked, by rules read anew */
};
static enum before before;

__attribute__((noinline)) static void measure(void)
{
	static unsigned moved;
	char *room = before == MOVE ? alloca(16 * (1 + moved % 65536)) : NULL;
	double start = now();

	__asm__ volatile("" : "+r"(room) : : "memory");
	for (unsigned i = 0; i < captures; i++) {
		if (before == FORGET)
			stacks_code_changed();
		if (before == MOVE) {
			room = alloca(16);
			__asm__ volatile("" : "+r"(room) : : "memory");
		}
		hook();
	}
	moved += captures;
	double each = (now() - start) / captures;
	if (best == 0 || each < best)
		best = each;
}

__attribute__((noinline)) static void descend(unsigned frames, uintptr_t mixed)
{
	uintptr_t kept = mixed * 3;

	__asm__ volatile("" : "+r"(kept) : : "memory");
	if (frames)
		descend(frames - 1, kept);
	else
		measure();
	__asm__ volatile("" : "+r"(kept) : : "memory");
}

static double cost(unsigned frames, unsigned times, enum before each)
{
	captures = times;
	before = each;
	best = 0;
	for (unsigned round = 0; round < ROUNDS; round++)
		descend(frames, round);
	return best;
}

/* Frames that surround the chain: measure, descend's last, cost, main and libc's. */
#define AROUND 7

int main(int count, char **arguments)
{
	stacks_start(true);
	if (!ledger_file_open())
		return 77;
	if (count > 1) {
		captures = 1000;
		descend((unsigned)atoi(arguments[1]) - AROUND, 0);
		return 0;
	}

	captures = 1;
	descend(8, 0);
	printf("the process's first capture: %.1f us\n", best / 1e3);
	printf("%7s %10s %10s %18s\n", "frames", "hit ns", "miss ns", "miss, all new ns");
	for (unsigned frames = 10; frames <= 60; frames += 10) {
		double hit = cost(frames - AROUND, 20000, NOTHING),
		       miss = cost(frames - AROUND, 200, MOVE);

		printf("%7u %10.1f %10.0f %18.0f\n", frames, hit, miss,
		       cost(frames - AROUND, 50, FORGET));
	}
	return 0;
}
