/* SPDX-License-Identifier: MIT */
/* A place that closes first, between churn.c, which finds it, and churn_tell.c, which says so. */
#ifndef CHURN_SITE_H
#define CHURN_SITE_H

#include "churn.h"
#include "hash.h"

/* The most frequent of something, and one to show of it. */
struct shown {
	uint64_t count;
	const struct member *member;
	stack_id stack;
	uint32_t call;
};

/* A closing place, whichever processes and stacks come there. */
struct churn_site {
	UT_hash_handle hh;
	uint32_t site;			 /* code.h's number */
	uint64_t lately;		 /* closed first in the window */
	uint64_t oldest_ns, youngest_ns; /* of those */
	uint64_t first, by_peer, resets_unread, resets_linger, exchanges; /* in all */
	uint64_t connected, accepted;					  /* of those lately */
	struct shown closed, opened;
	struct time_wait **standing;
	size_t standing_count, standing_room;
};

/* The destination toward which a site that connects has taken the most ports. */
struct churn_busiest {
	const struct time_wait *one; /* NULL: it connects nowhere */
	uint64_t ports;
};

static inline uint64_t churn_percent(const struct churn_busiest *busiest)
{
	return busiest->one && busiest->one->ports ? busiest->ports * 100 / busiest->one->ports : 0;
}

static inline uint64_t churn_ms(uint64_t from_ns, uint64_t to_ns)
{
	return to_ns > from_ns ? (to_ns - from_ns) / 1000000u : 0;
}

/* Adds its finding; `end_ns`: of the window. */
void churn_tell(const struct audit *audit, struct code *code, const struct churn_site *site,
		const struct churn_busiest *busiest, uint64_t end_ns, struct finding_list *list);

#endif
