/* SPDX-License-Identifier: MIT */
/* What is written when the process ends: the kernel's view of each open socket, and the one line
 * for the user. */
#ifndef ENDING_H
#define ENDING_H

#include <sockaudit/verdict.h>
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

/* Sockets with findings of severity error as things stand, since the last checkpoint; nothing is
 * written down. 0 after a seccomp filter. */
uint32_t ending_count(void);
void ending_checkpoint(void);
/* The kernel's word on one descriptor. */
void ending_ask(int fd, struct ledger_snapshot *snapshot, uint64_t known_cookie);
struct verdict_kernel ending_word(const struct ledger_snapshot *snapshot, uint64_t at);

#endif
