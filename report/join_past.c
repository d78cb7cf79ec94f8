/* SPDX-License-Identifier: MIT */
/* What the ledgers remember of sockets; see join_past.h. */
#include "join_past.h"

#include "classify.h"
#include "hash.h"
#include "join_closed.h"

#include <string.h>
#include <sys/socket.h>

/* The age from which tcp_tw_reuse takes a TIME_WAIT's port. */
#define REUSE_MS 1000u

struct past_key {
	uint64_t cookie, boot;
};

/* Both addresses as IPv6 has them, and where and when they meant this conversation. */
struct past_tuple {
	uint64_t boot, net_ns;
	uint8_t local[16], peer[16];
	uint16_t local_port, peer_port;
	uint8_t type, reserved[3];
};

struct past_socket {
	UT_hash_handle hh;
	struct past_key key;
	struct past *first;
};

struct past_pair {
	UT_hash_handle hh;
	struct past_tuple tuple;
	struct past *first; /* of whatever socket: each is its own, next_pair links them */
};

struct past_entry {
	struct past past; /* first: what the callers see */
	struct past_entry *next_pair;
};

struct past_ends {
	const struct audit *audit;
	struct arena *arena;
	struct past_socket *sockets;
	struct past_pair *pairs;
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
	HASH_CLEAR(hh, past->sockets);
	HASH_CLEAR(hh, past->pairs);
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
static bool tuple_of(const struct ledger *ledger, const struct ledger_slot *slot, bool reversed,
		     struct past_tuple *tuple)
{
	const struct ledger_address *local = reversed ? &slot->peer : &slot->local,
				    *peer = reversed ? &slot->local : &slot->peer;

	if ((slot->family != AF_INET && slot->family != AF_INET6) || !local->known ||
	    !peer->known || !local->port || !peer->port || slot->net_ns)
		return false;
	memset(tuple, 0, sizeof(*tuple)); /* the padding is part of the key */
	tuple->boot = index_boot(ledger->header.boot_id);
	tuple->net_ns = ledger->header.net_ns;
	tuple->type = slot->type;
	address_widen(slot->family, local, tuple->local);
	address_widen(slot->family, peer, tuple->peer);
	tuple->local_port = local->port;
	tuple->peer_port = peer->port;
	return true;
}

static void entry_add(struct past_ends *past, const struct member *member,
		      const struct ledger_entry *entry)
{
	struct past_key key = { entry->slot.cookie, index_boot(member->ledger->header.boot_id) };
	struct past_socket *socket;
	struct past_tuple tuple;

	if (!key.cookie)
		return;
	struct past_entry *made = arena_alloc(past->arena, sizeof(*made));
	made->past.member = member;
	made->past.entry = entry;
	HASH_FIND(hh, past->sockets, &key, sizeof(key), socket);
	if (!socket) {
		socket = arena_alloc(past->arena, sizeof(*socket));
		socket->key = key;
		HASH_ADD(hh, past->sockets, key, sizeof(socket->key), socket);
	}
	made->past.next = socket->first;
	socket->first = &made->past;
	if (!tuple_of(member->ledger, &entry->slot, false, &tuple))
		return;
	struct past_pair *pair;
	HASH_FIND(hh, past->pairs, &tuple, sizeof(tuple), pair);
	if (!pair) {
		pair = arena_alloc(past->arena, sizeof(*pair));
		pair->tuple = tuple;
		HASH_ADD(hh, past->pairs, tuple, sizeof(pair->tuple), pair);
	}
	made->next_pair = (struct past_entry *)pair->first;
	pair->first = &made->past;
}

static void take(struct past_ends *past)
{
	const struct members *members = past->audit->members;

	past->taken = true;
	for (size_t i = 0; i < members->count; i++) {
		const struct member *member = &members->items[i];
		const struct ledger *ledger = member->ledger;
		for (uint32_t j = 0; ledger && j < ledger->closed_count; j++)
			entry_add(past, member, closed_entry(past->arena, &ledger->closed[j]));
		/* Those that still stand know more: they are found first. */
		for (size_t j = 0; ledger && j < ledger->slot_count; j++)
			entry_add(past, member, &ledger->slots[j]);
	}
}

const struct past *past_of_cookie(struct past_ends *past, uint64_t cookie, uint64_t boot)
{
	struct past_key key = { cookie, boot };
	struct past_socket *socket = NULL;

	if (!past->taken)
		take(past);
	if (cookie)
		HASH_FIND(hh, past->sockets, &key, sizeof(key), socket);
	return socket ? socket->first : NULL;
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
	struct past_tuple tuple;
	struct past_pair *pair;
	uint64_t from = merged->connect_at ? merged->connect_at : merged->opened_at, latest = 0;
	const struct past *chosen = NULL;

	if (!tuple_of(member->ledger, merged, true, &tuple))
		return NULL;
	if (!past->taken)
		take(past);
	HASH_FIND(hh, past->pairs, &tuple, sizeof(tuple), pair);
	for (const struct past_entry *entry = pair ? (struct past_entry *)pair->first : NULL; entry;
	     entry = entry->next_pair) {
		const struct ledger_slot *slot = &entry->past.entry->slot;
		uint64_t began = slot->connect_at ? slot->connect_at : slot->opened_at;
		if (!overlaps(&entry->past, from, end))
			continue;
		/* Ports are used again: the latest that was there in time is it. */
		if (!chosen || began > latest) {
			chosen = &entry->past;
			latest = began;
		}
	}
	return chosen ? past_of_cookie(past, chosen->entry->slot.cookie, tuple.boot) : NULL;
}
