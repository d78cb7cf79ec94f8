/* SPDX-License-Identifier: MIT */
/* A TIME_WAIT has the cookie of the socket that it was; where no cookie is told (/proc), both its
 * addresses. */
#include "join_time_wait.h"

#include "join_sockets.h"
#include "kernel.h"

#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#define STATE_TIME_WAIT 6
/* Until the peer's FIN comes, the kernel waits for up to tcp_fin_timeout, 60 s, before. */
#define LATEST_MS (2 * TIME_WAIT_MS + 5000)

#define NO_ENDING UINT32_MAX /* a slot's socket, of which no close is known */

struct known {
	uint64_t cookie;
	uint32_t member, ending;
};

/* Both ends, for those without a cookie. */
struct ends {
	uint8_t local[16], peer[16];
	uint16_t local_port, peer_port;
	uint32_t member, ending;
};
#define ENDS_SIZE offsetof(struct ends, member)

/* Most of what ledgers know is no TIME_WAIT: a bit for the hash of each that is one. */
#define WANTED_BITS (1u << 20)

struct knowledge {
	uint64_t *wanted;
	struct known *known;
	size_t known_count;
	struct ends *ends;
	size_t ends_count;
};

static int by_cookie(const void *a, const void *b)
{
	const struct known *left = a, *right = b;

	if (left->cookie != right->cookie)
		return left->cookie < right->cookie ? -1 : 1;
	/* Those with an ending first: they know more. */
	return left->ending < right->ending ? -1 : left->ending > right->ending;
}

static int by_ends(const void *a, const void *b)
{
	return memcmp(a, b, ENDS_SIZE);
}

static uint64_t *wanted_word(const struct knowledge *knowledge, uint64_t cookie, uint64_t *bit)
{
	uint64_t at = index_hash(cookie) % WANTED_BITS;

	*bit = 1ull << at % 64;
	return &knowledge->wanted[at / 64];
}

static void known_add(struct knowledge *knowledge, const struct known *known)
{
	uint64_t bit;

	if (known->cookie && (*wanted_word(knowledge, known->cookie, &bit) & bit))
		knowledge->known[knowledge->known_count++] = *known;
}

static bool is_of_this_boot(const struct member *member, uint64_t boot)
{
	return index_boot(member->ledger->header.boot_id) == boot;
}

/* All that the ledgers of this boot know of these, sorted. */
static void knowledge_gather(struct audit *audit, uint64_t boot, struct knowledge *knowledge)
{
	const struct members *members = audit->members;
	size_t room = 0, endings = 0;

	for (size_t i = 0; i < members->count; i++) {
		const struct ledger *ledger = members->items[i].ledger;
		if (!ledger)
			continue;
		room += ledger->ending_count + ledger->slot_count;
		endings += ledger->ending_count;
	}
	knowledge->known = arena_array(audit->arena, room + 1, sizeof(*knowledge->known));
	knowledge->ends = arena_array(audit->arena, endings + 1, sizeof(*knowledge->ends));
	for (uint32_t i = 0; i < members->count; i++) {
		const struct ledger *ledger = members->items[i].ledger;
		if (!ledger || !is_of_this_boot(&members->items[i], boot))
			continue;
		for (uint32_t j = 0; j < ledger->ending_count; j++) {
			const struct ledger_ending *ending = &ledger->endings[j];
			known_add(knowledge, &(struct known){ ending->cookie, i, j });
			if (!ending->local_port || !ending->peer_port)
				continue;
			struct ends *ends = &knowledge->ends[knowledge->ends_count++];
			*ends = (struct ends){ .local_port = ending->local_port,
					       .peer_port = ending->peer_port,
					       .member = i,
					       .ending = j };
			memcpy(ends->local, ending->local_ip, sizeof(ends->local));
			memcpy(ends->peer, ending->peer_ip, sizeof(ends->peer));
		}
		/* What was open at the end, the kernel closed; what went behind libc's back is
		 * known too. */
		for (size_t j = 0; j < ledger->slot_count; j++)
			known_add(knowledge,
				  &(struct known){ ledger->slots[j].slot.cookie, i, NO_ENDING });
	}
	qsort(knowledge->known, knowledge->known_count, sizeof(*knowledge->known), by_cookie);
	qsort(knowledge->ends, knowledge->ends_count, sizeof(*knowledge->ends), by_ends);
}

static const struct known *find_cookie(const struct knowledge *knowledge, uint64_t cookie)
{
	size_t low = 0, high = knowledge->known_count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if (knowledge->known[middle].cookie < cookie)
			low = middle + 1;
		else
			high = middle;
	}
	return low < knowledge->known_count && knowledge->known[low].cookie == cookie
		       ? &knowledge->known[low]
		       : NULL;
}

