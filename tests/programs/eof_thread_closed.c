/* SPDX-License-Identifier: MIT */
/* Four threads serve their clients at the same time and close. Silent, and the counts are exact. */
/* TEST opened=401 closed=400 */
#include "stage/peer.h"
#include "stage/stage.h"
#include <pthread.h>

static int listener;

static void *client_and_server(void *unused)
{
	char byte;

	for (int i = 0; i < 50; i++) {
		int fd = must(socket(AF_INET, SOCK_STREAM, 0));
		must(connect(fd, stage_address(stage_port(listener)), STAGE_ADDRESS_SIZE));
		int served = must(accept(listener, NULL, NULL));
		must(send(fd, "x", 1, MSG_NOSIGNAL));
		must(shutdown(fd, SHUT_WR));
		while (recv(served, &byte, 1, 0) > 0)
			;
		must(close(served));
		while (recv(fd, &byte, 1, 0) > 0)
			;
		must(close(fd));
	}
	return unused;
}

int main(void)
{
	pthread_t threads[4];

	listener = stage_listen();
	for (int i = 0; i < 4; i++)
		expect(!pthread_create(&threads[i], NULL, client_and_server, NULL));
	for (int i = 0; i < 4; i++)
		expect(!pthread_join(threads[i], NULL));
	stage_ready();
	return 0;
}
