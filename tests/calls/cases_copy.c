/* SPDX-License-Identifier: MIT */
/* Second descriptors for one socket: dup and fcntl, with their twins. */
#include "bodies.h"
#include "raw.h"
#include "report.h"
#include <sys/wait.h>

static bool copy_of(int copy, int from, const char *name)
{
	const struct ledger_slot *slot = case_slot(copy), *source = case_slot(from);

	return case_phase(copy) == PHASE_OPEN && slot->origin == ORIGIN_COPY &&
	       case_call_is(slot->opened_call, name) && slot->cookie == source->cookie &&
	       slot->group && slot->group == source->group && slot->opened_stack;
}

void body_dup(const char *name, int (*via)(int fd))
{
	int fds[2];

	case_tcp_pair(fds);
	int copy = (int)STEP(via(fds[0]));
	CHECK(copy_of(copy, fds[0], name) && case_ledger()->totals.copied == 1);
	CHECK(!(case_slot(copy)->flags & SOCKET_CLOEXEC));
	/* The socket is closed with its last descriptor. */
	NEED(close(fds[0]) == 0);
	CHECK(case_ledger()->totals.closed == 1);
	NEED(close(copy) == 0);
	CHECK(case_ledger()->totals.closed == 2);
	int file = (int)STEP(via(0));
	CHECK(case_phase(file) != PHASE_OPEN);
	STEP(via(-1));
	STEP(via(999));
	STEP(via(2000000000));
}

void case_dup(void)
{
	body_dup("dup", dup);
}

void body_dup2s(const char *name, int (*via)(int from, int to))
{
	int fds[2], others[2];

	case_tcp_pair(fds);
	case_tcp_pair(others);
	STEP(via(fds[0], 40));
	CHECK(copy_of(40, fds[0], name));
	STEP(via(999, 40)); /* failure keeps the target */
	CHECK(copy_of(40, fds[0], name));
	STEP(via(fds[0], fds[0])); /* nothing happens */
	CHECK(case_phase(fds[0]) == PHASE_OPEN && case_ledger()->totals.copied == 1);
	uint64_t cookie = case_slot(others[0])->cookie, closed = case_ledger()->totals.closed;
	STEP(via(fds[1], others[0])); /* closes what was there */
	CHECK(copy_of(others[0], fds[1], name) && case_slot(others[0])->cookie != cookie);
	CHECK(case_ledger()->totals.closed == closed + 1 && case_ledger()->totals.drift == 0);
	STEP(via(0, 40)); /* a file over a socket: Java closes this way */
	CHECK(case_phase(40) == PHASE_GONE && case_call_is(case_slot(40)->closed_call, name));
	CHECK(case_ledger()->totals.closed == closed + 1);
	STEP(via(0, 41));
	CHECK(case_phase(41) == PHASE_EMPTY);
	STEP(via(-1, 40));
	STEP(via(fds[0], -1));
	STEP(via(fds[0], 2000000000));
	NEED(write(fds[0], "x", 1) == 1);
	CHECK(case_slot(fds[0])->sent == 1);
}

void case_dup2(void)
{
	body_dup2s("dup2", dup2);
}

void case___dup2(void)
{
	body_dup2s("__dup2", __dup2);
}

void body_dup3(const char *name, int (*via)(int from, int to, int flags))
{
	int fds[2];

	case_tcp_pair(fds);
	STEP(via(fds[0], fds[0], 0)); /* EINVAL, unlike dup2 */
	STEP(via(fds[0], 40, 0x55));
	STEP(via(999, 40, 0));
	STEP(via(fds[0], 40, O_CLOEXEC));
	CHECK(copy_of(40, fds[0], name) && case_slot(40)->flags & SOCKET_CLOEXEC);
	STEP(via(fds[0], 41, 0));
	CHECK(copy_of(41, fds[0], name) && !(case_slot(41)->flags & SOCKET_CLOEXEC));
	STEP(via(0, 40, 0));
	CHECK(case_phase(40) == PHASE_GONE && case_call_is(case_slot(40)->closed_call, name));
	TELL("flags %d %d\n", fcntl(40, F_GETFD), fcntl(41, F_GETFD));
}

void case_dup3(void)
{
	body_dup3("dup3", dup3);
}

void body_fcntl(const char *name, int (*via)(int fd, int command, void *argument))
{
	struct flock lock = { .l_type = F_WRLCK };
	int fds[2];

	case_tcp_pair(fds);
	STEP(via(fds[0], F_DUPFD, (void *)50));
	CHECK(copy_of(50, fds[0], name) && !(case_slot(50)->flags & SOCKET_CLOEXEC));
	STEP(via(fds[0], F_DUPFD_CLOEXEC, (void *)50));
	CHECK(copy_of(51, fds[0], name) && case_slot(51)->flags & SOCKET_CLOEXEC);
	STEP(via(fds[0], F_SETFD, (void *)FD_CLOEXEC));
	CHECK(case_slot(fds[0])->flags & SOCKET_CLOEXEC);
	STEP(via(fds[0], F_GETFD, NULL));
	STEP(via(fds[0], F_SETFD, NULL));
	CHECK(!(case_slot(fds[0])->flags & SOCKET_CLOEXEC));
	STEP(via(fds[0], F_GETFD, NULL));
	STEP(via(fds[0], F_SETFL, (void *)O_NONBLOCK));
	STEP(via(fds[0], F_GETFL, NULL));
	STEP(via(0, F_DUPFD, (void *)60));
	CHECK(case_phase(60) == PHASE_EMPTY);
	int file = fileno(tmpfile());
	STEP(via(file, F_SETLK, &lock));
	STEP(via(file, F_GETLK, &lock));
	TELL("lock %d\n", lock.l_type);
	STEP(via(file, F_GETLK, (void *)8));
	STEP(via(fds[0], F_DUPFD, (void *)-1));
	STEP(via(fds[0], F_DUPFD, (void *)2000000000));
	STEP(via(fds[0], 9999, NULL));
	STEP(via(-1, F_GETFD, NULL));
	STEP(via(999, F_DUPFD, (void *)3));
	CHECK(case_ledger()->totals.copied == 2);
	/* Whether the number of a closed socket is open may be asked. */
	NEED(close(fds[0]) == 0);
	STEP(via(fds[0], F_GETFD, NULL));
	STEP(via(fds[0], F_SETFL, NULL));
	CHECK(case_misuses() == 0);
}