/* The member and ending that a TIME_WAIT is the rest of; false: no ledger knows it. */
static bool is_known(const struct knowledge *knowledge, const struct kernel_socket *socket,
		     struct known *found)
{
	if (socket->cookie) {
		const struct known *known = find_cookie(knowledge, socket->cookie);
		if (known)
			*found = *known;
		return known != NULL;
	}
	struct ends key = { .local_port = socket->local_port, .peer_port = socket->peer_port };
	memcpy(key.local, socket->local, sizeof(key.local));
	memcpy(key.peer, socket->peer, sizeof(key.peer));
	const struct ends *ends = bsearch(&key, knowledge->ends, knowledge->ends_count,
					  sizeof(*knowledge->ends), by_ends);
	if (ends)
		*found = (struct known){ 0, ends->member, ends->ending };
	return ends != NULL;
}

static void time_wait_add(struct audit *audit, const struct kernel_census *census,
			  const struct kernel_socket *socket, const struct known *known)
{
	struct time_waits *all = &audit->time_waits;

	all->items =
		arena_more(audit->arena, all->items, all->count, &all->room, sizeof(*all->items));
	struct time_wait *made = &all->items[all->count++];
	*made = (struct time_wait){
		.member = known->member,
		.ending = known->ending,
		.family = socket->family,
		.peer_port = socket->peer_port,
		.ports = census->first_port ? (uint16_t)(census->last_port - census->first_port + 1)
					    : 0,
		.tw_reuse = census->tw_reuse,
	};
	memcpy(made->local, socket->local, sizeof(made->local));
	memcpy(made->peer, socket->peer, sizeof(made->peer));
}

static void census_join(struct audit *audit, const struct kernel_census *census,
			const struct knowledge *knowledge)
{
	for (size_t i = 0; i < census->count; i++) {
		const struct kernel_socket *socket = &census->sockets[i];
		struct known known;
		if (socket->state != STATE_TIME_WAIT)
			continue;
		if (!is_known(knowledge, socket, &known))
			continue;
		audit->time_waits.explained++;
		if (known.ending != NO_ENDING)
			time_wait_add(audit, census, socket, &known);
	}
}

/* An ended process may have left some, where we are. */
static bool may_have_left_some(const struct member *member, uint64_t here, uint64_t boot)
{
	const struct ledger *ledger = member->ledger;

	if (!ledger || member_is_live(member) || !ledger->ending_count || !here ||
	    ledger->header.net_ns != here || !is_of_this_boot(member, boot))
		return false;
	return cycles_to_ms(ledger->ns_per_cycle, ledger_youngest(ledger), ledger_now(ledger)) <
	       LATEST_MS;
}

/* Counts and marks them; false: there is nothing to be known of any. */
static bool are_there_any(struct audit *audit, struct knowledge *knowledge)
{
	struct time_waits *all = &audit->time_waits;
	uint64_t bit;

	knowledge->wanted = arena_array(audit->arena, WANTED_BITS / 64, sizeof(*knowledge->wanted));
	for (size_t i = 0; i < audit->census_count; i++) {
		const struct kernel_census *census = audit->censuses[i].kernel;
		all->known |= !audit->censuses[i].failed;
		for (size_t j = 0; j < census->count && !audit->censuses[i].failed; j++) {
			if (census->sockets[j].state != STATE_TIME_WAIT)
				continue;
			all->kernel++;
			*wanted_word(knowledge, census->sockets[j].cookie, &bit) |= bit;
		}
	}
	return all->kernel;
}

void time_waits_join(struct audit *audit)
{
	const struct members *members = audit->members;
	struct knowledge knowledge = { .known_count = 0 };
	uint64_t here = proc_namespace(0, "net"), boot = index_boot(proc_boot_id(audit->arena));
	bool asked = false;

	for (size_t i = 0; i < members->count; i++) {
		const struct member *member = &members->items[i];
		if (member_is_live(member) && member->ledger && member->ledger->ending_count)
			audit_census_of(audit, member);
		else if (!asked && may_have_left_some(member, here, boot))
			asked = audit_census_here(audit) != NULL;
	}
	if (!audit->census_count || !are_there_any(audit, &knowledge))
		return;
	knowledge_gather(audit, boot, &knowledge);
	for (size_t i = 0; i < audit->census_count; i++)
		if (!audit->censuses[i].failed)
			census_join(audit, audit->censuses[i].kernel, &knowledge);
}
