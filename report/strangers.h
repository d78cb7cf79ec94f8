/* SPDX-License-Identifier: MIT */
/* Sockets that a process holds and no ledger knows: how they can have come there. */
#ifndef STRANGERS_H
#define STRANGERS_H

#include "audit.h"

/*
 * Gives a reason to each of the member's sockets that has none and is not explained. Its ancestors
 * among the members must have theirs already.
 */
void strangers_explain(struct audit *audit, uint32_t member);
/* The reason for one that an ended process left; `was_before`: as its ledger says. */
const char *stranger_left(const struct ledger *ledger, int fd, bool was_before);

#endif
