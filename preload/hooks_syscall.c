/* SPDX-License-Identifier: MIT */
/*
 * System calls that the program makes by libc's syscall(): libuv closes this way, libseccomp
 * installs its filters, runtimes of languages do all of it. A row does beside the
 * call itself what the hook by its name does.
 */
#include "children.h"
#include "farewell.h"
#include "hooks_limits.h"
#include "hooks_sharing.h"
#include "hooks_wait.h"
#include "interest.h"
#include "real.h"
#include "sys.h"
#include <linux/close_range.h>
#include <stdarg.h>
#include <sys/ioctl.h>

#define DO(name)                                                                                   \
	REAL(syscall)                                                                              \
	(SYS_##name, argument[0], argument[1], argument[2], argument[3], argument[4], argument[5])
#define TELLER(name)                                                                               \
	static long told_##name(const long argument[6], void *frame __attribute__((unused)))
/* As WATCHED in the hooks by name. */
#define SOCKET_TELLER(name, statement)                                                             \
	TELLER(name)                                                                               \
	{                                                                                          \
		int fd = (int)argument[0];                                                         \
		if (!fdtable_watches(fd))                                                          \
			return DO(name);                                                           \
		struct use use = track_use(fd, CALL_syscall);                                      \
		long n = DO(name);                                                                 \
		statement;                                                                         \
		return n;                                                                          \
	}
#define ROOM (n == 0 ? track_parts_size((const struct iovec *)argument[1], (size_t)argument[2]) : 1)
#define READS(name, size, flags)                                                                   \
	SOCKET_TELLER(name, track_read(fd, use, n, size, (int)(flags), CALL_syscall, frame))
#define WRITES(name, flags)                                                                        \
	SOCKET_TELLER(name, track_write(fd, use, n, (int)(flags), CALL_syscall, frame))

READS(read, (size_t)argument[2], 0)
READS(readv, ROOM, 0)
READS(preadv2, ROOM, 0)
READS(recvfrom, (size_t)argument[2], argument[3])
WRITES(write, 0)
WRITES(writev, 0)
WRITES(pwritev2, 0)
WRITES(sendto, argument[3])
WRITES(sendmsg, argument[2])
WRITES(sendfile, 0)
SOCKET_TELLER(ioctl, (void)use; if (n == 0 && (argument[1] == FIOCLEX || argument[1] == FIONCLEX))
		      OBSERVE(track_cloexec(fd, argument[1] == FIOCLEX)))

SOCKET_TELLER(recvmsg,
	      OBSERVE(if (n >= 0) track_message(fd, use, (const struct msghdr *)argument[1], n,
						(int)argument[2], CALL_syscall, frame);
		      else track_read(fd, use, n, 1, (int)argument[2], CALL_syscall, frame)))
SOCKET_TELLER(recvmmsg,
	      OBSERVE(if (n >= 0) track_messages(fd, use, (const struct mmsghdr *)argument[1],
						 (int)n, (int)argument[3], CALL_syscall, frame);
		      else track_read(fd, use, n, 1, (int)argument[3], CALL_syscall, frame)))

static ssize_t messages_size(const struct mmsghdr *messages, long count)
{
	ssize_t size = count < 0 ? -1 : 0;

	for (long i = 0; i < count; i++)
		size += (ssize_t)messages[i].msg_len;
	return size;
}
SOCKET_TELLER(sendmmsg, track_write(fd, use, messages_size((const struct mmsghdr *)argument[1], n),
				    (int)argument[3], CALL_syscall, frame))

TELLER(splice)
{
	struct splicing splicing = track_splice((int)argument[0], (int)argument[2], CALL_syscall);
	long n = DO(splice);

	track_spliced(&splicing, n, (size_t)argument[4], CALL_syscall, frame);
	return n;
}

/* Birth and connection. */
TELLER(socket)
{
	long fd = DO(socket);

	if (fd >= 0)
		OBSERVE(track_open((int)fd, (int)argument[0], (int)argument[1], CALL_syscall,
				   frame);
			if (argument[2]) track_protocol((int)fd, (int)argument[2]));
	else
		track_not_made(CALL_syscall, frame);
	return fd;
}

TELLER(socketpair)
{
	long result = DO(socketpair);

	if (result == 0)
		OBSERVE(track_pair((const int *)argument[3], (int)argument[0], (int)argument[1],
				   CALL_syscall, frame));
	else
		track_not_made(CALL_syscall, frame);
	return result;
}

TELLER(accept4)
{
	long fd = DO(accept4);

	if (fd >= 0)
		OBSERVE(track_accept((int)argument[0], (int)fd, NULL, 0, (int)argument[3],
				     CALL_syscall, frame));
	else
		track_not_made(CALL_syscall, frame);
	return fd;
}

TELLER(bind)
{
	long result = DO(bind);

	if (result == 0)
		OBSERVE(track_bound((int)argument[0], (const struct sockaddr *)argument[1],
				    (socklen_t)argument[2]));
	return result;
}

TELLER(listen)
{
	long result = DO(listen);

	if (result == 0)
		OBSERVE(track_listening((int)argument[0]));
	return result;
}

SOCKET_TELLER(connect,
	      OBSERVE(track_connect(fd, use, n ? errno : 0, (const struct sockaddr *)argument[1],
				    (socklen_t)argument[2], CALL_syscall, frame)))
TELLER(shutdown)
{
	int fd = (int)argument[0], how = (int)argument[1];
	if (!fdtable_watches(fd))
		return DO(shutdown);
	struct use use = track_use(fd, CALL_syscall);
	enum ledger_end end;
	OBSERVE(end = farewell_of_shutdown(fd, use.slot, how));
	long n = DO(shutdown);
	OBSERVE(track_shutdown(fd, use, how, end, n ? errno : 0, CALL_syscall, frame));
	return n;
}

TELLER(setsockopt)
{
	int fd = (int)argument[0];
	long result = DO(setsockopt);

	if (result == 0 && argument[1] == SOL_SOCKET && fdtable_is_socket(fd))
		OBSERVE(track_option_set(fd, (int)argument[2], (const void *)argument[3],
					 (socklen_t)argument[4]));
	return result;
}

TELLER(getsockopt)
{
	int fd = (int)argument[0];
	long result = DO(getsockopt);

	if (result == 0 && argument[1] == SOL_SOCKET && argument[2] == SO_ERROR &&
	    *(const socklen_t *)argument[4] >= sizeof(int) && fdtable_is_socket(fd))
		OBSERVE(track_told_error(fd, *(const int *)argument[3], CALL_syscall, frame));
	return result;
}

/* Copies and ends. */
TELLER(dup)
{
	long copy = DO(dup);

	if (copy >= 0)
		OBSERVE(track_copy((int)argument[0], (int)copy, false, CALL_syscall, frame));
	else
		track_not_made(CALL_syscall, frame);
	return copy;
}

#define COPIES_OVER(name, cloexec)                                                                 \
	TELLER(name)                                                                               \
	{                                                                                          \
		int from = (int)argument[0], to = (int)argument[1];                                \
		if (!fdtable_is_socket(from) && !fdtable_is_socket(to))                            \
			return DO(name);                                                           \
		uint32_t life;                                                                     \
		OBSERVE(life = track_copied_over(from, to, CALL_syscall, frame));                  \
		long copy = DO(name);                                                              \
		OBSERVE(track_copy_over(from, to, life, copy >= 0, cloexec, CALL_syscall, frame)); \
		return copy;                                                                       \
	}
COPIES_OVER(dup3, argument[2] & O_CLOEXEC)

TELLER(fcntl)
{
	int fd = (int)argument[0], command = (int)argument[1];
	long result = DO(fcntl);

	if (result < 0)
		track_not_made(CALL_syscall, frame);
	if (result < 0 || !fdtable_is_socket(fd))
		return result;
	if (command == F_DUPFD || command == F_DUPFD_CLOEXEC)
		OBSERVE(track_copy(fd, (int)result, command == F_DUPFD_CLOEXEC, CALL_syscall,
				   frame));
	else if (command == F_SETFD)
		OBSERVE(track_cloexec(fd, argument[2] & FD_CLOEXEC));
	return result;
}

TELLER(pidfd_getfd)
{
	long fd = DO(pidfd_getfd);

	if (fd >= 0)
		OBSERVE(track_taken((int)fd, CALL_syscall, frame));
	else
		track_not_made(CALL_syscall, frame);
	return fd;
}

TELLER(close)
{
	struct closing closing;

	OBSERVE(closing = track_close((int)argument[0], CALL_syscall, frame));
	long result = DO(close);
	OBSERVE(track_closed((int)argument[0], closing, result ? errno : 0, CALL_syscall, frame));
	return result;
}

TELLER(close_range)
{
	unsigned first = (unsigned)argument[0], last = (unsigned)argument[1],
		 flags = (unsigned)argument[2];
	bool told = false;

	if (!(flags & CLOSE_RANGE_CLOEXEC) && track_range_is_ours(flags))
		OBSERVE(told = track_close_range(first, last, CALL_close_range, frame));
	long result = DO(close_range);
	if (told)
		OBSERVE(track_closed_range(first, last, result == 0, CALL_close_range));
	else if (result == 0 && (flags & CLOSE_RANGE_CLOEXEC))
		OBSERVE(track_cloexec_range(first, last));
	return result;
}

/* Waiting. */
TELLER(epoll_create1)
{
	long epoll = DO(epoll_create1);

	if (epoll >= 0)
		OBSERVE(interest_begin((int)epoll));
	else
		track_not_made(CALL_syscall, frame);
	return epoll;
}

TELLER(epoll_ctl)
{
	int fd = (int)argument[2];
	long result = DO(epoll_ctl);

	if (fdtable_watches(fd))
		OBSERVE(wait_registered((int)argument[0], (int)argument[1], fd,
					(const struct epoll_event *)argument[3], result ? errno : 0,
					CALL_syscall, frame));
	return result;
}

#define EPOLLS(name)                                                                               \
	TELLER(name)                                                                               \
	{                                                                                          \
		const struct epoll_event *events = (const struct epoll_event *)argument[1];        \
		long ready = DO(name);                                                             \
		if (wait_epolls_end(events, ready))                                                \
			wait_told_epoll((int)argument[0], events, (int)ready, CALL_syscall,        \
					frame);                                                    \
		return ready;                                                                      \
	}
EPOLLS(epoll_pwait)
EPOLLS(epoll_pwait2)

#define POLLS(name)                                                                                \
	TELLER(name)                                                                               \
	{                                                                                          \
		const struct pollfd *polled = (const struct pollfd *)argument[0];                  \
		nfds_t count = (nfds_t)argument[1];                                                \
		long ready = DO(name);                                                             \
		if (wait_polls_end(polled, count, ready))                                          \
			wait_told_polls(polled, count, CALL_syscall, frame);                       \
		return ready;                                                                      \
	}
POLLS(ppoll)

/* The process. */
TELLER(exit_group)
{
	int status = (int)argument[0];

	OBSERVE(status = process_ends(status));
	return REAL(syscall)(SYS_exit_group, status);
}

#define EXECS(name, path)                                                                          \
	TELLER(name)                                                                               \
	{                                                                                          \
		OBSERVE(process_exec(true, (const char *)(path)));                                 \
		long result = DO(name);                                                            \
		OBSERVE(process_exec(false, NULL));                                                \
		return result;                                                                     \
	}
EXECS(execve, argument[0])
EXECS(execveat, argument[1])

TELLER(seccomp)
{
	if (argument[0] == SECCOMP_SET_MODE_STRICT)
		OBSERVE(process_stop());
	else if (argument[0] == SECCOMP_SET_MODE_FILTER)
		return FILTERS(DO(seccomp));
	return DO(seccomp);
}

TELLER(prctl)
{
	return PRCTL((int)argument[0], (unsigned long)argument[1], DO(prctl));
}

#define LOSES(name)                                                                                \
	TELLER(name)                                                                               \
	{                                                                                          \
		OBSERVE(process_before_loss());                                                    \
		return DO(name);                                                                   \
	}
LOSES(chroot)
LOSES(setuid)
LOSES(setreuid)
LOSES(setresuid)
LOSES(setgid)
LOSES(setregid)
LOSES(setresgid)
LOSES(setgroups)

TELLER(unshare)
{
	OBSERVE(process_before_loss());
	long result = DO(unshare);
	if (result == 0)
		OBSERVE(process_unshared((int)argument[0]));
	return result;
}

TELLER(setns)
{
	OBSERVE(process_before_loss());
	long result = DO(setns);
	if (result == 0)
		OBSERVE(process_unshared(CLONE_NEWNET));
	return result;
}

#if defined(__x86_64__)
TELLER(accept)
{
	long fd = DO(accept);

	if (fd >= 0)
		OBSERVE(track_accept((int)argument[0], (int)fd, NULL, 0, 0, CALL_syscall, frame));
	else
		track_not_made(CALL_syscall, frame);
	return fd;
}

COPIES_OVER(dup2, false)
EPOLLS(epoll_wait)

POLLS(poll)

TELLER(fork)
{
	struct parent parent;

	OBSERVE(parent = parent_take(CALL_syscall, frame));
	long child = DO(fork);
	if (child == 0)
		OBSERVE(process_forked(&parent));
	else if (child > 0 && parent.header)
		OBSERVE(children_note((uint32_t)child, CALL_syscall, parent.stack, parent.at));
	return child;
}
#endif

#define ROW(name) [SYS_##name] = told_##name
syscall_teller *const syscall_tellers[SYSCALLS] = {
	ROW(read),	 ROW(readv),	   ROW(preadv2),    ROW(recvfrom),    ROW(write),
	ROW(writev),	 ROW(pwritev2),	   ROW(sendto),	    ROW(sendmsg),     ROW(sendfile),
	ROW(recvmsg),	 ROW(recvmmsg),	   ROW(sendmmsg),   ROW(socket),      ROW(socketpair),
	ROW(accept4),	 ROW(bind),	   ROW(listen),	    ROW(connect),     ROW(shutdown),
	ROW(getsockopt), ROW(dup),	   ROW(dup3),	    ROW(fcntl),	      ROW(pidfd_getfd),
	ROW(close),	 ROW(close_range), ROW(epoll_ctl),  ROW(epoll_pwait), ROW(epoll_pwait2),
	ROW(ppoll),	 ROW(exit_group),  ROW(execve),	    ROW(execveat),    ROW(seccomp),
	ROW(prctl),	 ROW(chroot),	   ROW(setuid),	    ROW(setreuid),    ROW(setresuid),
	ROW(setgid),	 ROW(setregid),	   ROW(setresgid),  ROW(setgroups),   ROW(unshare),
	ROW(setns),	 ROW(setsockopt),  ROW(ioctl),	    ROW(splice),      ROW(epoll_create1),
#if defined(__x86_64__)
	ROW(accept),	 ROW(dup2),	   ROW(epoll_wait), ROW(poll),	      ROW(fork),
#endif
};

long syscall_told(long number, ...)
{
	va_list list;
	long argument[6];

	va_start(list, number);
	for (int i = 0; i < 6; i++)
		argument[i] = va_arg(list, long);
	va_end(list);
	return syscall_tellers[number](argument, HERE);
}
