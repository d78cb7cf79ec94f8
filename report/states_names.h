/* SPDX-License-Identifier: MIT */
/* What tools call the states of TCP. */
#ifndef STATES_NAMES_H
#define STATES_NAMES_H

#include "states_model.h"

/* The state of that name, as netstat, ss, BSD, Windows and the RFC write it; STATE_NONE: no such.
 */
enum tcp_state state_named(const char *name);
/* Whether it is ss's name for a socket without a state: UDP's and others', never a TCP row's. */
bool state_is_unconnected(const char *name);
/* The state that was probably meant, for "did you mean"; NULL. */
const char *state_suggest(const char *wrong);

#endif
