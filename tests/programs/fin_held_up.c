/* SPDX-License-Identifier: MIT */
/* Two event loops went on with their second client, and in its handler wait for a third party: one
 * to send to a program that does not read, one to connect to a host that does not answer. Their
 * first clients leave meanwhile. A third thread served its client and waits for a database, and a
 * fourth one, which has no epoll, sends, too. */
#include "stage/peer.h"
#include "stage/stage.h"
#include <pthread.h>
#include <sys/epoll.h>

static int listener, said[2], full[2], dead, database;

/* Their clients come one after another, so each accept() is the caller's. */
static void serve(int *fds)
{
	char part[4];
	int epoll = must(epoll_create1(EPOLL_CLOEXEC));

	for (int i = 0; i < 2; i++) {
		struct epoll_event event = { .events = EPOLLIN, .data.fd = fds[i] };
		must(epoll_ctl(epoll, EPOLL_CTL_ADD, fds[i], &event));
		expect(recv(fds[i], part, sizeof(part), 0) == 4);
		must(send(fds[i], "done", 4, MSG_NOSIGNAL));
	}
}

static void *sends(void *fds)
{
	char part[4096] = "";

	serve(fds);
	while (send(full[0], part, sizeof(part), MSG_DONTWAIT) > 0)
		;
	must(write(said[1], "s", 1));
	send(full[0], part, sizeof(part), 0);
	return fds;
}

static void *sends_without_epoll(void *of)
{
	char part[4096] = "";
	int *fds = of;

	for (int i = 0; i < 2; i++) {
		expect(recv(fds[i], part, 4, 0) == 4);
		must(send(fds[i], "done", 4, MSG_NOSIGNAL));
	}
	must(write(said[1], "s", 1));
	send(full[0], part, sizeof(part), 0);
	return of;
}

static void *connects(void *fds)
{
	int fd;

	serve(fds);
	fd = must(socket(AF_INET, SOCK_STREAM, 0));
	must(write(said[1], "c", 1));
	connect(fd, stage_address((unsigned short)dead), STAGE_ADDRESS_SIZE);
	return fds;
}

static void *asks(void *fds)
{
	char part[4];

	serve(fds);
	must(send(database, "ask", 3, MSG_NOSIGNAL));
	must(write(said[1], "a", 1));
	recv(database, part, sizeof(part), 0);
	return fds;
}

static void play(void *(*begin)(void *), int client, int fd)
{
	static int fds[4][2];
	static int(*next)[2] = fds;
	pthread_t thread;
	char byte;
	int other = peer_connect(stage_port(listener));

	(*next)[0] = fd;
	(*next)[1] = must(accept4(listener, NULL, NULL, 0));
	peer_send(client, 4);
	peer_send(other, 4);
	expect(!pthread_create(&thread, NULL, begin, *next++));
	must(read(said[0], &byte, 1));
	peer_receive(client, 4);
	peer_finish(client);
}

int main(void)
{
	int client, fd, port = peer_listen(0);

	listener = stage_listen();
	must(pipe(said));
	must(socketpair(AF_UNIX, SOCK_STREAM, 0, full));
	/* The only place in its queue is taken: it answers no further SYN. */
	dead = port;
	fd = must(socket(AF_INET, SOCK_STREAM, 0));
	must(connect(fd, stage_address((unsigned short)port), STAGE_ADDRESS_SIZE));
	database = must(socket(AF_INET, SOCK_STREAM, 0));
	must(connect(database, stage_address((unsigned short)peer_listen(8)), STAGE_ADDRESS_SIZE));

	client = peer_connect(stage_port(listener));
	/* EXPECT fin-unread opened id=1 class_live=H says_live=waits_in_send()_on_fd */
	/* EXPECT fin-unread fact id=1 reason=watched */
	fd = must(accept(listener, NULL, NULL));
	play(sends, client, fd);

	client = peer_connect(stage_port(listener));
	/* EXPECT fin-unread opened id=2 class_live=H says_live=waits_in_connect()_on_fd */
	/* EXPECT fin-unread fact id=2 reason=watched */
	fd = must(accept(listener, NULL, NULL));
	play(connects, client, fd);

	client = peer_connect(stage_port(listener));
	/* EXPECT fin-unread opened id=3 class_live=H says_live=waits_in_recv()_on_fd */
	/* EXPECT fin-unread fact id=3 reason=watched */
	fd = must(accept(listener, NULL, NULL));
	play(asks, client, fd);

	client = peer_connect(stage_port(listener));
	/* EXPECT fin-unread opened id=4 class=B says_live=waits_in_send()_on_fd */
	/* EXPECT fin-unread fact id=4 reason=idle */
	fd = must(accept(listener, NULL, NULL));
	play(sends_without_epoll, client, fd);
	stage_ready();
	return 0;
}
