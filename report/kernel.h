/* SPDX-License-Identifier: MIT */
/*
 * The kernel's book: every TCP socket of a network namespace at one moment, and, by sock_diag, the
 * UDP and AF_UNIX ones without a state. Asked through sock_diag
 * (kernel_diag.c), where that is refused through /proc/PID/net/tcp (kernel_proc.c).
 */
#ifndef KERNEL_H
#define KERNEL_H

#include "arena.h"
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct kernel_socket {
	uint64_t cookie; /* 0: not told */
	uint64_t inode;	 /* 0: belongs to no descriptor (accept queue, orphan) */
	uint8_t family;
	uint8_t state; /* 0: no TCP socket */
	bool subflow; /* a path of an MPTCP socket: TCP without a descriptor, under that one's inode
		       */
	bool peer_gone;	      /* AF_UNIX: reading was shut down, by the peer's end or by us */
	bool listening_queue; /* recv_q and send_q are the queue's length and limit, not bytes */
	bool ages_known, keepalive;
	uint32_t recv_q, send_q;
	uint32_t last_data_sent_ms, last_data_recv_ms, last_ack_recv_ms;
	uint8_t local[16], peer[16]; /* network byte order; IPv4 in the first four bytes */
	uint32_t scope;
	uint16_t local_port, peer_port;
	uint16_t protocol; /* IPPROTO_TCP, IPPROTO_UDP, IPPROTO_MPTCP; 0: AF_UNIX */
	uint8_t type;	   /* SOCK_STREAM, ...; 0 not told */
	const char *name;  /* AF_UNIX: its path, '@' for each NUL of an abstract one; NULL: none */
	bool queues_unknown;
	bool peer_told;	       /* AF_UNIX: it has, or had, another end */
	uint64_t peer_inode;   /* AF_UNIX: of the other end; 0: none, or not told */
	const char *interface; /* what `scope` is called there, of link-local addresses; NULL */
};

/* Numbers of sockets, plus one, where the hash of their key says, or behind; 0: none. */
struct kernel_index {
	uint32_t *places, mask;
};

struct kernel_census {
	struct kernel_socket *sockets; /* an array; not to be moved once indexed */
	size_t count, room;
	struct kernel_index cookies, inodes;
	uint64_t net_ns;		/* inode of the namespace */
	bool unix_known;		/* it told of AF_UNIX too */
	uint64_t asked_ns;		/* CLOCK_MONOTONIC when the kernel was asked */
	const char *remark;		/* what could not be had, and why; NULL: all was told */
	uint16_t first_port, last_port; /* ip_local_port_range; 0 unknown */
	int tw_reuse;			/* tcp_tw_reuse; -1 unknown */
};

/*
 * The namespace of a process, as that process sees it. Asks sock_diag in a thread that enters the
 * namespace, so the caller stays where it is; else /proc. 0, or -errno when neither would tell,
 * with census->remark.
 */
int kernel_census_take(struct arena *arena, uint32_t pid, struct kernel_census *census);
/* So that sockets are found; the census is done then. */
void kernel_census_index(struct arena *arena, struct kernel_census *census);

const struct kernel_socket *kernel_by_cookie(const struct kernel_census *census, uint64_t cookie);
const struct kernel_socket *kernel_by_inode(const struct kernel_census *census, uint64_t inode);

/* Whether one of its addresses means nothing without the interface. */
bool kernel_is_link_local(const struct kernel_socket *socket);

/* The two ways; for kernel_census.c and the tests. Append to the array. */
int kernel_diag_dump(struct arena *arena, struct kernel_census *census);
/* By a sock_diag socket of any namespace, which is closed then. */
int kernel_diag_dump_on(struct arena *arena, struct kernel_census *census, int netlink);
/* In a namespace of a rootless container of ours (kernel_rootless.c). */
int kernel_rootless_dump(struct arena *arena, uint32_t pid, int net_ns,
			 struct kernel_census *census);
int kernel_proc_dump(struct arena *arena, uint32_t pid, struct kernel_census *census);
struct kernel_socket *kernel_socket_add(struct arena *arena, struct kernel_census *census);

/*
 * The TCP sockets of the calling thread's namespace one by one, without ages, for who counts tens
 * of thousands: nothing is kept here. `*kept` is how many `take` has kept; an interrupted dump sets
 * it back and begins anew. 0 or -errno.
 */
typedef void kernel_take(void *data, const struct kernel_socket *socket);
int kernel_diag_stream(struct arena *arena, kernel_take *take, size_t *kept, void *data);

#endif
