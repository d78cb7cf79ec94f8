/* SPDX-License-Identifier: MIT */
/* The ends: close and its ranges, stdio's streams over a socket. */
#include "bodies.h"
#include "report.h"
#include <linux/close_range.h>
#include <string.h>

/* The slot says that the socket was closed by this call, and the sums agree. */
static bool closed_by(int fd, const char *name)
{
	const struct ledger_slot *slot = case_slot(fd);

	return case_phase(fd) == PHASE_GONE && case_call_is(slot->closed_call, name) &&
	       slot->closed_at && slot->closed_stack;
}

void body_closes(const char *name, int (*via)(int fd))
{
	int fds[2], pipes[2];

	NEED(pipe(pipes) == 0);
	STEP(via(pipes[0])); /* before there is a ledger */
	STEP(via(pipes[0]));
	case_tcp_pair(fds);
	STEP(via(fds[0]));
	CHECK(closed_by(fds[0], name));
	CHECK(case_ledger()->totals.closed == 2 && case_ledger()->totals.drift == 0);
	CHECK(case_misuses() == 0);
	STEP(via(fds[0])); /* EBADF: a double close */
	CHECK(case_misuses() == 1);
	const struct ledger_misuse *misuse = case_last_misuse();
	CHECK(misuse->fd == fds[0] && misuse->kind == MISUSE_DOUBLE_CLOSE);
	CHECK(case_call_is(misuse->call, name) && case_call_is(misuse->closed_call, name));
	CHECK(case_ledger()->totals.closed == 2);
	STEP(via(pipes[1]));
	STEP(via(-1));
	STEP(via(999));
	STEP(via(2000000000));
	CHECK(case_misuses() == 1);
	STEP(via(fds[1]));
	CHECK(closed_by(fds[1], name));
}

/* A sweep over numbers takes back double closes, not the use of a closed socket in its midst. */
static void sweep_keeps_uses(void)
{
	char byte;
	int fds[2];

	case_tcp_pair(fds);
	NEED(close(fds[0]) == 0 && dup2(0, 40) == 40 && dup2(0, 41) == 41);
	uint32_t before = case_misuses();
	STEP(close(40));
	NEED(read(fds[0], &byte, 1) == -1);
	STEP(close(41));
	STEP(close(42)); /* never open: a sweep */
	CHECK(case_misuses() == before + 1);
	CHECK(case_last_misuse()->kind == MISUSE_USE_AFTER_CLOSE);
}

void case_close(void)
{
	body_closes("close", close);
	sweep_keeps_uses();
}

void case___close(void)
{
	body_closes("__close", __close);
}

void body_close_range(int (*via)(unsigned first, unsigned last, int flags))
{
	int fds[2], more[2];

	case_tcp_pair(fds);
	case_tcp_pair(more);
	unsigned low = (unsigned)(fds[0] < fds[1] ? fds[0] : fds[1]),
		 high = (unsigned)(fds[0] + fds[1]) - low;
	STEP(via(low, high, CLOSE_RANGE_CLOEXEC)); /* closes nothing */
	CHECK(case_phase(fds[0]) == PHASE_OPEN && case_slot(fds[0])->flags & SOCKET_CLOEXEC);
	TELL("flags %d\n", fcntl(fds[0], F_GETFD));
	STEP(via(high, low, 0)); /* EINVAL when they differ */
	STEP(via(low, high, 0x4000));
	CHECK(case_phase(fds[0]) == PHASE_OPEN && case_phase(fds[1]) == PHASE_OPEN);
	NEED(write(fds[0], "x", 1) == 1);
	CHECK(case_slot(fds[0])->sent == 1); /* still watched after the failure */
	STEP(via(low, high, 0));
	CHECK(closed_by(fds[0], "close_range") && closed_by(fds[1], "close_range"));
	CHECK(case_phase(more[1]) == PHASE_OPEN && case_ledger()->totals.drift == 0);
	TELL("flags %d %d\n", fcntl(fds[0], F_GETFD), fcntl(more[0], F_GETFD));
	STEP(via(low, high, 0)); /* closes nothing, says 0 */
	STEP(via(3, ~0u, CLOSE_RANGE_UNSHARE));
	CHECK(closed_by(more[0], "close_range") && closed_by(more[1], "close_range"));
	TELL("flags %d\n", fcntl(more[0], F_GETFD));
}

void case_close_range(void)
{
	body_close_range(close_range);
}

void case_closefrom(void)
{
	int fds[2], pipes[2];

	case_tcp_pair(fds);
	NEED(pipe(pipes) == 0);
	STEP_VOID(closefrom(1000));
	CHECK(case_phase(fds[0]) == PHASE_OPEN);
	int first = fds[0] < fds[1] ? fds[0] : fds[1];
	STEP_VOID(closefrom(first + 1));
	CHECK(closed_by(first == fds[0] ? fds[1] : fds[0], "closefrom"));
	CHECK(case_phase(first) == PHASE_OPEN);
	STEP_VOID(closefrom(-5));
	CHECK(closed_by(first, "closefrom"));
	TELL("flags %d %d %d\n", fcntl(0, F_GETFD), fcntl(fds[0], F_GETFD),
	     fcntl(pipes[1], F_GETFD));
}

