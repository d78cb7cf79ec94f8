/* SPDX-License-Identifier: MIT */
/* Writes the live count of a stack's sockets over time; see ledger_history. Lock-free, no system
 * call, safe in a signal handler. */
#ifndef HISTORY_H
#define HISTORY_H

#include <sockaudit/history.h>

/* A socket of the stack was opened or closed at that moment, in cycles: both are counted already.
 */
void history_note(struct ledger_stack *stack, uint64_t now);
/* A socket was closed on which so many requests were answered. */
void history_used(struct ledger_stack *stack, uint32_t exchanges);

#endif
