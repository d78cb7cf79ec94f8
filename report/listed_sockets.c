/* SPDX-License-Identifier: MIT */
/* Every socket of the reported processes: those that a ledger knows, and those that the kernel
 * alone shows. */
#include "listed_sockets.h"

#include "hash.h"
#include "socket_life.h"
#include "socket_row.h"

#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

/* The finding that a socket is part of. */
struct found {
	UT_hash_handle hh;
	const struct audited_socket *socket;
	const char *rule;
};

struct listing {
	struct audit *audit;
	struct peers *peers;
	const bool *states;
	struct found *found;
	struct listed_socket *items;
	size_t count, room;
};

static void findings_note(struct listing *listing, const struct report *report)
{
	for (size_t i = 0; i < report->finding_count; i++) {
		const struct finding *finding = &report->findings[i];
		for (size_t j = 0; j < finding->socket_count; j++) {
			const struct audited_socket *socket = finding->sockets[j].book;
			struct found *found;
			if (!socket)
				continue;
			HASH_FIND_PTR(listing->found, &socket, found);
			/* The first is the worst. */
			if (found)
				continue;
			found = arena_alloc(listing->audit->arena, sizeof(*found));
			found->socket = socket;
			found->rule = rules[finding->rule].name;
			HASH_ADD_PTR(listing->found, socket, found);
		}
	}
}

static bool is_wanted(const struct listing *listing, const char *tcp_state)
{
	if (!listing->states)
		return true;
	for (int i = 1; tcp_state && i < TCP_STATE_COUNT; i++)
		if (listing->states[i] && tcp_state_names[i] &&
		    !strcmp(tcp_state_names[i], tcp_state))
			return true;
	return false;
}

static struct listed_socket *item_add(struct listing *listing)
{
	listing->items = arena_more(listing->audit->arena, listing->items, listing->count,
				    &listing->room, sizeof(*listing->items));
	struct listed_socket *item = &listing->items[listing->count++];
	*item = (struct listed_socket){ .rule = NULL };
	return item;
}

/* Whether one of the reported processes has it, or had it to its end. */
static bool is_held(const struct listing *listing, const struct audited_socket *socket)
{
	if (socket->elsewhere)
		return false;
	for (size_t i = 0; i < socket->ref_count; i++)
		if (socket->refs[i].holds)
			return true;
	for (size_t i = 0; i < socket->holder_count; i++)
		for (size_t j = 0; j < listing->audit->members->count; j++)
			if (listing->audit->members->items[j].pid == socket->holders[i].pid &&
			    listing->audit->members->items[j].running)
				return true;
	return false;
}

/* Who holds it, if the descriptor that the ledger knows best is none of those. */
static void holder_show(struct socket_row *row)
{
	for (size_t i = 0; i < row->holder_count; i++)
		if (row->holders[i].pid == row->pid && row->holders[i].fd == row->fd)
			return;
	if (row->holder_count) {
		row->pid = row->holders[0].pid;
		row->fd = row->holders[0].fd;
	}
}

static void audited_add(struct listing *listing, struct audited_socket *socket)
{
	struct judgement own;
	const struct judgement *lived = socket_lived(listing->audit, socket, &own);
	struct found *found;
	struct socket_row row;

	if (!lived || !is_held(listing, socket))
		return;
	socket_row_fill(listing->audit, socket, &row);
	if (!is_wanted(listing, row.tcp_state))
		return;
	holder_show(&row);
	struct listed_socket *item = item_add(listing);
	HASH_FIND_PTR(listing->found, &socket, found);
	item->row = row;
	item->rule = found ? found->rule : NULL;
	item->opened = peers_opened(listing->peers, lived);
	item->closed = peers_closed(listing->peers, lived);
	socket_life_fill(listing->audit, socket, lived, &item->life);
}

/* What no ledger knows: by the kernel's word and /proc, of an ended process by what its library saw
 * last. */
static void stranger_add(struct listing *listing, const struct member *member,
			 const struct held_socket *held)
{
	struct arena *arena = listing->audit->arena;
	struct socket_kernel word = { .known = false };
	bool live = member->running && !member->superseded;
	const char *state = held->tcp_state && held->tcp_state < TCP_STATE_COUNT
				    ? tcp_state_names[held->tcp_state]
				    : NULL;

	if (!is_wanted(listing, state))
		return;
	if (!live || !peers_kernel_word(listing->peers, held->inode, &word))
		word = (struct socket_kernel){ .known = held->tcp_state,
					       .tcp_state = held->tcp_state,
					       .family = held->family,
					       .type = held->type };
	struct listed_socket *item = item_add(listing);
	item->row = (struct socket_row){
		.pid = member->pid,
		.fd = held->fd,
		.family = word.family ? family_name(arena, word.family) : NULL,
		.type = type_name(word.type),
		.protocol = protocol_name(arena, word.family, word.type),
		.local = kernel_local_text(arena, &word),
		.peer = kernel_peer_text(arena, &word),
		.cookie = held->cookie,
		.inode = held->inode,
		.tcp_state = state,
		.queues_known = word.queues_known && !word.listening_queue,
		.listening = word.listening_queue,
		.recv_q = word.recv_q,
		.send_q = word.send_q,
		.age_ms = MS_UNKNOWN,
		.since_ms = MS_UNKNOWN,
		.last_use_ms = MS_UNKNOWN,
	};
	if (!live) {
		item->row.holders = arena_array(arena, 1, sizeof(*item->row.holders));
		item->row.holders[item->row.holder_count++] =
			(struct holder){ .pid = member->pid, .comm = member->comm, .fd = held->fd };
	}
	item->unexplained =
		held->unexplained ? held->unexplained : "opened or closed while we looked";
	socket_life_of_kernel(&word, !live, &item->life);
}

static int item_compare(const void *a, const void *b)
{
	const struct socket_row *left = &((const struct listed_socket *)a)->row,
				*right = &((const struct listed_socket *)b)->row;

	if (left->pid != right->pid)
		return left->pid < right->pid ? -1 : 1;
	return left->fd < right->fd ? -1 : left->fd > right->fd;
}

void sockets_list(struct audit *audit, struct peers *peers, const bool *states,
		  struct report *report)
{
	struct listing listing = { .audit = audit, .peers = peers, .states = states };

	findings_note(&listing, report);
	for (size_t i = 0; i < audit->socket_count; i++)
		audited_add(&listing, audit->sockets[i]);
	for (size_t i = 0; i < audit->members->count; i++) {
		const struct audited_process *process = &audit->processes[i];
		for (size_t j = 0; j < process->held_count; j++)
			if (!process->held[j].socket && process->held[j].first_of_all)
				stranger_add(&listing, &audit->members->items[i],
					     &process->held[j]);
	}
	for (size_t i = 0; i < listing.count; i++)
		peers_tell(peers, &listing.items[i].row);
	if (listing.count)
		qsort(listing.items, listing.count, sizeof(*listing.items), item_compare);
	report->sockets = listing.items;
	report->socket_count = listing.count;
	report->sockets_listed = true;
	HASH_CLEAR(hh, listing.found);
}
