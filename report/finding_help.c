/* SPDX-License-Identifier: MIT */
/* What to do about a finding: its rule's help, or a better one where the cause is known. */
#include "model.h"

#include <string.h>

static const struct {
	const char *reason, *help;
} unread[] = {
	{ "reading-off",
	  "Reading was switched off and not on again. Put EPOLLIN back when there is "
	  "room for more, or watch for EPOLLRDHUP meanwhile, and close() on it." },
	{ "unwatched",
	  "It was taken out of its epoll and lives on. close() it there, or hand it to "
	  "whoever watches it next." },
	{ "disarmed",
	  "EPOLLONESHOT fires once. Arm it again with EPOLL_CTL_MOD after each event, or "
	  "close() where the work ends." },
	{ "told", "The event loop was told. Treat POLLHUP, POLLRDHUP and POLLERR as readable: read "
		  "to the end, then close()." },
	{ "watched", "The event loop doesn't come round: see what its thread does. What blocks "
		     "belongs into another thread." },
	{ "starved", "The thread that reads here is stuck: see what it waits for. A timeout there "
		     "lets it come back and close()." },
	{ "working",
	  "The client has left while its request is worked on. A limit on the work, or a "
	  "look at the socket now and then, lets it go sooner." },
	{ "behind-libc", "The EOF went to stdio. feof() tells of it; then fclose() the stream." },
};

const char *finding_help(const struct finding *finding)
{
	if (finding->fix)
		return finding->fix;
	for (size_t i = 0; finding->rule == RULE_FIN_UNREAD && i < finding->fact_count; i++) {
		const struct fact *fact = &finding->facts[i];
		if (!fact->text || strcmp(fact->key, "reason"))
			continue;
		for (size_t j = 0; j < sizeof(unread) / sizeof(*unread); j++)
			if (!strcmp(fact->text, unread[j].reason))
				return unread[j].help;
	}
	return rules[finding->rule].help;
}
