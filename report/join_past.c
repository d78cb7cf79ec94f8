/* SPDX-License-Identifier: MIT */
/* What the ledgers remember of sockets; see join_past.h. */
#include "join_past.h"

#include "classify.h"
#include "join_closed.h"

#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

/* The age from which tcp_tw_reuse takes a TIME_WAIT's port. */
#define REUSE_MS 1000u

/* Both addresses as IPv6 has them, and where and when they meant this conversation. */
struct past_tuple {
	uint64_t boot, net_ns;
	uint8_t local[16], peer[16];
	uint16_t local_port, peer_port;
	uint8_t type, reserved[3];
};

#define NOBODY UINT32_MAX

/* A life, in the chains of those whose cookies and whose addresses have one hash. */
struct past_entry {
	struct past past; /* first: what the callers see */
	uint32_t next_cookie, next_tuple;
};

struct past_ends {
	const struct audit *audit;
	struct arena *arena;
	struct past_entry *entries;
	uint32_t count, room;
	uint32_t *cookies, *tuples; /* the first of each chain */
	uint32_t mask;		    /* chains, less one */
	bool taken;
};

struct past_ends *past_ends_new(const struct audit *audit)
{
	struct past_ends *past = arena_alloc(audit->arena, sizeof(*past));

	past->audit = audit;
	past->arena = audit->arena;
	return past;
}

void past_ends_free(struct past_ends *past)
{
	free(past->cookies);
	past->cookies = NULL;
}

static void address_widen(uint16_t family, const struct ledger_address *from, uint8_t to[16])
{
	if (family == AF_INET6) {
		memcpy(to, from->ip, 16);
		return;
	}
	memset(to, 0, 10);
	to[10] = to[11] = 0xff;
	memcpy(to + 12, from->ip, 4);
}

/* False: it is no conversation by addresses, or they were never told whole. */
static bool tuple_of(const struct ledger *ledger, uint64_t boot, const struct ledger_slot *slot,
		     bool reversed, struct past_tuple *tuple)
{
	const struct ledger_address *local = reversed ? &slot->peer : &slot->local,
				    *peer = reversed ? &slot->local : &slot->peer;

	if ((slot->family != AF_INET && slot->family != AF_INET6) || !local->known ||
	    !peer->known || !local->port || !peer->port || slot->net_ns)
		return false;
	memset(tuple, 0, sizeof(*tuple)); /* the padding is part of the key */
	tuple->boot = boot;
	tuple->net_ns = ledger->header.net_ns;
	tuple->type = slot->type;
	address_widen(slot->family, local, tuple->local);
	address_widen(slot->family, peer, tuple->peer);
	tuple->local_port = local->port;
	tuple->peer_port = peer->port;
	return true;
}

static uint32_t tuple_hash(const struct past_tuple *tuple)
{
	uint64_t words[sizeof(*tuple) / sizeof(uint64_t)], hash = 0;

	memcpy(words, tuple, sizeof(words));
	for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++)
		hash = index_hash(hash ^ words[i]);
	return (uint32_t)hash;
}
_Static_assert(sizeof(struct past_tuple) % sizeof(uint64_t) == 0, "hashed by words");

static void entry_add(struct past_ends *past, const struct member *member, uint64_t boot,
		      const struct ledger_entry *entry)
{
	struct past_tuple tuple;

	if (!entry->slot.cookie)
		return;
	struct past_entry *made = &past->entries[past->count];
	uint32_t *first = &past->cookies[index_hash(entry->slot.cookie ^ boot) & past->mask];
	*made = (struct past_entry){ .past = { .member = member, .entry = entry },
				     .next_cookie = *first,
				     .next_tuple = NOBODY };
	*first = past->count;
	if (tuple_of(member->ledger, boot, &entry->slot, false, &tuple)) {
		first = &past->tuples[tuple_hash(&tuple) & past->mask];
		made->next_tuple = *first;
		*first = past->count;
	}
	past->count++;
}

