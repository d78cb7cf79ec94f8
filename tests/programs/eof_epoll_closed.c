/* SPDX-License-Identifier: MIT */
/* The twin of eof_epoll: an epoll server that closes at the end of its clients. Silent. */
#include "stage/peer.h"
#include "stage/stage.h"
#include <sys/epoll.h>

int main(void)
{
	int epoll = must(epoll_create1(EPOLL_CLOEXEC)), listener = stage_listen();

	for (int i = 0; i < 5; i++) {
		char buffer[512];
		int client = peer_connect(stage_port(listener));
		int fd = must(accept4(listener, NULL, NULL, SOCK_NONBLOCK));
		struct epoll_event event = { .events = EPOLLIN | EPOLLRDHUP, .data.fd = fd };

		must(epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event));
		peer_send(client, 10);
		peer_finish(client);
		do
			must(epoll_wait(epoll, &event, 1, -1));
		while (recv(fd, buffer, sizeof(buffer), 0) != 0);
		must(close(fd));
	}
	stage_ready();
	return 0;
}
