/* SPDX-License-Identifier: MIT */
/* epoll: what is registered, and the way back from what it says to the socket. */
#include "bodies.h"
#include "raw.h"
#include "report.h"

#define ENDS (EPOLLIN | EPOLLRDHUP)

static int epoll_new(void)
{
	return (int)raw_call(SYS_epoll_create1, 0, 0, 0, 0, 0);
}

/* By a call that is hooked: what waits tell hangs on it. */
static void add(int epoll, int fd, uint32_t events, uint64_t data)
{
	struct epoll_event event = { .events = events, .data.u64 = data };

	NEED(epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event) == 0);
}

static bool registered(int fd, int epoll, uint32_t events, uint64_t data)
{
	const struct ledger_slot *slot = case_slot(fd);

	return slot->epoll_fd == epoll + 1 && slot->epoll_interest == events &&
	       slot->epoll_data == data && slot->epoll_since;
}

/* A former epoll of this number went behind our back: what it held is held no more. */
static void creates(int (*via)(void))
{
	int fds[2], epoll = (int)STEP(via());

	case_tcp_pair(fds);
	add(epoll, fds[0], ENDS, (uint64_t)fds[0]);
	CHECK(registered(fds[0], epoll, ENDS, (uint64_t)fds[0]));
	uint64_t since = case_slot(fds[0])->epoll_since;
	int other = (int)STEP(via());
	TELL("another number: %d\n", other != epoll);
	CHECK(registered(fds[0], epoll, ENDS, (uint64_t)fds[0]));
	NEED(raw_call(SYS_close, epoll, 0, 0, 0, 0) == 0);
	CHECK(registered(fds[0], epoll, ENDS, (uint64_t)fds[0]));
	/* The lowest free number. */
	int again;
	do
		again = (int)STEP(via());
	while (again >= 0 && again != epoll);
	CHECK(!case_slot(fds[0])->epoll_fd && case_slot(fds[0])->epoll_since > since);
}

static int via_create(void)
{
	return epoll_create(1);
}

void case_epoll_create(void)
{
	creates(via_create);
	STEP(epoll_create(0));
}

static int via_create1(void)
{
	return epoll_create1(EPOLL_CLOEXEC);
}

void case_epoll_create1(void)
{
	creates(via_create1);
	STEP(epoll_create1(0x55));
}

struct registering {
	int (*via)(int, int, int, struct epoll_event *);
	int epoll, operation;
};

static long register_one(int fd, void *with)
{
	const struct registering *registering = with;
	struct epoll_event event = { .events = EPOLLIN, .data.fd = fd };

	return registering->via(registering->epoll, registering->operation, fd, &event);
}

/*
 * The descriptor of an epoll has the number that a closed socket had, and sockets are registered
 * through it: its end is noticed all the same, by its close(), or else by what has its number next.
 */
static void interest_by_former_number(int (*via)(int, int, int, struct epoll_event *))
{
	struct epoll_event event = { .events = EPOLLIN };
	int fds[2], others[2], fillers[64], count = 0, epoll = epoll_new(), taken;

	case_tcp_pair(fds);
	case_tcp_pair(others);
	taken = others[0];
	/* So that it is the lowest number that is free, once it is. */
	while (count < 64 && (fillers[count] = fcntl(0, F_DUPFD, 0)) < taken)
		count++;
	NEED(count < 64 && close(fillers[count]) == 0);

	NEED(close(taken) == 0 && dup(epoll) == taken);
	STEP(via(taken, EPOLL_CTL_ADD, fds[0], &event));
	CHECK(case_slot(fds[0])->epoll_fd == taken + 1);
	NEED(close(taken) == 0);
	CHECK(!case_slot(fds[0])->epoll_fd);

	/* Through another descriptor of the epoll, and closed by a range. */
	NEED(dup(epoll) == taken);
	STEP(via(taken, EPOLL_CTL_ADD, fds[1], &event));
	CHECK(case_slot(fds[1])->epoll_fd == taken + 1);
	NEED(close_range((unsigned)taken, (unsigned)taken, 0) == 0);
	NEED(socket(AF_INET, SOCK_STREAM, 0) == taken);
	CHECK(!case_slot(fds[1])->epoll_fd);

	/* A socket is copied over the epoll. */
	NEED(close(taken) == 0 && dup(epoll) == taken);
	NEED(via(taken, EPOLL_CTL_DEL, fds[0], NULL) == 0);
	STEP(via(taken, EPOLL_CTL_ADD, fds[0], &event));
	CHECK(case_slot(fds[0])->epoll_fd == taken + 1);
	NEED(dup2(others[1], taken) == taken);
	CHECK(!case_slot(fds[0])->epoll_fd);
	while (count)
		NEED(close(fillers[--count]) == 0);
}

