/* SPDX-License-Identifier: MIT */
/* The audited sockets as they are put together: whose slot is which socket, and who holds it. For
 * join.c. */
#ifndef JOIN_SOCKETS_H
#define JOIN_SOCKETS_H

#include "audit.h"

struct join_sockets {
	struct audit *audit;
	uint64_t this_boot;
};

/* Slots are joined in their order: fetches what will be asked for a few slots later. */
void slot_expect(const struct join_sockets *join, uint32_t member, size_t at);
/* The socket of a slot that holds it, known already or new. */
struct audited_socket *socket_of(struct join_sockets *join, uint32_t member,
				 const struct ledger_entry *entry, uint64_t inode, bool live);
/* One that nobody's slot holds. */
struct audited_socket *socket_new(struct join_sockets *join, uint64_t boot);
/* What it is known by, where that is not known yet; 0: neither now. */
void socket_identify(struct join_sockets *join, struct audited_socket *socket, uint64_t cookie,
		     uint64_t inode);
void ref_add(struct join_sockets *join, struct audited_socket *socket, uint32_t member,
	     const struct ledger_entry *entry, bool holds);
/* What closed descriptors, earlier programs of a process and its relatives know of the sockets that
 * are open. */
void witnesses_join(struct join_sockets *join);
void holder_add(struct join_sockets *join, struct audited_socket *socket,
		const struct member *member, int fd);
/* Holders that /proc does not list: those of ended processes, and those that we may not look into.
 */
void unlisted_holders_add(struct join_sockets *join);
/* The slots of an ended process, by the snapshot that it took (join_ended.c). */
void ended_join(struct join_sockets *join, uint32_t index);

#endif
