/* SPDX-License-Identifier: MIT */
/* The twin: what epoll told of is closed unread. Silent. */
#include "stage/peer.h"
#include "stage/stage.h"
#include <sys/epoll.h>

int main(void)
{
	int epoll = must(epoll_create1(EPOLL_CLOEXEC)), listener = stage_listen();

	for (int i = 0; i < 3; i++) {
		int client = peer_connect(stage_port(listener));
		int fd = must(accept(listener, NULL, NULL));
		struct epoll_event event = { .events = EPOLLRDHUP, .data.fd = fd };

		must(epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event));
		peer_finish(client);
		expect(epoll_wait(epoll, &event, 1, -1) == 1 && (event.events & EPOLLRDHUP));
		must(close(event.data.fd));
	}
	stage_ready();
	return 0;
}
