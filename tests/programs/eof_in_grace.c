/* SPDX-License-Identifier: MIT */
/* The end was read a moment ago and nothing has happened since: within every grace. Silent. */
/* TEST grace=default live_grace=default */
#include "stage/peer.h"
#include "stage/stage.h"

int main(void)
{
	char byte;
	int listener = stage_listen();

	for (int i = 0; i < 2; i++) {
		int client = peer_connect(stage_port(listener)),
		    fd = must(accept(listener, NULL, NULL));
		peer_finish(client);
		if (i)
			expect(recv(fd, &byte, 1, 0) == 0);
		else
			must(close(fd));
	}
	stage_ready();
	return 0;
}