/* The three names are one function; each is asked by its own. */
#define FCNTLS(name)                                                                               \
	static int via_##name(int fd, int command, void *argument)                                 \
	{                                                                                          \
		return name(fd, command, argument);                                                \
	}                                                                                          \
	void case_##name(void)                                                                     \
	{                                                                                          \
		body_fcntl(#name, via_##name);                                                     \
	}

FCNTLS(fcntl)
FCNTLS(fcntl64)
FCNTLS(__fcntl)

void case_ioctl(void)
{
	int fds[2], waiting = -1;

	case_tcp_pair(fds);
	STEP(ioctl(fds[0], FIOCLEX));
	CHECK(case_slot(fds[0])->flags & SOCKET_CLOEXEC);
	TELL("flags %d\n", fcntl(fds[0], F_GETFD));
	STEP(ioctl(fds[0], FIONCLEX));
	CHECK(!(case_slot(fds[0])->flags & SOCKET_CLOEXEC));
	TELL("flags %d\n", fcntl(fds[0], F_GETFD));
	NEED(write(fds[1], "data", 4) == 4);
	case_wait_readable(fds[0]);
	STEP(ioctl(fds[0], FIONREAD, &waiting)); /* a pointer */
	TELL("waiting %d\n", waiting);
	STEP(ioctl(fds[0], FIONREAD, (void *)8));
	STEP(ioctl(fds[0], 0x5401, &waiting)); /* no terminal */
	STEP(ioctl(0, FIOCLEX));
	CHECK(case_slot(fds[0])->flags == (SOCKET_CONNECTED | SOCKET_CONNECTOR));
	STEP(ioctl(-1, FIOCLEX));
	STEP(ioctl(999, FIONCLEX));
	NEED(close(fds[0]) == 0);
	STEP(ioctl(fds[0], FIOCLEX));
	CHECK(!(case_slot(fds[0])->flags & SOCKET_CLOEXEC) && case_misuses() == 0);
}

/* A descriptor of another process: a socket that is new here. */
static void takes_from_child(const char *name, int (*via)(int process, int fd, unsigned flags))
{
	int to_child[2], from_child[2], theirs = -1;

	NEED(pipe(to_child) == 0 && pipe(from_child) == 0);
	pid_t child = fork();
	if (child == 0) {
		int pair[2];

		NEED(socketpair(AF_UNIX, SOCK_STREAM, 0, pair) == 0 && close(to_child[1]) == 0);
		NEED(write(from_child[1], &pair[0], sizeof pair[0]) == sizeof pair[0]);
		_exit(read(to_child[0], &theirs, 1) != 0);
	}
	NEED(read(from_child[0], &theirs, sizeof theirs) == sizeof theirs);
	int process = (int)raw_call(SYS_pidfd_open, child, 0, 0, 0, 0);
	int fd = (int)STEP(via(process, theirs, 0));
	CHECK(case_phase(fd) == PHASE_OPEN && case_slot(fd)->origin == ORIGIN_RECEIVED);
	CHECK(case_call_is(case_slot(fd)->opened_call, name) && case_slot(fd)->opened_stack);
	CHECK(case_slot(fd)->flags == (SOCKET_FOREIGN | SOCKET_CLOEXEC | SOCKET_CONNECTED));
	CHECK(case_slot(fd)->family == AF_UNIX && case_slot(fd)->cookie);
	CHECK(case_ledger()->totals.received == 1);
	NEED(close(fd) == 0);
	CHECK(case_ledger()->totals.foreign_closed == 1);
	NEED(close(to_child[1]) == 0);
	int status = -1;
	NEED(waitpid(child, &status, 0) == child && status == 0);
	STEP(via(process, theirs, 0)); /* ESRCH */
}

void body_pidfd_getfd(const char *name, int (*via)(int process, int fd, unsigned flags))
{
	int fds[2], self = (int)raw_call(SYS_pidfd_open, getpid(), 0, 0, 0, 0);

	case_tcp_pair(fds);
	int copy = (int)STEP(via(self, fds[0], 0));
	CHECK(copy_of(copy, fds[0], name) && case_slot(copy)->flags & SOCKET_CLOEXEC);
	TELL("flags %d\n", fcntl(copy, F_GETFD));
	int file = (int)STEP(via(self, 0, 0));
	CHECK(case_phase(file) != PHASE_OPEN);
	STEP(via(self, 999, 0));
	STEP(via(self, fds[0], 1));
	STEP(via(-1, fds[0], 0));
	STEP(via(0, fds[0], 0));
	takes_from_child(name, via);
}

void case_pidfd_getfd(void)
{
	body_pidfd_getfd("pidfd_getfd", pidfd_getfd);
}
