/* SPDX-License-Identifier: MIT */
/* EPOLLONESHOT said it once, the request was read and answered, and nobody armed it again: nobody
 * hears that the client has left. Its neighbour was armed again, and is read and closed. */
#include "stage/peer.h"
#include "stage/stage.h"
#include <sys/epoll.h>

int main(void)
{
	char buffer[8];
	int epoll = must(epoll_create1(EPOLL_CLOEXEC)), listener = stage_listen();

	for (int i = 0; i < 2; i++) {
		int client = peer_connect(stage_port(listener));
		/* EXPECT fin-unread opened tcp_state=CLOSE_WAIT says_live=EPOLLONESHOT */
		/* EXPECT fin-unread fact reason_live=disarmed reason_exit=watched */
		int fd = must(accept4(listener, NULL, NULL, SOCK_NONBLOCK));
		struct epoll_event event = { .events = EPOLLIN | EPOLLONESHOT, .data.fd = fd };

		must(epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event));
		peer_send(client, 4);
		must(epoll_wait(epoll, &event, 1, -1));
		expect(recv(fd, buffer, sizeof(buffer), 0) == 4);
		must(send(fd, "done", 4, MSG_NOSIGNAL));
		peer_receive(client, 4);
		if (i) {
			peer_finish(client);
			break;
		}
		event = (struct epoll_event){ .events = EPOLLIN | EPOLLONESHOT, .data.fd = fd };
		must(epoll_ctl(epoll, EPOLL_CTL_MOD, fd, &event));
		peer_finish(client);
		must(epoll_wait(epoll, &event, 1, -1));
		expect(recv(fd, buffer, sizeof(buffer), 0) == 0);
		must(close(fd));
	}
	stage_ready();
	return 0;
}