/* What is registered, changed, and taken back, by the call and by the end of the epoll. */
static void interest_changes(int (*via)(int, int, int, struct epoll_event *))
{
	struct epoll_event event = { .events = ENDS, .data.u64 = 0x123456789abcdef };
	int fds[2], epoll = epoll_new(), other = epoll_new();

	case_tcp_pair(fds);
	STEP(via(epoll, EPOLL_CTL_ADD, fds[0], &event));
	CHECK(registered(fds[0], epoll, ENDS, 0x123456789abcdef));
	uint64_t since = case_slot(fds[0])->epoll_since;
	event = (struct epoll_event){ .events = EPOLLOUT | EPOLLET, .data.fd = fds[0] };
	STEP(via(epoll, EPOLL_CTL_ADD, fds[0], &event)); /* EEXIST */
	CHECK(registered(fds[0], epoll, ENDS, 0x123456789abcdef));
	STEP(via(epoll, EPOLL_CTL_MOD, fds[0], &event));
	CHECK(registered(fds[0], epoll, EPOLLOUT | EPOLLET, (uint64_t)fds[0]));
	CHECK(case_slot(fds[0])->epoll_since > since);
	STEP(via(epoll, EPOLL_CTL_MOD, fds[1], &event)); /* ENOENT */
	CHECK(!case_slot(fds[1])->epoll_fd && !case_slot(fds[1])->epoll_since);
	/* The latest epoll is told of; another one's end is not its. */
	STEP(via(other, EPOLL_CTL_ADD, fds[0], &event));
	CHECK(registered(fds[0], other, EPOLLOUT | EPOLLET, (uint64_t)fds[0]));
	STEP(via(epoll, EPOLL_CTL_DEL, fds[0], NULL));
	CHECK(registered(fds[0], other, EPOLLOUT | EPOLLET, (uint64_t)fds[0]));
	since = case_slot(fds[0])->epoll_since;
	STEP(via(other, EPOLL_CTL_DEL, fds[0], NULL));
	CHECK(!case_slot(fds[0])->epoll_fd && case_slot(fds[0])->epoll_since > since);
	STEP(via(other, EPOLL_CTL_DEL, fds[0], NULL)); /* ENOENT */
	/* The end of the epoll. */
	STEP(via(epoll, EPOLL_CTL_ADD, fds[0], &event));
	STEP(via(other, EPOLL_CTL_ADD, fds[1], &event));
	since = case_slot(fds[0])->epoll_since;
	NEED(close(epoll) == 0);
	CHECK(!case_slot(fds[0])->epoll_fd && case_slot(fds[0])->epoll_since > since);
	CHECK(case_slot(fds[1])->epoll_fd == other + 1);
	/* A new life begins with none. */
	NEED(close(fds[1]) == 0 && raw_call(SYS_close, other, 0, 0, 0, 0) == 0);
	case_tcp_pair(fds);
	CHECK(!case_slot(fds[0])->epoll_fd && !case_slot(fds[0])->epoll_since);
}

