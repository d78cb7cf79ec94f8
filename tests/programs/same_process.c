/* SPDX-License-Identifier: MIT */
/* Both ends in one process, as tests often do it: the client's thread is clean, the server forgets
 * two of three. */
#include "stage/stage.h"
#include <pthread.h>

static unsigned short port;

static void *client(void *unused)
{
	char buffer[16];

	for (int i = 0; i < 3; i++) {
		int fd = must(socket(AF_INET, SOCK_STREAM, 0));
		must(connect(fd, stage_address(port), STAGE_ADDRESS_SIZE));
		must(send(fd, "ping", 4, MSG_NOSIGNAL));
		expect(recv(fd, buffer, 4, MSG_WAITALL) == 4);
		must(close(fd));
	}
	return unused;
}

int main(void)
{
	pthread_t thread;
	int listener = stage_listen();

	port = stage_port(listener);
	expect(!pthread_create(&thread, NULL, client, NULL));
	for (int i = 0; i < 3; i++) {
		char buffer[16];
		ssize_t n;
		/* EXPECT eof-not-closed opened count=2 */
		int fd = must(accept(listener, NULL, NULL));
		/* EXPECT eof-not-closed evidence */
		while ((n = recv(fd, buffer, sizeof(buffer), 0)) > 0)
			must(send(fd, buffer, (size_t)n, MSG_NOSIGNAL));
		if (i == 1)
			must(close(fd)); /* EXPECT eof-not-closed sibling count=1 */
	}
	expect(!pthread_join(thread, NULL));
	stage_ready();
	return 0;
}
