/* SPDX-License-Identifier: MIT */
/* What tools call the states of TCP. */
#ifndef STATES_NAMES_H
#define STATES_NAMES_H

#include "states_model.h"

/* The state of that name, as netstat, ss, BSD, Windows and the RFC write it; STATE_NONE: no such.
 */
enum tcp_state state_named(const char *name);
/* The state that was probably meant, for "did you mean"; NULL. */
const char *state_suggest(const char *wrong);

#endif
