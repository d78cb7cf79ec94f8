/* SPDX-License-Identifier: MIT */
/* Who waits in a listener's queue though its client has left; see join_starved.h. */
#include "join_starved.h"

#include "join_closed.h"

#include <netinet/in.h>
#include <string.h>

/* A socket without a descriptor and without an end of its own: only an accept queue holds such. */
static bool is_dead_in_queue(const struct kernel_socket *socket)
{
	return !socket->inode && socket->state == KERNEL_CLOSE_WAIT;
}

static bool is_any(const uint8_t address[16])
{
	static const uint8_t any[16];

	return !memcmp(address, any, sizeof(any));
}

/* Whether a connection to that address came to this listener. An IPv6 one takes IPv4 as well. */
static bool is_for(const struct kernel_socket *listener, const struct kernel_socket *socket)
{
	static const uint8_t mapped[12] = { [10] = 0xff, [11] = 0xff };

	if (listener->local_port != socket->local_port)
		return false;
	if (listener->family == socket->family)
		return is_any(listener->local) ||
		       !memcmp(listener->local, socket->local, sizeof(socket->local));
	if (listener->family == AF_INET6)
		return is_any(listener->local);
	return !memcmp(socket->local, mapped, sizeof(mapped)) &&
	       (is_any(listener->local) || !memcmp(listener->local, socket->local + 12, 4));
}

struct queue_place {
	const struct kernel_socket *listener;
	struct starved_queue queue;
	size_t room;
};

static bool is_listener(const struct audited_socket *socket)
{
	if (!socket->live || !socket->kernel.known || !socket->kernel.listening_queue)
		return false;
	for (size_t i = 0; i < socket->ref_count; i++)
		if (socket->refs[i].holds && (socket->refs[i].slot->flags & SOCKET_LISTENING))
			return true;
	return false;
}

static size_t places_find(const struct audit *audit, const struct kernel_census *census,
			  struct queue_place **places)
{
	size_t count = 0, room = 0;

	for (size_t i = 0; i < audit->socket_count; i++) {
		const struct audited_socket *socket = audit->sockets[i];
		const struct kernel_socket *listener =
			is_listener(socket) ? kernel_by_inode(census, socket->inode) : NULL;
		if (!listener || !listener->listening_queue)
			continue;
		*places = arena_more(audit->arena, *places, count, &room, sizeof(**places));
		(*places)[count++] = (struct queue_place){
			.listener = listener,
			.queue = { .listener = socket,
				   .length = listener->recv_q,
				   .limit = listener->send_q },
		};
	}
	return count;
}

static struct queue_place *place_of(struct queue_place *places, size_t count,
				    const struct kernel_socket *socket)
{
	struct queue_place *longest = NULL;

	for (size_t i = 0; i < count; i++)
		if (is_for(places[i].listener, socket) &&
		    (!longest || places[i].queue.length > longest->queue.length))
			longest = &places[i];
	return longest;
}

static void dead_add(struct arena *arena, struct queue_place *place,
		     const struct kernel_socket *socket)
{
	struct starved_queue *queue = &place->queue;

	queue->dead = arena_more(arena, queue->dead, queue->dead_count, &place->room,
				 sizeof(*queue->dead));
	queue->dead[queue->dead_count++] = (struct queued_socket){
		.cookie = socket->cookie,
		.kernel = kernel_word(socket, 0),
	};
}

size_t starved_queues_find(struct audit *audit, struct starved_queue **queues)
{
	size_t found = 0, room = 0;

	*queues = NULL;
	for (size_t i = 0; i < audit->census_count; i++) {
		const struct kernel_census *census = audit->censuses[i].kernel;
		struct queue_place *places = NULL;
		size_t count = 0;
		bool looked = false;
		for (size_t j = 0; j < census->count; j++) {
			const struct kernel_socket *socket = &census->sockets[j];
			if (!is_dead_in_queue(socket))
				continue;
			if (!looked)
				count = places_find(audit, census, &places);
			looked = true;
			struct queue_place *place = place_of(places, count, socket);
			if (place)
				dead_add(audit->arena, place, socket);
		}
		for (size_t j = 0; j < count; j++) {
			if (!places[j].queue.dead_count)
				continue;
			*queues = arena_more(audit->arena, *queues, found, &room, sizeof(**queues));
			(*queues)[found++] = places[j].queue;
		}
	}
	return found;
}