static void fcloses(const char *name, int (*via)(FILE *stream),
		    FILE *(*open_it)(int fd, const char *mode))
{
	char buffer[16] = "";
	int fds[2], others[2];

	FILE *file = fopen("/dev/null", "r"); /* before there is a ledger */
	STEP(via(file));
	case_tcp_pair(fds);
	FILE *stream = open_it(fds[0], "w");
	NEED(stream && fputs("buffered", stream) >= 0);
	STEP(via(stream));
	CHECK(closed_by(fds[0], name) && case_ledger()->totals.drift == 0);
	NEED(read(fds[1], buffer, sizeof buffer) == 8);
	TELL("arrived '%s', flags %d\n", buffer, fcntl(fds[0], F_GETFD));
	/* The last flush fails; the descriptor is closed all the same. */
	case_tcp_pair(others);
	stream = open_it(others[0], "w");
	NEED(stream && fputs("lost", stream) >= 0);
	case_reset(others[0], others[1]);
	STEP(via(stream));
	CHECK(closed_by(others[0], name) && case_ledger()->totals.drift == 0);
	/* Closed behind the stream's back. */
	case_tcp_pair(others);
	stream = open_it(others[0], "r");
	NEED(close(others[0]) == 0);
	STEP(via(stream));
	CHECK(closed_by(others[0], "close"));
	char memory[8];
	STEP(via(fmemopen(memory, sizeof memory, "w"))); /* has no number at all */
}

void case_fclose(void)
{
	int fds[2];

	fcloses("fclose", fclose, fdopen);
	/* It writes out what streams hold, and closes no descriptor: excused.def. */
	case_tcp_pair(fds);
	NEED(fputs("buffered", fdopen(fds[0], "w")) >= 0);
	STEP(fcloseall());
	TELL("flags %d\n", fcntl(fds[0], F_GETFD));
	CHECK(case_phase(fds[0]) == PHASE_OPEN);
	case_wait_readable(fds[1]);
}

void case__IO_fclose(void)
{
	fcloses("_IO_fclose", _IO_fclose, _IO_fdopen);
}

static void fdopens(FILE *(*via)(int fd, const char *mode))
{
	int fds[2];

	case_tcp_pair(fds);
	STEP_POINTER(via(fds[0], "surely not a mode"));
	STEP_POINTER(via(-1, "r"));
	STEP_POINTER(via(999, "r"));
	CHECK(!(case_slot(fds[0])->flags & SOCKET_STDIO));
	FILE *stream = STEP_POINTER(via(fds[0], "r+"));
	CHECK(case_slot(fds[0])->flags & SOCKET_STDIO);
	CHECK(!(case_slot(fds[1])->flags & SOCKET_STDIO));
	TELL("number %d\n", fileno(stream) == fds[0]);
	STEP_POINTER(via(0, "r"));
}

void case_fdopen(void)
{
	fdopens(fdopen);
}

void case__IO_fdopen(void)
{
	fdopens(_IO_fdopen);
}

/* The stream's former descriptor is closed, whether something else is opened or not. */
static void freopens(const char *name,
		     FILE *(*via)(const char *path, const char *mode, FILE *stream))
{
	char buffer[16] = "";
	int fds[2];

	NEED(STEP_POINTER(via("/dev/null", "r", stdin))); /* before there is a ledger */
	case_tcp_pair(fds);
	FILE *stream = fdopen(fds[0], "w");
	NEED(stream && fputs("buffered", stream) >= 0);
	STEP_POINTER(via("/dev/null", "r", stream));
	CHECK(closed_by(fds[0], name) && case_ledger()->totals.drift == 0);
	TELL("number %d\n", fileno(stream));
	NEED(read(fds[1], buffer, sizeof buffer) == 8 && read(fds[1], buffer, sizeof buffer) == 0);
	/* The number is a file's now: its end, and a second one, is nobody's mistake. */
	uint32_t before = case_misuses();
	int number = fileno(stream);
	NEED(fclose(stream) == 0);
	NEED(close(number) == -1);
	CHECK(case_misuses() == before);

	case_tcp_pair(fds);
	stream = fdopen(fds[0], "r+");
	STEP_POINTER(via("/nonexistent/file", "r", stream));
	CHECK(closed_by(fds[0], name) && case_ledger()->totals.drift == 0);
	TELL("flags %d\n", fcntl(fds[0], F_GETFD));
	case_tcp_pair(fds);
	stream = fdopen(fds[0], "r+");
	STEP_POINTER(via(NULL, "r", stream)); /* a socket cannot be opened anew */
	CHECK(closed_by(fds[0], name) && case_ledger()->totals.drift == 0);
	TELL("flags %d\n", fcntl(fds[0], F_GETFD));
	case_tcp_pair(fds);
	stream = fdopen(fds[0], "r+");
	STEP_POINTER(via("/dev/null", "surely not a mode", stream));
	CHECK(closed_by(fds[0], name) && case_ledger()->totals.drift == 0);
	TELL("flags %d\n", fcntl(fds[0], F_GETFD));
	case_tcp_pair(fds);
	CHECK(case_phase(fds[0]) == PHASE_OPEN && case_phase(fds[1]) == PHASE_OPEN);
}

void case_freopen(void)
{
	freopens("freopen", freopen);
}

void case_freopen64(void)
{
	freopens("freopen64", freopen64);
}
