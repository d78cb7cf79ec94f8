/* SPDX-License-Identifier: MIT */
/*
 * The kernel's TCP sockets of each namespace: by sock_diag in a thread that goes there, where that
 * is refused by /proc/PID/net/tcp. The settings are read by the same thread: /proc/sys/net is the
 * reader's namespace's.
 */
#include "states_sockets.h"

#include "kernel.h"
#include "states_settings.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <pthread.h>
#include <sched.h>
#include <string.h>
#include <unistd.h>

#define NEW_SYN_RECV 12

struct visit {
	struct arena *arena;
	struct states_sockets *sockets;
	struct states_namespace *where;
	uint32_t index;
	bool settings_wanted;
	int door;    /* descriptor; -1: we are there */
	int refused; /* -errno: the door is shut */
	int error;   /* -errno of sock_diag */
};

static void socket_take(void *data, const struct kernel_socket *kernel)
{
	struct visit *visit = data;
	uint8_t state = kernel->state == NEW_SYN_RECV ? STATE_SYN_RECV : kernel->state;

	if (state == STATE_NONE || state >= STATE_COUNT)
		return;
	struct states_socket *socket = states_socket_add(visit->arena, visit->sockets);
	socket->inode = kernel->inode;
	socket->family = kernel->family;
	socket->state = state;
	socket->keepalive = kernel->keepalive;
	socket->local_port = kernel->local_port;
	socket->peer_port = kernel->peer_port;
	socket->scope = kernel->scope;
	socket->addressed = true;
	/* The queue takes one more than its limit says. */
	socket->queue_full = state == STATE_LISTEN && kernel->recv_q > kernel->send_q;
	socket->net_ns = visit->index;
	memcpy(socket->local, kernel->local, sizeof(socket->local));
	memcpy(socket->peer, kernel->peer, sizeof(socket->peer));
}

static void *visit_make(void *data)
{
	struct visit *visit = data;

	if (visit->door >= 0 && setns(visit->door, CLONE_NEWNET)) {
		visit->refused = -errno;
		return NULL;
	}
	if (visit->settings_wanted)
		states_settings_read(visit->arena, &visit->where->settings);
	visit->error = kernel_diag_stream(visit->arena, socket_take, &visit->sockets->count, visit);
	return NULL;
}

static void visit_elsewhere(struct visit *visit)
{
	pthread_t thread;

	visit->door = open(visit->where->door, O_RDONLY | O_CLOEXEC);
	if (visit->door < 0) {
		visit->refused = -errno;
		return;
	}
	int error = pthread_create(&thread, NULL, visit_make, visit);
	if (error)
		visit->refused = -error;
	else
		pthread_join(thread, NULL);
	close(visit->door);
}

/* /proc/PID/net/tcp needs neither netlink nor a right to enter. */
static int proc_take(struct visit *visit)
{
	struct arena arena = { NULL };
	struct kernel_census census = { .sockets = NULL };
	int error =
		visit->where->pid ? kernel_proc_dump(&arena, visit->where->pid, &census) : -EACCES;

	for (size_t i = 0; !error && i < census.count; i++) {
		/* A listener's line tells its queue's length, and no limit. */
		census.sockets[i].recv_q = 0;
		socket_take(visit, &census.sockets[i]);
	}
	arena_free(&arena);
	return error;
}

static int namespace_take(struct visit *visit)
{
	struct states_namespace *where = visit->where;
	size_t before = visit->sockets->count;

	if (where->door)
		visit_elsewhere(visit);
	else
		visit_make(visit);
	if (!visit->refused && !visit->error) {
		where->how = "sock_diag";
		return 0;
	}
	visit->sockets->count = before;
	const char *why = arena_printf(
		visit->arena, visit->refused ? "could not be entered: %s" : "sock_diag: %s",
		strerror(visit->refused ? -visit->refused : -visit->error));
	int error = proc_take(visit);
	if (error) {
		visit->sockets->count = before;
		where->trouble =
			where->pid ? arena_printf(visit->arena, "%s; /proc/%" PRIu32 "/net/tcp: %s",
						  why, where->pid, strerror(-error))
				   : why;
		return error;
	}
	where->how = where->door
			     ? arena_printf(visit->arena, "/proc/%" PRIu32 "/net/tcp", where->pid)
			     : "/proc/net/tcp";
	where->trouble = arena_printf(visit->arena, "%s; states from %s", why, where->how);
	return 0;
}

/* Linux shows these in the host's own namespace only, but they hold in all. */
static void host_settings_spread(struct states *census)
{
	static const enum setting host_wide[] = { SETTING_NETDEV_MAX_BACKLOG, SETTING_MAX_ORPHANS };

	for (size_t i = 0; i < sizeof(host_wide) / sizeof(*host_wide); i++) {
		const char *value = NULL;
		for (size_t j = 0; j < census->namespace_count && !value; j++)
			value = census->namespaces[j].settings.values[host_wide[i]];
		for (size_t j = 0; j < census->namespace_count; j++)
			census->namespaces[j].settings.values[host_wide[i]] = value;
	}
}

int states_kernel_take(struct arena *arena, struct states *census, struct states_sockets *sockets,
		       bool again, const char **trouble)
{
	int error = -ENOENT;
	bool told = false;

	for (size_t i = 0; i < census->namespace_count; i++) {
		struct visit visit = { .arena = arena,
				       .sockets = sockets,
				       .where = &census->namespaces[i],
				       .index = (uint32_t)i,
				       .settings_wanted = !again,
				       .door = -1 };
		int failed = namespace_take(&visit);
		if (failed && !told)
			error = failed;
		told |= !failed;
	}
	host_settings_spread(census);
	if (told)
		return 0;
	*trouble = arena_printf(arena, "cannot read the kernel's TCP sockets: %s",
				census->namespaces[0].trouble);
	return error;
}
