/* SPDX-License-Identifier: MIT */
/* The thread that is to blame is told right where 300 others came and went before it, and where it
 * is the only one of a child process. */
#include "stage/peer.h"
#include "stage/stage.h"
#include <pthread.h>
#include <sys/prctl.h>
#include <sys/wait.h>

static pthread_mutex_t database = PTHREAD_MUTEX_INITIALIZER;
static int taken[2];

static void *come_and_go(void *unused)
{
	int pair[2];

	must(socketpair(AF_UNIX, SOCK_STREAM, 0, pair));
	must(write(pair[0], "x", 1));
	must(close(pair[0]));
	must(close(pair[1]));
	return unused;
}

static void *work(void *of)
{
	char part[4];

	pthread_setname_np(pthread_self(), "last-of-many");
	expect(recv(*(int *)of, part, sizeof(part), 0) == 4);
	must(write(taken[1], "t", 1));
	pthread_mutex_lock(&database);
	return of;
}

static void child(int fd, int until)
{
	char part[4];

	prctl(PR_SET_NAME, "a-child");
	expect(recv(fd, part, sizeof(part), 0) == 4);
	must(write(taken[1], "t", 1));
	must(read(until, part, 1));
	_exit(0);
}

int main(void)
{
	pthread_t thread;
	char byte;
	int end[2], listener = stage_listen();

	must(pipe(taken));
	must(pipe(end));
	for (int i = 0; i < 300; i++)
		expect(!pthread_create(&thread, NULL, come_and_go, NULL) &&
		       !pthread_join(thread, NULL));
	int client = peer_connect(stage_port(listener));
	/* EXPECT fin-unread opened id=many class=H says=(last-of-many) says_live=futex */
	int fd = must(accept4(listener, NULL, NULL, SOCK_CLOEXEC));
	peer_send(client, 12);
	pthread_mutex_lock(&database);
	expect(!pthread_create(&thread, NULL, work, &fd));
	must(read(taken[0], &byte, 1));
	peer_finish(client);

	client = peer_connect(stage_port(listener));
	/* EXPECT fin-unread opened id=child class=H says=(a-child) when=live,exit,kill */
	fd = must(accept4(listener, NULL, NULL, 0));
	peer_send(client, 12);
	if (!must(fork())) {
		close(end[1]);
		child(fd, end[0]);
	}
	must(close(fd));
	must(read(taken[0], &byte, 1));
	peer_finish(client);
	stage_ready();
	close(end[1]);
	must(wait(NULL));
	return 0;
}
