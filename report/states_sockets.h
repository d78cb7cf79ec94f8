/* SPDX-License-Identifier: MIT */
/*
 * The sockets of a census, one small record each: enough to count by state and to say where they
 * pile up. From the kernel (states_kernel.c, states_closed.c) or from saved text (states_from.c).
 */
#ifndef STATES_SOCKETS_H
#define STATES_SOCKETS_H

#include "arena.h"
#include "states_model.h"

struct states_socket {
	uint64_t inode;	  /* 0: no descriptor belongs to it, or unknown */
	const char *comm; /* of pid */
	uint32_t pid;	  /* the first process that holds it; 0: none, or unknown */
	uint32_t scope;
	uint16_t family; /* AF_INET, AF_INET6, 0 unknown */
	uint16_t local_port, peer_port;
	uint8_t local[16], peer[16]; /* IPv4 in the first four bytes */
	uint8_t state;
	bool addressed;	 /* the addresses are known */
	bool keepalive;	 /* the keepalive timer runs */
	bool shared;	 /* another process holds it too */
	bool queue_full; /* a listener whose accept queue is */
	uint32_t net_ns; /* index of its namespace */
};

struct states_sockets {
	struct states_socket *items;
	size_t count, room;
};

struct states_socket *states_socket_add(struct arena *arena, struct states_sockets *sockets);

/* states_namespaces.c: this namespace, or all that processes or /run/netns have; census->namespaces
 * without their sockets. */
void states_namespaces_find(struct arena *arena, bool all, struct states *census);
/* states_kernel.c: the sockets of those namespaces and, unless asked again, their settings. 0 when
 * at least one told; else -errno and *trouble. */
int states_kernel_take(struct arena *arena, struct states *census, struct states_sockets *sockets,
		       bool again, const char **trouble);
/* states_closed.c: who holds each socket, and the open ones in CLOSE, which no table lists. */
struct holders;
void states_owners_find(struct arena *arena, const struct holders *holders, struct states *census,
			struct states_sockets *sockets);

/* states_from.c: the text that netstat, ss or awk printed, of `path` ("-": standard input). Its
 * lines that tell of a socket become sockets, those that tell a number go into census->count. 0, or
 * -errno and *trouble. */
int states_from_read(struct arena *arena, const char *path, struct states *census,
		     struct states_sockets *sockets, const char **trouble);

void states_remark(struct arena *arena, struct states *census, const char *remark);

#endif
