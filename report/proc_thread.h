/* SPDX-License-Identifier: MIT */
/* Where a thread of another process stands now, by /proc. For the causes that tell of a stuck one.
 */
#ifndef PROC_THREAD_H
#define PROC_THREAD_H

#include "proc.h"

enum thread_stand {
	THREAD_UNKNOWN,
	THREAD_ENDED,
	THREAD_RUNS,	/* on a processor, or ready for one */
	THREAD_BLOCKED, /* waits for something else than events: a lock, a disk, another descriptor
			 */
	THREAD_WAITS,	/* for events, as an event loop with nothing to do does */
};

struct thread_place {
	enum thread_stand stand;
	char comm[16];	   /* "" unknown */
	uint32_t task;	   /* its number in our own /proc; 0 when it has ended or is unknown */
	const char *doing; /* "waits in epoll_wait()"; NULL unknown */
	int fd;		   /* that it waits for; -1: none, or unknown */
	bool reads;	   /* waits for data: a client's next request, for all that is known */
	bool is_held_up;   /* waits for what is no next work of its own: room to send, a connection,
			      a file's lock */
};

/*
 * `tid` is as the process itself sees it, in whatever namespace, and the thread is at least
 * `age_ms` old: a younger one of that number is another.
 */
struct thread_place proc_thread_place(struct arena *arena, uint32_t pid, uint32_t tid,
				      uint64_t age_ms);

#endif
