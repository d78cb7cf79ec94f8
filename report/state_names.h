/* SPDX-License-Identifier: MIT */
/* TCP states as people and their tools spell them. */
#ifndef STATE_NAMES_H
#define STATE_NAMES_H

#include "model.h"

/*
 * Marks the states of "CLOSE_WAIT,fin-wait-2,ESTAB", by the kernel's numbers: netstat's, ss's and
 * RFC 9293's spellings, in any case. NULL or "": none. False: *unknown is no state (not
 * terminated).
 */
bool state_names_parse(const char *text, bool states[TCP_STATE_COUNT], const char **unknown,
		       int *length);

#endif
