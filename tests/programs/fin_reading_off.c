/* SPDX-License-Identifier: MIT */
/* Reading is switched off: the server watches only for EPOLLOUT when its clients leave. */
#include "stage/peer.h"
#include "stage/stage.h"
#include <sys/epoll.h>

int main(void)
{
	char buffer[64];
	int epoll = must(epoll_create1(EPOLL_CLOEXEC)), listener = stage_listen();

	for (int i = 0; i < 2; i++) {
		int client = peer_connect(stage_port(listener));
		/* EXPECT fin-unread opened count=2 */
		int fd = must(accept4(listener, NULL, NULL, SOCK_NONBLOCK));
		struct epoll_event event = { .events = EPOLLIN, .data.fd = fd };

		must(epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event));
		peer_send(client, 5);
		must(epoll_wait(epoll, &event, 1, -1));
		expect(recv(fd, buffer, sizeof(buffer), 0) == 5);
		event.events = EPOLLOUT;
		must(epoll_ctl(epoll, EPOLL_CTL_MOD, fd, &event));
		peer_finish(client);
		must(epoll_ctl(epoll, EPOLL_CTL_DEL, fd, NULL));
	}
	stage_ready();
	return 0;
}
