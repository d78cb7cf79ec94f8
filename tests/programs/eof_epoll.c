/* SPDX-License-Identifier: MIT */
/* An epoll server sees the end of five clients, stops watching them and forgets to close. */
#include "stage/peer.h"
#include "stage/stage.h"
#include <sys/epoll.h>

static int epoll;

static __attribute__((noinline)) void on_readable(int fd)
{
	char buffer[512];
	/* EXPECT eof-not-closed evidence call=recv */
	ssize_t n = recv(fd, buffer, sizeof(buffer), 0);

	if (n > 0)
		must(send(fd, buffer, (size_t)n, MSG_NOSIGNAL));
	else
		must(epoll_ctl(epoll, EPOLL_CTL_DEL, fd, NULL));
}

static __attribute__((noinline)) void on_client(int listener)
{
	/* EXPECT eof-not-closed opened count=5 call=accept4 */
	int fd = must(accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC));
	struct epoll_event event = { .events = EPOLLIN, .data.fd = fd };

	must(epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event));
}

static void turn(int listener)
{
	struct epoll_event event;

	must(epoll_wait(epoll, &event, 1, -1));
	if (event.data.fd == listener)
		on_client(listener);
	else
		on_readable(event.data.fd);
}

int main(void)
{
	int listener = stage_listen();
	struct epoll_event event = { .events = EPOLLIN, .data.fd = listener };

	epoll = must(epoll_create1(EPOLL_CLOEXEC));
	must(epoll_ctl(epoll, EPOLL_CTL_ADD, listener, &event));
	for (int i = 0; i < 5; i++) {
		int client = peer_connect(stage_port(listener));
		turn(listener);
		peer_send(client, 100);
		turn(listener);
		peer_receive(client, 100);
		peer_finish(client);
		turn(listener);
	}
	stage_ready();
	return 7;
}
