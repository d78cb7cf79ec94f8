/* SPDX-License-Identifier: MIT */
/* What the ledgers remember of sockets, by who they are and by their addresses: where the kernel
 * has forgotten an end of a conversation, or nobody runs any more, its program's ledger may still
 * know who closed it. For join_peers.c. */
#ifndef JOIN_PAST_H
#define JOIN_PAST_H

#include "audit.h"

/* One descriptor's life, in one ledger. */
struct past {
	const struct member *member;
	const struct ledger_entry *entry;
	const struct past *next; /* of the same socket */
};

struct past_ends;

/* Looks through the members' ledgers; memory is the arena's. Reads nothing of the audit but these.
 */
struct past_ends *past_ends_new(const struct audit *audit, struct arena *arena);
void past_ends_free(struct past_ends *past);

/* What is known of a socket of that boot (join_index.h); NULL: nothing. Memory is the audit's.
 */
const struct past *past_of_cookie(const struct past_ends *past, uint64_t cookie, uint64_t boot);
/*
 * The other end of a socket that a member's ledger knows, which lived in the same namespace at the
 * same time and has its addresses the other way round. NULL: none, or more than one.
 */
const struct past *past_other_end(const struct past_ends *past, const struct member *member,
				  const struct ledger_slot *merged, uint64_t end);

#endif
