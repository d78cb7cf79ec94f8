/* SPDX-License-Identifier: MIT */
/* The census of TCP states: taken, counted, judged. */
#ifndef STATES_H
#define STATES_H

#include "arena.h"
#include "states_model.h"

struct states_options {
	const char *from; /* NULL: the kernel; "-": standard input */
	bool all_namespaces;
	enum states_by by;
};

/* 0, or -errno and *trouble. Memory is the arena's; `options->from` must live as long. */
int states_take(struct arena *arena, const struct states_options *options, struct states *census,
		const char **trouble);

#endif
