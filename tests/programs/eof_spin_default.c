/* SPDX-License-Identifier: MIT */
/* TEST live_grace=default grace=default kill=no */
/* A loop that has read nothing but the end for more than a second: nobody need wait a minute to
 * call that a spin. */
#include "stage/peer.h"
#include "stage/stage.h"
#include <time.h>

static long now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

int main(void)
{
	char byte;
	int listener = stage_listen(), client = peer_connect(stage_port(listener));
	/* EXPECT eof-spin opened class=J */
	int fd = must(accept(listener, NULL, NULL));
	long begun = now_ms();

	peer_finish(client);
	while (now_ms() < begun + 1200)
		/* EXPECT eof-spin evidence */
		expect(recv(fd, &byte, 1, 0) == 0);
	stage_ready();
	return 0;
}
