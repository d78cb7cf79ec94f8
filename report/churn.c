/* SPDX-License-Identifier: MIT */
/* Which places close first too often; see churn.h. */
#include "churn_site.h"

#include "classify.h"
#include "join_time_wait.h"

#include <stdlib.h>
#include <string.h>

#define WINDOW_NS ((uint64_t)TIME_WAIT_MS * 1000000u)

/* Closed first in the window by one stack, opened by one. */
struct pair {
	UT_hash_handle hh;
	struct pair_key {
		uint32_t member;
		stack_id closed, opened;
	} key;
	uint64_t count, connected;
	uint64_t oldest_ns, youngest_ns;
	uint32_t closed_call, opened_call;
};

struct churn {
	struct audit *audit;
	struct code *code;
	struct pair *pairs;
	struct churn_site *sites;
	uint64_t end_ns; /* of the window */
	uint64_t lately; /* in all */
	uint64_t oldest_ns;
	bool **stands; /* by member and ending: it is in TIME_WAIT */
};

static bool closed_first(const struct churn *churn, uint32_t member, uint32_t index)
{
	const struct ledger_ending *ending =
		&churn->audit->members->items[member].ledger->endings[index];

	/* Nobody could ask then, but the kernel has it. */
	return ending->end == END_FIRST ||
	       (ending->end == END_UNKNOWN && churn->stands[member][index]);
}

/* The end of the window: the latest moment that any of the processes lived. */
static uint64_t window_end(const struct audit *audit)
{
	uint64_t latest = 0;

	for (size_t i = 0; i < audit->members->count; i++) {
		const struct member *member = &audit->members->items[i];
		if (!member->ledger || member->witness)
			continue;
		uint64_t end = ledger_realtime(member->ledger, member_end(member));
		latest = end > latest ? end : latest;
	}
	return latest;
}

static void stands_note(struct churn *churn)
{
	struct audit *audit = churn->audit;

	churn->stands = arena_array(audit->arena, audit->members->count + 1, sizeof(bool *));
	for (size_t i = 0; i < audit->members->count; i++) {
		const struct ledger *ledger = audit->members->items[i].ledger;
		if (ledger)
			churn->stands[i] = arena_array(
				audit->arena, (size_t)ledger->ending_count + 1, sizeof(bool));
	}
	for (size_t i = 0; i < audit->time_waits.count; i++) {
		const struct time_wait *wait = &audit->time_waits.items[i];
		churn->stands[wait->member][wait->ending] = true;
	}
}

static void pair_count(struct churn *churn, uint32_t member, const struct ledger_ending *ending,
		       uint64_t at_ns)
{
	struct pair_key key;
	struct pair *pair;

	memset(&key, 0, sizeof(key));
	key.member = member;
	key.closed = ending->closed_stack;
	key.opened = ending->opened_stack;
	HASH_FIND(hh, churn->pairs, &key, sizeof(key), pair);
	if (!pair) {
		pair = arena_alloc(churn->audit->arena, sizeof(*pair));
		pair->key = key;
		pair->oldest_ns = pair->youngest_ns = at_ns;
		pair->closed_call = ending->closed_call;
		pair->opened_call = ending->opened_call;
		HASH_ADD(hh, churn->pairs, key, sizeof(pair->key), pair);
	}
	pair->count++;
	pair->connected += (ending->flags & SOCKET_CONNECTOR) != 0;
	pair->oldest_ns = at_ns < pair->oldest_ns ? at_ns : pair->oldest_ns;
	pair->youngest_ns = at_ns > pair->youngest_ns ? at_ns : pair->youngest_ns;
}

/* What was closed first in the window, by its stacks. */
static void window_gather(struct churn *churn)
{
	const struct members *members = churn->audit->members;

	for (uint32_t i = 0; i < members->count; i++) {
		const struct member *member = &members->items[i];
		for (uint32_t j = 0;
		     member->ledger && !member->witness && j < member->ledger->ending_count; j++) {
			const struct ledger_ending *ending = &member->ledger->endings[j];
			uint64_t at_ns = ledger_realtime(member->ledger, ending->closed_at);
			if (!closed_first(churn, i, j) || at_ns + WINDOW_NS < churn->end_ns)
				continue;
			at_ns = at_ns < churn->end_ns ? at_ns : churn->end_ns;
			churn->oldest_ns = !churn->lately || at_ns < churn->oldest_ns
						   ? at_ns
						   : churn->oldest_ns;
			churn->lately++;
			pair_count(churn, i, ending, at_ns);
		}
	}
}

static bool is_fast(uint64_t count, uint64_t ms)
{
	return ms >= CHURN_LEAST_MS && count * 1000 >= (uint64_t)CHURN_PER_SECOND * ms;
}

/* Whether any place can have done enough: else no symbol need be looked up. */
static bool may_matter(const struct churn *churn)
{
	const struct time_waits *waits = &churn->audit->time_waits;
	uint64_t ports = waits->count ? waits->items[0].ports : 0;

	for (size_t i = 0; i < waits->count; i++)
		ports = waits->items[i].ports < ports ? waits->items[i].ports : ports;
	return churn->lately >= CHURN_MANY || waits->count >= CHURN_MANY ||
	       churn->lately >= (uint64_t)CHURN_PER_SECOND * CHURN_LEAST_MS / 1000 ||
	       (ports && (uint64_t)waits->count * 100 >= (uint64_t)ports * CHURN_PORT_PERCENT);
}

