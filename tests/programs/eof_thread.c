/* SPDX-License-Identifier: MIT */
/* A thread per connection: at the end of its client the thread returns; only those that said "quit"
 * are closed. */
#include "stage/peer.h"
#include "stage/stage.h"
#include <pthread.h>

static void *serve(void *argument)
{
	int fd = (int)(long)argument;
	char buffer[64];

	for (;;) {
		/* EXPECT eof-not-closed evidence */
		ssize_t n = recv(fd, buffer, sizeof(buffer), 0);
		if (n == 0)
			return NULL;
		if (n == 4)
			break;
	}
	must(close(fd)); /* EXPECT eof-not-closed sibling count=6 */
	return NULL;
}

int main(void)
{
	int listener = stage_listen();

	for (int i = 0; i < 9; i++) {
		pthread_t thread;
		int client = peer_connect(stage_port(listener));
		/* EXPECT eof-not-closed opened count=3 */
		long fd = must(accept(listener, NULL, NULL));

		expect(!pthread_create(&thread, NULL, serve, (void *)fd));
		if (i % 3)
			peer_send(client, 4);
		else
			peer_finish(client);
		expect(!pthread_join(thread, NULL));
	}
	stage_ready();
	return 0;
}
