/* SPDX-License-Identifier: MIT */
/* What is written when the process ends: the kernel's view of each open socket, and the one line
 * for the user. */
#ifndef ENDING_H
#define ENDING_H

#include <sockaudit/ledger.h>
#include <stdbool.h>

/* With a new ledger: which sockets were there before it. */
void ending_begin(void);
/* A socket that a hook tells of: the one that the ledger was made for is met by ending_begin(),
 * too.
 */
void ending_known(uint64_t cookie);

/* Asks the kernel about every open socket. Not allowed after a seccomp filter. */
void ending_snapshot(void);

/* A close() that was called and came back to nobody leaves the descriptor open. */
bool ending_slot_is_open(const struct ledger_slot *slot);

/* Sockets with findings of severity error, by the exit rules of verdict.h; says the line if there
 * are any. */
uint32_t ending_summary(void);

#endif
