/* SPDX-License-Identifier: MIT */
/* Where a process's open sockets were opened; see live_sites.h. */
#include "live_sites.h"

#include "classify.h"
#include "evidence.h"
#include "socket_row.h"

#include <sockaudit/history.h>
#include <stdlib.h>

/* The descriptor by which the member holds the socket: the one that opened it, if it is its own. */
static const struct socket_ref *held_ref(const struct audited_socket *socket, uint32_t member)
{
	const struct socket_ref *opened = evidence_opener(socket);

	if (opened->member == member && opened->holds)
		return opened;
	for (size_t i = 0; i < socket->ref_count; i++)
		if (socket->refs[i].member == member && socket->refs[i].holds)
			return &socket->refs[i];
	return NULL;
}

static struct live_site *site_of(const struct audit *audit, struct live_site **sites,
				 uint32_t number)
{
	struct live_site *site;

	HASH_FIND(hh, *sites, &number, sizeof(number), site);
	if (!site) {
		site = arena_alloc(audit->arena, sizeof(*site));
		site->site = number;
		HASH_ADD(hh, *sites, site, sizeof(site->site), site);
	}
	return site;
}

/* `by_stack` remembers the sites of the member's stacks. */
static void socket_add(const struct audit *audit, struct code *code, struct live_site **sites,
		       struct live_site **by_stack, uint32_t member, struct audited_socket *socket)
{
	/* Most have one descriptor only; each is looked at for each member. */
	if (socket->ref_count == 1 && socket->only.member != member)
		return;
	const struct socket_ref *ref = held_ref(socket, member);

	if (!ref || LIFE_PHASE(ref->slot->life) != PHASE_OPEN ||
	    (ref->slot->flags & SOCKET_LISTENING))
		return;
	const struct member *holder = &audit->members->items[member];
	struct live_site *site = by_stack[ref->slot->opened_stack];
	if (!site) {
		uint32_t stack = code_stack(code, holder, ref->slot->opened_stack);
		site = by_stack[ref->slot->opened_stack] =
			site_of(audit, sites, code_site(code, stack));
		if (!site->count) {
			site->member = holder;
			site->opened_stack = stack;
			site->opened_call = ledger_call(holder->ledger, ref->slot->opened_call);
		}
	}
	site->sockets = arena_more(audit->arena, site->sockets, site->count, &site->room,
				   sizeof(struct audited_socket *));
	site->sockets[site->count++] = socket;
}

struct live_site *live_sites_find(const struct audit *audit, struct code *code, uint32_t member)
{
	const struct ledger *ledger = audit->members->items[member].ledger;
	struct live_site *sites = NULL,
			 **by_stack = arena_array(audit->arena, (size_t)ledger->stack_count + 1,
						  sizeof(struct live_site *));

	for (size_t i = 0; i < audit->socket_count; i++)
		socket_add(audit, code, &sites, by_stack, member, audit->sockets[i]);
	for (uint32_t i = 1; sites && i < ledger->stack_count; i++) {
		const struct ledger_stack *stack = &ledger->stacks[i];
		if (!stack->opened)
			continue;
		struct live_site *site;
		uint32_t number =
			code_site(code, code_stack(code, &audit->members->items[member], i));
		HASH_FIND(hh, sites, &number, sizeof(number), site);
		if (!site || !number)
			continue;
		site->stacks = arena_more(audit->arena, site->stacks, site->stack_count,
					  &site->stack_room, sizeof(const struct ledger_stack *));
		site->stacks[site->stack_count++] = stack;
		/* A forged count must not wrap around to a small one. */
		if (__builtin_add_overflow(site->opened, stack->opened, &site->opened) ||
		    __builtin_add_overflow(site->closed, stack->closed, &site->closed))
			site->opened = site->closed = UINT64_MAX;
	}
	return sites;
}