static struct churn_site *site_of(struct churn *churn, const struct member *member, stack_id stack)
{
	uint32_t number = code_site(churn->code, code_stack(churn->code, member, stack));
	struct churn_site *site;

	HASH_FIND(hh, churn->sites, &number, sizeof(number), site);
	if (!site) {
		site = arena_alloc(churn->audit->arena, sizeof(*site));
		site->site = number;
		HASH_ADD(hh, churn->sites, site, sizeof(site->site), site);
	}
	return site;
}

static void show_most(struct shown *shown, uint64_t count, const struct member *member,
		      stack_id stack, uint32_t call)
{
	if (stack && count > shown->count)
		*shown = (struct shown){ count, member, stack, call };
}

static void sites_gather(struct churn *churn)
{
	const struct members *members = churn->audit->members;
	struct time_waits *waits = &churn->audit->time_waits;

	for (const struct pair *pair = churn->pairs; pair; pair = pair->hh.next) {
		const struct member *member = &members->items[pair->key.member];
		struct churn_site *site = site_of(churn, member, pair->key.closed);
		site->oldest_ns = !site->lately || pair->oldest_ns < site->oldest_ns
					  ? pair->oldest_ns
					  : site->oldest_ns;
		site->youngest_ns = pair->youngest_ns > site->youngest_ns ? pair->youngest_ns
									  : site->youngest_ns;
		site->lately += pair->count;
		site->connected += pair->connected;
		site->accepted += pair->count - pair->connected;
		show_most(&site->closed, pair->count, member, pair->key.closed, pair->closed_call);
		show_most(&site->opened, pair->count, member, pair->key.opened, pair->opened_call);
	}
	for (size_t i = 0; i < waits->count; i++) {
		struct time_wait *wait = &waits->items[i];
		const struct member *member = &members->items[wait->member];
		if (member->witness)
			continue;
		const struct ledger_ending *ending = &member->ledger->endings[wait->ending];
		struct churn_site *site = site_of(churn, member, ending->closed_stack);
		site->standing =
			arena_more(churn->audit->arena, site->standing, site->standing_count,
				   &site->standing_room, sizeof(*site->standing));
		site->standing[site->standing_count++] = wait;
		show_most(&site->closed, 1, member, ending->closed_stack, ending->closed_call);
		show_most(&site->opened, 1, member, ending->opened_stack, ending->opened_call);
	}
	for (size_t i = 0; i < members->count; i++) {
		const struct member *member = &members->items[i];
		for (uint32_t j = 1;
		     member->ledger && !member->witness && j < member->ledger->stack_count; j++) {
			const struct ledger_stack *stack = &member->ledger->stacks[j];
			if (!stack->closed_by_us_first && !stack->resets_unread &&
			    !stack->resets_linger && !stack->closed_by_peer_first)
				continue;
			struct churn_site *site = site_of(churn, member, j);
			site->first += stack->closed_by_us_first;
			site->by_peer += stack->closed_by_peer_first;
			site->resets_unread += stack->resets_unread;
			site->resets_linger += stack->resets_linger;
			site->exchanges += stack->first_exchanges;
		}
	}
}

static int by_destination(const void *a, const void *b)
{
	const struct time_wait *left = *(struct time_wait *const *)a,
			       *right = *(struct time_wait *const *)b;
	int order = memcmp(left->peer, right->peer, sizeof(left->peer));

	if (!order)
		order = (int)left->peer_port - (int)right->peer_port;
	/* Each address of ours has ports of its own. */
	return order ? order : memcmp(left->local, right->local, sizeof(left->local));
}

static struct churn_busiest busiest_of(const struct churn *churn, struct churn_site *site)
{
	struct churn_busiest busiest = { NULL, 0 };
	size_t kept = 0;

	for (size_t i = 0; i < site->standing_count; i++) {
		const struct time_wait *wait = site->standing[i];
		const struct ledger_ending *ending =
			&churn->audit->members->items[wait->member].ledger->endings[wait->ending];
		/* Who accepts has one port of its own. */
		if (ending->flags & SOCKET_CONNECTOR)
			site->standing[kept++] = site->standing[i];
	}
	if (kept)
		qsort(site->standing, kept, sizeof(*site->standing), by_destination);
	for (size_t i = 0, end; i < kept; i = end) {
		for (end = i + 1;
		     end < kept && !by_destination(&site->standing[i], &site->standing[end]);
		     end++) {
		}
		if (end - i > busiest.ports)
			busiest = (struct churn_busiest){ site->standing[i], end - i };
	}
	return busiest;
}

void churn_find(struct audit *audit, struct code *code, struct finding_list *list)
{
	struct churn churn = { .audit = audit, .code = code, .end_ns = window_end(audit) };

	stands_note(&churn);
	window_gather(&churn);
	if (may_matter(&churn))
		sites_gather(&churn);
	for (struct churn_site *site = churn.sites; site; site = site->hh.next) {
		struct churn_busiest busiest = busiest_of(&churn, site);
		uint64_t ms = churn_ms(site->oldest_ns, site->youngest_ns);
		if (!site->closed.member ||
		    !(site->lately >= CHURN_MANY || site->standing_count >= CHURN_MANY ||
		      is_fast(site->lately, ms) || churn_percent(&busiest) >= CHURN_PORT_PERCENT))
			continue;
		churn_tell(audit, code, site, &busiest, churn.end_ns, list);
	}
	HASH_CLEAR(hh, churn.sites);
	HASH_CLEAR(hh, churn.pairs);
}
