/* SPDX-License-Identifier: MIT */
/*
 * Each way in which a connection ends, once or a few times, and each call that ends it. Silent. The
 * other sides are raw, so that the books tell of ours alone.
 * TEST endings=closed_first:9,closed_by_peer:7,reset_unread:3,reset_linger:4,dead:2 drift=2
 */
#include "stage/raw.h"
#include "stage/stage.h"
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>

static int listener, other; /* the raw side of the pair that was made last */

static int pair(void)
{
	other = must(raw_socket(AF_INET, SOCK_STREAM));
	must(raw_connect(other, stage_address(stage_port(listener)), STAGE_ADDRESS_SIZE));
	return must(accept4(listener, NULL, NULL, SOCK_CLOEXEC));
}

/* Its FIN, or its bytes, have arrived. */
static void await(int fd, short events)
{
	struct pollfd poll_for = { .fd = fd, .events = events };

	expect(poll(&poll_for, 1, 10000) == 1);
}

static void linger_0(int fd)
{
	const struct linger none = { 1, 0 };

	must(setsockopt(fd, SOL_SOCKET, SO_LINGER, &none, sizeof(none)));
}

static void first(void)
{
	char byte;
	int fd = pair(), copy;

	must(close(fd)); /* 1 */
	must(raw_close(other));
	/* By shutdown(); that the peer ends too, and that this is read, changes nothing. */
	fd = pair();
	must(shutdown(fd, SHUT_WR));
	must(raw_close(other));
	expect(recv(fd, &byte, 1, 0) == 0);
	must(close(fd)); /* 2 */
	fd = pair();
	must(shutdown(fd, SHUT_WR));
	must(raw_close(other));
	await(fd, POLLRDHUP);
	must(close(fd)); /* 3 */
	/* A connection ends with its last descriptor, by whatever call. */
	fd = pair();
	copy = must(dup(fd));
	must(close(fd));
	expect(send(copy, "x", 1, 0) == 1 && raw_recv(other, &byte, 1) == 1);
	must(dup2(STDERR_FILENO, copy)); /* 4 */
	must(close(copy));
	must(raw_close(other));
	fd = pair();
	FILE *stream = fdopen(fd, "r");
	expect(stream && fclose(stream) == 0); /* 5 */
	must(raw_close(other));
	fd = pair();
	must((int)syscall(SYS_close, fd)); /* 6 */
	must(raw_close(other));
	fd = pair();
	must(close_range((unsigned)fd, (unsigned)fd, 0)); /* 7 */
	must(raw_close(other));
}

static void reset(void)
{
	char byte;
	int fd = pair();

	must((int)raw_send(other, "unread", 6));
	await(fd, POLLIN);
	must(close(fd)); /* unread 1 */
	must(raw_close(other));
	/* The peer has sent all and waits for the answer. */
	fd = pair();
	must((int)raw_send(other, "unread", 6));
	must((int)raw_call(SYS_shutdown, other, SHUT_WR, 0, 0, 0, 0));
	await(fd, POLLRDHUP);
	expect(recv(fd, &byte, 1, 0) == 1);
	must(close(fd)); /* unread 2 */
	must(raw_close(other));
	/* poll() keeps silent of less than SO_RCVLOWAT. */
	fd = pair();
	int least = 1000;
	must(setsockopt(fd, SOL_SOCKET, SO_RCVLOWAT, &least, sizeof(least)));
	must((int)raw_send(other, "unread", 6));
	while (recv(fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT) < 0) {
	}
	must(close(fd)); /* unread 3 */
	must(raw_close(other));
	fd = pair();
	linger_0(fd);
	must(close(fd)); /* linger 1 */
	must(raw_close(other));
	fd = pair();
	linger_0(fd);
	must(raw_close(other));
	expect(recv(fd, &byte, 1, 0) == 0);
	must(close(fd)); /* linger 2 */
	/* Set through a copy that is gone. */
	fd = pair();
	int copy = must(dup(fd));
	linger_0(copy);
	must(close(copy));
	expect(send(fd, "x", 1, 0) == 1 && raw_recv(other, &byte, 1) == 1);
	must(close(fd)); /* linger 3 */
	must(raw_close(other));
	/* Of the listener, and so of what it accepts. */
	int before = listener;
	listener = stage_listen();
	linger_0(listener);
	fd = pair();
	must(close(fd)); /* linger 4 */
	must(raw_close(other));
	must(close(listener));
	listener = before;
}