void body_epoll_ctl(const char *name, int (*via)(int, int, int, struct epoll_event *))
{
	struct registering adds = { via, epoll_new(), EPOLL_CTL_ADD };
	struct registering modifies = { via, epoll_new(), EPOLL_CTL_MOD };
	struct registering removes = { via, epoll_new(), EPOLL_CTL_DEL };
	struct registering nowhere = { via, -1, EPOLL_CTL_ADD };
	struct epoll_event event = { .events = EPOLLIN };
	int fds[2], pipes[2];

	interest_changes(via);
	interest_by_former_number(via);
	body_stale(name, register_one, &adds, false);
	body_stale(name, register_one, &modifies, false);
	case_tcp_pair(fds);
	NEED(pipe(pipes) == 0);
	STEP(via(adds.epoll, EPOLL_CTL_ADD, fds[0], (struct epoll_event *)8));
	STEP(via(0, EPOLL_CTL_ADD, fds[0], &event));
	STEP(via(-1, EPOLL_CTL_ADD, fds[0], &event));
	STEP(via(adds.epoll, 77, fds[0], &event));
	STEP(via(adds.epoll, EPOLL_CTL_ADD, adds.epoll, &event));
	CHECK(!case_slot(fds[0])->epoll_fd && !case_slot(fds[0])->epoll_since);
	STEP(via(adds.epoll, EPOLL_CTL_ADD, pipes[0], &event));
	STEP(via(adds.epoll, EPOLL_CTL_ADD, 999, &event));
	STEP(via(adds.epoll, EPOLL_CTL_ADD, -1, &event));
	STEP(via(adds.epoll, EPOLL_CTL_ADD, 2000000000, &event));
	/* Event loops remove what is gone already. */
	uint32_t before = case_misuses();
	NEED(close(fds[0]) == 0);
	STEP(register_one(fds[0], &removes));
	CHECK(case_misuses() == before);
	/* The number has been a pipe's since: it is the epoll that is none. */
	NEED(raw_call(SYS_dup3, pipes[0], fds[0], 0, 0, 0) == fds[0]);
	STEP(register_one(fds[0], &nowhere));
	CHECK(case_misuses() == before);
}

void case_epoll_ctl(void)
{
	body_epoll_ctl("epoll_ctl", epoll_ctl);
}

typedef int waiter(int epoll, struct epoll_event *events, int room, int timeout);

static int wait_one(waiter *via, int epoll)
{
	struct epoll_event events[4] = { 0 };
	int ready = via(epoll, events, 4, 0);

	for (int i = 0; i < ready; i++)
		TELL("events %x\n", events[i].events);
	return ready;
}

static bool told_by(int fd, const char *name, uint32_t events)
{
	const struct ledger_slot *slot = case_slot(fd);

	return slot->told_at && case_call_is(slot->told_call, name) &&
	       slot->told_events == events && slot->told_stack;
}

/* The data that it was registered with leads back to the socket. */
enum data { DATA_NUMBER, DATA_NUMBER_AND_MORE, DATA_POINTER, DATA_KINDS };

static uint64_t data_of(int fd, enum data kind)
{
	static char connections[4096];

	switch (kind) {
	case DATA_NUMBER:
		return (uint32_t)fd;
	case DATA_NUMBER_AND_MORE:
		return (uint32_t)fd | 0xabcdefull << 32;
	case DATA_POINTER:
		return (uintptr_t)connections + 64 * (unsigned)fd;
	case DATA_KINDS:
		break;
	}
	return 0;
}

