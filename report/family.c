/* SPDX-License-Identifier: MIT */
/* Who descends from whom; see family.h. A pid is used again, so a parent must have started before
 * its child. */
#include "family.h"

#include <stdlib.h>

/* A forged ledger may name itself as its own grandparent; real families are not deeper. */
#define DEPTH_MOST 1000

struct ancestor {
	uint32_t pid, ppid;
	uint64_t start_ticks;
	const struct member *member; /* NULL: it has no ledger */
};

const struct proc *family_proc(const struct family *family, uint32_t pid)
{
	size_t low = 0, high = family->proc_count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if (family->procs[middle].pid == pid)
			return &family->procs[middle];
		if (family->procs[middle].pid < pid)
			low = middle + 1;
		else
			high = middle;
	}
	return NULL;
}

/* The process that had this pid when a child of it started. */
static bool process_before(const struct family *family, uint32_t pid, uint64_t start_ticks,
			   struct ancestor *found)
{
	*found = (struct ancestor){ .pid = pid };
	for (size_t i = 0; i < family->candidate_count; i++) {
		const struct member *member = &family->candidates[i];
		if (member->pid != pid || member->start_ticks > start_ticks)
			continue;
		if (!found->member || member->start_ticks >= found->start_ticks)
			*found =
				(struct ancestor){ pid, member->ppid, member->start_ticks, member };
	}
	const struct proc *proc = family_proc(family, pid);
	if (proc && proc->start_ticks <= start_ticks &&
	    (!found->member || proc->start_ticks > found->start_ticks))
		*found = (struct ancestor){ pid, proc->ppid, proc->start_ticks, NULL };
	return found->member || found->start_ticks;
}

static bool parent_of(const struct family *family, struct ancestor *process)
{
	struct ancestor parent;

	if (process->ppid > 1 &&
	    process_before(family, process->ppid, process->start_ticks, &parent)) {
		*process = parent;
		return true;
	}
	/* Its first parent is unknown or gone; whoever it belongs to now may be. */
	const struct proc *proc = family_proc(family, process->pid);
	if (proc && proc->start_ticks == process->start_ticks && proc->ppid > 1 &&
	    proc->ppid != process->ppid &&
	    process_before(family, proc->ppid, process->start_ticks, &parent)) {
		*process = parent;
		return true;
	}
	return false;
}

bool family_branch(const struct family *family, struct descent *process, uint32_t ancestor,
		   uint64_t ancestor_start)
{
	struct ancestor climber = { process->pid, process->ppid, process->start_ticks, NULL };

	for (int depth = 0; depth < DEPTH_MOST; depth++) {
		struct ancestor below = climber;
		if (climber.pid == ancestor && climber.start_ticks == ancestor_start)
			return true;
		/* The parent was named by pid alone: it is the one asked for if that one was there
		 * already. */
		if (climber.start_ticks < ancestor_start || !parent_of(family, &climber))
			return false;
		*process = (struct descent){ below.pid, below.ppid, below.start_ticks };
	}
	return false;
}

bool family_descends(const struct family *family, uint32_t pid, uint32_t ppid, uint64_t start_ticks,
		     uint32_t ancestor, uint64_t ancestor_start)
{
	struct descent process = { pid, ppid, start_ticks };

	return family_branch(family, &process, ancestor, ancestor_start);
}

const struct member *family_head(const struct family *family, const struct member *member)
{
	struct ancestor process = { member->pid, member->ppid, member->start_ticks, member };
	const struct member *head = member;

	for (int depth = 0; depth < DEPTH_MOST && parent_of(family, &process); depth++)
		if (process.member)
			head = process.member;
	return head;
}
