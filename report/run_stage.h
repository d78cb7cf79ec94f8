/* SPDX-License-Identifier: MIT */
/* What `sockaudit run` sets up for its command: the library, the folder of its ledgers, the
 * environment. */
#ifndef RUN_STAGE_H
#define RUN_STAGE_H

#include "arena.h"
#include <stdbool.h>

struct run_stage {
	const char *library;	/* path, or its name where the dynamic linker finds it */
	const char *folder;	/* of this run alone */
	const char *attendance; /* a file in it */
	const char *marks;	/* and another */
	char **environment;	/* the command's */
};

struct run_wishes {
	const char *folder;  /* keep the ledgers there; NULL: a private one */
	const char *library; /* NULL: found */
};

/* 0, or -errno and *trouble. */
int run_stage_set(struct arena *arena, const struct run_wishes *wishes, struct run_stage *stage,
		  const char **trouble);
/* Removes the folder with all that it holds, as far as it is ours. */
void run_stage_strike(const struct run_stage *stage);

#endif
