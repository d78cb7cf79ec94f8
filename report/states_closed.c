/* SPDX-License-Identifier: MIT */
/*
 * Who holds each socket, by /proc/PID/fd; and with it the sockets in CLOSE, which no table of the
 * kernel's lists: descriptors of TCP sockets that the census doesn't know. As a socket may also be
 * younger than the census, who is missing is looked for in a second one.
 */
#include "states_sockets.h"

#include "hash.h"
#include "owners.h"
#include "proc.h"

#include <inttypes.h>
#include <stdlib.h>

struct doubt {
	uint64_t inode;
	const struct owner *first;
	int family;
	uint32_t net_ns;
};

struct search {
	struct arena *arena;
	const struct states *census;
	uint64_t *known; /* inodes of the census, sorted */
	size_t known_count;
	struct doubt *doubts;
	size_t doubt_count, doubt_room;
	/* The namespace of each process that was asked about: most have many sockets. */
	struct process_place *places;
};

struct process_place {
	UT_hash_handle hh;
	uint32_t pid, net_ns;
	bool asked; /* the census has its namespace */
};

static int inode_compare(const void *a, const void *b)
{
	uint64_t left = *(const uint64_t *)a, right = *(const uint64_t *)b;

	return left < right ? -1 : left > right;
}

static void known_make(struct search *search, const struct states_sockets *sockets)
{
	search->known = arena_array(search->arena, sockets->count + 1, sizeof(*search->known));
	search->known_count = 0;
	for (size_t i = 0; i < sockets->count; i++)
		if (sockets->items[i].inode)
			search->known[search->known_count++] = sockets->items[i].inode;
	qsort(search->known, search->known_count, sizeof(*search->known), inode_compare);
}

static bool is_known(const struct search *search, uint64_t inode)
{
	return bsearch(&inode, search->known, search->known_count, sizeof(inode), inode_compare);
}

static const struct process_place *place_of(struct search *search, uint32_t pid)
{
	struct process_place *place;

	HASH_FIND(hh, search->places, &pid, sizeof(pid), place);
	if (place)
		return place;
	uint64_t inode = proc_namespace(pid, "net");
	place = arena_alloc(search->arena, sizeof(*place));
	place->pid = pid;
	for (size_t i = 0; inode && i < search->census->namespace_count; i++) {
		if (search->census->namespaces[i].inode != inode)
			continue;
		place->net_ns = (uint32_t)i;
		place->asked = search->census->namespaces[i].how != NULL;
	}
	HASH_ADD(hh, search->places, pid, sizeof(place->pid), place);
	return place;
}

/* What is held and not listed; only of processes whose namespace was asked. */
static bool doubt_add(void *data, uint64_t inode, const struct owner *first)
{
	struct search *search = data;
	struct doubt doubt = { .inode = inode, .first = first };

	const struct process_place *place = place_of(search, first->pid);

	if (!place->asked || is_known(search, inode))
		return true;
	doubt.net_ns = place->net_ns;
	doubt.family = proc_socket_tcp_family(first->pid, first->fd);
	if (!doubt.family)
		return true;
	search->doubts = arena_more(search->arena, search->doubts, search->doubt_count,
				    &search->doubt_room, sizeof(*search->doubts));
	search->doubts[search->doubt_count++] = doubt;
	return true;
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
	const char *trouble;

	if (!search->doubt_count ||
	    states_kernel_take(search->arena, &second, &again, true, &trouble))
		return;
	known_make(search, &again);
	for (size_t i = 0; i < search->doubt_count; i++) {
		const struct doubt *doubt = &search->doubts[i];
		if (is_known(search, doubt->inode) ||
		    proc_socket_inode(doubt->first->pid, doubt->first->fd) != doubt->inode)
			continue;
		struct states_socket *socket = states_socket_add(search->arena, sockets);
		socket->inode = doubt->inode;
		socket->family = (uint16_t)doubt->family;
		socket->state = STATE_CLOSE;
		socket->net_ns = doubt->net_ns;
	}
}

static bool is_shared(const struct owner *first)
{
	for (const struct owner *owner = first->next; owner; owner = owner->next)
		if (owner->pid != first->pid)
			return true;
	return false;
}

void states_owners_find(struct arena *arena, struct states *census, struct states_sockets *sockets)
{
	struct search search = { .arena = arena, .census = census };
	struct owners owners;

	owners_find(arena, &owners);
	known_make(&search, sockets);
	owners_each(&owners, doubt_add, &search);
	doubts_settle(&search, sockets);
	for (size_t i = 0; i < sockets->count; i++) {
		const struct owner *first = owners_of(&owners, sockets->items[i].inode);
		if (!first)
			continue;
		sockets->items[i].pid = first->pid;
		sockets->items[i].comm = first->comm;
		sockets->items[i].shared = is_shared(first);
	}
	census->owners_known = true;
	census->processes_refused = owners.refused;
	census->close_known = !owners.refused;
	HASH_CLEAR(hh, search.places);
	owners_free(&owners);
}
