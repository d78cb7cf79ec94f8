/* SPDX-License-Identifier: MIT */
/* What accounts for a socket in CLOSE_WAIT; see half_closed.h. */
#include "half_closed.h"

#include <string.h>

/* A ledger knows it, and no rule holds: whose close() it isn't. */
static const char *excuse_of(const struct audited_socket *socket)
{
	bool standard = false, owned = false;

	for (size_t i = 0; i < socket->ref_count; i++) {
		const struct socket_ref *ref = &socket->refs[i];
		if (ref->slot->flags & SOCKET_IGNORED)
			return "ignored, as the program asked";
		standard |= ref->holds && ref->fd >= 0 && ref->fd <= 2;
		owned |= ref->holds && !verdict_is_excused(ref->fd, ref->slot);
	}
	if (owned)
		return "known, and of no rule";
	if (standard)
		return "standard input or output, handed over";
	return socket->elsewhere ? "closed here, held by a process beside this report"
				 : "inherited by a process that never used it";
}

enum half_closed half_closed_of(const struct audited_socket *socket, const struct held_socket *held,
				const char **reason)
{
	if (held && held->unexplained)
		*reason = held->unexplained;
	else if (!socket && held && held->known_elsewhere)
		*reason = "known to the ledger of a relative alone";
	else if (!socket)
		*reason = "changed while it was looked at";
	else if (!socket->judgement)
		*reason = excuse_of(socket);
	else
		return socket->judgement->found ? HALF_CLOSED_FOUND : HALF_CLOSED_GRACE;
	return HALF_CLOSED_UNEXPLAINED;
}

void reason_count(struct arena *arena, struct unexplained **list, size_t *count, const char *reason)
{
	for (size_t i = 0; i < *count; i++) {
		if (!strcmp((*list)[i].reason, reason)) {
			(*list)[i].count++;
			return;
		}
	}
	struct unexplained *longer = arena_array(arena, *count + 1, sizeof(*longer));
	if (*count)
		memcpy(longer, *list, *count * sizeof(*longer));
	longer[(*count)++] = (struct unexplained){ reason, 1 };
	*list = longer;
}