static void second(void)
{
	char byte;
	int fd;

	for (int i = 0; i < 3; i++) {
		fd = pair();
		must(raw_close(other));
		expect(recv(fd, &byte, 1, 0) == 0);
		if (i == 1)
			must(shutdown(fd, SHUT_RDWR));
		must(close(fd)); /* 1, 2, 3 */
	}
	fd = pair();
	must(raw_close(other));
	await(fd, POLLRDHUP);
	must(close(fd)); /* 4 */
	fd = pair();
	must(raw_close(other));
	await(fd, POLLRDHUP);
	must(shutdown(fd, SHUT_WR));
	must(close(fd)); /* 5 */
	fd = pair();
	must(raw_close(other));
	await(fd, POLLRDHUP);
	must(shutdown(fd, SHUT_RD));
	must(close(fd)); /* 6 */
	/* No longer without time. */
	const struct linger some = { 1, 1 };
	fd = pair();
	linger_0(fd);
	must(setsockopt(fd, SOL_SOCKET, SO_LINGER, &some, sizeof(some)));
	must(raw_close(other));
	await(fd, POLLRDHUP);
	must(close(fd)); /* 7 */
}

static void dead(void)
{
	const struct linger none = { 1, 0 };
	char byte;

	for (int i = 0; i < 2; i++) {
		int fd = pair();
		must((int)raw_call(SYS_setsockopt, other, SOL_SOCKET, SO_LINGER, (long)&none,
				   sizeof(none), 0));
		must(raw_close(other));
		await(fd, POLLHUP);
		expect(i || (recv(fd, &byte, 1, 0) < 0 && errno == ECONNRESET));
		must(close(fd)); /* 1, 2 */
		/* A pending error is the program's to take. */
		fd = pair();
		must((int)raw_call(SYS_setsockopt, other, SOL_SOCKET, SO_LINGER, (long)&none,
				   sizeof(none), 0));
		must(raw_close(other));
		await(fd, POLLHUP);
		expect(shutdown(fd, SHUT_WR) == -1 && errno == ENOTCONN);
		int error = 0;
		socklen_t size = sizeof(error);
		must(getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size));
		expect(error == ECONNRESET);
		int copy = must(dup(fd));
		must((int)syscall(SYS_close, fd));
		must(raw_close(copy)); /* behind libc: drift, no ending */
	}
}

/* The child goes on with it: our close() ends nothing. */
static void handed_on(void)
{
	char byte;
	int fd = pair();
	pid_t child = fork();

	must(child);
	if (!child) {
		expect(send(fd, "x", 1, 0) == 1);
		must(close(fd));
		_exit(0);
	}
	must(close(fd));
	expect(raw_recv(other, &byte, 1) == 1 && raw_recv(other, &byte, 1) == 0);
	must(raw_close(other));
	expect(waitpid(child, NULL, 0) == child);
	/* None of TCP's. */
	int fds[2];
	must(socketpair(AF_UNIX, SOCK_STREAM, 0, fds));
	must(close(fds[0]));
	must(close(fds[1]));
	/* Never connected. */
	fd = must(socket(AF_INET, SOCK_STREAM, 0));
	must(close(fd));
}

int main(void)
{
	listener = stage_listen();
	first();
	reset();
	second();
	dead();
	handed_on();
	/* Made and used after the fork, it is ours to end; and one that we connected. */
	int fd = pair();
	expect(send(fd, "x", 1, 0) == 1);
	must(close(fd)); /* first, 8 */
	must(raw_close(other));
	fd = must(socket(AF_INET, SOCK_STREAM, 0));
	must(connect(fd, stage_address(stage_port(listener)), STAGE_ADDRESS_SIZE));
	other = must(raw_accept(listener, 0));
	must(close(fd)); /* first, 9 */
	must(raw_close(other));
	stage_ready();
	must(close(listener));
	return 0;
}
