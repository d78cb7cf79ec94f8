/* SPDX-License-Identifier: MIT */
/* Connections that ended in a listener's queue: the kernel has them, no process does. */
#ifndef JOIN_STARVED_H
#define JOIN_STARVED_H

#include "audit.h"

struct queued_socket {
	uint64_t cookie; /* 0 unknown */
	struct socket_kernel kernel;
};

/* A listener with such connections. */
struct starved_queue {
	const struct audited_socket *listener;
	uint32_t length, limit;
	struct queued_socket *dead;
	size_t dead_count;
};

/* The queues of the running members' listeners. Where several listeners share a port, the kernel
 * doesn't tell whose a connection is: it is put to the longest queue. Memory is the arena's. */
size_t starved_queues_find(struct audit *audit, struct starved_queue **queues);

#endif
