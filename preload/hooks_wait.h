/* SPDX-License-Identifier: MIT */
/* What is told after waits and registrations, by whatever name they are called. */
#ifndef HOOKS_WAIT_H
#define HOOKS_WAIT_H

#include "observe.h"
#include "track.h"
#include <poll.h>
#include <sys/epoll.h>
#include <sys/select.h>

#define ENDS (POLLHUP | POLLRDHUP | POLLERR)

/* What all results say together: nearly always there is nothing to tell. */
#define TOGETHER(type, first, count, field)                                                        \
	({                                                                                         \
		const type *at_ = first, *const end_ = at_ + (count);                              \
		__typeof__((type){ 0 }.field) any_ = 0;                                            \
		for (; at_ != end_; at_++)                                                         \
			any_ |= at_->field;                                                        \
		any_;                                                                              \
	})

/*
 * Before a wait, where copies or sockets of the parent's may be among what is waited for: they are
 * in use, however long it takes. The program's memory is read only if the kernel can read it.
 */
void wait_touch(uintptr_t polled, nfds_t count, enum call call);
void wait_touch_sets(int count, const fd_set *const sets[3], enum call call);

static inline bool wait_touches(void)
{
	return __builtin_expect(__atomic_load_n(&fdtable_touchy, __ATOMIC_RELAXED), 0);
}

/* The results of a wait of which some say an end, or that a number is not open. */
void wait_told_polls(const struct pollfd *polled, nfds_t count, enum call call, void *frame);
void wait_told_epoll(int epoll, const struct epoll_event *events, int count, enum call call,
		     void *frame);

/* All results of a poll() that returned `ready`. */
static inline void wait_polled(const struct pollfd *polled, nfds_t count, long ready,
			       enum call call, void *frame)
{
	if (ready > 0 &&
	    __builtin_expect(TOGETHER(struct pollfd, polled, count, revents) & (ENDS | POLLNVAL),
			     0))
		wait_told_polls(polled, count, call, frame);
}

/* The `count` events of an epoll_wait(). */
static inline void wait_epolled(int epoll, const struct epoll_event *events, long count,
				enum call call, void *frame)
{
	if (count > 0 &&
	    __builtin_expect(TOGETHER(struct epoll_event, events, count, events) & ENDS, 0))
		wait_told_epoll(epoll, events, (int)count, call, frame);
}

/* After epoll_ctl() on a watched number; `error` is errno when it failed, else 0. */
void wait_registered(int epoll, int operation, int fd, const struct epoll_event *event, int error,
		     enum call call, void *frame);

#endif
