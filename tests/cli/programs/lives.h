/* SPDX-License-Identifier: MIT */
/* The lives of sockets that life.c leads, each result and errno told on stdout: connection, reset,
 * copies, refusals. */
#ifndef LIVES_H
#define LIVES_H

#include "loopback.h"
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <sys/uio.h>
#include <unistd.h>

static unsigned opened, closed;

/* Says what a call gave, and that it left errno alone when it succeeded. */
#define TELL(call)                                                                                 \
	({                                                                                         \
		errno = 0;                                                                         \
		long told_ = (long)(call);                                                         \
		int error_ = errno;                                                                \
		printf("%s = %ld %s\n", #call, told_, strerrorname_np(error_));                    \
		told_;                                                                             \
	})
#define OPEN(call)                                                                                 \
	({                                                                                         \
		int got_ = (int)TELL(call);                                                        \
		opened += got_ >= 0;                                                               \
		got_;                                                                              \
	})
#define CLOSE(fd)                                                                                  \
	({                                                                                         \
		int gone_ = (int)TELL(close(fd));                                                  \
		closed += gone_ == 0;                                                              \
		gone_;                                                                             \
	})

static void connection(void)
{
	struct sockaddr_in address, peer;
	socklen_t size = sizeof peer;
	char buffer[64] = "";
	int listener = OPEN(socket(AF_INET, SOCK_STREAM, 0));

	address = loopback_address(0);
	TELL(bind(listener, (struct sockaddr *)&address, sizeof address));
	TELL(accept(listener, NULL, NULL));
	TELL(listen(listener, 8));
	getsockname(listener, (struct sockaddr *)&address, &size);
	int client = OPEN(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
	TELL(send(client, "x", 1, MSG_NOSIGNAL));
	TELL(recv(client, buffer, 1, 0));
	TELL(connect(client, (struct sockaddr *)&address, sizeof address));
	TELL(connect(client, (struct sockaddr *)&address, sizeof address));
	size = sizeof peer;
	TELL(poll(&(struct pollfd){ .fd = listener, .events = POLLIN }, 1, 2000));
	TELL(fcntl(listener, F_SETFL, O_NONBLOCK));
	int server = OPEN(accept4(listener, (struct sockaddr *)&peer, &size, SOCK_NONBLOCK));
	printf("%d bytes of address\n", (int)size);
	TELL(recv(server, buffer, sizeof buffer, 0));
	TELL(send(client, "hello", 5, 0));
	TELL(recv(server, buffer, 3, MSG_PEEK));
	TELL(read(server, buffer, sizeof buffer));
	struct iovec parts[2] = { { "two ", 4 }, { "parts", 5 } };
	TELL(writev(server, parts, 2));
	TELL(recvfrom(client, buffer, sizeof buffer, 0, NULL, NULL));
	printf("%.9s\n", buffer);
	TELL(fcntl(client, F_GETFD));
	TELL(fcntl(server, F_GETFL) & O_NONBLOCK);
	TELL(shutdown(client, SHUT_WR));
	TELL(write(client, "x", 1));
	TELL(recv(server, buffer, sizeof buffer, 0));
	CLOSE(client);
	CLOSE(server);
	CLOSE(listener);
	/* Nobody listens there now. */
	client = OPEN(socket(AF_INET, SOCK_STREAM, 0));
	TELL(connect(client, (struct sockaddr *)&address, sizeof address));
	CLOSE(client);
}

static void reset(void)
{
	struct sockaddr_in address;
	struct linger at_once = { 1, 0 };
	char byte;
	int listener = loopback_listen(&address), client = socket(AF_INET, SOCK_STREAM, 0);
	int connected = connect(client, (struct sockaddr *)&address, sizeof address);
	int server = connected ? -1 : accept(listener, NULL, NULL);

	opened += 2 + (server >= 0);
	printf("connected %d\n", connected);
	TELL(setsockopt(server, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once));
	CLOSE(server);
	TELL(recv(client, &byte, 1, 0));
	TELL(recv(client, &byte, 1, 0));
	TELL(send(client, &byte, 1, MSG_NOSIGNAL));
	CLOSE(client);
	CLOSE(listener);
}

static void pass_on(const int pair[2], int passed)
{
	union {
		struct cmsghdr header;
		char room[CMSG_SPACE(sizeof(int))];
	} control = { .room = "" };
	char byte = 'p';
	struct iovec part = { &byte, 1 };
	struct msghdr message = { .msg_iov = &part,
				  .msg_iovlen = 1,
				  .msg_control = &control,
				  .msg_controllen = sizeof control };

	control.header = (struct cmsghdr){ .cmsg_len = CMSG_LEN(sizeof(int)),
					   .cmsg_level = SOL_SOCKET,
					   .cmsg_type = SCM_RIGHTS };
	memcpy(CMSG_DATA(&control.header), &passed, sizeof passed);
	TELL(sendmsg(pair[0], &message, 0));
	message.msg_controllen = sizeof control;
	TELL(recvmsg(pair[1], &message, MSG_CMSG_CLOEXEC));
	int got = -1;
	memcpy(&got, CMSG_DATA(&control.header), sizeof got);
	TELL(fcntl(got, F_GETFD));
	TELL(close(got));
}

static void copies(void)
{
	int pair[2] = { -1, -1 };
	char buffer[16];

	TELL(socketpair(AF_UNIX, SOCK_STREAM, 0, pair));
	opened += pair[0] >= 0 ? 2 : 0;
	int copy = (int)TELL(dup(pair[0]));
	TELL(dup2(pair[0], 60));
	TELL(dup3(pair[1], 61, O_CLOEXEC));
	TELL(dup3(pair[1], pair[1], 0));
	int high = (int)TELL(fcntl(pair[1], F_DUPFD_CLOEXEC, 50));
	int file = (int)TELL(dup(1));
	pass_on(pair, file);
	TELL(close(file));
	TELL(write(61, "abc", 3));
	CLOSE(pair[0]);
	TELL(read(copy, buffer, sizeof buffer));
	TELL(close(copy));
	TELL(close(60));
	closed -= 1; /* counted when the last of them went */
	TELL(close(61));
	TELL(close(high));
	closed += 1;
	FILE *stream = fdopen(pair[1], "r");
	printf("EOF of the stream %d\n", fgetc(stream));
	TELL(fclose(stream));
	closed += 1;
}

static void refusals(void)
{
	char byte = 0;
	int fds[2];

	TELL(socket(AF_INET, 77, 0));
	TELL(socketpair(AF_INET, SOCK_STREAM, 0, fds));
	TELL(close(-1));
	TELL(close(900));
	TELL(dup2(901, 902));
	TELL(recv(900, &byte, 1, 0));
	TELL(recv(0, &byte, 1, 0));
	TELL(send(900, &byte, 1, 0));
	TELL(shutdown(900, SHUT_RDWR));
	TELL(accept(0, NULL, NULL));
	TELL(listen(900, 1));
	TELL(fcntl(900, F_GETFD));
}

static void sockets(void)
{
	connection();
	reset();
	copies();
	refusals();
}

#endif
