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

/* What all results, one at least, say together: nearly always there is nothing to tell. */
#define TOGETHER(type, first, count, field)                                                        \
	({                                                                                         \
		const type *at_ = first, *const end_ = at_ + (count);                              \
		__typeof__((type){ 0 }.field) any_ = 0;                                            \
		do                                                                                 \
			any_ |= at_->field;                                                        \
		while (++at_ != end_);                                                             \
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
	return __builtin_expect(fdtable_touchy, 0);
}

/* Whether any result says an end, or that a number is not open: of a poll() that returned `ready`,
 * or of so many events. */
static inline bool wait_polls_end(const struct pollfd *polled, nfds_t count, long ready)
{
	/* The kernel takes 32 bits of the count. */
	return ready > 0 &&
	       __builtin_expect(TOGETHER(struct pollfd, polled, (unsigned)count, revents) &
					(ENDS | POLLNVAL),
				0);
}

static inline bool wait_epolls_end(const struct epoll_event *events, long count)
{
	return count > 0 &&
	       __builtin_expect(TOGETHER(struct epoll_event, events, count, events) & ENDS, 0);
}

/* Then: tells of them. Keeps errno. */
void wait_told_polls(const struct pollfd *polled, nfds_t count, enum call call, void *frame);
void wait_told_epoll(int epoll, const struct epoll_event *events, int count, enum call call,
		     void *frame);

/* After epoll_ctl() on a watched number; `error` is errno when it failed, else 0. */
void wait_registered(int epoll, int operation, int fd, const struct epoll_event *event, int error,
		     enum call call, void *frame);

#endif
