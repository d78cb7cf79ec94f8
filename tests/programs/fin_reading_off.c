/* SPDX-License-Identifier: MIT */
/* Reading is switched off: the server watches only for EPOLLOUT when two clients leave, and has
 * taken a third out of its epoll before it left. */
#include "stage/peer.h"
#include "stage/stage.h"
#include <sys/epoll.h>

static int epoll;

static void answer_only(int fd)
{
	struct epoll_event event = { .events = EPOLLOUT, .data.fd = fd };

	/* EXPECT fin-unread evidence id=off call=epoll_ctl */
	must(epoll_ctl(epoll, EPOLL_CTL_MOD, fd, &event));
}

static void put_aside(int fd)
{
	/* EXPECT fin-unread evidence id=out call=epoll_ctl */
	must(epoll_ctl(epoll, EPOLL_CTL_DEL, fd, NULL));
	/* The kernel tells a FIN's age in ticks: at the end it must be seen to come after this. */
	usleep(60000);
}

int main(void)
{
	char buffer[64];
	int listener = stage_listen();

	epoll = must(epoll_create1(EPOLL_CLOEXEC));
	for (int i = 0; i < 3; i++) {
		int client = peer_connect(stage_port(listener));
		/* EXPECT fin-unread opened id=off count=2 class=G says=EPOLLIN */
		/* EXPECT fin-unread fact id=off reason=reading-off */
		/* EXPECT fin-unread opened id=out class=G says=epoll */
		/* EXPECT fin-unread fact id=out reason=unwatched */
		int fd = must(accept4(listener, NULL, NULL, SOCK_NONBLOCK));
		struct epoll_event event = { .events = EPOLLIN, .data.fd = fd };

		must(epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event));
		peer_send(client, 5);
		must(epoll_wait(epoll, &event, 1, -1));
		expect(recv(fd, buffer, sizeof(buffer), 0) == 5);
		if (i < 2)
			answer_only(fd);
		else
			put_aside(fd);
		peer_finish(client);
	}
	stage_ready();
	return 0;
}
