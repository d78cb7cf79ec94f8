/* SPDX-License-Identifier: MIT */
/* Second descriptors for one socket: dup and fcntl, with their twins. */
#include "../../preload/libc_decl.h"
#include "case.h"
#include "report.h"

static bool copy_of(int copy, int from, const char *name)
{
	const struct ledger_slot *slot = case_slot(copy), *source = case_slot(from);

	return case_phase(copy) == PHASE_OPEN && slot->origin == ORIGIN_COPY &&
	       case_call_is(slot->opened_call, name) && slot->cookie == source->cookie &&
	       slot->group && slot->group == source->group && slot->opened_stack;
}

void case_dup(void)
{
	int fds[2];

	case_tcp_pair(fds);
	int copy = (int)STEP(dup(fds[0]));
	CHECK(copy_of(copy, fds[0], "dup") && case_ledger()->totals.copied == 1);
	CHECK(!(case_slot(copy)->flags & SOCKET_CLOEXEC));
	/* The socket is closed with its last descriptor. */
	NEED(close(fds[0]) == 0);
	CHECK(case_ledger()->totals.closed == 1);
	NEED(close(copy) == 0);
	CHECK(case_ledger()->totals.closed == 2);
	int file = (int)STEP(dup(0));
	CHECK(case_phase(file) != PHASE_OPEN);
	STEP(dup(-1));
	STEP(dup(999));
	STEP(dup(2000000000));
}

static void dup2s(const char *name, int (*via)(int from, int to))
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
	dup2s("dup2", dup2);
}

void case___dup2(void)
{
	dup2s("__dup2", __dup2);
}

static int via_dup3(int from, int to)
{
	return dup3(from, to, O_CLOEXEC);
}

void case_dup3(void)
{
	int fds[2];

	case_tcp_pair(fds);
	STEP(dup3(fds[0], fds[0], 0)); /* EINVAL, unlike dup2 */
	STEP(dup3(fds[0], 40, 0x55));
	STEP(dup3(999, 40, 0));
	STEP(via_dup3(fds[0], 40));
	CHECK(copy_of(40, fds[0], "dup3") && case_slot(40)->flags & SOCKET_CLOEXEC);
	STEP(dup3(fds[0], 41, 0));
	CHECK(copy_of(41, fds[0], "dup3") && !(case_slot(41)->flags & SOCKET_CLOEXEC));
	STEP(dup3(0, 40, 0));
	CHECK(case_phase(40) == PHASE_GONE && case_call_is(case_slot(40)->closed_call, "dup3"));
	TELL("flags %d %d\n", fcntl(40, F_GETFD), fcntl(41, F_GETFD));
}

/* The three names are one function; each is asked by its own. */
#define FCNTLS(name)                                                                               \
	void case_##name(void)                                                                     \
	{                                                                                          \
		struct flock lock = { .l_type = F_WRLCK };                                         \
		int fds[2];                                                                        \
                                                                                                   \
		case_tcp_pair(fds);                                                                \
		STEP(name(fds[0], F_DUPFD, 50));                                                   \
		CHECK(copy_of(50, fds[0], #name) && !(case_slot(50)->flags & SOCKET_CLOEXEC));     \
		STEP(name(fds[0], F_DUPFD_CLOEXEC, 50));                                           \
		CHECK(copy_of(51, fds[0], #name) && case_slot(51)->flags & SOCKET_CLOEXEC);        \
		STEP(name(fds[0], F_SETFD, FD_CLOEXEC));                                           \
		CHECK(case_slot(fds[0])->flags &SOCKET_CLOEXEC);                                   \
		STEP(name(fds[0], F_GETFD));                                                       \
		STEP(name(fds[0], F_SETFD, 0));                                                    \
		CHECK(!(case_slot(fds[0])->flags & SOCKET_CLOEXEC));                               \
		STEP(name(fds[0], F_GETFD));                                                       \
		STEP(name(fds[0], F_SETFL, O_NONBLOCK));                                           \
		STEP(name(fds[0], F_GETFL));                                                       \
		STEP(name(0, F_DUPFD, 60));                                                        \
		CHECK(case_phase(60) == PHASE_EMPTY);                                              \
		int file = fileno(tmpfile());                                                      \
		STEP(name(file, F_SETLK, &lock)); /* a pointer */                                  \
		STEP(name(file, F_GETLK, &lock));                                                  \
		TELL("lock %d\n", lock.l_type);                                                    \
		STEP(name(file, F_GETLK, (void *)8));                                              \
		STEP(name(fds[0], F_DUPFD, -1));                                                   \
		STEP(name(fds[0], F_DUPFD, 2000000000));                                           \
		STEP(name(fds[0], 9999, 0));                                                       \
		STEP(name(-1, F_GETFD));                                                           \
		STEP(name(999, F_DUPFD, 3));                                                       \
		CHECK(case_ledger()->totals.copied == 2);                                          \
	}

FCNTLS(fcntl)
FCNTLS(fcntl64)
FCNTLS(__fcntl)
