/* SPDX-License-Identifier: MIT */
/* The leak stands in a function that the compiler inlined: it is named all the same, at its own
 * line. */
#include "stage/peer.h"
#include "stage/stage.h"

static inline __attribute__((always_inline)) int open_client(int listener)
{
	/* EXPECT eof-not-closed opened count=2 inlined=true */
	int fd = must(accept(listener, NULL, NULL));
	return fd;
}

static inline __attribute__((always_inline)) void drain(int fd)
{
	char buffer[64];

	/* EXPECT eof-not-closed evidence inlined=true */
	while (read(fd, buffer, sizeof(buffer)) > 0)
		;
}

int main(void)
{
	int listener = stage_listen();

	for (int i = 0; i < 2; i++) {
		int client = peer_connect(stage_port(listener)), fd = open_client(listener);
		peer_send(client, 100);
		peer_finish(client);
		drain(fd);
	}
	stage_ready();
	return 0;
}
