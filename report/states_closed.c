/* SPDX-License-Identifier: MIT */
/*
 * Who holds each socket, by /proc/PID/fd; and with it the sockets in CLOSE, which no table of the
 * kernel's lists: descriptors of TCP sockets that the census doesn't know. As a socket may also be
 * younger than the census, who is missing is looked for in a second one.
 */
#include "states_sockets.h"

#include "hash.h"
#include "proc.h"
#include "states_holders.h"

#include <stdlib.h>

/* What is held and not listed. */
struct doubt {
	UT_hash_handle hh;
	uint64_t inode;
	const struct holding *first;
	int fd;
	uint16_t family; /* 0: no TCP socket, or of a namespace that wasn't asked */
	uint32_t net_ns;
	bool shared;
};

/* The sockets of a census by inode; several may have the same, as the paths of an MPTCP socket. */
struct known {
	struct states_sockets *sockets;
	uint32_t *slots; /* 1 + index; 0: empty. At most half are full. */
	unsigned shift;
	size_t mask;
};

struct search {
	struct arena *arena;
	struct states *census;
	struct known known;
	struct doubt *doubts;
};

static size_t slot_of(const struct known *known, uint64_t inode)
{
	return (size_t)(inode * 0x9e3779b97f4a7c15u >> known->shift);
}

static void known_make(struct arena *arena, struct known *known, struct states_sockets *sockets)
{
	unsigned bits = 4;

	while ((size_t)1 << bits < sockets->count * 2)
		bits++;
	known->sockets = sockets;
	known->shift = 64 - bits;
	known->mask = ((size_t)1 << bits) - 1;
	known->slots = arena_array(arena, known->mask + 1, sizeof(*known->slots));
	for (size_t i = 0; i < sockets->count; i++) {
		if (!sockets->items[i].inode)
			continue;
		size_t at = slot_of(known, sockets->items[i].inode);
		while (known->slots[at])
			at = (at + 1) & known->mask;
		known->slots[at] = (uint32_t)i + 1;
	}
}

/* The next socket of an inode, from the slot on that `at` says. */
static struct states_socket *known_next(const struct known *known, uint64_t inode, size_t *at)
{
	while (known->slots[*at]) {
		struct states_socket *socket = &known->sockets->items[known->slots[*at] - 1];
		*at = (*at + 1) & known->mask;
		if (socket->inode == inode)
			return socket;
	}
	return NULL;
}

/* Where a process is, when that namespace was asked. */
static bool place_find(const struct states *census, uint32_t pid, uint32_t *net_ns)
{
	uint64_t inode = proc_namespace(pid, "net");

	for (size_t i = 0; inode && i < census->namespace_count; i++) {
		if (census->namespaces[i].inode != inode)
			continue;
		*net_ns = (uint32_t)i;
		return census->namespaces[i].how != NULL;
	}
	return false;
}

static void doubt_add(struct search *search, const struct holding *holder, size_t index,
		      uint32_t net_ns)
{
	struct doubt *doubt;
	uint64_t inode = holder->inodes[index];

	HASH_FIND(hh, search->doubts, &inode, sizeof(inode), doubt);
	if (doubt) {
		doubt->shared |= doubt->first != holder;
		return;
	}
	doubt = arena_alloc(search->arena, sizeof(*doubt));
	doubt->inode = inode;
	doubt->first = holder;
	doubt->fd = holder->fds[index];
	doubt->net_ns = net_ns;
	doubt->family = (uint16_t)proc_socket_tcp_family(holder->pid, doubt->fd);
	HASH_ADD(hh, search->doubts, inode, sizeof(doubt->inode), doubt);
}

/* False: it has sockets that are not listed, and its namespace wasn't asked. */
static bool holder_take(struct search *search, const struct holding *holder)
{
	bool placed = false, asked = false;
	uint32_t net_ns = 0;

	for (size_t i = 0; i < holder->count; i++) {
		uint64_t inode = holder->inodes[i];
		if (!inode)
			continue;
		size_t at = slot_of(&search->known, inode);
		bool found = false;
		for (struct states_socket *socket;
		     (socket = known_next(&search->known, inode, &at)); found = true) {
			if (!socket->pid) {
				socket->pid = holder->pid;
				socket->comm = holder->comm;
			}
			socket->shared |= socket->pid != holder->pid;
		}
		if (found)
			continue;
		if (!placed)
			asked = place_find(search->census, holder->pid, &net_ns);
		placed = true;
		if (asked)
			doubt_add(search, holder, i, net_ns);
	}
	return !placed || asked;
}

/* What a process of a namespace that wasn't asked has had first is that namespace's. */
static void elsewhere_take(struct search *search, const struct holding *holder)
{
	struct doubt *doubt;

	for (size_t i = 0; search->doubts && i < holder->count; i++) {
		uint64_t inode = holder->inodes[i];
		if (!inode)
			continue;
		HASH_FIND(hh, search->doubts, &inode, sizeof(inode), doubt);
		if (!doubt)
			continue;
		doubt->shared = true;
		if (holder->pid < doubt->first->pid)
			doubt->family = 0;
	}
}

/*
 * A second look: who is missing there too, while the descriptor is still the same socket, is in
 * CLOSE. A socket that was made in one namespace and held in another is taken for that unless both
 * are asked; only a copy of the descriptor could tell, and that would be meddling.
 */
static void doubts_settle(struct search *search, struct states_sockets *sockets)
{
	struct states second = *search->census;
	struct states_sockets again = { .items = NULL };
	struct known known;
	const char *trouble;
	bool any = false;

	for (const struct doubt *doubt = search->doubts; doubt && !any; doubt = doubt->hh.next)
		any = doubt->family;
	if (!any || states_kernel_take(search->arena, &second, &again, true, &trouble))
		return;
	known_make(search->arena, &known, &again);
	for (const struct doubt *doubt = search->doubts; doubt; doubt = doubt->hh.next) {
		size_t at = slot_of(&known, doubt->inode);
		if (!doubt->family || known_next(&known, doubt->inode, &at) ||
		    proc_socket_inode(doubt->first->pid, doubt->fd) != doubt->inode)
			continue;
		struct states_socket *socket = states_socket_add(search->arena, sockets);
		socket->inode = doubt->inode;
		socket->family = doubt->family;
		socket->state = STATE_CLOSE;
		socket->net_ns = doubt->net_ns;
		socket->pid = doubt->first->pid;
		socket->comm = doubt->first->comm;
		socket->shared = doubt->shared;
	}
}

void states_owners_find(struct arena *arena, const struct holders *holders, struct states *census,
			struct states_sockets *sockets)
{
	struct search search = { .arena = arena, .census = census };

	bool *elsewhere = arena_array(arena, holders->count + 1, sizeof(*elsewhere));

	known_make(arena, &search.known, sockets);
	for (size_t i = 0; i < holders->count; i++) {
		if (holders->items[i].refused)
			census->processes_refused++;
		else
			elsewhere[i] = !holder_take(&search, &holders->items[i]);
	}
	for (size_t i = 0; i < holders->count; i++)
		if (elsewhere[i])
			elsewhere_take(&search, &holders->items[i]);
	doubts_settle(&search, sockets);
	census->owners_known = true;
	census->close_known = !census->processes_refused;
	HASH_CLEAR(hh, search.doubts);
}
