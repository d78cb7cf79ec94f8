/* SPDX-License-Identifier: MIT */
/*
 * The calls whose instructions tests/bench/instructions counts under callgrind: N rounds of one
 * operation on descriptors made before. `calls_once OPERATION N`; the difference of two N is what
 * the rounds cost.
 */
#include <alloca.h>
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

static char byte[1];

static int listener_make(struct sockaddr_in *address, in_addr_t where)
{
	socklen_t size = sizeof *address;
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	*address = (struct sockaddr_in){ .sin_family = AF_INET, .sin_addr.s_addr = htonl(where) };
	if (bind(fd, (struct sockaddr *)address, size) || listen(fd, 16) ||
	    getsockname(fd, (struct sockaddr *)address, &size))
		exit(2);
	return fd;
}

static void file_read(int fd)
{
	if (read(fd, byte, 1) != 1)
		exit(3);
}

static void file_write(int fd)
{
	if (write(fd, byte, 1) != 1)
		exit(3);
}

static void file_close(int fd)
{
	fd = open("/dev/null", O_RDONLY);
	if (fd < 0 || close(fd))
		exit(3);
}

static void socket_again(int fd)
{
	if (recv(fd, byte, 1, MSG_DONTWAIT) != -1 || errno != EAGAIN)
		exit(3);
}

static int ends[2];

static void socket_send_receive(int fd)
{
	(void)fd;
	if (send(ends[0], byte, 1, 0) != 1 || recv(ends[1], byte, 1, 0) != 1)
		exit(3);
}

/* A request and its answer: each end sends and receives by turns. */
static void socket_exchange(int fd)
{
	(void)fd;
	if (send(ends[0], byte, 1, 0) != 1 || recv(ends[1], byte, 1, 0) != 1 ||
	    send(ends[1], byte, 1, 0) != 1 || recv(ends[0], byte, 1, 0) != 1)
		exit(3);
}

static struct sockaddr_in server, everywhere;

__attribute__((noinline)) static int deep_connect(int depth)
{
	int result;

	if (depth)
		result = deep_connect(depth - 1);
	else {
		result = socket(AF_INET, SOCK_STREAM, 0);
		if (connect(result, (struct sockaddr *)&server, sizeof server))
			exit(3);
	}
	__asm__ volatile("" ::: "memory");
	return result;
}

__attribute__((noinline)) static int deep_accept(int depth, int fd)
{
	int result = depth ? deep_accept(depth - 1, fd) : accept(fd, NULL, NULL);

	__asm__ volatile("" ::: "memory");
	return result;
}

__attribute__((noinline)) static int deep_close(int depth, int fd)
{
	int result = depth ? deep_close(depth - 1, fd) : close(fd);

	__asm__ volatile("" ::: "memory");
	return result;
}

#define DEPTH 17 /* with main, the operation and libc's two: 20 frames and more */

static void connection(int fd)
{
	int client = deep_connect(DEPTH), accepted = deep_accept(DEPTH, fd);

	if (accepted < 0 || deep_close(DEPTH, client) || deep_close(DEPTH, accepted))
		exit(3);
}

/* What the library never hears of: the other end, made and closed by system calls of our own. */
static long silently(long number, long a, long b, long c)
{
	long result;

	__asm__ volatile("syscall"
			 : "=a"(result)
			 : "a"(number), "D"(a), "S"(b), "d"(c)
			 : "rcx", "r11", "memory");
	return result;
}

static int silent_client(const struct sockaddr_in *to)
{
	int client = (int)silently(SYS_socket, AF_INET, SOCK_STREAM, 0);

	if (silently(SYS_connect, client, (long)to, sizeof *to))
		exit(3);
	return client;
}

static void accept_and_close(int fd)
{
	int client = silent_client(&server), accepted = deep_accept(DEPTH, fd);

	if (accepted < 0 || deep_close(DEPTH, accepted) || silently(SYS_close, client, 0, 0))
		exit(3);
}

/* Whole lives: of a client, whose server closes first; of a server's connection, by a listener on
 * any address that wants to know the peer's. */
static void life_of_client(int fd)
{
	int client = socket(AF_INET, SOCK_STREAM, 0), accepted;

	if (connect(client, (struct sockaddr *)&server, sizeof server))
		exit(3);
	accepted = (int)silently(SYS_accept, fd, 0, 0);
	if (send(client, byte, 1, 0) != 1 || silently(SYS_read, accepted, (long)byte, 1) != 1 ||
	    silently(SYS_write, accepted, (long)byte, 1) != 1 || recv(client, byte, 1, 0) != 1 ||
	    silently(SYS_close, accepted, 0, 0) || recv(client, byte, 1, 0) != 0 || close(client))
		exit(3);
}

enum how { CLOSES_FIRST, CLOSES_SECOND, IS_TOLD, CLOSES_BY_HALVES };

