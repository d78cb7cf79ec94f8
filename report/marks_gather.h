/* SPDX-License-Identifier: MIT */
/* All marks that a report can know of. */
#ifndef MARKS_GATHER_H
#define MARKS_GATHER_H

#include "marks.h"
#include "processes.h"
#include "run_facts.h"

/* Of the members' ledgers, and of the files in folders among the targets. NULL: nobody set any;
 * else marks_free(). `run` may be NULL. */
struct marks *marks_gather(struct arena *arena, const char *const *targets,
			   const struct members *members, const struct run_facts *run);

#endif
