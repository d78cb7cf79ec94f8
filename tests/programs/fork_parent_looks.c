/* SPDX-License-Identifier: MIT */
/* Near twins of fork_parent_forgets. A child serves and closes, but the parent works with its copy,
 * too: it said hello through the first, and watches the second. What it owes is its own matter. A
 * third child never served, it only closed what it was given. */
#include "stage/peer.h"
#include "stage/stage.h"
#include <sys/epoll.h>
#include <sys/wait.h>

static int listener;

static void child_serves(int fd, int client, int bytes)
{
	char buffer[64];
	pid_t child = must(fork());

	if (!child) {
		close(listener);
		for (int n = 0; n < bytes;)
			n += (int)must(recv(fd, buffer, sizeof(buffer), 0));
		must(close(fd));
		_exit(0);
	}
	if (bytes)
		peer_send(client, bytes);
	must(waitpid(child, NULL, 0));
	peer_finish(client);
}

int main(void)
{
	struct epoll_event event = { .events = EPOLLIN };
	int epoll = must(epoll_create1(EPOLL_CLOEXEC));

	listener = stage_listen();
	int client = peer_connect(stage_port(listener));
	/* EXPECT fin-unread opened id=1 class=B */
	/* EXPECT fin-unread fact id=1 reason=never-read */
	int fd = must(accept(listener, NULL, NULL));
	must(send(fd, "hello", 5, MSG_NOSIGNAL));
	peer_receive(client, 5);
	child_serves(fd, client, 20);

	client = peer_connect(stage_port(listener));
	/* EXPECT fin-unread opened id=2 class=B */
	/* EXPECT fin-unread fact id=2 reason=watched */
	fd = must(accept(listener, NULL, NULL));
	must(epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event));
	child_serves(fd, client, 20);

	client = peer_connect(stage_port(listener));
	/* EXPECT fin-unread opened id=3 class=B */
	/* EXPECT fin-unread fact id=3 reason=never-read */
	fd = must(accept(listener, NULL, NULL));
	child_serves(fd, client, 0);
	stage_ready();
	return 0;
}
