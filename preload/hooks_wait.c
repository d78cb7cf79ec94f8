/* SPDX-License-Identifier: MIT */
/*
 * Waiting: poll, select, epoll. What they tell of a socket's end is kept once; a wait that tells
 * none costs a look at each result. select() can't tell: its readable means data, EOF and error
 * alike.
 */
#include "hooks_wait.h"
#include "interest.h"
#include "observe.h"
#include "process.h"
#include "processor.h"
#include "real.h"
#include "sys.h"

_Static_assert(EPOLLHUP == POLLHUP && EPOLLRDHUP == POLLRDHUP && EPOLLERR == POLLERR,
	       "one set of bits for both");

static void told_poll(const struct pollfd *polled, enum call call, void *frame)
{
	int fd = polled->fd;
	uint32_t events = (uint16_t)polled->revents;

	if (!fdtable_watches(fd))
		return;
	if (!(events & POLLNVAL))
		track_told(fd, events, call, frame);
	else if (polled->events)
		/* Without events to wait for, it is the question whether the number is open. */
		track_stale(fd, EBADF, call, frame);
}

/* The kernel copies a signal mask from there, and then refuses what to do with it. Memcheck would
 * tell the program of uninitialised bytes. */
static bool can_be_read(const void *place, size_t size)
{
	const char *first = place, *last = first + size - sizeof(uint64_t);

	return size >= sizeof(uint64_t) && !process_is_filtered() && !processor_is_valgrind() &&
	       sys_call(SYS_rt_sigprocmask, 99, first, NULL, sizeof(uint64_t)) == -EINVAL &&
	       sys_call(SYS_rt_sigprocmask, 99, last, NULL, sizeof(uint64_t)) == -EINVAL;
}

static void touch(int fd, enum call call)
{
	if (fdtable_is_socket(fd) && fdtable_watch[fd] != WATCH_SOCKET)
		track_use_seldom(fd, call);
}

/* Longer lists are an event loop's, whose sockets are used soon enough. */
#define TOUCHED_MOST 512

void wait_touch(uintptr_t place, nfds_t count, enum call call)
{
	const struct pollfd *polled = (const struct pollfd *)place;
	int error = errno;

	if (count && count <= TOUCHED_MOST && fdtable_end() &&
	    can_be_read(polled, count * sizeof *polled))
		for (nfds_t i = 0; i < count; i++)
			touch(polled[i].fd, call);
	errno = error;
}

void wait_touch_sets(int count, const fd_set *const sets[3], enum call call)
{
	int error = errno, end = (int)fdtable_end();
	size_t size;

	count = count < end ? count : end;
	count = count < FD_SETSIZE ? count : FD_SETSIZE;
	size = ((size_t)count + 63) / 64 * 8;
	for (int i = 0; i < 3 && count > 0; i++)
		if (sets[i] && can_be_read(sets[i], size))
			for (int fd = 0; fd < count; fd++)
				if (FD_ISSET(fd, sets[i]))
					touch(fd, call);
	errno = error;
}

void wait_told_polls(const struct pollfd *polled, nfds_t count, enum call call, void *frame)
{
	for (unsigned i = 0; i < (unsigned)count; i++)
		if (polled[i].revents & (ENDS | POLLNVAL))
			OBSERVE(told_poll(&polled[i], call, frame));
}

static __attribute__((noinline)) int polls_told(const struct pollfd *polled, nfds_t count,
						int ready, enum call call)
{
	wait_told_polls(polled, count, call, HERE);
	return ready;
}