/* `late`: another socket is opened, and closed, between the end that was read and the close(). */
static void life_of_accepted(int fd, enum how how, bool late)
{
	struct sockaddr_in peer;
	socklen_t size = sizeof peer;
	int client, accepted;

	everywhere.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	client = silent_client(&everywhere);
	accepted = accept(fd, (struct sockaddr *)&peer, &size);
	struct pollfd wait = { .fd = accepted, .events = POLLIN | POLLRDHUP };
	if (silently(SYS_write, client, (long)byte, 1) != 1 || recv(accepted, byte, 1, 0) != 1 ||
	    send(accepted, byte, 1, 0) != 1 || silently(SYS_read, client, (long)byte, 1) != 1)
		exit(3);
	if (how == CLOSES_BY_HALVES && shutdown(accepted, SHUT_WR))
		exit(3);
	if (how != CLOSES_FIRST) {
		silently(SYS_shutdown, client, SHUT_WR, 0);
		if (how == IS_TOLD && poll(&wait, 1, -1) != 1)
			exit(3);
		if (recv(accepted, byte, 1, 0) != 0)
			exit(3);
	}
	if (late && close(socket(AF_UNIX, SOCK_DGRAM, 0)))
		exit(3);
	if (close(accepted) || silently(SYS_close, client, 0, 0))
		exit(3);
}
static void life_first(int fd)
{
	life_of_accepted(fd, CLOSES_FIRST, false);
}
static void life_second(int fd)
{
	life_of_accepted(fd, CLOSES_SECOND, false);
}
static void life_told(int fd)
{
	life_of_accepted(fd, IS_TOLD, false);
}
static void life_halves(int fd)
{
	life_of_accepted(fd, CLOSES_BY_HALVES, false);
}
static void life_told_late(int fd)
{
	life_of_accepted(fd, IS_TOLD, true);
}
static void life_halves_late(int fd)
{
	life_of_accepted(fd, CLOSES_BY_HALVES, true);
}

#define WAITED_FOR 64

/* Sockets that have something to read, and none that has ended. */
static struct pollfd polled[WAITED_FOR];
static int epoll;

static void waited_for_make(void)
{
	epoll = epoll_create1(EPOLL_CLOEXEC);
	for (int i = 0; i < WAITED_FOR; i++) {
		int pair[2];
		struct epoll_event event = { .events = EPOLLIN | EPOLLRDHUP };

		if (socketpair(AF_UNIX, SOCK_STREAM, 0, pair) || write(pair[1], byte, 1) != 1)
			exit(2);
		polled[i] = (struct pollfd){ .fd = pair[0], .events = POLLIN | POLLRDHUP };
		event.data.fd = pair[0];
		if (epoll_ctl(epoll, EPOLL_CTL_ADD, pair[0], &event))
			exit(2);
	}
}

static void poll_many(int fd)
{
	(void)fd;
	if (poll(polled, WAITED_FOR, 0) != WAITED_FOR)
		exit(3);
}

static void epoll_many(int fd)
{
	struct epoll_event events[WAITED_FOR];

	(void)fd;
	if (epoll_wait(epoll, events, WAITED_FOR, 0) != WAITED_FOR)
		exit(3);
}

static void poll_one(int fd)
{
	(void)fd;
	if (poll(polled, 1, 0) != 1)
		exit(3);
}

static void epoll_one(int fd)
{
	struct epoll_event event;

	(void)fd;
	if (epoll_wait(epoll, &event, 1, 0) != 1)
		exit(3);
}

static void epoll_change(int fd)
{
	struct epoll_event event = { .events = EPOLLIN, .data.fd = polled[0].fd };

	(void)fd;
	if (epoll_ctl(epoll, EPOLL_CTL_MOD, polled[0].fd, &event))
		exit(3);
}

/* Nobody waits for its data any more: the place is kept. */
static void epoll_silence(int fd)
{
	struct epoll_event event = { .events = EPOLLOUT, .data.fd = polled[0].fd };

	(void)fd;
	if (epoll_ctl(epoll, EPOLL_CTL_MOD, polled[0].fd, &event))
		exit(3);
}

/* The lower half of a page of the stack is still to come: what depends on two places being on one
 * page (hooks_create.c) does not depend on the day. */
#define REST_OF_PAGE(frame) (((uintptr_t)(frame)&4095) + 2048)

int main(int argc, char **argv)
{
	if (argc != 3)
		return 2;
	char *rest = alloca(REST_OF_PAGE(__builtin_frame_address(0)));
	__asm__ volatile("" ::"r"(rest) : "memory");
	long rounds = atol(argv[2]);
	int zero = open("/dev/zero", O_RDONLY), null = open("/dev/null", O_WRONLY);
	int listener = listener_make(&server, INADDR_LOOPBACK);
	int anywhere = listener_make(&everywhere, INADDR_ANY);
	const struct {
		const char *name;
		void (*run)(int fd);
		int fd;
	} operations[] = {
		{ "file-read", file_read, zero },
		{ "file-write", file_write, null },
		{ "file-close", file_close, null },
		{ "recv-eagain", socket_again, -1 },
		{ "send-recv", socket_send_receive, -1 },
		{ "connection", connection, listener },
		{ "poll-64", poll_many, zero },
		{ "epoll-wait-64", epoll_many, zero },
		{ "poll-1", poll_one, zero },
		{ "epoll-wait-1", epoll_one, zero },
		{ "epoll-ctl", epoll_change, zero },
		{ "epoll-ctl-out", epoll_silence, zero },
		{ "exchange", socket_exchange, -1 },
		{ "accept-close", accept_and_close, listener },
		{ "life-client", life_of_client, listener },
		{ "life-first", life_first, anywhere },
		{ "life-second", life_second, anywhere },
		{ "life-told", life_told, anywhere },
		{ "life-halves", life_halves, anywhere },
		{ "life-told-late", life_told_late, anywhere },
		{ "life-halves-late", life_halves_late, anywhere },
	};

	if (socketpair(AF_UNIX, SOCK_STREAM, 0, ends))
		return 2;
	waited_for_make();
	for (size_t i = 0; i < sizeof operations / sizeof operations[0]; i++)
		if (!strcmp(argv[1], operations[i].name)) {
			for (long round = 0; round < rounds; round++)
				operations[i].run(operations[i].fd < 0 ? ends[1]
								       : operations[i].fd);
			return 0;
		}
	return 2;
}
