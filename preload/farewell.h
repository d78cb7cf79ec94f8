/* SPDX-License-Identifier: MIT */
/*
 * How a TCP connection ends: who closed first, and whether close() resets it. What the ledger knows
 * is not asked; else one or two system calls that change nothing, no pending error either. None
 * after a seccomp filter.
 */
#ifndef FAREWELL_H
#define FAREWELL_H

#include "fdtable.h"

/* Before the close of a descriptor: fills slot->end, if it is the last one of a connection. */
void farewell_learn(int fd, struct ledger_slot *slot);
/* Keeps what was learnt in the ring, if the connection was ended here. `call` and `stack`: the
 * close's. */
void farewell_note(const struct ledger_slot *slot, enum call call, stack_id stack);
/* Before shutdown(): END_FIRST or END_SECOND if it is about to end our way; else END_NOT. `slot`
 * may be NULL. */
enum ledger_end farewell_of_shutdown(int fd, const struct ledger_slot *slot, int how);

#endif