static void take(struct past_ends *past)
{
	const struct members *members = past->audit->members;
	size_t chains = 64;

	past->taken = true;
	for (size_t i = 0; i < members->count; i++) {
		const struct ledger *ledger = members->items[i].ledger;
		past->room += ledger ? ledger->closed_count + (uint32_t)ledger->slot_count : 0;
	}
	while (chains < past->room)
		chains *= 2;
	past->mask = (uint32_t)chains - 1;
	past->entries = arena_array(past->arena, past->room, sizeof(*past->entries));
	past->cookies = malloc(2 * chains * sizeof(uint32_t));
	if (!past->cookies) {
		arena_out_of_memory();
		abort();
	}
	memory_is_large(past->cookies, 2 * chains * sizeof(uint32_t));
	memset(past->cookies, 0xff, 2 * chains * sizeof(uint32_t)); /* NOBODY */
	past->tuples = past->cookies + chains;
	for (size_t i = 0; i < members->count; i++) {
		const struct member *member = &members->items[i];
		const struct ledger *ledger = member->ledger;
		uint64_t boot = ledger ? index_boot(ledger->header.boot_id) : 0;
		for (uint32_t j = 0; ledger && j < ledger->closed_count; j++)
			entry_add(past, member, boot,
				  closed_entry(past->arena, &ledger->closed[j]));
		/* Those that still stand know more: they are found first. */
		for (size_t j = 0; ledger && j < ledger->slot_count; j++)
			entry_add(past, member, boot, &ledger->slots[j]);
	}
}

const struct past *past_of_cookie(struct past_ends *past, uint64_t cookie, uint64_t boot)
{
	const struct past *first = NULL, **next = &first;

	if (!past->taken)
		take(past);
	if (!cookie)
		return NULL;
	/* Those of the chain that are of this socket are linked when they are asked for. */
	for (uint32_t at = past->cookies[index_hash(cookie ^ boot) & past->mask]; at != NOBODY;
	     at = past->entries[at].next_cookie) {
		struct past *found = &past->entries[at].past;
		if (found->entry->slot.cookie != cookie ||
		    index_boot(found->member->ledger->header.boot_id) != boot)
			continue;
		*next = found;
		next = &found->next;
	}
	*next = NULL;
	return first;
}

/* When a conversation can have begun and ended, in cycles. */
static bool overlaps(const struct past *candidate, uint64_t from, uint64_t to)
{
	const struct ledger_slot *slot = &candidate->entry->slot;
	uint64_t began = slot->connect_at ? slot->connect_at : slot->opened_at,
		 ended = LIFE_PHASE(slot->life) == PHASE_GONE && slot->closed_at
				 ? slot->closed_at
				 : member_end(candidate->member);

	/* What is accepted was connected before, and its client may have closed it by then; after a
	 * second the kernel may have given the port to another. */
	if (slot->flags & SOCKET_CONNECTOR)
		return began <= to && cycles_to_ms(candidate->member->ledger->ns_per_cycle, ended,
						   from) < REUSE_MS;
	return began <= to && ended >= from;
}

const struct past *past_other_end(struct past_ends *past, const struct member *member,
				  const struct ledger_slot *merged, uint64_t end)
{
	struct past_tuple tuple, other;
	uint64_t from = merged->connect_at ? merged->connect_at : merged->opened_at, latest = 0,
		 boot = index_boot(member->ledger->header.boot_id);
	const struct past *chosen = NULL;

	if (!tuple_of(member->ledger, boot, merged, true, &tuple))
		return NULL;
	if (!past->taken)
		take(past);
	for (uint32_t at = past->tuples[tuple_hash(&tuple) & past->mask]; at != NOBODY;
	     at = past->entries[at].next_tuple) {
		const struct past *entry = &past->entries[at].past;
		const struct ledger *ledger = entry->member->ledger;
		const struct ledger_slot *slot = &entry->entry->slot;
		uint64_t began = slot->connect_at ? slot->connect_at : slot->opened_at;
		if (!tuple_of(ledger, index_boot(ledger->header.boot_id), slot, false, &other) ||
		    memcmp(&tuple, &other, sizeof(tuple)) || !overlaps(entry, from, end))
			continue;
		/* Ports are used again: the latest that was there in time is it. */
		if (!chosen || began > latest) {
			chosen = entry;
			latest = began;
		}
	}
	return chosen ? past_of_cookie(past, chosen->entry->slot.cookie, tuple.boot) : NULL;
}
