/* SPDX-License-Identifier: MIT */
/* When and where a child was forked; see fork_time.h. */
#include "fork_time.h"

#include <string.h>
#include <time.h>
#include <unistd.h>

/* How long before the child's start its parent may have written down a call that doesn't tell the
 * pid: system() has work to do before. */
#define BEFORE_START_MS 50

static bool is_program_of(const struct member *member, uint32_t pid, uint64_t start_ticks)
{
	return member->ledger && member->pid == pid && member->start_ticks == start_ticks;
}

static bool by_parent(const struct members *members, const struct member *parent, uint32_t pid,
		      uint64_t from, uint64_t to, struct fork_time *found)
{
	for (size_t i = 0; i < members->count; i++) {
		const struct member *member = &members->items[i];
		if (!is_program_of(member, parent->pid, parent->start_ticks))
			continue;
		for (uint32_t j = 0; j < member->ledger->fork_count; j++) {
			const struct ledger_fork *fork = &member->ledger->forks[j];
			if (fork->pid != pid || fork->at < from || fork->at > to ||
			    fork->at < found->latest)
				continue;
			*found = (struct fork_time){ .earliest = fork->at,
						     .latest = fork->at,
						     .forker = member,
						     .stack = fork->stack,
						     .call = ledger_call(member->ledger,
									 fork->call) };
		}
	}
	return found->latest;
}

static bool by_child(const struct members *members, uint32_t pid, uint64_t start_ticks,
		     struct fork_time *found)
{
	for (size_t i = 0; i < members->count; i++) {
		const struct member *member = &members->items[i];
		if (!is_program_of(member, pid, start_ticks) || !member->ledger->header.fork_at)
			continue;
		const struct ledger_header *header = &member->ledger->header;
		const char *call = ledger_call(member->ledger, header->fork_call);
		*found = (struct fork_time){ .earliest = header->fork_at,
					     .latest = header->fork_at,
					     .forker = member,
					     .stack = header->fork_stack,
					     .call = call ? call : "fork" };
		return true;
	}
	return false;
}

static int64_t clock_ns(clockid_t clock)
{
	struct timespec now;

	clock_gettime(clock, &now);
	return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

/* A process's start, in ticks since the boot, as a moment of a ledger. */
static uint64_t cycles_of_ticks(const struct ledger *ledger, uint64_t ticks)
{
	const struct ledger_clock *start = &ledger->header.clock_start;
	long per_second = sysconf(_SC_CLK_TCK);
	/* CLOCK_MONOTONIC has slept, CLOCK_BOOTTIME has not. */
	int64_t slept = clock_ns(CLOCK_BOOTTIME) - clock_ns(CLOCK_MONOTONIC);
	double ns = (double)ticks * 1e9 / (double)(per_second > 0 ? per_second : 100) -
		    (double)slept - (double)start->monotonic_ns;
	double cycles = (double)start->cycles + ns / ledger->ns_per_cycle;

	return cycles < 1 ? 1 : cycles > 9e18 ? UINT64_MAX / 2 : (uint64_t)cycles;
}

static void by_age(const struct heirs *heirs, const struct member *parent, uint32_t pid,
		   uint64_t start_ticks, struct fork_time *found)
{
	const struct members *members = heirs->audit->members;
	const struct ledger *ledger = parent->ledger;
	struct fork_time record = { .latest = 0 };

	if (strcmp(heirs->boot_id, ledger->header.boot_id) != 0)
		return;
	found->earliest = cycles_of_ticks(ledger, start_ticks);
	found->latest = cycles_of_ticks(ledger, start_ticks + 1);
	uint64_t before = (uint64_t)(BEFORE_START_MS * 1e6 / ledger->ns_per_cycle);
	uint64_t from = found->earliest > before ? found->earliest - before : 1;
	/* A child whose parent has ended is nobody's by /proc; its number and its age fit all the
	 * same. */
	if (by_parent(members, parent, pid, from, found->latest, &record)) {
		*found = record;
	} else if (by_parent(members, parent, 0, from, found->latest, &record)) {
		found->forker = record.forker;
		found->stack = record.stack;
		found->call = record.call;
	}
}

struct fork_time fork_time_of(const struct heirs *heirs, const struct member *parent,
			      const struct descent *branch, const struct heir *heir,
			      uint64_t closed_at)
{
	const struct members *members = heirs->audit->members;
	uint32_t pid = branch ? branch->pid : heir->pid;
	uint64_t start_ticks = branch ? branch->start_ticks : heir->start_ticks;
	struct fork_time found = { .latest = 0 };

	if ((branch && by_parent(members, parent, pid, 1, closed_at, &found)) ||
	    by_child(members, pid, start_ticks, &found))
		return found;
	by_age(heirs, parent, pid, start_ticks, &found);
	return found;
}
