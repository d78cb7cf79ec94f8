/* SPDX-License-Identifier: MIT */
/*
 * What a capture costs, of chains of frames that are compiled in several ways (stack_chain.h).
 *
 *   stack_cost costs            each chain's hit, miss, and miss with all rules read anew: ns
 *   stack_cost first            the process's first capture: us
 *   stack_cost threads N        the first capture of each of N threads, by turns of code that was
 *                               captured before, and of code that never was: us, KiB made resident
 *   stack_cost loaded LIBRARY.. the first capture through each library, just loaded: us
 *   stack_cost FRAMES           1,000 recalled captures of that depth and no more, for callgrind
 *
 * Prints a line for each: a name and numbers. Times are medians, of captures measured one by one
 * where they walk.
 */
#include "fake_ledger.h"
#include "stack_chain.h"
#include "stacks.h"

#include <alloca.h>
#include <dlfcn.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

/* Rounds of some 10 us: what else the machine does falls between them, or beside the median. */
#define HITS   200
#define ROUNDS 301
#define MISSES 301
/* Frames that surround a chain: main and libc's two, the chain's own, the walk's start. */
#define AROUND 8

static const unsigned depths[] = { 5, 10, 20, 40, 60 };

static double now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return (double)time.tv_sec * 1e9 + (double)time.tv_nsec;
}

