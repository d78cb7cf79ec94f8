/* SPDX-License-Identifier: MIT */
/* When and where a child was forked, as far as anybody knows. For held_by_child.c. */
#ifndef FORK_TIME_H
#define FORK_TIME_H

#include "heirs.h"

struct fork_time {
	uint64_t earliest, latest;   /* cycles; 0: not known */
	const struct member *forker; /* whose ledger has the place; NULL: nobody's */
	stack_id stack;
	const char *call;
};

/*
 * By the parent's record of it, else by the child's own, else by the age of the process, which has
 * ticks of 10 ms. `branch` is the child of `parent` that became the heir or an ancestor of it;
 * NULL: the heir stands for itself. Forks after `closed_at` are none that matter.
 */
struct fork_time fork_time_of(const struct heirs *heirs, const struct member *parent,
			      const struct descent *branch, const struct heir *heir,
			      uint64_t closed_at);

#endif
