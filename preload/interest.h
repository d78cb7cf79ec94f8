/* SPDX-License-Identifier: MIT */
/*
 * Which epoll watches a socket, for what, since when; and the way back from an event to its socket,
 * for epoll_event.data is the program's own word: often the descriptor, often a pointer.
 */
#ifndef INTEREST_H
#define INTEREST_H

#include "track.h"
#include <sys/epoll.h>

/* epoll_create() gave this number, which may have been another one's. */
void interest_begin(int epoll);
/* After a successful epoll_ctl(); `event` as given, not read for EPOLL_CTL_DEL. Where it leaves
 * nobody waiting for the socket's data, the place is kept. */
void interest_change(int epoll, int operation, int fd, const struct epoll_event *event,
		     void *frame);
/* The socket is about to be closed. */
void interest_leave(struct ledger_slot *slot);
/* Nobody has epolls of higher numbers. */
#define INTEREST_EPOLLS 65536u
/* Sockets registered in each. Too many only make its end search in vain. */
extern uint32_t interest_registered[INTEREST_EPOLLS] __attribute__((visibility("hidden")));

void interest_end_search(int epoll);
/* A number is closed, or turns out to be something else: an epoll's with sockets, perhaps. */
static inline void interest_end(int epoll)
{
	if ((unsigned)epoll < INTEREST_EPOLLS &&
	    __builtin_expect(__atomic_load_n(&interest_registered[epoll], __ATOMIC_RELAXED), 0))
		interest_end_search(epoll);
}
/* The socket that an event speaks of; -1 unknown. No search: what collides is left to the kernel's
 * own word at the join. */
int interest_socket(int epoll, uint64_t data);

#endif
