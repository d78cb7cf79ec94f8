/* SPDX-License-Identifier: MIT */
/* What TIME_WAIT costs; see states_time_wait.h. */
#include "states_time_wait.h"

#include "states_advice.h"
#include "states_groups.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Only where the listeners are known can be said who connected. */
static void connected_count(struct arena *arena, const struct states *census,
			    const struct states_sockets *sockets, struct time_wait *found)
{
	const struct listeners *listeners = listeners_make(arena, sockets);
	struct states_sockets connected = { .items = NULL };
	size_t count;

	for (size_t i = 0; i < sockets->count; i++) {
		const struct states_socket *socket = &sockets->items[i];
		found->known |= socket->state == STATE_LISTEN || !census->from;
		if (socket->state != STATE_TIME_WAIT || !socket->addressed)
			continue;
		if (listener_of(listeners, socket)) {
			found->accepted++;
			continue;
		}
		found->connected++;
		/* Ports that the program chose itself leave the range to others. */
		if (socket->local_port >= found->port_low && socket->local_port <= found->port_high)
			*states_socket_add(arena, &connected) = *socket;
	}
	const struct states_row *rows =
		states_rows_make(arena, census, &connected, BY_DESTINATION, STATE_NONE, &count);
	found->destination = count ? &rows[0] : NULL;
}

/* Whether the kernel gives a port in TIME_WAIT to the next connect(), after a second. */
static bool ports_reused(const struct settings_now *settings, const struct states_row *destination)
{
	const char *reuse = settings->values[SETTING_TW_REUSE];
	bool loopback =
		!strncmp(destination->name, "127.", 4) || !strncmp(destination->name, "[::1]", 5);

	return reuse && (!strcmp(reuse, "1") || (!strcmp(reuse, "2") && loopback));
}

void time_wait_find(struct arena *arena, const struct states *census,
		    const struct states_sockets *sockets, struct time_wait *found)
{
	const struct states_namespace *where = states_where_most(census, STATE_TIME_WAIT);
	unsigned low, high;

	*found = (struct time_wait){ .port_high = UINT16_MAX };
	const char *range = where ? where->settings.values[SETTING_PORT_RANGE] : NULL,
		   *buckets = where ? where->settings.values[SETTING_MAX_TW_BUCKETS] : NULL;
	if (range && sscanf(range, "%u %u", &low, &high) == 2 && low <= high &&
	    high <= UINT16_MAX) {
		found->port_low = low;
		found->port_high = high;
		found->ports = high - low + 1;
	}
	connected_count(arena, census, sockets, found);
	if (!where)
		return;
	found->buckets = buckets ? strtoull(buckets, NULL, 10) : 0;
	found->there = where->states[STATE_TIME_WAIT];
	if (!found->destination)
		return;
	found->percent = found->ports ? found->destination->all * 100 / found->ports : 0;
	found->reused = ports_reused(&where->settings, found->destination);
}
