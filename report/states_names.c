/* SPDX-License-Identifier: MIT */
/* What tools call the states of TCP; see states_names.h. */
#include "states_names.h"

#include "options.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

/* Without hyphens and underscores. */
static const struct alias {
	const char *name;
	enum tcp_state state;
} aliases[] = {
	{ "ESTABLISHED", STATE_ESTABLISHED },
	{ "ESTAB", STATE_ESTABLISHED },
	{ "SYNSENT", STATE_SYN_SENT },
	{ "SYNSEND", STATE_SYN_SENT },
	{ "SYNRECV", STATE_SYN_RECV },
	{ "SYNRCVD", STATE_SYN_RECV },
	{ "SYNRECEIVED", STATE_SYN_RECV },
	{ "NEWSYNRECV", STATE_SYN_RECV },
	{ "FINWAIT1", STATE_FIN_WAIT1 },
	{ "FINWAIT2", STATE_FIN_WAIT2 },
	{ "TIMEWAIT", STATE_TIME_WAIT },
	{ "TIMEDWAIT", STATE_TIME_WAIT },
	{ "CLOSE", STATE_CLOSE },
	{ "CLOSED", STATE_CLOSE },
	{ "UNCONN", STATE_CLOSE },
	{ "CLOSEWAIT", STATE_CLOSE_WAIT },
	{ "LASTACK", STATE_LAST_ACK },
	{ "LISTEN", STATE_LISTEN },
	{ "LISTENING", STATE_LISTEN },
	{ "CLOSING", STATE_CLOSING },
};

enum tcp_state state_named(const char *name)
{
	char plain[16];
	size_t length = 0;

	for (; *name; name++) {
		if (*name == '_' || *name == '-')
			continue;
		if (length + 1 == sizeof(plain))
			return STATE_NONE;
		plain[length++] = (char)toupper((unsigned char)*name);
	}
	plain[length] = 0;
	for (size_t i = 0; i < sizeof(aliases) / sizeof(*aliases); i++)
		if (!strcmp(aliases[i].name, plain))
			return aliases[i].state;
	return STATE_NONE;
}

bool state_is_unconnected(const char *name)
{
	return !strcasecmp(name, "UNCONN");
}

const char *state_suggest(const char *wrong)
{
	const char *names[STATE_COUNT];
	char upper[32] = "";

	for (size_t i = 0; wrong[i] && i + 1 < sizeof(upper); i++)
		upper[i] = wrong[i] == '-' ? '_' : (char)toupper((unsigned char)wrong[i]);
	for (int i = 1; i < STATE_COUNT; i++)
		names[i - 1] = state_lore[i].name;
	names[STATE_COUNT - 1] = NULL;
	return options_suggest(upper, names);
}
