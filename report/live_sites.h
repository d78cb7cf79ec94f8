/* SPDX-License-Identifier: MIT */
/* A process's open sockets by the place where they were opened, and what a finding about such a
 * place says of it. For growing.c and running_out.c. */
#ifndef LIVE_SITES_H
#define LIVE_SITES_H

#include "audit.h"
#include "code.h"
#include "finding_list.h"
#include "hash.h"

struct live_site {
	UT_hash_handle hh;
	uint32_t site; /* code_site(); 0: nobody knows where */
	const struct member *member;
	struct audited_socket **sockets; /* that the process holds; listeners are none */
	size_t count, room;
	uint32_t opened_stack; /* of the first of them: code_stack()'s number */
	const char *opened_call;
	uint64_t opened, closed; /* by the counters of its stacks */
	const struct ledger_stack **stacks;
	size_t stack_count, stack_room;
};

/* Whether one of a process's places may have so many: told by its slots alone, so that sockets need
 * not be looked at. */
bool live_sites_reach(const struct audit *audit, struct code *code, uint32_t member, size_t least);
/* Those of one process; live_sites_free() when done. Memory is the audit's arena. */
struct live_site *live_sites_find(const struct audit *audit, struct code *code, uint32_t member);
void live_sites_free(struct live_site *sites);

/* The lowest live count of these stacks together between two ages of the process. */
uint64_t stacks_lowest(const struct ledger_stack *const *stacks, size_t count, uint64_t from,
		       uint64_t to);

/*
 * Whether a live count grows: of the last `ms`, each of three parts (to a quarter, to a sixteenth,
 * to now) had more at its lowest than the one before. *first is the lowest of the first part.
 * False too when the process is younger.
 */
struct growth {
	uint64_t first;	 /* the lowest of the first part */
	uint64_t lowest; /* and of the last */
	bool grows;
};
struct growth growth_of(const struct ledger *ledger, const struct ledger_stack *const *stacks,
			size_t count, uint64_t end, uint64_t ms);
/* The end of what its ledger tells: now, as it was read, while it runs. */
uint64_t history_end(const struct member *member);

/* The finding's places and rows, of these sockets of the site. */
void live_site_tell(const struct audit *audit, struct code *code, const struct live_site *site,
		    struct audited_socket *const *sockets, size_t count, struct finding *finding);

#endif
