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
	const struct ledger_entry *entry;
	uint32_t member, next_cookie, next_tuple;
};

struct past_ends {
	const struct audit *audit;
	struct past_entry *entries;
	uint32_t count;
	uint32_t *cookies, *tuples; /* the first of each chain */
	uint32_t mask;		    /* chains, less one */
};

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

static void entry_add(struct past_ends *past, uint32_t member, uint64_t boot,
		      const struct ledger_entry *entry)
{
	struct past_tuple tuple;

	if (!entry->slot.cookie)
		return;
	struct past_entry *made = &past->entries[past->count];
	uint32_t *first = &past->cookies[index_hash(entry->slot.cookie ^ boot) & past->mask];
	*made = (struct past_entry){
		.entry = entry, .member = member, .next_cookie = *first, .next_tuple = NOBODY
	};
	*first = past->count;
	if (tuple_of(past->audit->members->items[member].ledger, boot, &entry->slot, false,
		     &tuple)) {
		first = &past->tuples[tuple_hash(&tuple) & past->mask];
		made->next_tuple = *first;
		*first = past->count;
	}
	past->count++;
}

/* Not zeroed: what is used of it is written first. */
static void *memory_new(size_t count, size_t size)
{
	void *memory = reallocarray(NULL, count + 1, size);

	if (!memory) {
		arena_out_of_memory();
		abort();
	}
	memory_is_large(memory, count * size);
	return memory;
}

static void chains_make(struct past_ends *past)
{
	const struct members *members = past->audit->members;
	size_t chains = 64, lives = 0;

	for (size_t i = 0; i < members->count; i++) {
		const struct ledger *ledger = members->items[i].ledger;
		lives += ledger ? ledger->closed_count + ledger->slot_count : 0;
	}
	while (chains < lives)
		chains *= 2;
	past->mask = (uint32_t)chains - 1;
	past->entries = memory_new(lives, sizeof(*past->entries));
	past->cookies = memory_new(2 * chains, sizeof(uint32_t));
	memset(past->cookies, 0xff, 2 * chains * sizeof(uint32_t)); /* NOBODY */
	past->tuples = past->cookies + chains;
}

struct past_ends *past_ends_new(const struct audit *audit, struct arena *arena)
{
	struct past_ends *past = arena_alloc(arena, sizeof(*past));
	const struct members *members = audit->members;

	past->audit = audit;
	chains_make(past);
	for (uint32_t i = 0; i < members->count; i++) {
		const struct ledger *ledger = members->items[i].ledger;
		uint64_t boot = audit->processes[i].boot;
		for (uint32_t j = 0; ledger && j < ledger->closed_count; j++)
			entry_add(past, i, boot, closed_entry(arena, &ledger->closed[j]));
		/* Those that still stand know more: they are found first. */
		for (size_t j = 0; ledger && j < ledger->slot_count; j++)
			entry_add(past, i, boot, &ledger->slots[j]);
	}
	return past;
}

void past_ends_free(struct past_ends *past)
{
	free(past->entries);
	free(past->cookies);
	past->entries = NULL;
	past->cookies = NULL;
}

static struct past past_of(const struct past_ends *past, const struct past_entry *entry)
{
	return (struct past){ .member = &past->audit->members->items[entry->member],
			      .entry = entry->entry };
}

const struct past *past_of_cookie(const struct past_ends *past, uint64_t cookie, uint64_t boot)
{
	const struct past *first = NULL, **next = &first;

	if (!cookie)
		return NULL;
	for (uint32_t at = past->cookies[index_hash(cookie ^ boot) & past->mask]; at != NOBODY;
	     at = past->entries[at].next_cookie) {
		const struct past_entry *entry = &past->entries[at];
		if (entry->entry->slot.cookie != cookie ||
		    past->audit->processes[entry->member].boot != boot)
			continue;
		struct past *kept = arena_alloc(past->audit->arena, sizeof(*kept));
		*kept = past_of(past, entry);
		*next = kept;
		next = &kept->next;
	}
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

const struct past *past_other_end(const struct past_ends *past, const struct member *member,
				  const struct ledger_slot *merged, uint64_t end)
{
	struct past_tuple tuple, other;
	uint64_t from = merged->connect_at ? merged->connect_at : merged->opened_at, latest = 0,
		 boot = past->audit->processes[member - past->audit->members->items].boot;
	const struct ledger_entry *chosen = NULL;

	if (!tuple_of(member->ledger, boot, merged, true, &tuple))
		return NULL;
	for (uint32_t at = past->tuples[tuple_hash(&tuple) & past->mask]; at != NOBODY;
	     at = past->entries[at].next_tuple) {
		const struct past candidate = past_of(past, &past->entries[at]);
		const struct ledger_slot *slot = &candidate.entry->slot;
		uint64_t began = slot->connect_at ? slot->connect_at : slot->opened_at;
		if (!tuple_of(candidate.member->ledger,
			      past->audit->processes[past->entries[at].member].boot, slot, false,
			      &other) ||
		    memcmp(&tuple, &other, sizeof(tuple)) || !overlaps(&candidate, from, end))
			continue;
		/* Ports are used again: the latest that was there in time is it. */
		if (!chosen || began > latest) {
			chosen = candidate.entry;
			latest = began;
		}
	}
	return chosen ? past_of_cookie(past, chosen->slot.cookie, tuple.boot) : NULL;
}
