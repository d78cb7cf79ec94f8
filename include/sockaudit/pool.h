/* SPDX-License-Identifier: MIT */
/*
 * Whether connections whose FIN nobody read are a leak or a pool's at work, which meets the end
 * when it takes them out next: one truth for the line at exit and the report. A pool is a site
 * whose connections are used more than once, older ones after newer ones were opened, and that has
 * opened no more than it closed since the oldest of these lost its peer. What can't be told counts
 * as a leak: a pool's stale connections are there all the same, and a leak that is taken for a pool
 * would be missed for good.
 *
 * A site is here what has the same innermost frame: whichever way the call was reached. Fill in
 * this order: all its candidates, then all its stacks and all its slots, then ask.
 */
#ifndef SOCKAUDIT_POOL_H
#define SOCKAUDIT_POOL_H

#include <sockaudit/history.h>
#include <sockaudit/verdict.h>

struct pool_site {
	uint64_t since; /* the oldest candidate's peer is gone since then; 0: there is none */
	bool reuses;
	bool unknown; /* a stack that has opened since does not tell its count of then */
	uint64_t live, live_then; /* all that the site opened; then: at most */
	uint32_t opened, closed;  /* since then; of the closed, those whose slots still tell */
	/* Of those that are open: when the newest was opened, and the two latest uses. */
	uint32_t open;
	uint64_t newest, used[2], used_newest; /* used[0]'s own opening */
};

/* Whether the socket itself may be a pool's: we connected it, its last exchange is complete, and
 * nothing is there to be read but the end. */
static inline bool pool_candidate(const struct verdict *verdict, const struct ledger_slot *slot,
				  const struct verdict_kernel *kernel)
{
	const uint32_t epollin = 1;
	bool reading_off = slot->epoll_fd && slot->epoll_since && !(slot->epoll_interest & epollin);

	return verdict->rule == VERDICT_FIN_UNREAD && (slot->flags & SOCKET_CONNECTOR) &&
	       kernel->tcp_state == KERNEL_CLOSE_WAIT && kernel->queue_known && !kernel->unread &&
	       slot->direction == 1 && history_exchanges(slot) && !reading_off &&
	       /* A program that was told of the end and did nothing won't find it later. */
	       !verdict_is_told(slot);
}

/* As early as its peer may have gone: the kernel tells ages a little late and in ticks, but an
 * exchange was complete before. */
static inline void pool_add_candidate(struct pool_site *site, const struct verdict *verdict,
				      const struct ledger_slot *slot,
				      const struct verdict_kernel *kernel, double ns_per_cycle)
{
	uint64_t since = verdict->since, used = verdict_later(slot->last_receive, slot->last_send),
		 late = 0;

	if (ns_per_cycle > 0)
		late = (uint64_t)((kernel->slack_ms + VERDICT_TICKS_MS) * 1e6 / ns_per_cycle);
	since = verdict_later(since > late ? since - late : 1, used);
	if (!site->since || since < site->since)
		site->since = since;
}

static inline void pool_add_stack(struct pool_site *site, const struct ledger_stack *stack)
{
	uint64_t live = history_count(history_code(history_live(stack))), then;

	site->reuses |= stack->history.most_exchanges >= 2;
	/* In the present stretch nothing but a slot tells what came since then. */
	if (!history_highest(stack, site->since, &then))
		then = live;
	site->live += live;
	site->live_then += then;
}

/* `stack`: where it was opened. */
static inline void pool_add_slot(struct pool_site *site, const struct ledger_slot *slot,
				 const struct ledger_stack *stack)
{
	uint64_t then;

	site->reuses |= history_exchanges(slot) >= 2;
	if (LIFE_PHASE(slot->life) == PHASE_GONE) {
		site->closed += slot->opened_at <= site->since && slot->closed_at > site->since;
		return;
	}
	if (slot->opened_at > site->since) {
		site->opened++;
		site->unknown |= !history_highest(stack, site->since, &then);
	}
	uint64_t used = verdict_later(slot->last_receive, slot->last_send);

	site->open++;
	site->newest = verdict_later(site->newest, slot->opened_at);
	if (used > site->used[0]) {
		site->used[1] = site->used[0];
		site->used[0] = used;
		site->used_newest = slot->opened_at;
	} else if (used > site->used[1]) {
		site->used[1] = used;
	}
}

/* Some were replaced, or of several that are open an older one was used after the newest had been
 * opened: they are taken from a stock. A program that opens one for each job, and loses it with two
 * requests done, comes back to none. */
static inline bool pool_comes_back(const struct pool_site *site)
{
	uint64_t older = site->used_newest == site->newest ? site->used[1] : site->used[0];

	return site->open < 2 || site->closed || site->opened || older > site->newest;
}

static inline bool pool_at_work(const struct pool_site *site)
{
	return site->since && site->reuses && pool_comes_back(site) &&
	       (site->opened <= site->closed || (!site->unknown && site->live <= site->live_then));
}

#endif
