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

/* What is known of a socket, whether it breaks a rule or not: a judgement without a verdict, whose
 * `since` is the end. */
void audit_describe(const struct audit *audit, const struct audited_socket *socket,
		    struct judgement *judgement);

/* When the member's process ended, as far as its ledger knows; now while it runs. In its cycles. */
uint64_t member_end(const struct member *member);

#endif
