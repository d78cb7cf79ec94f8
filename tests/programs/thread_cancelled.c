/* SPDX-License-Identifier: MIT */
/* A thread is cancelled in its recv(), and nobody has its socket any more. The client leaves. */
#include "stage/peer.h"
#include "stage/stage.h"
#include <pthread.h>

static int listener, accepted[2];

static void *work(void *unused)
{
	char byte;
	int fd = must(accept(listener, NULL, NULL)); /* EXPECT fin-unread opened */

	must(write(accepted[1], "a", 1));
	must(recv(fd, &byte, 1, 0));
	must(close(fd));
	return unused;
}

int main(void)
{
	char byte;
	void *result;
	pthread_t thread;

	listener = stage_listen();
	must(pipe(accepted));
	expect(!pthread_create(&thread, NULL, work, NULL));
	int client = peer_connect(stage_port(listener));
	must(read(accepted[0], &byte, 1));
	expect(!pthread_cancel(thread));
	expect(!pthread_join(thread, &result) && result == PTHREAD_CANCELED);
	peer_finish(client);
	stage_ready();
	return 0;
}
