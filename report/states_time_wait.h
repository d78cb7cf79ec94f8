/* SPDX-License-Identifier: MIT */
/* TIME_WAIT: what it costs. A port toward one destination for who connected, nothing for who
 * accepted. */
#ifndef STATES_TIME_WAIT_H
#define STATES_TIME_WAIT_H

#include "states_sockets.h"

struct time_wait {
	bool known; /* who connected: the listeners are known */
	uint64_t accepted, connected;
	const struct states_row
		*destination;	      /* the one with the most of those connected; NULL: none */
	unsigned port_low, port_high; /* ip_local_port_range */
	uint64_t ports;		      /* in it; 0 unknown */
	uint64_t percent;	      /* of them, in TIME_WAIT toward the destination */
	bool reused;		      /* tcp_tw_reuse gives such ports to the next connect() */
	uint64_t buckets;	      /* tcp_max_tw_buckets; 0 unknown */
	uint64_t there;		      /* in TIME_WAIT in the namespace whose settings these are */
};

void time_wait_find(struct arena *arena, const struct states *census,
		    const struct states_sockets *sockets, struct time_wait *found);

#endif