static void leads_back(const char *name, waiter *via, enum data kind)
{
	int fds[2], others[2], epoll = epoll_new();

	case_tcp_pair(fds);
	case_tcp_pair(others);
	add(epoll, fds[0], ENDS, data_of(fds[0], kind));
	add(epoll, others[0], ENDS, data_of(others[0], kind));
	STEP(wait_one(via, epoll));
	NEED(write(fds[1], "x", 1) == 1);
	case_wait_readable(fds[0]);
	STEP(wait_one(via, epoll));
	CHECK(!case_slot(fds[0])->told_at);
	NEED(close(fds[1]) == 0);
	case_wait_for(fds[0], POLLRDHUP);
	STEP(wait_one(via, epoll));
	CHECK(told_by(fds[0], name, ENDS) && !case_slot(others[0])->told_at);
	uint64_t at = case_slot(fds[0])->told_at;
	STEP(wait_one(via, epoll)); /* once in a life */
	CHECK(told_by(fds[0], name, ENDS) && case_slot(fds[0])->told_at == at);
	case_reset(others[0], others[1]);
	STEP(wait_one(via, epoll));
	CHECK(told_by(others[0], name, ENDS | EPOLLERR | EPOLLHUP));
}

/* Ends that are none of the peer's, and sockets that the epoll holds and we cannot tell. */
static void tells_nothing(waiter *via)
{
	struct sockaddr_storage address;
	socklen_t size;
	int fds[2], epoll = epoll_new(), listener = case_listener(&address, &size);

	NEED(shutdown(listener, SHUT_RD) == 0);
	add(epoll, listener, EPOLLIN, (uint64_t)listener);
	case_tcp_pair(fds);
	NEED(shutdown(fds[0], SHUT_RDWR) == 0 && close(fds[1]) == 0);
	add(epoll, fds[0], ENDS, (uint64_t)fds[0]);
	STEP(wait_one(via, epoll));
	CHECK(!case_slot(listener)->told_at && !case_slot(fds[0])->told_at);
	/* Registered behind our back, with the number of another. */
	int others[2], blind = epoll_new();
	struct epoll_event event = { .events = ENDS };
	case_tcp_pair(others);
	case_tcp_pair(fds);
	event.data.fd = others[0];
	NEED(raw_call(SYS_epoll_ctl, blind, EPOLL_CTL_ADD, fds[0], (long)&event, 0) == 0);
	NEED(close(fds[1]) == 0);
	case_wait_for(fds[0], POLLRDHUP);
	STEP(wait_one(via, blind));
	CHECK(!case_slot(others[0])->told_at && !case_slot(fds[0])->told_at);
}

static void waits_fail(waiter *via)
{
	struct epoll_event event;
	int fds[2], epoll = epoll_new();

	case_tcp_pair(fds);
	NEED(close(fds[1]) == 0);
	case_wait_readable(fds[0]);
	add(epoll, fds[0], ENDS, (uint64_t)fds[0]);
	STEP(via(epoll, (struct epoll_event *)8, 1, 0)); /* EFAULT */
	STEP(via(epoll, &event, 0, 0));
	STEP(via(epoll, &event, -1, 0));
	STEP(via(0, &event, 1, 0));
	STEP(via(-1, &event, 1, 0));
	STEP(via(999, &event, 1, 0));
	CHECK(!case_slot(fds[0])->told_at);
}

void body_epolls(const char *name, waiter *via)
{
	for (enum data kind = 0; kind < DATA_KINDS; kind++)
		leads_back(name, via, kind);
	tells_nothing(via);
	waits_fail(via);
}

void case_epoll_wait(void)
{
	body_epolls("epoll_wait", epoll_wait);
}

static int via_epoll_pwait(int epoll, struct epoll_event *events, int room, int timeout)
{
	return epoll_pwait(epoll, events, room, timeout, NULL);
}

void case_epoll_pwait(void)
{
	body_epolls("epoll_pwait", via_epoll_pwait);
}

static int via_epoll_pwait2(int epoll, struct epoll_event *events, int room, int timeout)
{
	return epoll_pwait2(epoll, events, room, &(struct timespec){ .tv_nsec = timeout }, NULL);
}

void case_epoll_pwait2(void)
{
	body_epolls("epoll_pwait2", via_epoll_pwait2);
	STEP(epoll_pwait2(epoll_new(), &(struct epoll_event){ 0 }, 1,
			  &(struct timespec){ .tv_nsec = -1 }, NULL));
}
