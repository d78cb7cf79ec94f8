/* SPDX-License-Identifier: MIT */
/*
 * The clock of the ledger: the processor's cycle counter, read without a system call even where
 * there is no vDSO (valgrind, a seccomp filter), and its conversion to nanoseconds of
 * CLOCK_MONOTONIC.
 */
#ifndef SOCKAUDIT_CYCLES_H
#define SOCKAUDIT_CYCLES_H

#include <sockaudit/ledger.h>
#include <time.h>

enum cycles_kind { CYCLES_TSC = 1, CYCLES_CNTVCT, CYCLES_MONOTONIC };

#if defined(__x86_64__) || defined(__i386__)
#define CYCLES_KIND	CYCLES_TSC
#define CYCLES_MS_LEAST 100000u /* however slow the processor: in a millisecond at least so many   \
				 */
static inline uint64_t cycles_now(void)
{
	return __builtin_ia32_rdtsc();
}
#elif defined(__aarch64__)
#define CYCLES_KIND	CYCLES_CNTVCT
#define CYCLES_MS_LEAST 1000u
static inline uint64_t cycles_now(void)
{
	uint64_t count;
	__asm__ volatile("mrs %0, cntvct_el0" : "=r"(count));
	return count;
}
#else
#define CYCLES_KIND	CYCLES_MONOTONIC
#define CYCLES_MS_LEAST 1000000u
static inline uint64_t cycles_now(void)
{
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}
#endif

static inline uint64_t clock_nanoseconds(clockid_t clock)
{
	struct timespec now;

	clock_gettime(clock, &now);
	return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

/*
 * The clocks at one moment, as nearly as can be had. Whoever loses the processor between two of
 * them gets a pair that lies by milliseconds, and then a socket seems to outlive what came after
 * it: so they are asked again when it took longer than that, a few times at most, and the best is
 * taken.
 */
#define CLOCK_PAIR_NS	 20000
#define CLOCK_PAIR_TRIES 4
static inline struct ledger_clock clock_pair_now(void)
{
	struct ledger_clock best = { .cycles = 0 };
	uint64_t least = UINT64_MAX;

	for (int i = 0; i < CLOCK_PAIR_TRIES && least > CLOCK_PAIR_NS; i++) {
		struct ledger_clock pair;
		pair.monotonic_ns = clock_nanoseconds(CLOCK_MONOTONIC);
		pair.cycles = cycles_now();
		pair.realtime_ns = clock_nanoseconds(CLOCK_REALTIME);
		uint64_t took = clock_nanoseconds(CLOCK_MONOTONIC) - pair.monotonic_ns;
		if (took < least) {
			least = took;
			best = pair;
		}
	}
	return best;
}

/* Nanoseconds per cycle from two pairs; 0 when they are too close (under a millisecond) or run
 * backwards. */
static inline double clock_rate(const struct ledger_clock *from, const struct ledger_clock *to)
{
	if (to->cycles <= from->cycles || to->monotonic_ns < from->monotonic_ns + 1000000u)
		return 0;
	return (double)(to->monotonic_ns - from->monotonic_ns) /
	       (double)(to->cycles - from->cycles);
}

/* Milliseconds from `earlier` to `later`; 0 when they are in the other order. */
static inline uint64_t cycles_to_ms(double ns_per_cycle, uint64_t earlier, uint64_t later)
{
	return later <= earlier ? 0 : (uint64_t)((double)(later - earlier) * ns_per_cycle / 1e6);
}

#endif
