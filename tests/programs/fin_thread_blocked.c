/* SPDX-License-Identifier: MIT */
/* A worker thread waits for a lock that nobody gives back, while its client gives up and leaves. */
#include "stage/peer.h"
#include "stage/stage.h"
#include <pthread.h>

static pthread_mutex_t database = PTHREAD_MUTEX_INITIALIZER;
static int listener, taken[2];

static void *work(void *unused)
{
	char request[16];
	int fd = must(accept(listener, NULL, NULL)); /* EXPECT fin-unread opened */

	expect(recv(fd, request, sizeof(request), 0) == 16);
	must(write(taken[1], "t", 1));
	pthread_mutex_lock(&database);
	must(send(fd, "done", 4, MSG_NOSIGNAL));
	must(close(fd));
	return unused;
}

int main(void)
{
	pthread_t thread;
	char byte;

	listener = stage_listen();
	must(pipe(taken));
	pthread_mutex_lock(&database);
	expect(!pthread_create(&thread, NULL, work, NULL));
	int client = peer_connect(stage_port(listener));
	peer_send(client, 16);
	must(read(taken[0], &byte, 1));
	peer_finish(client);
	stage_ready();
	return 0;
}
