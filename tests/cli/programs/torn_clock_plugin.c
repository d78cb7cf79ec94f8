/* SPDX-License-Identifier: MIT */
/* Preloaded beside the library: whoever asks for the time of day loses the processor for 30 ms, each
 * second time; TORN_CLOCK=1: at the others. */
#include <dlfcn.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

int clock_gettime(clockid_t clock, struct timespec *now)
{
	static int (*real)(clockid_t, struct timespec *);
	static unsigned asked;
	const char *odd = getenv("TORN_CLOCK");

	if (!real)
		real = (int (*)(clockid_t, struct timespec *))dlsym(RTLD_NEXT, "clock_gettime");
	if (clock == CLOCK_REALTIME && asked++ % 2 == (odd && *odd == '1'))
		usleep(30000);
	return real(clock, now);
}
