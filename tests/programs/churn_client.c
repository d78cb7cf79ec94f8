/* SPDX-License-Identifier: MIT */
/*
 * A client without a pool: it closes each connection itself after three requests, 1,100 times, and
 * sends a reset after SO_LINGER 0 two times.
 * TEST endings=closed_first:1100,closed_by_peer:1100,reset_linger:2,dead:2
 */
#include "stage/stage.h"

static __attribute__((noinline)) int dial(int port)
{
	/* EXPECT time-wait-churn opened facts.resets_linger=2 facts.exchanges_per_connection=3 */
	int fd = must(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));

	must(connect(fd, stage_address((unsigned short)port), STAGE_ADDRESS_SIZE));
	return fd;
}

static __attribute__((noinline)) void hang_up(int fd)
{
	/* EXPECT time-wait-churn closed count=1100 severity=note class=D says=connected: */
	must(close(fd));
}

int main(void)
{
	const struct linger none = { 1, 0 };
	int listener = stage_listen(), port = stage_port(listener);
	char byte;

	for (int i = 0; i < 1102; i++) {
		int fd = dial(port), server = must(accept(listener, NULL, NULL));
		for (int j = 0; j < 3; j++) {
			expect(send(fd, "q", 1, 0) == 1 && recv(server, &byte, 1, 0) == 1);
			expect(send(server, "a", 1, 0) == 1 && recv(fd, &byte, 1, 0) == 1);
		}
		if (i >= 1100)
			must(setsockopt(fd, SOL_SOCKET, SO_LINGER, &none, sizeof(none)));
		hang_up(fd);
		expect(recv(server, &byte, 1, 0) == (i >= 1100 ? -1 : 0));
		must(close(server));
	}
	stage_ready();
	must(close(listener));
	return 0;
}
