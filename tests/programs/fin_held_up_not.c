/* SPDX-License-Identifier: MIT */
/* The twin of fin_held_up: the threads went on with other clients, too, and are where a healthy one
 * is between two pieces of work: in epoll_wait(), or waiting for the next request. What they left
 * behind has another reason. */
#include "stage/peer.h"
#include "stage/stage.h"
#include <pthread.h>
#include <sys/epoll.h>

static int listener, said[2];

static void exchange(int fd)
{
	char part[4];

	expect(recv(fd, part, sizeof(part), 0) == 4);
	must(send(fd, "done", 4, MSG_NOSIGNAL));
}

static void *loops(void *of)
{
	int *fds = of, epoll = must(epoll_create1(EPOLL_CLOEXEC));
	struct epoll_event event = { .events = EPOLLIN, .data.fd = fds[1] };

	exchange(fds[0]);
	must(epoll_ctl(epoll, EPOLL_CTL_ADD, fds[1], &event));
	exchange(fds[1]);
	must(write(said[1], "s", 1));
	epoll_wait(epoll, &event, 1, -1);
	return of;
}

static void *waits(void *of)
{
	char part[4];
	int *fds = of, epoll = must(epoll_create1(EPOLL_CLOEXEC));
	struct epoll_event event = { .events = EPOLLIN, .data.fd = fds[0] };

	must(epoll_ctl(epoll, EPOLL_CTL_ADD, fds[0], &event));
	exchange(fds[0]);
	exchange(fds[1]);
	must(write(said[1], "s", 1));
	recv(fds[1], part, sizeof(part), 0);
	return of;
}

static void play(void *(*begin)(void *), int *fds, int client)
{
	pthread_t thread;
	char byte;
	int other = peer_connect(stage_port(listener));

	fds[1] = must(accept4(listener, NULL, NULL, 0));
	peer_send(client, 8);
	peer_send(other, 4);
	expect(!pthread_create(&thread, NULL, begin, fds));
	must(read(said[0], &byte, 1));
	peer_receive(client, 4);
	peer_finish(client);
}

int main(void)
{
	static int fds[2][2];

	listener = stage_listen();
	must(pipe(said));
	int client = peer_connect(stage_port(listener));
	/* EXPECT fin-unread opened id=1 class=D says=went_on_with_other_sockets,_up_to */
	/* EXPECT fin-unread fact id=1 reason=unread-data unread_bytes=4 */
	fds[0][0] = must(accept(listener, NULL, NULL));
	play(loops, fds[0], client);

	client = peer_connect(stage_port(listener));
	/* EXPECT fin-unread opened id=2 class=D says=went_on says_live=now_waits_in_recv()_on_fd */
	/* EXPECT fin-unread fact id=2 reason=unread-data unread_bytes=4 */
	fds[1][0] = must(accept(listener, NULL, NULL));
	play(waits, fds[1], client);
	stage_ready();
	return 0;
}
