/* SPDX-License-Identifier: MIT */
/* Where the others were closed that were opened at the same line; see siblings.h. */
#include "siblings.h"

#include "hash.h"

#include <stdlib.h>

/* Closed by one stack, of those opened by one stack. */
struct closing {
	struct closing *next;
	uint32_t closed; /* code.h's number */
	const char *call;
	uint64_t count;
};

/* A place where sockets are opened, and where they were closed. */
struct opening {
	UT_hash_handle hh;
	uint32_t site; /* code.h's number */
	struct closing *closings;
	size_t closing_count;
	struct sibling *siblings; /* NULL: nobody asked yet */
	size_t sibling_count;
};

struct siblings {
	struct arena *arena;
	struct code *code;
	struct opening *openings;
};

static void closing_add(struct siblings *siblings, uint32_t site, const struct closing *closing)
{
	struct opening *opening;

	HASH_FIND(hh, siblings->openings, &site, sizeof(site), opening);
	if (!opening) {
		opening = arena_alloc(siblings->arena, sizeof(*opening));
		opening->site = site;
		HASH_ADD(hh, siblings->openings, site, sizeof(opening->site), opening);
	}
	struct closing *kept = arena_alloc(siblings->arena, sizeof(*kept));
	*kept = *closing;
	kept->next = opening->closings;
	opening->closings = kept;
	opening->closing_count++;
}

static void stack_closings(struct siblings *siblings, const struct member *member, stack_id id)
{
	const struct ledger_stack *stack = &member->ledger->stacks[id];
	uint32_t site = 0;

	for (int i = 0; i < LEDGER_CLOSERS; i++) {
		const struct ledger_closer *closer = &stack->closers[i];
		if (!closer->count)
			continue;
		if (!site)
			site = code_site(siblings->code, code_stack(siblings->code, member, id));
		if (!site)
			return;
		closing_add(siblings, site,
			    &(struct closing){
				    .closed = code_stack(siblings->code, member, closer->stack),
				    .call = ledger_call(member->ledger, closer->call),
				    .count = closer->count,
			    });
	}
}

struct siblings *siblings_new(const struct audit *audit, struct code *code)
{
	struct siblings *siblings = arena_alloc(audit->arena, sizeof(*siblings));

	siblings->arena = audit->arena;
	siblings->code = code;
	for (size_t i = 0; i < audit->members->count; i++) {
		const struct member *member = &audit->members->items[i];
		for (uint32_t j = 1; member->ledger && j < member->ledger->stack_count; j++)
			stack_closings(siblings, member, j);
	}
	return siblings;
}

/* The closings at one site together. */
struct closed_site {
	uint32_t site;
	const struct closing *closing; /* one of them: the one to show */
	uint64_t count;
};

static int by_site(const void *a, const void *b)
{
	const struct closed_site *left = a, *right = b;

	if (left->site != right->site)
		return left->site < right->site ? -1 : 1;
	/* Stacks of one site: the first one is shown. */
	return left->closing->closed < right->closing->closed
		       ? -1
		       : left->closing->closed > right->closing->closed;
}

static int by_count(const void *a, const void *b)
{
	const struct closed_site *left = a, *right = b;

	if (left->count != right->count)
		return left->count > right->count ? -1 : 1;
	return left->site < right->site ? -1 : left->site > right->site;
}

/* Sums up what was closed at one site; sorts. Returns how many sites remain. */
static size_t closed_sites_sum(struct closed_site *sites, size_t count)
{
	size_t kept = 0;

	qsort(sites, count, sizeof(*sites), by_site);
	for (size_t i = 0; i < count; i++) {
		if (!kept || sites[kept - 1].site != sites[i].site)
			sites[kept++] = sites[i];
		/* A forged count must not wrap around to a small one. */
		else if (__builtin_add_overflow(sites[kept - 1].count, sites[i].count,
						&sites[kept - 1].count))
			sites[kept - 1].count = UINT64_MAX;
	}
	qsort(sites, kept, sizeof(*sites), by_count);
	return kept;
}

static void opening_sum(struct siblings *siblings, struct opening *opening)
{
	struct closed_site *sites =
		arena_array(siblings->arena, opening->closing_count, sizeof(*sites));
	size_t count = 0;

	for (const struct closing *closing = opening->closings; closing; closing = closing->next)
		sites[count++] = (struct closed_site){ code_site(siblings->code, closing->closed),
						       closing, closing->count };
	count = closed_sites_sum(sites, count);
	opening->siblings = arena_array(siblings->arena, count, sizeof(*opening->siblings));
	opening->sibling_count = count;
	for (size_t i = 0; i < count; i++) {
		const struct closing *closing = sites[i].closing;
		opening->siblings[i] = (struct sibling){
			.closed = { .call = closing->call ? closing->call : "close",
				    .stack = code_resolve(siblings->code, closing->closed) },
			.count = sites[i].count,
		};
	}
}

void siblings_fill(struct siblings *siblings, uint32_t opened, struct finding *finding)
{
	uint32_t site = code_site(siblings->code, opened);
	struct opening *opening;

	HASH_FIND(hh, siblings->openings, &site, sizeof(site), opening);
	if (!opening)
		return;
	if (!opening->siblings)
		opening_sum(siblings, opening);
	finding->siblings = opening->siblings;
	finding->sibling_count = opening->sibling_count;
}

void siblings_free(struct siblings *siblings)
{
	HASH_CLEAR(hh, siblings->openings);
}
