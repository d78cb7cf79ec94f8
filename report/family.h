/* SPDX-License-Identifier: MIT */
/* Who descends from whom, among ledgers and what is in /proc now. For processes.c and
 * held_by_child.c. */
#ifndef FAMILY_H
#define FAMILY_H

#include "processes.h"

struct family {
	const struct member *candidates; /* every ledger that is known */
	size_t candidate_count;
	const struct proc *procs; /* by pid */
	size_t proc_count;
};

const struct proc *family_proc(const struct family *family, uint32_t pid);
/* Whether `pid`, started at `start_ticks`, is the process (ancestor, its start) or descends from
 * it. */
bool family_descends(const struct family *family, uint32_t pid, uint32_t ppid, uint64_t start_ticks,
		     uint32_t ancestor, uint64_t ancestor_start);
struct descent {
	uint32_t pid, ppid;
	uint64_t start_ticks;
};
/* The same; *process, which is asked about, becomes the child of the ancestor through whom it
 * descends. */
bool family_branch(const struct family *family, struct descent *process, uint32_t ancestor,
		   uint64_t ancestor_start);
/* The topmost ancestor that has a ledger, itself if none above has one. */
const struct member *family_head(const struct family *family, const struct member *member);

#endif
