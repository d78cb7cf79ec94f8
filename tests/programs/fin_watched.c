/* SPDX-License-Identifier: MIT */
/* An event loop waits for a lock in one of its handlers: it watches its other connection, whose
 * client has left, and does not come to hear of it. */
#include "stage/peer.h"
#include "stage/stage.h"
#include <pthread.h>
#include <sys/epoll.h>

static pthread_mutex_t database = PTHREAD_MUTEX_INITIALIZER;
static int listener, said[2], clients[2];

static void *loop(void *unused)
{
	char part[4];
	int fds[2], epoll = must(epoll_create1(EPOLL_CLOEXEC));
	struct epoll_event event = { .events = EPOLLIN };

	pthread_setname_np(pthread_self(), "loop");
	for (int i = 0; i < 2; i++) {
		/* EXPECT fin-unread opened tcp_state=CLOSE_WAIT says=(loop) says_live=futex */
		/* EXPECT fin-unread fact reason=watched */
		fds[i] = must(accept(listener, NULL, NULL));
		event.data.fd = fds[i];
		must(epoll_ctl(epoll, EPOLL_CTL_ADD, fds[i], &event));
	}
	/* The second one's request is answered; the first is the one that it is stuck with. */
	must(recv(fds[1], part, sizeof(part), 0));
	must(send(fds[1], "done", 4, MSG_NOSIGNAL));
	must(epoll_wait(epoll, &event, 1, -1));
	expect(event.data.fd == fds[0]);
	must(write(said[1], "s", 1));
	pthread_mutex_lock(&database);
	return unused;
}

int main(void)
{
	pthread_t thread;
	char byte;

	listener = stage_listen();
	must(pipe(said));
	pthread_mutex_lock(&database);
	for (int i = 0; i < 2; i++) {
		clients[i] = peer_connect(stage_port(listener));
		peer_send(clients[i], 4);
	}
	expect(!pthread_create(&thread, NULL, loop, NULL));
	must(read(said[0], &byte, 1));
	peer_receive(clients[1], 4);
	peer_finish(clients[1]);
	stage_ready();
	return 0;
}
