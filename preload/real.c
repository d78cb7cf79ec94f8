/* SPDX-License-Identifier: MIT */
#include "real.h"
#include <errno.h>
#include <stdint.h>

const char *const real_call_names[CALL_count] = {
	[CALL_none] = "",
#define HOOK(name) [CALL_##name] = #name,
#include "hooks.def"
#undef HOOK
};

/* Stands in for a function newer than libc. Those that report failure otherwise than by -1 are in
 * every libc whose programs can call them. */
static long real_missing(void)
{
	errno = ENOSYS;
	return -1;
}

void real_resolve(void)
{
	int missing = 0, saved = errno;

	for (unsigned i = 1; i < CALL_count; i++) {
		void *found = dlsym(RTLD_NEXT, real_call_names[i]);

		if (!found) {
			missing++;
			found = (void *)(uintptr_t)real_missing;
		}
		/* Concurrent resolvers store the same value. */
		__atomic_store_n((void **)&real_functions + i, found, __ATOMIC_RELEASE);
	}
	/* A failed dlsym leaves its text for the program's next dlerror(). */
	if (missing)
		(void)dlerror();
	errno = saved;
}
