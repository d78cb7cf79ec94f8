/* SPDX-License-Identifier: MIT */
/* poll and select. Nothing else here may wait by them: what they tell of a socket, they tell once.
 */
#include "bodies.h"
#include "raw.h"
#include "report.h"

typedef int poller(struct pollfd *polled, nfds_t count, int timeout);

static int poll_one(poller *via, int fd, short events)
{
	struct pollfd one = { .fd = fd, .events = events };
	int ready = via(&one, 1, 0);

	TELL("events %x\n", (unsigned)one.revents);
	return ready;
}

static bool told_by(int fd, const char *name, uint32_t events)
{
	const struct ledger_slot *slot = case_slot(fd);

	return slot->told_at && case_call_is(slot->told_call, name) &&
	       slot->told_events == events && slot->told_stack;
}

/* What it says is kept: the first time, and by whom. */
static void tells_ends(const char *name, poller *via)
{
	int fds[2];

	case_tcp_pair(fds);
	STEP(poll_one(via, fds[0], POLLIN | POLLRDHUP));
	NEED(write(fds[1], "x", 1) == 1);
	case_wait_readable(fds[0]);
	STEP(poll_one(via, fds[0], POLLIN | POLLOUT | POLLRDHUP));
	CHECK(!case_slot(fds[0])->told_at);
	NEED(close(fds[1]) == 0);
	case_wait_for(fds[0], POLLRDHUP);
	STEP(poll_one(via, fds[0], POLLIN)); /* nobody asked for it */
	CHECK(!case_slot(fds[0])->told_at);
	STEP(poll_one(via, fds[0], POLLIN | POLLRDHUP));
	CHECK(told_by(fds[0], name, POLLIN | POLLRDHUP));
	uint64_t at = case_slot(fds[0])->told_at;
	STEP(poll_one(via, fds[0], POLLRDHUP | POLLOUT)); /* once in a life */
	CHECK(told_by(fds[0], name, POLLIN | POLLRDHUP) && case_slot(fds[0])->told_at == at);
	NEED(shutdown(fds[0], SHUT_RDWR) == 0);
	STEP(poll_one(via, fds[0], POLLIN));
	CHECK(told_by(fds[0], name, POLLIN | POLLRDHUP) && case_slot(fds[0])->told_at == at);
	/* An error, without being asked. */
	case_tcp_pair(fds);
	case_reset(fds[0], fds[1]);
	STEP(poll_one(via, fds[0], 0));
	CHECK(told_by(fds[0], name, POLLERR | POLLHUP));
	/* Both ways have ended, one of them by us. */
	case_tcp_pair(fds);
	NEED(shutdown(fds[0], SHUT_WR) == 0 && close(fds[1]) == 0);
	case_wait_for(fds[0], POLLRDHUP);
	STEP(poll_one(via, fds[0], 0));
	CHECK(told_by(fds[0], name, POLLHUP));
}

/* A hang-up that is none of the peer's. */
static void tells_nothing(poller *via)
{
	struct sockaddr_storage address;
	socklen_t size;
	int fds[2], pipes[2], listener = case_listener(&address, &size);

	NEED(shutdown(listener, SHUT_RD) == 0);
	STEP(poll_one(via, listener, POLLIN));
	CHECK(!case_slot(listener)->told_at);
	int unconnected = socket(AF_INET, SOCK_STREAM, 0);
	STEP(poll_one(via, unconnected, POLLIN));
	CHECK(!case_slot(unconnected)->told_at);
	case_tcp_pair(fds);
	NEED(shutdown(fds[0], SHUT_RDWR) == 0 && close(fds[1]) == 0);
	STEP(poll_one(via, fds[0], POLLIN | POLLRDHUP));
	CHECK(!case_slot(fds[0])->told_at);
	NEED(socketpair(AF_UNIX, SOCK_DGRAM, 0, fds) == 0 && close(fds[1]) == 0);
	STEP(poll_one(via, fds[0], POLLIN | POLLRDHUP));
	CHECK(!case_slot(fds[0])->told_at);
	NEED(pipe(pipes) == 0 && close(pipes[1]) == 0);
	STEP(poll_one(via, pipes[0], POLLIN));
}

static long wait_in(int fd, void *with)
{
	return poll_one(*(poller **)with, fd, POLLIN);
}

/* Several at once; and whether a number is open may be asked of any, by waiting for nothing. */
static void polls_many(const char *name, poller *via)
{
	int fds[2], more[2];

	case_tcp_pair(fds);
	case_tcp_pair(more);
	NEED(close(more[1]) == 0);
	case_wait_for(more[0], POLLRDHUP);
	uint32_t before = case_misuses();
	struct pollfd polled[] = {
		{ .fd = -1, .events = POLLIN },		{ .fd = fds[0], .events = POLLOUT },
		{ .fd = 2000000000, .events = POLLIN }, { .fd = more[1], .events = 0 },
		{ .fd = more[0], .events = POLLRDHUP }, { .fd = 0, .events = POLLIN }
	};
	STEP(via(polled, 6, 0));
	for (int i = 0; i < 6; i++)
		TELL("events %x\n", (unsigned)polled[i].revents);
	CHECK(told_by(more[0], name, POLLRDHUP) && !case_slot(fds[0])->told_at);
	CHECK(case_misuses() == before);
	STEP(via(NULL, 0, 0));
	STEP(via((struct pollfd *)8, 1, 0)); /* EFAULT */
}