bool live_sites_reach(const struct audit *audit, struct code *code, uint32_t member, size_t least)
{
	const struct ledger *ledger = audit->members->items[member].ledger;
	size_t room = (size_t)ledger->stack_count + 1;
	uint32_t *counts = arena_array(audit->arena, room, sizeof(*counts)),
		 *sites = arena_array(audit->arena, room, sizeof(*sites)), most = 0;
	size_t open = 0;

	for (size_t i = 0; i < ledger->slot_count; i++) {
		const struct ledger_slot *slot = &ledger->slots[i].slot;
		bool is_open =
			LIFE_PHASE(slot->life) == PHASE_OPEN && !(slot->flags & SOCKET_LISTENING);
		counts[slot->opened_stack] += is_open;
		open += is_open;
	}
	/* Places are looked up only where one could have so many. */
	if (open < least)
		return false;
	for (uint32_t i = 1; i < ledger->stack_count; i++) {
		if (counts[i])
			sites[i] = code_site(code,
					     code_stack(code, &audit->members->items[member], i));
		most = sites[i] > most ? sites[i] : most;
	}
	size_t *sums = arena_array(audit->arena, (size_t)most + 1, sizeof(*sums));
	for (uint32_t i = 1; i < ledger->stack_count; i++)
		if (sites[i] && (sums[sites[i]] += counts[i]) >= least)
			return true;
	return false;
}

void live_sites_free(struct live_site *sites)
{
	HASH_CLEAR(hh, sites);
}

uint64_t stacks_lowest(const struct ledger_stack *const *stacks, size_t count, uint64_t from,
		       uint64_t to)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < count; i++)
		sum += history_lowest(stacks[i], from, to);
	return sum;
}

uint64_t history_end(const struct member *member)
{
	uint64_t end = member_end(member), read = member->ledger->read_at;

	return member->running && !member->superseded && read < end ? read : end;
}

struct growth growth_of(const struct ledger *ledger, const struct ledger_stack *const *stacks,
			size_t count, uint64_t end, uint64_t ms)
{
	uint64_t cycles = (uint64_t)((double)ms * 1e6 / ledger->ns_per_cycle),
		 start = ledger->header.clock_start.cycles;
	struct growth growth = { .grows = false };

	if (end < start || end - start < cycles)
		return growth;
	uint64_t second = stacks_lowest(stacks, count, end - cycles / 4, end - cycles / 16);
	growth.first = stacks_lowest(stacks, count, end - cycles, end - cycles / 4);
	growth.lowest = stacks_lowest(stacks, count, end - cycles / 16, end);
	growth.grows = growth.first < second && second < growth.lowest;
	return growth;
}

static int row_compare(const void *a, const void *b)
{
	const struct socket_row *left = a, *right = b;

	return left->fd < right->fd ? -1 : left->fd > right->fd;
}

void live_site_tell(const struct audit *audit, struct code *code, const struct live_site *site,
		    struct audited_socket *const *sockets, size_t count, struct finding *finding)
{
	finding->opened = code_place(code, site->opened_call ? site->opened_call : "socket", 0,
				     site->opened_stack);
	finding->count = finding->socket_count = count;
	finding->sockets = arena_array(audit->arena, count + 1, sizeof(*finding->sockets));
	for (size_t i = 0; i < count; i++) {
		struct socket_row *row = &finding->sockets[i];
		struct judgement judgement;
		audit_describe(audit, sockets[i], &judgement);
		const struct socket_ref *connected = judgement.connected;
		socket_row_fill(audit, sockets[i], row);
		row->since_ms = MS_UNKNOWN;
		row->pid = site->member->pid;
		if (row->last_call && row->last_use_ms < finding->last_use_ms) {
			finding->last_use_ms = row->last_use_ms;
			finding->last_call = row->last_call;
		}
		if (!i && connected) {
			const struct member *member = &audit->members->items[connected->member];
			finding->connected = code_place(
				code, ledger_call(member->ledger, connected->slot->connect_call),
				connected->slot->connect_errno,
				code_stack(code, member, connected->slot->connect_stack));
		}
	}
	if (count)
		qsort(finding->sockets, count, sizeof(*finding->sockets), row_compare);
}
