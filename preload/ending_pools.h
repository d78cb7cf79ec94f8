/* SPDX-License-Identifier: MIT */
/* Which of the sockets whose FIN nobody read are a pool's at work (pool.h); for the line at exit.
 */
#ifndef ENDING_POOLS_H
#define ENDING_POOLS_H

#include <sockaudit/pool.h>

struct pools {
	struct pool_entry *entries; /* a table by frame; NULL: no memory, then nobody is a pool */
	uint64_t size;		    /* of it, a power of two */
	uint64_t bytes;
	bool any;
};

/* For at most so many candidates. pools_end() when done. */
void pools_begin(struct pools *pools, uint32_t most);
void pools_candidate(struct pools *pools, const struct ledger_slot *slot,
		     const struct verdict *verdict, const struct verdict_kernel *kernel,
		     double ns_per_cycle);
/* After the last candidate: asks every stack and slot. */
void pools_fill(struct pools *pools);
bool pools_at_work(const struct pools *pools, stack_id opened);
void pools_end(struct pools *pools);

#endif
