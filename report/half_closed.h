/* SPDX-License-Identifier: MIT */
/* A socket in CLOSE_WAIT in the sums: what accounts for it. */
#ifndef HALF_CLOSED_H
#define HALF_CLOSED_H

#include "audit.h"

enum half_closed {
	HALF_CLOSED_FOUND,	/* in a finding */
	HALF_CLOSED_GRACE,	/* in none yet: it is not past its grace */
	HALF_CLOSED_UNEXPLAINED /* *reason tells why */
};

/* After the findings. `socket`: as a ledger knows it, or NULL; `held`: as /proc shows it, or NULL.
 */
enum half_closed half_closed_of(const struct audited_socket *socket, const struct held_socket *held,
				const char **reason);
/* One more of this reason. The list is the arena's; reasons are not copied. */
void reason_count(struct arena *arena, struct unexplained **list, size_t *count,
		  const char *reason);

#endif