static int by_size(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static double median(double *values, unsigned count)
{
	qsort(values, count, sizeof *values, by_size);
	return values[count / 2];
}

__attribute__((noinline)) static stack_id hook(void)
{
	stack_id stack = stacks_capture(__builtin_frame_address(0));

	KEEP(stack);
	return stack;
}

/* What is captured at the bottom of a chain. */
static double found;
static unsigned found_frames;

static void look_how_deep(void)
{
	found_frames = stacks_record(hook())->frame_count;
}

static void hits(void)
{
	double times[ROUNDS];

	for (unsigned round = 0; round < ROUNDS; round++) {
		double start = now();

		for (unsigned i = 0; i < HITS; i++)
			hook();
		times[round] = (now() - start) / HITS;
	}
	found = median(times, ROUNDS);
}

/* At another depth each time, by rules that the unwinder knows. */
static void misses(void)
{
	double times[MISSES];

	for (unsigned i = 0; i < MISSES; i++) {
		char *room = alloca(16);

		KEEP(room);
		double start = now();
		hook();
		times[i] = now() - start;
	}
	found = median(times, MISSES);
}

/* After an unloading: by rules that are read anew. */
static void misses_anew(void)
{
	double times[MISSES];

	for (unsigned i = 0; i < MISSES; i++) {
		stacks_code_changed();
		double start = now();
		hook();
		times[i] = now() - start;
	}
	found = median(times, MISSES);
}

static void once(void)
{
	double start = now();

	hook();
	found = now() - start;
}

static void (*on_signal)(void);

static void handle(int number)
{
	(void)number;
	on_signal();
}

static void interrupt(void)
{
	raise(SIGUSR1);
	__asm__ volatile("");
}

/* The bottom is a signal handler; one capture is as good as another. */
static void chain_signal(unsigned frames, void (*bottom)(void))
{
	struct sigaction action = { .sa_handler = handle };

	on_signal = bottom;
	sigaction(SIGUSR1, &action, NULL);
	chain_plain(frames, interrupt);
}

static const struct {
	const char *name;
	chain_function *chain;
} chains[] = {
	{ "plain", chain_plain },   { "framed", chain_framed },	      { "cxx", chain_cxx },
	{ "caught", chain_caught }, { "unwinding", chain_unwinding }, { "signal", chain_signal },
};

/* So many functions of the chain that the whole stack has `frames`; at least one. */
static unsigned functions_for(chain_function *chain, unsigned frames)
{
	chain(1, look_how_deep);
	return frames > found_frames ? frames - found_frames + 1 : 1;
}

static void costs(void)
{
	for (unsigned i = 0; i < sizeof chains / sizeof chains[0]; i++) {
		chain_function *chain = chains[i].chain;

		for (unsigned depth = 0; depth < sizeof depths / sizeof depths[0]; depth++) {
			unsigned functions = functions_for(chain, depths[depth]);

			chain(functions, look_how_deep);
			printf("%s %u", chains[i].name, found_frames);
			uint64_t walked = stacks_walked();
			chain(functions, hits);
			/* Whether it was one. */
			const char *recalled =
				stacks_walked() - walked < HITS ? "recalled" : "walked";
			printf(" %.1f", found);
			chain(functions, misses);
			printf(" %.1f", found);
			chain(functions, misses_anew);
			printf(" %.1f %s\n", found, recalled);
		}
	}
}

/* What a thread does before its first capture, so that what it touches then is the capture's. */
static void nothing(void)
{
	struct rusage usage;

	now();
	getrusage(RUSAGE_THREAD, &usage);
}

static long faulted;

static void once_counted(void)
{
	struct rusage before, after;

	getrusage(RUSAGE_THREAD, &before);
	once();
	getrusage(RUSAGE_THREAD, &after);
	faulted = after.ru_minflt - before.ru_minflt;
}

#define THREAD_FRAMES 20

static void *begin_thread(void *argument)
{
	chain_function *chain = *(chain_function *const *)argument;

	chain(THREAD_FRAMES + 1, nothing);
	chain(THREAD_FRAMES, once_counted);
	return NULL;
}

/* Another depth for each thread, which no thread had before. */
static void *begin_elsewhere(void *argument)
{
	static unsigned threads;
	char *room = alloca(16 * ++threads);

	KEEP(room);
	return begin_thread(argument);
}

static void thread_first(const char *name, void *(*begin)(void *), chain_function *chain)
{
	pthread_t thread;

	if (pthread_create(&thread, NULL, begin, &chain) || pthread_join(thread, NULL))
		exit(2);
	printf("%s %.2f %ld\n", name, found / 1e3, faulted * 4);
}

static void thread_firsts(int threads)
{
	/* A process at work: its main thread has captured at other places. */
	chain_framed(20, once);
	thread_first("cold", begin_thread, chain_plain);
	for (int i = 0; i < threads; i++)
		thread_first("known", begin_thread, chain_plain);
	for (int i = 0; i < threads; i++)
		thread_first("moved", begin_elsewhere, chain_plain);
	for (int i = 0; i < threads; i++) {
		stacks_code_changed();
		thread_first("anew", begin_thread, chain_plain);
	}
}

static void loaded(char **libraries, int count)
{
	chain_plain(20, once);
	for (int i = 0; i < count; i++) {
		void *library = dlopen(libraries[i], RTLD_NOW | RTLD_LOCAL);
		chain_function *chain = NULL;
		void *symbol = library ? dlsym(library, "chain_loaded") : NULL;

		if (!symbol) {
			fprintf(stderr, "stack_cost: %s\n", dlerror());
			exit(2);
		}
		memcpy(&chain, &symbol, sizeof chain);
		chain(CHAIN_MAX - AROUND, once);
		printf("loaded %.2f\n", found / 1e3);
	}
}

static void recalled_thousand(void)
{
	for (unsigned i = 0; i < 1000; i++)
		hook();
}

int main(int count, char **arguments)
{
	const char *what = count > 1 ? arguments[1] : "costs";

	stacks_start();
	if (!ledger_file_open())
		return 77;
	if (!strcmp(what, "first")) {
		chain_plain(20, once);
		printf("first %.2f\n", found / 1e3);
	} else if (!strcmp(what, "threads") && count > 2) {
		thread_firsts(atoi(arguments[2]));
	} else if (!strcmp(what, "loaded")) {
		loaded(arguments + 2, count - 2);
	} else if (atoi(what)) {
		chain_plain(functions_for(chain_plain, (unsigned)atoi(what)), recalled_thousand);
	} else {
		costs();
	}
	return 0;
}