/* What is seldom is entered by a jump, so that a wait that tells of no end needs no frame. */
#define POLL(name, parameters, arguments)                                                          \
	static __attribute__((noinline)) int name##_touches parameters                             \
	{                                                                                          \
		wait_touch((uintptr_t)fds, count, CALL_##name);                                    \
		int ready = REAL(name) arguments;                                                  \
		if (wait_polls_end(fds, count, ready))                                             \
			wait_told_polls(fds, count, CALL_##name, HERE);                            \
		return ready;                                                                      \
	}                                                                                          \
	EXPORT int name parameters                                                                 \
	{                                                                                          \
		if (wait_touches())                                                                \
			return name##_touches arguments;                                           \
		int ready = REAL(name) arguments;                                                  \
		if (wait_polls_end(fds, count, ready))                                             \
			return polls_told(fds, count, ready, CALL_##name);                         \
		return ready;                                                                      \
	}
POLL(poll, (struct pollfd * fds, nfds_t count, int timeout), (fds, count, timeout))
POLL(__poll, (struct pollfd * fds, nfds_t count, int timeout), (fds, count, timeout))
POLL(__poll_chk, (struct pollfd * fds, nfds_t count, int timeout, size_t room),
     (fds, count, timeout, room))
POLL(ppoll,
     (struct pollfd * fds, nfds_t count, const struct timespec *timeout, const sigset_t *mask),
     (fds, count, timeout, mask))
POLL(__ppoll_chk,
     (struct pollfd * fds, nfds_t count, const struct timespec *timeout, const sigset_t *mask,
      size_t room),
     (fds, count, timeout, mask, room))

/* One of the numbers is not open: ours, if it was a closed socket's. */
static void told_select(int count, const fd_set *const sets[3], enum call call, void *frame)
{
	/* Not beyond the numbers that the kernel has looked at: none of ours is higher. */
	for (int fd = 0; fd < count && fd < FD_SETSIZE && fd < (int)fdtable_end(); fd++) {
		bool waited_for = false;

		for (int i = 0; i < 3; i++)
			waited_for |= sets[i] && FD_ISSET(fd, sets[i]);
		if (waited_for)
			track_stale(fd, EBADF, call, frame);
	}
}

#define SELECT(name, parameters, arguments)                                                        \
	EXPORT int name parameters                                                                 \
	{                                                                                          \
		if (wait_touches())                                                                \
			wait_touch_sets(count, (const fd_set *const[]){ in, out, except },         \
					CALL_##name);                                              \
		int ready = REAL(name) arguments;                                                  \
		if (__builtin_expect(ready < 0 && errno == EBADF, 0))                              \
			OBSERVE(told_select(count, (const fd_set *const[]){ in, out, except },     \
					    CALL_##name, HERE));                                   \
		return ready;                                                                      \
	}
SELECT(select, (int count, fd_set *in, fd_set *out, fd_set *except, struct timeval *timeout),
       (count, in, out, except, timeout))
SELECT(__select, (int count, fd_set *in, fd_set *out, fd_set *except, struct timeval *timeout),
       (count, in, out, except, timeout))
SELECT(pselect,
       (int count, fd_set *in, fd_set *out, fd_set *except, const struct timespec *timeout,
	const sigset_t *mask),
       (count, in, out, except, timeout, mask))

EXPORT int epoll_create(int size)
{
	int epoll = REAL(epoll_create)(size);
	if (epoll >= 0)
		OBSERVE(interest_begin(epoll));
	else
		track_not_made(CALL_epoll_create, HERE);
	return epoll;
}

EXPORT int epoll_create1(int flags)
{
	int epoll = REAL(epoll_create1)(flags);
	if (epoll >= 0)
		OBSERVE(interest_begin(epoll));
	else
		track_not_made(CALL_epoll_create1, HERE);
	return epoll;
}

void wait_registered(int epoll, int operation, int fd, const struct epoll_event *event, int error,
		     enum call call, void *frame)
{
	if (!error)
		interest_change(epoll, operation, fd, event, frame);
	else if (operation != EPOLL_CTL_DEL && error == EBADF && epoll != fd)
		/* A descriptor that is gone is removed after all: event loops do so. */
		track_stale(fd, EBADF, call, frame);
}

EXPORT int epoll_ctl(int epoll, int operation, int fd, struct epoll_event *event)
{
	int result = REAL(epoll_ctl)(epoll, operation, fd, event);
	if (fdtable_watches(fd))
		OBSERVE(wait_registered(epoll, operation, fd, event, result ? errno : 0,
					CALL_epoll_ctl, HERE));
	return result;
}

void wait_told_epoll(int epoll, const struct epoll_event *events, int count, enum call call,
		     void *frame)
{
	for (int i = 0; i < count; i++) {
		int fd = events[i].events & ENDS ? interest_socket(epoll, events[i].data.u64) : -1;

		if (fd >= 0)
			OBSERVE(track_told(fd, events[i].events, call, frame));
	}
}

static __attribute__((noinline)) int epolls_told(int epoll, const struct epoll_event *events,
						 int count, enum call call)
{
	wait_told_epoll(epoll, events, count, call, HERE);
	return count;
}

#define EPOLL(name, parameters, arguments)                                                         \
	EXPORT int name parameters                                                                 \
	{                                                                                          \
		int ready = REAL(name) arguments;                                                  \
		if (wait_epolls_end(events, ready))                                                \
			return epolls_told(epoll, events, ready, CALL_##name);                     \
		return ready;                                                                      \
	}
EPOLL(epoll_wait, (int epoll, struct epoll_event *events, int room, int timeout),
      (epoll, events, room, timeout))
EPOLL(epoll_pwait,
      (int epoll, struct epoll_event *events, int room, int timeout, const sigset_t *mask),
      (epoll, events, room, timeout, mask))
EPOLL(epoll_pwait2,
      (int epoll, struct epoll_event *events, int room, const struct timespec *timeout,
       const sigset_t *mask),
      (epoll, events, room, timeout, mask))
