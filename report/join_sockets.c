/* SPDX-License-Identifier: MIT */
/* The audited sockets as they are put together; see join_sockets.h. */
#include "join_sockets.h"

#include <string.h>

/* As long as memory takes. */
#define SLOTS_AHEAD 8

void audit_remark(struct audit *audit, const char *remark)
{
	for (size_t i = 0; remark && i < audit->remark_count; i++)
		if (!strcmp(audit->remarks[i], remark))
			return;
	audit->remarks = arena_more(audit->arena, audit->remarks, audit->remark_count,
				    &audit->remark_room, sizeof(*audit->remarks));
	audit->remarks[audit->remark_count++] = remark;
}

void ref_add(struct join_sockets *join, struct audited_socket *socket, uint32_t member,
	     const struct ledger_entry *entry, bool holds)
{
	if (!socket->ref_count) {
		socket->refs = &socket->only;
		socket->ref_room = 1;
	}
	socket->refs = arena_more(join->audit->arena, socket->refs, socket->ref_count,
				  &socket->ref_room, sizeof(*socket->refs));
	socket->refs[socket->ref_count++] = (struct socket_ref){
		.member = member, .fd = entry->fd, .slot = &entry->slot, .holds = holds
	};
}

struct audited_socket *socket_new(struct join_sockets *join, uint64_t boot)
{
	struct audit *audit = join->audit;
	struct audited_socket *socket = arena_alloc(audit->arena, sizeof(*socket));

	socket->boot = boot;
	audit->sockets = arena_more(audit->arena, audit->sockets, audit->socket_count,
				    &audit->socket_room, sizeof(struct audited_socket *));
	audit->sockets[audit->socket_count++] = socket;
	return socket;
}

void socket_identify(struct join_sockets *join, struct audited_socket *socket, uint64_t cookie,
		     uint64_t inode)
{
	if (cookie && !socket->cookie) {
		socket->cookie = cookie;
		index_add(&join->audit->cookies, cookie, socket->boot, socket);
	}
	if (inode && !socket->inode) {
		socket->inode = inode;
		index_add(&join->audit->inodes, inode, join->this_boot, socket);
	}
}

void slot_expect(const struct join_sockets *join, uint32_t member, size_t at)
{
	const struct ledger *ledger = join->audit->members->items[member].ledger;

	if (at + SLOTS_AHEAD < ledger->slot_count)
		index_expect(&join->audit->cookies, ledger->slots[at + SLOTS_AHEAD].slot.cookie,
			     join->audit->processes[member].boot);
}

struct audited_socket *socket_of(struct join_sockets *join, uint32_t member,
				 const struct ledger_entry *entry, uint64_t inode, bool live)
{
	struct audit *audit = join->audit;
	uint64_t boot = audit->processes[member].boot;
	uint64_t cookie = entry->slot.cookie;
	struct audited_socket *socket =
		cookie ? index_find(&join->audit->cookies, cookie, boot) : NULL;

	if (!socket && live && inode)
		socket = index_find(&join->audit->inodes, inode, join->this_boot);
	if (!socket)
		socket = socket_new(join, boot);
	socket_identify(join, socket, cookie, live ? inode : 0);
	socket->live |= live;
	ref_add(join, socket, member, entry, true);
	return socket;
}

void witnesses_join(struct join_sockets *join)
{
	struct members *members = join->audit->members;

	for (uint32_t i = 0; i < members->count; i++) {
		const struct member *member = &members->items[i];
		if (!member->ledger)
			continue;
		uint64_t boot = join->audit->processes[i].boot;
		for (size_t j = 0; j < member->ledger->slot_count; j++) {
			slot_expect(join, i, j);
			const struct ledger_entry *entry = &member->ledger->slots[j];
			struct audited_socket *socket =
				entry->slot.cookie ? index_find(&join->audit->cookies,
								entry->slot.cookie, boot)
						   : NULL;
			bool there = !socket;
			for (size_t k = 0; !there && k < socket->ref_count; k++)
				there = socket->refs[k].slot == &entry->slot;
			if (!there)
				ref_add(join, socket, i, entry, false);
		}
	}
}

void holder_add(struct join_sockets *join, struct audited_socket *socket,
		const struct member *member, int fd)
{
	struct arena *arena = join->audit->arena;

	if (!socket->holder_count) {
		socket->holders = &socket->only_holder;
		socket->holder_room = 1;
	}
	socket->holders = arena_more(arena, socket->holders, socket->holder_count,
				     &socket->holder_room, sizeof(*socket->holders));
	socket->holders[socket->holder_count++] =
		(struct holder){ .pid = member->pid, .comm = member->comm, .fd = fd };
}

void unlisted_holders_add(struct join_sockets *join)
{
	for (size_t i = 0; i < join->audit->socket_count; i++) {
		struct audited_socket *socket = join->audit->sockets[i];
		for (size_t j = 0; j < socket->ref_count; j++) {
			const struct member *member =
				&join->audit->members->items[socket->refs[j].member];
			bool listed = socket->live &&
				      join->audit->processes[socket->refs[j].member].files_known;
			if (socket->refs[j].holds && !listed &&
			    (!socket->live || member_is_live(member)))
				holder_add(join, socket, member, socket->refs[j].fd);
		}
	}
}
