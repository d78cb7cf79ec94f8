/* SPDX-License-Identifier: MIT */
/* The twin of fin_reading_off: switched off and on again, so no epoll_ctl() is to blame for a FIN
 * that nobody asks for; one is asked for, read and closed. */
#include "stage/peer.h"
#include "stage/stage.h"
#include <sys/epoll.h>

int main(void)
{
	char buffer[64];
	int epoll = must(epoll_create1(EPOLL_CLOEXEC)), listener = stage_listen();

	for (int i = 0; i < 2; i++) {
		int client = peer_connect(stage_port(listener));
		/* EXPECT fin-unread opened says=request */
		/* EXPECT fin-unread fact reason=working */
		int fd = must(accept4(listener, NULL, NULL, SOCK_NONBLOCK));
		struct epoll_event event = { .events = EPOLLIN, .data.fd = fd };

		must(epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event));
		peer_send(client, 5);
		must(epoll_wait(epoll, &event, 1, -1));
		expect(recv(fd, buffer, sizeof(buffer), 0) == 5);
		event.events = EPOLLOUT;
		must(epoll_ctl(epoll, EPOLL_CTL_MOD, fd, &event));
		event.events = EPOLLIN;
		must(epoll_ctl(epoll, EPOLL_CTL_MOD, fd, &event));
		peer_finish(client);
		if (i)
			break;
		must(epoll_wait(epoll, &event, 1, -1));
		expect(recv(fd, buffer, sizeof(buffer), 0) == 0);
		must(close(fd));
	}
	stage_ready();
	return 0;
}
