/* SPDX-License-Identifier: MIT */
#include "state_names.h"

#include <ctype.h>
#include <string.h>

/* Beside the kernel's own names, by letters and digits alone. */
static const struct {
	const char *name;
	int state;
} others[] = {
	{ "ESTAB", 1 },	    { "SYNRECEIVED", 3 }, { "SYNRCVD", 3 }, { "FINWAIT", 4 },
	{ "TIMEDWAIT", 6 }, { "CLOSED", 7 },	  { "UNCONN", 7 },  { "LISTENING", 10 },
};

/* Letters and digits, in capitals. */
static void simplify(const char *text, size_t length, char *simple, size_t room)
{
	size_t used = 0;

	for (size_t i = 0; i < length && used + 1 < room; i++)
		if (text[i] != '_' && text[i] != '-' && text[i] != ' ')
			simple[used++] = (char)toupper((unsigned char)text[i]);
	simple[used] = 0;
}

static int state_of(const char *text, size_t length)
{
	char wanted[32], name[32];

	simplify(text, length, wanted, sizeof(wanted));
	for (int i = 1; i < TCP_STATE_COUNT; i++) {
		simplify(tcp_state_names[i], strlen(tcp_state_names[i]), name, sizeof(name));
		if (!strcmp(name, wanted))
			return i;
	}
	for (size_t i = 0; i < sizeof(others) / sizeof(*others); i++)
		if (!strcmp(others[i].name, wanted))
			return others[i].state;
	return 0;
}

bool state_names_parse(const char *text, bool states[TCP_STATE_COUNT], const char **unknown,
		       int *length)
{
	memset(states, 0, TCP_STATE_COUNT * sizeof(*states));
	while (text && *text) {
		size_t size = strcspn(text, ",");
		int state = state_of(text, size);
		if (!state) {
			*unknown = text;
			*length = (int)size;
			return false;
		}
		states[state] = true;
		text += size + (text[size] == ',');
	}
	return true;
}
