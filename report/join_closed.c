/* SPDX-License-Identifier: MIT */
/* Sockets that a process closed, and that are open all the same: in a child that inherited them.
 * What the slots no longer know, since their numbers were used again, the ring of closed sockets
 * does. */
#include "join_closed.h"

/* What the kernel says of a cookie, if a descriptor somewhere leads to it. */
static const struct kernel_socket *still_open(const struct kernel_census *const *censuses,
					      size_t count, uint64_t cookie,
					      const struct kernel_census **census)
{
	for (size_t i = 0; i < count; i++) {
		const struct kernel_socket *found = kernel_by_cookie(censuses[i], cookie);
		if (found && found->inode && !found->listening_queue) {
			*census = censuses[i];
			return found;
		}
	}
	return NULL;
}

static void one_find(struct join_sockets *join, const struct kernel_census *const *censuses,
		     size_t count, const struct ledger *ledger, uint64_t cookie)
{
	struct audited_socket *socket =
		cookie ? index_find(&join->audit->cookies, cookie, join->this_boot) : NULL;
	const struct kernel_census *census;

	if (!cookie || (socket && socket->live))
		return;
	const struct kernel_socket *kernel = still_open(censuses, count, cookie, &census);
	if (!kernel)
		return;
	if (!socket) {
		socket = socket_new(join, join->this_boot);
		socket->elsewhere = true;
	}
	socket_identify(join, socket, cookie, kernel->inode);
	socket->live = true;
	kernel_attach(socket, census, kernel, ledger_now(ledger));
}

static bool was_closed(const struct ledger_slot *slot)
{
	return LIFE_PHASE(slot->life) == PHASE_GONE && slot->closed_call;
}

void closed_find(struct join_sockets *join, const struct kernel_census *const *censuses,
		 size_t count)
{
	const struct members *members = join->audit->members;

	for (size_t i = 0; count && i < members->count; i++) {
		const struct ledger *ledger = members->items[i].ledger;
		if (!ledger || join->audit->processes[i].boot != join->this_boot)
			continue;
		for (size_t j = 0; j < ledger->slot_count; j++)
			if (was_closed(&ledger->slots[j].slot))
				one_find(join, censuses, count, ledger,
					 ledger->slots[j].slot.cookie);
		for (uint32_t j = 0; j < ledger->closed_count; j++)
			one_find(join, censuses, count, ledger, ledger->closed[j].cookie);
	}
}

/* The record as the slot that it was. */
struct ledger_entry *closed_entry(struct arena *arena, const struct ledger_closed *closed)
{
	struct ledger_entry *entry = arena_alloc(arena, sizeof(*entry));

	entry->fd = closed->fd;
	entry->slot = (struct ledger_slot){
		.last_receive = closed->last_receive,
		.last_send = closed->last_send,
		.last_receive_call = closed->last_receive_call,
		.last_send_call = closed->last_send_call,
		.life = 1u << 3 | PHASE_GONE,
		.type = closed->type,
		.origin = closed->origin,
		.family = closed->family,
		.cookie = closed->cookie,
		.opened_at = closed->opened_at,
		.opened_stack = closed->opened_stack,
		.opened_call = closed->opened_call,
		.connect_call = closed->connect_call,
		.connect_stack = closed->connect_stack,
		.flags = closed->flags & ~(uint32_t)(SOCKET_COPY_CLOSED | SOCKET_COPY_WORKED),
		.connect_at = closed->connect_at,
		.local = closed->local,
		.peer = closed->peer,
		.closed_at = closed->closed_at,
		.closed_stack = closed->closed_stack,
		.closed_call = closed->closed_call,
	};
	return entry;
}

void closed_join(struct join_sockets *join)
{
	const struct members *members = join->audit->members;

	for (uint32_t i = 0; i < members->count; i++) {
		const struct ledger *ledger = members->items[i].ledger;
		uint64_t boot = join->audit->processes[i].boot;
		for (uint32_t j = 0; ledger && j < ledger->closed_count; j++) {
			const struct ledger_closed *closed = &ledger->closed[j];
			struct audited_socket *socket =
				closed->cookie
					? index_find(&join->audit->cookies, closed->cookie, boot)
					: NULL;
			bool there = !socket;
			/* The slot that still stands knows more. */
			for (size_t k = 0; !there && k < socket->ref_count; k++)
				there = socket->refs[k].member == i &&
					socket->refs[k].fd == closed->fd &&
					socket->refs[k].slot->opened_at == closed->opened_at;
			if (!there)
				ref_add(join, socket, i, closed_entry(join->audit->arena, closed),
					false);
		}
	}
}
