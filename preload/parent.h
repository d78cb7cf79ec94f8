/* SPDX-License-Identifier: MIT */
/*
 * The parent's book, as a child of fork may still read it: the mapping is shared, so where a socket
 * was opened and where the fork was called stand there. The parent goes on writing meanwhile, and
 * may use a number again; so the slots of its latest sockets, which are what servers hand to a
 * child, are copied at the fork.
 */
#ifndef PARENT_H
#define PARENT_H

#include "fdtable.h"

/* Taken before fork, by value on the caller's stack. */
struct parent {
	const struct ledger_header *header; /* NULL: no ledger, or nobody saw the fork */
	stack_id stack;			    /* of the fork, in the parent's numbers */
	enum call call;
	uint64_t at;	 /* just before it */
	uint64_t at_ms;	 /* the same by CLOCK_MONOTONIC_COARSE; 0 unknown */
	uint64_t closed; /* sockets that the parent had closed by then */
	int fds[FDTABLE_RECENT];
	struct ledger_slot slots[FDTABLE_RECENT];
};
struct parent parent_take(enum call call, void *frame);

/* In the child. A child of a child that never had a ledger keeps its grandparent. */
void parent_keep(const struct parent *parent);

/* Once the child has its ledger: notes the fork in its header, once. */
void parent_tell_fork(void);

/* Whether there is a parent's book; the following are asked only then. */
bool parent_is_known(void);
/* Whether the parent has closed any socket since the fork; and the one that had this number then.
 */
bool parent_has_closed(void);
bool parent_let_go(int fd);
/* Looks at nothing of the parent's: a child that ends soon is spared the page. */
uint64_t parent_forked_ms_ago(void);
/* True: the fork was certainly less than `ms` ago. By the cycle counter alone: the first look at
 * the kernel's clock is three page faults of a new child. */
bool parent_forked_within(uint64_t ms);

/* What the parent knew of an inherited socket, by its cookie: where and how it was opened and
 * connected. Its flags there; SOCKET_COPIED when nothing is known. */
uint32_t parent_tell_slot(int fd, struct ledger_slot *slot);

#endif
