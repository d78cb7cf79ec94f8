/* SPDX-License-Identifier: MIT */
/*
 * What the children of this process may hold: where each was made, and which sockets were closed
 * here after it. A child keeps a descriptor open that its parent has closed, and then the peer
 * never sees the end.
 */
#ifndef CHILDREN_H
#define CHILDREN_H

#include "fdtable.h"
#include <sockaudit/cycles.h>

/* A child was made; `pid` 0: libc does not tell which. `at`: not later than its beginning. */
void children_note(uint32_t pid, enum call call, stack_id stack, uint64_t at);

/* Whether a child may have a socket too; `since`: the last one was made then, 0 none. */
bool children_may_hold(const struct ledger_slot *slot, uint64_t *since);

/* The last descriptor of a socket is about to be closed: kept for longer than its slot, if a child
 * may hold it. */
void children_note_closed(int fd, const struct ledger_slot *slot, enum call call, stack_id stack);

/* This moment, for children_note(). 0 where nothing is recorded: the cycle counter may be
 * forbidden. */
static inline uint64_t children_now(void)
{
	return ledger->slots ? cycles_now() : 0;
}

#endif
