/* SPDX-License-Identifier: MIT */
/* The two ends of a conversation; see kernel_pairs.h. */
#include "kernel_pairs.h"

#include "hash.h"

#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>

#define STATE_TIME_WAIT 6

struct tuple {
	uint8_t local[16], peer[16];
	uint16_t local_port, peer_port;
	uint8_t protocol, reserved[3];
};

struct pairs_entry {
	UT_hash_handle hh;
	struct tuple tuple;
	const struct kernel_census *census;
	const struct kernel_socket *socket;
	struct pairs_entry
		*next; /* of the same addresses: in another namespace, or on another interface */
};

struct listener {
	const struct kernel_census *census;
	const struct kernel_socket *socket;
};

struct kernel_pairs {
	struct arena *arena;
	const struct kernel_census *const *censuses;
	size_t census_count;
	struct pairs_entry *entries;
	struct listener *listeners;
	size_t listener_count, listener_room;
};

/* All addresses as IPv6 has them: ::ffff:1.2.3.4 is 1.2.3.4. */
static void address_widen(uint8_t family, const uint8_t from[16], uint8_t to[16])
{
	if (family == AF_INET6) {
		memcpy(to, from, 16);
		return;
	}
	memset(to, 0, 10);
	to[10] = to[11] = 0xff;
	memcpy(to + 12, from, 4);
}

static bool is_loopback(const uint8_t address[16])
{
	static const uint8_t mapped[12] = { [10] = 0xff, [11] = 0xff };

	return (!memcmp(address, mapped, 12) && address[12] == 127) ||
	       !memcmp(address, &in6addr_loopback, 16);
}

static bool is_any(const uint8_t address[16])
{
	static const uint8_t mapped[12] = { [10] = 0xff, [11] = 0xff }, none[16];

	return !memcmp(address, none, 16) ||
	       (!memcmp(address, mapped, 12) && !memcmp(address + 12, none, 4));
}

static struct tuple tuple_of(const struct kernel_socket *socket)
{
	struct tuple tuple;

	memset(&tuple, 0, sizeof(tuple)); /* the padding is part of the key */
	address_widen(socket->family, socket->local, tuple.local);
	if (socket->peer_port)
		address_widen(socket->family, socket->peer, tuple.peer);
	tuple.local_port = socket->local_port;
	tuple.peer_port = socket->peer_port;
	tuple.protocol = socket->protocol;
	return tuple;
}

static void socket_add(struct kernel_pairs *pairs, const struct kernel_census *census,
		       const struct kernel_socket *socket)
{
	if (socket->listening_queue) {
		pairs->listeners = arena_more(pairs->arena, pairs->listeners, pairs->listener_count,
					      &pairs->listener_room, sizeof(*pairs->listeners));
		pairs->listeners[pairs->listener_count++] = (struct listener){ census, socket };
	}
	/* One that only receives is the other end of whoever sends there. */
	bool receives = socket->protocol == IPPROTO_UDP && socket->local_port;
	if (socket->family == AF_UNIX || (!socket->peer_port && !receives) ||
	    socket->listening_queue)
		return;
	struct pairs_entry *entry = arena_alloc(pairs->arena, sizeof(*entry)), *first;
	entry->tuple = tuple_of(socket);
	entry->census = census;
	entry->socket = socket;
	HASH_FIND(hh, pairs->entries, &entry->tuple, sizeof(entry->tuple), first);
	if (!first) {
		HASH_ADD(hh, pairs->entries, tuple, sizeof(entry->tuple), entry);
	} else {
		entry->next = first->next;
		first->next = entry;
	}
}

struct kernel_pairs *kernel_pairs_new(struct arena *arena,
				      const struct kernel_census *const *censuses, size_t count)
{
	struct kernel_pairs *pairs = arena_alloc(arena, sizeof(*pairs));

	pairs->arena = arena;
	pairs->censuses = censuses;
	pairs->census_count = count;
	for (size_t i = 0; i < count; i++)
		for (size_t j = 0; j < censuses[i]->count; j++)
			socket_add(pairs, censuses[i], &censuses[i]->sockets[j]);
	return pairs;
}

void kernel_pairs_free(struct kernel_pairs *pairs)
{
	HASH_CLEAR(hh, pairs->entries);
}

/* What ended and is only remembered gives way to what took its addresses. */
static bool is_better(const struct kernel_socket *candidate, const struct kernel_socket *than)
{
	return than->state == STATE_TIME_WAIT && candidate->state != STATE_TIME_WAIT;
}

