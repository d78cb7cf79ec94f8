/* SPDX-License-Identifier: MIT */
/* The table of findings, from findings.def, and the names of TCP's states. */
#include "model.h"

const struct rule rules[RULE_COUNT] = {
#define FINDING(name, rule, severity, class, facts, line, help)                                    \
	[RULE_##name] = { rule, SEVERITY_##severity, class, facts, line, help },
#include "findings.def"
#undef FINDING
};

const char *const tcp_state_names[TCP_STATE_COUNT] = {
	NULL,	 "ESTABLISHED", "SYN_SENT", "SYN_RECV", "FIN_WAIT1", "FIN_WAIT2",    "TIME_WAIT",
	"CLOSE", "CLOSE_WAIT",	"LAST_ACK", "LISTEN",	"CLOSING",   "NEW_SYN_RECV",
};
