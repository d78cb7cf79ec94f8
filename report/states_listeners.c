/* SPDX-License-Identifier: MIT */
/*
 * Which listener a connection came through: the one of its namespace, its local port and its local
 * address; else one of that port on all addresses. An IPv6 listener on all takes IPv4 too.
 */
#include "states_groups.h"

#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

struct listeners {
	const struct states_socket **items; /* by namespace and port */
	size_t count;
};

static int order(const void *a, const void *b)
{
	const struct states_socket *left = *(const struct states_socket *const *)a,
				   *right = *(const struct states_socket *const *)b;

	if (left->net_ns != right->net_ns)
		return left->net_ns < right->net_ns ? -1 : 1;
	if (left->local_port != right->local_port)
		return left->local_port < right->local_port ? -1 : 1;
	if (left->family != right->family)
		return left->family < right->family ? -1 : 1;
	return memcmp(left->local, right->local, sizeof(left->local));
}

const struct listeners *listeners_make(struct arena *arena, const struct states_sockets *sockets)
{
	struct listeners *made = arena_alloc(arena, sizeof(*made));
	size_t room = 0;

	for (size_t i = 0; i < sockets->count; i++) {
		if (sockets->items[i].state != STATE_LISTEN || !sockets->items[i].addressed)
			continue;
		made->items =
			arena_more(arena, made->items, made->count, &room, sizeof(*made->items));
		made->items[made->count++] = &sockets->items[i];
	}
	if (made->count)
		qsort(made->items, made->count, sizeof(*made->items), order);
	return made;
}

static bool is_any(const uint8_t ip[16])
{
	static const uint8_t zero[16];

	return !memcmp(ip, zero, sizeof(zero));
}

/* 0: it can't be this one; else how well it fits. */
static int fits(const struct states_socket *listener, const struct states_socket *socket)
{
	static const uint8_t mapped[12] = { [10] = 0xff, [11] = 0xff };
	bool v4_in_v6 = socket->family == AF_INET6 && !memcmp(socket->local, mapped, 12);

	if (listener->family == socket->family) {
		if (!memcmp(listener->local, socket->local, sizeof(socket->local)))
			return 3;
		return is_any(listener->local) ? 2 : 0;
	}
	if (listener->family == AF_INET6 && socket->family == AF_INET)
		return is_any(listener->local) ? 1 : 0;
	/* A mapped connection is of an IPv6 listener; text may say otherwise. */
	return v4_in_v6 && is_any(listener->local) ? 1 : 0;
}

const struct states_socket *listener_of(const struct listeners *listeners,
					const struct states_socket *socket)
{
	const struct states_socket *best = NULL;
	size_t low = 0, high = listeners->count;
	int best_fit = 0;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		const struct states_socket *at = listeners->items[middle];
		if (at->net_ns < socket->net_ns ||
		    (at->net_ns == socket->net_ns && at->local_port < socket->local_port))
			low = middle + 1;
		else
			high = middle;
	}
	for (; low < listeners->count && listeners->items[low]->net_ns == socket->net_ns &&
	       listeners->items[low]->local_port == socket->local_port;
	     low++) {
		int fit = fits(listeners->items[low], socket);
		if (fit > best_fit) {
			best_fit = fit;
			best = listeners->items[low];
		}
	}
	return best;
}
