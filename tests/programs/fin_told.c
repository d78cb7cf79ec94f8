/* SPDX-License-Identifier: MIT */
/* epoll and poll tell that the peer has ended, and the program looks only for data; a third
 * connection is watched for writing alone. */
#include "stage/peer.h"
#include "stage/stage.h"
#include <sys/epoll.h>

int main(void)
{
	int epoll = must(epoll_create1(EPOLL_CLOEXEC)), listener = stage_listen();
	int client = peer_connect(stage_port(listener));
	/* EXPECT fin-unread opened id=1 class=A says=epoll_wait() */
	int fd = must(accept(listener, NULL, NULL));
	struct epoll_event event = { .events = EPOLLIN | EPOLLRDHUP | EPOLLET, .data.fd = fd };

	must(epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event));
	peer_finish(client);
	expect(epoll_wait(epoll, &event, 1, -1) == 1 && (event.events & EPOLLRDHUP));

	client = peer_connect(stage_port(listener));
	/* EXPECT fin-unread opened id=2 class=A says=POLLRDHUP */
	fd = must(accept(listener, NULL, NULL));
	struct pollfd polled = { .fd = fd, .events = POLLRDHUP };
	peer_finish(client);
	expect(poll(&polled, 1, -1) == 1 && (polled.revents & POLLRDHUP));

	client = peer_connect(stage_port(listener));
	/* EXPECT fin-unread opened id=3 class=G says=EPOLLIN */
	fd = must(accept(listener, NULL, NULL));
	event = (struct epoll_event){ .events = EPOLLOUT, .data.fd = fd };
	/* EXPECT fin-unread evidence id=3 call=epoll_ctl */
	must(epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event));
	peer_finish(client);
	stage_ready();
	return 0;
}
