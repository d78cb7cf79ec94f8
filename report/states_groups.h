/* SPDX-License-Identifier: MIT */
/* Where sockets pile up: --by, and the largest holder of one state. */
#ifndef STATES_GROUPS_H
#define STATES_GROUPS_H

#include "states_sockets.h"

/* Rows of all sockets, or of one state's (STATE_NONE: all), the largest first. */
struct states_row *states_rows_make(struct arena *arena, const struct states *census,
				    const struct states_sockets *sockets, enum states_by by,
				    enum tcp_state only, size_t *count);
/* BY_NOTHING when there is no such name. */
enum states_by states_by_find(const char *name);
/* The ports on which a listener stands, for many questions. */
struct listeners;
const struct listeners *listeners_make(struct arena *arena, const struct states_sockets *sockets);
/* The listener that a connection came through; NULL: none of today's. */
const struct states_socket *listener_of(const struct listeners *listeners,
					const struct states_socket *socket);

#endif