/* Of several with the same addresses only one that nothing makes ambiguous. */
static const struct kernel_socket *choose(const struct pairs_entry *first,
					  const struct kernel_census *census,
					  const struct kernel_socket *socket, bool here)
{
	const struct kernel_socket *chosen = NULL;
	bool ambiguous = false;

	for (const struct pairs_entry *entry = first; entry; entry = entry->next) {
		bool interface_differs = here && kernel_is_link_local(socket) && socket->scope &&
					 entry->socket->scope &&
					 entry->socket->scope != socket->scope;
		if ((entry->census == census) != here || interface_differs)
			continue;
		if (!chosen || is_better(entry->socket, chosen)) {
			chosen = entry->socket;
			ambiguous = false;
		} else if (!is_better(chosen, entry->socket)) {
			ambiguous = true;
		}
	}
	return ambiguous ? NULL : chosen;
}

/* The datagram socket without a peer that gets what this one sends: bound to that address, else to
 * every one. */
static const struct kernel_socket *receiver_of(const struct kernel_pairs *pairs,
					       const struct kernel_census *census,
					       const struct kernel_socket *socket,
					       const struct tuple *own)
{
	static const uint8_t every_four[16] = { [10] = 0xff, [11] = 0xff }, every[16];
	const uint8_t *const bound[] = { own->peer, every_four, every };
	const struct kernel_socket *found = NULL;

	for (size_t i = 0; i < sizeof(bound) / sizeof(*bound) && !found; i++) {
		struct tuple wanted = { .local_port = own->peer_port, .protocol = own->protocol };
		struct pairs_entry *first = NULL;
		memcpy(wanted.local, bound[i], sizeof(wanted.local));
		HASH_FIND(hh, pairs->entries, &wanted, sizeof(wanted), first);
		found = choose(first, census, socket, true);
	}
	return found;
}

const struct kernel_socket *kernel_other_end(const struct kernel_pairs *pairs,
					     const struct kernel_census *census,
					     const struct kernel_socket *socket)
{
	const struct kernel_census *where;
	struct pairs_entry *first = NULL;

	if (socket->family == AF_UNIX)
		return socket->peer_inode ? kernel_pairs_by_inode(pairs, socket->peer_inode, &where)
					  : NULL;
	if (!socket->peer_port || socket->listening_queue)
		return NULL;
	struct tuple own = tuple_of(socket), other = own;
	memcpy(other.local, own.peer, sizeof(other.local));
	memcpy(other.peer, own.local, sizeof(other.peer));
	other.local_port = own.peer_port;
	other.peer_port = own.local_port;
	HASH_FIND(hh, pairs->entries, &other, sizeof(other), first);
	const struct kernel_socket *here = choose(first, census, socket, true);
	if (!here && socket->protocol == IPPROTO_UDP)
		here = receiver_of(pairs, census, socket, &own);
	if (here || is_loopback(own.peer) || is_loopback(own.local))
		return here;
	return choose(first, census, socket, false);
}

const struct kernel_socket *kernel_queue_of(const struct kernel_pairs *pairs,
					    const struct kernel_socket *socket)
{
	const struct kernel_socket *any = NULL;
	const struct kernel_census *census = NULL;
	uint8_t local[16], listens[16];

	if (socket->inode || socket->family == AF_UNIX)
		return NULL;
	for (size_t i = 0; i < pairs->census_count && !census; i++)
		if (socket >= pairs->censuses[i]->sockets &&
		    socket < pairs->censuses[i]->sockets + pairs->censuses[i]->count)
			census = pairs->censuses[i];
	address_widen(socket->family, socket->local, local);
	for (size_t i = 0; i < pairs->listener_count; i++) {
		const struct listener *listener = &pairs->listeners[i];
		if (listener->census != census ||
		    listener->socket->local_port != socket->local_port)
			continue;
		address_widen(listener->socket->family, listener->socket->local, listens);
		if (!memcmp(listens, local, sizeof(local)))
			return listener->socket;
		if (is_any(listens))
			any = listener->socket;
	}
	return any;
}

const struct kernel_socket *kernel_pairs_by_inode(const struct kernel_pairs *pairs, uint64_t inode,
						  const struct kernel_census **census)
{
	for (size_t i = 0; i < pairs->census_count; i++) {
		const struct kernel_socket *found = kernel_by_inode(pairs->censuses[i], inode);
		if (found) {
			*census = pairs->censuses[i];
			return found;
		}
	}
	return NULL;
}
