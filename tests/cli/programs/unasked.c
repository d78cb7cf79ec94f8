/* SPDX-License-Identifier: MIT */
/*
 * unasked replaced|reset: an EOF that nobody asked about, since nothing was opened or read to its
 * end after it, and a number that the kernel lists nowhere. `replaced`: closed behind libc, another
 * socket has it. `reset`: still the same, and leaked, in leaks(); its peer has reset it meanwhile.
 */
#include "../../programs/stage/raw.h"
#include "loopback.h"
#include "talk.h"
#include <poll.h>
#include <string.h>
#include <sys/socket.h>

static struct sockaddr_in server;

__attribute__((noinline)) static int leaks(int listener)
{
	char byte;
	int peer = raw_socket(AF_INET, SOCK_STREAM);

	NEED(raw_connect(peer, &server, sizeof server) == 0);
	int fd = accept(listener, NULL, NULL);
	NEED(fd >= 0 && raw_close(peer) == 0 && recv(fd, &byte, 1, 0) == 0);
	return fd;
}

static void be_reset(int fd)
{
	struct pollfd wait = { .fd = fd };

	/* Nobody is there to receive it. Waited for past the hooks: they would be told. */
	NEED(send(fd, "x", 1, MSG_NOSIGNAL) == 1);
	while (!(wait.revents & POLLERR))
		NEED(raw_call(SYS_poll, (long)&wait, 1, -1, 0, 0, 0) == 1);
}

int main(int argc, char **argv)
{
	NEED(argc == 2);
	int listener = loopback_listen(&server), fd = leaks(listener);

	if (!strcmp(argv[1], "replaced")) {
		/* The first gets the peer's number. */
		NEED(raw_close(fd) == 0 && raw_socket(AF_INET, SOCK_STREAM) < fd &&
		     raw_socket(AF_INET, SOCK_STREAM) == fd);
		talk_ready();
		return 0;
	}
	be_reset(fd);
	talk_ready();
	NEED(socket(AF_INET, SOCK_STREAM, 0) >= 0);
	talk_ready();
	return 0;
}
