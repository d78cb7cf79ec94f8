/* SPDX-License-Identifier: MIT */
/* The one line that tells why, with its evidence. */
#ifndef CAUSE_H
#define CAUSE_H

#include "audit.h"

/* Sets finding->class and ->cause; `sockets` are the finding's, in the order of its rows. */
void finding_cause(const struct audit *audit, struct finding *finding,
		   struct audited_socket *const *sockets);
/* "900 ms", "4 s", "3 min", "2 h", "5 d"; "?" when unknown. */
const char *duration_text(struct arena *arena, uint64_t ms);
/* The same of a forecast in whole seconds. */
const char *seconds_text(struct arena *arena, uint64_t seconds);

#endif
