/* SPDX-License-Identifier: MIT */
/* Which states are too many, and what the census itself knows of why. */
#ifndef STATES_ADVICE_H
#define STATES_ADVICE_H

#include "states_sockets.h"

/* Fills census->advice of a census that is counted. */
void states_advise(struct arena *arena, const struct states_sockets *sockets,
		   struct states *census);

/* Where most of a state's sockets are, whose settings matter; NULL: the text is from elsewhere. */
const struct states_namespace *states_where_most(const struct states *census, enum tcp_state state);

#endif