void body_polls(const char *name, poller *via)
{
	tells_ends(name, via);
	tells_nothing(via);
	polls_many(name, via);
	body_stale(name, wait_in, &via, false);
}

void case_poll(void)
{
	body_polls("poll", poll);
}

void case___poll(void)
{
	body_polls("__poll", __poll);
}

static int via_poll_chk(struct pollfd *polled, nfds_t count, int timeout)
{
	return __poll_chk(polled, count, timeout, count * sizeof *polled);
}

static long overflow_poll(int fd)
{
	struct pollfd one = { .fd = fd };

	return __poll_chk(&one, 2, 0, sizeof one);
}

void case___poll_chk(void)
{
	body_polls("__poll_chk", via_poll_chk);
	body_aborts(overflow_poll);
}

static int via_ppoll(struct pollfd *polled, nfds_t count, int timeout)
{
	struct timespec none = { .tv_nsec = timeout };

	return ppoll(polled, count, &none, NULL);
}

void case_ppoll(void)
{
	struct pollfd one = { .fd = 0, .events = POLLIN };

	body_polls("ppoll", via_ppoll);
	STEP(ppoll(&one, 1, &(struct timespec){ .tv_nsec = -1 }, NULL)); /* EINVAL */
	STEP(ppoll(&one, 1, NULL, &(sigset_t){ 0 }));
}

static int via_ppoll_chk(struct pollfd *polled, nfds_t count, int timeout)
{
	struct timespec none = { .tv_nsec = timeout };

	return __ppoll_chk(polled, count, &none, NULL, count * sizeof *polled);
}

static long overflow_ppoll(int fd)
{
	struct pollfd one = { .fd = fd };

	return __ppoll_chk(&one, 2, NULL, NULL, sizeof one);
}

void case___ppoll_chk(void)
{
	body_polls("__ppoll_chk", via_ppoll_chk);
	body_aborts(overflow_ppoll);
}

typedef int selector(int count, fd_set *in, fd_set *out, fd_set *except);

/* As one of the three sets. */
struct asking {
	selector *via;
	int set;
};

static long select_one(int fd, void *with)
{
	const struct asking *asking = with;
	fd_set one, *sets[3] = { NULL };

	FD_ZERO(&one);
	FD_SET(fd, &one);
	sets[asking->set] = &one;
	int ready = asking->via(fd + 1, sets[0], sets[1], sets[2]);
	TELL("set: %d\n", FD_ISSET(fd, &one) != 0);
	return ready;
}

/* It can tell no end, only that a number is none. */
static void selects(const char *name, selector *via)
{
	struct asking in = { via, 0 }, out = { via, 1 }, except = { via, 2 };
	fd_set bad;
	int fds[2];

	case_tcp_pair(fds);
	STEP(select_one(fds[0], &in));
	STEP(select_one(fds[0], &out));
	NEED(close(fds[1]) == 0);
	case_wait_readable(fds[0]);
	STEP(select_one(fds[0], &in));
	CHECK(!case_slot(fds[0])->told_at);
	/* Another number is to blame. */
	uint32_t before = case_misuses();
	FD_ZERO(&bad);
	FD_SET(fds[0], &bad);
	FD_SET(999, &bad);
	STEP(via(1000, &bad, NULL, NULL));
	/* Beyond what is asked for. */
	FD_ZERO(&bad);
	FD_SET(fds[1], &bad);
	STEP(via(fds[1], NULL, NULL, &bad));
	CHECK(case_misuses() == before);
	STEP(via(-1, NULL, NULL, NULL));
	STEP(via(64, (fd_set *)8, NULL, NULL));
	body_stale(name, select_one, &in, false);
	body_stale(name, select_one, &out, false);
	body_stale(name, select_one, &except, false);
}

static int via_select(int count, fd_set *in, fd_set *out, fd_set *except)
{
	return select(count, in, out, except, &(struct timeval){ 0 });
}

void case_select(void)
{
	selects("select", via_select);
}

static int via___select(int count, fd_set *in, fd_set *out, fd_set *except)
{
	return __select(count, in, out, except, &(struct timeval){ 0 });
}

void case___select(void)
{
	selects("__select", via___select);
}

static int via_pselect(int count, fd_set *in, fd_set *out, fd_set *except)
{
	return pselect(count, in, out, except, &(struct timespec){ 0 }, NULL);
}

void case_pselect(void)
{
	selects("pselect", via_pselect);
	STEP(pselect(0, NULL, NULL, NULL, &(struct timespec){ .tv_nsec = -1 }, NULL));
}
