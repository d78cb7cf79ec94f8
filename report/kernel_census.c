/* SPDX-License-Identifier: MIT */
/* Taking the census in another namespace, and finding a socket in it; see kernel.h. */
#include "kernel.h"

#include "proc.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <pthread.h>
#include <sched.h>
#include <sockaudit/cycles.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

struct kernel_socket *kernel_socket_add(struct arena *arena, struct kernel_census *census)
{
	census->sockets = arena_more(arena, census->sockets, census->count, &census->room,
				     sizeof(*census->sockets));
	struct kernel_socket *socket = &census->sockets[census->count++];
	memset(socket, 0, sizeof(*socket));
	return socket;
}

/* Of the calling thread's namespace: /proc/sys/net shows each its own. */
static void settings_read(struct kernel_census *census)
{
	unsigned first, last;
	FILE *file = fopen("/proc/sys/net/ipv4/ip_local_port_range", "re");

	if (file && fscanf(file, "%u %u", &first, &last) == 2 && first && first <= last &&
	    last <= UINT16_MAX) {
		census->first_port = (uint16_t)first;
		census->last_port = (uint16_t)last;
	}
	if (file)
		fclose(file);
	file = fopen("/proc/sys/net/ipv4/tcp_tw_reuse", "re");
	if (!file || fscanf(file, "%d", &census->tw_reuse) != 1)
		census->tw_reuse = -1;
	if (file)
		fclose(file);
}

struct journey {
	struct arena *arena;
	struct kernel_census *census;
	int net_ns; /* descriptor; -1: our own */
	int error;
};

/* A namespace belongs to a thread: this one goes there, asks and ends; nobody has to find the way
 * back. */
static void *journey_make(void *data)
{
	struct journey *journey = data;

	if (journey->net_ns >= 0 && setns(journey->net_ns, CLONE_NEWNET))
		journey->error = -errno;
	else
		journey->error = kernel_diag_dump(journey->arena, journey->census);
	if (!journey->error)
		settings_read(journey->census);
	return NULL;
}

static int diag_dump_of(struct arena *arena, uint32_t pid, struct kernel_census *census)
{
	struct journey journey = { .arena = arena, .census = census, .net_ns = -1 };
	char path[64];
	pthread_t thread;

	census->tw_reuse = -1;
	if (census->net_ns && census->net_ns == proc_namespace(0, "net")) {
		settings_read(census);
		return kernel_diag_dump(arena, census);
	}
	snprintf(path, sizeof(path), "/proc/%" PRIu32 "/ns/net", pid);
	journey.net_ns = open(path, O_RDONLY | O_CLOEXEC);
	if (journey.net_ns < 0)
		return -errno;
	int error = pthread_create(&thread, NULL, journey_make, &journey);
	if (!error)
		pthread_join(thread, NULL);
	error = error ? -error : journey.error;
	/* Not ours to enter; but as the owner of its user namespace. */
	if (error == -EPERM && !kernel_rootless_dump(arena, pid, journey.net_ns, census))
		error = 0;
	close(journey.net_ns);
	return error;
}

static uint64_t cookie_of(const struct kernel_socket *socket)
{
	return socket->cookie;
}

static uint64_t inode_of(const struct kernel_socket *socket)
{
	return socket->inode;
}

/* Where the socket stands, or would. */
static uint32_t *place_of(const struct kernel_census *census, const struct kernel_index *index,
			  uint64_t (*key_of)(const struct kernel_socket *), uint64_t key)
{
	uint32_t at = (uint32_t)(key * 0x9e3779b97f4a7c15u >> 32) & index->mask;

	while (index->places[at] && key_of(&census->sockets[index->places[at] - 1]) != key)
		at = (at + 1) & index->mask;
	return &index->places[at];
}

static void index_make(struct arena *arena, const struct kernel_census *census,
		       struct kernel_index *index, uint64_t (*key_of)(const struct kernel_socket *))
{
	uint32_t room = 64;

	while (room < 2 * census->count)
		room *= 2;
	index->places = arena_array(arena, room, sizeof(*index->places));
	index->mask = room - 1;
	for (size_t i = 0; i < census->count; i++) {
		uint64_t key = key_of(&census->sockets[i]);
		if (!key || census->sockets[i].subflow)
			continue;
		uint32_t *place = place_of(census, index, key_of, key);
		if (!*place)
			*place = (uint32_t)i + 1;
	}
}

void kernel_census_index(struct arena *arena, struct kernel_census *census)
{
	index_make(arena, census, &census->cookies, cookie_of);
	index_make(arena, census, &census->inodes, inode_of);
}

int kernel_census_take(struct arena *arena, uint32_t pid, struct kernel_census *census)
{
	memset(census, 0, sizeof(*census));
	census->net_ns = proc_namespace(pid, "net");
	census->asked_ns = clock_pair_now().monotonic_ns;
	int refused = diag_dump_of(arena, pid, census), error = 0;
	if (refused) {
		census->count = 0;
		error = kernel_proc_dump(arena, pid, census);
		if (error)
			census->remark = arena_printf(
				arena,
				"the kernel's states of process %" PRIu32
				" are unknown: sock_diag: %s; /proc/%" PRIu32 "/net/tcp: %s",
				pid, strerror(-refused), pid, strerror(-error));
		else
			census->remark =
				arena_printf(arena,
					     "sock_diag refused (%s): states from /proc/%" PRIu32
					     "/net/tcp, without ages; since when a peer "
					     "has been gone is not known, so fin-unread waits for "
					     "--grace 0",
					     strerror(-refused), pid);
	}
	kernel_census_index(arena, census);
	return error;
}

static const struct kernel_socket *find(const struct kernel_census *census,
					const struct kernel_index *index,
					uint64_t (*key_of)(const struct kernel_socket *),
					uint64_t key)
{
	uint32_t number = key && index->places ? *place_of(census, index, key_of, key) : 0;

	return number ? &census->sockets[number - 1] : NULL;
}

const struct kernel_socket *kernel_by_cookie(const struct kernel_census *census, uint64_t cookie)
{
	return find(census, &census->cookies, cookie_of, cookie);
}

const struct kernel_socket *kernel_by_inode(const struct kernel_census *census, uint64_t inode)
{
	return find(census, &census->inodes, inode_of, inode);
}
