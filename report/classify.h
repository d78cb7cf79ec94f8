/* SPDX-License-Identifier: MIT */
/* Judges every audited socket: which rule it breaks, since when, and whether its grace is over. */
#ifndef CLASSIFY_H
#define CLASSIFY_H

#include "audit.h"

struct grace {
	bool given; /* --grace */
	uint64_t ms;
};

/* Sets the judgement of the sockets that break a rule. */
void audit_classify(struct audit *audit, const struct grace *grace);

/* When the member's process ended, as far as its ledger knows; now while it runs. In its cycles. */
uint64_t member_end(const struct member *member);

#endif
