/* SPDX-License-Identifier: MIT */
/* What a case hands to the driver that started it: shared memory, so that telling makes no call
 * that is hooked. */
#ifndef REPORT_H
#define REPORT_H

#include <stdbool.h>
#include <stdint.h>

struct report {
	uint32_t successes, failures; /* of STEP */
	uint32_t checks;
	uint32_t expects_end, expected_state;
	int32_t expected_status;
	char told[49152];   /* must be the same, bare and under the library */
	char trouble[8192]; /* must be empty */
};

/* One for each hook of hooks.def: without one this does not link. */
#define HOOK(name) void case_##name(void);
#include "../../preload/hooks.def"
#undef HOOK

/* In the process of the case, before it. */
void case_begin(const char *program, const char *path, bool under_library);
void case_tell_arguments(char **argv, char **environment);

#endif
