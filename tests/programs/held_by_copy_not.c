/* SPDX-License-Identifier: MIT */
/* Copies as they should be: the first descriptor is closed and the program goes on with the copy,
 * reads its end, watches it, has it for its standard error, uses both and closes both. Silent. */
#include "stage/peer.h"
#include "stage/stage.h"
#include <fcntl.h>
#include <sys/epoll.h>

static int accepted(int listener, int *client)
{
	*client = peer_connect(stage_port(listener));
	int fd = must(accept(listener, NULL, NULL));
	expect(send(fd, "hello", 5, 0) == 5);
	peer_receive(*client, 5);
	return fd;
}

int main(void)
{
	char buffer[8];
	int client, listener = stage_listen(), epoll = must(epoll_create1(EPOLL_CLOEXEC));
	int fd = accepted(listener, &client), copy = must(fcntl(fd, F_DUPFD, 50));

	/* Moved to a higher number before it is used on. */
	expect(send(fd, "x", 1, 0) == 1);
	must(close(fd));
	expect(send(copy, "x", 1, 0) == 1);
	/* Its end is read through the copy, and that is closed. */
	fd = accepted(listener, &client);
	copy = must(dup(fd));
	expect(send(fd, "x", 1, 0) == 1);
	must(close(fd));
	peer_receive(client, 1);
	peer_finish(client);
	expect(recv(copy, buffer, sizeof(buffer), 0) == 0);
	must(close(copy));
	/* Kept and watched. */
	fd = accepted(listener, &client);
	copy = must(dup(fd));
	struct epoll_event event = { .events = EPOLLIN, .data.fd = copy };
	must(epoll_ctl(epoll, EPOLL_CTL_ADD, copy, &event));
	expect(send(fd, "x", 1, 0) == 1);
	must(close(fd));
	/* One for reading, one for writing, by stdio. */
	fd = accepted(listener, &client);
	FILE *in = fdopen(fd, "r"), *out = fdopen(must(dup(fd)), "w");
	expect(in && out && fputs("answer\n", out) >= 0 && fclose(out) == 0);
	peer_receive(client, 7);
	expect(fclose(in) == 0);
	/* As inetd does. */
	fd = accepted(listener, &client);
	must(dup2(fd, STDERR_FILENO));
	expect(send(fd, "x", 1, 0) == 1);
	must(close(fd));
	stage_ready();
	must(close(epoll));
	return 0;
}
