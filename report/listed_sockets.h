/* SPDX-License-Identifier: MIT */
/* report --sockets: every socket that the reported processes hold or, of those that have ended,
 * held to the end. */
#ifndef LISTED_SOCKETS_H
#define LISTED_SOCKETS_H

#include "join_peers.h"

/* Of these TCP states (by the kernel's numbers), or of all, and those without a state too: `states`
 * NULL. Once the findings are there. */
void sockets_list(struct audit *audit, struct peers *peers, const bool *states,
		  struct report *report);

#endif
