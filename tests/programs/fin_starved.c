/* SPDX-License-Identifier: MIT */
/* A thread reads the first part of what two clients sent and then waits for a lock that nobody
 * gives back; a third was served by a thread that has ended. Their bytes wait in the kernel. */
#include "stage/peer.h"
#include "stage/stage.h"
#include <pthread.h>

static pthread_mutex_t database = PTHREAD_MUTEX_INITIALIZER;
static int taken[2];

static void *work(void *of)
{
	char part[4];
	const int *fds = of;

	pthread_setname_np(pthread_self(), "stuck");
	for (int i = 0; i < 2; i++)
		expect(recv(fds[i], part, sizeof(part), 0) == 4);
	must(write(taken[1], "t", 1));
	pthread_mutex_lock(&database);
	return of;
}

static void *look(void *of)
{
	char part[4];

	expect(recv(*(int *)of, part, sizeof(part), 0) == 4);
	return of;
}

int main(void)
{
	pthread_t thread;
	char byte;
	int clients[3], fds[3], listener = stage_listen();

	for (int i = 0; i < 2; i++) {
		clients[i] = peer_connect(stage_port(listener));
		/* EXPECT fin-unread opened id=stuck count=2 class=H says=(stuck) says_live=futex */
		/* EXPECT fin-unread fact id=stuck reason=starved unread_bytes=8 */
		fds[i] = must(accept(listener, NULL, NULL));
		peer_send(clients[i], 12);
	}
	clients[2] = peer_connect(stage_port(listener));
	/* EXPECT fin-unread opened id=ended class=H says_live=ended */
	/* EXPECT fin-unread fact id=ended reason=starved unread_bytes=8 */
	fds[2] = must(accept(listener, NULL, NULL));
	peer_send(clients[2], 12);
	must(pipe(taken));
	pthread_mutex_lock(&database);
	expect(!pthread_create(&thread, NULL, work, fds));
	must(read(taken[0], &byte, 1));
	pthread_detach(thread);
	expect(!pthread_create(&thread, NULL, look, &fds[2]));
	expect(!pthread_join(thread, NULL));
	for (int i = 0; i < 3; i++)
		peer_finish(clients[i]);
	stage_ready();
	return 0;
}
